"""Planting in SQLite files: what is in the way, which tables, what the file holds afterwards."""

import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deliveries import changing_sqlite
from ground_contract import PLANTED_CUSTOMERS, PLANTED_ORDERS, one_clear_line
from grounds import SqlField, in_sqlite
from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Link, Removed
from trapstreet.core.model.table import Row
from trapstreet.plugins.tables import open_ground

WHOLE: list[list[Row]] = [list(PLANTED_CUSTOMERS), list(PLANTED_ORDERS)]


@pytest.fixture
def field(request: pytest.FixtureRequest) -> SqlField:
    return in_sqlite(request)


def _rows(field: SqlField) -> list[Any]:
    return [field.do(f"SELECT * FROM {table} ORDER BY id") for table in ("customers", "orders")]


def _refused(
    field: SqlField, kind: type[TrapstreetError], words: str, rows: list[list[Row]] = WHOLE
) -> TrapstreetError:
    """It is refused in one line, and nothing is planted."""
    before = _rows(field)
    with pytest.raises(kind, match=words) as caught:
        field.open().plant(rows)
    one_clear_line(caught.value)
    assert _rows(field) == before
    return caught.value


def _trigger(body: str) -> str:
    return f"CREATE TRIGGER door BEFORE INSERT ON orders WHEN NEW.total = 14 BEGIN {body}; END"


OBSTACLES = {
    "check": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CONSTRAINT small CHECK (n < 5))",
        [[(1, 2), (2, 9), (3, 1)]],
        "check refused.*small",
    ),
    "not null": ("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL)", [[(1, None)]], r"NULL \(t\.n"),
    "unique": ("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT UNIQUE)", [[(1, "a"), (2, "a")]], r"t\.n"),
    "strict": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) STRICT",
        [[(1, "secret")]],
        "does not fit",
    ),
    "another key": ("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)", [[(None, 1)]], "under another key"),
    "too large": ("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)", [[(1, 2**70)]], "64 bits"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_is_in_the_way_leaves_nothing_half_planted(field: SqlField, obstacle: str) -> None:
    statement, rows, words = OBSTACLES[obstacle]
    field.do(statement)
    with pytest.raises(UnusableInput, match=words) as caught:
        field.ground("t").plant(rows)
    one_clear_line(caught.value)
    assert "nothing was planted" in str(caught.value)
    assert field.do("SELECT * FROM t") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("SELECT RAISE(ABORT, 'no')", "a trigger refused a row.*door"),
        ("SELECT RAISE(IGNORE)", "not stored.*door"),
        ("INSERT INTO nowhere VALUES (1)", "refused"),
    ],
)
def test_a_trigger_in_the_way_is_named_and_leaves_nothing(field: SqlField, body: str, words: str) -> None:
    field.do(_trigger(body))
    assert any("door" in remark for remark in field.open().remarks)
    _refused(field, UnusableInput, words)


def test_a_reference_to_nobody_is_refused(field: SqlField) -> None:
    _refused(field, UnusableInput, "foreign key", [WHOLE[0], [(151, 999, "tea", 1)]])


