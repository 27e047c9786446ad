"""Local parts learnt from a table and made for new names."""

import pytest

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.emails import EmailStyle, learn_email_style
from trapstreet.decoys.names import NameCounts, NamePool


def pool(count: int) -> NamePool:
    counts = NameCounts()
    counts.add(
        [f"{chr(97 + i % 26)}e{chr(97 + i // 26 % 26)}a{chr(97 + i // 676)}l" for i in range(count)] * 2
    )
    found = counts.pool()
    assert found is not None
    return found


SMALL, LARGE = pool(64), pool(8000)


def written(style: EmailStyle, given: str, family: str) -> str:
    pattern = style.patterns[0]
    return pattern.core(given, family) + pattern.digits.draw(KeyedDraws(b"e" * 16, 0))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("anna.byrne", "mary.kelly"),
        ("abyrne", "mkelly"),
        ("byrne_anna", "kelly_mary"),
        ("anna-byrne", "mary-kelly"),
        ("annab", "maryk"),
        ("anna", "mary"),
        ("Anna.Byrne", "Mary.Kelly"),
        ("ANNABYRNE", "MARYKELLY"),
        ("b.anna", "k.mary"),
    ],
)
def test_a_local_part_is_read_in_terms_of_its_owners_name(local: str, expected: str) -> None:
    assert written(learn_email_style([(local, "Anna", "Byrne")] * 9), "mary", "kelly") == expected


def test_digits_are_drawn_from_the_range_that_the_table_has() -> None:
    style = learn_email_style([(f"anna.byrne{year}", "Anna", "Byrne") for year in range(1950, 2001)])
    digits = style.patterns[0].digits
    assert (digits.length, digits.low, digits.high) == (4, 1950, 2000)


def test_an_umlaut_is_spelt_as_the_table_spells_it() -> None:
    assert learn_email_style([("jmueller", "Jürgen", "Müller")] * 5).spelt_out
    assert not learn_email_style([("jmuller", "Jürgen", "Müller")] * 5).spelt_out


@pytest.mark.parametrize("digits", ["7", "71"])
def test_digits_grow_until_an_address_is_worth_24_bits(digits: str) -> None:
    style = learn_email_style([(f"anna.byrne{digits}", "Anna", "Byrne")] * 9)
    rich = style.enriched(SMALL, SMALL, count=300)
    assert all(pattern.bits(SMALL, SMALL) >= 24 for pattern in rich.patterns)
    assert not rich.added_digits


def test_a_table_without_digits_keeps_its_style_while_names_suffice() -> None:
    style = learn_email_style([("anna.byrne", "Anna", "Byrne")] * 9)
    assert style.enriched(LARGE, LARGE, count=300) == style
    assert style.enriched(SMALL, SMALL, count=300).added_digits


def test_patterns_worth_24_bits_are_preferred_to_longer_digits() -> None:
    sample = [("anna.byrne", "Anna", "Byrne")] * 50 + [
        (f"anna.byrne{n}", "Anna", "Byrne") for n in range(10, 99)
    ]
    rich = learn_email_style(sample).enriched(pool(2000), pool(2000), count=300)
    assert {pattern.digits.length for pattern in rich.patterns} == {2}


def test_an_address_that_two_names_give_is_noticed() -> None:
    style = learn_email_style([("annabyrne", "Anna", "Byrne")] * 9)
    pattern = style.patterns[0]
    given, family = frozenset({"ann", "anna"}), frozenset({"abell", "bell"})
    assert pattern.ambiguous("annabell", given, family)
    assert not pattern.ambiguous("annbell", given, family)
