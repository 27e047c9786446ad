"""A real domain controller, Samba's, with a share whose rights are kept as Windows does. It has a loopback
address of its own, as its ports are those of any such server. Skips as servers.py does.
"""

import atexit
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from samba import end_helpers
from servers import PASSWORD, _folder

_CONFIG = """[global]
netbios name = DC1
workgroup = CORP
realm = CORP.TEST
server role = active directory domain controller
server services = rpc, s3fs, winbindd
interfaces = {address}/8
bind interfaces only = yes
disable netbios = yes
smb ports = 445
binddns dir = {folder}/bind-dns
cache directory = {folder}/cache
lock directory = {folder}
state directory = {folder}/state
private dir = {folder}/private
pid directory = {folder}
ncalrpc dir = {folder}/rpc
winbindd socket directory = {folder}/winbindd
log file = {folder}/smbd.log
acl_xattr:security_acl_name = user.NTACL
acl_xattr:ignore system acls = yes

[files]
path = {folder}/files
read only = no
create mask = 0666
"""
_FILL = """
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

settings = LoadParm()
settings.load(sys.argv[1])
directory = SamDB(session_info=system_session(), lp=settings)
for name in ("anna", "bert", "carl", "root"):
    directory.newuser(name, sys.argv[2])
for name, kind, members in (
    ("Sales", None, ["anna"]),
    ("Teams", None, ["Sales"]),
    ("Board", -2147483644, ["Teams", "bert"]),
    ("Domain Admins", None, ["root"]),
):
    if name != "Domain Admins":
        directory.newgroup(name, grouptype=kind)
    directory.add_remove_group_members(name, members, add_members_operation=True)
"""


@dataclass(frozen=True)
class Controller:
    """Of the domain CORP: anna is in Sales, that in Teams, that and bert in Board, which is a local group.

    They, root and Administrator, who may do everything, have PASSWORD;  folder  of the share "files"
    """

    address: str
    folder: Path


@cache
def controller() -> Controller | None:
    daemon, tool = shutil.which("samba", path=f"{os.defpath}:/usr/sbin"), shutil.which("samba-tool")
    library = any(Path("/usr/lib").glob("*/libnss_wrapper.so"))
    parts = Path("/usr/sbin/winbindd").exists() and Path("/usr/share/samba/setup").is_dir()
    if not daemon or not tool or not library or not parts or os.geteuid() != 0:
        return None
    folder = _folder("controller")
    address = f"127.{folder.stat().st_ino % 250 + 2}.{os.getpid() % 250 + 2}.13"
    subprocess.run(
        [tool, "domain", "provision", "--realm=CORP.TEST", "--domain=CORP", f"--adminpass={PASSWORD}",
         "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", f"--host-ip={address}",
         f"--targetdir={folder}"],
        check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "smb.conf"
    config.write_text(_CONFIG.format(folder=folder, address=address))
    for name in ("files", "rpc"):
        (folder / name).mkdir()
    (folder / "files").chmod(0o777)
    subprocess.run(["/usr/bin/python3", "-P", "-c", _FILL, config, PASSWORD], check=True, capture_output=True)
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    (folder / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
    process = subprocess.Popen(
        [daemon, "-i", "-M", "single", "-s", config],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(folder / "group"),
            "SELFTEST_WINBINDD_SOCKET_DIR": str(folder / "winbindd"),
        },
    )  # fmt: skip
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(end_helpers, folder)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_address(address, 445, process)
    return Controller(address, folder)


def _wait_for_address(address: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("samba did not start")
        time.sleep(0.1)
