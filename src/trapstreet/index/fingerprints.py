"""From rows to what the index keeps of them: ids, digests, fingerprints. Nothing of the rows themselves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, kinds
from trapstreet.core.fields.records import Forms, record_forms, slot_widths
from trapstreet.core.model.record_id import key_forms
from trapstreet.core.model.table import Row, cell_text
from trapstreet.core.ports import Keys
from trapstreet.index.hashes import siphash24_many

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]

_MASK = (1 << 64) - 1


class Prints(NamedTuple):
    """Fingerprints of one kind in a batch of rows, in the order of the rows.

    rows   the row of the batch that each belongs to
    slots  the place of each among its record's slots; of an anchor its form's place in the cell, at most 255
    width  how many slots a record has; 0 for anchors
    """

    fingerprints: U64
    rows: U32
    slots: U8
    width: int = 0


@dataclass(slots=True)
class Traits:
    """What has to be known of all registered values before a text is searched for them.

    phone_lengths   how many digits the phone numbers of fewer than nine have
    unicode_emails  how many forms of e-mail addresses are not ASCII
    """

    phone_lengths: set[int] = field(default_factory=set)
    unicode_emails: int = 0

    def add(self, forms: Mapping[Kind, Forms]) -> None:
        """Take the forms of a batch."""
        if Kind.PHONE in forms:
            self.phone_lengths |= {len(form) - 1 for form in forms[Kind.PHONE].forms if form.startswith(b"n")}
        if Kind.EMAIL in forms:
            self.unicode_emails += sum(not form.isascii() for form in forms[Kind.EMAIL].forms)


class Fingerprinter:
    """Reads the rows of one data set under the workspace's keys.

    columns  every column of the table, in its order; key  the names of the key columns
    """

    def __init__(
        self, data_set: str, columns: Sequence[Column], key: Sequence[str], *, epoch: int, keys: Keys
    ) -> None:
        self._columns = tuple(columns)
        self._widths = slot_widths(columns)
        self._keys = keys
        self._epoch = epoch
        names = [column.name for column in columns]
        self.key_positions = [names.index(name) for name in key]
        self._compared = sorted((names[at], at) for at, column in enumerate(columns) if not column.ignored)
        self._record_key = keys.record_key(data_set)
        self._digest_key = keys.siphash_key("digest", data_set)

    def record_ids(self, rows: Sequence[Row]) -> U64:
        """The RecordId of each row (docs/adr/0002-record-ids-and-code-bits.md)."""
        forms = key_forms([tuple(row[at] for at in self.key_positions) for row in rows])
        return siphash24_many(self._record_key, forms)

    @property
    def plan(self) -> str:
        """How the columns are read, in 16 hexadecimal digits: another plan gives other digests or
        fingerprints."""
        read = [msgspec.structs.replace(self._columns[at], why="") for _, at in self._compared]
        return hashlib.sha256(msgspec.json.encode((NORMAL_FORMS, read))).hexdigest()[:16]

    def digests(self, rows: Sequence[Row]) -> U64:
        """A keyed hash of the cells of each row, equal for equal cells in any format and order of columns.

        Ignored columns do not count.
        """
        return siphash24_many(self._digest_key, [self._joined(row) for row in rows])

    def forms(self, rows: Sequence[Row]) -> dict[Kind, Forms]:
        """All normal forms of rows, by kind: plaintext, which goes no further than `hashed`."""
        return record_forms(self._columns, rows)

    def hashed(self, forms: Mapping[Kind, Forms]) -> dict[Kind, Prints]:
        """The fingerprints of forms, by kind."""
        return {
            kind: Prints(
                fingerprints_of(self._keys.fingerprint_key(kind, self._epoch), kind, each.forms),
                each.rows,
                each.slots,
                self._widths.get(kind, 0),
            )
            for kind, each in forms.items()
        }

    def fingerprints(self, rows: Sequence[Row]) -> dict[Kind, Prints]:
        """The fingerprints of all normal forms of rows, by kind."""
        return self.hashed(self.forms(rows))

    def _joined(self, row: Row) -> bytes:
        texts = [cell if type(cell := row[at]) is str else cell_text(cell) for _, at in self._compared]
        joined = "".join(["n" if text is None else f"{len(text)}:{text}" for text in texts])
        return joined.encode("utf-8", "surrogatepass")


def fingerprints_of(key: bytes, kind: Kind, forms: Sequence[bytes]) -> U64:
    """The fingerprint of each form of a kind under the kind's key.

    A form of an anchor is hashed whole. One of a confirming kind is one to three tokens with blanks between
    them: its fingerprint is the sum of theirs modulo 2**64, whatever their order.
    """
    if kinds()[kind].anchor or not forms:
        return siphash24_many(key, forms)
    tokens = b" ".join(forms).split(b" ")
    different = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    hashes = siphash24_many(key, list(different))[[different[token] for token in tokens]]
    counts = np.fromiter((form.count(b" ") + 1 for form in forms), dtype=np.intp, count=len(forms))
    return np.add.reduceat(hashes, np.cumsum(counts) - counts)


def total_digest(before: int, digests: U64) -> int:
    """The digest of all rows met so far, whatever their order: the sum of theirs modulo 2**64."""
    return (before + int(np.sum(digests))) & _MASK
