"""Other companies' tables against an index of 68,000 customers: no finding; ours among them: found."""

from math import log10
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from trapstreet.app.demo.people import customers
from trapstreet.core.fields import Kind
from trapstreet.index import Lookup, Seen
from trapstreet.index.seen import bits
from trapstreet.watch.domain.coincidence import counted
from trapstreet.watch.domain.foreign import RARE, Odds
from watching import Rows, columns_of, found, lookup_of

pytestmark = pytest.mark.slow

TICKET, NAME, EMAIL, PHONE = range(4)


@pytest.fixture(scope="module")
def ours() -> Rows:
    return list(customers(68_000, seed=1))


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory, ours: Rows) -> Lookup:
    return lookup_of(tmp_path_factory.mktemp("index"), ours, columns_of(ours))


def strangers(count: int, seed: int) -> Rows:
    """People of the same country with the same names and the same sort of ticket numbers."""
    return list(customers(count, seed=seed, first=2_410_000, domains=("bigpost.example",)))


def text(rows: Rows, *columns: int) -> str:
    return "\n".join(";".join(row[at] for at in columns or range(len(row))) for row in rows)


COLUMNS = [(), (NAME, PHONE), (TICKET, NAME), (TICKET, PHONE), (PHONE,), (TICKET,)]


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_strangers_table_is_no_finding(lookup: Lookup, columns: tuple[int, ...]) -> None:
    assert found(lookup, text(strangers(40_000, seed=99), *columns)) == []


def test_strangers_lines_in_many_texts_are_no_finding(lookup: Lookup) -> None:
    rows = strangers(30_000, seed=98)
    texts = [text(rows[start : start + 15], *columns) for columns in COLUMNS for start in range(0, 6_000, 15)]
    assert found(lookup, *texts) == []


@pytest.mark.parametrize(
    "columns", [(), (NAME, EMAIL), (EMAIL, PHONE), (TICKET, PHONE), (TICKET, NAME, PHONE)]
)
def test_our_lines_among_strangers_are_each_a_record(
    lookup: Lookup, ours: Rows, columns: tuple[int, ...]
) -> None:
    rows = [*strangers(5_000, seed=97), *ours[:50], *strangers(5_000, seed=96)]
    (finding,) = found(lookup, text(rows, *columns))
    assert finding.records == 50
    assert finding.share == pytest.approx(50 / 68_000)


@pytest.mark.parametrize("columns", [(NAME, EMAIL), (EMAIL, PHONE), (TICKET, PHONE), (NAME, PHONE)])
def test_one_line_of_ours_is_a_record(lookup: Lookup, ours: Rows, columns: tuple[int, ...]) -> None:
    (finding,) = found(lookup, text(ours[7:8], *columns), *["nothing here, 14:30"] * 50)
    assert finding.records == 1


def test_common_names_beside_chance_numbers_do_not_count_against_ten_million() -> None:
    """A tenth of the strangers' phone numbers is ours by chance; one name in a thousand is the same, too."""
    density, records, share, rows = 0.1, 10_000_000, 1e-3, 100_000
    met = int(rows * density)
    chance = int(met * 8 * share)  # eight people stand near each number
    seen = several(chance, [Kind.PHONE, Kind.NAME], [Kind.PHONE])
    foreign = background(rows, density, records, np.full((chance, 4), [share, 1, 1, 1]))
    counts, log10_p = counted(seen, {Kind.PHONE: met}, cast(Any, foreign))
    assert not counts.any()
    assert log10_p == 0.0


def test_an_address_with_a_name_counts_against_ten_million() -> None:
    seen = several(1, [Kind.EMAIL, Kind.NAME], [Kind.EMAIL])
    foreign = background(100_000, 0.1, 10_000_000, np.array([[1e-3, 1, 1, 1]]))
    counts, log10_p = counted(seen, {Kind.EMAIL: 1}, cast(Any, foreign))
    assert counts.all()
    assert log10_p < log10(1e-8)


def several(count: int, near: list[Kind], anchors: list[Kind]) -> Seen:
    numbers = np.arange(count)
    return Seen(
        owner=np.zeros(count, np.uint32),
        record=numbers.astype(np.uint64),
        table=np.zeros(count, np.uint32),
        number=numbers.astype(np.uint32),
        anchors=np.full(count, bits(anchors), np.uint16),
        near=np.full(count, bits(near), np.uint16),
        pairs=np.zeros(count, np.uint16),
        slots=np.tile(np.array([1, 0, 0, 0], np.uint8), (count, 1)),
    )


def background(count: int, density: float, records: int, rarity: np.ndarray[Any, Any]) -> SimpleNamespace:
    """A text of so many rows of 50 bytes, each with a number and an address."""
    return SimpleNamespace(
        size=50 * count,
        count=lambda kind: float(count),
        odds=lambda kind: Odds(RARE, RARE) if kind is Kind.EMAIL else Odds(density / records, density),
        spread=SimpleNamespace(rarity=lambda seen: rarity),
    )
