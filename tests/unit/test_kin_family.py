"""What belongs to a decoy in the tables that refer to it: as much as its donor has, and nothing of it."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from types import ModuleType

import pytest
from stdnum import luhn
from stdnum.iso7064 import mod_11_2, mod_97_10

from kin_world import NEWEST, Shop, shop
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys.kin import MOST_KIN, Family, grow

DRAWN = 100
ORDERS, LINES, TICKETS, CONTACTS = 1, 2, 3, 4


def decoy_of(donor: Row, number: int, at: int) -> Row:
    began = donor[4] + timedelta(minutes=37 + at)
    last = donor[5] and donor[5] + timedelta(days=2)
    return (
        number,
        f"Vera{at} Zander{at}",
        f"v.zander{at}@post.example.ie",
        f"+353 1 900 {1000 + at}",
        began,
        last,
    )


def people(world: Shop, count: int = DRAWN) -> tuple[list[Row], list[Row]]:
    """Donors, and decoys with the free numbers after theirs."""
    donors = random.Random(5).sample(world.rows[0][:-50], count)
    used = {row[0] for row in world.rows[0]}
    decoys = []
    for at, donor in enumerate(donors):
        number = next(n for n in range(donor[0], donor[0] + 10_000) if n not in used)
        used.add(number)
        decoys.append(decoy_of(donor, number, at))
    return donors, decoys


def grown(world: Shop, donors: list[Row], decoys: list[Row], key: bytes = b"k" * 16) -> Family:
    return grow(world, world.model, donors, decoys, draws=KeyedDraws(key, 2))


@pytest.fixture(scope="module")
def world() -> Shop:
    return shop()


@pytest.fixture(scope="module")
def cast(world: Shop) -> tuple[list[Row], list[Row]]:
    return people(world)


@pytest.fixture(scope="module")
def family(world: Shop, cast: tuple[list[Row], list[Row]]) -> Family:
    return grown(world, *cast)


def test_a_decoy_has_as_many_rows_as_its_donor(world: Shop, cast: tuple, family: Family) -> None:
    for table in (ORDERS, TICKETS):
        real, made = (Counter(row[1] for row in rows[table]) for rows in (world.rows, family.rows))
        assert sum(made.values()) > 40
        assert [made[decoy[0]] for decoy in cast[1]] == [real[donor[0]] for donor in cast[0]]
    lines = Counter(row[1] for row in world.rows[LINES])
    of = [row[0] for row in world.rows[ORDERS] for donor in cast[0] if row[1] == donor[0]]
    assert len(family.rows[LINES]) == sum(lines[order] for order in of)
    assert (family.strippable, family.notes) == ((), ())


def test_references_lead_to_the_decoys_own_rows(family: Family) -> None:
    orders, tickets = ({row[0] for row in family.rows[table]} for table in (ORDERS, TICKETS))
    assert {row[1] for row in family.rows[LINES]} == orders
    assert {row[0] for row in family.rows[CONTACTS]} == tickets
    assert {row[1] for row in family.rows[ORDERS]} <= {row[0] for row in family.rows[0]}


def test_keys_and_unique_values_are_nobody_elses(world: Shop, family: Family) -> None:
    for table in (ORDERS, LINES, TICKETS):
        for positions in (world.tables[table].key, *world.tables[table].unique):
            real, made = (
                [tuple(row[at] for at in positions) for row in rows[table]]
                for rows in (world.rows, family.rows)
            )
            assert len(set(made)) == len(made)
            assert not set(made) & set(real)


def test_numbers_stand_in_gaps_and_in_the_order_of_time(world: Shop, family: Family) -> None:
    orders = sorted([*world.rows[ORDERS], *family.rows[ORDERS]])
    assert all(one[3] <= other[3] for one, other in pairwise(orders))
    assert orders[-1] in world.rows[ORDERS]


def test_numbers_follow_the_reference_where_there_is_no_time(world: Shop, family: Family) -> None:
    """As closely as the gaps allow, of which there is one to eight lines."""
    lines = sorted([*world.rows[LINES], *family.rows[LINES]])
    assert max(one[1] - other[1] for one, other in pairwise(lines)) <= 40
    assert lines[-1] in world.rows[LINES]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [luhn, mod_97_10, mod_11_2], ids=["luhn", "mod 97", "mod 11 without X"])
def test_numbers_of_linked_rows_have_right_check_digits(world: Shop, cast: tuple, scheme: ModuleType) -> None:
    """Where orders have a number beside the key, which is as far from it as the table's."""
    orders: list[Row] = []
    for row in world.rows[ORDERS]:
        base = f"{row[0] + 70_000}"
        digits = scheme.calc_check_digits(base) if scheme is mod_97_10 else scheme.calc_check_digit(base)
        if digits != "X":
            orders.append((*row[:2], f"ORD-{base}-{digits}", *row[3:]))
    family = grown(replace(world, rows=[world.rows[0], orders, [], [], []]), *cast)

    made = [str(row[2]) for row in family.rows[ORDERS]]
    assert len(set(made)) == len(made) > 100
    assert not {str(row[2]) for row in orders} & set(made)
    assert all(scheme.is_valid("".join(filter(str.isdecimal, text))) for text in made)
    as_far = sum(int(row[2].split("-")[1]) == row[0] + 70_000 for row in family.rows[ORDERS])
    assert as_far > (0.5 if scheme is mod_11_2 else 0.99) * len(made)  # some gaps have room for an X alone