def test_a_file_in_use_is_waited_for_in_vain(field: SqlField, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.tables.sqlite._PATIENCE", 0.2)
    ground = field.open()
    with changing_sqlite(_path(field)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match=r"locked by others.*nothing was planted") as caught:
            ground.plant(WHOLE)
    one_clear_line(caught.value)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_may_not_be_written_to_is_said(field: SqlField, what: str) -> None:
    path = _path(field)
    powerless = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root needs setpriv (util-linux) to be refused anything")
        powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    (path if what == "file" else path.parent).chmod(0o500)
    command = [*powerless, sys.executable, "-c", _PLANT, field.url("customers"), repr(WHOLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    path.parent.chmod(0o700)
    assert done.stdout.startswith("AccessDenied customers: may not be written to"), done.stderr
    assert field.do("SELECT count(*) FROM customers") == [(5,)]


_PLANT = """
import ast, sys
from trapstreet.plugins.tables import open_ground
try:
    open_ground(sys.argv[1], key=["id"]).plant(ast.literal_eval(sys.argv[2]))
except Exception as error:
    print(type(error).__name__, error)
"""


def _path(field: SqlField) -> Path:
    return Path(field.url("x").removeprefix("sqlite:///").partition("?")[0])


def test_a_table_that_changes_under_it_is_noticed(field: SqlField) -> None:
    ground = field.open()
    field.do("ALTER TABLE orders RENAME COLUMN what TO which")
    with pytest.raises(UnusableInput, match="nothing was planted"):
        ground.plant(WHOLE)
    assert field.open().find(0, [(15,)]) == [None]


def test_real_numbers_go_on_behind_planted_ones(field: SqlField) -> None:
    field.do("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT)")
    field.do("INSERT INTO t VALUES (7, 'real')")
    ground = field.ground("t")
    ground.remove(ground.plant([[(9, "planted")]]))
    field.do("INSERT INTO t (n) VALUES ('real')")
    assert field.do("SELECT id FROM t") == [(7,), (10,)]


def test_every_type_is_planted_as_it_is_stored(field: SqlField) -> None:
    field.do(
        'CREATE TABLE "odd "" ? table" ("the key" TEXT PRIMARY KEY, a INTEGER, b REAL, c TEXT, d BLOB, e,'
        " low AS (lower(c)))"
    )
    values = (-(2**63), math.inf, "'q' \"dq\" \\ \0 \n ü 名", b"\x00'\xff", "NULL")
    field.do('INSERT INTO "odd "" ? table" VALUES (\'real\', ?, ?, ?, ?, ?)', *values)
    field.do('INSERT INTO "odd "" ? table" ("the key", b, e) VALUES (\'other\', 0.1, -1e-300)')
    ground = field.ground('odd " ? table')
    assert ground.tables[0].given == (True,) * 6 + (False,)
    assert any("behind all others" in remark for remark in ground.remarks)
    assert not any("behind all others" in remark for remark in field.open().remarks)
    real = [row for batch in ground.table(0).batches() for row in batch.rows]
    new: list[Row] = [(f"new {row[0]}", *row[1:]) for row in real]
    assert ground.plant([new]) == [new]
    field.run(ground.removal_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == [None, None]
    field.run(ground.change_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == new
    assert ground.remove([new]).rows == 2


def test_foreign_keys_are_followed_however_they_are_written(field: SqlField) -> None:
    field.do(
        "CREATE TABLE a_contacts (customer INTEGER REFERENCES CUSTOMERS, at TEXT, what TEXT,"
        " PRIMARY KEY (customer, at)) WITHOUT ROWID"
    )
    field.do(
        "CREATE TABLE calls (no INTEGER PRIMARY KEY, c INTEGER, t TEXT,"
        " FOREIGN KEY (c, T) REFERENCES a_contacts)"
    )
    field.do(
        "CREATE TABLE visits (customer_id INTEGER REFERENCES customers (ID) ON DELETE CASCADE, page TEXT)"
    )
    ground = field.open()
    assert [table.name for table in ground.tables] == ["customers", "a_contacts", "orders", "calls"]
    contacts, calls = ground.tables[1], ground.tables[3]
    assert (contacts.key, contacts.refers, contacts.referred) == ((0, 1), (0,), (0,))
    assert (calls.parent, calls.refers, calls.referred) == (1, (1, 2), (0, 1))
    assert any("visits has no key" in remark for remark in ground.remarks)
    rows: list[list[Row]] = [WHOLE[0], [(15, "monday", "x")], WHOLE[1], [(1, 15, "monday"), (2, None, None)]]
    stored = ground.plant(rows)
    assert [batch.rows for batch in ground.kin(3, [(15, "monday"), (15, "tuesday")])] == [[(1, 15, "monday")]]
    field.do("INSERT INTO visits VALUES (33, '/')")
    with pytest.raises(UnusableInput, match=r"visits: other rows refer.*nothing was removed"):
        ground.remove(stored)
    field.run(ground.removal_script(stored))
    assert field.do("SELECT id FROM customers WHERE id IN (15, 33)") == [(33,)]
    field.do("DELETE FROM visits")
    assert ground.remove(stored) == Removed(rows=1, absent=7, edited=[])


def test_a_circle_of_references_is_not_followed_twice(field: SqlField) -> None:
    field.do("CREATE TABLE contacts (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers)")
    field.do("ALTER TABLE customers ADD COLUMN first_contact INTEGER REFERENCES contacts")
    field.do("ALTER TABLE customers ADD COLUMN friend INTEGER REFERENCES customers")
    ground = field.open()
    assert [table.name for table in ground.tables] == ["customers", "contacts", "orders"]
    assert [table.parent for table in ground.tables] == [None, 0, 0]
    assert sum("in a circle" in remark for remark in ground.remarks) == 2
    stored = ground.plant([[(*row, None, 10) for row in WHOLE[0]], [(1, 15)], WHOLE[1]])
    field.do("UPDATE customers SET first_contact = 1, friend = 33 WHERE id = 15")
    field.do("UPDATE customers SET first_contact = NULL WHERE id = 15")
    assert ground.remove(stored).rows == 6


def test_a_table_without_a_key_goes_by_the_registered_one(field: SqlField) -> None:
    field.do("CREATE TABLE leads (ref TEXT, name TEXT)")
    field.do("INSERT INTO leads VALUES ('a', 'x'), ('b', 'y'), ('b', 'z')")
    ground = field.ground("leads", key=("ref",))
    stored = ground.plant([[("c", "n")]])
    assert ground.find(0, [("c",), ("z",)]) == [("c", "n"), None]
    with pytest.raises(UnusableInput, match="its key"):
        ground.plant([[("a", "n")]])
    with pytest.raises(UnusableInput, match="several rows have one key"):
        ground.find(0, [("b",)])
    assert ground.remove(stored).rows == 1
    field.do("INSERT INTO leads VALUES ('a', 'x')")
    (there,) = ground.having(0, {(0,): [("a",)], (1,): [("x",), ("z",)]})
    assert sorted(there.rows) == [("a", "x"), ("a", "x"), ("b", "z")], "rows that are equal are several"
    with pytest.raises(UnusableInput, match="has no key"):
        field.ground("leads", key=("nothing",))


def test_what_cannot_be_planted_in_is_refused(field: SqlField) -> None:
    field.do("CREATE VIEW all_customers AS SELECT * FROM customers")
    field.do("CREATE VIRTUAL TABLE words USING fts5(text)")
    for table in ("all_customers", "words"):
        with pytest.raises(UnusableInput, match="view or another thing"):
            field.ground(table)
    with pytest.raises(UnusableInput, match="no such table"):
        field.ground("nothing_there")
    with pytest.raises(UnusableInput, match="planted in a table"):
        open_ground(field.url("x").replace("table=x", "query=SELECT 1"), key=[])
    with pytest.raises(UnusableInput, match="only files are linked"):
        open_ground(field.url("customers"), key=[], links=[Link("orders.csv", "customer")])


def test_who_may_plant_is_said_where_there_are_no_grants(field: SqlField) -> None:
    ground = field.open()
    assert ground.grants("somebody") == []
    assert any("who may write" in remark for remark in ground.remarks)


def test_a_script_that_fails_leaves_nothing(field: SqlField) -> None:
    before = _rows(field)
    script = field.open().change_script([WHOLE[0], [*WHOLE[1], (332, 999, "nobody's", 1)]])
    with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key"):
        field.run(script)
    assert _rows(field) == before


def test_ten_thousand_personas_are_planted_and_removed_in_seconds(field: SqlField) -> None:
    field.do("CREATE INDEX theirs ON orders (customer_id)")
    people: list[Row] = [(n, f"N {n}", f"n{n}@owned.example", "", "") for n in range(1000, 11_000)]
    orders: list[Row] = [(n + 20_000, n % 10_000 + 1000, "tea", 1) for n in range(20_000)]
    ground = field.open()
    began = time.monotonic()
    stored = ground.plant([people, orders])
    assert ground.remove(stored).rows == 30_000
    assert time.monotonic() - began < 30
