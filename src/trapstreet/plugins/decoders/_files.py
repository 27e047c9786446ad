"""Files that stand encoded in a text: a workbook in base64 in a JSON document, a dump's column of PDFs in
hexadecimal digits.

They are known by their first bytes, decoded as the text passes, and kept in one temporary file without a
name: memory does not grow with them.
"""

import binascii
import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO, NamedTuple

from trapstreet.plugins.decoders._clues import FILES, Runs

_MOST = 4 << 30
"""Bytes of all files of a text that are kept."""

_SMALLEST = 48
_LINE = 40
"""Characters of the shortest line that may go on in the next; all lines but the last are equally long."""

_SAME = 512
"""First bytes by which a file is known again that was taken from the text itself."""

_BLOCK = 1 << 18
_CUT = 16
"""Bytes at the end of a piece that may be the beginning of what stands between lines."""

_INDENT = 64
_BETWEEN = (
    rb"(?P<sign>\\+/|%2[BbFf])"
    rb"|(?P<line>[ \t]{0,8}(?:&#(?:13|x[dD]);)?\r?\n[ \t]{0,64}+|(?:\\+r)?\\+n|(?:%0[Dd])?%0[Aa])"
)
_BEGINS_ONE = (b"", b"\\", b"%", b"&", b"\r", b" ", b"\t")
_SIGNS = {b"/": b"/", b"F": b"/", b"f": b"/", b"B": b"+", b"b": b"+"}
_ORDINARY = bytes.maketrans(b"-_", b"+/")


class Places(NamedTuple):
    """The title of an encoding, its clue, and where that stands in some bytes."""

    title: str
    clue: Runs
    starts: Sequence[int]


class _Found(NamedTuple):
    title: str
    start: int
    size: int


