"""Single numbers against chance: strangers' numbers are explained, whatever they look like; ours are not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from trapstreet.core.fields import Column, Kind, Search, kinds
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.index import Matches, Sketch, Space, SpaceSampler
from trapstreet.watch.domain.foreign import Foreign, Numbers
from trapstreet.watch.domain.sample import HitSample

pytestmark = pytest.mark.slow

SCANS = 50
KEY = b"fingerprint key!"
Random = np.random.Generator
Values = list[str]


def irish_mobiles(random: Random, count: int) -> Values:
    prefixes = random.choice([83, 85, 86, 87, 89], count, p=[0.1, 0.25, 0.3, 0.3, 0.05])
    return [
        f"+353{prefix}{number:07}"
        for prefix, number in zip(prefixes, random.integers(0, 10**7, count), strict=True)
    ]


def switchboards(random: Random, count: int) -> Values:
    """Extensions 00 to 99 of a few hundred firms: dense blocks in a wide space, everybody's in the same."""
    firms = np.random.default_rng(77).choice(10**5, 300, replace=False)
    return [
        f"+3531{firm:05}{extension:02}"
        for firm, extension in zip(random.choice(firms, count), random.integers(0, 100, count), strict=True)
    ]


def with_gaps(random: Random, count: int, first: int = 2_410_000) -> Values:
    """Customer numbers given one after another, now and then one skipped."""
    return [f"TS-{number:07}" for number in first + np.cumsum(random.integers(1, 10, count))]


