"""Decoys that are drawn to be overlooked, made for whole tables."""

import random
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from stdnum import luhn

from decoys_tables import Owners, Table
from decoys_tables import column as column_of
from table_shapes import SHAPES, Shape
from trapstreet.core.fields import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.table import Batch, Cell, Row, cell_text
from trapstreet.decoys import Aim, Decoys, DecoySettings, TableModel, TableModelBuilder, generate, joint_bits

ROWS, COUNT = 4000, 200
_LONG_AGO = datetime(1, 1, 1)  # noqa: DTZ001 tables have wall-clock time


@cache
def shape(name: str) -> Shape:
    return SHAPES[name](ROWS)


@cache
def model(name: str) -> TableModel:
    builder = TableModelBuilder(shape(name).columns, shape(name).key)
    builder.observe(Batch(shape(name).rows, range(ROWS)))
    return builder.finish()


@cache
def planted(name: str, count: int = COUNT, key: bytes = b"a planting's key") -> Decoys:
    table = shape(name)
    return generate(
        model(name),
        table.owned,
        draws=KeyedDraws(key, 0),
        count=count,
        taken=Owners(table.columns, table.key).add(table.rows),
        aim=Aim.HIDE,
    )


def position(name: str, column: str) -> int:
    return [c.name for c in shape(name).columns].index(column)


def cells(name: str, column: str) -> list[Cell]:
    return [decoy.cells[position(name, column)] for decoy in planted(name).decoys]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_no_decoy_shares_a_value_that_only_one_real_row_has(name: str) -> None:
    for at, column in enumerate(shape(name).columns):
        real = Counter(row[at] for row in shape(name).rows)
        shared = [decoy.cells[at] for decoy in planted(name).decoys if real[decoy.cells[at]] == 1]
        assert not shared, (column.name, shared[:5])


def test_no_decoy_has_a_donors_moment_where_rows_begin_within_a_minute_of_each_other() -> None:
    """Its own begins so near the donor's that it is as long after that, to the day, at the same moment."""
    rng = random.Random(5)
    began = [datetime(2024, 1, 1) + timedelta(seconds=40 * n + rng.randrange(40)) for n in range(3000)]  # noqa: DTZ001
    rows: list[Row] = [
        (
            1000 + 3 * n + rng.randrange(3),
            moment,
            moment + timedelta(seconds=rng.randrange(300_000, 20_000_000)),
        )
        for n, moment in enumerate(began)
    ]
    columns = [
        column_of("id", Kind.REFERENCE, grammar=("D4",)),
        column_of("created", Kind.TEXT),
        column_of("seen", Kind.TEXT),
    ]
    table = Table(columns, ["id"], rows)
    source = KeyedDraws(b"a planting's key", 0)
    made = generate(table.learnt, DecoySettings(), draws=source, count=COUNT, taken=table.owned, aim=Aim.HIDE)

    seen = Counter(row[2] for row in rows)
    assert len(seen) > 2900
    assert not any(seen[decoy.cells[2]] == 1 for decoy in made.decoys)


def test_names_go_with_the_country_also_where_that_was_exchanged() -> None:
    given, country = position("web shop", "given_name"), position("web shop", "country")
    of: dict[str, Counter[Cell]] = {}
    for row in shape("web shop").rows:
        of.setdefault(str(row[given]).strip().lower(), Counter())[row[country]] += 1
    foreign = [
        decoy.cells
        for decoy in planted("web shop", 400).decoys
        if (found := of.get(str(decoy.cells[given]).strip().lower(), Counter())).total() >= 20
        and not found[decoy.cells[country]]
    ]
    assert not foreign


@pytest.mark.parametrize("name", SHAPES)
def test_no_decoy_shares_its_categories_with_exactly_one_real_row(name: str) -> None:
    learnt = model(name)
    columns = [at for at in learnt.categories if at not in learnt.clocks]
    real = Counter(tuple(row[at] for at in columns) for row in shape(name).rows)
    shared = sum(real[tuple(decoy.cells[at] for at in columns)] == 1 for decoy in planted(name).decoys)
    assert shared <= COUNT // 100