class Files:
    """The files that stand encoded in a text, each once.

    full  there are more than are kept, or there was no room for them
    """

    def __init__(self) -> None:
        self.full = False
        self._spool: IO[bytes] | None = None
        self._size = 0
        self._found: list[_Found] = []
        self._met: set[bytes] = set()
        self._open: _Run | None = None
        self._begun = 0  # where in the temporary file its bytes begin
        self._next = 0  # of the text: what stands before was looked at
        self._waiting: list[tuple[str, bytes]] = []
        self._latest: list[int] = []  # where in the temporary file begins what the last bytes had a part of

    def follow(self, data: bytes, at: int, places: Sequence[Places]) -> None:
        """Takes the next bytes of the text, which begin at this place in it, and may come again in part."""
        self._latest = [self._begun] if self._open else []
        if self._open:
            self._go_on(self._open, data, max(0, self._next - at), at)
        for start, title, clue in _beginnings(data, places):
            if at + start >= self._next and self._open is None:
                self._open, self._begun = _Run(title, clue), self._size
                self._latest.append(self._begun)
                self._go_on(self._open, data, start, at)

    def within(self, data: bytes, places: Sequence[Places]) -> None:
        """Takes what was decoded in those bytes; what begins there ends there. A file that was followed comes
        again where only single characters of it were encoded once more: it does not count."""
        done = 0
        for start, title, clue in _beginnings(data, places):
            if start >= done:
                run = _Run(title, clue)
                content, done, _ = run.take(data, start)
                if not self._was_followed(content):
                    self._waiting.append((title, content + run.last()))
        if self._open is None:
            self._keep_waiting()

    def _was_followed(self, content: bytes) -> bool:
        if self._spool is None or len(content) <= _SMALLEST:
            return False
        size = min(_SAME, len(content) - _SMALLEST // 2)  # where it was cut the last bytes may be others
        return any(self._read(start, size) == content[:size] for start in self._latest)

    def end(self) -> None:
        """The text has ended."""
        if self._open:
            self._close(self._open)

    def each(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The title of each file's encoding, and its bytes."""
        for found in self._found:
            yield found.title, self._blocks(found)

    def close(self) -> None:
        """Gives the temporary file back."""
        if self._spool:
            self._spool.close()

    def _go_on(self, run: "_Run", data: bytes, place: int, at: int) -> None:
        content, place, ended = run.take(data, place)
        self._next = at + place
        self._write(content)
        if ended:
            self._close(run)

    def _close(self, run: "_Run") -> None:
        self._open = None
        self._write(run.last())
        self._note(run.title)
        self._keep_waiting()

    def _keep_waiting(self) -> None:
        for title, content in self._waiting:
            self._begun = self._size
            self._write(content)
            self._note(title)
        self._waiting.clear()

    def _note(self, title: str) -> None:
        """What was written last is a file, unless it is too short for one, or was met before."""
        found = _Found(title, self._begun, self._size - self._begun)
        digest = hashlib.blake2b(digest_size=16)
        for block in self._blocks(found):
            digest.update(block)
        if found.size < _SMALLEST or digest.digest() in self._met:
            self._size = self._begun
            return
        self._met.add(digest.digest())
        self._found.append(found)

    def _write(self, content: bytes) -> None:
        if self.full or self._size + len(content) > _MOST:
            self.full = True
            return
        try:
            if self._spool is None:
                self._spool = tempfile.TemporaryFile(prefix="trapstreet-")  # noqa: SIM115 - closed by close()
            self._spool.seek(self._size)
            self._spool.write(content)
        except OSError:
            self.full = True
            return
        self._size += len(content)

    def _blocks(self, found: _Found) -> Iterator[bytes]:
        end = found.start + found.size
        for start in range(found.start, end, _BLOCK):
            yield self._read(start, min(_BLOCK, end - start))

    def _read(self, start: int, size: int) -> bytes:
        assert self._spool is not None  # noqa: S101 - something was written to it
        self._spool.seek(start)
        return self._spool.read(size)


@dataclass(slots=True)
class _Run:
    """Characters that stand for a file, as far as they have come.

    column, width  characters of the line that goes on, and of each before it
    rest           characters that stand for no whole bytes yet
    """

    title: str
    clue: Runs
    column: int = 0
    width: int | None = None
    rest: bytes = b""

    def take(self, data: bytes, place: int) -> tuple[bytes, int, bool]:
        """The bytes that go on there, where in the data these end, and whether it is the end of all."""
        tokens, content = _tokens(self.clue), list[bytes]()
        if self.width and not self.column:  # the line before ended the piece
            place += len(data[place : place + _INDENT]) - len(data[place : place + _INDENT].lstrip(b" \t"))
        while token := tokens.match(data, place):
            if token.lastgroup == "line":
                if self.column < _LINE or self.width not in (None, self.column):
                    return b"".join(content), place, True
                self.width, self.column = self.column, 0
            else:
                found = token[0] if token.lastgroup == "run" else _SIGNS[token[0][-1:]]
                self.column += len(found)
                found = self.rest + found
                whole = len(found) // self.clue.group * self.clue.group
                self.rest = found[whole:]
                content.append(_decoded(found[:whole], self.clue))
            place = token.end()
        ended = len(data) - place > _CUT or data[place : place + 1] not in _BEGINS_ONE
        return b"".join(content), place, ended

    def last(self) -> bytes:
        """The bytes that the last characters stand for, which are fewer than they should be."""
        if self.clue.bits == 4 or len(self.rest) < 2:
            return b""
        return binascii.a2b_base64(self.rest.translate(_ORDINARY) + b"=" * (4 - len(self.rest)))


def _beginnings(data: bytes, places: Sequence[Places]) -> list[tuple[int, str, Runs]]:
    """Where files begin, ascending."""
    found = []
    for title, clue, starts in places:
        firsts = _firsts(clue) if starts else frozenset()
        found += [
            (start, title, clue) for start in starts if data[start] in firsts and _is_file(data, start, clue)
        ]
    return sorted(found, key=lambda each: each[0])


def _is_file(data: bytes, start: int, clue: Runs) -> bool:
    head = data[start : start + 8 * max(map(len, FILES)) // clue.bits + clue.group]
    run = _tokens(clue).match(head)
    if run is None or run.lastgroup != "run":
        return False
    return _decoded(run[0][: len(run[0]) // clue.group * clue.group], clue).startswith(FILES)


@cache
def _firsts(clue: Runs) -> frozenset[int]:
    return clue.file_firsts


@cache
def _tokens(clue: Runs) -> re.Pattern[bytes]:
    return re.compile(b"(?P<run>[%b]+)|" % re.escape(clue.alphabet) + _BETWEEN)


def _decoded(characters: bytes, clue: Runs) -> bytes:
    """The bytes that whole groups of characters stand for."""
    if clue.bits == 4:
        return binascii.unhexlify(characters)
    return binascii.a2b_base64(characters.translate(_ORDINARY))
