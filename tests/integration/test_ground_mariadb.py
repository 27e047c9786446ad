"""Planting in MariaDB: least rights, what is in the way, numbers that go on, connections that break."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from ground_contract import PLANTED_CUSTOMERS, PLANTED_ORDERS, one_clear_line
from grounds import SqlField, in_mariadb
from servers import mariadb_url  # noqa: F401 - fixture
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Removed
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.plugins.tables import open_ground
from trapstreet.plugins.tables._ground_mariadb import MariaDBEngine

pytestmark = [pytest.mark.server("mariadb"), pytest.mark.system]
WHOLE: list[list[Row]] = [list(PLANTED_CUSTOMERS), list(PLANTED_ORDERS)]


@pytest.fixture
def field(request: pytest.FixtureRequest) -> SqlField:
    return in_mariadb(request)


def _rows(field: SqlField, table: str) -> list[Any]:
    return sorted(field.do(f"SELECT * FROM {table}"), key=str)


def _refused(
    field: SqlField,
    kind: type[TrapstreetError],
    words: str,
    rows: list[list[Row]] = WHOLE,
    ground: Ground | None = None,
) -> TrapstreetError:
    """It is refused in one line, and nothing is planted."""
    before = [_rows(field, "customers"), _rows(field, "orders")]
    with pytest.raises(kind, match=words) as caught:
        (ground or field.open()).plant(rows)
    one_clear_line(caught.value)
    assert [_rows(field, "customers"), _rows(field, "orders")] == before
    return caught.value


def _life(url: str) -> None:
    ground = open_ground(url, key=["id"])
    assert [table.name.rpartition(".")[2] for table in ground.tables] == ["customers", "orders"]
    for number in (0, 1):
        assert list(ground.table(number).batches())
    assert list(ground.kin(1, [(20,)]))
    stored = ground.plant(WHOLE)
    assert ground.find(0, [(15,)]) == [stored[0][0]]
    assert ground.remove(stored) == Removed(rows=5, absent=0, edited=[])


def test_a_row_met_by_two_spellings_that_the_collation_takes_for_one_is_met_once(
    field: SqlField, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MariaDBEngine, "at_once", 1)
    address = _rows(field, "customers")[0][2]
    wanted = {(2,): [(address,), (address.upper(),)]}
    (batch,) = field.open().having(0, wanted)
    assert len(batch.rows) == 1


def test_the_grants_are_enough_and_none_is_too_many(field: SqlField) -> None:
    field.do(
        "CREATE TABLE visits (customer_id INTEGER, page TEXT,"
        " FOREIGN KEY (customer_id) REFERENCES customers (id))"
    )
    user = f"u{field.url('x').rpartition('/')[2].partition('?')[0]}"
    field.do(f"CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY 'x'")
    url = field.url("customers").replace("tester@", f"{user}:x@")
    with pytest.raises(AccessDenied):
        open_ground(url, key=["id"])
    grants = field.open().grants(f"{user}@127.0.0.1")
    for grant in grants:
        field.do(grant)
    _life(url)
    rights = [
        f"REVOKE {right} ON {rest}".replace(" TO ", " FROM ")
        for grant in grants
        for rights, rest in [re.fullmatch(r"GRANT (.+?) ON (.+)", grant).groups()]  # type: ignore[union-attr]
        for right in rights.split(", ")
        if "visits" not in rest  # with no right at all the table is invisible, and so is that it refers
    ]
    assert len(rights) == 3 + 3
    for right in rights:
        field.do(right)
        with pytest.raises(AccessDenied) as caught:
            _life(url)
        one_clear_line(caught.value)
        field.do("DELETE FROM orders WHERE id IN (151, 152, 331)")
        field.do("DELETE FROM customers WHERE id IN (15, 33)")
        for grant in grants:
            field.do(grant)
    _life(url)
    assert any("may not see whether triggers run" in remark for remark in open_ground(url, key=[]).remarks)


def _trigger(name: str, then: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE INSERT ON orders FOR EACH ROW BEGIN"
        f" IF NEW.total = 14 THEN {then}; END IF; END"
    )


OBSTACLES = {
    "check": ("ALTER TABLE orders ADD CONSTRAINT not_more CHECK (total < 14 OR id < 151)", "check.*not_more"),
    "signal": (_trigger("door", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"), "trigger.*door"),
    "trigger gives another key": (_trigger("teller", "SET NEW.id = 7777"), "under another key.*teller"),
    "too narrow": ("ALTER TABLE orders MODIFY what VARCHAR(8)", "what.*10 characters, 8 at most"),
    "too large": ("ALTER TABLE customers MODIFY id TINYINT", "does not fit"),
    "another type": ("ALTER TABLE customers MODIFY note INTEGER", "does not fit"),
    "a foreign key": (
        "ALTER TABLE orders ADD CONSTRAINT colour FOREIGN KEY (total) REFERENCES customers (id)",
        "foreign key.*colour",
    ),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_is_in_the_way_leaves_nothing_half_planted(field: SqlField, obstacle: str) -> None:
    statement, words = OBSTACLES[obstacle]
    rows = WHOLE
    if obstacle == "too large":
        field.do("ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1")
        rows = [[(1500, "Ann", "a@owned.example", "", "")]]
    if obstacle == "another type":
        field.do("UPDATE customers SET note = NULL")
    if obstacle == "a foreign key":
        field.do("UPDATE orders SET total = 10")
    field.do(statement)
    _refused(field, UnusableInput, words, rows)


def test_a_column_that_must_not_be_empty_is_named(field: SqlField) -> None:
    rows = [[*WHOLE[0], (44, None, "n@owned.example", "", "")], WHOLE[1]]
    _refused(field, UnusableInput, r"must not be NULL \(name", rows)


def test_a_value_that_somebody_took_meanwhile_is_a_change_of_the_table(field: SqlField) -> None:
    rows = [[*WHOLE[0], (44, "Cy", "joerg3@mail.example", "", "")], WHOLE[1]]
    _refused(field, UnusableInput, r"\(email.*run it again", rows)


def test_a_table_that_changes_under_it_is_noticed(field: SqlField) -> None:
    ground = field.open()
    field.do("ALTER TABLE orders CHANGE what which VARCHAR(60)")
    _refused(field, UnusableInput, "changed meanwhile", ground=ground)


def test_a_locked_row_is_waited_for_in_vain(field: SqlField, monkeypatch: pytest.MonkeyPatch) -> None:
    import pymysql

    from trapstreet.plugins.tables import _ground_mariadb as kind

    quick = tuple(each.replace("= 5", "= 1") for each in kind._BEGIN_CHANGES)
    monkeypatch.setattr(kind, "_BEGIN_CHANGES", quick)
    port = int(field.url("x").rpartition(":")[2].partition("/")[0])
    schema = field.url("x").rpartition("/")[2].partition("?")[0]
    with (
        pymysql.connect(host="127.0.0.1", port=port, user="tester", database=schema) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM orders FOR UPDATE")
        began = time.monotonic()
        _refused(field, Unreachable, "orders: locked by others")
        assert time.monotonic() - began < 5


def test_a_connection_that_breaks_half_way_leaves_nothing(field: SqlField) -> None:
    with _cut_off(field, b"INSERT INTO `" + _schema(field) + b"`.`orders`") as url:
        ground = open_ground(url, key=["id"])
        _refused(field, Unreachable, "connection was lost.*nothing was planted", ground=ground)


def test_a_connection_that_breaks_at_the_very_end_leaves_the_question_open(field: SqlField) -> None:
    with _cut_off(field, b"\x03COMMIT") as url:
        ground = open_ground(url, key=["id"])
        error = _refused(field, Unreachable, "it is not known whether", ground=ground)
    assert "decoy reconcile" in error.hint


def _schema(field: SqlField) -> bytes:
    return field.url("x").rpartition("/")[2].partition("?")[0].encode()


@contextmanager
def _cut_off(field: SqlField, words: bytes) -> Iterator[str]:
    """The URL of a way to the server that breaks, before they get there, when these words are sent."""
    port = field.url("x").rpartition(":")[2].partition("/")[0]
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and words not in data:
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", int(port)))
                opened.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threads.append(threading.Thread(target=pump, args=pair))
                    threads[-1].start()

    opened: list[socket.socket] = [listener]
    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield field.url("customers").replace(f":{port}/", f":{listener.getsockname()[1]}/")
    finally:
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in threads:
            thread.join()


def test_rows_are_returned_as_triggers_and_types_made_them(field: SqlField) -> None:
    field.do("ALTER TABLE customers MODIFY city CHAR(8), ADD low VARCHAR(60) AS (lower(name)) STORED")
    field.do("CREATE TRIGGER tidy BEFORE INSERT ON customers FOR EACH ROW SET NEW.email = upper(NEW.email)")
    ground = field.open()
    assert any("tidy" in remark for remark in ground.remarks)
    assert ground.tables[0].given == (True,) * 5 + (False,)
    stored = ground.plant([[(33, "Bo", "bo@owned.example", "Cork  ", "x", None)], WHOLE[1][2:]])
    assert stored[0] == [(33, "Bo", "BO@OWNED.EXAMPLE", "Cork", "x", "bo")]
    assert ground.remove(stored).rows == 2


def test_real_numbers_go_on_behind_planted_ones(field: SqlField) -> None:
    field.do("ALTER TABLE orders MODIFY id INTEGER AUTO_INCREMENT")
    ground = field.open()
    stored = ground.plant([WHOLE[0], [*WHOLE[1], (0, 15, "zero", 1), (703, 33, "b", 1)]])
    field.do("INSERT INTO orders (customer_id, what) VALUES (10, 'real')")
    assert field.do("SELECT id FROM orders WHERE what = 'real'") == [(704,)]
    assert ground.remove(stored).rows == 7


def test_every_type_is_planted_as_it_is_stored(field: SqlField) -> None:
    columns = (
        "a TINYINT, b BIGINT UNSIGNED, c FLOAT, d DOUBLE, e DECIMAL(10,2), f BIT(9), g CHAR(3), h BOOLEAN,"
        " i DATE, j TIME(6), k DATETIME(3), l TIMESTAMP NULL, m YEAR, n BINARY(4), o BLOB, p JSON,"
        " q ENUM('fine','so so'), r SET('x','y'), s TEXT, t TIME, u UUID, v INET6"
    )
    field.do(f"CREATE TABLE `Odd `` %s` (`the %s key` VARCHAR(20) PRIMARY KEY, {columns})")
    field.do(
        "INSERT INTO `Odd `` %%s` VALUES ('real', -1, 18446744073709551615, 0.1, 1e300, 1.10, b'100000001',"
        " 'ab', true, '2020-02-29', '-123:45:06.5', '2020-01-02 03:04:05.678', '2020-01-02 03:04:05', 1999,"
        " x'00ff2700', x'5c00', '{\"b\": [1.10]}', 'so so', 'x,y', %s, '26:00:01', uuid(), '::1')",
        "back\\slash 'q' \"dq\" ü % \0 \n\x1a",
    )
    field.do("INSERT INTO `Odd `` %s` (`the %s key`) VALUES ('empty')")
    ground = field.ground("Odd ` %s")
    real = [row for batch in ground.table(0).batches() for row in batch.rows]
    new: list[Row] = [(f"new {row[0]}", *row[1:]) for row in real]
    assert ground.plant([new]) == [new]
    field.run(ground.removal_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == [None, None]
    field.run(ground.change_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == new
    assert ground.remove([new]).rows == 2


def test_foreign_keys_are_followed_to_the_end(field: SqlField) -> None:
    field.do("ALTER TABLE orders ADD UNIQUE (customer_id, id)")
    field.do(
        "CREATE TABLE a_tickets (no VARCHAR(9) PRIMARY KEY, customer_id INTEGER NOT NULL, order_id INTEGER,"
        " FOREIGN KEY (customer_id, order_id) REFERENCES orders (customer_id, id),"
        " FOREIGN KEY (customer_id) REFERENCES customers (id))"
    )
    field.do("ALTER TABLE customers ADD friend INTEGER, ADD FOREIGN KEY (friend) REFERENCES customers (id)")
    ground = field.open()
    assert [table.name.rpartition(".")[2] for table in ground.tables] == ["customers", "orders", "a_tickets"]
    tickets = ground.tables[2]
    assert (tickets.parent, tickets.refers, tickets.referred) == (0, (1,), (0,))
    assert [(each.parent, each.refers, each.referred) for each in tickets.also] == [(1, (1, 2), (1, 0))]
    assert any("friend" in remark for remark in ground.remarks)
    rows: list[list[Row]] = [
        [(*row, 10) for row in WHOLE[0]],
        WHOLE[1],
        [("T-1", 15, 152), ("T-2", 33, None)],
    ]
    stored = ground.plant(rows)
    assert stored == rows
    assert [b.rows for b in ground.kin(2, [(33,)])] == [[("T-2", 33, None)]]
    field.run(ground.removal_script(stored))
    assert ground.remove(ground.plant(rows)) == Removed(rows=7, absent=0, edited=[])


def test_rows_of_others_are_not_taken_along_when_rows_go(field: SqlField) -> None:
    field.do(
        "CREATE TABLE visits (customer_id INTEGER, page TEXT,"
        " FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE)"
    )
    ground = field.open()
    stored = ground.plant(WHOLE)
    field.do("INSERT INTO visits VALUES (33, '/')")
    with pytest.raises(UnusableInput, match="visits: other rows refer"):
        ground.remove(stored)
    field.run(ground.removal_script(stored))
    assert field.do("SELECT id FROM customers WHERE id IN (15, 33)") == [(33,)]


def test_a_script_that_fails_leaves_nothing(field: SqlField) -> None:
    before = [_rows(field, "customers"), _rows(field, "orders")]
    script = field.open().change_script([WHOLE[0], [*WHOLE[1], (332, 999, "nobody's", 1)]])
    with pytest.raises(AssertionError, match="foreign key"):
        field.run(script)
    assert [_rows(field, "customers"), _rows(field, "orders")] == before


def test_what_cannot_be_planted_in_is_refused(field: SqlField) -> None:
    field.do("CREATE VIEW all_customers AS SELECT * FROM customers")
    field.do("CREATE TABLE old (id INTEGER PRIMARY KEY) ENGINE = MyISAM")
    for table, words in (
        ("all_customers", "view"),
        ("nothing_there", "no such table"),
        ("old", "knows no transactions"),
    ):
        with pytest.raises(UnusableInput, match=words):
            field.ground(table)


def test_a_failing_row_in_the_middle_of_many_leaves_nothing(field: SqlField) -> None:
    many: list[Row] = [(n, f"N {n}", f"n{n}@owned.example", "", "") for n in range(1000, 6000)]
    many[2500] = (*many[2500][:2], "joerg1@mail.example", "", "")
    _refused(field, UnusableInput, r"\(email", [many, []])


def test_ten_thousand_personas_are_planted_and_removed_in_seconds(field: SqlField) -> None:
    people: list[Row] = [(n, f"N {n}", f"n{n}@owned.example", "", "") for n in range(1000, 11_000)]
    orders: list[Row] = [(n + 20_000, n % 10_000 + 1000, "tea", 1) for n in range(20_000)]
    ground = field.open()
    began = time.monotonic()
    stored = ground.plant([people, orders])
    assert ground.remove(stored).rows == 30_000
    assert time.monotonic() - began < 30
