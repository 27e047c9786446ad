"""A real Samba that keeps rights as Windows does, with users and groups that only it knows.

Users and groups come from files of its own (libnss-wrapper); rights stand in extended attributes (acl_xattr),
so that no mode of Unix is in the way. Skips where it is not installed, or cannot be run, as servers.py does.
"""

import atexit
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from samba import end_helpers
from servers import PASSWORD, _folder, _free_port, _wait_for_port
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._smb.descriptors import packed_sid
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.requests import READ_DATA
from trapstreet.plugins._smb.session import SmbSession

USERS = [f"u{n}" for n in range(8)]
"""u0 … u5 are in some of the groups; u6 is in none; u7's account is switched off."""
GROUPS = {
    "g0": ("u0", "u1", "u2"), "g1": ("u2", "u3"), "g2": ("u4",), "g3": (), "unmapped": ("u5", "u0"),
}  # fmt: skip
ALIASES = {"a0": ("g0", "u4"), "a1": ("g1",), "a2": ("u5", "u0")}
"""Local groups of the server, with groups and users in them."""
READ, CHANGE, FULL = 0x1200A9, 0x1301BF, 0x1F01FF
ALLOW, DENY = 0, 1

_LIBRARY = "libnss_wrapper.so"
_CONFIG = """[global]
server role = standalone server
netbios name = VAULT
workgroup = VAULT
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
mangled names = no
store dos attributes = no
vfs objects = acl_xattr
acl_xattr:ignore system acls = yes
acl_xattr:security_acl_name = user.NTACL
"""
_SHARES = {
    "files": "", "few": "", "open": "guest ok = yes\n", "spare": "", "modes": "vfs objects =\n",
    "both": "acl_xattr:ignore system acls = no\n",
}  # fmt: skip
"""With settings of their own; in `modes`, rights are modes of Unix, and in `both` these count, too."""


class Vault:
    """A running server.

    sids  of users, groups and aliases by name;  folder  of the shares, each a folder of its name
    """

    def __init__(self, port: int, folder: Path, run: Callable[..., str]) -> None:
        self.port, self.folder, self._run = port, folder, run
        self.sids = {"Everyone": "S-1-1-0", "NETWORK": "S-1-5-2", "Authenticated Users": "S-1-5-11"}
        run("smbpasswd", "-s", "-a", "root", told=f"{PASSWORD}\n{PASSWORD}\n")
        like = run("pdbedit", "-L", "-w", "-u", "root").strip().split(":")
        users = [":".join([user, str(70_000 + n), *like[2:]]) for n, user in enumerate(USERS)]
        (folder / "users").write_text("\n".join(users) + "\n")
        run("pdbedit", "-i", f"smbpasswd:{folder}/users")
        run("smbpasswd", "-d", "u7")
        for line in run("pdbedit", "-L", "-v").split("---------------"):
            facts = dict(each.partition(":")[::2] for each in line.splitlines())
            if "User SID" in facts:
                self.sids[facts["Unix username"].strip()] = facts["User SID"].strip()
        self.domain = self.sids["u0"].rpartition("-")[0]
        for n, group in enumerate(each for each in GROUPS if each != "unmapped"):
            self._map(group, "domain", f"{self.domain}-{5000 + n}")
        for n, alias in enumerate(ALIASES):
            self._map(alias, "local", f"{self.domain}-{6000 + n}")
        for alias, members in ALIASES.items():
            for member in members:
                run("net", "groupmap", "addmem", self.sids[alias], self.sids[member])
        self.sids["unmapped"] = "S-1-22-2-72999"

    def _map(self, group: str, kind: str, sid: str) -> None:
        self._run(
            "net", "groupmap", "add", f"sid={sid}", f"ntgroup={group}", f"unixgroup={group}", f"type={kind}"
        )
        self.sids[group] = sid

    @property
    def url(self) -> str:
        """As root, whose password is PASSWORD."""
        return f"smb://root@127.0.0.1:{self.port}"

    def on_share(self, share: str, *entries: str) -> None:
        """Give a share its rights: entries such as u0:ALLOWED/0x0/READ."""
        told = ",".join(
            f"{self.sids[who]}:{what}" for who, _, what in (each.partition(":") for each in entries)
        )
        self._run("sharesec", share, "-R", told)

    @contextmanager
    def privileged(self, who: str, privilege: str) -> Iterator[None]:
        """Somebody has a privilege meanwhile."""
        self._run("net", "sam", "rights", "grant", f"VAULT\\{who}", privilege)
        try:
            yield
        finally:
            self._run("net", "sam", "rights", "revoke", f"VAULT\\{who}", privilege)

    def login(self, user: str) -> Server:
        """With what somebody logs in."""
        return Server("127.0.0.1", self.port, user, Protected(PASSWORD))

    def session(self, user: str) -> SmbSession:
        """Somebody's session; "" is the guest."""
        return SmbSession(self.login(user) if user else Server("127.0.0.1", self.port, "", None))

    @contextmanager
    def as_root(self) -> Iterator["Setting"]:
        session = Setting(self.login("root"))
        try:
            yield session
        finally:
            session.close()


