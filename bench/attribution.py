"""How small a part of a copy names it, and how often that is wrong; beside other ways to trace.

    .venv/bin/python bench/attribution.py           # 26 minutes
    .venv/bin/python bench/attribution.py --quick   # 2 minutes: few trials, so nothing is held to its promise

Leaks are simulated with fixed seeds: 68,000 rows, 100,000 copies, at most 1e-6 for accusing any innocent
copy. A coalition is named if one of its copies is accused; a figure is the smallest leak of which 95 % are.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log, log10

import numpy as np

from attribution_peers import CELL_PEERS, DECOY_PEERS, CellPeer, Court, DecoyPeer, guilt
from leaks import I64, Attack, Design, Leaks, innocents, leaks, marked_leaks, shown_by
from measuring import SEED, Desk, desk
from trapstreet.core.maths.codebits import code_bits
from trapstreet.core.maths.decoder import Decoder, Unique
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.p_table import PoolCode, PTable, threshold
from trapstreet.trace.domain.code import Coded, evidence, not_only_source

COURT = Court(copies=100_000, bound=1e-6)
POWER = 0.95

FEW = Design(unique=230, shared=70)
MANY = Design(unique=400, shared=600)
HELD_BACK = replace(FEW, withheld=0.02)
BY_HITS = 10
"""A single copy is mostly decided by its own decoys, at no cost: so many times the trials."""

SHARES = [0.001 * 1.02**k for k in range(349)] + [1.0]
COARSE = SHARES[::-4][::-1]
ROWS = [*range(10, 60), *(60 * 1.05**k // 1 for k in range(100))]

CASES = [
    (Attack("single"), FEW, 0.018),
    (Attack("single"), MANY, 0.0085),
    *((Attack("intersection", copies), FEW, 0.046) for copies in (2, 3, 4, 5)),
    *((Attack("intersection", copies), HELD_BACK, 0.026) for copies in (2, 3, 4, 5)),
    (Attack("majority", 3), MANY, 0.22),
    (Attack("single", stripped=0.9), FEW, 0.046),
]
"""What is promised to be traced, from which share of the rows on."""

MARKED = [
    (Attack("single"), 28),
    (Attack("interleave", 2), None),
    (Attack("intersection", 2), None),
    (Attack("majority", 3), None),
    (Attack("minority", 3), None),
    (Attack("intersection", 3), None),
]
"""The same where marks survive and nothing else does, in rows."""

TRIBUNAL = Court(copies=1_000, bound=1e-2)
WATCHED = Design(unique=100, shared=150, bits=40)
FALSE = [
    (Attack("single"), 0.05),
    (Attack("single"), 1.0),
    (Attack("union", 2), 0.3),
    (Attack("interleave", 2), 0.3),
    (Attack("intersection", 2), 0.3),
    (Attack("majority", 3), 1.0),
    (Attack("two or more", 5), 1.0),
    (Attack("intersection", 5), 1.0),
    (Attack("interleave", 20), 1.0),
    (Attack("minority", 7), 1.0),
    (Attack("single", stripped=0.9), 0.5),
    (Attack("majority", 3, stripped=0.5), 1.0),
]
"""Attacks and shares of the rows under which innocent copies are judged, at a bound that trials can check."""

OURS_IN_FOREIGN = 3_000
SCORING_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Effort:
    """Trials of each size of leak, ours and the peers'; foreign leaks; leaks of each attack on the innocent.

    grid  how many steps of the grid of sizes are taken at once
    """

    trials: int
    peers: int
    foreign: int
    attacks: int
    grid: int


FULL = Effort(trials=400, peers=400, foreign=10_000, attacks=800, grid=1)
QUICK = Effort(trials=100, peers=100, foreign=300, attacks=60, grid=4)

Power = Callable[[float], float]
"""The share of leaks of a size that are traced."""


def main() -> None:
    with desk() as at:
        effort = QUICK if at.quick else FULL
        say_effort(effort)
        for attack, design, promised in CASES:
            smallest_share(at, effort, attack, design, promised)
        for attack, rows in MARKED:
            smallest_number_of_rows(at, effort, attack, rows)
        say_guilt()
        foreign_leaks(at, effort)
        false_accusations(at, effort)
        scoring(at)
        if at.quick:
            print("quick: too few trials to hold any promise by")


def say_effort(effort: Effort) -> None:
    step, coarse = (f"{sizes[1] / sizes[0] - 1:.0%}" for sizes in (SHARES[:: effort.grid], COARSE))
    print(f"{effort.trials} trials of each size, {BY_HITS * effort.trials} of single copies; steps of {step}")
    print(f"peers: {effort.peers} trials, steps of {coarse}; marked rows one by one, from 60 on by 5%")


def smallest_share(at: Desk, effort: Effort, attack: Attack, design: Design, promised: float) -> None:
    trials = effort.trials * (BY_HITS if attack == Attack("single") else 1)

    def ours(share: float) -> float:
        return named(leaks(_seeded(), trials, attack, design, share), COURT, design)

    def by_peer(peer: DecoyPeer) -> Power:
        return lambda share: peer(_seeded(), effort.peers, attack, design, share, COURT)

    share = smallest(SHARES[:: -effort.grid][::-1], ours)
    kept = share is not None and share <= promised
    hold(at, f"{attack}; {design}", _percent(share), f"{promised:.2%}", kept=kept)
    say_peers({name: _percent(smallest(COARSE, by_peer(peer))) for name, peer in DECOY_PEERS.items()})


def smallest_number_of_rows(at: Desk, effort: Effort, attack: Attack, promised: int | None) -> None:
    def ours(rows: float) -> float:
        return named(marked_leaks(_seeded(), effort.trials, attack, int(rows)), COURT)

    def by_peer(peer: CellPeer) -> Power:
        return lambda rows: peer(_seeded(), effort.peers, attack, 2 * int(rows), COURT)

    rows = smallest(ROWS, ours)
    hold(
        at,
        f"{attack}; marks alone, two a row",
        _count(rows),
        f"{promised} rows" if promised else "",
        kept=not promised or (rows is not None and rows <= promised),
    )
    say_peers({name: _count(smallest(ROWS, by_peer(peer))) for name, peer in CELL_PEERS.items()})


def smallest(sizes: Sequence[float], power: Power) -> float | None:
    """The smallest leak that is traced with the wanted power, by bisection; None if the largest is not."""
    low, high = -1, len(sizes) - 1
    if power(sizes[high]) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if power(sizes[middle]) >= POWER:
            high = middle
        else:
            low = middle
    return sizes[high]


def named(made: Leaks, court: Court, design: Design | None = None) -> float:
    """The share of leaks in which a colluder is accused; without a design there are no unique decoys."""
    found = 0
    for trial in range(len(made.shown)):
        shown, hits = made.shown[trial], made.hits[trial]
        bound, unique = log10(court.each), None
        if design:
            by_hits, bound = levels(design, int(shown.sum() + hits.sum()), court)
            if log10_hits(design, int(shown.sum() + hits.sum()), int(hits.max())) <= by_hits:
                found += 1
                continue
            unique = Unique(int(hits.sum()), design.unique)
        fit = Decoder(made.layers[trial]).fit(shown, unique)
        found += bool(np.any(fit.log10_p(made.among[trial], made.besides[trial], bound) <= bound))
    return found / len(made.shown)


def levels(design: Design, rows: int, court: Court) -> tuple[float, float]:
    """log10 of what a copy's unique decoys and its layers may each err by; they sum to the court's bound.

    Unique decoys get just what one hit needs in a leak of so many rows, at most half.
    """
    needed = 10 ** log10_hits(design, max(rows, 1), 1) / court.each
    own = min(0.5, needed * 1.001)
    return log10(own * court.each), log10((1 - own) * court.each)


def log10_hits(design: Design, rows: int, hits: int) -> float:
    return log10_binomial_tail(design.unique, design.coincidence(rows), hits)


def say_guilt() -> None:
    """What guilt says of copies that the leak has nothing of but rows which everybody holds."""
    for copies in (TRIBUNAL.copies, COURT.copies):
        said = ", ".join(
            f"{guilt(share * FEW.rows, copies, 0.5):.3f} at {share:.0%}" for share in (0.01, 0.1, 1)
        )
        print(f"  guilt (Papadimitriou, Garcia-Molina) of every innocent of {copies:,} copies: {said}")


def foreign_leaks(at: Desk, effort: Effort) -> None:
    """Others' data among which are rows of ours from the source itself, 68,000 in all, against all copies."""
    rng, shown = _seeded(), np.array([0, OURS_IN_FOREIGN])
    fit = Decoder(FEW.layers).fit(shown, Unique(0, FEW.unique))
    by_hits, bound = levels(FEW, FEW.rows, COURT)
    accused = 0
    for _ in range(effort.foreign):
        among, besides = innocents(rng, COURT.copies, FEW.layers, shown)
        hits = rng.binomial(COURT.copies * FEW.unique, FEW.coincidence(FEW.rows))  # as if all in one copy
        wrong = bool(np.any(fit.log10_p(among, besides, bound) <= bound))
        accused += wrong or log10_hits(FEW, FEW.rows, hits) <= by_hits
    what = f"foreign leaks with {OURS_IN_FOREIGN:,} of our rows: accused"
    hold(at, what, f"{accused} in {effort.foreign:,}", "0", kept=accused == 0)