def test_lines_of_one_order_stand_next_to_each_other(world: Shop, family: Family) -> None:
    lines = sorted([*world.rows[LINES], *family.rows[LINES]])
    orders = [row[1] for row in lines]
    runs = Counter(order for one, order in pairwise([None, *orders]) if one != order)
    assert {runs[row[1]] for row in family.rows[LINES]} == {1}
    assert all(row[2] < after[2] for row, after in pairwise(family.rows[LINES]) if row[1] == after[1])


@pytest.mark.slow
def test_rows_of_an_import_have_its_moment_as_the_donors_do(world: Shop, cast: tuple) -> None:
    """What was taken over from another system on one day has one time, and numbers in a row."""
    taken_over = sorted(row[3] for row in world.rows[ORDERS])[1500]
    orders = [(*row[:3], max(row[3], taken_over), *row[4:]) for row in world.rows[ORDERS]]
    customers = [(*row[:4], min(row[4], taken_over), *row[5:]) for row in world.rows[0]]
    donors = [customers[world.rows[0].index(donor)] for donor in cast[0]]
    decoys = [(*decoy[:4], min(decoy[4], taken_over), *decoy[5:]) for decoy in cast[1]]
    family = grown(replace(world, rows=[customers, orders, [], [], []]), donors, decoys)
    keys = {donor[0] for donor in donors}
    theirs = [row[3] == taken_over for row in orders if row[1] in keys]
    ours = [row[3] == taken_over for row in family.rows[ORDERS]]
    assert sum(ours) == pytest.approx(sum(theirs), abs=3)
    assert sum(theirs) > 20
    assert all(one[3] <= other[3] for one, other in pairwise(sorted([*orders, *family.rows[ORDERS]])))


@pytest.mark.slow
def test_a_row_stands_as_close_to_its_neighbours_as_the_tables_rows_do(world: Shop, cast: tuple) -> None:
    """It is not told by its gap, although most free numbers lie in a few wide ones."""
    steps = random.Random(3).choices([1, 2, 40], [80, 8, 12], k=len(world.rows[ORDERS]))
    numbers = accumulate(steps, initial=1000)
    orders = [(number, *row[1:]) for number, row in zip(numbers, world.rows[ORDERS], strict=False)]
    family = grown(replace(world, rows=[world.rows[0], orders, [], [], []]), *cast)
    made = {row[0] for row in family.rows[ORDERS]}
    close: dict[bool, list[bool]] = {True: [], False: []}
    used = sorted([*(row[0] for row in orders), *made])
    for before, number, after in zip(used, used[1:], used[2:], strict=False):
        close[number in made].append(after - before == 2)
    real, ours = (sum(close[mine]) / len(close[mine]) for mine in (False, True))
    assert abs(real - ours) < 0.1


