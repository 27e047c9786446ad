"""The automaton of some shapes accepts what regular expressions of the same shapes accept."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trapstreet.core.fields import Candidate, Column, Kind, Search, kinds
from tries import tries

SETTINGS = settings(max_examples=tries(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])

BYTES = {"D": "[0-9]", "A": "[A-Za-z]", "H": "[0-9A-Fa-f]", "X": "[0-9A-Za-z]"}
GAP = r"(?:[-_/.#: ]|\xc2\xa0){0,3}"
LITERALS = ("TCK", "AB", "F", "NN")

lengths = st.tuples(st.integers(1, 7), st.integers(0, 2)).map(lambda pair: (pair[0], sum(pair)))
runs = st.builds(
    lambda letter, size: f"{letter}{size[0]}-{size[1]}" if size[0] < size[1] else f"{letter}{size[0]}",
    st.sampled_from("DDAHX"),
    lengths,
)
shapes = st.builds(
    lambda literal, rest: " ".join([f"={literal}"] * bool(literal) + rest),
    st.sampled_from(["", *LITERALS]),
    st.lists(runs, min_size=1, max_size=4),
)
pieces = st.sampled_from(
    [*LITERALS, "tck", "0", "12", "345678", "0" * 9, "f", "Zz", "9e", *"-_/.#: ,\\n", "\u00a0"]
)
texts = st.lists(st.one_of(pieces, st.text("0123456789abNT- ", max_size=4)), max_size=25).map("".join)


def parts(shape: str) -> list[str]:
    found = []
    for token in shape.split():
        literal, (least, _, most) = token[1:], token[1:].partition("-")
        found.append(
            f"(?i:{literal})" if token[0] == "=" else f"{BYTES[token[0]]}{{{least},{most or least}}}"
        )
    return found


def digits_suffice(shape: str) -> bool:
    first, *rest = shape.split()
    least = sum(int(token[1:].partition("-")[0]) for token in rest if token[0] == "D")
    return first[0] == "=" and all(token[0] == "D" for token in rest) and least >= 6


def accepted(pattern: list[str], text: bytes) -> bool:
    return bool(re.fullmatch(GAP.join(pattern).encode("latin-1"), text))


def expected(shapes: list[str], data: bytes) -> list[Candidate]:
    """Every stretch between the borders of words, tried with every shape."""
    begins = [m.start() for m in re.finditer(rb"(?:(?<![0-9A-Za-z])|(?<=\\[nrt]))[0-9A-Za-z]", data)]
    ends = [m.end() for m in re.finditer(rb"[0-9A-Za-z](?![0-9A-Za-z])", data)]
    covered: dict[int, int] = {}
    found = []
    for start in begins:
        for end in (end for end in ends if end > start):
            text = data[start:end]
            code = re.sub(rb"[^0-9A-Za-z]", b"", text).upper()
            whole = [shape for shape in shapes if accepted(parts(shape), text)]
            if any(map(digits_suffice, whole)):
                covered.setdefault(end, start)
            bare = [shape for shape in shapes if digits_suffice(shape) and accepted(parts(shape)[1:], text)]
            forms = [code] * (bool(whole) and len(code) >= 5)
            if covered.get(end, start) == start:
                forms += [shape.split()[0][1:].encode() + code for shape in bare]
            if forms:
                found.append(Candidate(start, end, tuple(dict.fromkeys(forms))))
    return found


@SETTINGS
@given(st.lists(shapes, min_size=1, max_size=5, unique=True), texts)
def test_codes_are_found_where_regular_expressions_find_them(grammar, text):
    column = Column("ref", Kind.REFERENCE, "", grammar=tuple(grammar))
    data = text.encode()
    assert list(kinds()[Kind.REFERENCE].find(data, Search((column,)))) == expected(grammar, data)


@SETTINGS
@given(st.data())
def test_a_text_made_from_a_shape_is_a_code(data):
    shape = data.draw(shapes)
    tokens = [data.draw(st.from_regex(part, fullmatch=True)) for part in parts(shape)]
    gaps = [data.draw(st.text("-_/.#: \u00a0", max_size=3)) for _ in tokens[1:]]
    text = tokens[0] + "".join(gap + token for gap, token in zip(gaps, tokens[1:], strict=True))
    column = Column("ref", Kind.REFERENCE, "", grammar=(shape,))
    forms = kinds()[Kind.REFERENCE].forms(text, column)
    seen = {
        f
        for each in kinds()[Kind.REFERENCE].find(f"({text})".encode(), Search((column,)))
        for f in each.forms
    }
    assert set(forms) <= seen
