"""Decoys' cells are kept packed; what was kept comes back as it was, type and all."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import cbor2
import pytest

from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.packing import pack, unpack

CELLS = [
    None,
    "",
    "=1+1",
    True,
    7,
    -0.5,
    1e300,
    Decimal("12.50"),
    date(1980, 2, 1),
    datetime(1980, 2, 1, 3, 4, 5, 6, tzinfo=UTC),
    time(3, 4),
    b"\x00\xff",
    UUID(int=5),
]


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_a_kept_cell_comes_back_with_its_type(cell):
    again = unpack(cbor2.loads(canonical_cbor(pack(cell))))
    assert (type(again), again) == (type(cell), cell)


@pytest.mark.parametrize("packed", [["money", "1"], ["float"], 1.5, {"a": 1}])
def test_what_was_never_packed_is_refused(packed):
    with pytest.raises(ValueError, match="not a packed cell"):
        unpack(packed)