class Setting(SmbSession):
    """A session that sets rights."""

    def rights(self, share: str, path: str, descriptor: bytes) -> None:
        """The list of a file or folder, and its owner where the descriptor has one."""
        owner = struct.unpack_from("<4xI", descriptor)[0] > 0
        self._set(share, path, 0x40000 | 0x80000 * owner, 4 | owner, descriptor)

    def owner(self, share: str, path: str, sid: str) -> None:
        """The owner of a file or folder alone."""
        told = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 0, 0, 0) + packed_sid(sid)
        self._set(share, path, 0x80000, 1, told)

    def _set(self, share: str, path: str, access: int, parts: int, descriptor: bytes) -> None:
        from smbprotocol.open import SMB2SetInfoRequest

        handle, _ = self._create(share, path, access)
        message: Any = SMB2SetInfoRequest()
        message["info_type"], message["additional_information"] = 3, parts
        message["file_id"], message["buffer"] = handle, descriptor
        try:
            self._ask(share, message)
        finally:
            self.close_handle(share, handle)


def reads(session: SmbSession, share: str, path: str, *, options: int = 0) -> bool:
    """Whether the server lets a session read a file."""
    try:
        handle, _ = session._create(share, path, READ_DATA, options=options)
    except PermissionError:
        return False
    session.close_handle(share, handle)
    return True


Ace = tuple[int, int, int, str]
"""ALLOW or DENY, flags, rights, SID."""


def descriptor(owner: str, entries: Sequence[Ace] | None) -> bytes:
    """A self-relative security descriptor whose list nothing above adds to; None: without a list."""
    who = packed_sid(owner) if owner else b""
    at = 20 if owner else 0
    if entries is None:
        return struct.pack("<BBHIIII", 1, 0, 0x8004, at, 0, 0, 0) + who
    listed = b"".join(_ace(*each) for each in entries)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(listed), len(entries), 0) + listed
    return struct.pack("<BBHIIII", 1, 0, 0x9004, at, 0, 0, 20 + len(who)) + who + acl


def _ace(kind: int, flags: int, rights: int, sid: str) -> bytes:
    who = packed_sid(sid)
    return struct.pack("<BBHI", kind, flags, 8 + len(who), rights) + who


@cache
def vault() -> Vault | None:
    daemon = shutil.which("smbd", path=f"{os.defpath}:/usr/sbin")
    if not daemon or os.geteuid() != 0 or not _has_modules():
        return None
    folder, port = _folder("vault"), _free_port()
    for name in ("private", "lock", "state", "cache", "pid", "rpc", *_SHARES):
        (folder / name).mkdir()
        if name in _SHARES:
            (folder / name).chmod(0o777)
    config = folder / "smb.conf"
    shares = (
        f"[{name}]\npath = {folder}/{name}\nread only = no\ncreate mask = 0666\n{more}"
        for name, more in _SHARES.items()
    )
    config.write_text(_CONFIG.format(folder=folder, port=port) + "\n".join(shares))
    (folder / "passwd").write_text("".join(_passwd()))
    (folder / "group").write_text("".join(_group()))
    environment = os.environ | {
        "LD_PRELOAD": _LIBRARY,
        "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
        "NSS_WRAPPER_GROUP": str(folder / "group"),
        "SELFTEST_WINBINDD_SOCKET_DIR": str(folder / "nobody"),
    }

    def run(program: str, *arguments: str, told: str = "") -> str:
        option = "-c" if program == "smbpasswd" else "-s"
        done = subprocess.run(
            [program, option, str(config), *arguments], input=told, env=environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    process = subprocess.Popen(
        [daemon, "--foreground", "--no-process-group", "-s", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # when it ends, it ends all of its process group
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(end_helpers, folder)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return Vault(port, folder, run)


def _passwd() -> Iterable[str]:
    yield "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    for n, user in enumerate(USERS):
        yield f"{user}:x:{70_000 + n}:71000::/:/bin/false\n"


def _group() -> Iterable[str]:
    yield "root:x:0:\nnogroup:x:65534:\nstaff:x:71000:\n"
    for n, group in enumerate((*GROUPS, *ALIASES)):
        number = 72_999 if group == "unmapped" else 72_000 + n
        yield f"{group}:x:{number}:{','.join(GROUPS.get(group, ()))}\n"


def _has_modules() -> bool:
    return any(Path("/usr/lib").glob("*/samba/vfs/acl_xattr.so")) and any(
        Path("/usr/lib").glob(f"*/{_LIBRARY}")
    )
