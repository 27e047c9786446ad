"""Who can read what in PostgreSQL: each answer beside the server's own."""

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from access_worlds import World, at_random, traps, world
from desk import Desk
from servers import postgres_url
from trapstreet.access import Reading
from trapstreet.app.access import Mapped, map_of
from trapstreet.core.model.rights import How, Level, Rows

__all__ = ["postgres_url"]

BY_NAME = (How.GRANT, How.COLUMNS, How.PRIVILEGE, How.SUPERUSER)
"""What opens a table to somebody who selects from it by its own name."""


@pytest.fixture(scope="module")
def trapped(postgres_url: str) -> Iterator[World]:
    with traps(postgres_url) as made:
        yield made


@pytest.fixture(scope="module")
def mapped(trapped: World) -> Mapped:
    return map_of(trapped.url)


def reading(trapped: World, mapped: Mapped, who: str, what: str, *hows: How) -> Any:
    """The nearest way, None where there is none, to `crm.name`, of those ways that are asked for."""
    access = mapped.access
    names = [each.name for each in access.rights.principals]
    number = [each.path[1:] for each in access.rights.resources].index(tuple(what.split(".")))
    doors = [each for each in access.doors_of(number) if each.how in (hows or How)]
    return access.nearest(names.index(trapped.names[who]), number, doors)


def test_a_member_reads_at_once_and_the_way_names_group_and_grant(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "anna", "crm.customers")
    assert (found.level, found.how, found.rows) == (Level.AT_ONCE, How.GRANT, Rows.ALL)
    agents = trapped.names["agents"]
    assert found.way == (f"member of {agents}", "USAGE on schema crm", "SELECT on table customers")
    assert trapped.rows_seen(trapped.names["anna"], "SELECT * FROM crm.customers") == 10


def test_a_member_that_does_not_inherit_reads_after_set_role(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "bert", "crm.customers")
    assert (found.level, found.sure) == (Level.SET_ROLE, True)
    assert found.way[0] == f"SET ROLE {trapped.names['agents']}"
    bert, select = trapped.names["bert"], "SELECT * FROM crm.customers"
    assert trapped.rows_seen(bert, select) is None
    assert trapped.rows_seen(bert, select, become=trapped.names["agents"]) == 10


def test_grants_on_columns_are_put_together(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "carl", "crm.customers")
    assert (found.how, set(found.columns)) == (How.COLUMNS, {"id", "name", "email"})
    assert trapped.rows_seen(trapped.names["carl"], "SELECT id, email FROM crm.customers") == 10


def test_a_view_reads_with_its_owners_rights(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "eve", "crm.customers")
    assert (found.how, found.rows) == (How.VIEW, Rows.SHOWN)
    eve = trapped.names["eve"]
    assert trapped.rows_seen(eve, "SELECT * FROM crm.names") == 10
    assert trapped.rows_seen(eve, "SELECT * FROM crm.customers") is None


def test_a_view_with_the_readers_rights_opens_nothing(trapped: World, mapped: Mapped) -> None:
    assert reading(trapped, mapped, "dora", "crm.customers") is None
    assert trapped.rows_seen(trapped.names["dora"], "SELECT * FROM crm.careful") is None


@pytest.mark.parametrize(
    ("who", "rows", "count"),
    [("anna", Rows.SOME, 3), ("ines", Rows.ALL, 10), ("owner", Rows.ALL, 10), ("dora", None, 0)],
)
def test_row_security_leaves_some_none_or_all(
    trapped: World, mapped: Mapped, who: str, rows: Rows | None, count: int
) -> None:
    found = reading(trapped, mapped, who, "crm.tickets", How.GRANT)
    assert (found.rows if found else None) == rows
    assert trapped.rows_seen(trapped.names[who], "SELECT * FROM crm.tickets") == count


def test_a_materialized_view_passes_row_security_by(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "dora", "crm.tickets")
    assert (found.how, found.rows) == (How.COPY, Rows.SHOWN)
    assert trapped.rows_seen(trapped.names["dora"], "SELECT * FROM crm.tickets_copy") == 10


def test_an_owner_bound_by_its_own_row_security_sees_nothing(trapped: World, mapped: Mapped) -> None:
    assert reading(trapped, mapped, "owner", "crm.forced") is None
    assert trapped.rows_seen(trapped.names["owner"], "SELECT * FROM crm.forced") == 0


