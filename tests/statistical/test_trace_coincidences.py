"""100,000 innocent copies against a leak that imitates decoys: coincidences below q0, accusations below the
bound."""

from collections.abc import Sequence
from math import log10

import numpy as np
import pytest

from people import as_batches
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.core.fields import Column, Kind, kinds, recognise
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.table import Row
from trapstreet.decoys import Decoy, DecoySettings, TableModelBuilder, generate
from trapstreet.share.domain.issued import profiles_of
from trapstreet.trace.domain.verdict import CopyCode, accuse

pytestmark = pytest.mark.slow

COPIES = 100_000
LEAKED = 20_000
PER_KEY = 5_000
DRAWN = 4
"""Columns of the table: those that identify somebody come first."""
ROWS = {
    frozenset({Kind.EMAIL}): LEAKED,
    frozenset({Kind.REFERENCE}): LEAKED,
    frozenset({Kind.PHONE}): 300,  # of 10,000 numbers: more would make q0 one
}
NAMES = {Kind.EMAIL: "email", Kind.PHONE: "phone", Kind.REFERENCE: "ticket"}


class Nobody:
    """Nothing is taken: the draws show their own law."""

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        return [False] * len(forms)

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        return [False] * len(keys)


@pytest.fixture(scope="module")
def world() -> tuple[tuple[Column, ...], list[Decoy], list[Decoy]]:
    """The columns of a table, one decoy of each copy, and the rows of a leak that imitates decoys."""
    rows = [row[:DRAWN] for row in customers(20_000, seed=3)]
    columns = recognise(HEADER[:DRAWN], rows[:2_000], region=None, types={}, ignore=())
    builder = TableModelBuilder(columns, ("ticket",))
    for batch in as_batches(rows):
        builder.observe(batch)
    model = builder.finish()
    settings = DecoySettings(domains=("a.example", "b.example"), phones=("+353 1 900 0000-9999",))

    def drawn(first_key: int, count: int) -> list[Decoy]:
        made: list[Decoy] = []
        for key in range(first_key, first_key + count // PER_KEY):
            draws = KeyedDraws(key.to_bytes(16, "little"), 1)
            made += generate(model, settings, draws=draws, count=PER_KEY, taken=Nobody()).decoys
        return made

    return columns, drawn(1, COPIES), drawn(1_000, LEAKED)


def shown(decoy: Decoy, kinds_shown: frozenset[Kind], columns: Sequence[Column]) -> set[tuple[bytes, ...]]:
    """Every tuple of normal forms by which a decoy could be met."""
    tuples: set[tuple[bytes, ...]] = {()}
    for kind in sorted(kinds_shown):
        at = next(at for at, column in enumerate(columns) if column.name == NAMES[kind])
        cell = decoy.cells[at]
        forms = kinds()[kind].forms(cell, columns[at]) if isinstance(cell, str) else ()
        tuples = {(*each, form) for each in tuples for form in forms}
    return tuples


@pytest.mark.parametrize("tested", ROWS, ids=lambda each: "+".join(sorted(each)))
def test_coincidences_of_100_000_copies_stay_below_q0(
    world: tuple[tuple[Column, ...], list[Decoy], list[Decoy]], tested: frozenset[Kind]
) -> None:
    columns, copies, leak = world
    leaked = set().union(*(shown(decoy, tested, columns) for decoy in leak[: ROWS[tested]]))
    hits = sum(not leaked.isdisjoint(shown(decoy, tested, columns)) for decoy in copies)
    choices = [[NAMES[kind]] for kind in sorted(tested)]
    could, chance = coincidence(profiles_of(copies, columns), choices, len(leaked))
    assert chance < 0.5, "a bound of one holds for anything"
    assert log10_binomial_tail(could, chance, hits) > -4, f"{hits} coincidences where q0 is {chance:.2e}"


def test_the_bound_is_not_empty(world: tuple[tuple[Column, ...], list[Decoy], list[Decoy]]) -> None:
    """Reference numbers are uniform over the free ones, so there q0 is nearly the truth."""
    columns, copies, leak = world
    tested = frozenset({Kind.REFERENCE})
    leaked = set().union(*(shown(decoy, tested, columns) for decoy in leak))
    hits = sum(not leaked.isdisjoint(shown(decoy, tested, columns)) for decoy in copies)
    _, chance = coincidence(profiles_of(copies, columns), [["ticket"]], len(leaked))
    assert hits > chance * len(copies) / 10


def test_100_000_innocent_copies_are_accused_no_oftener_than_the_bound() -> None:
    """The bound over all copies: one in ten, 400 leaks with 250 copies each, hits at q0 itself, the worst
    case."""
    random = np.random.default_rng(20191104)
    profile = Profile(300, (20_000,), {"email": (0,)})
    candidates = 5_000
    _, chance = coincidence([profile], [["email"]], candidates)
    email = frozenset({Kind.EMAIL})
    false = 0
    for _ in range(400):
        hits = random.binomial(300, chance, size=250)
        accused = accuse(
            [CopyCode(str(copy), 300, (profile,)) for copy in range(250)],
            {str(copy): {email: int(count)} for copy, count in enumerate(hits)},
            columns={Kind.EMAIL: ["email"]},
            candidates=lambda kinds: candidates,
            tested=[email],
            weights={str(copy): 1 / 250 for copy in range(250)},
            bound=0.1,
        )
        false += bool(accused)
    assert log10_binomial_tail(400, 0.1, false) > -4
    assert log10(chance) < 0
