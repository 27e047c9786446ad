"""The objects of a repository, each once, by names that people know them by.

Memory: 20 bytes an object here (32 where ids are SHA-256), some 100 in git while it follows the history.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from os import fsdecode
from typing import BinaryIO, NamedTuple, cast

from trapstreet.core.model.objects import Ref, Unread
from trapstreet.plugins.sources._gitprocess import Failed
from trapstreet.plugins.sources._gitprogram import Git
from trapstreet.plugins.sources._parts import Blocks, part

_BATCH = 400
"""Objects that git is asked about at once: more, and both sides would wait for the other to read."""

_SHORT = 12
_HEAD = 1 << 20
_FOLLOWED = [
    "rev-list",
    "--stdin",
    "--objects",
    "--in-commit-order",
    "--date-order",
    "--reverse",
    "--timestamp",
    "--missing=allow-any",
]


class _Named(NamedTuple):
    """An object as the history leads to it. commit: the oldest that has it;  when: its time."""

    name: bytes
    path: str
    commit: str
    when: int | None


def _bare(name: bytes) -> _Named:
    """An object that is in no history."""
    return _Named(name, "", "", None)


class _Ids:
    """Ids of objects, in little room."""

    def __init__(self) -> None:
        self._raw, self._width = bytearray(), 20

    def add(self, name: bytes) -> None:
        self._raw += bytes.fromhex(name.decode())
        self._width = len(name) // 2

    def __bool__(self) -> bool:
        return bool(self._raw)

    def __iter__(self) -> Iterator[bytes]:
        width = self._width
        return (self._raw[at : at + width].hex().encode() for at in range(0, len(self._raw), width))

    def without(self, others: "_Ids") -> Iterator[bytes]:
        """Those that the others are not, in their order."""
        import numpy as np

        every, met = (np.frombuffer(bytes(each._raw), f"S{self._width}") for each in (self, others))
        for each in np.setdiff1d(every, met):
            yield bytes(each).ljust(self._width, b"\0").hex().encode()


def objects(
    git: Git, place: str, *, without: Sequence[str] = (), readers: str = ""
) -> Iterator[Ref | Unread]:
    """Files of every state, texts of commits and tags; and, where nothing is left out, what no state has.

    without  commits whose states are known; those that are not there count for nothing
    place    stands for the repository where it is damaged
    """
    known = [each for each in without if each.isalnum()]
    if known:
        there = [kind for kind, _ in _checked(git, (each.encode() for each in known))]
        known = [each for each, kind in zip(known, there, strict=True) if kind in ("commit", "tag")]
    blobs, named = _Ids(), _Ids()
    try:
        if known:
            left_out = (f"^{each}\n".encode() for each in known)
            yield from _followed(git, [*_FOLLOWED, "--all"], left_out, named, readers)
            return
        tips, tags = _sorted_out(git, blobs)
        if tips:
            yield from _followed(git, _FOLLOWED, (each + b"\n" for each in tips), named, readers)
        yield from _listed(git, (_bare(each) for each in tags), readers)
    except Failed:
        yield Unread(place, "the history is damaged: what follows has no names, or is missing")
    yield from _listed(git, (_bare(each) for each in blobs.without(named)), readers)


def opened(git: Git, handle: str, start: int, end: int | None) -> BinaryIO:
    """The bytes [start, end) of an object; of a commit or a tag, what its author wrote. Raises OSError."""
    name, _, kind = handle.partition(" ")
    file = git.opened(name)
    if kind == "text":
        file = cast(BinaryIO, Blocks(_said(file), close=file.close))
    return part(file, start, end)


def _said(file: BinaryIO) -> Iterator[bytes]:
    """What stands after the first empty line: before it stand ids, and who committed it when."""
    held = b""
    while b"\n\n" not in held and len(held) < _HEAD:
        piece = file.read(1 << 16)
        if not piece:
            return
        held += piece
    yield held.partition(b"\n\n")[2]
    yield from iter(lambda: file.read(1 << 16), b"")


def _sorted_out(git: Git, blobs: _Ids) -> tuple[_Ids, _Ids]:
    """The ids of all commits, and of all tags; those of all files are put into `blobs`."""
    commits, tags = _Ids(), _Ids()
    everything = [
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objectname) %(objecttype)",
    ]
    for line in git.lines(*everything):
        name, _, kind = line.partition(b" ")
        match kind:
            case b"blob":
                blobs.add(name)
            case b"commit":
                commits.add(name)
            case b"tag":
                tags.add(name)
    return commits, tags


def _followed(
    git: Git, arguments: Sequence[str], given: Iterable[bytes], named: _Ids, readers: str
) -> Iterator[Ref]:
    """What the history leads to, in its order; the ids are put into `named`."""

    def read() -> Iterator[_Named]:
        commit, when = "", None
        for line in git.lines(*arguments, given=given):
            name, _, path = line.partition(b" ")
            if len(name) < 40:  # a commit, after its time
                commit = path.decode(errors="replace")
                when = int(name) * 1_000_000 if name.isdigit() else None
                yield _Named(path, "", commit, when)
            elif path:  # else the top folder
                named.add(name)
                yield _Named(name, fsdecode(path), commit, when)

    yield from _listed(git, read(), readers)


def _listed(git: Git, names: Iterator[_Named], readers: str) -> Iterator[Ref]:
    for batch in _batches(names):
        for each, (kind, size) in zip(batch, _checked(git, (each.name for each in batch)), strict=True):
            name = each.name.decode()
            if kind == "blob":
                path = f"{each.commit[:_SHORT]}:{each.path}" if each.path else f"no commit:{name}"
                yield Ref(path, name, size, each.when, readers, name)
            elif kind in ("commit", "tag"):
                yield Ref(f"{name[:_SHORT]} ({kind})", name, None, each.when, readers, f"{name} text")


def _batches(names: Iterator[_Named]) -> Iterator[Sequence[_Named]]:
    """Where the names break off with an error, those before it come first."""
    batch: list[_Named] = []
    try:
        for each in names:
            batch.append(each)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except Failed:
        yield batch
        raise
    yield batch


def _checked(git: Git, names: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    waiting = iter(names)
    while batch := list(islice(waiting, _BATCH)):
        yield from git.checked(batch)
