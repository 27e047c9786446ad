"""Patterns in MariaDB's grants, in the order in which a server of version 10.11 was seen to heed them."""

import random
from itertools import product

import pytest

from trapstreet.plugins._mariadb_patterns import breadth, fits, fits_in_any_case, is_wild, meet
from trapstreet.plugins.permissions._mariadb_matching import host_covers

IN_ORDER = ("s1x", "_1x", "s_x", "s1_", "__x", "s__", "___", "%s1x", "s1x%", "_%", "%")


def test_the_most_specific_pattern_comes_first() -> None:
    by_name = sorted(IN_ORDER)
    assert sorted(by_name, key=breadth) == [*IN_ORDER]
    assert all(fits(each, "s1x") for each in IN_ORDER)


def test_an_escaped_sign_is_itself() -> None:
    assert fits(r"s\_x", "s_x")
    assert not fits(r"s\_x", "s1x")
    assert not is_wild(r"s\_x")
    assert is_wild(r"s\_x%")
    assert not fits("S1X", "s1x")
    assert fits_in_any_case("S1X", "s1x")


def test_two_patterns_meet_where_a_name_fits_both() -> None:
    names = ["".join(each) for length in range(5) for each in product("ab_", repeat=length)]
    rng = random.Random(3)
    for _ in range(600):
        one, other = ("".join(rng.choices(["a", "b", "_", "%", r"\_"], k=rng.randint(0, 3))) for _ in "xx")
        both = any(fits(one, each) and fits(other, each) for each in names)
        assert meet(one, other) == both, (one, other)


@pytest.mark.parametrize(
    ("row", "account", "covers"),
    [
        ("%", "10.%", True),
        ("10.%", "10.1.%", True),
        ("10.%", "10.1.2.3", True),
        ("10.%", "192.168.%", False),
        ("10.%", "10.1.2.0/255.255.255.0", None),
        ("10.1.%", "10.%", None),
        ("%.corp", "web.corp", True),
        ("%.corp", "web.%", None),
        ("%.corp", "web.example", False),
        ("127.%", "localhost", None),
        ("::1", "localhost", None),
        ("10.%", "localhost", False),
        ("local%", "127.0.0.1", None),
        ("localhost", "10.%", False),
        ("web.corp", "10.%", None),
        ("10.1.2.3", "%.corp", None),
    ],
)
def test_a_row_is_for_all_clients_of_an_account_for_some_or_for_none(
    row: str, account: str, covers: bool | None
) -> None:
    assert host_covers(row, account) is covers
