"""Planting in PostgreSQL: least rights, what is in the way, numbers that go on, connections that break."""

import re
import time
from collections.abc import Iterator
from datetime import date
from secrets import token_hex
from typing import Any

import pytest

from ground_contract import PLANTED_CUSTOMERS, PLANTED_ORDERS, one_clear_line
from grounds import SqlField, in_postgresql
from servers import postgres_url  # noqa: F401 - fixture
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Removed
from trapstreet.core.model.table import Row
from trapstreet.plugins.tables import open_ground

pytestmark = pytest.mark.server("postgresql")
WHOLE: list[list[Row]] = [list(PLANTED_CUSTOMERS), list(PLANTED_ORDERS)]


@pytest.fixture
def field(request: pytest.FixtureRequest) -> SqlField:
    return in_postgresql(request)


def _rows(field: SqlField, table: str) -> list[Any]:
    return sorted(field.do(f"SELECT * FROM {table}"), key=str)


def _refused(
    field: SqlField, kind: type[TrapstreetError], words: str, rows: list[list[Row]] = WHOLE
) -> TrapstreetError:
    """It is refused in one line, and nothing is planted."""
    before = [_rows(field, "customers"), _rows(field, "orders")]
    with pytest.raises(kind, match=words) as caught:
        field.open().plant(rows)
    one_clear_line(caught.value)
    assert [_rows(field, "customers"), _rows(field, "orders")] == before
    return caught.value


# Rights


def _as_role(field: SqlField) -> tuple[str, str]:
    """A new role with no rights, and the URL of the customers as that role, in a database of its own."""
    role = f"planter {field.url('x').rpartition('=')[2]}"
    field.do(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'")
    return role, field.url("customers").replace("postgres@", f"{role.replace(' ', '%20')}:x@")


def _life(url: str) -> None:
    """All that planting and removing needs, with an order whose number lies beyond the last."""
    ground = open_ground(url, key=["id"])
    for number in (0, 1):
        assert list(ground.table(number).batches())
    assert list(ground.kin(1, [(20,)]))
    stored = ground.plant([WHOLE[0], [*WHOLE[1][:2], (9_999, 33, "late", 1)]])
    assert ground.find(0, [(15,)]) == [stored[0][0]]
    assert ground.remove(stored) == Removed(rows=5, absent=0, edited=[])


@pytest.fixture
def closed(request: pytest.FixtureRequest) -> Iterator[SqlField]:
    """The same in a database that is open to nobody."""
    import psycopg

    server, _, _ = request.getfixturevalue("postgres_url").rpartition("/")
    name = f"d_{token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC".encode())
        yield in_postgresql(request, server=f"{server}/{name}")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.slow
def test_the_grants_are_enough_and_none_is_too_many(closed: SqlField) -> None:
    field = closed
    field.do("CREATE SEQUENCE numbers OWNED BY orders.id START 600")
    field.do("ALTER TABLE orders ALTER id SET DEFAULT nextval('numbers')")
    field.do("CREATE TABLE visits (customer_id INTEGER REFERENCES customers, page TEXT)")
    role, url = _as_role(field)
    with pytest.raises(AccessDenied):
        open_ground(url, key=["id"])
    grants = field.open().grants(role)
    for grant in grants:
        field.do(grant)
    _life(url)
    rights = [
        f"REVOKE {right} ON {rest}"
        for grant in grants
        for rights, rest in [re.fullmatch(r"GRANT (.+?) ON (.+)", grant).groups()]  # type: ignore[union-attr]
        for right in rights.split(", ")
    ]
    assert len(rights) == 1 + 1 + 3 + 3 + 1 + 1
    for right in rights:
        field.do(right.replace(" TO ", " FROM "))
        with pytest.raises(AccessDenied) as caught:
            _life(url)
        one_clear_line(caught.value)
        field.do(
            "DELETE FROM orders WHERE id IN (151, 152, 9999); DELETE FROM customers WHERE id IN (15, 33)"
        )
        for grant in grants:
            field.do(grant)
    _life(url)


def test_who_plants_in_gaps_needs_no_right_on_a_sequence(field: SqlField) -> None:
    field.do("ALTER TABLE customers ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 60)")
    role, url = _as_role(field)
    for grant in field.open().grants(role):
        if "SEQUENCE" not in grant:
            field.do(grant)
    ground = open_ground(url, key=["id"])
    ground.remove(ground.plant(WHOLE))
    with pytest.raises(AccessDenied, match="nothing was planted"):
        ground.plant([[(61, "Cy", "cy@owned.example", "", "")], []])
    assert ground.find(0, [(61,)]) == [None]