@pytest.mark.parametrize("name", SHAPES)
def test_a_full_name_is_nobodys_or_that_of_several(name: str) -> None:
    kinds = (Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME)
    names = [at for at, column in enumerate(shape(name).columns) if column.kind in kinds]
    real = Counter(tuple(row[at] for at in names) for row in shape(name).rows)
    assert not names or all(real[tuple(d.cells[at] for at in names)] != 1 for d in planted(name).decoys)


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_empty_is_empty_as_often_as_in_the_table(name: str) -> None:
    for at, column in enumerate(shape(name).columns):
        share = sum(row[at] in (None, "") for row in shape(name).rows) / ROWS
        empty = sum(decoy.cells[at] in (None, "") for decoy in planted(name).decoys)
        tails = [
            log10_binomial_tail(COUNT, share, empty),
            log10_binomial_tail(COUNT, 1 - share, COUNT - empty),
        ]
        assert min(tails) > -5, column.name


@pytest.mark.parametrize("name", SHAPES)
def test_every_decoy_has_the_donor_it_was_made_after(name: str) -> None:
    donors = planted(name).donors
    assert len(donors) == COUNT
    assert set(donors) <= set(shape(name).rows)


@pytest.mark.slow
def test_the_same_planting_gets_the_same_decoys() -> None:
    first = planted("clinic").decoys
    assert planted.__wrapped__("clinic").decoys == first
    assert planted("clinic", key=b"another planting").decoys != first


def test_donors_are_spread_over_the_queues_in_proportion() -> None:
    at = position("support desk", "queue")
    real = Counter(row[at] for row in shape("support desk").rows)
    made = Counter(cells("support desk", "queue"))
    assert all(abs(made[queue] / COUNT - n / ROWS) < 0.06 for queue, n in real.items())


def test_a_number_ends_in_the_digit_that_proves_it() -> None:
    numbers = [str(cell) for cell in cells("clinic", "Mitgliedsnummer")]
    assert all(luhn.is_valid(number.replace("-", "")) for number in numbers)
    assert len(set(numbers)) == COUNT


def test_a_copys_numbers_end_in_the_digit_that_proves_them_too() -> None:
    table = shape("clinic")
    taken = Owners(table.columns, table.key).add(table.rows)
    made = generate(
        model("clinic"), table.owned, draws=KeyedDraws(b"copy one's key!!", 0), count=COUNT, taken=taken
    )
    numbers = {str(decoy.cells[0]).replace("-", "") for decoy in made.decoys}
    assert len(numbers) == COUNT
    assert all(map(luhn.is_valid, numbers))


def test_the_gaps_around_numbers_keep_their_law() -> None:
    at = position("web shop", "id")
    real = sorted(int(str(row[at])) for row in shape("web shop").rows)
    theirs = Counter(min(b - a, 3) for a, b in pairwise(real))
    both = sorted([*real, *(int(str(cell)) for cell in cells("web shop", "id"))])
    mine = set(map(int, map(str, cells("web shop", "id"))))
    steps = Counter(min(b - a, 3) for a, b in pairwise(both) if b in mine)
    assert all(abs(steps[n] / COUNT - theirs[n] / ROWS) < 0.12 for n in (1, 2, 3))


def test_moments_rise_with_the_number_they_follow() -> None:
    number, moment = position("support desk", "ticket"), position("support desk", "opened_at")
    rows = [*shape("support desk").rows, *(decoy.cells for decoy in planted("support desk").decoys)]
    moments = [str(row[moment]) for row in sorted(rows, key=lambda row: str(row[number]))]
    falls = sum(one > other for one, other in pairwise(moments))
    assert falls <= 2 + sum(
        str(one[moment]) > str(other[moment]) for one, other in pairwise(shape("support desk").rows)
    )


def test_nobody_logs_in_before_there_is_an_account_or_in_the_future() -> None:
    created, login = cells("web shop", "created_at"), cells("web shop", "last_login")
    last = max(row[position("web shop", "last_login")] or _LONG_AGO for row in shape("web shop").rows)  # type: ignore[type-var]
    both = [
        (a, b)
        for a, b in zip(created, login, strict=True)
        if isinstance(a, datetime) and isinstance(b, datetime)
    ]
    assert len(both) > COUNT // 2
    assert all(a <= b <= last for a, b in both)  # type: ignore[operator]


