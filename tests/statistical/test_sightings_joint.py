"""Joint evidence errs as rarely as it says, whatever traffic decoys meet that nobody's data brought."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.random import Generator

from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.sightings.domain.joint import Joint, Listening, Use, evidence

pytestmark = pytest.mark.slow

ROUNDS = 400
DAY = 86_400_000_000


def owners(sizes: list[int]) -> list[Listening]:
    return [Listening(f"copy{at}", "smtp", size, 0) for at, size in enumerate(sizes)]


def at_random(random: Generator, sizes: list[int], parties: int) -> Iterator[Use]:
    """Each party writes to one decoy, whichever."""
    for party in range(parties):
        yield _use(random, sizes, party, int(random.integers(sum(sizes))))


def dictionary(random: Generator, sizes: list[int], parties: int) -> Iterator[Use]:
    """Each party tries names in an order of its own, and meets a tenth of all decoys."""
    for party in range(parties):
        for decoy in random.permutation(sum(sizes))[: sum(sizes) // 10]:
            yield _use(random, sizes, party, int(decoy))


def one_list(random: Generator, sizes: list[int], parties: int) -> Iterator[Use]:
    """All parties have the same list of names, and go through a part of it, from its beginning."""
    known = random.permutation(sum(sizes))[: sum(sizes) // 5]
    for party in range(parties):
        for decoy in known[: int(random.integers(1, len(known)))]:
            yield _use(random, sizes, party, int(decoy))


def one_place_each(random: Generator, sizes: list[int], parties: int) -> Iterator[Use]:
    """Each party comes to one owner's decoys, whichever, and goes through them all."""
    for party in range(parties):
        owner = int(random.integers(len(sizes)))
        first = sum(sizes[:owner])
        for decoy in random.permutation(sizes[owner])[: 1 + sizes[owner] // 2]:
            yield _use(random, sizes, party, first + int(decoy))


def replayed(random: Generator, sizes: list[int], parties: int) -> Iterator[Use]:
    """One decoy is used by everybody, again and again."""
    decoy = int(random.integers(sum(sizes)))
    for party in range(parties):
        yield _use(random, sizes, party, decoy)
        yield _use(random, sizes, party, decoy)


def of(owner: str, uses: list[Use], listening: list[Listening]) -> Joint:
    return evidence([owner], uses, listening)[owner]


def _use(random: Generator, sizes: list[int], party: int, decoy: int) -> Use:
    owner = 0
    while decoy >= sizes[owner]:
        decoy -= sizes[owner]
        owner += 1
    at = party * DAY + int(random.integers(DAY))
    return Use(at, "smtp", f"party{party}", f"copy{owner}", decoy)


EQUAL, UNEQUAL = [30] * 6, [3, 200, 40, 40, 1]


@pytest.mark.parametrize("rounds", [100, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sizes", [EQUAL, UNEQUAL], ids=["equal", "unequal"])
@pytest.mark.parametrize("traffic", [at_random, dictionary, one_list, one_place_each, replayed])
def test_without_theft_the_e_value_reaches_10_in_one_of_10_cases_at_most(
    traffic: Callable[..., Iterator[Use]], sizes: list[int], rounds: int
) -> None:
    """Looked at four times, each owner by itself."""
    random = np.random.default_rng(20261122)
    listening = owners(sizes)
    reached = dict.fromkeys((each.owner for each in listening), 0)
    for _ in range(rounds):
        uses = list(traffic(random, sizes, 12))
        looks = [
            evidence(list(reached), [use for use in uses if use.at < day * DAY], listening)
            for day in (3, 6, 9, 12)
        ]
        for owner in reached:
            reached[owner] += any(look[owner].log10_e >= 1 for look in looks)
    for owner, times in reached.items():
        assert log10_binomial_tail(rounds, 0.1, times) > -4, owner


def test_the_mean_of_the_e_value_is_at_most_one() -> None:
    random = np.random.default_rng(7)
    listening = owners(EQUAL)
    values = [10 ** of("copy0", list(dictionary(random, EQUAL, 8)), listening).log10_e for _ in range(ROUNDS)]
    assert np.mean(values) < 1 + 4 * np.std(values) / ROUNDS**0.5


def test_ten_parties_that_use_one_copys_decoys_alone_are_hardly_chance() -> None:
    random = np.random.default_rng(8)
    listening = owners([30] * 10)
    uses = [_use(random, [30] * 10, party, int(random.integers(30))) for party in range(10)]
    found = of("copy0", uses, listening)
    assert found.log10_e > 5
    assert of("copy1", uses, listening).log10_e < 0.5
    assert found.compared == 10


def test_one_party_that_uses_all_decoys_counts_once() -> None:
    random = np.random.default_rng(9)
    listening = owners([30] * 10)
    uses = [_use(random, [30] * 10, 0, decoy) for decoy in range(30)]
    assert of("copy0", uses, listening).log10_e < 1
    assert of("copy0", uses, listening).decoys == 30


def test_nothing_to_compare_with_is_no_evidence() -> None:
    random = np.random.default_rng(10)
    uses = [_use(random, [30], party, party) for party in range(20)]
    found = of("copy0", uses, owners([30]))
    assert found.log10_e <= 0
    assert "nothing can be compared" in found.why[1]
