"""Codes in ten layouts: what is learnt of them, where they are found, and what is none of them."""

import random
import string
import uuid

import pytest

from trapstreet.core.fields import Candidate, Column, Kind, Search, kinds
from trapstreet.core.fields.automaton import Ending, automaton
from trapstreet.core.fields.codes import code_forms
from trapstreet.core.fields.shapes import learn_shapes


def columns(*grammars: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column("ref", Kind.REFERENCE, "", grammar=grammar) for grammar in grammars)


def candidates(text: str, *grammars: tuple[str, ...]) -> list[Candidate]:
    return list(kinds()[Kind.REFERENCE].find(text.encode(), Search(columns(*grammars))))


def found(text: str, *grammars: tuple[str, ...]) -> set[bytes]:
    return {form for candidate in candidates(text, *grammars) for form in candidate.forms}


def forms(cell: str, grammar: tuple[str, ...]) -> tuple[bytes, ...]:
    return kinds()[Kind.REFERENCE].forms(cell, columns(grammar)[0])


def checked(digits: str) -> str:
    return digits + str(sum((7, 3, 1)[at % 3] * int(digit) for at, digit in enumerate(digits)) % 10)


def drawn(seed: int, alphabet: str, size: int) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=size))


UPPER, ALNUM, HEX = string.ascii_uppercase, string.ascii_lowercase + string.digits, "0123456789abcdef"
LAYOUTS = {  # the n-th code of a column; how a leak writes it; what is near it and none
    "counter": (
        lambda n: f"TCK-{100 + n:06}",
        ["{}", "tck {2}", "TCK{2}", "#{2}", "{2}", "[tck_{2}]", "TCK\u00a0{2}", r"\n{0}\n", "x,{2},y"],
        ["{}7", "xTCK{2}", "a{2}", "{2}a", "TC{2}", "9-{2}9"],
    ),
    "letters and digits": (
        lambda n: f"{drawn(n, UPPER, 2)}{n * 7919 % 1_000_000:06}",
        ["{}", "{0:lower}", "({0})"],
        ["{}1", "x{}", "{2}"],
    ),
    "dashed blocks": (
        lambda n: f"{4711 + n}-{n % 90 + 10}-{n * 31 % 900 + 100}",
        ["{}", "{0:bare}", "{0:blank}", "{0:dot}"],
        ["{}8", "9{}", "{1}-{2}"],
    ),
    "check digit": (
        lambda n: checked(f"{47_110_000 + n * 17}"),
        ["{}", "Nr. {}.", '"{}"', "id={}&x"],
        ["{}0", "1{}", "x{}"],
    ),
    "year first": (
        lambda n: f"20{18 + n % 4}/{n * 37 % 100_000:05}-{UPPER[n % 26]}",
        ["{}", "{0:bare}", "{0:lower}", "{0:blank}"],
        ["{}B", "{0:bare}7"],
    ),
    "UUID": (
        lambda n: str(uuid.UUID(int=random.Random(n).getrandbits(128), version=4)),
        ["{}", "{0:upper}", "{0:bare}", "urn:uuid:{}"],
        ["{}0", "a{}"],
    ),
    "hex 32": (
        lambda n: drawn(n, HEX, 32),
        ["{}", "{0:upper}", "md5:{}"],
        ["{}a", "0{}"],
    ),
    "mixed 8": (
        lambda n: drawn(n, ALNUM, 8),
        ["{}", "{0:upper}", "({})"],
        ["{}x", "x{}"],
    ),
    "letters only": (
        lambda n: drawn(n, UPPER, 7),
        ["{}", "{0:lower}", "<{}>"],
        ["{}A", "A{}", "{}1"],
    ),
    "slashes": (
        lambda n: f"K/{n % 12 + 1:02}/{1000 + n * 13}",
        ["{}", "{0:bare}", "{0:blank}", "k.{1}.{2}"],
        ["{}A", "{1}/{2}7", "{2}", "x{1}{2}"],
    ),
}


