"""A real domain controller, Samba's, with a share whose rights are kept as Windows does.

Skips as servers.py does.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain_controllers import new_domain
from servers import PASSWORD

_SETTINGS = """server services = rpc, s3fs, winbindd
smb ports = 445
winbindd socket directory = {folder}/winbindd
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
directory.add_remove_group_members("Sales", ["Teams"], add_members_operation=True)
"""


@dataclass(frozen=True)
class Controller:
    """Of the domain CORP: anna is in Sales, that in Teams, that in Sales again; Teams and bert are in Board,
    which is a local group.

    They, root and Administrator, who may do everything, have PASSWORD;  folder  of the share "files"
    """

    address: str
    folder: Path


@cache
def controller() -> Controller | None:
    library = any(Path("/usr/lib").glob("*/libnss_wrapper.so"))
    if not library or not Path("/usr/sbin/winbindd").exists():
        return None
    made = new_domain("CORP", PASSWORD)
    if made is None:
        return None
    folder = made.folder
    made.set(_SETTINGS.format(folder=folder))
    for name in ("files", "rpc"):
        (folder / name).mkdir()
    (folder / "files").chmod(0o777)
    made.fill(_FILL, PASSWORD)
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    (folder / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
    made.serve(
        445,
        environment={
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(folder / "group"),
            "SELFTEST_WINBINDD_SOCKET_DIR": str(folder / "winbindd"),
        },
    )
    return Controller(made.address, folder)
