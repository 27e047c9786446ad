"""Text read in blocks gives what reading it line by line and record by record gives, whatever the text is."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import _lines, _stretches, _text, open_table
from trapstreet.plugins.tables._lines import Dialect, lenient, records
from trapstreet.plugins.tables._stretches import Stretch, stretches
from tries import tries

SIGNS = "ab1 ,;|\t\"'\\\r\n\né=\u2028\x85\x0b\x1c\0\U0001f600"
LINE = re.compile("[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")

PARTS = (
    *("a,b,c\n", "1,,2\r\n", '"x","y ""z""",w\n', '1,"p\nq",\r\n', "a, b, c\n", "\n", "a;b\n"),
    *('"', "é,ü,\0\n", "1,2", "\r"),
)
texts = st.one_of(
    st.text(SIGNS, max_size=80),
    st.lists(st.sampled_from(PARTS), max_size=14).map("".join),
)
dialects = st.builds(
    Dialect,
    delimiter=st.sampled_from(",;|\t"),
    quote=st.sampled_from(('"', '"', "'", "")),
    escape=st.sampled_from(("", "", "\\")),
    padded=st.booleans(),
)
cuts = st.lists(st.integers(1, 12), max_size=30)


def cut(whole: Any, sizes: Sequence[int]) -> list[Any]:
    """A text or a list in parts of these sizes; the rest in one."""
    places = [*accumulate(sizes, initial=0), len(whole)]
    return [whole[start:end] for start, end in pairwise(places) if whole[start:end]]


def one_by_one(found: Stretch) -> Iterator[tuple[object, ...]]:
    why = found.why or [None] * len(found.rows)
    return zip(found.lines, found.texts, found.rows, why, strict=True)


@settings(max_examples=tries(400), deadline=None)
@example('a,"b\nc', Dialect(","), [1], 1 << 20, 131_072)
@example("a,b\nc,\\\nd", Dialect(",", escape="\\"), [1, 1], 1 << 20, 131_072)
@given(texts, dialects, cuts, st.sampled_from((1 << 20, 6)), st.sampled_from((131_072, 3)))
def test_records_of_blocks_are_the_records_of_the_lines(
    text: str, dialect: Dialect, sizes: list[int], longest: int, widest: int
) -> None:
    lines = LINE.findall(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lines, "LONGEST_LINE", longest)
        patch.setattr(_stretches, "LONGEST_LINE", longest)
        before = csv.field_size_limit(widest)
        try:
            blocks = stretches(cut(lines, sizes), dialect, first=3)
            found = list(chain.from_iterable(map(one_by_one, blocks)))
            alone = [
                (each.line, each.text, tuple(each.cells), each.why)
                for each in records(lines, dialect, first=3)
            ]
        finally:
            csv.field_size_limit(before)
    assert found == alone


@settings(max_examples=tries(200), deadline=None)
@given(st.text("ab\r\n\n\u2028\x85é", max_size=120), st.lists(st.integers(1, 9), max_size=60))
def test_blocks_hold_every_line_and_overlong_ones_cut_off(text: str, sizes: list[int]) -> None:
    pieces = [piece for whole in cut(text, sizes) for piece in cut(whole, [9] * 13)]
    for at in range(len(pieces) - 1, 0, -1):
        if pieces[at - 1].endswith("\r") and pieces[at].startswith("\n"):
            pieces[at - 1 : at + 1] = [pieces[at - 1] + pieces[at]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_text, "LONGEST_LINE", 20)
        blocks = list(_text._whole_lines(pieces))
    lines = [line[:21] if len(line) > 20 else line for line in LINE.findall(text)]
    assert list(chain.from_iterable(map(_text.lines_of, blocks))) == lines


def test_lines_end_where_those_of_a_file_do_whatever_sign_there_is() -> None:
    divided = [sign for sign in map(chr, range(0x110000)) if len(f"a{sign}b".splitlines()) > 1]
    assert [sign for sign in divided if len(_text.lines_of(f"a{sign}b")) > 1] == ["\n", "\r"]


def all_of(batches: Sequence[Batch]) -> tuple[list[object], ...]:
    columns = [[(b.rows, b.lines, b.raw or (), b.rejected)[at] for b in batches] for at in range(4)]
    return tuple(list(chain.from_iterable(column)) for column in columns)


