"""What people wrote into settings becomes a type, or one line that names the place."""

from pathlib import Path

import msgspec
import pytest

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.sections import read_section, within


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: int = 1


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    file: Path | None = None
    cursor: Path = Path("cursor.json")
    part: Part = Part()


def read(given: object) -> Whole:
    return read_section(given, Whole, where="a.toml", hint="mend that", folder=Path("/srv"))


def test_paths_are_relative_to_the_folder_those_of_the_type_too() -> None:
    found = read({"name": "x", "file": "secret"})
    assert (found.file, found.cursor) == (Path("/srv/secret"), Path("/srv/cursor.json"))
    assert read({"name": "x", "file": "/etc/secret"}).file == Path("/etc/secret")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "'name' is missing"),
        ({"name": "x", "sise": 2}, "unknown key 'sise'"),
        ({"name": "x", "parts": {"size": 2}}, "unknown section [parts]"),
        ({"name": "x", "part": {"part": 2}}, "unknown key 'part'"),
        ({"name": 7}, "expected `str`, got `int` - at `name`"),
        ({"name": "x", "file": 7}, "expected the name of a file - at `file`"),
        ([], "expected `object`, got `array`"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(given: object, said: str) -> None:
    with pytest.raises(UnusableInput) as refused:
        read(given)
    assert refused.value.message.startswith("a.toml: ")
    assert said in refused.value.message
    assert refused.value.hint == "mend that"


@pytest.mark.parametrize("kind", [UnusableInput, AccessDenied])
def test_whoever_asks_names_the_section_and_the_error_stays_what_it_is(kind: type[UnusableInput]) -> None:
    with pytest.raises(kind, match=r"^\[x\]: no: do it$"), within("[x]"):
        raise kind("no", hint="do it")