def written(code: str, layout: str) -> str:
    parts = [part for part in code.replace("/", "-").split("-") if part] + ["", ""]
    if len(parts) == 3:  # one run: its letters and its digits
        parts = [code, code.rstrip(string.digits), code.lstrip(string.ascii_letters)]
    if code.startswith("TCK"):
        parts = [parts[0], parts[0], parts[1]]
    spelt = {
        "{0:lower}": code.lower(),
        "{0:upper}": code.upper(),
        "{0:bare}": code.replace("-", "").replace("/", ""),
        "{0:blank}": code.replace("-", " ").replace("/", " "),
        "{0:dot}": code.replace("-", "."),
        "{0}": code,
        "{}": code,
        "{1}": parts[1],
        "{2}": parts[2],
    }
    for hole, text in spelt.items():
        layout = layout.replace(hole, text)
    return layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_code_is_found_however_a_leak_writes_it(layout):
    code_of, rewritten, _ = LAYOUTS[layout]
    grammar = learn_shapes([code_of(n) for n in range(400)])
    for n in range(400, 440):
        (form,) = forms(code_of(n), grammar)
        for text in rewritten:
            assert form in found(f"see {written(code_of(n), text)}, please", grammar), (text, grammar)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_near_a_code_is_not_taken_for_it(layout):
    code_of, _, others = LAYOUTS[layout]
    grammar = learn_shapes([code_of(n) for n in range(400)])
    for n in range(400, 440):
        (form,) = forms(code_of(n), grammar)
        for text in others:
            assert form not in found(f"see {written(code_of(n), text)}, please", grammar), (text, grammar)


@pytest.mark.parametrize("kind", [Kind.REFERENCE, Kind.NATIONAL_ID])
def test_each_kind_of_codes_is_searched_by_its_own_columns(kind):
    column = Column("code", kind, "", grammar=("A2 D2 D2 D2 A1",))
    (candidate,) = kinds()[kind].find(b"is AB 12 34 56 C.", Search((column,)))
    assert candidate == Candidate(3, 16, (b"AB123456C",))
    assert list(kinds()[kind].find(b"is AB 12 34 56 C.", Search(()))) == []


CANDIDATES = [  # text, grammars, candidates
    ("TCK-000123", [("=TCK D6",)], [(0, 10, ["TCK000123"])]),
    ("000123", [("=TCK D6",)], [(0, 6, ["TCK000123"])]),
    (
        "000123",
        [("=TCK D6",), ("=REQ D5-6", "=REQ D6", "D6")],
        [(0, 6, ["000123", "TCK000123", "REQ000123"])],
    ),
    ("TCK-000123", [("=TCK D6", "D6")], [(0, 10, ["TCK000123"]), (4, 10, ["000123"])]),
    ("TCK-000123", [("=TCK D6", "=REQ D6")], [(0, 10, ["TCK000123"])]),
    ("TCK 000123", [("A3 D6", "=REQ D6")], [(0, 10, ["TCK000123"]), (4, 10, ["REQ000123"])]),
    ("123456-78", [("D6", "D6 D2")], [(0, 6, ["123456"]), (0, 9, ["12345678"])]),
    ("A-1-2-345", [("A1 D1", "A1 D1 D1 D3")], [(0, 9, ["A12345"])]),
    (r"x\nAB123 \nAB456", [("A2 D3",)], [(3, 8, ["AB123"]), (11, 16, ["AB456"])]),
    (r"\AB123 \xAB123", [("A2 D3",)], [(1, 6, ["AB123"])]),
    (r"\nAB123", [("A2-3 D3",)], [(1, 7, ["NAB123"]), (2, 7, ["AB123"])]),
    ("AB\u00a0\u00a0\u00a0123 AB\u00a0\u00a0\u00a0\u00a0123", [("A2 D3",)], [(0, 11, ["AB123"])]),
    ("AB\u00a1123", [("A2 D3",)], []),
    ("1234 12345", [("D4-5",)], [(5, 10, ["12345"])]),
]


