"""What was decoded in a text: where it stands, how it was encoded, and which files were packed in it."""

from collections import deque
from functools import cache

from trapstreet.plugins.decoders import DEPTH, Decoder, _decoders, _once, _search
from trapstreet.plugins.decoders._clues import Runs
from trapstreet.plugins.decoders._files import Files, Places

_KEPT = 80
"""Pieces that are remembered, some 256 KiB each: what a matcher holds back that has two processors."""

_SMALL = 1 << 13
"""Bytes in which it is looked for decoder by decoder."""

_BETWEEN = 1 << 11
"""Bytes that both halves of some bytes have: more than a value takes in any encoding."""


class Trail:
    """Where decoded bytes stand among those that `decoded` gave, and what they were decoded from.

    since  what stands before this place is forgotten
    files  that stood encoded in the text; None where nothing could be one
    Only the last of them are remembered, 20 MiB at most; nothing where nothing is encoded.
    """

    def __init__(self) -> None:
        self.since = 0
        self.files: Files | None = None
        self._read = 0  # bytes of the text
        self._given = 0  # with what was decoded in it
        self._kept = deque[tuple[int, int, bytes]]()

    def passed(self, piece: bytes, *, again: int) -> None:
        """The next bytes of the text are given, behind so many that were given before."""
        self._read += len(piece)
        self._given += again + len(piece)

    def clues(self, data: bytes, starts: list[list[int]], *, depth: int) -> None:
        """In the last bytes of the text, or in what was decoded of them so often, clues stand here."""
        if self.files is None and not any(starts[at] for at in _of_runs()):
            return
        places = [
            Places(each.title, each.clue, own)
            for each, own in zip(_decoders(), starts, strict=True)
            if isinstance(each.clue, Runs)
        ]
        self.files = self.files or Files()
        if depth:
            self.files.within(data, places)
        else:
            self.files.follow(data, self._read - len(data), places)

    def decoded(self, found: bytes, origin: bytes) -> None:
        """Bytes that were made of others are given."""
        self._kept.append((self._given, self._given + len(found), origin))
        self._given += len(found)
        if len(self._kept) > _KEPT:
            _, self.since, _ = self._kept.popleft()

    def ended(self) -> None:
        """All of the text was given."""
        if self.files:
            self.files.end()

    def forget(self) -> None:
        """Nobody will ask how anything was encoded."""
        self._kept.clear()

    def spans(self) -> list[tuple[int, int]]:
        """The places that are remembered, [start, end), ascending."""
        return [(start, end) for start, end, _ in self._kept]

    def is_plain(self, place: int, value: bytes) -> bool:
        """Whether the value that was read at that place stood there unencoded, near something encoded."""
        return value in self._origin(place)

    def way_in(self, place: int, value: bytes) -> str:
        """The encodings of the value that was read at that place, the outermost first: "base64",
        "percent-encoding!base64". Some ms. "" where they are not to be told."""
        return "!".join(encodings_of(self._origin(place), value))

    def _origin(self, place: int) -> bytes:
        return next((origin for start, end, origin in self._kept if start <= place < end), b"")


@cache
def _of_runs() -> tuple[int, ...]:
    """Which decoders look for runs."""
    return tuple(at for at, each in enumerate(_decoders()) if isinstance(each.clue, Runs))


def encodings_of(data: bytes, value: bytes) -> list[str]:
    """The titles of the encodings that must be _once in the data to read the value, in that order."""
    small = _near(data, value)
    depth = _depth(small, value)
    needed = [
        each.title
        for level in range(depth)
        for each in _decoders()
        if not _read(small, value, depth, without=(level, each))
    ]
    return list(dict.fromkeys(needed)) if depth else []


def _near(data: bytes, value: bytes) -> bytes:
    """Few of the bytes in which the value is read all the same."""
    while len(data) > _SMALL:
        middle = len(data) // 2
        halves = data[: middle + _BETWEEN], data[middle - _BETWEEN :]
        half = next((half for half in halves if _depth(half, value)), None)
        if half is None:
            return data
        data = half
    return data


def _depth(data: bytes, value: bytes) -> int:
    """How often the data must be decoded until the value is read; 0 if it never is."""
    for depth in range(1, DEPTH + 1):
        data = _once(data, _search().places(data))
        if value in data:
            return depth
    return 0


def _read(data: bytes, value: bytes, depth: int, *, without: tuple[int, Decoder]) -> bool:
    """Whether the value is read, too, if a decoder is left out at one of the levels."""
    for level in range(depth):
        left_out = without[1] if level == without[0] else None
        data = _once(data, _search().places(data), without=left_out)
    return value in data