def test_what_follows_from_other_cells_still_does(family: Family) -> None:
    for row in family.rows[ORDERS]:
        assert row[2] == f"ORD-{row[0] + 70_000}"
        assert row[4] == row[3].date()
        assert row[5] * row[6] == row[7]
    last = {row[1]: row[3] for row in sorted(family.rows[ORDERS], key=lambda row: row[3])}
    assert [row[5] for row in family.rows[0]] == [last.get(row[0]) for row in family.rows[0]]


def test_nothing_of_the_donor_is_left_in_any_cell(world: Shop, cast: tuple, family: Family) -> None:
    for donor, decoy in zip(*cast, strict=True):
        orders = {row[2] for row in world.rows[ORDERS] if row[1] == donor[0]}
        own = [row for row in family.rows[ORDERS] if row[1] == decoy[0]]
        own += [row for row in family.rows[TICKETS] if row[1] == decoy[0]]
        text = " ".join(cell_text(cell) or "" for row in own for cell in row).lower()
        digits = "".join(filter(str.isdecimal, donor[3]))[-7:]
        gone = [donor[1].lower(), donor[2], digits, *(number.lower() for number in orders)]
        ours = {row[2].lower() for row in own}
        assert not [value for value in gone if value in text and value not in ours]


def test_the_decoy_is_named_where_the_donor_was(cast: tuple, family: Family) -> None:
    decoys = {decoy[0]: decoy for decoy in cast[1]}
    for row in family.rows[ORDERS]:
        decoy = decoys[row[1]]
        assert row[10] == decoy[1].upper()
        assert row[11] == decoy[3].replace(" ", "").replace("+353", "0")
    assert all(row[5] == decoys[row[1]][2] for row in family.rows[TICKETS])
    assert {row[6] for row in family.rows[TICKETS]} == {f"agent.{n}@shop.example.ie" for n in ("one", "two")}


def test_a_ticket_speaks_of_the_decoys_order(family: Family) -> None:
    own = {(row[1], row[2]) for row in family.rows[ORDERS]}
    assert all((row[1], row[3].rpartition(" ")[2]) in own for row in family.rows[TICKETS])


@pytest.mark.parametrize(("table", "at"), [(ORDERS, 9), (TICKETS, 4)])
def test_no_text_is_that_of_one_real_row(world: Shop, family: Family, table: int, at: int) -> None:
    real = Counter(row[at] for row in world.rows[table])
    assert all(real[row[at]] != 1 for row in family.rows[table])
    assert any(row[at] for row in family.rows[table])


def test_no_text_names_a_real_person(world: Shop, family: Family) -> None:
    names = {row[1] for row in world.rows[0]}
    assert not [row for row in family.rows[TICKETS] if any(name in row[4] for name in names)]


def test_what_is_not_identifying_is_shared_by_several_rows_or_none(world: Shop, family: Family) -> None:
    positions = (5, 6, 7, 8, 9)
    real = Counter(tuple(row[at] for at in positions) for row in world.rows[ORDERS])
    assert min(real.values()) == 1
    made = [real[tuple(row[at] for at in positions)] for row in family.rows[ORDERS]]
    assert 1 not in made


def test_times_keep_to_working_hours_between_the_start_and_now(family: Family) -> None:
    began = {row[0]: row[4] for row in family.rows[0]}
    for row in family.rows[ORDERS]:
        assert row[3].weekday() < 5
        assert 9 <= row[3].hour < 17
        assert began[row[1]] < row[3] <= NEWEST
    layout = "%d.%m.%Y %H:%M"
    opened = {row[0]: datetime.strptime(row[2], layout) for row in family.rows[TICKETS]}  # noqa: DTZ007 a wall clock
    assert all(datetime.fromisoformat(row[1]) > opened[row[0]] for row in family.rows[CONTACTS])


def test_no_time_is_the_donors(world: Shop, cast: tuple, family: Family) -> None:
    for donor, decoy in zip(*cast, strict=True):
        theirs = {row[3] for row in world.rows[ORDERS] if row[1] == donor[0]}
        assert not theirs & {row[3] for row in family.rows[ORDERS] if row[1] == decoy[0]}


@pytest.mark.slow
def test_the_same_draws_make_the_same_rows(world: Shop, cast: tuple, family: Family) -> None:
    assert grown(world, *cast).rows == family.rows
    assert grown(world, *cast, key=b"another key's ..").rows != family.rows