def test_a_part_is_read_through_its_table(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "jane", "crm.events_1")
    assert found.how == How.PARENT
    jane = trapped.names["jane"]
    assert trapped.rows_seen(jane, "SELECT * FROM crm.events_1") is None
    assert trapped.rows_seen(jane, "SELECT * FROM crm.events") == 1


def test_what_a_function_shows_is_perhaps(trapped: World, mapped: Mapped) -> None:
    trapped.do("GRANT SELECT ON crm.secrets TO {owner}")
    found = reading(trapped, map_of(trapped.url), "eve", "crm.secrets")
    assert (found.how, found.sure) == (How.FUNCTION, False)
    trapped.do("REVOKE SELECT ON crm.secrets FROM {owner}")


def test_an_owner_without_the_right_could_grant_it_to_itself(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "owner", "crm.secrets")
    assert (found.level, found.how) == (Level.GRANTS_ITSELF, How.OWNER)
    owner, select = trapped.names["owner"], "SELECT * FROM crm.secrets"
    assert trapped.rows_seen(owner, select) is None
    trapped.do("SET SESSION AUTHORIZATION {owner}; GRANT SELECT ON crm.secrets TO {owner}")
    assert trapped.rows_seen(owner, select) == 0
    trapped.do("RESET SESSION AUTHORIZATION; REVOKE SELECT ON crm.secrets FROM {owner}")


def test_admin_of_a_group_can_make_itself_a_member(trapped: World, mapped: Mapped) -> None:
    found = reading(trapped, mapped, "gina", "crm.customers")
    assert found.level == Level.GRANTS_ITSELF
    assert found.way[0] == f"ADMIN OPTION: can make itself a member of {trapped.names['agents']}"
    gina, select = trapped.names["gina"], "SELECT * FROM crm.customers"
    assert trapped.rows_seen(gina, select) is None
    trapped.do("SET SESSION AUTHORIZATION {gina}; GRANT {agents} TO {gina} WITH INHERIT TRUE")
    assert trapped.rows_seen(gina, select) == 10
    trapped.do("REVOKE {agents} FROM {gina} GRANTED BY {gina}")


def test_rights_over_the_server_are_rights_over_every_table(trapped: World, mapped: Mapped) -> None:
    everything = reading(trapped, mapped, "fred", "crm.customers")
    assert (everything.level, everything.sure) == (Level.AT_ONCE, True)
    assert reading(trapped, mapped, "fred", "crm.tickets").how == How.COPY, "it passes no row security"
    assert reading(trapped, mapped, "kurt", "crm.secrets").how == How.SERVER
    copies = reading(trapped, mapped, "hugo", "crm.secrets")
    assert (copies.how, copies.sure) == (How.REPLICATION, False)


def test_the_way_that_is_told_is_the_one_that_stays_if_everybodys_is_taken(trapped: World) -> None:
    trapped.do("GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON crm.customers TO PUBLIC")
    anna, fred, owner = (trapped.names[each] for each in ("anna", "fred", "owner"))
    told = {each.principal: each.way for each in readers(map_of(trapped.url), "crm.customers")}
    trapped.do("REVOKE USAGE ON SCHEMA crm FROM PUBLIC; REVOKE SELECT ON crm.customers FROM PUBLIC")
    assert told["postgres"] == ("superuser",)
    assert told[fred] == ("member of pg_read_all_data", "pg_read_all_data reads every table")
    assert told[owner][-1] == "owner of table customers"
    assert told[anna][1:] == (f"member of {trapped.names['agents']}", "SELECT on table customers")
    assert told[trapped.names["kurt"]][-1].startswith("pg_execute_server_program: ")
    assert told[trapped.names["hugo"]][-1] == "SELECT on table customers to PUBLIC"


def readers(mapped: Mapped, what: str) -> list[Reading]:
    paths = [each.path[1:] for each in mapped.access.rights.resources]
    return [*mapped.access.readers(paths.index(tuple(what.split("."))))]


