"""The shares of an SMB server, and what they let whom do: [MS-SRVS] over its pipe srvsvc."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from trapstreet.plugins._smb.rpc import SHARES, Answer, Calls, packed, pointed

_SHARE_ENUM, _SHARE_INFO, _SERVER_INFO = 15, 16, 21
_DENIED = 5
_DISK, _SPECIAL = 0, 0x80000000
_WITH_RIGHTS, _OF_SERVER = 502, 101
_UNIX = 0x800


@dataclass(frozen=True, slots=True)
class Share:
    """is_disk: files, not a printer or a pipe;  is_special: made by the system for its administrators."""

    name: str
    is_disk: bool
    is_special: bool


def shares(host: str, write: Callable[[bytes], object], read: Callable[[], bytes]) -> list[Share]:
    """The shares that a server tells of.

    host  its name, by which some know themselves;  write, read  of its pipe srvsvc

    Raises PermissionError where it does not want to, and ValueError where its answer is none.
    """
    asked = struct.pack("<IIIII", 1, 1, 0x20004, 0, 0) + struct.pack("<II", 0xFFFFFFFF, 0)
    answer = Calls(SHARES, write, read).call(_SHARE_ENUM, _server(host) + asked)
    if answer.status() == _DENIED:
        raise PermissionError
    level, _, container = answer.number(), answer.number(), answer.number()
    if answer.status() or level != 1 or not container:
        raise ValueError("it does not tell its shares")
    count, buffer = answer.number(), answer.number()
    if not buffer or not count:
        return []
    told = [(answer.number(), answer.number(), answer.number()) for _ in answer.counted(count)]
    found = []
    for has_name, kind, has_comment in told:
        name = answer.text() if has_name else ""
        if has_comment:
            answer.text()
        found.append(Share(name, kind & 0xFFFF == _DISK, bool(kind & _SPECIAL)))
    return found


def rights_of(host: str, share: str, calls: Calls) -> bytes:
    """The security descriptor of a share, b"" where it has none of its own.

    Raises PermissionError where the server does not tell it, ValueError where its answer is none.
    """
    body = _server(host) + packed(share) + struct.pack("<I", _WITH_RIGHTS)
    answer = calls.call(_SHARE_INFO, body)
    if answer.status():
        raise PermissionError
    level, has = answer.number(), answer.number()
    if level != _WITH_RIGHTS or not has:
        raise ValueError("it does not tell the rights on its shares")
    name, _, remark, _, _, _, path, password, _, rights = (answer.number() for _ in range(10))
    for each in (name, remark, path, password):
        if each:
            answer.text()
    return answer.raw(answer.number()) if rights else b""


def edition_of(host: str, calls: Calls) -> tuple[str, bool]:
    """What a server calls itself, and whether it is Samba. Raises as `rights_of`."""
    answer = calls.call(_SERVER_INFO, _server(host) + struct.pack("<I", _OF_SERVER))
    if answer.status():
        raise PermissionError
    _, has = answer.number(), answer.number()
    if not has:
        raise ValueError("it does not tell what it is")
    _, name, major, minor, kind, comment = (answer.number() for _ in range(6))
    _, said = _text(answer, name), _text(answer, comment)
    if kind & _UNIX:
        return (said if said.startswith("Samba") else "Samba"), True
    return f"Windows {major & 0xF}.{minor}", False


def _text(answer: Answer, has: int) -> str:
    return answer.text() if has else ""


def _server(host: str) -> bytes:
    return pointed(packed(f"\\\\{host}"))
