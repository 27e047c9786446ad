"""Calls to the services of an SMB server over its pipes: DCE/RPC in NDR ([C706] 12 and 14, [MS-RPCE])."""

import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from trapstreet.plugins._smb.descriptors import sid

_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<HH", 2, 0)
_BIND, _BOUND, _REQUEST, _RESPONSE, _FAULT = 11, 12, 0, 2, 3
_FRAGMENT = 4280
_LAST = 2
_MOST = 1 << 24
_POINTS = 0x20000
"""What a pointer that is none stands as: any number but 0."""


@dataclass(frozen=True, slots=True)
class Service:
    """pipe: its name;  what: it tells, for errors."""

    pipe: str
    what: str
    interface: str
    version: int


SHARES = Service("srvsvc", "list of shares", "4b324fc8-1670-01d3-1278-5a47bf6ee188", 3)
ACCOUNTS = Service("samr", "list of accounts", "12345778-1234-abcd-ef00-0123456789ac", 1)
NAMES = Service("lsarpc", "list of names", "12345778-1234-abcd-ef00-0123456789ab", 0)


class Calls:
    """Calls to one service. Raises ValueError where its answers are none, PermissionError where it does not
    want to."""

    def __init__(self, service: Service, write: Callable[[bytes], object], read: Callable[[], bytes]) -> None:
        self._write, self._read, self.what = write, read, service.what
        interface = uuid.UUID(service.interface).bytes_le + struct.pack("<HH", service.version, 0)
        write(
            _packet(_BIND, struct.pack("<HHI BxxxHBx", _FRAGMENT, _FRAGMENT, 0, 1, 0, 1) + interface + _NDR)
        )
        if self._fragment()[0] != _BOUND:
            raise ValueError(f"its {self.what} cannot be asked for")

    def call(self, operation: int, body: bytes) -> "Answer":
        """What one operation answers; `body` has to fit into one fragment."""
        self._write(_packet(_REQUEST, struct.pack("<IHH", len(body), 0, operation) + body))
        answer, flags = b"", 0
        while not flags & _LAST:
            kind, flags, part = self._fragment()
            if kind == _FAULT:
                raise PermissionError
            if kind != _RESPONSE or len(answer) > _MOST:
                raise ValueError(f"its {self.what} cannot be read")
            answer += part[8:]
        return Answer(answer, self.what)

    def _fragment(self) -> tuple[int, int, bytes]:
        """Kind, flags and body of one fragment."""
        packet = self._read()
        while len(packet) >= 16 and len(packet) < int.from_bytes(packet[8:10], "little"):
            more = self._read()
            if not more:
                break
            packet += more
        if len(packet) < 16 or len(packet) < (length := int.from_bytes(packet[8:10], "little")):
            raise ValueError("its answer is cut short")
        return packet[2], packet[3], packet[16:length]


class Answer:
    """What an operation answers, read from the front. Raises ValueError where it is cut short."""

    def __init__(self, told: bytes, what: str) -> None:
        self._told, self._at, self._what = told, 0, what

    def status(self) -> int:
        """The last number of all."""
        if len(self._told) < 4:
            raise self._short()
        return int.from_bytes(self._told[-4:], "little")

    def raw(self, length: int) -> bytes:
        """So many bytes, as they are."""
        found = self._told[self._at : self._at + length]
        if len(found) != length:
            raise self._short()
        self._at += length
        return found

    def number(self) -> int:
        self._at += -self._at % 4
        return int.from_bytes(self.raw(4), "little")

    def short(self) -> int:
        self._at += -self._at % 2
        return int.from_bytes(self.raw(2), "little")

    def counted(self, expected: int) -> range:
        """The places of an array that begins with its count, as was said before."""
        count = self.number()
        if count < expected or expected > _MOST:
            raise self._short()
        return range(expected)

    def text(self) -> str:
        """A text that brings its own length, up to its end."""
        self.number()
        self.number()
        encoded = self.raw(2 * self.number())
        self._at += -self._at % 4
        return encoded.decode("utf-16-le", "replace").rstrip("\0")

    def held_text(self) -> bool:
        """The head of a text that comes later, and whether it does."""
        self.number()
        return bool(self.number())

    def sid(self) -> str:
        """A SID that brings the count of its parts."""
        told = self.raw(8 + 4 * self.number())
        if len(told) != 8 + 4 * told[1]:
            raise self._short()
        return sid(told)

    def _short(self) -> ValueError:
        return ValueError(f"its {self._what} is cut short")


def packed(text: str) -> bytes:
    """A text with its length, and with an end."""
    encoded = f"{text}\0".encode("utf-16-le", "surrogatepass")
    count = len(encoded) // 2
    return struct.pack("<III", count, 0, count) + encoded + bytes(-len(encoded) % 4)


def held(text: str) -> bytes:
    """A text without an end, as what holds it and what it is."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    count = len(encoded) // 2
    head = struct.pack("<HHI", len(encoded), len(encoded), _POINTS)
    return head + struct.pack("<III", count, 0, count) + encoded + bytes(-len(encoded) % 4)


def pointed(body: bytes) -> bytes:
    """What a pointer that may be none leads to."""
    return struct.pack("<I", _POINTS) + body


def counted_sid(packed_sid: bytes) -> bytes:
    """A SID after the count of its parts."""
    return struct.pack("<I", packed_sid[1]) + packed_sid


def _packet(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body