def false_accusations(at: Desk, effort: Effort) -> None:
    """Innocent copies against leaks of every kind, and against sets of positions that no coalition makes."""
    by_tail = by_value = leaked = 0
    worst, largest = "", -1
    rng = _seeded()
    for attack, share in FALSE:
        shown = shown_by(rng, effort.attacks, attack, WATCHED, share)
        tails, values = accused_innocents(rng, shown)
        if tails > largest:
            worst, largest = f"{attack}, {share:.0%} leaked", tails
        by_tail, by_value, leaked = by_tail + tails, by_value + values, leaked + len(shown)
    sizes = np.array([layer.positions for layer in WATCHED.layers])
    chosen = rng.choice([0, 1e-3, 1e-2, 0.1, 0.5, 0.9, 1], (effort.attacks, len(sizes)))
    tails, values = accused_innocents(rng, (sizes * chosen).astype(np.int64))
    by_tail, by_value, leaked = by_tail + tails, by_value + values, leaked + effort.attacks
    print(f"  adversarial sets: {tails} false of {effort.attacks}; the worst attack, {worst}: {largest}")
    for how, accused in (("exact tails", by_tail), ("e-values", by_value)):
        upper = upper_limit(accused, leaked)
        said = f"{accused} in {leaked:,}, at most {upper:.2%}"
        what = f"false accusations at {TRIBUNAL.bound:.0%}, {how}"
        hold(at, what, said, f"{TRIBUNAL.bound:.0%}", kept=upper <= TRIBUNAL.bound)


