"""The shares of an SMB server: NetrShareEnum of [MS-SRVS], over DCE/RPC on a pipe ([MS-RPCE], [C706])."""

import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass

_SRVSVC = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le + struct.pack("<HH", 3, 0)
_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<HH", 2, 0)
_BIND, _BOUND, _REQUEST, _RESPONSE, _FAULT = 11, 12, 0, 2, 3
_SHARE_ENUM = 15
_FRAGMENT = 4280
_LAST = 2
_MOST = 1 << 24
_DISK, _SPECIAL = 0, 0x80000000


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
    write(_packet(_BIND, struct.pack("<HHI BxxxHBx", _FRAGMENT, _FRAGMENT, 0, 1, 0, 1) + _SRVSVC + _NDR))
    kind, _, _ = _read(read)
    if kind != _BOUND:
        raise ValueError("its list of shares cannot be asked for")
    asked = struct.pack("<IIIII", 1, 1, 0x20004, 0, 0) + struct.pack("<II", 0xFFFFFFFF, 0)
    body = struct.pack("<I", 0x20000) + _packed(f"\\\\{host}\0") + asked
    write(_packet(_REQUEST, struct.pack("<IHH", len(body), 0, _SHARE_ENUM) + body))
    answer, flags = b"", 0
    while not flags & _LAST:
        kind, flags, part = _read(read)
        if kind == _FAULT:
            raise PermissionError
        if kind != _RESPONSE or len(answer) > _MOST:
            raise ValueError("its list of shares cannot be read")
        answer += part[8:]
    try:
        return _listed(answer)
    except struct.error as error:
        raise ValueError("its list of shares is cut short") from error


def _packet(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body


def _read(read: Callable[[], bytes]) -> tuple[int, int, bytes]:
    """Kind, flags and body of one fragment."""
    packet = read()
    while len(packet) >= 16 and len(packet) < int.from_bytes(packet[8:10], "little"):
        more = read()
        if not more:
            break
        packet += more
    if len(packet) < 16 or len(packet) < (length := int.from_bytes(packet[8:10], "little")):
        raise ValueError("its answer is cut short")
    return packet[2], packet[3], packet[16:length]


def _listed(answer: bytes) -> list[Share]:
    level, _, container = struct.unpack_from("<III", answer)
    (status,) = struct.unpack_from("<I", answer, len(answer) - 4)
    if status == 5:
        raise PermissionError
    if status or level != 1 or not container:
        raise ValueError("it does not tell its shares")
    count, buffer = struct.unpack_from("<II", answer, 12)
    if not buffer or not count:
        return []
    told = [struct.unpack_from("<III", answer, 24 + 12 * number) for number in range(count)]
    at, found = 24 + 12 * count, []
    for has_name, kind, has_comment in told:
        name, at = _text(answer, at) if has_name else ("", at)
        _, at = _text(answer, at) if has_comment else ("", at)
        found.append(Share(name, kind & 0xFFFF == _DISK, bool(kind & _SPECIAL)))
    return found


def _packed(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    count = len(encoded) // 2
    return struct.pack("<III", count, 0, count) + encoded + bytes(-len(encoded) % 4)


def _text(answer: bytes, at: int) -> tuple[str, int]:
    _, _, length = struct.unpack_from("<III", answer, at)
    text = answer[at + 12 : at + 12 + 2 * length]
    if len(text) != 2 * length:
        raise ValueError("its list of shares is cut short")
    return text.decode("utf-16-le", "replace").rstrip("\0"), at + 12 + (2 * length + 3) // 4 * 4
