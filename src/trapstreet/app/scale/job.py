"""What a node must have to search units of a scan: the index, its keys, and how the locations are read."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from trapstreet import __version__
from trapstreet.app.passwords import Passwords
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.index import DataSetIndex, KernelMatcher, Lookup, Matcher, ReferenceMatcher, Segment, native
from trapstreet.index.lookup import KeyOf
from trapstreet.watch import Public

_BLOCK = 1 << 20


class File(msgspec.Struct, frozen=True):
    """A segment of the index: its bytes, and their SHA-256."""

    size: int
    sha256: bytes


class DataSetFiles(msgspec.Struct, frozen=True):
    """A data set, and the numbers of its segments among the job's files."""

    data_set: str
    name: str
    epoch: int
    columns: tuple[Column, ...]
    versions: tuple[int, ...]
    copies: dict[str, int]


class Job(msgspec.Struct, frozen=True):
    """All of a scan but its units. It holds keys: it is kept in memory, and elsewhere sealed.

    folder     where relative locations begin
    locations  as they were given, with the passwords in them
    keys       of fingerprints, by field kind and epoch; the master key is none of them
    public     fingerprints that are set aside, sorted u64
    """

    folder: str
    locations: tuple[str, ...]
    passwords: tuple[str, ...]
    ocr: bool
    data_sets: tuple[DataSetFiles, ...]
    files: tuple[File, ...]
    keys: tuple[tuple[Kind, int, bytes], ...]
    public: bytes
    version: str = __version__

    @property
    def identity(self) -> bytes:
        """32 bytes that are others for another scan: other locations, options, data sets, trapstreet."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).digest()


def job_of(
    workspace: Workspace,
    locations: Sequence[str],
    *,
    lookup: Lookup,
    public: Public,
    passwords: Passwords,
    ocr: bool,
) -> tuple[Job, list[Path]]:
    """The job, and where the segments lie. Reads the whole index once: 0.5 s for each GB."""
    key_of, paths = workspace.ring.fingerprint_key, list[Path]()

    def number(segment: Segment) -> int:
        paths.append(segment.path)
        return len(paths) - 1

    data_sets = tuple(
        DataSetFiles(
            data_set=each.data_set,
            name=each.name,
            epoch=each.epoch,
            columns=each.columns,
            versions=tuple(number(segment) for segment in each.versions),
            copies={copy: number(segment) for copy, segment in each.copies.items()},
        )
        for each in lookup.data_sets
    )
    asked = sorted({*lookup.anchors(), *lookup.confirmers()})
    job = Job(
        folder=str(Path.cwd()),
        locations=tuple(locations),
        passwords=tuple(each.reveal() for each in passwords),
        ocr=ocr,
        data_sets=data_sets,
        files=tuple(map(_file, paths)),
        keys=tuple((kind, epoch, key_of(kind, epoch)) for kind, epoch in asked),
        public=public.fingerprints.astype("<u8").tobytes(),
    )
    return job, paths


def opened(job: Job, path_of: Callable[[int], Path]) -> tuple[Lookup, Matcher, Public, Passwords]:
    """What units are searched with, from segments that lie anywhere. The matcher has one thread.

    Raises UnusableInput where a segment is not the job's.
    """
    lookup = Lookup(
        [
            DataSetIndex(
                data_set=each.data_set,
                name=each.name,
                epoch=each.epoch,
                columns=each.columns,
                versions=tuple(Segment(path_of(number)) for number in each.versions),
                copies={copy: Segment(path_of(number)) for copy, number in each.copies.items()},
            )
            for each in job.data_sets
        ]
    )
    key_of = _keys(job)
    matcher = KernelMatcher(lookup, key_of) if native.load() else ReferenceMatcher(lookup, key_of)
    public = Public.of_fingerprints(np.frombuffer(job.public, dtype="<u8").astype(np.uint64))
    return lookup, matcher, public, tuple(map(Protected, job.passwords))


def sound(path: Path, file: File) -> None:
    """Raises UnusableInput where what came is not what was sent."""
    if _file(path) != file:
        raise UnusableInput("the index did not come whole", hint="run the scan again")


def _keys(job: Job) -> KeyOf:
    keys = {(kind, epoch): key for kind, epoch, key in job.keys}
    return lambda kind, epoch: keys[kind, epoch]


def _file(path: Path) -> File:
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            size += len(block)
            digest.update(block)
    return File(size, digest.digest())
