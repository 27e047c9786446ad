"""The bits that decoys claim hold for what over 100,000 of them show. Fixed seeds, 68,000 customers."""

import gc
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from math import log2

import pytest

from decoys_tables import customers
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.decoys import Decoy, DecoySettings, generate, joint_bits
from trapstreet.decoys.sampling import remaining_bits, share_at_most

pytestmark = pytest.mark.slow

COPIES, EACH = 10, 10_050
SETTINGS = DecoySettings(domains=("decoy.example.ie",), phones=("+353 87 0000000-9999999",))
ALARM = -6.0  # log10 of the chance that a right claim fails a test


@cache
def copies() -> list[tuple[Decoy, ...]]:
    """Decoys of ten copies that know nothing of each other, as innocent copies do."""
    table = customers()
    model, owners = table.learnt, table.owned
    gc.freeze()  # the collector need not look at the table again and again
    return [
        generate(
            model,
            SETTINGS,
            draws=KeyedDraws(copy.to_bytes(16, "big"), 0),
            count=EACH,
            taken=owners,
        ).decoys
        for copy in range(COPIES)
    ]


def bits_of(decoy: Decoy, name: str) -> float:
    return next((draw.bits for draw in decoy.draws if draw.name == name), 0.0)


def assert_holds(seen: Iterable[object], bits: float) -> None:
    """The likeliest value is no more frequent than the bits allow: binomial tail, union over the values."""
    counts = Counter(seen)
    total, most = sum(counts.values()), max(counts.values())
    assert log10_binomial_tail(total, 2.0**-bits, most) > ALARM - log2(len(counts)) * 0.302, (most, bits)


def local(decoy: Decoy) -> str:
    return str(decoy.cells[2]).partition("@")[0]


def test_the_draws_behind_a_name_hold_their_bits() -> None:
    decoys = [decoy for copy in copies() for decoy in copy]
    given = [str(decoy.cells[1]).split()[0] for decoy in decoys]
    family = [str(decoy.cells[1]).split()[1] for decoy in decoys]
    initial = max(bits_of(decoy, "initial of the given name") for decoy in decoys)
    whole = initial + max(bits_of(decoy, "rest of the given name") for decoy in decoys)
    both = max(
        bits_of(decoy, "initial of the family name") + bits_of(decoy, "rest of the family name")
        for decoy in decoys
    )
    assert_holds([name[0] for name in given], initial)
    assert_holds(given, whole)
    assert_holds(family, both)
    assert whole + both > 14  # the claim is worth something, too
    assert_holds([f"{one[0]} {other}" for one, other in zip(given, family, strict=True)], initial + both)


def test_an_address_and_its_digits_hold_their_bits_under_every_pattern() -> None:
    def shape(decoy: Decoy) -> tuple[float, int]:
        return joint_bits(decoy, ["email"]), len(local(decoy)) - len(local(decoy).rstrip("0123456789"))

    decoys = sorted((decoy for copy in copies() for decoy in copy), key=shape)
    for (bits, digits), group in groupby(decoys, key=shape):
        members = list(group)
        assert bits >= 24
        assert_holds(map(local, members), bits)
        assert_holds(
            [local(decoy)[-digits:] for decoy in members], bits_of(members[0], "digits of the address")
        )


@pytest.mark.parametrize(("column", "name"), [("ticket", "number in ticket"), ("phone", "number in phone")])
def test_uniform_numbers_of_two_copies_meet_no_oftener_than_their_bits_say(column: str, name: str) -> None:
    at = customers().position(column)
    shown = [
        [(str(decoy.cells[at]), bits_of(decoy, name)) for decoy in copy if decoy.cells[at]]
        for copy in copies()
    ]
    counts = Counter(text for copy in shown for text, _ in copy)
    meetings = sum(n * (n - 1) // 2 for n in counts.values())
    sizes = [len(copy) for copy in shown]
    pairs = (sum(sizes) ** 2 - sum(size * size for size in sizes)) // 2
    bits = max(bits for copy in shown for _, bits in copy)
    assert all(len(set(copy)) == len(copy) for copy in shown)
    assert log10_binomial_tail(pairs, 2.0**-bits, meetings) > ALARM
    assert meetings > 0.8 * pairs * 2.0**-bits


def test_addresses_of_two_copies_meet_no_oftener_than_their_bits_say() -> None:
    counts = Counter(str(decoy.cells[2]) for copy in copies() for decoy in copy)
    meetings = sum(n * (n - 1) // 2 for n in counts.values())
    pairs = EACH * EACH * COPIES * (COPIES - 1) // 2
    bits = min(joint_bits(decoy, ["email"]) for copy in copies() for decoy in copy)
    assert log10_binomial_tail(pairs, 2.0**-bits, meetings) > ALARM


@pytest.mark.parametrize(("hits", "trials"), [(0, 1024), (3, 1024), (500, 1024), (1024, 1024)])
def test_a_bound_on_a_share_leaves_one_chance_in_a_thousand_million(hits: int, trials: int) -> None:
    limit = share_at_most(hits, trials)
    assert hits / trials <= limit <= 1
    if hits < trials:
        fewer = 1 - limit  # P(Bin(n, limit) ≤ hits) = P(Bin(n, 1 − limit) ≥ n − hits)
        assert -11.5 < log10_binomial_tail(trials, fewer, trials - hits) <= -8.999


def test_rejecting_half_of_the_values_costs_one_bit() -> None:
    assert remaining_bits(20, taken=0.5, others=0) == pytest.approx(19)
    assert remaining_bits(10, taken=0, others=512) == pytest.approx(9)
    assert remaining_bits(3, taken=1, others=5) == 0