def test_a_postcode_stays_with_its_town() -> None:
    at = [position("clinic", "PLZ"), position("clinic", "Ort")]
    real = {(row[at[0]], str(row[at[1]]).strip().casefold()) for row in shape("clinic").rows}
    made = [(d.cells[at[0]], str(d.cells[at[1]]).strip().casefold()) for d in planted("clinic").decoys]
    assert sum(pair in real for pair in made) >= 0.97 * COUNT


def test_domains_have_groups_as_large_as_the_tables() -> None:
    at = position("support desk", "email")
    domains = [str(cell).strip().lower().partition("@")[2] for cell in cells("support desk", "email")]
    assert set(domains) <= set(shape("support desk").owned.domains)
    real = Counter(str(row[at]).strip().lower().partition("@")[2] for row in shape("support desk").rows)
    share = sum(n for n in real.values() if n <= 5) / ROWS
    sizes = Counter(domains)
    assert abs(sum(n for n in sizes.values() if n <= 5) / COUNT - share) < 0.12


def test_colleagues_at_one_domain_sit_in_one_town() -> None:
    city, email = position("support desk", "city"), position("support desk", "email")
    towns: dict[str, Counter[str]] = {}
    for decoy in planted("support desk").decoys:
        domain = str(decoy.cells[email]).strip().lower().partition("@")[2]
        towns.setdefault(domain, Counter())[str(decoy.cells[city]).strip().casefold()] += 1
    assert sum(max(found.values()) for found in towns.values()) > 0.9 * COUNT


def test_phones_are_the_owners_and_written_as_the_tables() -> None:
    owned = {"".join(filter(str.isdigit, number))[-7:] for number in shape("telecom").owned.phones}
    phones = [str(cell) for cell in cells("telecom", "msisdn")]
    assert all(phone.startswith("08") and phone[-7:] in owned for phone in phones)
    assert len(set(phones)) == COUNT


@pytest.mark.slow
def test_stated_bits_hold_for_what_many_planted_decoys_show() -> None:
    decoys = planted("telecom", 1_500).decoys
    at = position("telecom", "name")
    bits = max(joint_bits(decoy, ["name"]) for decoy in decoys)
    assert bits > 3
    seen = Counter(
        (str(d.cells[at])[0], str(d.cells[at]).split()[-1]) for d in decoys if joint_bits(d, ["name"])
    )
    assert log10_binomial_tail(1_500, 2.0**-bits, max(seen.values())) > -6


def test_remarks_show_no_word_of_a_single_row() -> None:
    at = position("web shop", "note")
    words = Counter(
        word for row in shape("web shop").rows if row[at] for word in set((cell_text(row[at]) or "").split())
    )
    made = [word for cell in cells("web shop", "note") if cell for word in str(cell).split()]
    assert all(words[word] != 1 or any(map(str.isdigit, word)) for word in made)


@pytest.mark.parametrize("owned", [("+49 30 555 1000-1999",), ("+49 221 555 1000-1999",)])
def test_an_area_code_stands_apart_as_it_does_in_the_table(owned: tuple[str, ...]) -> None:
    """Whatever area the donor's number is in: the owner's number is written as the table writes its area."""
    rng = random.Random(3)
    areas = ("30", "40", "89", "221")
    texts = [
        f"+49 {(area := rng.choice(areas))} {rng.randrange(10 ** (9 - len(area)), 10 ** (10 - len(area)))}"
        for _ in range(2000)
    ]
    columns = [Column("id", Kind.TEXT, "test"), Column("phone", Kind.PHONE, "test", region="DE")]
    rows = [(3 * number, text) for number, text in enumerate(texts)]
    builder = TableModelBuilder(columns, ["id"])
    builder.observe(Batch(rows, range(len(rows))))
    decoys = generate(
        builder.finish(),
        DecoySettings(phones=owned),
        draws=KeyedDraws(b"a key of 16 byte", 0),
        count=80,
        taken=Owners(columns, ["id"]).add(rows),
        aim=Aim.HIDE,
    ).decoys
    area = owned[0].split()[1]
    assert all(str(decoy.cells[1]).startswith(f"+49 {area} 5551") for decoy in decoys)
