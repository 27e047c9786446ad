"""A copy as it is issued: its decoys' ids, what they are worth, and the commitment that fixes it all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trapstreet.core.fields import Column, Kind
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.commitment import CommittedCell, CommittedDecoy, CopyFacts, commitment
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys import Decoy
from trapstreet.registered.decoys import draw_bits, profiles_of
from trapstreet.share.domain.opening import first_form, opening

INVENTORY = "ts-inventory-1"


@dataclass(frozen=True, slots=True)
class IssuedCopy:
    """Everything that the registry keeps of a copy. The cells are protected: they are kept sealed."""

    copy: str
    facts: CopyFacts = field(repr=False)
    record_ids: tuple[int, ...]
    rows: tuple[Row, ...] = field(repr=False)
    profiles: tuple[Profile, ...]

    @property
    def commitment(self) -> bytes:
        return commitment(self.facts)

    def opening(self, columns: Sequence[Column]) -> bytes:
        """What opens the commitment, beside keys and cells: see `share.domain.opening`."""
        return opening(self.facts, [column.name for column in columns])


def inventory(copy: str, data_set: str, columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """What somebody needs who has nothing left but the recovery kit: whose decoys these are, and how they
    look."""
    return canonical_cbor(
        {
            "format": INVENTORY,
            "copy": copy,
            "data_set": data_set,
            "columns": [column.name for column in columns],
            "decoys": [[cell_text(cell) for cell in row] for row in rows],
        }
    )


def issue(
    copy: str,
    decoys: Sequence[Decoy],
    record_ids: Sequence[int],
    columns: Sequence[Column],
    *,
    p_table: bytes,
    data_set: str,
    version: int,
    code_key: bytes,
    nonce: bytes,
    at: int,
) -> IssuedCopy:
    """Fix a copy: at is Unix µs, nonce 32 random bytes."""
    committed = tuple(
        _committed(decoy, record_id, columns) for decoy, record_id in zip(decoys, record_ids, strict=True)
    )
    return IssuedCopy(
        copy=copy,
        facts=CopyFacts(nonce, copy, code_key, committed, data_set, version, at, p_table),
        record_ids=tuple(record_ids),
        rows=tuple(decoy.cells for decoy in decoys),
        profiles=profiles_of(decoys, columns),
    )


def _committed(decoy: Decoy, record_id: int, columns: Sequence[Column]) -> CommittedDecoy:
    cells = tuple(
        CommittedCell(column.name, first_form(decoy.cells[at], column), decoy.columns.get(column.name, ()))
        for at, column in enumerate(columns)
        if column.kind != Kind.TEXT
    )
    return CommittedDecoy(record_id, cells, draw_bits(decoy))