def accused_innocents(rng: np.random.Generator, shown: I64) -> tuple[int, int]:
    """In how many of the leaks, (T, G), an innocent copy is accused: by exact tails, by e-values."""
    decoder = Decoder(WATCHED.layers)
    by_tail = by_value = 0
    for leak in shown:
        by_hits, bound = levels(WATCHED, int(leak.sum()), TRIBUNAL)
        among, besides = innocents(rng, TRIBUNAL.copies, WATCHED.layers, leak)
        hits = rng.binomial(WATCHED.unique, WATCHED.coincidence(int(leak.sum())), TRIBUNAL.copies).max()
        fit = decoder.fit(leak)
        wrong = bool(np.any(fit.log10_p(among, besides, bound) <= bound))
        by_tail += wrong or log10_hits(WATCHED, int(leak.sum()), int(hits)) <= by_hits
        by_value += bool(np.any(fit.log_e(among, besides) >= -log(TRIBUNAL.each)))
    return by_tail, by_value


def upper_limit(found: int, trials: int) -> float:
    """The 95 % upper limit of a chance by Clopper and Pearson, one-sided."""
    low, high = found / trials, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if log10_binomial_tail(trials, 1 - middle, trials - found) > log10(0.05):
            low = middle
        else:
            high = middle
    return high


def scoring(at: Desk) -> None:
    """All copies held against what two of them have in common, by their keys, as `trace` does it."""
    rng = _seeded()
    keys = [rng.bytes(16) for _ in range(COURT.copies)]
    pool = rng.integers(0, 1 << 63, 200, dtype=np.uint64)
    law = PTable(PoolCode(threshold(0.35), len(pool), bytes(32)), threshold(0.99))
    for rows, share in ((68_000, 0.05), (68_000, 1.0), (10_000_000, 1.0)):
        table = np.unique(rng.integers(0, 1 << 63, rows, dtype=np.uint64))
        both = _held_by(keys[:2], table, law.rows) & (rng.random(len(table)) < share)
        shown = _held_by(keys[:2], pool, law.pool.threshold) & (rng.random(len(pool)) < share)
        ids = [str(number) for number in range(len(keys))]
        coded = Coded(law, ids, keys, pool, shown, table[both], len(table), Unique(0, 230))
        tracemalloc.start()
        began = time.process_time()
        found = evidence(coded, log10(COURT.each), 0.5)
        not_only_source(coded, log10(COURT.each))
        seconds = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        what = f"{COURT.copies:,} copies, {len(coded.rows):,} leaked rows: scored"
        said = f"{seconds:.2f} s CPU, {peak / 1e6:.0f} MB"
        kept = seconds <= SCORING_SECONDS and sorted(found) == ["0", "1"]
        hold(at, what, said, f"{SCORING_SECONDS} s", kept=kept)


def _held_by(keys: Sequence[bytes], record_ids: np.ndarray, t: int) -> np.ndarray:
    return np.logical_and.reduce([code_bits(key, record_ids, slot=0, threshold=t) for key in keys])


def hold(at: Desk, what: str, measured: str, promised: str, *, kept: bool) -> None:
    """One line: what, measured, promised, and whether that was kept, which few trials cannot say."""
    verdict = "" if at.quick else ": kept" if kept else ": MISSED"
    against = f"promised {promised}{verdict}" if promised else ""
    print(f"{what:60}{measured:>26}  {against}".rstrip(), flush=True)
    if not kept and not at.quick:
        at.missed.append(what)


def say_peers(beside: dict[str, str]) -> None:
    print("  beside: " + ", ".join(f"{name} {measured}" for name, measured in beside.items()), flush=True)


def _seeded() -> np.random.Generator:
    return np.random.default_rng(SEED)


def _percent(share: float | None) -> str:
    return f"{share:.2%}" if share else "never"


def _count(rows: float | None) -> str:
    return f"{rows:.0f} rows" if rows else "never"


if __name__ == "__main__":
    main()
