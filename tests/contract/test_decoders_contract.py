"""What every decoder must do: nothing here names one; tests/encodings_of_text.py has what they are given."""

import base64
import importlib
import pkgutil
import time
from random import Random
from typing import cast

import pytest

from encodings_of_text import ENCODINGS, HOSTILE
from trapstreet.plugins import decoders
from trapstreet.plugins.decoders import Decoder, decoded
from trapstreet.plugins.decoders._seeking import Search

VALUES = ["jörg.müller@post.example", "+353 85 123 4567", "TS-2410377"]
TEXT = f"Jörg Müller;{';'.join(VALUES)};Köln"
MODULES = [module.name for module in pkgutil.iter_modules(decoders.__path__) if module.name[0] != "_"]
CASES = [(module, name) for module in MODULES for name in ENCODINGS[module]]
FAR = b"\n" * 3000


def decoder(name: str) -> Decoder:
    return cast(Decoder, importlib.import_module(f"trapstreet.plugins.decoders.{name}"))


def encoded(module: str, name: str, text: str = TEXT) -> bytes:
    return ENCODINGS[module][name](text)


def all_of(data: bytes, size: int = 1 << 20) -> bytes:
    return b"".join(decoded(data[at : at + size] for at in range(0, len(data), size)))


def test_decoders_are_told_apart_by_their_titles_and_ranks() -> None:
    found = [decoder(module) for module in MODULES]
    assert len({each.title for each in found}) == len({each.rank for each in found}) == len(found)


@pytest.mark.parametrize(("module", "name"), CASES)
@pytest.mark.parametrize("around", [b"", FAR], ids=["short", "long"])
def test_all_values_are_found_in_each_encoding(module: str, name: str, around: bytes) -> None:
    said = all_of(around + b"row: " + encoded(module, name) + b"\nend\n" + around).decode()
    assert not [value for value in VALUES if value not in said]


@pytest.mark.parametrize(("module", "name"), CASES)
def test_a_decoder_finds_its_own_encoding_wherever_it_stands(module: str, name: str) -> None:
    own, data = decoder(module), b"row: " + encoded(module, name)
    search = Search((own.clue,))
    for before in (b"", b"\n" * 61, FAR):
        long = before + data
        places = own.places(long, *search.places(long))
        assert places
        assert [(start - len(before), end - len(before)) for start, end in places] == own.places(
            data, *search.places(data)
        )


@pytest.mark.parametrize(("module", "name"), CASES)
def test_the_fields_of_a_record_stay_near_each_other(module: str, name: str) -> None:
    mixed = b'{"name": "Maria Hofer", "mail": "%s", "city": "Linz"}\n' % encoded(module, name)
    lines = all_of(FAR + mixed).replace(b"\n", b" ").split(b"Maria Hofer")
    assert any(VALUES[0].encode() in each.partition(b"Linz")[0] and b"Linz" in each for each in lines)


@pytest.mark.parametrize("module", MODULES)
def test_the_text_itself_comes_through_whole(module: str) -> None:
    lines = [f"{number} ".encode() + encoded(module, name) for number, name in enumerate(ENCODINGS[module])]
    said = all_of(b"\n".join(lines), size=100)
    assert all(line in said for line in lines)


@pytest.mark.parametrize("sort", HOSTILE)
def test_hostile_bytes_cost_no_more_than_their_size(sort: str) -> None:
    data = HOSTILE[sort]
    began = time.process_time()
    out = all_of(data)
    assert time.process_time() - began < 20  # quadratic would be minutes
    assert len(out) < 12 * len(data) + 4096


def test_an_address_stays_one_though_a_part_of_it_is_base64_of_something() -> None:
    assert base64.b64decode("dmlldmlldmll") == b"vievievie"
    for form in ("%40", "%2540", "&#64;", "&amp;#64;", "\\u0040", "\\\\u0040"):
        said = all_of(
            FAR + f"dmlldmlldmll{form}dmlldmlldmll.example and a.dmlldmlldmll.b{form}x.example".encode()
        )
        assert b"dmlldmlldmll@dmlldmlldmll.example and a.dmlldmlldmll.b@x.example" in said


@pytest.mark.parametrize("before", ["0x", "X'", "(x'", "_binary 0x", "b'", "[b'"])
def test_a_name_does_not_grow_together_with_the_mark_of_its_literal(before: str) -> None:
    """As databases and Python write bytes; an apostrophe is a part of names: O'Brien."""
    literals = []
    for value in (b"Maria Hofer", b"maria.hofer@post.example"):
        coded = base64.b64encode(value) if "b'" in before else value.hex().encode()
        literals.append(before.encode() + coded + b"'")
    assert b" Maria Hofer" in all_of(FAR + b", ".join(literals) + b");\n")


def test_noise_is_not_decoded() -> None:
    noise = Random(7).randbytes(1 << 20)
    assert len(all_of(noise)) < 1.1 * len(noise)


@pytest.mark.parametrize(
    "text",
    [
        "An internationalization of incomprehensibilities, CamelCaseIdentifiers, /usr/share/doc/trapstreet",
        "d41d8cd98f00b204e9800998ecf8427e  list.csv; 3f786850e387550fdab836ed7e6dc881de23001b",
        "rows=20 size=1000 dates=2026-02-11 level=DEBUG x=1 done in 12%, 5 % and 100% more; AT&T; C:\\dir",
        "a <b> & c; 4111111111111111 3530111333300000 12345678901234567890",
        "<td>&nbsp;&copy; &#60;b&#62;</td> '\\x8f', '\\u2564' %define '%5dn' GET /search?q=404268",
        "request 525253c9957e315e, session 162b24c72a10; 7265334735236030 35800597744; width=80, height=24",
    ],
)
def test_what_is_plain_is_left_as_it_is(text: str) -> None:
    assert all_of(text.encode()) == text.encode()
    assert all_of(FAR + text.encode()) == FAR + text.encode()
