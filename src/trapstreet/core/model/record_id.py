"""RecordIds: who a record is, the same in every version and copy of its data set.

The form `key-1` is frozen (docs/adr/0002-record-ids-and-code-bits.md): a change here would part every copy
ever handed out from its rows.
"""

from collections.abc import Iterable, Sequence
from unicodedata import normalize

from trapstreet.core.maths.siphash import U64, siphash24_many
from trapstreet.core.model.table import Cell, cell_text

_NULL = b"\xff\xff\xff\xff"
_LENGTHS = [n.to_bytes(4, "little") for n in range(256)]


def record_ids(key: bytes, rows: Iterable[Sequence[Cell]]) -> U64:
    """The RecordId of each row of key cells: uint64, in the order of the rows.

    key  the data set's 16-byte record key (`KeyRing.record_key`)
    1.3 s for 1,000,000 rows of one text cell, one core.
    """
    return siphash24_many(key, key_forms(rows))


def key_forms(rows: Iterable[Sequence[Cell]]) -> list[bytes]:
    """The key cells of each row in the form `key-1`; two rows are the same record exactly if their forms are
    equal.

    Each cell as `cell_text` gives it, in NFC, without outer white space, as UTF-8 behind its u32 length;
    NULL is the length 0xFFFFFFFF.
    """
    return [b"".join(map(_cell_form, row)) for row in rows]


def _cell_form(cell: Cell) -> bytes:
    text = cell if type(cell) is str else cell_text(cell)
    if text is None:
        return _NULL
    if not text.isascii():
        text = normalize("NFC", text)
    # A lone surrogate (JSON may hold one) stays what it is instead of stopping the table.
    data = text.strip().encode("utf-8", "surrogatepass")
    size = len(data)
    return (_LENGTHS[size] if size < 256 else size.to_bytes(4, "little")) + data
