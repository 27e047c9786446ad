"""SFTP, version 3, over a channel of SSH: names as bytes, requests under way side by side, bounded memory.

draft-ietf-secsh-filexfer-02. paramiko's own client keeps whatever it has read ahead, and lists no folder that
has a name which is not UTF-8.
"""

import stat
import struct
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trapstreet.plugins.sources._flow import paced
from trapstreet.plugins.sources._kept import Refused

if TYPE_CHECKING:
    from paramiko import Channel

_INIT, _OPEN, _CLOSE, _READ, _WRITE, _LSTAT, _FSTAT = 1, 3, 4, 5, 6, 7, 8
_OPENDIR, _READDIR, _REMOVE, _REALPATH, _STAT = 11, 12, 13, 16, 17
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_END_OF_FILE, _NO_FILE, _NO_PERMISSION = 1, 2, 3
_NEW = 0x02 | 0x08 | 0x20  # to be written, made, and not there before

_BLOCK = 1 << 15  # what every server gives in one packet
_UNDER_WAY = 64
_PACKET = 1 << 20


class Nonsense(ConnectionError):
    """The other side does not keep to the protocol."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a server says of a file. mode: as `st_mode`, 0 where it does not say; modified: Unix seconds."""

    size: int | None
    mode: int
    modified: int | None

    @property
    def version(self) -> str:
        return f"{self.size} {self.modified}" if self.modified is not None else ""

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


class SftpClient:
    """Raises OSError: FileNotFoundError, PermissionError and Refused are the server's no, others the
    connection's end."""

    def __init__(self, channel: "Channel") -> None:
        self._channel = channel
        self._blocks = paced(lambda: channel.recv(1 << 16), least=1.0)
        self._ahead = bytearray()
        self._number = 0
        self._early: dict[int, tuple[int, bytes]] = {}
        self._unwanted: set[int] = set()
        channel.sendall(struct.pack(">IBI", 5, _INIT, 3))
        kind, _ = self._packet()
        if kind != 2:
            raise Nonsense("it does not speak SFTP")

    def close(self) -> None:
        self._channel.close()

    def real_path(self, path: bytes) -> bytes:
        return self._named(self._ask(_REALPATH, _text(path)))[0][0]

    def status(self, path: bytes, *, of_link: bool = False) -> Attributes:
        return _attributes(_Fields(self._ask(_LSTAT if of_link else _STAT, _text(path), wanted=_ATTRS)))

    def folder(self, path: bytes) -> Iterator[tuple[bytes, Attributes]]:
        """What a folder holds. Links are not followed."""
        handle = self._ask(_OPENDIR, _text(path), wanted=_HANDLE)
        asked: deque[int] = deque()
        try:
            while True:
                while len(asked) < 4:
                    asked.append(self._send(_READDIR, handle))
                kind, answer = self._answer(asked.popleft())
                if kind == _STATUS and _Fields(answer).number() == _END_OF_FILE:
                    return
                yield from self._named(_expected(kind, answer, _NAME))
        finally:
            self._unwanted.update(asked)
            self._unwanted.add(self._send(_CLOSE, handle))

    def open(self, path: bytes) -> bytes:
        """A handle for reading, with its length before it, as requests have it."""
        return self._ask(_OPEN, _text(path) + struct.pack(">II", 0x01, 0), wanted=_HANDLE)

    def status_of(self, handle: bytes) -> Attributes:
        return _attributes(_Fields(self._ask(_FSTAT, handle, wanted=_ATTRS)))

    def read(self, handle: bytes, start: int, end: int) -> Generator[bytes, None, None]:
        """The bytes [start, end), or fewer where it ends before, with up to 64 requests under way."""
        asked: deque[tuple[int, int, int]] = deque()
        at = start
        try:
            while True:
                while at < end and len(asked) < _UNDER_WAY:
                    length = min(_BLOCK, end - at)
                    asked.append((self._send_read(handle, at, length), at, length))
                    at += length
                if not asked:
                    return
                number, offset, length = asked.popleft()
                kind, answer = self._answer(number)
                if kind == _STATUS and _Fields(answer).number() == _END_OF_FILE:
                    return
                data = _Fields(_expected(kind, answer, _DATA)).text()
                if not data or len(data) > length:
                    raise Nonsense("it answers with other bytes than were asked for")
                yield data
                if len(data) < length:
                    rest = offset + len(data)
                    asked.appendleft(
                        (self._send_read(handle, rest, length - len(data)), rest, length - len(data))
                    )
        finally:
            self._unwanted.update(number for number, _, _ in asked)

    def close_handle(self, handle: bytes) -> None:
        self._unwanted.add(self._send(_CLOSE, handle))

    def write_new(self, path: bytes, content: bytes) -> None:
        handle = self._ask(_OPEN, _text(path) + struct.pack(">II", _NEW, 0), wanted=_HANDLE)
        try:
            for at in range(0, len(content), _BLOCK):
                self._ask(
                    _WRITE, handle + struct.pack(">Q", at) + _text(content[at : at + _BLOCK]), wanted=_STATUS
                )
        finally:
            self._ask(_CLOSE, handle, wanted=_STATUS)

    def remove(self, path: bytes) -> None:
        self._ask(_REMOVE, _text(path), wanted=_STATUS)

    def _send_read(self, handle: bytes, at: int, length: int) -> int:
        return self._send(_READ, handle + struct.pack(">QI", at, length))

    def _send(self, kind: int, fields: bytes) -> int:
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._channel.sendall(struct.pack(">IBI", 5 + len(fields), kind, self._number) + fields)
        return self._number

    def _ask(self, kind: int, fields: bytes, *, wanted: int = _NAME) -> bytes:
        return _expected(*self._answer(self._send(kind, fields)), wanted)

    def _answer(self, number: int) -> tuple[int, bytes]:
        while number not in self._early:
            kind, packet = self._packet()
            given, answer = int.from_bytes(packet[:4]), packet[4:]
            if given in self._unwanted:
                self._unwanted.remove(given)
            elif len(self._early) > _UNDER_WAY:
                raise Nonsense("it answers what was not asked")
            else:
                self._early[given] = kind, answer
        return self._early.pop(number)

    def _packet(self) -> tuple[int, bytes]:
        length, kind = struct.unpack(">IB", self._filled(5))
        if not 1 <= length <= _PACKET:
            raise Nonsense("it sends packets of impossible lengths")
        return kind, self._filled(length - 1)

    def _filled(self, count: int) -> bytes:
        while len(self._ahead) < count:
            block = next(self._blocks, b"")
            if not block:
                raise ConnectionAbortedError("it broke off")
            self._ahead += block
        filled = bytes(self._ahead[:count])
        del self._ahead[:count]
        return filled

    def _named(self, answer: bytes) -> list[tuple[bytes, Attributes]]:
        fields = _Fields(answer)
        return [(fields.text(), _attributes(fields, skip=True)) for _ in range(fields.number())]


