"""A dozen texts with what every matcher must find in them (tests/golden)."""

import pytest

from golden_matches import NAMES, GoldenWorld, expected
from matchers import MATCHERS, make


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GoldenWorld:
    return GoldenWorld(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("matcher", list(MATCHERS))
@pytest.mark.parametrize("name", NAMES)
def test_a_text_has_the_matches_written_down_for_it(world: GoldenWorld, name: str, matcher: str) -> None:
    found = list(world.found(make(matcher, world.lookup, world.key_of), name))
    assert found == expected(name)
    assert found


def test_there_are_a_dozen_texts() -> None:
    assert len(NAMES) == 12
