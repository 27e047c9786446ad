"""Runs of characters that stand for bytes, and the text that these are.

Runs are found by whole arrays at a time, and most are dismissed so: only what begins as text is decoded.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from trapstreet.plugins.decoders import Span
from trapstreet.plugins.decoders._marks import lengths, runs
from trapstreet.plugins.decoders._text import LATIN, begins_as_text, text_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trapstreet.plugins.decoders._marks import Marks, Places

    Words = NDArray[np.uint64]
    Flags = NDArray[np.bool_]

_LONG = 64
"""Characters of a run that may begin before the data, or with something else: the first group is sought."""

_LOOKS = (0, 16, 32, 48)
"""Where in a long run text is looked for."""

_LINE = 40
"""Characters of the shortest line that may go on in the next."""

_LINES = 16
"""More lines of one length are one text; fewer lines may be a text each."""

_ESCAPED = {b"\\": 1, b"%": 2}
"""How many characters behind these belong to them: "n" of "\\n", "2C" of "%2C"."""

_GOES_ON = re.compile(rb" ?\\[nrtux/\"'\\]|%[0-9A-Fa-f]{2}")
_WENT_ON = re.compile(rb"(?:\\[nrt/]|%[0-9A-Fa-f]{2}).{0,3}\Z", re.DOTALL)
"""What may stand in the middle of a run: an escaped line break, "%2B" for "+"; behind it some characters that
were passed over to find a group."""

_MAILBOX = re.compile(rb"[\w.+\x80-\xff-]{0,64}(?:@|&(?:amp;)*(?:#|commat)|[%=](?:25)*40|\\+u0040)")
_HOST = re.compile(rb"(?:@|#64;|#[xX]40;|commat;|[%=]40|u0040)[\w.\x80-\xff-]*\Z")
"""What stands behind a part of an address, its @ perhaps encoded, and before one."""

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


class Notation:
    """A way to write bytes in characters.

    alphabet  the characters
    least     characters of the shortest run that counts
    bits      that a character stands for
    heads     the first six bytes that each run stands for, the first of them the highest; given the eight
              characters from every place on, and the places of the runs
    plain     which of the runs are numbers and nothing else; given the same, and where the runs end
    raw       the bytes that any number of characters stand for
    begins    where the second byte begins, and pairs: characters that a text may begin with, and those that
              may then stand there
    padding   what may follow the last character, a pattern
    """

    def __init__(
        self,
        alphabet: bytes,
        *,
        least: int,
        bits: int,
        heads: Callable[["Words", "Places"], "Words"],
        plain: Callable[["Words", "Places", "Places"], "Flags"],
        raw: Callable[[bytes], bytes],
        begins: tuple[int, tuple[tuple[bytes, bytes], ...]],
        padding: bytes = b"",
    ) -> None:
        self._least, self._heads, self._plain, self._raw = least, heads, plain, raw
        self._group = lcm(8, bits) // bits  # characters that stand for whole bytes
        self._head = 48 // bits  # characters that stand for six bytes
        self._second, self._pairs = begins
        self._latin = LATIN * 8 // bits
        one = b"[" + re.escape(alphabet) + b"]"
        line = rb"(?<=%b{%d})[ \t]*+\r?\n[ \t]*+%b++(?=%b(?:[ \t]*+[\r\n]|[\"'<,;)}\]\\%%]|\Z))"
        lines = line % (one, _LINE, one, padding)
        self._block = re.compile(b"%b++(?:%b)*+%b" % (one, lines, padding))
        self._one = re.compile(b"%b{%d,}+" % (one, least))

    def found(self, data: bytes, marks: "Marks | None") -> Iterator[Run]:
        """The runs that stand for text, apart from each other and in order; marks are of the alphabet."""
        starts = self._likely(data) if marks is None else self._promising(data, marks)
        done = 0
        for start in starts:
            if start >= done and (match := self._block.match(data, start)):
                done = match.end()
                if run := run_of(data, start, done, self._raw):
                    yield run

    def _likely(self, data: bytes) -> Iterator[int]:
        """Where a run may begin to stand for text."""
        for match in self._one.finditer(data):
            start = match.start() + _ESCAPED.get(data[match.start() - 1 : match.start()], 0)
            shifts = range(self._group if match.end() - start >= _LONG else 1)
            good = (shift for shift in shifts if text_of(self._raw(data[start + shift : match.end()])))
            yield start + next(good, 0)

    def _promising(self, data: bytes, marks: "Marks") -> list[int]:
        """Where a run may begin to stand for text, by its first bytes and its last."""
        import numpy as np

        starts = runs(marks, self._least)
        starts += _escaped(data, starts)
        ends = starts + lengths(marks, starts)
        long = ends - starts >= _LONG
        may = self._begun(data, starts) | long
        starts, ends, long = starts[may], ends[may], long[may]
        if not len(starts):
            return []
        padded = data + bytes(2 * _LONG)
        words = np.ndarray(len(padded) - 7, dtype=">u8", buffer=padded, strides=(1,))
        good = begins_as_text(self._heads(words, starts))
        if len(at := np.flatnonzero(good & ~long)):
            good[at] = self._goes_on(words, starts[at], ends[at])
        if len(at := np.flatnonzero(long)):
            shift = self._shift(words, starts[at])
            starts[at] += shift
            good[at] = shift >= 0
        chosen: list[int] = starts[good].tolist()
        return chosen

    def _goes_on(self, words: "Words", starts: "Places", ends: "Places") -> "Flags":
        """Which short runs may be text behind the first bytes, and short texts to the last."""
        import numpy as np

        next_ = starts + self._head
        last = starts + (ends - starts) // self._group * self._group - self._head
        good = begins_as_text(self._heads(words, np.concatenate([next_, last])), within=True)
        within = good[: len(starts)] | (ends < next_ + self._head)
        to_end = good[len(starts) :] | (ends - starts >= self._latin)
        return within & to_end & ~self._plain(words, starts, ends)

    def _begun(self, data: bytes, starts: "Places") -> "Flags":
        """Which runs may be text by two of their characters."""
        import numpy as np

        characters = np.frombuffer(data, dtype=np.uint8)
        pair = characters[starts].astype(np.uint16) << 8 | characters[starts + self._second]
        flags: Flags = np.frombuffer(_table(self._pairs), dtype=np.bool_)[pair]
        return flags

    def _shift(self, words: "Words", starts: "Places") -> "Places":
        """How far behind each start the first group is, by the text that most groups begin; -1 if it is
        none."""
        import numpy as np

        looks = np.add.outer(np.arange(self._group), _LOOKS)
        good = begins_as_text(self._heads(words, np.add.outer(starts, looks).ravel()))
        count = good.reshape(len(starts), *looks.shape).sum(axis=2)
        return np.where(2 * count.max(axis=1) >= len(_LOOKS), count.argmax(axis=1), -1)


@cache
def _table(pairs: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """For each two characters whether they are one of each of a pair."""
    then = [b"".join(other for one, other in pairs if first in one) for first in range(256)]
    return bytes(second in then[first] for first in range(256) for second in range(256))


def numbers(characters: "Words", values: bytes, bits: int) -> "Words":
    """The number that eight characters are, each of so many bits, by the table of their values."""
    import numpy as np

    found = np.frombuffer(characters.tobytes().translate(values), dtype=">u8").astype(np.uint64)
    for lanes, mask in ((1, 0x00FF00FF00FF00FF), (2, 0x0000FFFF0000FFFF), (4, 0x00000000FFFFFFFF)):
        low = np.uint64(mask)
        found = (found & ~low) >> np.uint64((8 - bits) * lanes) | found & low
    return found


def decimal(characters: "Words") -> "Flags":
    """Which of these eight characters, letters and digits, are digits."""
    import numpy as np

    found: Flags = characters & np.uint64(0xF0F0F0F0F0F0F0F0) == 0x3030303030303030
    return found


def run_of(data: bytes, start: int, end: int, raw: Callable[[bytes], bytes]) -> Run | None:
    """The run at a place, if it stands for text or is a part of one that is encoded once more.

    What belongs to an e-mail address is none: one long word in some 500 would stand for text, too.
    """
    text = _text(data[start:end].split(b"\n"), raw)
    part = _GOES_ON.match(data, end) or _WENT_ON.search(data[max(0, start - 6) : start])
    if not (text or part) or _MAILBOX.match(data, end) or _HOST.search(data[max(0, start - 64) : start]):
        return None
    return Run(start, end, None if part else text)


def _text(lines: list[bytes], raw: Callable[[bytes], bytes]) -> bytes | None:
    """The text that the lines stand for together, and unless they are surely one, that of each by itself."""
    whole = text_of(raw(b"".join(lines)))
    one = len(lines) > _LINES and len({len(line) for line in lines[1:-1]}) == 1
    if len(lines) == 1 or (whole and one):
        return whole
    each = [text for line in lines if (text := text_of(raw(line)))]
    return b"\n".join([whole, b"", *each] if whole else each)


def spans(found: Iterator[Run]) -> list[Span]:
    """Where the runs are that may hold a value: long ones, and those with an @, three digits, or what is
    encoded once more."""
    return [
        (run.start, run.end)
        for run in found
        if run.text is None or len(run.text) >= _LONG or _TELLING.search(run.text)
    ]


def replaced(data: bytes, found: Iterator[Run]) -> bytes:
    """The data with texts in place of their runs, apart from words that touch these: 0x6d61."""
    parts: list[bytes] = []
    done = 0
    for start, end, text in found:
        if text is not None:
            before, behind = data[start - 1 : start].isalnum(), data[end : end + 1].isalnum()
            parts += [data[done:start], b" " * before, text, b" " * behind]
            done = end
    return b"".join([*parts, data[done:]]) if parts else data


def _escaped(data: bytes, starts: "Places") -> "Places":
    """How many of the first characters of runs belong to what stands before them."""
    import numpy as np

    before = np.frombuffer(data, dtype=np.uint8)[starts - 1] * (starts > 0)
    result: Places = sum(count * (before == ord(sign)) for sign, count in _ESCAPED.items())
    return result
