"""What a segment keeps of its records' values while it is written: of a version a table, of a copy all."""

from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Any, Protocol

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.fingerprints import Prints
from trapstreet.index.spill import KeySpill
from trapstreet.index.table import TableBuilder, slot_values

Extent = tuple[Annotated[int, Meta(ge=0)], str, Annotated[int, Meta(ge=0)]]
"""Where an array stands in a file, its type, how many elements it has."""

ALIGN = 64


class Contents(Protocol):
    """Takes fingerprints batch by batch, then writes its arrays; spill files stay until `close`.

    keys, set_aside  as in the segment's header, once it is written
    """

    keys: dict[Kind, int]
    set_aside: dict[Kind, int]

    def add(self, kind: Kind, prints: Prints, *, first: int, count: int) -> None:
        """Take one kind's fingerprints of the records [first, first + count) of the segment."""
        ...

    def write(self, out: IO[bytes], records: int) -> dict[str, Extent]:
        """Write the arrays of a segment of so many records."""
        ...

    def close(self) -> None: ...


class VersionContents:
    """Anchors go into one table, confirming kinds into slots beside each record."""

    def __init__(self, folder: Path) -> None:
        self._spill = KeySpill(folder)
        self._slots = Arrays(folder)
        self._filled: dict[Kind, tuple[int, int]] = {}
        self.keys = self._spill.keys
        self.set_aside = self._spill.set_aside

    def add(self, kind: Kind, prints: Prints, *, first: int, count: int) -> None:
        if not prints.width:
            self._spill.add(kind, prints.fingerprints, prints.rows + np.uint32(first), later=prints.slots > 0)
            return
        filled, _ = self._filled.get(kind, (0, 0))
        slots = np.zeros((first + count - filled, prints.width), dtype=np.uint32)
        slots[prints.rows + np.uint32(first - filled), prints.slots] = slot_values(prints.fingerprints)
        self._slots.add(f"{kind}.slots", slots)
        self._filled[kind] = first + count, prints.width

    def write(self, out: IO[bytes], records: int) -> dict[str, Extent]:
        arrays = {}
        for kind, (filled, width) in sorted(self._filled.items()):
            name = f"{kind}.slots"
            self._slots.add(name, np.zeros((records - filled, width), dtype=np.uint32))
            arrays[name] = append(out, self._slots.gathered(name, np.uint32))
        self._spill.settle()
        builder = TableBuilder(sum(self.keys.values()), records)
        begin(out)
        start, entries = out.tell(), 0
        for keys in self._spill.sorted():
            made = builder.entries(keys.fingerprints, keys.records)
            out.write(made.data)
            entries += len(made)
        arrays["entries"] = start, "<u8", entries
        arrays["shared"] = append(out, self._spill.shared())
        arrays["filter"] = append(out, builder.filter)
        arrays["directory"] = append(out, builder.directory())
        return arrays

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._slots.close)
            stack.callback(self._spill.close)


class CopyContents:
    """Every kind has all its fingerprints, sorted: decoys are few, and a hit on one must be certain."""

    def __init__(self, folder: Path) -> None:
        self._arrays = Arrays(folder)
        self._confirms: dict[Kind, bool] = {}
        self.keys: dict[Kind, int] = {}
        self.set_aside: dict[Kind, int] = {}

    def add(self, kind: Kind, prints: Prints, *, first: int, count: int) -> None:
        self._arrays.add(f"{kind}.fp", prints.fingerprints)
        self._arrays.add(f"{kind}.record", prints.rows + np.uint32(first))
        self._arrays.add(f"{kind}.slot", prints.slots)
        self._confirms[kind] = prints.width > 0

    def write(self, out: IO[bytes], records: int) -> dict[str, Extent]:
        arrays = {}
        for kind, confirms in sorted(self._confirms.items()):
            fingerprints = self._arrays.gathered(f"{kind}.fp", np.uint64)
            order = np.argsort(fingerprints, kind="stable")
            arrays[f"{kind}.fp"] = append(out, fingerprints[order])
            arrays[f"{kind}.record"] = append(out, self._arrays.gathered(f"{kind}.record", np.uint32)[order])
            if confirms:
                arrays[f"{kind}.slot"] = append(out, self._arrays.gathered(f"{kind}.slot", np.uint8)[order])
            else:
                self.keys[kind] = len(fingerprints)
        return arrays

    def close(self) -> None:
        self._arrays.close()


class Arrays:
    """Arrays that grow by pieces, each in a file of its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}

    def add(self, name: str, values: NDArray[Any]) -> None:
        if name not in self._files:
            self._files[name] = (self._folder / name).open("w+b")
        self._files[name].write(values.tobytes())

    def gathered(self, name: str, dtype: type[np.generic]) -> NDArray[Any]:
        """All pieces, one after the other; empty where there was none."""
        if name not in self._files:
            return np.empty(0, dtype=dtype)
        self._files[name].flush()
        return np.fromfile(self._folder / name, dtype=dtype)

    def close(self) -> None:
        with ExitStack() as stack:  # closing writes what is left, and fails where the disk is full
            for file in self._files.values():
                stack.callback(file.close)


def begin(out: IO[bytes]) -> None:
    """Go to where the next array may stand."""
    out.write(bytes(-out.tell() % ALIGN))


def append(out: IO[bytes], values: NDArray[Any]) -> Extent:
    """Write an array."""
    begin(out)
    offset = out.tell()
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    out.write(little.view(np.uint8).data)  # tofile() would not say that the disk is full
    return offset, little.dtype.str, len(values)
