"""Writes a segment: records come in batches, arrays go out."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.contents import Arrays, Contents, CopyContents, Extent, VersionContents, append
from trapstreet.index.fingerprints import Prints, Traits
from trapstreet.index.segment import ARRAYS, Header, write_header

U64 = NDArray[np.uint64]


class SegmentWriter:
    """Gathers fingerprints in spill files, then writes the segment: a table for a version, all of them for a
    copy.

    Memory is flat while records are added; finishing takes 2 bytes for each key of the table, and for each
    record 8 or what its slots of one kind take. A context manager: the spill files go with it, whatever
    happens. They hold no values.
    """

    def __init__(self, header: Header, *, scratch: Path) -> None:
        self._header = header
        self._folder = tempfile.TemporaryDirectory(dir=scratch, prefix="segment-")
        folder = Path(self._folder.name)
        self._records = Arrays(folder)
        self._values: Contents = CopyContents(folder) if header.of_copy else VersionContents(folder)
        self.records = 0
        self.fingerprints = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:  # closing writes what is left, and fails where the disk is full
            stack.callback(self._folder.cleanup)
            stack.callback(self._records.close)
            stack.callback(self._values.close)

    @property
    def set_aside(self) -> dict[Kind, int]:
        """How many values of each kind were set aside, once the segment is written."""
        return self._values.set_aside

    def add(self, record_ids: U64, digests: U64, prints: Mapping[Kind, Prints]) -> None:
        """Append records; prints gives, per kind, the fingerprints of this batch and their rows in it."""
        self._records.add("record_ids", record_ids)
        self._records.add("digests", digests)
        for kind, each in prints.items():
            self._values.add(kind, each, first=self.records, count=len(record_ids))
            self.fingerprints += len(each.fingerprints)
        self.records += len(record_ids)

    def finish(
        self, path: Path, *, ended: U64, traits: Traits, spaces: Mapping[Kind, bytes] | None = None
    ) -> None:
        """Write the segment under its final name, all or nothing. An existing file there is replaced:
        nothing refers to it, or the caller would not be writing it.

        traits, spaces  what all values are like: see Header, and Segment.space
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as out:
                arrays = self._write(out, ended, spaces or {})
                write_header(out, self._described(arrays, traits))
                out.flush()
                os.fsync(out.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _described(self, arrays: dict[str, Extent], traits: Traits) -> Header:
        return msgspec.structs.replace(
            self._header,
            keys=self._values.keys,
            set_aside=self._values.set_aside,
            phone_lengths=tuple(sorted(traits.phone_lengths)),
            unicode_emails=traits.unicode_emails,
            arrays=arrays,
        )

    def _write(self, out: IO[bytes], ended: U64, spaces: Mapping[Kind, bytes]) -> dict[str, Extent]:
        out.write(bytes(ARRAYS))  # room for the header, which is known last
        arrays = {
            "record_ids": append(out, self._records.gathered("record_ids", np.uint64)),
            "digests": append(out, self._records.gathered("digests", np.uint64)),
            "ended": append(out, np.sort(ended)),
        }
        arrays |= self._values.write(out, self.records)
        for kind, space in spaces.items():
            arrays[f"{kind}.space"] = append(out, np.frombuffer(space, dtype=np.uint8))
        return arrays
