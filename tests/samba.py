"""A real Samba on loopback, one a session: shares with different rights.

Skips where it is not installed, or cannot be run, as servers.py does.
"""

import atexit
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from getpass import getuser
from pathlib import Path

from servers import PASSWORD, _folder, _free_port, _wait_for_port

_CONFIG = """[global]
server role = standalone server
netbios name = YARD
workgroup = YARD
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
disable netbios = yes
server min protocol = SMB2_10
map to guest = Bad User
guest account = nobody
load printers = no
printcap name = /dev/null
disable spoolss = yes
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/rpc
log file = {folder}/log
max log size = 0
log level = 0 full_audit:1
mangled names = no

[yards]
path = {folder}/yards
read only = no

[open]
path = {folder}/open
comment = everybody may come in
guest ok = yes

[hidden$]
path = {folder}/hidden
comment = not shown

[audited]
path = {folder}/audited
read only = no
vfs objects = full_audit
full_audit:prefix = %u|%I|%m|%S|%P
full_audit:success = create_file pread_recv pwrite_recv renameat unlinkat openat
full_audit:failure = create_file
full_audit:syslog = false

[closed]
path = {folder}/closed
valid users = nobody-at-all
"""


@dataclass(frozen=True)
class Samba:
    """user: has PASSWORD. folder: of the shares, each a folder of its name."""

    port: int
    user: str
    folder: Path


@cache
def samba() -> Samba | None:
    daemon = shutil.which("smbd", path=f"{os.defpath}:/usr/sbin")
    if not daemon or os.geteuid() != 0:
        return None
    folder, port, user = _folder("samba"), _free_port(), getuser()
    shares = ("yards", "open", "hidden", "closed", "audited")
    for name in ("private", "lock", "state", "cache", "pid", "rpc", *shares):
        (folder / name).mkdir()
    config = folder / "smb.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    subprocess.run(
        ["smbpasswd", "-c", config, "-s", "-a", user],
        input=f"{PASSWORD}\n{PASSWORD}\n".encode(),
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        [daemon, "--foreground", "--no-process-group", "-s", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # when it ends, it ends all of its process group
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(end_helpers, folder)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return Samba(port, user, folder)


def end_helpers(folder: Path) -> None:
    """End what Samba starts for remote calls, and leaves running: by the number that it wrote down."""
    for file in folder.glob("**/samba-dcerpcd.pid"):
        with suppress(ValueError, ProcessLookupError):
            os.kill(int(file.read_text()), signal.SIGTERM)