def test_what_will_be_readable_is_noted(trapped: World, mapped: Mapped) -> None:
    owner, dora = trapped.names["owner"], trapped.names["dora"]
    assert (
        f"{trapped.database}: tables that {owner} makes in schema crm will be readable by {dora}"
        in mapped.access.rights.notes
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_map_agrees_with_the_server_on_random_rights(postgres_url: str, seed: int) -> None:
    """Each role and each table or view: what the map says beside a SELECT as that role."""
    with world(postgres_url) as made:
        tables = at_random(made, random.Random(seed), roles=25, tables=30)
        access = map_of(made.url).access
        names = [each.name for each in access.rights.principals]
        number = {".".join(each.path[1:]): n for n, each in enumerate(access.rights.resources)}
        differing = []
        for table in tables:
            doors = [each for each in access.doors_of(number.get(table, -1)) if each.how in BY_NAME]
            for role in made.names.values():
                found = access.nearest(names.index(role), number[table], doors) if table in number else None
                now = found if found and found.level == Level.AT_ONCE else None
                if not agrees(made.rows_seen(role, f"SELECT a FROM {table}"), now):
                    differing.append((role, table, found))
                if found and found.level == Level.SET_ROLE:
                    become = [each for each in found.way if each.startswith("SET ROLE ")][-1]
                    seen = made.rows_seen(role, f"SELECT a FROM {table}", become=become.split()[-1])
                    if not agrees(seen, found):
                        differing.append((role, table, found))
        assert not differing


def agrees(rows: int | None, found: Reading | None) -> bool:
    """Whether what a role gets of a table of two rows, or of a view, is what the map says."""
    if found is None:
        return not rows
    if found.rows == Rows.ALL and found.resource.kind == "table":
        return rows == 2
    return rows is not None


def test_a_database_that_cannot_be_asked_is_not_called_unreadable(trapped: World, desk: Desk) -> None:
    url = server_as(trapped, "carl")
    trapped.do(f"REVOKE CONNECT ON DATABASE {trapped.database} FROM PUBLIC")
    status = desk.run("access", "map", url)
    trapped.do(f"GRANT CONNECT ON DATABASE {trapped.database} TO PUBLIC")
    assert status == 6
    assert f"NOT KNOWN {trapped.database}: the user may not connect to this database" in desk.out


def test_a_login_without_any_right_sees_the_whole_map(trapped: World, mapped: Mapped) -> None:
    theirs = map_of(server_as(trapped, "carl", trapped.database))
    assert theirs.exposures() == mapped.exposures()
    assert not theirs.unknown


def test_the_widest_come_first_and_ways_are_told(trapped: World, desk: Desk) -> None:
    assert desk.run("access", "map", trapped.url) == 0
    first, _, header, *rows = desk.out.splitlines()
    assert first.startswith("PostgreSQL ")
    assert header.split()[:2] == ["what", "records"]
    counts = [int(each.split()[2]) for each in rows[:3]]
    assert counts == sorted(counts, reverse=True)
    assert desk.run("access", "map", trapped.url, "--who", "customers") == 0
    anna, agents = trapped.names["anna"], trapped.names["agents"]
    lines = desk.out.splitlines()
    at = lines.index(f"{anna}: all rows, at once")
    assert lines[at + 1] == f"    member of {agents}; USAGE on schema crm; SELECT on table customers"
    assert desk.run("access", "map", trapped.url, "--reach", anna, "--json") == 0
    reached = {".".join(each["what"][1:]) for each in json.loads(desk.out)["readings"]}
    assert {"crm.customers", "crm.tickets", "crm.tickets_copy"} <= reached


def test_a_name_that_is_not_there_is_refused_with_those_that_are_like_it(trapped: World, desk: Desk) -> None:
    assert desk.run("access", "map", trapped.url, "--who", "custmers") == 2
    assert desk.err == (
        f"trapstreet: nothing is called custmers there: there are: {trapped.database}.crm.customers\n"
    )
    assert desk.run("access", "map", trapped.url, "--reach", "nobody\x1b[2J") == 2
    assert "\x1b" not in desk.err


def test_hostile_names_are_safe_to_print(trapped: World, desk: Desk) -> None:
    assert desk.run("access", "map", trapped.url, "--reach", trapped.names["anna"]) == 0
    assert "od.d" in desk.out
    assert all(line.isprintable() for line in desk.out.splitlines())


def test_nobody_listening_and_an_unknown_place_are_told_in_one_line(desk: Desk) -> None:
    assert desk.run("access", "map", "postgresql://me:secret@127.0.0.1:1/x") == 4
    assert desk.err.count("\n") == 1
    assert "secret" not in desk.err
    assert desk.run("access", "map", "gopher://x") == 2


def server_as(trapped: World, who: str, database: str = "") -> str:
    """The server's URL for one of its roles."""
    parts = urlsplit(trapped.url)
    place = f"{trapped.names[who]}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place, path=f"/{database}"))
