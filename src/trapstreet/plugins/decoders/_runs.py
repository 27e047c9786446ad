"""Runs of characters that stand for bytes, and the text that these are."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._clues import LONG, Runs
from trapstreet.plugins.decoders._text import text_of

_LINE = 40
"""Characters of the shortest line that may go on in the next."""

_LINES = 16
"""More lines of one length are one text; fewer lines may be a text each."""

_GOES_ON = re.compile(rb" ?\\[nrtux/\"'\\]|%[0-9A-Fa-f]{2}")
_WENT_ON = re.compile(rb"(?:\\[nrt/]|%[0-9A-Fa-f]{2}).{0,3}\Z", re.DOTALL)
"""What may stand in the middle of a run: an escaped line break, "%2B" for "+"; behind it some characters that
were passed over to find a group."""

_MAILBOX = re.compile(rb"[\w.+\x80-\xff-]{0,64}(?:@|&(?:amp;)*(?:#|commat)|[%=](?:25)*40|\\+u0040)")
_HOST = re.compile(rb"(?:@|#64;|#[xX]40;|commat;|[%=]40|u0040)[\w.\x80-\xff-]*\Z")
"""What stands behind a part of an address, its @ perhaps encoded, and before one."""

_WORD_BEFORE = re.compile(rb"[0-9A-Za-z]'?\Z")
"""With an apostrophe between, which a name may have: X'4d61', b'TWFyaWE='."""

_TELLING = re.compile(
    rb"@|\d[^\d\s]{0,3}\d[^\d\s]{0,3}\d|\d[ ./-]?\d[ ./-]?\d|&(?:#|\w+;)|%(?:u|[0-9A-Fa-f]{2})"
    rb"|=[0-9A-F]{2}|=\r?\n|\\[ux0-3nrt/]|[\w+/-]{11}"
)
"""What stands in a text that holds an e-mail address, a number, a code, or something encoded."""


class Run(NamedTuple):
    """A run with its line breaks; text is None where another encoding must be taken off it first."""

    start: int
    end: int
    text: bytes | None


def block_of(runs: Runs, *, padding: bytes = b"") -> re.Pattern[bytes]:
    """Such a run, and the lines that it goes on in.

    padding  what may follow the last character, a pattern
    """
    one = b"[" + re.escape(runs.alphabet) + b"]"
    line = rb"(?<=%b{%d})[ \t]*+\r?\n[ \t]*+%b++(?=%b(?:[ \t]*+[\r\n]|[\"'<,;)}\]\\%%]|\Z))"
    lines = line % (one, _LINE, one, padding)
    return re.compile(b"%b++(?:%b)*+%b" % (one, lines, padding))


def found(
    block: re.Pattern[bytes], data: bytes, starts: list[int], raw: Callable[[bytes], bytes]
) -> Iterator[Run]:
    """The blocks that stand for text, apart from each other and in order, of those that begin there.

    starts  also say which lines of a block may be a text each
    raw     the bytes that any number of characters stand for
    """
    done = 0
    for place, start in enumerate(starts):
        if start >= done and (match := block.match(data, start)):
            done = match.end()
            lines = starts[place : bisect_left(starts, done, place)]
            if run := _run(data, start, done, _text(data, lines, done, raw)):
                yield run


def _run(data: bytes, start: int, end: int, text: bytes | None) -> Run | None:
    """The run at a place, if it stands for text or is a part of one that is encoded once more.

    What belongs to an e-mail address is none: one long word in some 500 would stand for text, too.
    """
    part = _GOES_ON.match(data, end) or _WENT_ON.search(data[max(0, start - 6) : start])
    if not (text or part) or _MAILBOX.match(data, end) or _HOST.search(data[max(0, start - 64) : start]):
        return None
    return Run(start, end, None if part else text)


def _text(data: bytes, starts: list[int], end: int, raw: Callable[[bytes], bytes]) -> bytes | None:
    """The text that a block stands for, and unless its lines are surely one, that of each by itself."""
    lines = data[starts[0] : end].split(b"\n")
    whole = text_of(raw(b"".join(lines)))
    one = len(lines) > _LINES and len({len(line) for line in lines[1:-1]}) == 1
    if len(lines) == 1 or (whole and one):
        return whole
    each, done = [], 0
    for start in starts:
        if start >= done:
            done = data.find(b"\n", start, end) + 1 or end
            each.append(text_of(raw(data[start:done])))
    texts = [text for text in each if text]
    return b"\n".join([whole, b"", *texts] if whole else texts)


def spans(runs: Iterator[Run]) -> list[Span]:
    """Where the runs are that may hold a value: long ones, and those with an @, three digits, or what is
    encoded once more."""
    return [
        (run.start, run.end)
        for run in runs
        if run.text is None or len(run.text) >= LONG or _TELLING.search(run.text)
    ]


def replaced(data: bytes, runs: Iterator[Run]) -> bytes:
    """The data with texts in place of their runs, apart from words that touch these: 0x6d61, X'6d61'."""
    parts: list[bytes] = []
    done = 0
    for start, end, text in runs:
        if text is not None:
            before = _WORD_BEFORE.search(data[max(0, start - 2) : start]) is not None
            behind = data[end : end + 1].isalnum()
            parts += [data[done:start], b" " * before, text, b" " * behind]
            done = end
    return b"".join([*parts, data[done:]]) if parts else data
