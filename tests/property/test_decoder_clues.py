"""What is compiled finds the very places that plain Python finds, and with either nothing encoded is lost."""

from itertools import islice
from random import Random

import pytest

from clue_texts import clue_texts
from encodings_of_text import ENCODINGS, HOSTILE
from trapstreet.plugins import decoders
from trapstreet.plugins.decoders import _native, _reference, _seeking, decoded

CLUES = tuple(each.clue for each in decoders._decoders())
SEARCH = _seeking.Search(CLUES)
VALUES = ["jörg.müller@post.example", "+353 85 123 4567", "TS-2410377"]
TEXT = f"Jörg Müller;{';'.join(VALUES)};Köln"
CASES = [(module, name) for module, encodings in ENCODINGS.items() for name in encodings]


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "load", lambda: None)


@pytest.fixture
def compiled() -> None:
    if _native.load() is None:
        pytest.skip("no C compiler was there")


def expected(data: bytes) -> list[list[int]]:
    return [_reference.places(data, clue) for clue in CLUES]


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_what_is_compiled_finds_the_places_that_python_finds() -> None:
    found = 0
    for data in islice(clue_texts(Random(11)), 500):
        places = SEARCH.places(data)
        assert places == expected(data), data
        found += sum(map(len, places))
    assert found > 5_000


@pytest.mark.usefixtures("compiled")
def test_a_text_may_end_anywhere() -> None:
    data = max(islice(clue_texts(Random(12)), 50), key=len)
    for end in range(len(data) - 200, len(data)):
        assert SEARCH.places(data[:end]) == expected(data[:end])


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("sort", HOSTILE)
def test_hostile_bytes_have_the_same_places(sort: str) -> None:
    data = HOSTILE[sort][:30_000]
    assert SEARCH.places(data) == expected(data)


@pytest.mark.usefixtures("compiled")
def test_places_are_found_where_there_are_more_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = b"%41" * 100
    assert max(map(len, SEARCH.places(data))) == 100
    monkeypatch.setattr(_seeking, "_ROOM", 3)
    assert _seeking.Search(CLUES).places(data) == expected(data)


@pytest.mark.usefixtures("in_python")
@pytest.mark.parametrize(("module", "name"), CASES)
def test_all_values_are_found_in_plain_python_too(module: str, name: str) -> None:
    data = b"row: " + ENCODINGS[module][name](TEXT) + b"\nend\n"
    said = b"".join(decoded(iter([data]))).decode()
    assert not [value for value in VALUES if value not in said]


@pytest.mark.usefixtures("in_python")
def test_users_are_told_where_encodings_are_looked_for_in_plain_python() -> None:
    assert decoders.remark() == "What is encoded is looked for in plain Python, tens of times slower."
