"""Ways to values of PostgreSQL's tables beside selecting from them: each tried on the server, and told."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["postgres_15_url", "postgres_url"]

MADE = """
CREATE ROLE {group}; CREATE ROLE {inner} LOGIN IN ROLE {group};
CREATE ROLE {late} LOGIN NOINHERIT IN ROLE {group};
CREATE ROLE {outer} LOGIN; CREATE ROLE {column} LOGIN; CREATE ROLE {guest} LOGIN; CREATE ROLE {reader} LOGIN;
CREATE ROLE {sampler} LOGIN; CREATE ROLE {monitor} LOGIN; CREATE ROLE {copier} LOGIN REPLICATION;
CREATE ROLE {shell} LOGIN; CREATE ROLE {filer} LOGIN; GRANT pg_read_server_files TO {filer};
GRANT pg_read_all_data TO {reader}; GRANT pg_monitor TO {monitor};
GRANT pg_execute_server_program TO {shell};
GRANT SELECT (starelid, stavalues1) ON pg_statistic TO {sampler};
CREATE SCHEMA crm;
CREATE TABLE crm.customers (name text, town text);
INSERT INTO crm.customers SELECT 'secret ' || n % 3, 'town ' || n % 3 FROM generate_series(1, 100) n;
GRANT SELECT ON crm.customers TO {group}, {outer}; GRANT SELECT (town) ON crm.customers TO {column};
CREATE TABLE crm.tickets (note text);
INSERT INTO crm.tickets SELECT 'hidden ' || n % 3 FROM generate_series(1, 100) n;
ALTER TABLE crm.tickets ENABLE ROW LEVEL SECURITY; GRANT SELECT ON crm.tickets TO {outer};
GRANT USAGE ON SCHEMA crm TO {guest};
ANALYZE
"""
ROLES = "group inner late outer column guest reader sampler monitor copier shell filer".split()
SHOWN = (
    "SELECT 1 FROM pg_stats WHERE schemaname = 'crm' AND tablename = '{}' AND most_common_vals IS NOT NULL"
)
KEPT = "SELECT 1 FROM pg_statistic WHERE starelid = {} AND stavalues1::text LIKE '%hidden 1%'"


def made(server: str) -> Iterator[World]:
    with world(server) as here:
        here.named(*ROLES)
        for statement in MADE.split(";"):
            here.do(statement)
        yield here


@pytest.fixture(scope="module")
def here(postgres_url: str) -> Iterator[World]:
    yield from made(postgres_url)


@pytest.fixture(scope="module")
def replicating(postgres_15_url: str) -> Iterator[World]:
    yield from made(postgres_15_url)


def nearest(here: World, who: str, what: str) -> Any:
    access = map_of(here.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", what))
    return access.nearest([each.name for each in access.rights.principals].index(here.names[who]), number)


@pytest.mark.parametrize(
    ("who", "become", "columns"),
    [("outer", "", 2), ("inner", "", 2), ("late", "group", 2), ("column", "", 1)],
)
def test_who_may_not_use_the_schema_still_sees_values_in_the_statistics(
    here: World, who: str, become: str, columns: int
) -> None:
    session, role = here.names[who], here.names.get(become, "")
    assert here.rows_seen(session, "SELECT town FROM crm.customers", become=role) is None
    assert here.rows_seen(session, SHOWN.format("customers"), become=role) == columns
    found = nearest(here, who, "customers")
    assert (found.how, found.sure, found.columns) == (How.STATISTICS, False, ("town",) * (columns == 1))
    assert found.level == (Level.SET_ROLE if become else Level.AT_ONCE)
    assert found.way[-1].endswith(": pg_stats shows values of it")


def test_who_may_use_the_schema_and_not_select_sees_none(here: World) -> None:
    assert here.rows_seen(here.names["guest"], SHOWN.format("customers")) == 0
    assert nearest(here, "guest", "customers") is None


def test_row_security_holds_in_pg_stats_and_not_in_pg_statistic(here: World) -> None:
    oid = here.connection.execute(b"SELECT 'crm.tickets'::regclass::oid").fetchone()
    kept = KEPT.format(oid[0] if oid else 0)
    for who, seen in (("reader", 1), ("sampler", 1), ("outer", None)):
        assert here.rows_seen(here.names[who], kept) == seen
        found = nearest(here, who, "tickets")
        assert (found and (found.how, found.sure)) == (seen and (How.STATISTICS, False))
    assert here.rows_seen(here.names["reader"], "SELECT * FROM crm.tickets") == 0
    assert here.rows_seen(here.names["outer"], SHOWN.format("tickets")) == 0


def test_who_watches_the_server_sees_the_values_that_others_ask_for(here: World) -> None:
    asked = "SELECT query FROM pg_stat_activity WHERE query LIKE '%asked-for%' AND pid <> pg_backend_pid()"
    with psycopg.connect(here.url) as other:
        other.execute(b"SELECT * FROM crm.customers WHERE name = 'asked-for'")
        assert here.rows_seen(here.names["monitor"], asked) == 1
        assert here.rows_seen(here.names["guest"], asked) == 0
    found = nearest(here, "monitor", "customers")
    assert (found.how, found.sure) == (How.STATEMENTS, False)
    assert found.way[:2] == ("member of pg_monitor", "member of pg_read_all_stats")


@pytest.fixture
def apart(postgres_url: str) -> Iterator[World]:
    """A world of its own, for what is made in it."""
    yield from made(postgres_url)


def test_a_function_of_one_who_watches_shows_the_statements_of_others(apart: World) -> None:
    makes = (
        "CREATE FUNCTION crm.watch() RETURNS SETOF text LANGUAGE sql AS 'SELECT query FROM pg_stat_activity'"
    )
    asked = (
        "SELECT 1 FROM crm.watch() AS query WHERE query LIKE '%asked-for%' AND query NOT LIKE '%crm.watch%'"
    )
    apart.do(f"{makes}; ALTER FUNCTION crm.watch OWNER TO {{monitor}}")
    with psycopg.connect(apart.url) as other:
        other.execute(b"SELECT * FROM crm.customers WHERE name = 'asked-for'")
        assert apart.rows_seen(apart.names["guest"], asked) == 0
        assert nearest(apart, "guest", "customers") is None
        apart.do("ALTER FUNCTION crm.watch SECURITY DEFINER")
        assert apart.rows_seen(apart.names["guest"], asked) == 1
    found = nearest(apart, "guest", "customers")
    assert (found.how, found.sure) == (How.STATEMENTS, False)
    apart.do("ALTER FUNCTION crm.watch OWNER TO {group}")
    assert apart.rows_seen(apart.names["guest"], asked) == 0
    assert nearest(apart, "guest", "customers") is None


@pytest.mark.parametrize(
    ("makes", "owner", "seen"),
    [
        ("VIEW crm.kept AS SELECT stavalues1::text AS kept FROM pg_statistic", "sampler", 0),
        ("VIEW crm.kept AS SELECT stavalues1::text AS kept FROM pg_statistic", "reader", 1),
        ("VIEW crm.kept AS SELECT stavalues1::text AS kept FROM pg_statistic", "", 1),
        ("VIEW crm.kept AS SELECT most_common_vals::text AS kept FROM pg_stats", "", 0),
        ("MATERIALIZED VIEW crm.kept AS SELECT most_common_vals::text AS kept FROM pg_stats", "", 1),
        (
            ("FUNCTION crm.f() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT most_common_vals::text FROM pg_stats'"),
            "", 1,
        ),
    ],
)  # fmt: skip
def test_what_is_made_of_the_statistics_shows_what_its_owner_sees_in_them(
    apart: World, makes: str, owner: str, seen: int
) -> None:
    apart.do(f"CREATE {makes}")
    what = "crm.f() AS kept" if "FUNCTION" in makes else "crm.kept"
    if owner == "sampler":
        apart.do("REVOKE SELECT (starelid, stavalues1) ON pg_statistic FROM {sampler}")
    if owner:
        apart.do(f"ALTER VIEW crm.kept OWNER TO {{{owner}}}")
    if "FUNCTION" not in makes:
        apart.do("GRANT SELECT ON crm.kept TO {guest}")
    rows = apart.rows_seen(apart.names["guest"], f"SELECT 1 FROM {what} WHERE kept LIKE '%hidden 1%'")
    assert (rows or 0) == seen
    assert (nearest(apart, "guest", "tickets") is not None) == bool(seen)


def test_who_runs_programs_reads_the_files_of_any_table(here: World) -> None:
    here.do("CHECKPOINT")
    row = here.connection.execute(b"SELECT pg_relation_filepath('crm.tickets')").fetchone()
    copy = f"COPY found FROM PROGRAM 'grep -a -o \"hidden [0-9]\" {row[0] if row else ''}'"
    here.do("SET SESSION AUTHORIZATION {shell}")
    here.do("CREATE TEMPORARY TABLE found (line text)")
    here.do(copy)
    seen = here.connection.execute(b"SELECT count(DISTINCT line) FROM found").fetchone()
    here.do("RESET SESSION AUTHORIZATION")
    assert seen == (3,)
    found = nearest(here, "shell", "tickets")
    assert (found.how, found.sure, found.level) == (How.SERVER, True, Level.AT_ONCE)


def test_who_reads_the_servers_files_perhaps_reads_any_table(here: World) -> None:
    here.do("SET SESSION AUTHORIZATION {filer}")
    here.do("CREATE TEMPORARY TABLE lines (line text)")
    here.do("COPY lines FROM 'pg_hba.conf'")
    seen = here.connection.execute(b"SELECT count(*) FROM lines").fetchone()
    here.do("RESET SESSION AUTHORIZATION")
    assert seen
    assert seen[0] > 10
    found = nearest(here, "filer", "tickets")
    assert (found.how, found.sure) == (How.SERVER, False)


def test_foreign_servers_that_somebody_reaches_are_noted(here: World) -> None:
    here.do("CREATE FOREIGN DATA WRAPPER far; CREATE SERVER elsewhere FOREIGN DATA WRAPPER far")
    here.do("CREATE USER MAPPING FOR {guest} SERVER elsewhere OPTIONS (password 'never-told')")
    notes = map_of(here.url).access.rights.notes
    reaches = f"{here.names['guest']} reaches foreign server elsewhere; what that lets it read is not known"
    assert f"{here.database}: {reaches}" in notes
    assert "never-told" not in str(notes)


@pytest.mark.system
def test_who_may_replicate_copies_the_files_of_every_table(replicating: World, tmp_path: Path) -> None:
    here, server = replicating, urlsplit(replicating.url)
    row = here.connection.execute(b"SELECT pg_relation_filepath('crm.tickets')").fetchone()
    copies = "/usr/lib/postgresql/15/bin/pg_basebackup -X none -c fast --no-sync --no-manifest".split()
    login = ["-h", "127.0.0.1", "-p", str(server.port), "-D", str(tmp_path / "copy"), "-w", "-U"]
    refused = subprocess.run([*copies, *login, here.names["guest"]], check=False, capture_output=True)
    assert refused.returncode
    subprocess.run([*copies, *login, here.names["copier"]], check=True, capture_output=True)
    assert b"hidden 1" in (tmp_path / "copy" / (row[0] if row else "")).read_bytes()
    found = nearest(here, "copier", "tickets")
    assert (found.how, found.sure) == (How.REPLICATION, False)


@pytest.mark.system
def test_who_may_replicate_gets_the_rows_of_a_publication_without_any_right_on_its_tables(
    replicating: World,
) -> None:
    here, slot = replicating, f"s_{replicating.database}"
    here.do("CREATE PUBLICATION sent FOR TABLE crm.customers")
    here.do("CREATE PUBLICATION everything FOR ALL TABLES")
    here.do("CREATE PUBLICATION later")
    assert here.rows_seen(here.names["guest"], "SELECT * FROM crm.customers") is None
    changes = f"pg_logical_slot_get_binary_changes('{slot}', NULL, NULL,"
    select = f"SELECT data FROM {changes} 'proto_version', '1', 'publication_names', 'sent')"
    here.do("SET SESSION AUTHORIZATION {copier}")
    here.do(f"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")
    here.do("RESET SESSION AUTHORIZATION")
    try:
        here.do("INSERT INTO crm.customers VALUES ('just written', 'x')")
        assert here.rows_seen(here.names["guest"], select) is None
        here.do("SET SESSION AUTHORIZATION {copier}")
        sent = here.connection.execute(select.encode()).fetchall()
    finally:
        here.do("RESET SESSION AUTHORIZATION")
        here.do(f"SELECT pg_drop_replication_slot('{slot}')")
    assert any(b"just written" in data for (data,) in sent)
    found = nearest(here, "copier", "customers")
    assert (found.how, found.sure) == (How.REPLICATION, False)
    notes = map_of(here.url).access.rights.notes
    hands = f"{here.database}: publication {{}} hands out {{}}; who subscribes to it is not known"
    for name, what in (
        ("sent", "the rows of crm.customers"), ("everything", "the rows of every table"),
        ("later", "no table yet"),
    ):  # fmt: skip
        assert hands.format(name, what) in notes
