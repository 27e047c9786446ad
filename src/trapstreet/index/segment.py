"""One segment of an index: a file written once, read through memory maps.

Layout (little-endian; docs/adr/0006-index.md):

    8 bytes   magic "TSINDEX" and the format's number
    u32       length of the header
    header    JSON: data set, owner, epoch, version of the normal forms, what the values are like, and
              name → (offset, type, count) of each array
    arrays    each at a multiple of 64 bytes

Arrays of every segment: `record_ids` (u64, in the order of the source), `digests` (u64, one per record: a
keyed hash of all its cells), `ended` (u64, sorted: records of earlier segments that went or changed).

A version has a table (`filter`, `directory`, `entries`; table.py) for all anchor kinds together, the
fingerprints that are not in it because too many records share them (`shared`, u64, sorted), `KIND.slots`
(u32) for each confirming kind, and `KIND.space` (bytes; space.py) where one was learnt.

A copy has, for every kind, all of its fingerprints: `KIND.fp` (u64, sorted), `KIND.record` (u32, position in
record_ids) and, where the kind confirms, `KIND.slot` (u8).
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS
from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index.contents import Extent
from trapstreet.index.soundness import (
    MOST_SLOTS,
    check_copy,
    check_directory,
    check_extents,
    check_numbers,
    check_version,
)
from trapstreet.index.table import Table, record_bits

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]

MAGIC = b"TSINDEX\x02"
_FIRST = b"TSINDEX\x01"
ARRAYS = 4096
"""Where the arrays begin."""

_MAPPED = 1 << 20
_HEADER_MOST = ARRAYS - len(MAGIC) - 4

_Count = Annotated[int, msgspec.Meta(ge=0)]
_PhoneLength = Annotated[int, msgspec.Meta(ge=1, le=8)]


class Header(msgspec.Struct, frozen=True):
    """What a segment says of itself; `owner` is "version:NUMBER" or "copy:ID".

    keys            how many keys of each anchor kind a version's table has
    set_aside       how many values of each kind it does not have, since more than SHARED records share them
    phone_lengths   how many digits the phone numbers of fewer than nine have
    unicode_emails  how many forms of e-mail addresses are not ASCII
    """

    data_set: str
    owner: str
    epoch: int
    normal_forms: int
    keys: dict[Kind, _Count] = msgspec.field(default_factory=dict)
    set_aside: dict[Kind, _Count] = msgspec.field(default_factory=dict)
    phone_lengths: tuple[_PhoneLength, ...] = ()
    unicode_emails: _Count = 0
    arrays: dict[str, Extent] = msgspec.field(default_factory=dict)

    @property
    def of_copy(self) -> bool:
        return self.owner.startswith("copy:")


class Segment:
    """A segment opened for reading. Arrays are memory-mapped: opening costs no more than the header.

    current  whether its fingerprints are those of today's format and normal forms. Of others only the
             records are of use (ids, digests, ended), and of a copy the forms that did not change.
    """

    def __init__(self, path: Path) -> None:
        """Raises UnusableInput if the file is missing, damaged or of another format.

        What the file says of its arrays is checked here, what stands in them where they are given out.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                magic, self.header = _read_header(file)
            size = path.stat().st_size
            self.current = magic == MAGIC and self.header.normal_forms == NORMAL_FORMS
            self._check_header(size)
            self._bytes = _content(path, size)
        except FileNotFoundError:
            raise UnusableInput(
                f"index segment {path.name} is gone",
                hint="restore it from a backup, or register the data set again",
            ) from None
        except msgspec.MsgspecError:
            raise self.damaged("its header cannot be read") from None
        except ValueError as error:
            raise self.damaged(error) from None

    def damaged(self, why: object) -> UnusableInput:
        """The error of whoever finds the file to be none that `SegmentWriter` wrote."""
        return UnusableInput(
            f"index segment {self.path.name} is damaged, or of another kind: {why}",
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

    @property
    def shared(self) -> U64:
        """Of a version: the sorted fingerprints that were set aside."""
        return self._array("shared")

    def table(self, owner: int) -> Table:
        """The table of a version's segment; owner is its number in Lookup.owners.

        Raises UnusableInput where the directory is damaged.
        """
        directory, entries = self._array("directory"), self._array("entries")
        self._check(check_directory, directory, len(entries))
        return Table(
            epoch=self.header.epoch,
            filter=self._array("filter"),
            directory=directory,
            entries=entries,
            bits=len(directory).bit_length() - 1,
            shift=record_bits(len(self.record_ids)),
            record_ids=self.record_ids,
            owners=owner,
            slots={kind: self._slots(kind) for kind in self._having(".slots")},
        )

    def space(self, kind: Kind) -> bytes:
        """What is known of the values' spread, as the writer was given it; b"" where nothing is."""
        name = f"{kind}.space"
        return self._array(name).tobytes() if name in self.header.arrays else b""

    def kinds(self) -> list[Kind]:
        """The kinds of which a copy's segment has fingerprints."""
        return self._having(".fp")

    def fingerprints(self, kind: Kind) -> tuple[U64, U32]:
        """Of a copy: the sorted fingerprints of a kind, and for each the position of its record.

        Raises UnusableInput where there is no such record.
        """
        records = self._array(f"{kind}.record")
        self._check(check_numbers, records, len(self.record_ids))
        return self._array(f"{kind}.fp"), records

    def form_slots(self, kind: Kind) -> U8:
        """Of a copy: the slot of each fingerprint of a confirming kind.

        Raises UnusableInput where no kind has so many.
        """
        slots: U8 = self._array(f"{kind}.slot")
        self._check(check_numbers, slots, MOST_SLOTS)
        return slots

    def _slots(self, kind: Kind) -> U32:
        records = len(self.record_ids)
        slots: U32 = self._array(f"{kind}.slots")
        return slots.reshape(records, len(slots) // max(1, records))

    def _check_header(self, size: int) -> None:
        arrays = self.header.arrays
        check_extents(arrays, first=ARRAYS, size=size)
        if self.header.of_copy:
            check_copy(arrays, slots=self.current)
        elif self.current:
            check_version(arrays, keys=sum(self.header.keys.values()))

    def _check(self, sound: Callable[[NDArray[Any], int], None], array: NDArray[Any], count: int) -> None:
        try:
            sound(array, count)
        except ValueError as error:
            raise self.damaged(error) from None

    def _having(self, suffix: str) -> list[Kind]:
        return [Kind(name.removesuffix(suffix)) for name in self.header.arrays if name.endswith(suffix)]

    def _array(self, name: str) -> NDArray[Any]:
        offset, dtype, count = self.header.arrays[name]
        stop = offset + np.dtype(dtype).itemsize * count
        return self._bytes[offset:stop].view(dtype)


def write_header(out: IO[bytes], header: Header) -> None:
    """Put the header at the beginning of a file whose arrays are written."""
    encoded = msgspec.json.encode(header)
    if len(encoded) > _HEADER_MOST:
        raise ValueError("a segment's header holds no more arrays")
    out.seek(0)
    out.write(MAGIC + len(encoded).to_bytes(4, "little") + encoded)


def _read_header(file: IO[bytes]) -> tuple[bytes, Header]:
    magic = file.read(len(MAGIC))
    if magic not in (MAGIC, _FIRST):
        raise ValueError("it is not an index segment of this version")
    length = int.from_bytes(file.read(4), "little")
    if length > _HEADER_MOST:
        raise ValueError("its header is too long")
    return magic, msgspec.json.decode(file.read(length), type=Header)


def _content(path: Path, size: int) -> U8:
    """The file's bytes; only large ones are mapped, since each map holds a file descriptor."""
    if size < _MAPPED:
        return np.fromfile(path, dtype=np.uint8)
    return np.asarray(np.memmap(path, mode="r", dtype=np.uint8))
