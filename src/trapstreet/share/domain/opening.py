"""What is kept of a copy so that its commitment can be opened: bytes (docs/adr/0009-proofs.md) and back."""

from collections.abc import Mapping, Sequence

from trapstreet.core.fields import Column, kinds
from trapstreet.core.model.commitment import CommittedCell, CommittedDecoy, CopyFacts
from trapstreet.core.model.encoding import Plain, canonical_cbor
from trapstreet.core.model.table import Cell, Row, cell_text

BARE_NONCE = 32
"""Bytes that were kept of a copy before proofs could be made: its nonce."""


def opening(facts: CopyFacts, columns: Sequence[str]) -> bytes:
    """Deterministic CBOR: [nonce, names of the copy's columns, shapes, the shape of each decoy].

    A shape is [[[column, [draws …]] …], [bits …]]: what decoys have alike that rest on the same draws.
    """
    shapes: list[Plain] = []
    known: dict[object, int] = {}
    numbers = []
    for decoy in facts.decoys:
        cells = tuple((cell.column, cell.draws) for cell in decoy.cells)
        number = known.setdefault((cells, decoy.draw_bits), len(known))
        if number == len(shapes):
            shapes.append([cells, decoy.draw_bits])
        numbers.append(number)
    return canonical_cbor([facts.nonce, list(columns), shapes, numbers])


def nonce_and_decoys(
    kept: bytes, record_ids: Sequence[int], rows: Sequence[Row], columns: Mapping[str, Column]
) -> tuple[bytes, tuple[CommittedDecoy, ...]]:
    """What `opening` kept, joined with the cells of the decoys.

    columns  by name, as the data set has them
    Raises ValueError where the parts do not belong together, or where `kept` is a bare nonce.
    """
    import cbor2

    if len(kept) == BARE_NONCE:
        raise ValueError("nothing but the nonce was kept")
    nonce, names, shapes, numbers = cbor2.loads(kept)
    places = {name: at for at, name in enumerate(names)}
    decoys = []
    for record_id, row, number in zip(record_ids, rows, numbers, strict=True):
        cells, bits = shapes[number]
        committed = tuple(
            CommittedCell(name, first_form(row[places[name]], columns[name]), tuple(draws))
            for name, draws in cells
            if name in columns
        )
        decoys.append(CommittedDecoy(record_id, committed, tuple(bits)))
    return nonce, tuple(decoys)


def opened_columns(kept: bytes) -> tuple[str, ...]:
    """The names of the copy's columns. Raises ValueError as `nonce_and_decoys`."""
    import cbor2

    if len(kept) == BARE_NONCE:
        raise ValueError("nothing but the nonce was kept")
    return tuple(cbor2.loads(kept)[1])


def first_form(cell: Cell, column: Column) -> bytes | None:
    """The cell's first normal form; its text where the kind has forms only together with another column."""
    text = cell_text(cell)
    if not text:
        return None
    known = kinds().get(column.kind)
    forms = known.forms(text, column) if known else ()
    return forms[0] if forms else text.encode("utf-8", "surrogatepass")