def test_who_may_not_log_in_is_told_so(field: SqlField) -> None:
    url = field.url("customers").replace("postgres@", "locked:wrong@")
    with pytest.raises(AccessDenied, match="refused the user or the password"):
        open_ground(url, key=["id"])


# What is in the way


def _trigger(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$;"
        f"CREATE TRIGGER {name} BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.total = 14)"
        f" EXECUTE FUNCTION {name}()"
    )


def _at_the_end(name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$;"
        f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


OBSTACLES = {
    "check": ("ALTER TABLE orders ADD CONSTRAINT not_more CHECK (total < 14 OR id < 151)", "check.*not_more"),
    "exclusion": (
        "ALTER TABLE orders ADD CONSTRAINT apart EXCLUDE USING hash (customer_id WITH =) WHERE (total > 6)",
        "exclusion constraint.*apart",
    ),
    "trigger raises": (_trigger("door", "RAISE EXCEPTION 'no % here', NEW"), "trigger.*door"),
    "trigger drops": (_trigger("sink", "RETURN NULL"), "not stored.*sink"),
    "trigger gives another key": (
        _trigger("teller", "NEW.id = 7777; RETURN NEW"),
        "under another key.*teller",
    ),
    "a rule": ("CREATE RULE away AS ON INSERT TO orders DO INSTEAD NOTHING", "not stored"),
    "deferred": (_at_the_end("late", "RAISE check_violation"), "check refused"),
    "too narrow": ("ALTER TABLE orders ALTER what TYPE varchar(8)", "what.*10 characters, 8 at most"),
    "another type": ("ALTER TABLE orders ALTER what TYPE date USING current_date", "does not fit"),
    "a foreign key": (
        "ALTER TABLE orders ADD CONSTRAINT colour FOREIGN KEY (total) REFERENCES customers NOT VALID",
        "foreign key.*colour",
    ),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_is_in_the_way_leaves_nothing_half_planted(field: SqlField, obstacle: str) -> None:
    statement, words = OBSTACLES[obstacle]
    field.do(statement)
    _refused(field, UnusableInput, words)


def test_a_column_that_must_not_be_empty_is_named(field: SqlField) -> None:
    rows = [[*WHOLE[0], (44, None, "n@owned.example", "", "")], WHOLE[1]]
    _refused(field, UnusableInput, r"must not be NULL \(name", rows)


def test_a_value_that_somebody_took_meanwhile_is_a_change_of_the_table(field: SqlField) -> None:
    rows = [[*WHOLE[0], (44, "Cy", "joerg3@mail.example", "", "")], WHOLE[1]]
    _refused(field, UnusableInput, "customers_email_key.*run it again", rows)


def test_a_table_that_changes_under_it_is_noticed(field: SqlField) -> None:
    ground = field.open()
    field.do("ALTER TABLE orders RENAME what TO which")
    with pytest.raises(UnusableInput, match="changed meanwhile") as caught:
        ground.plant(WHOLE)
    one_clear_line(caught.value)
    assert field.open().find(0, [(15,)]) == [None]


def test_rows_that_row_level_security_hides_are_not_planted(field: SqlField) -> None:
    role, url = _as_role(field)
    for grant in field.open().grants(role):
        field.do(grant)
    field.do("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    field.do("CREATE POLICY writes ON orders FOR INSERT WITH CHECK (true)")
    field.do("CREATE POLICY reads ON orders FOR SELECT USING (total < 14)")
    ground = open_ground(url, key=["id"])
    assert any("row-level security" in remark for remark in ground.remarks)
    with pytest.raises(UnusableInput, match="not stored"):
        ground.plant(WHOLE)
    assert field.open().find(0, [(15,)]) == [None]


def test_a_locked_table_is_waited_for_in_vain(field: SqlField, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    monkeypatch.setattr("trapstreet.plugins.tables._ground_postgresql._LOCKED_SECONDS", 1)
    server, _, name = field.url("orders").partition("?table=")
    with psycopg.connect(server) as other:
        other.execute(f"LOCK TABLE {name} IN SHARE MODE")
        began = time.monotonic()
        with pytest.raises(Unreachable, match="orders: locked by others") as caught:
            field.open().plant(WHOLE)
        assert time.monotonic() - began < 5
    one_clear_line(caught.value)
    assert field.open().find(0, [(15,)]) == [None]


# Connections that break

_CUT = "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW"


def test_a_connection_that_breaks_half_way_leaves_nothing(field: SqlField) -> None:
    field.do(_trigger("cut", _CUT))
    _refused(field, Unreachable, "connection was lost.*nothing was planted")


def test_a_connection_that_breaks_at_the_very_end_leaves_the_question_open(field: SqlField) -> None:
    field.do(_at_the_end("cut", _CUT))
    error = _refused(field, Unreachable, "it is not known whether")
    assert "decoy reconcile" in error.hint


# What the database does on its own


def test_rows_are_returned_as_triggers_and_types_made_them(field: SqlField) -> None:
    field.do(
        "ALTER TABLE customers ALTER city TYPE char(8), ADD low TEXT GENERATED ALWAYS AS (lower(name)) STORED"
    )
    field.do(
        "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.email = upper(NEW.email); RETURN NEW; END $$;"
        "CREATE TRIGGER tidy BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION tidy();"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS"
        " $$ BEGIN UPDATE customers SET note = note || '!' WHERE id = NEW.customer_id; RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note()"
    )
    ground = field.open()
    assert [remark for remark in ground.remarks if "tidy" in remark or "note" in remark]
    assert ground.tables[0].given == (True,) * 5 + (False,)
    assert any("behind all others" in remark for remark in ground.remarks)
    stored = ground.plant([[(33, "Bo", "bo@owned.example", "Cork", "x", None)], WHOLE[1][2:]])
    assert stored[0] == [(33, "Bo", "BO@OWNED.EXAMPLE", "Cork    ", "x!", "bo")]
    assert ground.remove(stored).rows == 2


@pytest.mark.parametrize("identity", ["ALWAYS AS IDENTITY", "BY DEFAULT AS IDENTITY (CACHE 3)"])
def test_real_numbers_go_on_behind_planted_ones(field: SqlField, identity: str) -> None:
    field.do(f"ALTER TABLE orders ALTER id ADD GENERATED {identity}")
    field.do("SELECT setval(pg_get_serial_sequence('orders', 'id'), 502)")
    ground = field.open()
    assert ground.tables[1].given[0]
    stored = ground.plant([WHOLE[0], [*WHOLE[1], (503, 15, "a", 1), (507, 33, "b", 1)]])
    for _ in range(5):
        field.do("INSERT INTO orders (customer_id, what) VALUES (10, 'real')")
    assert field.do("SELECT min(id) > 507 FROM orders WHERE what = 'real'") == [(True,)]
    assert ground.remove(stored).rows == 7


def test_a_number_far_beyond_the_sequence_is_refused(field: SqlField) -> None:
    field.do("ALTER TABLE orders ALTER id ADD GENERATED ALWAYS AS IDENTITY")
    _refused(field, UnusableInput, "far beyond", [WHOLE[0], [(2_000_000_000, 15, "a", 1)]])


def test_the_script_moves_the_sequence_as_well(field: SqlField) -> None:
    field.do("ALTER TABLE orders ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 503)")
    field.run(field.open().change_script([WHOLE[0], [(503, 15, "a", 1), (510, 15, "b", 1)]]))
    assert field.do("INSERT INTO orders (customer_id) VALUES (10) RETURNING id") == [(511,)]


def test_every_type_is_planted_as_it_is_stored(field: SqlField) -> None:
    field.do("CREATE TYPE mood AS ENUM ('fine', 'so so'); CREATE DOMAIN short AS varchar(5)")
    columns = (
        "a int2, b int8, c float4, d float8, e numeric, f numeric(10,2), g char(3), h bool, i date, j time,"
        " k timetz, l timestamp, m timestamptz, n interval, o bytea, p uuid, q json, r jsonb, s inet,"
        " t money, u int4[], v text[], w mood, x short, y tstzrange, z daterange,"
        " aa bit(3), bb point, cc date[][]"
    )
    field.do(f'CREATE TABLE "Odd "" %s" ("the %s key" text PRIMARY KEY, {columns})')
    values = (
        "-1, 9007199254740993, 0.1, 1e300, 1.10, -2.50, 'ab', true, '2020-02-29', '09:30', '09:30:01.5+02',"
        " '2020-01-02 03:04:05.678', '0044-03-15 12:00 BC', '1 year 2 days -3 hours', '\\x00ff27',"
        """ gen_random_uuid(), '{"b": 1,  "a": [1.10]}', '{"b": 1}', '10.0.0.1/24', 12.5, '{1,NULL}',"""
        """ ARRAY['a "b" \\', 'ü,{', NULL, ''],"""
        " 'so so', 'abc', '[2020-01-01,)', '(,2020-01-01)', '101', '(1,2)', '{{2020-01-01},{2020-01-02}}'"
    )
    field.do(f'INSERT INTO "Odd "" %%s" VALUES (%s, {values})', "real")
    field.do('INSERT INTO "Odd "" %s" ("the %s key") VALUES (\'empty\')')
    ground = field.ground('Odd " %s')
    real = [row for batch in ground.table(0).batches() for row in batch.rows]
    new: list[Row] = [(f"new {row[0]}", *row[1:]) for row in real]
    assert ground.plant([new]) == [new]
    others = "to_jsonb(odd) - 'the %s key'"
    same = field.do(f"""SELECT count(DISTINCT {others}) FROM "Odd "" %s" odd WHERE a IS NOT NULL""")
    assert same == [(1,)]
    field.run(ground.removal_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == [None, None]
    field.run(ground.change_script([new]))
    assert ground.find(0, [row[:1] for row in new]) == new
    assert ground.remove([new]).rows == 2


# Which tables


def test_foreign_keys_are_followed_to_the_end(field: SqlField) -> None:
    other = f"o{field.url('x').rpartition('=')[2].partition('.')[0]}"
    field.do(f"CREATE SCHEMA {other}")
    field.do("CREATE TABLE products (id INTEGER PRIMARY KEY)")
    field.do("INSERT INTO products VALUES (1)")
    field.do("ALTER TABLE customers ADD UNIQUE (email, id)")
    field.do("ALTER TABLE orders ADD UNIQUE (customer_id, id)")
    field.do(
        f"CREATE TABLE {other}.tickets (no TEXT PRIMARY KEY, order_id INTEGER,"
        " customer_id INTEGER NOT NULL REFERENCES customers,"
        " FOREIGN KEY (customer_id, order_id) REFERENCES orders (customer_id, id))"
    )
    field.do(
        "CREATE TABLE items (order_id INTEGER REFERENCES orders, line INTEGER,"
        " product INTEGER REFERENCES products, PRIMARY KEY (order_id, line))"
    )
    field.do("ALTER TABLE customers ADD friend INTEGER REFERENCES customers")
    ground = field.open()
    names = [table.name.rpartition(".")[2] for table in ground.tables]
    assert names[0] == "customers"
    assert sorted(names) == ["customers", "items", "orders", "tickets"]
    assert names.index("orders") < min(names.index("items"), names.index("tickets"))
    tickets = ground.tables[names.index("tickets")]
    assert (tickets.parent, tickets.refers, tickets.referred) == (0, (2,), (0,))
    assert [(each.refers, each.referred) for each in tickets.also] == [((2, 1), (1, 0))]
    items = ground.tables[names.index("items")]
    assert (items.parent, items.key) == (names.index("orders"), (0, 1))
    assert any("friend" in remark for remark in ground.remarks)
    by_name = {
        "customers": [(*row, 10) for row in WHOLE[0]],
        "orders": WHOLE[1],
        "items": [(151, 1, 1), (151, 2, 1), (331, 1, None)],
        "tickets": [("T-1", 152, 15), ("T-2", None, 33)],
    }
    stored = ground.plant([by_name[name] for name in names])
    assert stored == [by_name[name] for name in names]
    assert [b.rows for b in ground.kin(names.index("items"), [(331,)])] == [[(331, 1, None)]]
    field.run(ground.removal_script(stored))
    assert ground.remove(ground.plant(stored)) == Removed(rows=10, absent=0, edited=[])


def test_rows_of_others_are_not_taken_along_when_rows_go(field: SqlField) -> None:
    field.do("CREATE TABLE visits (customer_id INTEGER REFERENCES customers ON DELETE CASCADE, page TEXT)")
    field.do("ALTER TABLE customers ADD friend INTEGER REFERENCES customers ON DELETE SET NULL")
    ground = field.open()
    assert [remark for remark in ground.remarks if "visits" in remark and "no key" in remark]
    stored = ground.plant([[(*row, None) for row in WHOLE[0]], WHOLE[1]])
    field.do("UPDATE customers SET friend = 15 WHERE id = 10")
    with pytest.raises(UnusableInput, match="customers: other rows refer"):
        ground.remove(stored)
    field.do("UPDATE customers SET friend = 33 WHERE id = 15")
    field.do("UPDATE customers SET friend = NULL WHERE id = 10")
    field.do("INSERT INTO visits VALUES (33, '/')")
    with pytest.raises(UnusableInput, match="visits: other rows refer"):
        ground.remove(stored)
    field.run(ground.removal_script(stored))
    assert field.do("SELECT id FROM customers WHERE id IN (15, 33)") == [(33,)]
    field.do("TRUNCATE visits")
    assert ground.remove(stored).rows >= 1


def test_a_partitioned_table_is_one_table(field: SqlField) -> None:
    key = "PRIMARY KEY (id, day)) PARTITION BY RANGE (day)"
    field.do(f"CREATE TABLE logs (id INTEGER, day DATE, {key}")
    refers = "FOREIGN KEY (log, day) REFERENCES logs"
    field.do(f"CREATE TABLE entries (id INTEGER, day DATE, log INTEGER, {refers}, {key}")
    for table in ("logs", "entries"):
        for year in (2020, 2021):
            years = f"FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
            field.do(f"CREATE TABLE {table}_{year} PARTITION OF {table} FOR VALUES {years}")
    ground = field.ground("logs")
    assert [table.name.rpartition(".")[2] for table in ground.tables] == ["logs", "entries"]
    days = date(2020, 5, 5), date(2021, 5, 5)
    stored = ground.plant([[(1, day) for day in days], [(2, day, 1) for day in days]])
    assert ground.remove(stored) == Removed(rows=4, absent=0, edited=[])
    with pytest.raises(UnusableInput, match="nothing was planted"):
        ground.plant([[(1, date(2022, 5, 5))], []])


def test_a_table_without_a_key_goes_by_the_registered_one(field: SqlField) -> None:
    field.do("CREATE TABLE leads (ref TEXT, name TEXT)")
    field.do("INSERT INTO leads VALUES ('a', 'x'), ('b', 'y'), ('b', 'z')")
    ground = field.ground("leads", key=("ref",))
    assert ground.tables[0].key == (0,)
    stored = ground.plant([[("c", "n")]])
    assert ground.find(0, [("c",), ("a",), ("z",)]) == [("c", "n"), ("a", "x"), None]
    with pytest.raises(UnusableInput, match="its key"):
        ground.plant([[("a", "n")]])
    with pytest.raises(UnusableInput, match="several rows have one key"):
        ground.find(0, [("b",)])
    assert ground.remove(stored).rows == 1
    with pytest.raises(UnusableInput, match="no key"):
        field.ground("leads", key=("nothing",))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("all_customers", "view"),
        ("nothing_there", "no such table"),
        ("customers&query=SELECT 1", "both a table and a query"),
    ],
)
def test_what_is_no_table_is_refused(field: SqlField, table: str, words: str) -> None:
    field.do("CREATE VIEW all_customers AS SELECT * FROM customers")
    with pytest.raises(UnusableInput, match=words):
        field.ground(table)


def test_a_query_is_refused(field: SqlField) -> None:
    with pytest.raises(UnusableInput, match="rows are planted in a table"):
        open_ground(field.url("x").partition("?")[0] + "?query=SELECT 1", key=[])


# Many rows


def test_a_failing_row_in_the_middle_of_many_leaves_nothing(field: SqlField) -> None:
    many: list[Row] = [(n, f"N {n}", f"n{n}@owned.example", "", "") for n in range(1000, 6000)]
    many[2500] = (*many[2500][:2], "joerg1@mail.example", "", "")
    _refused(field, UnusableInput, "customers_email_key", [many, []])


@pytest.mark.slow
def test_ten_thousand_personas_are_planted_and_removed_in_seconds(field: SqlField) -> None:
    field.do("CREATE INDEX ON orders (customer_id)")
    people: list[Row] = [(n, f"N {n}", f"n{n}@owned.example", "", "") for n in range(1000, 11_000)]
    orders: list[Row] = [(n + 20_000, n % 10_000 + 1000, "tea", 1) for n in range(20_000)]
    ground = field.open()
    began = time.monotonic()
    stored = ground.plant([people, orders])
    assert ground.remove(stored).rows == 30_000
    assert time.monotonic() - began < 30