def in_two_columns(random: Random, count: int) -> Values:
    """The same number as a customer's and, behind other letters, as a contract's."""
    numbers = with_gaps(random, count // 2)
    return [*numbers, *(number.replace("TS", "CR") for number in numbers)]


def from_one(random: Random, count: int) -> Values:
    first = int(random.integers(2_400_000, 2_700_000))
    return [f"TS-{number:07}" for number in range(first, first + count)]


def luhn(random: Random, count: int) -> Values:
    """Numbers with a check digit, in a range that everybody uses."""
    return [f"TS-{body:06}{check(body)}" for body in random.choice(10**6, count, replace=False).tolist()]


def check(body: int) -> int:
    digits = [int(digit) for digit in f"{body:06}"]
    return -sum(digit if at % 2 == 0 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(digits)) % 10


def in_steps(random: Random, count: int) -> Values:
    """Every tenth number only."""
    return [f"TS-{10 * number:07}" for number in random.choice(10**6, count, replace=False).tolist()]


def timestamps(random: Random, count: int) -> Values:
    """Milliseconds since 1970, as logs have them: a few weeks of them."""
    return [str(each) for each in np.sort(1_773_000_000_000 + random.integers(0, 2 * 10**9, count))]


PHONE = Column("phone", Kind.PHONE, "test", region="IE")
TICKET = Column("ticket", Kind.REFERENCE, "test", grammar=("=TS D7",))
TWO_COLUMNS = Column("ticket", Kind.REFERENCE, "test", grammar=("=TS D7", "=CR D7"))


@dataclass
class Ours:
    """Registered values of one kind; scans of texts that hold nothing but numbers of it."""

    column: Column
    space: Space
    fingerprints: set[int]
    count: int

    @classmethod
    def register(cls, column: Column, values: Values) -> "Ours":
        forms = [form for value in values for form in kinds()[column.kind].forms(value, column)]
        sampler = SpaceSampler()
        for start in range(0, len(forms), 8192):
            sampler.add(column.kind, forms[start : start + 8192])
        space = Space.from_bytes(sampler.spaces()[column.kind])
        return cls(column, space, set(siphash24_many(KEY, forms).tolist()), len(values))

    def met(self, values: Values) -> int:
        """How many different forms of these are ours."""
        field = kinds()[self.column.kind]
        forms = {form for value in values for form in field.forms(value, self.column)}
        return len(self.fingerprints.intersection(siphash24_many(KEY, sorted(forms)).tolist()))

    def scan(self, values: Values) -> Numbers:
        """What a text of these numbers gives."""
        kind = self.column.kind
        spread = SimpleNamespace(
            spaces=lambda kind: {0: self.space},
            densities=lambda kind, forms: self.space.density(forms).reshape(1, -1),
            records=self.count,
            learnt=lambda kind: 1.0,
        )
        lookup = SimpleNamespace(search=lambda kind: Search((self.column,), frozenset()))
        written = [(form, value) for value in values for form in kinds()[kind].forms(value, self.column)]
        fingerprints = siphash24_many(KEY, [form for form, _ in written])
        sketch = Sketch.of(fingerprints, [form for form, _ in written])
        sample = HitSample()
        hits = np.array([int(each) in self.fingerprints for each in fingerprints], dtype=np.bool_)
        texts = [value.encode() for _, value in written]
        matches = SimpleNamespace(
            fingerprint=fingerprints, owner=np.zeros(len(texts), np.uint32), value=lambda at: texts[at]
        )
        sample.add(cast(Matches, matches), np.flatnonzero(hits))
        foreign = Foreign({kind: sketch}, 1_000_000, spread=cast(Any, spread), lookup=cast(Any, lookup))
        return foreign.numbers(kind, sample)


Draw = Callable[[Random, int], Values]

STRANGERS: dict[str, tuple[Column, Draw, int, Draw]] = {
    "phones of the same country": (PHONE, irish_mobiles, 68_000, irish_mobiles),
    "phones, more of them": (PHONE, irish_mobiles, 400_000, irish_mobiles),
    "phones in the same blocks": (PHONE, switchboards, 10_000, switchboards),
    "customer numbers with gaps": (TICKET, with_gaps, 68_000, with_gaps),
    "customer numbers counted": (TICKET, with_gaps, 68_000, from_one),
    "numbers of two columns": (TWO_COLUMNS, in_two_columns, 68_000, in_two_columns),
    "numbers with a check digit": (TICKET, luhn, 68_000, luhn),
    "few numbers with a check digit": (TICKET, luhn, 2_000, luhn),
    "numbers in steps of ten": (TICKET, in_steps, 68_000, in_steps),
    "timestamps": (PHONE, irish_mobiles, 68_000, timestamps),
}


@cache
def world(case: str) -> tuple[Ours, Draw]:
    column, draw, registered, strangers = STRANGERS[case]
    return Ours.register(column, draw(np.random.default_rng(1), registered)), strangers


@pytest.mark.parametrize("size", [30, 900, 6_000])
@pytest.mark.parametrize("case", STRANGERS)
def test_strangers_numbers_are_beyond_chance_no_oftener_than_p_says(case: str, size: int) -> None:
    ours, strangers = world(case)
    scans = SCANS if size < 5_000 else SCANS // 6
    p = [ours.scan(strangers(np.random.default_rng(100 + scan), size)).log10_p for scan in range(scans)]
    for level in (-1.0, -2.0, -6.0):
        below = sum(each <= level for each in p)
        assert log10_binomial_tail(len(p), 10**level, below) > -4, (level, below, sorted(p)[:5])


@pytest.mark.parametrize(("listed", "strangers"), [(5, 0), (50, 0), (50, 2_000), (500, 2_000), (500, 20_000)])
def test_a_list_of_our_phone_numbers_is_beyond_chance(listed: int, strangers: int) -> None:
    ours, _ = world("phones of the same country")
    own = irish_mobiles(np.random.default_rng(1), 68_000)
    numbers = ours.scan([*own[:listed], *irish_mobiles(np.random.default_rng(2), strangers)])
    assert numbers.log10_p < -9, "a scan of a thousand texts leaves room for that"
    assert numbers.expected < listed


@pytest.mark.parametrize("case", STRANGERS)
def test_what_chance_explains_is_near_what_it_gives(case: str) -> None:
    """Not so careful that nothing would ever be beyond it."""
    ours, strangers = world(case)
    texts = [strangers(np.random.default_rng(seed), 2_000) for seed in range(2, 12)]
    expected = sum(ours.scan(text).expected for text in texts)
    met = sum(ours.met(text) for text in texts)
    assert met / 1.3 - 5 < expected < 3 * met + 5, "a factor of three where the space has fine structure"