@pytest.mark.slow
def test_the_history_of_a_decoy_that_begins_late_shrinks(world: Shop, cast: tuple, family: Family) -> None:
    donors = [donor for donor in cast[0] if donor[5]]
    late = [
        (*decoy_of(donor, 90_000 + at, at)[:4], NEWEST - timedelta(days=40), NEWEST)
        for at, donor in enumerate(donors)
    ]
    young = grown(world, donors, late)
    assert len(young.rows[ORDERS]) >= 0.9 * len(family.rows[ORDERS])
    assert all(late[0][4] <= row[3] <= NEWEST for row in young.rows[ORDERS])


@pytest.mark.slow
def test_a_row_that_fits_nowhere_is_left_out_with_what_refers_to_it(world: Shop, cast: tuple) -> None:
    donors = [donor for donor in cast[0] if donor[5]]
    late = [
        (*decoy_of(donor, 90_000 + at, at)[:4], NEWEST + timedelta(days=1), NEWEST)
        for at, donor in enumerate(donors)
    ]
    family = grown(world, donors, late)
    assert family.rows[1:] == [[], [], [], []]


@pytest.mark.slow
def test_without_free_numbers_rows_stand_beyond_the_end_and_it_is_said(world: Shop, cast: tuple) -> None:
    dense = [(1000 + at, *row[1:]) for at, row in enumerate(world.rows[ORDERS])]
    number = {row[0]: 1000 + at for at, row in enumerate(world.rows[ORDERS])}
    lines = [(row[0], number[row[1]], *row[2:]) for row in world.rows[LINES]]
    family = grown(replace(world, rows=[world.rows[0], dense, lines, *world.rows[3:]]), *cast)
    assert min(row[0] for row in family.rows[ORDERS]) > dense[-1][0]
    assert any("orders has too few free numbers in id" in why for why in family.strippable)


@pytest.mark.slow
def test_of_a_donor_with_very_many_rows_the_last_thousand_are_followed(world: Shop, cast: tuple) -> None:
    donor, decoy = cast[0][0], cast[1][0]
    contacts = [(row[0], *row[1:]) for row in world.rows[ORDERS] if row[1] != donor[0]]
    began = max(row[0] for row in contacts)
    bulk = [
        (began + 3 * at, donor[0], f"ORD-{began + 3 * at + 70_000}", donor[4] + timedelta(hours=6 * at),
         donor[4].date(), *contacts[0][5:])
        for at in range(1, MOST_KIN + 501)
    ]  # fmt: skip
    family = grown(replace(world, rows=[world.rows[0], [*contacts, *bulk], [], [], []]), [donor], [decoy])
    assert 0 < len(family.rows[ORDERS]) <= MOST_KIN
    assert any("1,500 rows in orders" in note for note in family.notes)


def test_a_person_without_rows_gets_none(world: Shop) -> None:
    lonely = [row for row in world.rows[0] if not row[5]][:5]
    decoys = [decoy_of(donor, 90_000 + at, at) for at, donor in enumerate(lonely)]
    assert grown(world, lonely, decoys).rows == [decoys, [], [], [], []]


@pytest.mark.slow
def test_where_a_key_cannot_be_made_up_there_are_no_rows_and_it_is_said(world: Shop, cast: tuple) -> None:
    tables = (*world.tables[:4], replace(world.tables[4], unique=((2,),)))
    family = grown(replace(world, tables=tables), *cast)
    assert not family.rows[CONTACTS]
    assert family.rows[TICKETS]
    assert any("no rows in contacts" in note for note in family.notes)


def test_a_login_made_of_the_donors_address_is_made_of_the_decoys(world: Shop, cast: tuple) -> None:
    logins = [(row[0], row[2].partition("@")[0]) for row in world.rows[0]]
    table = GroundTable("logins", ("customer_id", "login"), (True, True), (0,), 0, (0,), (0,), ((1,),))
    two = replace(world, tables=(world.tables[0], table), rows=[world.rows[0], logins])
    expected = [(decoy[0], decoy[2].partition("@")[0]) for decoy in cast[1]]
    assert grown(two, *cast).rows[1] == expected
