"""The kernel's way to paths of logs, also to those that are not there."""

from pathlib import Path

import pytest

from trapstreet.plugins._posix_way import WaysInto


@pytest.mark.parametrize("parts", [1_100, 2_000, 500_000])
def test_a_path_of_any_length_that_is_not_there_is_placed_as_it_stands(tmp_path: Path, parts: int) -> None:
    top, deep = str(tmp_path), "/x" * parts
    ways = WaysInto(top)
    assert not ways.has(deep, "f")
    passed, end = ways.way(top + deep, "f")
    assert passed[:3] == [top, f"{top}/x", f"{top}/x/x"]
    assert (passed[-1], end) == (top + deep, f"{top}{deep}/f")


def test_what_is_missing_below_a_link_lies_where_the_link_leads(tmp_path: Path) -> None:
    top = tmp_path / "share"
    (top / "real").mkdir(parents=True)
    (tmp_path / "link").symlink_to(top / "real")
    passed, end = WaysInto(str(top)).way(f"{tmp_path}/link/gone/too", "f")
    assert passed == [f"{top}{below}" for below in ("", "/real", "/real/gone", "/real/gone/too")]
    assert end == f"{top}/real/gone/too/f"
