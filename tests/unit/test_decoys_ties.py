"""Two columns with the same number: decoys keep the tie; and empty cells of a database are empty."""

import random

import pytest

from decoys_tables import FAMILIES_4000, GIVEN_500, Owners, Table, column, owners_of, people
from trapstreet.core.fields import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys import Aim, Decoys, DecoySettings, generate
from trapstreet.decoys.ties import Tie, ties

OWNED = DecoySettings(domains=("post.harbour.example", "kbox.example"))


def crm(rows: int = 3000, *, untied: float = 0.0, empty: float = 0.0) -> Table:
    """Ids with gaps, references that are the id and 200,000, and addresses that may be NULL."""
    rng = random.Random(7)
    columns = [
        column("id", Kind.TEXT),
        column("ref", Kind.REFERENCE, grammar=("AA-000000",)),
        column("name", Kind.NAME),
        column("email", Kind.EMAIL),
    ]
    number, made = 100, list[Row]()
    for given, family in people(rows, GIVEN_500, FAMILIES_4000, seed=5):
        number += rng.choice((1, 1, 2, 4))
        other = rng.randrange(100_000) if rng.random() < untied else 0
        address = f"{given}.{family}{rng.randint(0, 9)}{number}@mail.example".lower()
        made.append((
            number,
            f"K-{200_000 + number + other}" if rng.random() >= empty else None,
            f"{given} {family}",
            address if rng.random() < 0.9 else None,
        ))  # fmt: skip
    return Table(columns, ["id"], made)


def made(table: Table, aim: Aim, owners: Owners | None = None, count: int = 100) -> Decoys:
    draws = KeyedDraws(b"a key of 16 byte", 0)
    return generate(table.learnt, OWNED, draws=draws, count=count, taken=owners or owners_of(table), aim=aim)


@pytest.mark.parametrize("aim", Aim)
def test_a_reference_that_is_the_id_written_otherwise_is_so_in_decoys(aim: Aim) -> None:
    table = crm()
    assert ties(table.learnt) == {1: Tie(0, 200_000)}
    decoys = made(table, aim).decoys
    assert all(row.cells[1] == f"K-{200_000 + int(str(row.cells[0]))}" for row in decoys)
    assert not {row.cells[0] for row in decoys} & {row[0] for row in table.rows}


def test_where_a_tenth_is_numbered_otherwise_nothing_is_tied() -> None:
    assert ties(crm(untied=0.1).learnt) == {}


def test_an_empty_reference_stays_empty_and_the_others_are_tied() -> None:
    decoys = made(crm(empty=0.3), Aim.HIDE).decoys
    empty = [row for row in decoys if row.cells[1] is None]
    assert 10 < len(empty) < 60
    assert all(
        row.cells[1] == f"K-{200_000 + int(str(row.cells[0]))}" for row in decoys if row.cells[1] is not None
    )


@pytest.mark.parametrize("aim", Aim)
def test_a_number_is_drawn_again_where_the_tied_one_belongs_to_somebody(aim: Aim) -> None:
    """Another data set has half of the references that the free ids would give."""
    table = crm()
    taken = owners_of(table)
    taken.add([(-n, f"K-{200_000 + n}", "", None) for n in range(0, 20_000, 2)])
    decoys = made(table, aim, taken, count=60).decoys
    assert all(int(str(row.cells[0])) % 2 for row in decoys)
    assert len({row.cells[1] for row in decoys}) == 60


def test_the_bits_of_a_tied_number_count_once() -> None:
    for decoy in made(crm(), Aim.HIDE).decoys:
        assert decoy.columns["ref"] == decoy.columns["id"]


def test_any_number_of_decoys_may_have_no_address_where_customers_have_none() -> None:
    decoys = made(crm(), Aim.HIDE, count=200).decoys
    assert 5 < sum(row.cells[3] is None for row in decoys) < 45
