"""Patterns in MariaDB's grants, in the order in which a server of version 10.11 was seen to heed them."""

from trapstreet.plugins._mariadb_patterns import breadth, fits, fits_in_any_case, is_wild

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
