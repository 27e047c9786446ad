"""p-tables: one form in bytes, and the classes of marks by RecordId."""

import numpy as np
import pytest

from adr import vectors
from trapstreet.core.maths.codebits import CERTAIN
from trapstreet.core.model.commitment import NO_P_TABLE
from trapstreet.core.model.p_table import (
    MarkClass,
    MarkCode,
    PoolCode,
    PTable,
    chance,
    decoded,
    pool_digest,
    threshold,
)

MARK = MarkCode(
    2, "phone", "phone-layout", (MarkClass(3 << 30, threshold(0.2)), MarkClass(1 << 30, threshold(0.93)))
)
FULL = PTable(PoolCode(threshold(0.35), 3, pool_digest([5, 9, 7])), threshold(0.99), (MARK,))


@pytest.mark.parametrize("table", [PTable(), FULL, FULL._replace(pool=None), PTable(rows=threshold(0.98))])
def test_a_p_table_is_read_back_as_it_was(table: PTable) -> None:
    assert decoded(table.encoded()) == table


def test_a_copy_with_decoys_of_its_own_alone_has_the_empty_p_table() -> None:
    assert PTable().encoded() == NO_P_TABLE
    assert not PTable().codes
    assert FULL.codes
    assert FULL.withholds
    assert not PTable().withholds


def test_the_bytes_are_those_of_the_decision_record() -> None:
    vector = vectors("0011")
    pool = PoolCode(
        int(vector["pool"]["threshold"], 16),
        3,
        pool_digest(int(each, 16) for each in vector["pool"]["record_ids"]),
    )
    classes = tuple(MarkClass(share, int(t, 16)) for share, t in vector["mark"]["classes"])
    mark = MarkCode(vector["mark"]["slot"], vector["mark"]["column"], vector["mark"]["mark"], classes)
    table = PTable(pool, int(vector["rows"], 16), (mark,))
    assert pool.digest.hex() == vector["pool"]["digest"]
    assert table.encoded().hex() == vector["p_table"]
    ids = np.array([int(each, 16) for each in vector["class_of"]["record_ids"]], dtype=np.uint64)
    assert mark.class_of(ids).tolist() == vector["class_of"]["classes"]


def test_thresholds_state_their_chance_to_the_last_bit() -> None:
    assert threshold(0.5) == 1 << 63
    assert chance(threshold(0.35)) == pytest.approx(0.35, abs=2**-53)
    assert threshold(1) == CERTAIN


@pytest.mark.parametrize("data", [b"", b"\x81\x01", b"\xff", b"\x81\x82drowx\x01", FULL.encoded() + b"\x00"])
def test_anything_else_is_no_p_table(data: bytes) -> None:
    with pytest.raises(ValueError, match="p-table"):
        decoded(data)


def test_each_cell_is_of_the_class_that_its_record_says() -> None:
    ids = np.random.default_rng(1).integers(0, 1 << 64, 100_000, dtype=np.uint64)
    assert np.mean(MARK.class_of(ids) == 1) == pytest.approx(0.25, abs=0.01)