class _Fields:
    """The fields of an answer, one after the other."""

    def __init__(self, answer: bytes) -> None:
        self._answer, self._at = answer, 0

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self._taken(size))

    def text(self) -> bytes:
        return self._taken(self.number())

    def _taken(self, count: int) -> bytes:
        taken = self._answer[self._at : self._at + count]
        if len(taken) < count:
            raise Nonsense("its answer is cut short")
        self._at += count
        return taken


def _text(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def _attributes(fields: _Fields, *, skip: bool = False) -> Attributes:
    """skip: a line as ls has it comes before them."""
    if skip:
        fields.text()
    flags = fields.number()
    size = fields.number(8) if flags & 1 else None
    if flags & 2:
        fields.number(8)
    mode = fields.number() if flags & 4 else 0
    modified = fields.number(8) & 0xFFFFFFFF if flags & 8 else None
    if flags & 0x80000000:
        for _ in range(fields.number()):
            fields.text()
            fields.text()
    return Attributes(size, mode, modified)


def _expected(kind: int, answer: bytes, wanted: int) -> bytes:
    """The answer, if it is of the kind. Raises what a status means."""
    if kind == _STATUS:
        code = _Fields(answer).number()
        if code == _NO_FILE:
            raise FileNotFoundError
        if code == _NO_PERMISSION:
            raise PermissionError
        if code or wanted != _STATUS:
            raise Refused(f"the server refuses it (status {code})")
        return b""
    if kind != wanted:
        raise Nonsense("it answers something else")
    return answer
