"""Looking quickly first changes nothing: the same decoys are found as by looking at every row exactly."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suppressing import HEADER, decoy_rows, finder, index_of, read, real_rows
from trapstreet.core.model.table import Row
from trapstreet.index import native
from tries import tries

pytestmark = pytest.mark.skipif(native.load() is None, reason="there is no kernel to look quickly with")

REAL, DECOYS = real_rows(60), decoy_rows(60)
with TemporaryDirectory() as folder:
    INDEX = index_of(Path(folder), REAL, DECOYS)

SEPARATORS = ("", " ", "-", ".", "/", " - ", "\u00a0", "\u202f", "\u2013", "  ", ") ", " / ", "\n", "_", "0")
BEFORE = ("", "+353", "00353", "0", "(0", "+353 (0)", "tel:", "T", "011 353 ", "1;", "0861234567 / ", "'")
BEHIND = ("", " ext 12", " x3", "#4", " or 0861234567", ", 0861234567", " (home)", "a", "\n", '"')
WRAPPED = (
    "{}", " {} ", "<{}>", "Fergal <{}>", "mailto:{}", "{};other@post.example", "other@post.example {}", "{}.",
    "'{}'", '"{}"', "x{}", "{}x", "é{}", "{},\u2026", "a b{}", "\\n{}", "{}\n", "+{}", ".{}", "-{}",
)  # fmt: skip
CHANGED = (str, str.upper, str.title, lambda text: text.replace("@", " @ "), lambda text: text[:-1])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A decoy's phone number, written in some way."""
    national = draw(st.sampled_from(DECOYS))[3].removeprefix("+353 ").replace(" ", "")
    random = Random(draw(st.integers(0, 999)))
    separator, share = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from((0.0, 0.2, 0.5, 1.0)))
    written = "".join(digit + (separator if random.random() < share else "") for digit in national)
    return draw(st.sampled_from(BEFORE)) + written + draw(st.sampled_from(BEHIND))


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """A decoy's e-mail address, written in some way."""
    address = draw(st.sampled_from(CHANGED))(draw(st.sampled_from(DECOYS))[2])
    tag = draw(st.sampled_from(("@", "+news@", "\u200b@")))
    return draw(st.sampled_from(WRAPPED)).format(address.replace("@", tag, 1))


cells = {
    "customer_no": st.sampled_from([row[0] for row in (*REAL, *DECOYS)]).flatmap(
        lambda text: st.sampled_from((text, f" {text}", text.lower(), None, f"{text}\0"))
    ),
    "name": st.sampled_from([None, *(row[1] for row in (*REAL[:6], *DECOYS[:3]))]),
    "email": st.one_of(addresses(), st.none(), st.text(max_size=20), st.sampled_from([r[2] for r in REAL])),
    "phone": st.one_of(
        numbers(), st.none(), st.text("0123456789+-() .", max_size=20), st.sampled_from([r[3] for r in REAL])
    ),
    "city": st.just("Cork"),
}
LAYOUTS = (
    HEADER,
    ("email",),
    ("phone",),
    ("name", "phone"),
    ("name", "email", "phone"),
    ("phone", "customer_no"),
)


@pytest.mark.parametrize("header", LAYOUTS, ids=" ".join)
@settings(max_examples=tries(40), deadline=None)
@given(data=st.data())
def test_looking_quickly_finds_what_looking_exactly_does(
    header: tuple[str, ...], data: st.DataObject
) -> None:
    as_read = read(INDEX, header, [tuple(row[HEADER.index(name)] for name in header) for row in REAL])
    row = st.tuples(*(cells[name] for name in header))
    rows: list[Row] = data.draw(st.lists(row, min_size=1, max_size=30))
    quick, exact = (finder(INDEX, as_read, exact=each).look(rows)[1] for each in (False, True))
    assert quick == exact
