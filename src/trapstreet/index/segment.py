"""One segment of an index: a file written once, sorted, read through memory maps.

Layout (little-endian; docs/adr/0006-index.md):

    8 bytes   magic "TSINDEX" and the format's number
    u32       length of the header
    header    JSON: data set, owner, epoch, version of the normal forms, and name → (offset, type, count) of
              each array
    arrays    each at a multiple of 64 bytes

Arrays: `record_ids` (u64, in the order of the source), `digests` (u64, one per record: a keyed hash of all
its
cells), `ended` (u64, sorted: records of earlier segments that went or changed), and per field kind `KIND.fp`
(u64, sorted fingerprints) with `KIND.record` (u32, position in record_ids).
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.errors import UnusableInput

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

MAGIC = b"TSINDEX\x01"
_ALIGN = 64
_MAPPED = 1 << 20
_HEADER_MOST = 64 * _ALIGN - len(MAGIC) - 4


class Header(msgspec.Struct, frozen=True):
    """What a segment says of itself; `owner` is "version:NUMBER" or "copy:ID"."""

    data_set: str
    owner: str
    epoch: int
    normal_forms: int
    arrays: dict[str, tuple[int, str, int]] = msgspec.field(default_factory=dict)


class SegmentWriter:
    """Gathers fingerprints in spill files, then writes the sorted segment.

    Memory is flat while rows are added; finishing sorts one field kind at a time (20 bytes for each of its
    fingerprints). A context manager: the spill files go with it, whatever happens.
    """

    def __init__(self, header: Header, *, scratch: Path) -> None:
        self._header = header
        self._folder = tempfile.TemporaryDirectory(dir=scratch, prefix="segment-")
        self._spills: dict[str, IO[bytes]] = {}
        self.records = 0
        self.fingerprints = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:  # closing writes what is left, and fails where the disk is full
            stack.callback(self._folder.cleanup)
            for spill in self._spills.values():
                stack.callback(spill.close)

    def add(self, record_ids: U64, digests: U64, forms: Mapping[Kind, tuple[U64, U32]]) -> None:
        """Append records; forms gives, per kind, fingerprints and the row of this batch that each belongs
        to."""
        self._spill("record_ids", record_ids)
        self._spill("digests", digests)
        for kind, (fingerprints, rows) in forms.items():
            self._spill(f"{kind}.fp", fingerprints)
            self._spill(f"{kind}.record", rows + np.uint32(self.records))
            self.fingerprints += len(fingerprints)
        self.records += len(record_ids)

    def record_ids(self) -> U64:
        """The ids added so far, in order."""
        return self._gathered("record_ids", np.uint64)

    def finish(self, path: Path, *, ended: U64) -> None:
        """Write the segment under its final name, all or nothing. An existing file there is replaced:
        nothing refers to it, or the caller would not be writing it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as out:
                self._write(out, ended)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _write(self, out: IO[bytes], ended: U64) -> None:
        kinds = sorted(name.removesuffix(".fp") for name in self._spills if name.endswith(".fp"))
        out.write(bytes(_ALIGN * 64))  # room for the header, which is known last
        arrays = {
            "record_ids": _append(out, self.record_ids()),
            "digests": _append(out, self._gathered("digests", np.uint64)),
            "ended": _append(out, np.sort(ended)),
        }
        for kind in kinds:
            fingerprints = self._gathered(f"{kind}.fp", np.uint64)
            order = np.argsort(fingerprints, kind="stable")
            arrays[f"{kind}.fp"] = _append(out, fingerprints[order])
            del fingerprints
            arrays[f"{kind}.record"] = _append(out, self._gathered(f"{kind}.record", np.uint32)[order])
        header = msgspec.json.encode(msgspec.structs.replace(self._header, arrays=arrays))
        if len(header) > _HEADER_MOST:
            raise ValueError("a segment's header holds no more arrays")
        out.seek(0)
        out.write(MAGIC + len(header).to_bytes(4, "little") + header)

    def _spill(self, name: str, values: NDArray[Any]) -> None:
        if name not in self._spills:
            self._spills[name] = (Path(self._folder.name) / name).open("w+b")
        self._spills[name].write(values.tobytes())

    def _gathered(self, name: str, dtype: type[np.generic]) -> NDArray[Any]:
        if name not in self._spills:
            return np.empty(0, dtype=dtype)
        self._spills[name].flush()
        return np.fromfile(Path(self._folder.name) / name, dtype=dtype)


class Segment:
    """A segment opened for reading. Arrays are memory-mapped: opening costs no more than the header."""

    def __init__(self, path: Path) -> None:
        """Raises UnusableInput if the file is missing, damaged or of another format."""
        self.path = path
        try:
            with path.open("rb") as file:
                self.header = _read_header(file)
            size = path.stat().st_size
            self._bytes = _content(path, size)
        except FileNotFoundError:
            raise UnusableInput(
                f"index segment {path.name} is gone",
                hint="restore it from a backup, or register the data set again",
            ) from None
        except (ValueError, msgspec.MsgspecError) as error:
            raise UnusableInput(
                f"index segment {path.name} cannot be read ({error})",
                hint="restore it from a backup, or register the data set again",
            ) from None
        ends = (
            offset + np.dtype(kind).itemsize * count for offset, kind, count in self.header.arrays.values()
        )
        if max(ends, default=0) > size:
            raise UnusableInput(
                f"index segment {path.name} is cut short",
                hint="restore it from a backup, or register the data set again",
            )

    @property
    def record_ids(self) -> U64:
        return self._array("record_ids")

    @property
    def digests(self) -> U64:
        return self._array("digests")

    @property
    def ended(self) -> U64:
        return self._array("ended")

    def kinds(self) -> list[Kind]:
        """The field kinds that have fingerprints here."""
        return [Kind(name.removesuffix(".fp")) for name in self.header.arrays if name.endswith(".fp")]

    def fingerprints(self, kind: Kind) -> tuple[U64, U32]:
        """Sorted fingerprints of a kind, and for each the position of its record."""
        return self._array(f"{kind}.fp"), self._array(f"{kind}.record")

    def _array(self, name: str) -> NDArray[Any]:
        offset, dtype, count = self.header.arrays[name]
        stop = offset + np.dtype(dtype).itemsize * count
        return self._bytes[offset:stop].view(dtype)


def _content(path: Path, size: int) -> NDArray[np.uint8]:
    """The file's bytes; only large ones are mapped, since each map holds a file descriptor."""
    return np.fromfile(path, dtype=np.uint8) if size < _MAPPED else np.memmap(path, mode="r", dtype=np.uint8)


def _append(out: IO[bytes], values: NDArray[Any]) -> tuple[int, str, int]:
    out.write(bytes(-out.tell() % _ALIGN))
    offset = out.tell()
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    out.write(little.view(np.uint8).data)  # tofile() would not say that the disk is full
    return offset, little.dtype.str, len(values)


def _read_header(file: IO[bytes]) -> Header:
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("not an index segment of this version")
    length = int.from_bytes(file.read(4), "little")
    if length > _HEADER_MOST:
        raise ValueError("damaged header")
    return msgspec.json.decode(file.read(length), type=Header)
