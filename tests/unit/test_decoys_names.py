"""Names as tables write them, and pools to draw new ones from."""

from collections import Counter
from math import log2

import pytest

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.names import NameCounts, parse_name


@pytest.mark.parametrize(
    ("text", "given", "family"),
    [
        ("Anna Byrne", "Anna", "Byrne"),
        ("BYRNE, Anna", "Anna", "BYRNE"),
        ("BYRNE Anna", "Anna", "BYRNE"),
        ("Dr. Anna Byrne", "Anna", "Byrne"),
        ("Byrne, Dr. Anna", "Anna", "Byrne"),
        ("Anna Maria Byrne", "Anna", "Byrne"),
        ("Ludwig van der Berg", "Ludwig", "van der Berg"),
        ("Seán O'Brien", "Seán", "O'Brien"),
        ("Élodie Simon-Petit", "Élodie", "Simon-Petit"),
    ],
)
def test_a_full_name_is_divided(text: str, given: str, family: str) -> None:
    parsed = parse_name(text)
    assert parsed is not None
    assert parsed[:2] == (given, family)


@pytest.mark.parametrize(
    "text", ["Anna Byrne", "BYRNE, Anna", "BYRNE Anna", "anna byrne", "ANNA BYRNE", "Ludwig van der Berg"]
)
def test_a_name_is_written_as_it_was_read(text: str) -> None:
    parsed = parse_name(text)
    assert parsed is not None
    assert parsed[2].write(parsed[0], parsed[1]) == text


@pytest.mark.parametrize(
    "text", ["Acme Ltd", "Müller GmbH", "Cher", "", "Unit 7", "a@b.ie", "The Byrnes", "-", ", "]
)
def test_what_is_no_person_gives_no_name(text: str) -> None:
    assert parse_name(text) is None


def test_the_bits_of_a_pool_hold_for_its_likeliest_name() -> None:
    counts = NameCounts()
    for rank in range(600):
        counts.add([f"Na{chr(97 + rank // 26)}{chr(97 + rank % 26)}r"] * (400 // (rank + 1) + 2))
    pool = counts.pool()
    assert pool is not None
    draws = KeyedDraws(b"n" * 16, 1)
    seen = Counter(pool.draw(draws) for _ in range(50_000))
    likeliest = seen.most_common(1)[0][1] / 50_000
    assert log2(1 / likeliest) == pytest.approx(pool.bits, abs=0.1)


def test_spellings_of_one_name_count_as_one() -> None:
    counts = NameCounts()
    counts.add(["Müller", "Mueller", "Muller"] * 50)
    counts.add([f"Be{chr(97 + i)}{chr(97 + j)}l" for i in range(6) for j in range(6)] * 50)
    pool = counts.pool()
    assert pool is not None
    assert pool.bits == pytest.approx(log2(39 / 2), abs=0.01)


def test_names_of_a_small_pool_are_equally_likely() -> None:
    counts = NameCounts()
    counts.add([f"Be{chr(97 + i)}{chr(97 + j)}l" for i in range(6) for j in range(6)] * 5 + ["Beaal"] * 500)
    pool = counts.pool()
    assert pool is not None
    assert pool.bits == pytest.approx(log2(36))


def test_a_name_seen_once_stays_out_of_a_large_pool() -> None:
    counts = NameCounts()
    counts.add([f"Ke{chr(97 + i)}{chr(97 + j)}n" for i in range(8) for j in range(8)] * 2 + ["Zaphod"])
    pool = counts.pool()
    assert pool is not None
    assert len(pool.names) == 64
    assert "Zaphod" not in pool.names


def test_a_name_in_capitals_is_remembered_in_small_letters() -> None:
    counts = NameCounts()
    counts.add(["O'BRIEN", "WALSH"])
    pool = counts.pool()
    assert pool is not None
    assert set(pool.names) == {"O'Brien", "Walsh"}
