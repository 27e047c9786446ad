"""A copy that is found beside another one is judged in a proof as in the trace."""

from math import log10

import numpy as np
import pytest
from msgspec.structs import replace

from trapstreet.core.maths.codebits import code_bits
from trapstreet.core.maths.decoder import Unique
from trapstreet.core.model.p_table import PoolCode, PTable, pool_digest, threshold
from trapstreet.proof.code import judge_code
from trapstreet.proof.format import Accused, Code, DataSetClaims, DoesNotHold, Positions
from trapstreet.trace.domain.code import Coded, evidence

RNG = np.random.default_rng(4)
KEYS = [RNG.bytes(16) for _ in range(20)]
IDS = [f"{number}-x" for number in range(len(KEYS))]
POOL = np.unique(RNG.integers(0, 1 << 63, 197, dtype=np.uint64))
TABLE = np.unique(RNG.integers(0, 1 << 63, 20_000, dtype=np.uint64))
LAW = PTable(PoolCode(threshold(0.35), len(POOL), pool_digest(POOL.tolist())), threshold(0.99))
NEEDED = log10(1e-6 / len(KEYS))


def most_have(ids: np.ndarray, t: int) -> np.ndarray:
    """What two of the first three copies hold, four fifths of it."""
    holders = np.sum([code_bits(key, ids, slot=0, threshold=t) for key in KEYS[:3]], axis=0)
    return (holders >= 2) & (RNG.random(len(ids)) < 0.8)


POOL_SHOWN, ROWS = most_have(POOL, LAW.pool.threshold), TABLE[most_have(TABLE, LAW.rows)]
CODED = Coded(LAW, IDS, KEYS, POOL, POOL_SHOWN, ROWS, len(TABLE), Unique(0, 230))


def packed(ids: np.ndarray) -> bytes:
    return ids.astype(">u8").tobytes()


SHOWN = Positions(
    shown=packed(POOL[POOL_SHOWN]),
    hidden=packed(POOL[~POOL_SHOWN]),
    rows=packed(ROWS),
    leaked=len(ROWS),
    alive=len(TABLE),
    hits=0,
    decoys=230,
)
CLAIMS = DataSetClaims(
    id="ds", columns=(), records=len(ROWS), tested=(), positions=(SHOWN,), spellings=(), accused=()
)


def accused(at: int, beside: tuple[str, ...] = ()) -> Accused:
    return Accused(
        copy=IDS[at],
        version=1,
        issued=0,
        nonce="00" * 32,
        code_key=KEYS[at].hex(),
        p_table=LAW.encoded().hex(),
        decoy_root="00" * 32,
        code=Code(0, "0.0", "0.1", beside),
    )


def test_what_a_copy_adds_to_another_comes_to_what_the_trace_says() -> None:
    found = evidence(CODED, NEEDED, 1.0, accused={IDS[0]})
    assert set(found) == {IDS[1], IDS[2]}
    for at in (1, 2):
        copy = accused(at, (IDS[0],))
        judged = judge_code(copy, copy.code, CLAIMS, NEEDED, accused={IDS[0]: accused(0)})
        assert judged.log10_p == pytest.approx(found[IDS[at]].log10_p, abs=0.05)
        shown = [(layer.kind, layer.positions, layer.shown, layer.held) for layer in judged.layers]
        assert shown == [(e.kind, e.positions, e.shown, e.held) for e in found[IDS[at]].layers]


@pytest.mark.parametrize(
    ("beside", "others"),
    [
        ((IDS[1],), {IDS[1]: accused(1)}),
        ((IDS[0],), {}),
        ((IDS[0], IDS[0]), {IDS[0]: accused(0)}),
        ((IDS[0],), {IDS[0]: accused(0, (IDS[2],))}),
        ((IDS[0],), {IDS[0]: replace(accused(0), p_table=PTable(None, LAW.rows).encoded().hex())}),
        ((IDS[0],), {IDS[0]: replace(accused(0), version=2)}),
        ((IDS[0],), {IDS[0]: replace(accused(0), code=Code(1, "0.0", "0.1"))}),
    ],
)
def test_a_copy_is_judged_only_beside_others_that_are_accused_by_themselves(
    beside: tuple[str, ...], others: dict[str, Accused]
) -> None:
    copy = accused(1, beside)
    with pytest.raises(DoesNotHold, match="beside"):
        judge_code(copy, copy.code, CLAIMS, NEEDED, accused=others)


def judged_beside(beside: tuple[str, ...], others: list[Accused]) -> None:
    """The second copy beside some of the others, which are accused too."""
    copy = accused(1, beside)
    judge_code(copy, copy.code, CLAIMS, NEEDED, accused={each.copy: each for each in [*others, copy]})


def test_a_copy_is_judged_beside_all_that_are_accused_by_their_codes() -> None:
    """Whoever could choose among them could choose those that make it look guilty."""
    others = [accused(0), accused(2), accused(3)]
    judged_beside((IDS[0], IDS[2], IDS[3]), others)
    for chosen in ((IDS[0],), (IDS[0], IDS[2]), (IDS[3], IDS[2])):
        with pytest.raises(DoesNotHold, match="not judged beside every one"):
            judged_beside(chosen, others)


@pytest.mark.parametrize(
    "other",
    [
        accused(2, (IDS[0],)),
        replace(accused(2), version=2),
        replace(accused(2), code=Code(1, "0.0", "0.1")),
        replace(accused(2), p_table=PTable(None, LAW.rows).encoded().hex()),
    ],
    ids=["found beside", "of another version", "at other positions", "of another law"],
)
def test_copies_that_are_none_of_those_beside_are_left_out(other: Accused) -> None:
    judged_beside((IDS[0],), [accused(0), other])


def test_a_copy_that_is_accused_without_its_code_may_be_among_those_beside() -> None:
    by_marks = replace(accused(2), code=None, marks=Code(0, "0.0", "0.1"))
    judged_beside((IDS[0],), [accused(0), by_marks])
    judged_beside((IDS[0], IDS[2]), [accused(0), by_marks])


def test_a_copy_that_is_accused_by_itself_is_not_judged_beside_others() -> None:
    copy = replace(accused(1, (IDS[0],)), marks=Code(0, "0.0", "0.1"))
    with pytest.raises(DoesNotHold, match="accused by itself is judged beside"):
        judge_code(copy, copy.code, CLAIMS, NEEDED, accused={IDS[0]: accused(0)})