def read(folder: str, content: bytes, name: str, size: int) -> tuple[Any, tuple[list[object], ...]]:
    """The table in blocks of a few bytes, and what its batches hold."""
    (path := Path(folder, name)).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lines, "_CHUNK", 24)
        table = open_table(str(path))
        batches = list(table.batches(size))
    sizes = [len(batch.rows) + len(batch.rejected) for batch in batches]
    assert all(each == size for each in sizes[:-1])
    assert all(0 < each <= size for each in sizes)
    return table, all_of(batches)


@settings(max_examples=tries(150), deadline=None)
@given(texts, st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")), st.integers(1, 7))
def test_a_delimited_table_has_the_rows_of_its_records(text: str, encoding: str, size: int) -> None:
    content = ("k,l,m\r\n" + text).encode(encoding, errors="ignore")
    with TemporaryDirectory() as folder:
        try:
            table, found = read(folder, content, "table.csv", size)
        except UnusableInput:
            return
    file = table._file
    body = content[len(file.mark) :].decode(file.encoding, errors=lenient(file.encoding))
    rows, lines, raw, rejected = [], [], [], []
    width = len(table.columns)
    for line, whole, cells, broken in list(records(LINE.findall(body), table._dialect))[1:]:
        wide = None if len(cells) == width else f"{len(cells)} cells instead of {width}"
        if why := broken or file.fault(whole) or wide:
            rejected.append((line, why))
        else:
            rows.append(tuple(cells))
            lines.append(line)
            raw.append(whole)
    assert found[:3] == (rows, lines, raw)
    assert [(each.line, each.why) for each in found[3]] == rejected


members = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text('x}{\n"é:', max_size=5),
    st.sampled_from(({"z": [1, None]}, [{}])),
)
objects = st.dictionaries(st.sampled_from(("a", "b", "é", "c d", 'q"', "x\u2028y")), members, max_size=4)
TORN = (
    *('{"a":[{}', "{}]}", '{"a":', '{"n":null}', "}", '{"a":1}{"b":2}', "{}", '{"a":"x', 'y"}', "[1]"),
    *("", " ", '{"a":1} ', ' {"b":2}', '{"a":1e999}', '{"a":1,"a":null}'),
)
json_lines = st.one_of(
    objects.map(lambda each: msgspec.json.encode(each).decode()),
    objects.map(lambda each: msgspec.json.encode(each).decode()),
    st.sampled_from(TORN),
)


@settings(max_examples=tries(250), deadline=None)
@example(['{"a":null,"é":{"z":[1]}}', '{"é":null}'], "\n", False, 1)
@given(
    st.lists(json_lines, max_size=12),
    st.sampled_from(("\n", "\n", "\r\n", "\r")),
    st.booleans(),
    st.integers(1, 5),
)
def test_json_lines_are_read_as_each_line_by_itself_is(
    given_lines: list[str], ending: str, ended: bool, size: int
) -> None:
    text = ending.join(given_lines) + ending * ended
    lines = LINE.findall(text)
    known = {number: line for number, line in enumerate(lines, start=1) if line.strip()}
    values = {number: value for number, line in known.items() if (value := _object(line)) is not None}
    keys = list(dict.fromkeys(chain.from_iterable(values.values())))
    with TemporaryDirectory() as folder:
        try:
            table, (rows, places, raw, rejected) = read(folder, text.encode(), "table.jsonl", size)
        except UnusableInput:
            assert not keys
            return
    assert list(table.columns) == keys
    assert places == list(values)
    assert raw == [known[number] for number in values]
    assert rows == [tuple(_flat(value.get(key)) for key in keys) for value in values.values()]
    assert [each.line for each in rejected] == [number for number in known if number not in values]
    members = [member for value in values.values() for member in value.items()]
    assert table.style.omitted == frozenset(keys) - {key for key, member in members if member is None}
    assert table.style.nested == {key for key, member in members if isinstance(member, dict | list)}


def _object(line: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _flat(member: Any) -> Any:
    return msgspec.json.encode(member).decode() if isinstance(member, dict | list) else member
