"""What counts as foreign beside our records: values that are no part of any of them."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

import pytest

from matcher_world import Keys, index_of
from matchers import MATCHERS, make, small_stretches
from trapstreet.core.fields import Kind, recognise
from trapstreet.core.model.table import Row
from trapstreet.index import Lookup, RecordJoin
from trapstreet.trace.domain.foreign import Foreign

HEADER = ("ticket", "name", "email", "phone", "born", "note")


def made_up(count: int, *, seed: int, first: int = 0) -> list[Row]:
    """Norwegians: their numbers have eight digits, as a date has."""
    random = Random(seed)
    return [
        (
            f"TCK-{first + number:06}",
            f"{random.choice(('Kari', 'Ola', 'Nils', 'Ingrid'))} {random.choice(('Berg', 'Dahl', 'Lie'))}",
            f"u{first + number}@post.example",
            " ".join(str(random.randrange(40, 99)) for _ in range(4)),
            f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}",
            f"{random.randrange(10**8, 10**9)}",
        )
        for number in range(count)
    ]


OURS, DECOYS, STRANGERS = (
    made_up(300, seed=1),
    made_up(20, seed=2, first=5_000),
    made_up(200, seed=3, first=9_000),
)


class World(NamedTuple):
    """An index of OURS without notes, with DECOYS of a copy."""

    lookup: Lookup

    def foreign(self, matcher: str, *texts: str, kind: Kind = Kind.PHONE, numbers_only: bool = False) -> int:
        """How many values of the kind the texts show beside ours."""
        join, foreign = RecordJoin(self.lookup), Foreign()
        for text in texts:
            search = make(matcher, self.lookup, Keys().fingerprint_key)
            for found in search.matches([text.encode()], candidates=True):
                foreign.add(found, join.add(found))
            join.end_text()
            foreign.end_text()
        return foreign.count(kind, numbers_only=numbers_only)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    columns = recognise(HEADER, OURS, region="NO", types={}, ignore=("note",))
    folder = tmp_path_factory.mktemp("index")
    index = index_of(folder, "customers", columns, [OURS], {"aaaaaaaa": DECOYS}, epoch=1, tickets={})
    return World(Lookup([index]))


def lines(rows: Iterable[Row], *columns: str, between: str = ";") -> str:
    """The columns of the rows, a line each."""
    at = [HEADER.index(column) for column in columns]
    return "".join(between.join(str(row[place]) for place in at) + "\n" for row in rows)


SHOWN = ("phone", "born", "note")
either = pytest.mark.parametrize("matcher", list(MATCHERS))


@either
@pytest.mark.parametrize("between", [";", " ", "\t", ", "])
def test_other_cells_of_our_records_are_not_foreign(world: World, matcher: str, between: str) -> None:
    for columns in (SHOWN, SHOWN[::-1], ("name", *SHOWN)):
        assert world.foreign(matcher, lines(OURS, *columns, between=between)) == 0


@either
def test_decoys_are_not_foreign(world: World, matcher: str) -> None:
    assert world.foreign(matcher, lines(OURS + DECOYS, *SHOWN)) == 0


@either
def test_strangers_count_once_each_though_their_rows_hold_dates(world: World, matcher: str) -> None:
    mixed = [*OURS, *DECOYS, *STRANGERS, *STRANGERS[:50]]
    Random(4).shuffle(mixed)
    for between in (";", " ", "\t"):
        assert world.foreign(matcher, lines(mixed, "name", "phone", "born", between=between)) == len(
            STRANGERS
        )


@either
def test_records_of_several_lines_or_in_one_long_line_are_told_from_strangers(
    world: World, matcher: str
) -> None:
    rows = [row for pair in zip(OURS, STRANGERS, strict=False) for row in pair]
    cards = "".join(f"Phone: {row[3]}\nNote: {row[5]}\nMail: {row[2]}\nBorn: {row[4]}\n\n" for row in OURS)
    assert world.foreign(matcher, cards) == 0
    one = (
        "["
        + ", ".join(f'{{"phone": "{row[3]}", "note": {row[5]}, "born": "{row[4]}"}}' for row in rows)
        + "]"
    )
    assert world.foreign(matcher, one) == 2 * len(STRANGERS), "a stranger's note is a number, too"
    values = ",".join(f"({row[5]},'{row[3]}','{row[4]}')" for row in rows)
    assert world.foreign(matcher, f"INSERT INTO people VALUES {values};") == 2 * len(STRANGERS)


@either
def test_lists_of_addresses_show_who_is_not_ours(world: World, matcher: str) -> None:
    mixed = [row for pair in zip(OURS, STRANGERS, strict=False) for row in pair]
    for between in ("\n", ", ", " "):
        text = between.join(str(row[2]) for row in mixed)
        assert world.foreign(matcher, text, kind=Kind.EMAIL) == len(STRANGERS)


@either
def test_an_address_that_a_line_end_divides_is_no_second_one(world: World, matcher: str) -> None:
    """As documents are read: behind an address at the end of a line both stand, put together."""
    rows = [*OURS[:40], *STRANGERS[:40]]
    text = "".join(f"{row[2]}\n{row[0]} {row[2]}{row[0]}\n" for row in rows)
    assert world.foreign(matcher, text, kind=Kind.EMAIL) == 40


@either
def test_a_date_that_a_hyphen_divides_is_no_number(world: World, matcher: str) -> None:
    text = "".join(
        f"{row[4]} {str(row[4])[:8]}{str(row[4])[8:]} {str(row[4])[:7]}{str(row[4])[8:]}\n"
        for row in STRANGERS
    )
    assert world.foreign(matcher, text) == 0


@either
def test_our_numbers_alone_are_foreign_unless_numbers_are_all_there_is(world: World, matcher: str) -> None:
    text = lines(OURS, "phone")
    assert world.foreign(matcher, text, numbers_only=True) == 0
    assert world.foreign(matcher, text) == len({row[3] for row in OURS})
    assert world.foreign(matcher, text, lines(OURS, *SHOWN)) == 0, "they stand in records elsewhere"


@pytest.mark.slow
@either
def test_seams_between_stretches_change_nothing(
    world: World, matcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = [*OURS, *DECOYS, *STRANGERS]
    Random(5).shuffle(mixed)
    text = lines(mixed, *HEADER) + lines(OURS, "born", "note", "phone", between=" ")
    whole = [world.foreign(matcher, text, kind=kind) for kind in (Kind.PHONE, Kind.EMAIL, Kind.REFERENCE)]
    small_stretches(monkeypatch)
    assert [
        world.foreign(matcher, text, kind=kind) for kind in (Kind.PHONE, Kind.EMAIL, Kind.REFERENCE)
    ] == whole
