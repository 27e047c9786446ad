"""What a PostgreSQL server holds about people: found by samples, gently, again only where it changed."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from access_worlds import World, world
from desk import Desk
from discovering import found, kinds_of, line_to, person, thing
from servers import postgres_15_url, postgres_url
from trapstreet.core.model.inventories import Listed, Whole
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.inventories import Pace, _postgresql_session, postgresql

__all__ = ["postgres_15_url", "postgres_url"]

PEOPLE, ORDERS, THINGS = 400, 900, 300


@contextmanager
def shop_at(server: str) -> Iterator[World]:
    """Customers, their orders, and articles that are about nobody."""
    with world(server) as made:
        made.do("CREATE SCHEMA crm")
        made.do("CREATE TABLE crm.customers (id int PRIMARY KEY, full_name text, email text, phone text)")
        made.do("CREATE TABLE crm.orders (id int PRIMARY KEY, article text, customer_email text)")
        made.do("CREATE TABLE crm.articles (sku text, colour text, amount int)")
        cursor = made.connection.cursor()
        people = [(n, *person(n)) for n in range(PEOPLE)]
        cursor.executemany("INSERT INTO crm.customers VALUES (%s, %s, %s, %s)", people)
        orders = [(n, thing(n)[0], person(n % 150)[1]) for n in range(ORDERS)]
        cursor.executemany("INSERT INTO crm.orders VALUES (%s, %s, %s)", orders)
        cursor.executemany("INSERT INTO crm.articles VALUES (%s, %s, %s)", map(thing, range(THINGS)))
        made.connection.execute(b"ANALYZE")
        made.do("SELECT pg_stat_force_next_flush()")  # else the server counts what was done some time later
        yield made


@pytest.fixture
def shop(postgres_url: str) -> Iterator[World]:
    with shop_at(postgres_url) as made:
        yield made


@contextmanager
def login(made: World, statements: list[str], *, name: str) -> Iterator[str]:
    """The URL of a role that was made by some statements, as psql would run them."""
    try:
        database = made.database
        for each in statements:
            if each.startswith("\\connect "):
                database = each.removeprefix("\\connect ").strip('"')
            elif each and not each.startswith("--"):
                with psycopg.connect(on(made.url, database), autocommit=True) as connection:
                    connection.execute(each.encode())
        parts = urlsplit(made.url)
        yield urlunsplit(parts._replace(netloc=f"{name}@{parts.netloc.rpartition('@')[2]}"))
    finally:
        for database in {made.database, "postgres"}:
            with suppress(psycopg.Error), psycopg.connect(on(made.url, database)) as connection:
                connection.execute(f"DROP OWNED BY {name}".encode())
        with psycopg.connect(made.url, autocommit=True) as connection:
            connection.execute(f"DROP ROLE {name}".encode())


def on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def blocks_read(made: World) -> dict[str, int]:
    """Blocks of each table that anybody has asked for so far."""
    with psycopg.connect(made.url) as connection:
        rows = connection.execute(
            b"SELECT relname, pg_stat_get_blocks_fetched(relid) FROM pg_stat_user_tables ORDER BY 1"
        ).fetchall()
    return dict(rows)


def named(made: World, table: str) -> str:
    return f"{made.database}.crm.{table}"


def test_tables_about_people_are_found_with_their_kinds_and_how_many_people(desk: Desk, shop: World) -> None:
    place, unknown = found(desk, shop.url)
    assert unknown == []
    customers, orders = (place["by_name"][named(shop, each)] for each in ("customers", "orders"))
    kinds = kinds_of(customers)
    assert (kinds["email"], kinds["phone"]) == ("email", "phone")
    assert "full_name" in kinds
    assert (customers["records"], customers["people"]) == (PEOPLE, PEOPLE)
    assert (orders["records"], orders["people"]) == (ORDERS, 150)
    assert kinds_of(orders) == {"customer_email": "email"}
    (email,) = [each for each in customers["columns"] if each["name"] == "email"]
    assert (email["fitting"], email["sampled"]) == (PEOPLE, PEOPLE)
    assert email["interval"][0] > 0.99
    assert customers["weight"] > 0
    articles = place["by_name"][named(shop, "articles")]
    assert (articles["sensitivity"], articles["people"]) == ("", 0)


@pytest.mark.system
def test_an_older_server_is_looked_at_alike(desk: Desk, postgres_15_url: str) -> None:
    with shop_at(postgres_15_url) as shop:
        place, unknown = found(desk, shop.url)
        assert (unknown, place["edition"].partition(".")[0]) == ([], "PostgreSQL 15")
        assert place["by_name"][named(shop, "orders")]["people"] == 150
        assert found(desk, shop.url)[0]["unchanged"] == 3


def test_the_lines_name_the_table_the_people_and_the_share_that_fits(desk: Desk, shop: World) -> None:
    said = desk.do("discover", shop.url)
    (line,) = [each for each in said.splitlines() if each.startswith(named(shop, "customers"))]
    assert f"{PEOPLE}" in line.split()
    assert "email 99 to 100 %" in line
    assert named(shop, "articles") not in said
    assert named(shop, "articles") in desk.do("discover", shop.url, "--all")


def test_what_did_not_change_is_not_read_again(desk: Desk, shop: World) -> None:
    place, _ = found(desk, shop.url)
    assert (place["looked"], place["unchanged"]) == (3, 0)
    before = blocks_read(shop)
    again, _ = found(desk, shop.url)
    assert (again["looked"], again["unchanged"]) == (0, 3)
    assert again["holdings"] == place["holdings"]
    assert blocks_read(shop) == before


def test_what_changed_alone_is_read_again(desk: Desk, shop: World) -> None:
    found(desk, shop.url)
    shop.do("UPDATE crm.articles SET colour = (SELECT email FROM crm.customers WHERE id = amount)")
    shop.do("SELECT pg_stat_force_next_flush()")
    before = blocks_read(shop)
    place, _ = found(desk, shop.url)
    assert (place["looked"], place["unchanged"]) == (1, 2)
    assert kinds_of(place["by_name"][named(shop, "articles")]) == {"colour": "email"}
    after = blocks_read(shop)
    assert {each for each in before if before[each] != after[each]} == {"articles"}


def test_a_table_whose_column_is_called_otherwise_is_looked_at_again(desk: Desk, shop: World) -> None:
    found(desk, shop.url)
    shop.do("ALTER TABLE crm.customers RENAME COLUMN email TO diagnosis")
    place, _ = found(desk, shop.url)
    assert (place["looked"], place["unchanged"]) == (1, 2)
    assert "diagnosis" in {each["name"] for each in place["by_name"][named(shop, "customers")]["columns"]}


def test_what_vanished_is_forgotten_after_a_whole_walk(desk: Desk, shop: World) -> None:
    found(desk, shop.url)
    shop.do("DROP TABLE crm.orders")
    place, unknown = found(desk, shop.url)
    assert (unknown, place["gone"]) == ([], 1)
    assert named(shop, "orders") not in place["by_name"]


def test_of_a_large_table_a_part_is_read(desk: Desk, shop: World) -> None:
    shop.do("CREATE TABLE crm.large (id int, email text, pad text)")
    shop.do(
        "INSERT INTO crm.large SELECT n, 'u' || n || '@mail.example', repeat('x', 900)"
        " FROM generate_series(1, 12000) n"
    )
    shop.do("ANALYZE crm.large")
    shop.do("SELECT pg_stat_force_next_flush()")
    ((pages,),) = shop.connection.execute(b"SELECT relpages FROM pg_class WHERE relname = 'large'").fetchall()
    before = blocks_read(shop)["large"]
    place, _ = found(desk, shop.url)
    read = blocks_read(shop)["large"] - before
    large = place["by_name"][named(shop, "large")]
    assert kinds_of(large) == {"email": "email"}
    assert large["people"] == pytest.approx(12_000, rel=0.1)
    assert 0 < read < pages / 3


def test_a_login_with_the_grants_that_are_printed_sees_all_and_may_change_nothing(
    desk: Desk, shop: World
) -> None:
    shop.do('CREATE SCHEMA "odd ""name"; CREATE TABLE "odd ""name".t (email text)')
    assert desk.run("discover", "--grants", shop.url) == 0
    least = [each.replace("PASSWORD '…'", "") for each in desk.out.splitlines()]
    with login(shop, least, name="trapstreet_discover") as url:
        place, unknown = found(desk, url)
        assert unknown == []
        assert place["by_name"][named(shop, "customers")]["people"] == PEOPLE
        ((superuser,),) = shop.connection.execute(
            b"SELECT rolsuper FROM pg_roles WHERE rolname = 'trapstreet_discover'"
        ).fetchall()
        assert not superuser
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(b"DELETE FROM crm.customers")


def test_the_broad_grant_that_is_printed_is_enough_too(desk: Desk, shop: World) -> None:
    assert desk.run("discover", "--grants", shop.url) == 0
    lines = desk.out.splitlines()
    broad = [each.removeprefix("-- ") for each in lines if "pg_read_all_data" in each]
    connect = [each for each in lines if each.startswith("GRANT CONNECT")]
    made = [f"CREATE ROLE trapstreet_discover LOGIN; {broad[0]}", *connect]
    with login(shop, made, name="trapstreet_discover") as url:
        place, unknown = found(desk, url)
    assert unknown == []
    assert len(place["holdings"]) == 3


def test_what_may_not_be_read_is_said_and_taken_for_what_its_columns_are_called(
    desk: Desk, shop: World
) -> None:
    made = [
        f"CREATE ROLE half_{shop.database} LOGIN",
        f"GRANT USAGE ON SCHEMA crm TO half_{shop.database}",
        f"GRANT SELECT ON crm.orders TO half_{shop.database}",
        f"GRANT SELECT (id, full_name) ON crm.customers TO half_{shop.database}",
    ]
    with login(shop, made, name=f"half_{shop.database}") as url:
        place, unknown = found(desk, url, status=6)
        assert sorted(unknown) == [
            f"{named(shop, 'articles')}: SELECT is not granted",
            f"{named(shop, 'customers')}: SELECT is not granted on email, phone",
        ]
        customers = place["by_name"][named(shop, "customers")]
        (email,) = [each for each in customers["columns"] if each["name"] == "email"]
        assert (email["kind"], email["sampled"]) == ("email", 0)
        assert place["by_name"][named(shop, "orders")]["people"] == 150
        assert "NOT KNOWN" in desk.do("discover", url, status=6)
        assert "email (by its name)" in desk.out
    _, unknown = found(desk, shop.url)
    assert unknown == []  # a right was given: what was refused is asked for again


def test_nothing_that_a_table_runs_can_change_anything(desk: Desk, shop: World) -> None:
    shop.named("reader")
    shop.do("CREATE ROLE {reader} LOGIN")
    shop.do("CREATE TABLE crm.seen (what text)")
    shop.do(
        "CREATE FUNCTION crm.spy() RETURNS bool LANGUAGE sql VOLATILE SECURITY DEFINER AS"
        " 'INSERT INTO crm.seen VALUES (current_user) RETURNING true'"
    )
    shop.do("ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY")
    shop.do("CREATE POLICY spying ON crm.customers FOR SELECT USING (crm.spy())")
    shop.do("GRANT USAGE ON SCHEMA crm TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {reader}")
    parts = urlsplit(shop.url)
    url = urlunsplit(parts._replace(netloc=f"{shop.names['reader']}@{parts.netloc.rpartition('@')[2]}"))
    _, unknown = found(desk, url, status=6)
    assert unknown == [f"{named(shop, 'customers')}: cannot be read (SQLSTATE 25006)"]
    assert shop.connection.execute(b"SELECT count(*) FROM crm.seen").fetchall() == [(0,)]


def test_a_table_that_takes_too_long_is_said_and_the_others_are_looked_at(
    desk: Desk, shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = tuple(each.replace("'20s'", "'1s'") for each in _postgresql_session._SETTINGS)
    monkeypatch.setattr(_postgresql_session, "_SETTINGS", quick)
    shop.named("reader")
    shop.do("CREATE ROLE {reader} LOGIN")
    shop.do("ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY")
    shop.do("CREATE POLICY slow ON crm.customers FOR SELECT USING (pg_sleep(0.1) IS NOT NULL)")
    shop.do("GRANT USAGE ON SCHEMA crm TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {reader}")
    parts = urlsplit(shop.url)
    url = urlunsplit(parts._replace(netloc=f"{shop.names['reader']}@{parts.netloc.rpartition('@')[2]}"))
    place, unknown = found(desk, url, status=6)
    assert unknown == [f"{named(shop, 'customers')}: took too long"]
    assert place["by_name"][named(shop, "orders")]["people"] == 150


def test_rows_that_row_security_keeps_are_said(desk: Desk, shop: World) -> None:
    shop.named("reader")
    shop.do("CREATE ROLE {reader} LOGIN")
    shop.do("ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY")
    shop.do("GRANT USAGE ON SCHEMA crm TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {reader}")
    parts = urlsplit(shop.url)
    url = urlunsplit(parts._replace(netloc=f"{shop.names['reader']}@{parts.netloc.rpartition('@')[2]}"))
    _, unknown = found(desk, url, status=6)
    said = "it showed no rows: row security may keep them from this login (see discover --grants)"
    assert unknown == [f"{named(shop, 'customers')}: {said}"]


def test_rows_that_row_security_keeps_are_said_of_a_table_that_nobody_analyzed(
    desk: Desk, shop: World
) -> None:
    shop.named("reader")
    shop.do("CREATE ROLE {reader} LOGIN; GRANT USAGE ON SCHEMA crm TO {reader}")
    for name in ("secret", "empty"):
        shop.do(f"CREATE TABLE crm.{name} (email text); ALTER TABLE crm.{name} ENABLE ROW LEVEL SECURITY")
    shop.do("INSERT INTO crm.secret VALUES ('a@mail.example')")
    shop.do("GRANT SELECT ON crm.secret, crm.empty TO {reader}")
    parts = urlsplit(shop.url)
    url = urlunsplit(parts._replace(netloc=f"{shop.names['reader']}@{parts.netloc.rpartition('@')[2]}"))
    _, unknown = found(desk, url, status=6)
    said = "it showed no rows: row security may keep them from this login (see discover --grants)"
    assert [each for each in unknown if "no rows" in each] == [f"{named(shop, 'secret')}: {said}"]


def test_the_grants_say_how_a_login_sees_what_row_security_keeps_from_it(desk: Desk, shop: World) -> None:
    assert desk.run("discover", "--grants", shop.url) == 0
    assert "Row security" not in desk.out
    shop.do("ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY")
    assert desk.run("discover", "--grants", shop.url) == 0
    assert "-- Row security may keep rows from it, of crm.customers.\n" in desk.out
    assert "\n-- ALTER ROLE trapstreet_discover BYPASSRLS;" in desk.out


def test_an_empty_table_has_no_records_whatever_the_server_counted_once(desk: Desk, shop: World) -> None:
    shop.do("CREATE TABLE crm.new (email text)")
    shop.do("DELETE FROM crm.orders")
    place, unknown = found(desk, shop.url)
    assert [place["by_name"][named(shop, each)]["records"] for each in ("new", "orders")] == [0, 0]
    assert unknown == []


def test_a_table_that_vanishes_while_others_are_looked_at_is_said(shop: World) -> None:
    with closing(postgresql.inventory(shop.url, Pace(1_000))) as inventory:
        seen: list[Any] = []
        for each in inventory.walk():
            if isinstance(each, Listed):
                if each.path[2] == "customers":
                    shop.do("DROP TABLE crm.customers")
                seen += inventory.look(each)
        unread = [each for each in seen if isinstance(each, Unread)]
        assert unread == [Unread(named(shop, "customers"), "vanished before it was looked at")]
        assert {each.path[2] for each in seen if each not in unread} == {"articles", "orders"}


def test_a_locked_table_is_said_and_the_others_are_looked_at(
    desk: Desk, shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = tuple(each.replace("'2s'", "'100ms'") for each in _postgresql_session._SETTINGS)
    monkeypatch.setattr(_postgresql_session, "_SETTINGS", quick)
    with psycopg.connect(shop.url) as other:
        other.execute(b"LOCK TABLE crm.orders IN ACCESS EXCLUSIVE MODE")
        place, unknown = found(desk, shop.url, status=6)
    assert unknown == [f"{named(shop, 'orders')}: somebody keeps it locked"]
    assert place["by_name"][named(shop, "customers")]["people"] == PEOPLE
    assert found(desk, shop.url)[1] == []


def test_a_server_that_falls_silent_is_left_and_what_was_found_stays(
    desk: Desk, shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgresql_session, "_SILENT_SECONDS", 0.5)
    parts = urlsplit(shop.url)
    with line_to(parts.port or 0) as line:
        url = urlunsplit(parts._replace(netloc=f"postgres@127.0.0.1:{line.port}"))
        asked = 0
        usual = _postgresql_session.Session.rows

        def rows(self: Any, *statement: Any) -> Any:
            nonlocal asked
            asked += "FROM ONLY" in statement[0]
            if asked == 2:
                line.silent.set()
            return usual(self, *statement)

        monkeypatch.setattr(_postgresql_session.Session, "rows", rows)
        place, unknown = found(desk, url, status=6)
    assert len(unknown) == 1
    assert "did not answer in time; the rest was not looked at" in unknown[0]
    assert [each["path"][2] for each in place["holdings"]] == ["articles"]


def test_one_server_that_is_not_there_keeps_no_other_from_being_looked_at(desk: Desk, shop: World) -> None:
    with line_to(9) as line:
        away = line.port
    nowhere = f"postgresql://postgres@127.0.0.1:{away}/crm"
    place, unknown = found(desk, shop.url, nowhere, status=6)
    assert len(place["holdings"]) == 3
    assert unknown == [f"{nowhere}: no connection to the server"]
    assert "no connection to the server" in desk.refused(4, "discover", nowhere)


def test_names_with_quotes_and_control_characters_are_looked_at_and_shown_safely(
    desk: Desk, shop: World
) -> None:
    shop.do('CREATE TABLE crm."od.d ""x%s\n\x1b[31m" (id int, "e""mail\x07%s" text, email text)')
    shop.do(
        'INSERT INTO crm."od.d ""x%s\n\x1b[31m"'
        " SELECT n, n, n || '@mail.example' FROM generate_series(1, 9) n"
    )
    shop.do("CREATE TABLE crm.nothing ()")
    place, unknown = found(desk, shop.url)
    assert unknown == []
    assert place["by_name"][named(shop, "nothing")]["columns"] == []
    name = named(shop, 'od.d "x%s\n\x1b[31m')
    assert kinds_of(place["by_name"][name])["email"] == "email"
    said = desk.do("discover", shop.url)
    assert "\x1b" not in said
    assert "\x07" not in said
    assert 'od.d "x%s??[31m' in said


def test_parts_of_a_table_hold_what_the_whole_holds(desk: Desk, shop: World) -> None:
    shop.do("CREATE TABLE crm.calls (id int, email text) PARTITION BY RANGE (id)")
    shop.do("CREATE TABLE crm.calls_1 PARTITION OF crm.calls FOR VALUES FROM (0) TO (50)")
    shop.do("CREATE TABLE crm.calls_2 PARTITION OF crm.calls FOR VALUES FROM (50) TO (200)")
    shop.do("INSERT INTO crm.calls SELECT n, n || '@mail.example' FROM generate_series(1, 150) n")
    shop.do("ANALYZE")
    place, unknown = found(desk, shop.url)
    assert unknown == []
    whole, one, two = (place["by_name"][named(shop, each)] for each in ("calls", "calls_1", "calls_2"))
    assert kinds_of(whole) == kinds_of(one) == kinds_of(two) == {"email": "email"}
    assert (whole["people"], one["people"], two["people"]) == (150, 49, 101)
    assert place["looked"] == 4
    assert found(desk, shop.url)[0]["unchanged"] == 4


def test_materialized_views_are_copies_and_views_are_not_looked_at(desk: Desk, shop: World) -> None:
    shop.do("CREATE MATERIALIZED VIEW crm.copied AS SELECT email FROM crm.customers")
    shop.do("CREATE VIEW crm.shown AS SELECT email FROM crm.customers")
    place, _ = found(desk, shop.url)
    assert place["by_name"][named(shop, "copied")]["kind"] == "materialized view"
    assert named(shop, "shown") not in place["by_name"]


def test_all_databases_of_a_server_are_walked(shop: World) -> None:
    with closing(postgresql.inventory(on(shop.url, ""), Pace(10_000))) as inventory:
        met = [*inventory.walk()]
    wholes = [each.within for each in met if isinstance(each, Whole)]
    assert {shop.database, "postgres", ""} <= set(wholes)
    assert {each.path for each in met if isinstance(each, Listed)} >= {
        (shop.database, "crm", "customers"),
        (shop.database, "crm", "orders"),
    }


def test_a_database_that_lets_nobody_in_is_said_and_what_is_known_of_it_stays(
    desk: Desk, shop: World
) -> None:
    found(desk, shop.url)
    shop.named("reader")
    shop.do(f"CREATE ROLE {{reader}} LOGIN; REVOKE CONNECT ON DATABASE {shop.database} FROM PUBLIC")
    parts = urlsplit(on(shop.url, ""))
    url = urlunsplit(parts._replace(netloc=f"{shop.names['reader']}@{parts.netloc.rpartition('@')[2]}"))
    place, unknown = found(desk, url, status=6)
    assert f"{shop.database}: CONNECT is not granted" in unknown
    assert named(shop, "customers") in place["by_name"]


def test_a_database_without_an_encoding_is_looked_at_as_far_as_it_is_text(desk: Desk, shop: World) -> None:
    odd = f"odd_{shop.database}"
    shop.do(f"CREATE DATABASE {odd} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        with psycopg.connect(on(shop.url, odd), autocommit=True) as connection:
            connection.execute(b"CREATE TABLE people (email text, note text)")
            connection.execute(b"INSERT INTO people VALUES ('a@mail.example', E'M\\xfcller')")
        place, unknown = found(desk, on(shop.url, odd))
    finally:
        shop.do(f"DROP DATABASE {odd}")
    assert unknown == []
    assert kinds_of(place["by_name"][f"{odd}.public.people"])["email"] == "email"


def test_a_policy_of_ones_own_holds_at_once_and_nothing_is_read_for_it(desk: Desk, shop: World) -> None:
    before, _ = found(desk, shop.url)
    orders = before["by_name"][named(shop, "orders")]
    desk.do("discover", "--write-policy")
    path = desk.workspace / "policy.toml"
    assert str(path) in desk.out
    assert found(desk, shop.url)[0]["holdings"] == before["holdings"]
    assert "is there already" in desk.refused(2, "discover", "--write-policy")

    own = path.read_text().replace(f"[{orders['sensitivity']}]", "[scammers]")
    path.write_text(own)
    after, _ = found(desk, shop.url)
    changed = after["by_name"][named(shop, "orders")]
    assert after["looked"] == 0
    assert changed["sensitivity"] == "scammers"
    assert (changed["weight"], changed["people"]) == (orders["weight"], orders["people"])

    path.write_text("[scammers]\nweight = 0\n")
    said = desk.refused(2, "discover", shop.url)
    assert "policy.toml" in said
    assert "scammers" in said


def test_no_value_is_kept_or_shown(desk: Desk, shop: World) -> None:
    desk.do("discover", shop.url, "--all")
    shown = desk.out + desk.err + desk.do("discover", shop.url, "--json")
    kept = b"".join(each.read_bytes() for each in desk.workspace.rglob("*") if each.is_file())
    for value in person(7):
        assert value not in shown
        assert value.encode() not in kept
