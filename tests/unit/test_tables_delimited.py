"""Delimited text as it is found in the world: encodings, dialects, broken rows, and how new rows look."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Rejected, Row
from trapstreet.plugins.tables import Table, create_table, open_table
from trapstreet.plugins.tables._dialect import decide
from trapstreet.plugins.tables._lines import Dialect, records
from trapstreet.plugins.tables._quoting import learn, written
from tries import tries


def _table(folder: Path, content: bytes, name: str = "table.csv", options: str = "") -> Table:
    (folder / name).write_bytes(content)
    return open_table(str(folder / name) + options)


def _rows(table: Table, size: int = 8192) -> list[Row]:
    return [row for batch in table.batches(size) for row in batch.rows]


def _rejected(table: Table) -> list[Rejected]:
    return [rejected for batch in table.batches() for rejected in batch.rejected]


def _copied(table: Table, out: Path, extra: Sequence[Row] = ()) -> bytes:
    with create_table(out, like=table) as writer:
        for batch in table.batches(2):
            writer.write(batch)
        if extra:
            writer.write(Batch(extra, [0] * len(extra)))
    return out.read_bytes()


TEXT = "id;name;city\r\n1;Jörg Müller;Köln\r\n2;Zoë;Straße – “x” €\r\n"
LATIN = "id;name;city\r\n1;Jörg Müller;Köln\r\n2;Zoë;Straße\r\n"
ENCODINGS = [
    ("utf-8", b"", TEXT),
    ("utf-8", b"\xef\xbb\xbf", TEXT),
    ("utf-16-le", b"\xff\xfe", TEXT),
    ("utf-16-be", b"\xfe\xff", TEXT),
    ("utf-16-le", b"", TEXT),
    ("utf-16-be", b"", TEXT),
    ("cp1252", b"", TEXT),
    ("latin-1", b"", LATIN),
]


@pytest.mark.parametrize(("encoding", "mark", "text"), ENCODINGS)
def test_every_encoding_is_recognised_and_kept_byte_by_byte(
    encoding: str, mark: bytes, text: str, tmp_path: Path
) -> None:
    content = mark + text.encode(encoding)
    table = _table(tmp_path, content)
    assert table.columns == ("id", "name", "city")
    assert _rows(table) == [tuple(line.split(";")) for line in text.split("\r\n")[1:3]]
    assert _copied(table, tmp_path / "out.csv") == content
    extended = _copied(table, tmp_path / "more.csv", [("3", "Müßig", "Aß")])
    assert extended == content + "3;Müßig;Aß\r\n".encode(encoding)


def test_one_foreign_byte_far_into_a_utf8_file_costs_one_row(tmp_path: Path) -> None:
    lines = ["id,name"] + [f"{i},Jörg Müller" for i in range(200_000)]
    content = "\n".join(lines).encode() + b"\nbad,M\xfcller\nlast,Zo\xc3\xab\n"
    table = _table(tmp_path, content)
    rows = _rows(table)
    assert len(rows) == 200_001
    assert rows[-1] == ("last", "Zoë")
    assert _rejected(table) == [Rejected(200_002, "holds bytes that are not utf-8")]


def test_foreign_bytes_everywhere_make_it_a_cp1252_file(tmp_path: Path) -> None:
    content = b"id,name\n" + b"1,plain\n" * 300_000 + b"2,M\xfcller \x80\n"
    assert _rows(_table(tmp_path, content))[-1] == ("2", "Müller €")


def test_an_encoding_can_be_given(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,name\n1,Łódź\n".encode("cp1250"), options="?encoding=cp1250")
    assert _rows(table) == [("1", "Łódź")]


def test_a_new_row_that_the_encoding_cannot_write_is_refused(tmp_path: Path) -> None:
    table = _table(tmp_path, LATIN.encode("latin-1"))
    with pytest.raises(UnusableInput, match="cp1252"):
        _copied(table, tmp_path / "out.csv", [("3", "名前", "x")])
    assert not (tmp_path / "out.csv").exists()


NAMED = [("1", "Smith, Anne", "12 Main St"), ("2", "O'Neil", "a;b"), ("3", "", "x"), ("4", "Müller", "y z")]
DIALECTS = {
    "comma": 'id,name,street\n1,"Smith, Anne",12 Main St\n2,O\'Neil,a;b\n3,,x\n4,Müller,y z\n',
    "semicolon": 'id;name;street\r\n1;Smith, Anne;12 Main St\r\n2;O\'Neil;"a;b"\r\n3;;x\r\n4;Müller;y z\r\n',
    "tab": "id\tname\tstreet\n1\tSmith, Anne\t12 Main St\n2\tO'Neil\ta;b\n3\t\tx\n4\tMüller\ty z\n",
    "pipe": "id|name|street\n1|Smith, Anne|12 Main St\n2|O'Neil|a;b\n3||x\n4|Müller|y z\n",
    "caret": "id^name^street\n1^Smith, Anne^12 Main St\n2^O'Neil^a;b\n3^^x\n4^Müller^y z\n",
    "control character": "id\x01name\x01street\n1\x01Smith, Anne\x0112 Main St\n"
    "2\x01O'Neil\x01a;b\n3\x01\x01x\n4\x01Müller\x01y z\n",
    "all quoted": '"id","name","street"\n"1","Smith, Anne","12 Main St"\n"2","O\'Neil","a;b"\n"3","","x"\n'
    '"4","Müller","y z"\n',
    "single quotes": "id,name,street\n1,'Smith, Anne','12 Main St'\n2,'O''Neil','a;b'\n3,'','x'\n"
    "4,'Müller','y z'\n",
    "backslashes": "id,name,street\n1,Smith\\, Anne,12 Main St\n2,O'Neil,a;b\n3,,x\n4,Müller,y z\n",
    "padded": 'id, name, street\n1, "Smith, Anne", 12 Main St\n2, O\'Neil, a;b\n3, , x\n4, Müller, y z\n',
    "old Mac": 'id,name,street\r1,"Smith, Anne",12 Main St\r2,O\'Neil,a;b\r3,,x\r4,Müller,y z\r',
    "no final line break": 'id,name,street\n1,"Smith, Anne",12 Main St\n2,O\'Neil,a;b\n3,,x\n4,Müller,y z',
    "sep= for spreadsheets": "sep=|\r\nid|name|street\r\n1|Smith, Anne|12 Main St\r\n2|O'Neil|a;b\r\n3||x\r\n"
    "4|Müller|y z\r\n",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read_and_copied_as_it_stands(dialect: str, tmp_path: Path) -> None:
    content = DIALECTS[dialect].encode()
    table = _table(tmp_path, content, "table.txt")
    assert table.columns == ("id", "name", "street")
    assert _rows(table) == NAMED
    assert _copied(table, tmp_path / "out.csv") == content


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_new_row_is_written_in_the_style_of_the_file(dialect: str, tmp_path: Path) -> None:
    table = _table(tmp_path, DIALECTS[dialect].encode(), "table.txt")
    copy = _copied(table, tmp_path / "out.csv", [NAMED[3]]).decode()
    lines = DIALECTS[dialect].splitlines()
    assert copy.splitlines() == [*lines, lines[-1]]
    assert copy.endswith(("\n", "\r")) is DIALECTS[dialect].endswith(("\n", "\r"))


HABITS = {
    "minimal": 'a,b,c\n1,"x,y",z\n2,p,q\n',
    "all": '"a","b","c"\n"1","x,y","z"\n"2","p","q"\n',
    "text only": 'a,b,c\n1,"x,y","z"\n2,"p","q"\n3,"q",""\n',
    "text only, NULL bare": 'a,b,c\n1,"x,y","z"\n2,"p",\n3,,"q"\n',
    "what has a space": 'a,b,c\n1,"x y",z\n2,p,"q r"\n3,x,y\n',
    "what is not ASCII": 'a,b,c\n1,"Zoë",z\n2,p,"é"\n3,x,y\n',
    "never": 'a|b|c\n1|x y|z\n2|"p"s|q\n3|"p"s|q\n4|"p" s|q\n',
}


@pytest.mark.parametrize("habit", HABITS)
def test_the_habit_of_quoting_is_learnt_well_enough_to_write_the_file_again(habit: str) -> None:
    lines = HABITS[habit].splitlines(keepends=True)
    dialect = decide(lines)
    body = [record.text for record in records(lines, dialect)][1:]
    quoting = learn(body, dialect, 3)
    nulls = "NULL" in habit
    again = [
        written([None if nulls and not cell else cell for cell in record.cells], dialect, quoting)
        for record in records(body, dialect)
    ]
    assert again == [line.rstrip("\n") for line in body]


def test_a_semicolon_file_becomes_tabs_only_where_its_name_says_so(tmp_path: Path) -> None:
    table = _table(tmp_path, b"a;b\n1;x\n")
    assert _copied(table, tmp_path / "out.csv") == b"a;b\n1;x\n"
    assert _copied(table, tmp_path / "out.tsv") == b"a\tb\n1\tx\n"
    tabs = _table(tmp_path, b"a\tb\n1\tx,y\n", "tabs.tsv")
    assert _copied(tabs, tmp_path / "tabs.csv") == b'a,b\n1,"x,y"\n'


BROKEN = {
    "too few cells": ("a,b\n1,2\n3\n4,5\n", [(3, "1 cells instead of 2")]),
    "too many cells": ("a,b\n1,2\n3,4,5\n6,7\n", [(3, "3 cells instead of 2")]),
    "a quote never closed": ('a,b\n1,2\n3,"open\n4,5\n6,7\n', [(3, "a quote is opened and never closed")]),
    "a quote closed too soon": (
        'a,b\n1,2\n3,"x"y\n4,5\n',
        [(3, "text stands between a closing quote and the delimiter")],
    ),
    "a NUL": ("a,b\n1,2\n3,x\0y\n4,5\n", [(3, "holds a NUL character")]),
    "after a quoted line break": ('a,b\n1,"x\ny"\n3\n4,5\n', [(4, "1 cells instead of 2")]),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_row_is_rejected_with_its_line_and_the_rest_is_read(fault: str, tmp_path: Path) -> None:
    text, rejected = BROKEN[fault]
    table = _table(tmp_path, text.encode())
    assert [(r.line, r.why) for r in _rejected(table)] == rejected
    assert [_rows(table)[0][0], _rows(table)[-1][0]] == ["1", text.splitlines()[-1][0]]


def test_an_unclosed_quote_in_the_middle_of_a_large_file_costs_one_row(tmp_path: Path) -> None:
    rows = [f"{i},name {i},note" for i in range(50_000)]
    rows[20_000] = '20000,"never closed,note'
    table = _table(tmp_path, ("id,name,note\n" + "\n".join(rows) + "\n").encode())
    batches = list(table.batches(1000))
    assert sum(len(batch.rows) for batch in batches) == 49_999
    assert [r.line for batch in batches for r in batch.rejected] == [20_002]
    assert all(len(batch.rows) + len(batch.rejected) <= 1000 for batch in batches)


def test_a_line_without_end_is_rejected_and_not_held(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n" + b"x," * 3_000_000 + b"\n3,4\n"
    table = _table(tmp_path, content)
    assert _rows(table) == [("1", "2"), ("3", "4")]
    assert [r.line for r in _rejected(table)] == [3]


def test_a_quoted_line_break_stays_in_its_cell_and_lines_count_on(tmp_path: Path) -> None:
    table = _table(tmp_path, b'a,b\r\n1,"x\r\ny\nz"\r\n2,w\r\n')
    (batch,) = table.batches()
    assert batch.rows == [("1", "x\r\ny\nz"), ("2", "w")]
    assert list(batch.lines) == [2, 5]
    assert batch.raw == ['1,"x\r\ny\nz"\r\n', "2,w\r\n"]


def test_the_last_row_may_move_up_although_it_has_no_line_break(tmp_path: Path) -> None:
    table = _table(tmp_path, b"a,b\n1,2\n3,4")
    (batch,) = table.batches()
    assert batch.raw is not None
    with create_table(tmp_path / "out.csv", like=table) as writer:
        writer.write(Batch([*batch.rows[::-1], ("5", "6")], [3, 2, 0], [*batch.raw[::-1], None]))
    assert (tmp_path / "out.csv").read_bytes() == b"a,b\n3,4\n1,2\n5,6"


UNUSABLE = {
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "a repeated name": (b"id,name,id\n1,2,3\n", "columns 1 and 3 have the same name"),
    "a column without a name": (b"id,,name\n1,2,3\n", "column 2 of 3 has no name"),
    "no header, addresses": (b"1,bob@example.com\n2,eve@example.com\n", "looks like data"),
    "no header, numbers": (b"1,2,Bob\n3,4,Eve\n", "looks like data"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "no table"),
    "gzip": (b"\x1f\x8b\x08\x00abc", "gzip-compressed"),
    "half a character": ("a,b\n1,2\n".encode("utf-16")[:-1], "utf-16-le"),
}


@pytest.mark.parametrize("fault", UNUSABLE)
def test_what_is_no_table_is_refused_in_one_line_without_its_content(fault: str, tmp_path: Path) -> None:
    content, why = UNUSABLE[fault]
    with pytest.raises(UnusableInput, match=why) as caught:
        _table(tmp_path, content)
    assert "example.com" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_delimiter_can_be_given(tmp_path: Path) -> None:
    table = _table(tmp_path, b"a:b\n1:x\n", options="?delimiter=:")
    assert _rows(table) == [("1", "x")]
    with pytest.raises(UnusableInput, match="one character"):
        _table(tmp_path, b"a:b\n1:x\n", options="?delimiter=::")
    with pytest.raises(UnusableInput, match="not known"):
        _table(tmp_path, b"a:b\n1:x\n", options="?sheet=x")


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path) -> None:
    table = _table(tmp_path, b"\n\nid:name\n1:Anne\n\n2:Bob\n")
    (batch,) = table.batches()
    assert (table.columns, batch.rows, list(batch.lines)) == (
        ("id", "name"),
        [("1", "Anne"), ("2", "Bob")],
        [4, 6],
    )


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    table = _table(tmp_path, b"email\nbob@example.com\n\neve@example.com\n")
    (batch,) = table.batches()
    assert (table.columns, list(batch.lines)) == (("email",), [2, 4])


cells = st.text(alphabet=st.sampled_from("ab1 ,;|\t\"'\\\r\né=\u2028"), max_size=6)
dialects = st.sampled_from(
    [
        Dialect(","),
        Dialect(";"),
        Dialect("\t"),
        Dialect(",", escape="\\"),
        Dialect("|", quote="'"),
        Dialect(",", padded=True),
    ]
)


@settings(max_examples=tries(300), deadline=None)
@given(st.lists(st.tuples(cells, cells, cells), max_size=6), dialects)
def test_whatever_is_written_is_read_again(rows: list[tuple[str, str, str]], dialect: Dialect) -> None:
    quoting = learn([], dialect, 3)
    text = "".join(f"{written(row, dialect, quoting)}\n" for row in rows)
    found = list(records(re.findall("[^\r\n]*(?:\r\n|\r|\n)", text), dialect))
    assert [record.why for record in found] == [None] * len(rows)
    assert [tuple(record.cells) for record in found] == rows


@settings(max_examples=tries(200), deadline=None)
@given(st.text(alphabet='ab,"\n\\', max_size=60), dialects)
def test_every_line_is_in_exactly_one_record_whatever_the_text(text: str, dialect: Dialect) -> None:
    lines = text.splitlines(keepends=True)
    found = list(records(lines, dialect))
    assert "".join(record.text for record in found).replace("\n", "") == text.replace("\n", "")
    assert [record.line for record in found] == sorted({record.line for record in found})
    for record in found:
        assert "".join(lines[record.line - 1 :]).startswith(record.text)
