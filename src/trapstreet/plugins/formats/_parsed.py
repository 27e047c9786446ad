"""Parts of an object as a parser in a disposable child sends them.

The parser is a generator function. A part begins with a list: [TEXT, place, block], [MEMBER, place, block] or
[UNREAD, place, why]; every block of bytes that follows belongs to it. `place` is the way in from the object:
"!customers", "!/Inbox/3/list.xlsx", "" for the object itself.
"""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Hash, Member, Text
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Refused, Stream

if TYPE_CHECKING:
    from trapstreet.sandbox import Limits

TEXT, MEMBER, UNREAD = "text", "member", "unread"
BLOCK = 1 << 18


def parts(
    target: str,
    data: Stream,
    path: str,
    *arguments: str | int,
    digest: Hash | None = None,
    limits: "Limits | None" = None,
) -> Iterator[Text | Member | Unread]:
    """What the generator "package.module:function" makes of the bytes; it gets them as an open file.

    digest  the hash of every text, where that is not the hash of its own bytes
    limits  of the child, where they are not the ordinary ones
    Raises Refused where the parser fails, after what it made before.
    """
    with closing(_sent(target, data, arguments, limits)) as sent:
        parser = _Parser(sent, data)
        while (begun := parser.next_part()) is not None:
            kind, place, first = begun
            blocks = parser.blocks(first)
            if kind == UNREAD:
                yield Unread(path + place, first.decode("utf-8", "replace"))
            elif kind == MEMBER:
                yield Member(path + place, Stream(_whole(blocks, parser), data.budget))
            else:
                yield _text(path + place, blocks, digest)
    if parser.failure:
        raise parser.failure


def cut(text: bytes) -> Iterator[bytes]:
    """For the child: the text in blocks, no character of UTF-8 in two of them."""
    at = 0
    while len(text) - at > 4 * BLOCK:
        end = at + 4 * BLOCK
        while text[end] & 0xC0 == 0x80 and end > at + 4 * BLOCK - 3:
            end -= 1
        yield text[at:end]
        at = end
    yield text[at:] if at else text


def member(place: str, content: bytes) -> Iterator[list[str | bytes] | bytes]:
    """For the child: a member that lies in memory."""
    yield [MEMBER, place, b""]
    for at in range(0, len(content), 4 * BLOCK):
        yield content[at : at + 4 * BLOCK]


def file_hash(data: Stream) -> Hash:
    """SHA-256 of all the bytes: what a text goes by that is only a part of them."""
    digest, file = hashlib.sha256(), data.file()
    while block := file.read(CHUNK):
        digest.update(block)
    return digest


def _sent(
    target: str, data: Stream, arguments: tuple[str | int, ...], limits: "Limits | None"
) -> Generator[object]:
    from trapstreet import sandbox

    yield from sandbox.stream(target, data.file(), *arguments, limits=limits or sandbox.Limits())


class _Parser:
    """What the child sends, part by part; remembers how it failed."""

    def __init__(self, sent: Iterator[object], data: Stream) -> None:
        self._sent = sent
        self._budget = data.budget
        self._part: tuple[str, str, bytes] | None = None
        self._open: Iterator[bytes] = iter(())
        self.failure: Refused | None = None

    def next_part(self) -> tuple[str, str, bytes] | None:
        for _ in self._open:  # what the reader left of the part before
            pass
        for _ in self._budget.unpack(self._received(b"")):  # what is behind a bomb
            pass
        part, self._part = self._part, None
        return part

    def blocks(self, first: bytes) -> Iterator[bytes]:
        self._open = self._budget.unpack(self._received(first))
        return self._open

    def _received(self, first: bytes) -> Iterator[bytes]:
        yield first
        while (block := self._take()) is not None:
            yield block

    def _take(self) -> bytes | None:
        """The next block of the part; None where the next one begins, or nothing follows."""
        if self._part or self.failure:
            return None
        try:
            item = next(self._sent, None)
        except (PluginFailed, UnusableInput) as error:
            self.failure = Refused(f"the rest was read as plain text: {error.message}", partly=True)
            return None
        match item:
            case bytes():
                return item
            case ["text" | "member" | "unread" as kind, str() as place, bytes() | str() as first]:
                self._part = kind, place, first if isinstance(first, bytes) else first.encode()
            case None:
                pass
            case _:
                why = "the rest was read as plain text: its parser sent no part of it"
                self.failure = Refused(why, partly=True)
        return None


def _whole(blocks: Iterator[bytes], parser: _Parser) -> Iterator[bytes]:
    yield from blocks
    if parser.failure:
        raise Damaged(str(parser.failure))


def _text(path: str, blocks: Iterator[bytes], digest: Hash | None) -> Text:
    if digest is not None:
        return Text(path, blocks, digest)
    own = LateHash()
    return Text(path, _hashed(blocks, own), own)


def _hashed(blocks: Iterator[bytes], digest: Hash) -> Iterator[bytes]:
    for block in blocks:
        digest.update(block)
        yield block
