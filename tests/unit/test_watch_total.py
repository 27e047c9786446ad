"""A watch weighs against all that was ever watched, a scan against itself."""

from pathlib import Path

import pytest

from trapstreet.index import Lookup
from trapstreet.watch import Public
from trapstreet.watch.service import scan_on
from watching import Keys, Memory, columns_of, lookup_of, matcher_of

HEADER = ("id", "phone")
ROWS = [(str(number), f"+353 87 {1_234_567 + 7_919 * number:07}") for number in range(400)]


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    folder: Path = tmp_path_factory.mktemp("index")
    return lookup_of(folder, ROWS, columns_of(ROWS, HEADER))


def found(lookup: Lookup, text: str, *, before: int) -> tuple[list[float], int]:
    """The p-values of what is found after so many tests, and the tests that this text was."""
    result, tests = scan_on(
        [Memory("text", text)],
        lookup=lookup,
        matcher=matcher_of(lookup),
        public=Public.of((), lookup, Keys().fingerprint_key),
        before=before,
    )
    return [each.p_value for each in result.findings], tests


def test_numbers_alone_have_to_be_beyond_the_chance_of_all_texts_together(lookup: Lookup) -> None:
    text = "".join(f"{phone}\n" for _, phone in ROWS[:3])
    (alone,), tests = found(lookup, text, before=0)
    assert tests == 1
    assert 0 < alone < 1e-6
    still, _ = found(lookup, text, before=int(1e-7 / alone) or 1)
    gone, _ = found(lookup, text, before=int(1 / alone))
    assert (still, gone) == ([alone], [])


def test_a_text_without_numbers_is_no_test(lookup: Lookup) -> None:
    assert found(lookup, "nothing to see here\n", before=5) == ([], 0)
