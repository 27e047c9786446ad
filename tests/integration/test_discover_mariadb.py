"""What a MariaDB server holds about people: found by samples, with no more than SELECT."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pymysql
import pytest

from desk import Desk
from discovering import found, kinds_of, line_to, person, thing
from servers import mariadb_url
from trapstreet.core.model.inventories import Listed, Whole
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.inventories import Pace, _mariadb_session, mariadb

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

PEOPLE = 400


class Shop:
    """A database of its own with customers and articles."""

    def __init__(self, url: str) -> None:
        self.port = urlsplit(url).port or 3306
        self.database = f"shop_{uuid4().hex[:8]}"
        self.url = f"mariadb://tester@127.0.0.1:{self.port}/{self.database}"
        self.connection = pymysql.connect(host="127.0.0.1", port=self.port, user="tester", autocommit=True)
        self.do(f"CREATE DATABASE {self.database}")
        self.do(f"USE {self.database}")
        self.do("CREATE TABLE customers (id int PRIMARY KEY, full_name text, email text, phone text)")
        self.do("CREATE TABLE articles (sku text, colour text, amount int)")
        with self.connection.cursor() as cursor:
            people = [(n, *person(n)) for n in range(PEOPLE)]
            cursor.executemany("INSERT INTO customers VALUES (%s, %s, %s, %s)", people)
            cursor.executemany("INSERT INTO articles VALUES (%s, %s, %s)", [*map(thing, range(300))])

    def do(self, statement: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def as_login(self, name: str) -> str:
        return f"mariadb://{name}@127.0.0.1:{self.port}/{self.database}"


@pytest.fixture
def shop(mariadb_url: str) -> Iterator[Shop]:
    made = Shop(mariadb_url)
    try:
        yield made
    finally:
        made.do(f"DROP DATABASE {made.database}")
        made.connection.close()


def test_tables_about_people_are_found(desk: Desk, shop: Shop) -> None:
    place, unknown = found(desk, shop.url)
    assert unknown == []
    version = shop.do("SELECT VERSION()")[0][0].partition("-")[0]
    assert place["edition"] == f"MariaDB {version}"
    customers = place["by_name"][f"{shop.database}.customers"]
    assert (customers["records"], customers["people"]) == (PEOPLE, PEOPLE)
    assert kinds_of(customers)["email"] == "email"
    assert kinds_of(place["by_name"][f"{shop.database}.articles"]) == {}


def test_an_option_of_a_url_that_means_nothing_is_refused(desk: Desk, shop: Shop) -> None:
    assert "foo is no option" in desk.refused(2, "discover", f"{shop.url}?foo=bar")


def test_the_rows_of_a_large_table_come_from_all_over_it(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mariadb, "_SMALL_ROWS", 50)
    shop.do("ANALYZE TABLE customers")
    with closing(mariadb.inventory(shop.url, Pace(10_000))) as inventory:
        (listed,) = [
            each for each in inventory.walk() if isinstance(each, Listed) and each.path[1] == "customers"
        ]
        (shown,) = inventory.look(listed)
    assert not isinstance(shown, Unread)
    numbers = [int(each) for each in shown.columns[0].values]
    assert min(numbers) < PEOPLE / 4
    assert max(numbers) > PEOPLE / 2


def test_a_login_with_the_grants_that_are_printed_sees_all_and_may_change_nothing(
    desk: Desk, shop: Shop
) -> None:
    assert desk.run("discover", "--grants", shop.url) == 0
    made = [each for each in desk.out.splitlines() if each.startswith(("CREATE", "GRANT"))]
    assert len(made) == 2
    for each in made:
        shop.do(each.replace(" IDENTIFIED BY '…'", "").rstrip(";"))
    try:
        url = shop.as_login("trapstreet_discover")
        place, unknown = found(desk, url)
        assert unknown == []
        assert place["by_name"][f"{shop.database}.customers"]["people"] == PEOPLE
        login = pymysql.connect(host="127.0.0.1", port=shop.port, user="trapstreet_discover")
        with closing(login), login.cursor() as cursor, pytest.raises(pymysql.MySQLError):
            cursor.execute(f"DELETE FROM {shop.database}.customers")
    finally:
        shop.do("DROP USER trapstreet_discover@'%'")


def test_columns_that_may_not_be_read_are_said(desk: Desk, shop: Shop) -> None:
    name = f"half{shop.database[-6:]}"
    shop.do(f"CREATE USER {name}@'%'")
    try:
        shop.do(f"GRANT SELECT (id, full_name), INSERT (email) ON {shop.database}.customers TO {name}@'%'")
        place, unknown = found(desk, shop.as_login(name), status=6)
    finally:
        shop.do(f"DROP USER {name}@'%'")
    assert unknown == [f"{shop.database}.customers: SELECT is not granted on email"]
    assert "full_name" in kinds_of(place["by_name"][f"{shop.database}.customers"])


def test_what_did_not_change_is_not_looked_at_again(desk: Desk, shop: Shop) -> None:
    found(desk, shop.url)
    shop.do(f"CREATE TABLE {shop.database}.kept (email varchar(80)) ENGINE = Aria")
    shop.do(f"INSERT INTO {shop.database}.kept VALUES ('a@mail.example')")
    shop.do(f"FLUSH TABLES {shop.database}.kept")
    shop.do("SELECT SLEEP(2.1)")  # its time of change is by the second
    place, _ = found(desk, shop.url)
    assert place["looked"] >= 1
    again, _ = found(desk, shop.url)
    assert again["looked"] == 0
    assert again["unchanged"] == 3


def test_a_table_that_vanishes_while_others_are_looked_at_is_said(shop: Shop) -> None:
    with closing(mariadb.inventory(shop.url, Pace(10_000))) as inventory:
        met = [each for each in inventory.walk() if isinstance(each, Listed)]
        shop.do("DROP TABLE customers")
        seen = [shown for each in met for shown in inventory.look(each)]
    unread = [each for each in seen if isinstance(each, Unread)]
    assert unread == [Unread(f"{shop.database}.customers", "vanished before it was looked at")]
    assert len(seen) == 2


def test_names_with_quotes_and_percent_signs_are_looked_at(desk: Desk, shop: Shop) -> None:
    shop.do("CREATE TABLE `od.d ``x%s\ny` (`e``mail%s` text, email text)")
    shop.do("INSERT INTO `od.d ``x%s\ny` VALUES ('x', 'a@mail.example'), ('y', 'b@mail.example')")
    place, unknown = found(desk, shop.url)
    assert unknown == []
    assert kinds_of(place["by_name"][f"{shop.database}.od.d `x%s\ny"])["email"] == "email"


def test_the_session_can_change_nothing_whatever_the_login_may(shop: Shop) -> None:
    session = _mariadb_session.Session(shop.url, label="it", pace=Pace(1_000))
    with closing(session), pytest.raises(pymysql.MySQLError, match="1792"):
        session.rows(f"DELETE FROM {shop.database}.customers")
    assert shop.do("SELECT count(*) FROM customers") == ((PEOPLE,),)


def test_a_table_that_takes_too_long_is_said_and_the_others_are_looked_at(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mariadb_session, "STATEMENT_SECONDS", 1)
    shop.do("CREATE TABLE slow (a text, b text GENERATED ALWAYS AS (md5(repeat(a, 5000000))) VIRTUAL)")
    shop.do("INSERT INTO slow (a) SELECT 'x' FROM customers")
    place, unknown = found(desk, shop.url, status=6)
    assert unknown == [f"{shop.database}.slow: took too long"]
    assert place["by_name"][f"{shop.database}.customers"]["people"] == PEOPLE


def test_a_server_that_falls_silent_is_left_and_what_was_found_stays(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mariadb_session, "_SILENT_SECONDS", 1)
    with line_to(shop.port) as line:
        usual = _mariadb_session.Session.rows

        def rows(self: Any, *statement: Any) -> Any:
            if "`customers`" in statement[0]:
                line.silent.set()
            return usual(self, *statement)

        monkeypatch.setattr(_mariadb_session.Session, "rows", rows)
        url = f"mariadb://tester@127.0.0.1:{line.port}/{shop.database}"
        place, unknown = found(desk, url, status=6)
    assert len(unknown) == 1
    assert "did not answer in time; the rest was not looked at" in unknown[0]
    assert [each["path"][1] for each in place["holdings"]] == ["articles"]


def test_a_database_that_is_not_there_is_said(desk: Desk, shop: Shop) -> None:
    said = desk.refused(2, "discover", shop.url + "_not")
    assert f"{shop.database}_not: there is no such database" in said


def test_every_database_that_the_login_sees_is_walked(shop: Shop) -> None:
    with closing(mariadb.inventory(f"mariadb://tester@127.0.0.1:{shop.port}", Pace(10_000))) as inventory:
        met = [*inventory.walk()]
    assert (shop.database, "customers") in {each.path for each in met if isinstance(each, Listed)}
    (last,) = [each for each in met if isinstance(each, Whole) and not each.within]
    assert shop.database in last.unread
    assert "mysql" not in last.unread
