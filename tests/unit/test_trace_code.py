"""The codes of many copies against a leak: who is found, and that no choice among them costs the bound."""

from math import log10

import numpy as np
import pytest

from trapstreet.core.maths.codebits import code_bits
from trapstreet.core.maths.decoder import Decoder, Unique
from trapstreet.core.model.p_table import PoolCode, PTable, pool_digest, threshold
from trapstreet.trace.domain import code
from trapstreet.trace.domain.code import NOISE, Coded, evidence, not_only_source

COPIES = 400
ROWS = 30_000
NEEDED = log10(1e-6 / COPIES)
RNG = np.random.default_rng(11)
POOL = RNG.integers(0, 1 << 63, 200, dtype=np.uint64)
TABLE = np.unique(RNG.integers(0, 1 << 63, ROWS, dtype=np.uint64))
KEYS = [RNG.bytes(16) for _ in range(COPIES)]
IDS = [f"{number}-x" for number in range(COPIES)]
LAW = PTable(PoolCode(threshold(0.35), 200, pool_digest(POOL.tolist())), threshold(0.99))


def held(copy: int, positions: np.ndarray, p: int) -> np.ndarray:
    return code_bits(KEYS[copy], positions, slot=0, threshold=p)


def coded(rows: np.ndarray, pool_shown: np.ndarray, law: PTable = LAW) -> Coded:
    return Coded(law, IDS, KEYS, POOL, pool_shown, np.unique(rows), len(TABLE), Unique(0, 230))


def intersection(copies: list[int], share: float, seed: int = 1) -> Coded:
    """A part of what all of the copies hold."""
    rng = np.random.default_rng(seed)
    rows = np.logical_and.reduce([held(copy, TABLE, LAW.rows) for copy in copies])
    pool = np.logical_and.reduce([held(copy, POOL, LAW.pool.threshold) for copy in copies])
    return coded(TABLE[rows & (rng.random(len(TABLE)) < share)], pool & (rng.random(len(POOL)) < share))


@pytest.mark.parametrize(
    ("copies", "share"), [([3], 0.2), ([3, 40], 0.2), ([3, 40, 77, 200, 399], 0.2), ([5], 1.0)]
)
def test_whoever_held_all_of_what_leaked_is_found_and_nobody_else(copies: list[int], share: float) -> None:
    assert set(evidence(intersection(copies, share), NEEDED, 1.0)) == {IDS[copy] for copy in copies}


def test_a_leak_without_rows_or_shared_decoys_says_nothing() -> None:
    nothing = coded(TABLE[:0], np.zeros(len(POOL), dtype=np.bool_))
    assert evidence(nothing, NEEDED, 1.0) == {}
    assert not_only_source(nothing, NEEDED) == []


def test_shared_decoys_alone_name_a_copy() -> None:
    shown = held(9, POOL, LAW.pool.threshold)
    found = evidence(coded(TABLE[:0], shown, LAW._replace(rows=1 << 64)), NEEDED, 1.0)
    assert set(found) == {IDS[9]}
    (layer,) = found[IDS[9]].layers
    assert (layer.kind, layer.held) == ("shared decoys", layer.shown)


def test_the_sample_chooses_copies_and_never_their_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    leak = intersection([3, 40], 0.9)
    assert len(leak.rows) > 4 * 4096
    sampled = evidence(leak, NEEDED, 1.0)
    monkeypatch.setattr(code, "_SAMPLE", 1 << 20)
    assert evidence(leak, NEEDED, 1.0) == sampled


def test_the_p_value_is_that_of_the_decoder() -> None:
    leak = intersection([3], 0.05)
    (found,) = evidence(leak, NEEDED, 1.0).values()
    among, besides = code._counts([KEYS[3]], leak.parts())
    shown = np.array([len(part.shown) for part in leak.parts()])
    fit = Decoder([part.layer for part in leak.parts()], noise=NOISE).fit(shown, leak.unique)
    assert found.log10_p == pytest.approx(fit.log10_p(among, besides, NEEDED)[0])
    assert [layer.held for layer in found.layers] == among[0].tolist()


def test_copies_that_lack_much_of_the_leak_cannot_be_its_only_source() -> None:
    leak = intersection([3, 40], 0.9)
    lacking = set(not_only_source(leak, NEEDED))
    assert lacking.isdisjoint({IDS[3], IDS[40]})
    assert len(lacking) >= 0.9 * COPIES


def majority(copies: list[int], share: float, seed: int) -> Coded:
    """A part of what most of the copies hold."""
    rng, most = np.random.default_rng(seed), len(copies) // 2 + 1
    rows = np.sum([held(copy, TABLE, LAW.rows) for copy in copies], axis=0) >= most
    pool = np.sum([held(copy, POOL, LAW.pool.threshold) for copy in copies], axis=0) >= most
    return coded(TABLE[rows & (rng.random(len(TABLE)) < share)], pool & (rng.random(len(POOL)) < share))


def test_whoever_took_part_beside_a_known_copy_is_found_by_what_it_adds() -> None:
    """Too little of what most of three had points to each of them; one known, the others follow."""
    alone, beside = set(), set()
    for seed in range(8):
        leak = majority([7, 8, 9], 0.8, seed)
        alone |= {(seed, copy) for copy in evidence(leak, NEEDED, 0.9)}
        found = evidence(leak, NEEDED, 0.1, accused={IDS[7]})
        beside |= {(seed, copy) for copy in found}
        assert all(each.beside == (IDS[7],) for each in found.values())
    assert {copy for _, copy in alone | beside} == {IDS[7], IDS[8], IDS[9]}
    assert len(beside) >= 15, "of 16"
    assert len([copy for _, copy in alone if copy != IDS[7]]) <= 12, "of 16"


def test_nobody_is_found_beside_all_who_took_part() -> None:
    assert evidence(intersection([3, 40], 0.5), NEEDED, 1.0, accused={IDS[3], IDS[40]}) == {}