@pytest.mark.parametrize(("text", "grammars", "expected"), CANDIDATES)
def test_a_candidate_has_the_forms_of_the_shapes_that_accept_it(text, grammars, expected):
    seen = candidates(text, *grammars)
    assert [(c.start, c.end, [form.decode() for form in c.forms]) for c in seen] == expected


def test_digits_stand_for_eight_literals_at_most():
    many = tuple(f"={letter}{letter} D6" for letter in "ABCDEFGHIJ")
    assert forms("123456", many) == tuple(f"{letter}{letter}123456".encode() for letter in "ABCDEFGH")
    assert candidates("123456", many)[0].forms == forms("123456", many)


CELLS = [
    ("TCK-000123", ("=TCK D6",), ["TCK000123"]),
    ("000123", ("=TCK D6",), ["TCK000123"]),
    ("000-123", ("=TCK D3 D3",), ["TCK000123"]),
    ("0001234", ("=TCK D6",), ["0001234"]),
    ("00123", ("=TCK D5",), ["00123"]),
    ("000123", ("=TCK D6 A1",), ["000123"]),
    ("AB-123456", ("A2 D6",), ["AB123456"]),
    ("1234", ("D4",), []),
    ("١٢٣٤٥٦", ("=TCK D6",), ["١٢٣٤٥٦"]),
]


@pytest.mark.parametrize(("cell", "grammar", "expected"), CELLS)
def test_a_cell_has_the_form_that_text_leads_to(cell, grammar, expected):
    assert [form.decode() for form in forms(cell, grammar)] == expected


def test_a_grammar_names_a_prefix_only_when_twenty_records_have_it():
    assert learn_shapes([f"TCK-{n:06}" for n in range(20)]) == ("=TCK D6",)
    assert learn_shapes([f"TCK-{n:06}" for n in range(19)]) == ("A3 D6",)
    mixed = [f"TCK-{n:06}" for n in range(30)] + [f"SMITH-{n:06}" for n in range(5)]
    assert not any("SMITH" in shape for shape in learn_shapes(mixed))


TRAITS = [  # shapes, bytes of the longest match, runs of letters before the first digit, lengths of that run
    (("=TCK D6",), 15, 1, {6}),
    (("D4 D2 D2",), 20, 0, {4, 6, 8}),
    (("A2 A3 D4-5",), 22, 2, {4, 5}),
    (("D6", "A1 D2 A1 D2"), 24, 1, {2, 6}),
    (("X8",), 8, -1, set(range(1, 9))),
    (("H4 D4",), 14, -1, set(range(1, 9))),
    (("A7",), 7, -1, set()),
    (("D40",), 40, 0, {31}),
    ((), 0, 0, set()),
]


@pytest.mark.parametrize(("shapes", "longest", "back", "lengths"), TRAITS)
def test_an_automaton_says_how_far_its_codes_reach(shapes, longest, back, lengths):
    machine = automaton(shapes)
    assert (machine.longest, machine.back) == (longest, back)
    assert {bit for bit in range(32) if machine.first_digits >> bit & 1} == lengths


def test_an_automaton_is_a_table_of_states_and_classes():
    machine = automaton(("=TCK D6", "X8"))
    assert not machine.delta[0].any()
    assert machine.delta.shape == (len(machine.accept), max(machine.classes) + 1)
    assert int(machine.delta.max()) == len(machine.delta) - 1
    assert machine.endings[0] == Ending(False, False, ())
    assert set(machine.accept.tolist()) == set(range(len(machine.endings)))


@pytest.mark.parametrize("shape", ["", "=tck D6", "D0", "Q4", "D", "=", "D6-", "D99999"])
def test_what_is_no_shape_or_too_large_is_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        automaton((shape,))


def test_a_literal_that_is_too_long_is_not_optional() -> None:
    """The kernel has room for 32 letters before digits that stand alone."""
    (shape,) = learn_shapes([f"{'A' * 33}-{number:06}" for number in range(100)])
    assert code_forms("000012", (shape,)) == (b"000012",)
    assert automaton((shape,)).endings[1].literals == ()
