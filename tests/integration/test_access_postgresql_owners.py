"""What row security and the rights of others leave of tables behind views of PostgreSQL: seen, and told."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from access_worlds import World, at_random, world
from servers import postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Rows

__all__ = ["postgres_url"]

MADE = """
CREATE ROLE {owner}; CREATE ROLE {anna} LOGIN; CREATE ROLE {keeper};
CREATE SCHEMA crm; GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.tickets (id int); INSERT INTO crm.tickets VALUES (1), (2);
ALTER TABLE crm.tickets OWNER TO {owner}; ALTER TABLE crm.tickets ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON crm.tickets TO {keeper};
CREATE VIEW crm.shown AS SELECT id FROM crm.tickets;
ALTER VIEW crm.shown OWNER TO {keeper}; GRANT SELECT ON crm.shown TO {anna}
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("owner", "anna", "keeper")
        for statement in MADE.split(";\n"):
            made.do(statement)
        yield made


def nearest(crm: World, what: str, who: str = "anna") -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", what))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names[who]), number)


def seen(crm: World, what: str) -> int | None:
    return crm.rows_seen(crm.names["anna"], f"SELECT * FROM crm.{what}")


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ("CREATE POLICY own ON crm.tickets TO {anna} USING (true)", 0),
        ("CREATE POLICY own ON crm.tickets FOR UPDATE TO {keeper} USING (true)", 0),
        ("CREATE POLICY own ON crm.tickets TO {keeper} USING (id = 1)", 1),
        ("CREATE POLICY own ON crm.tickets TO PUBLIC USING (true)", 2),
        ("ALTER ROLE {keeper} BYPASSRLS", 2),
        ("ALTER TABLE crm.tickets OWNER TO {keeper}", 2),
        ("ALTER TABLE crm.tickets OWNER TO {keeper}; ALTER TABLE crm.tickets FORCE ROW LEVEL SECURITY", 0),
        ("GRANT {owner} TO {keeper}", 2),
    ],
)
def test_a_view_shows_what_row_security_leaves_to_its_owner(crm: World, given: str, rows: int) -> None:
    assert seen(crm, "shown") == 0
    assert nearest(crm, "tickets") is None
    crm.do(given)
    assert seen(crm, "shown") == rows
    found = nearest(crm, "tickets")
    assert (found and (found.how, found.rows, found.sure)) == ((How.VIEW, Rows.SHOWN, True) if rows else None)


def test_of_views_in_views_the_one_that_names_the_table_decides(crm: World) -> None:
    crm.do("CREATE VIEW crm.outer_one AS SELECT id FROM crm.shown; ALTER VIEW crm.outer_one OWNER TO {owner}")
    crm.do("GRANT SELECT ON crm.shown TO {owner}; GRANT SELECT ON crm.outer_one TO {anna}")
    assert seen(crm, "outer_one") == 0, "the owner of the table owns the outer view alone"
    assert nearest(crm, "tickets") is None
    crm.do("ALTER VIEW crm.shown OWNER TO {owner}")
    assert seen(crm, "outer_one") == 2
    assert nearest(crm, "tickets").how == How.VIEW


def test_a_view_that_reads_as_whoever_asks_leaves_what_row_security_leaves_to_that_one(crm: World) -> None:
    crm.do("ALTER VIEW crm.shown SET (security_invoker)")
    crm.do("CREATE SCHEMA inner_one; ALTER TABLE crm.tickets SET SCHEMA inner_one")
    crm.do("GRANT SELECT ON inner_one.tickets TO {anna}")
    crm.do("CREATE POLICY own ON inner_one.tickets TO {keeper} USING (true)")
    assert seen(crm, "shown") == 0
    assert reads(crm) is None
    crm.do("CREATE POLICY second ON inner_one.tickets TO {anna} USING (id = 2)")
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM inner_one.tickets") is None, "not by its own name"
    assert seen(crm, "shown") == 1
    assert reads(crm).how == How.VIEW


def reads(crm: World) -> Any:
    """How anna reads the table in a schema that it may not use."""
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("inner_one", "tickets"))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names["anna"]), number)


def test_a_view_within_a_view_reads_as_whoever_asks_if_it_says_so(crm: World) -> None:
    """Whoever reads the outer one needs the right on the table; its owner's is not enough."""
    crm.do("ALTER TABLE crm.tickets DISABLE ROW LEVEL SECURITY")
    crm.do("ALTER VIEW crm.shown SET (security_invoker)")
    crm.do(
        "CREATE VIEW crm.outer_one AS SELECT id FROM crm.shown; ALTER VIEW crm.outer_one OWNER TO {keeper}"
    )
    crm.do("GRANT SELECT ON crm.outer_one TO {anna}")
    assert seen(crm, "outer_one") is None
    assert nearest(crm, "outer_one") is None
    assert nearest(crm, "tickets") is None
    crm.do("GRANT SELECT ON crm.tickets TO {anna}")
    assert seen(crm, "outer_one") == 2
    assert nearest(crm, "outer_one").how == How.GRANT


def test_a_materialized_view_keeps_what_its_owner_saw_when_it_was_filled(crm: World) -> None:
    crm.do("CREATE POLICY own ON crm.tickets TO {keeper} USING (true)")
    crm.do(
        "CREATE MATERIALIZED VIEW crm.copy AS SELECT id FROM crm.tickets; GRANT SELECT ON crm.copy TO {anna}"
    )
    crm.do("ALTER MATERIALIZED VIEW crm.copy OWNER TO {keeper}; REFRESH MATERIALIZED VIEW crm.copy")
    crm.do("REVOKE SELECT ON crm.shown FROM {anna}")
    assert seen(crm, "copy") == 2
    found = nearest(crm, "tickets")
    assert (found.how, found.sure) == (How.COPY, True)
    crm.do("DROP POLICY own ON crm.tickets")
    assert seen(crm, "copy") == 2
    found = nearest(crm, "tickets")
    assert (found.how, found.sure) == (How.COPY, False), "the rights alone do not tell since when"
    crm.do("REFRESH MATERIALIZED VIEW crm.copy")
    assert seen(crm, "copy") == 0


def test_a_materialized_view_is_filled_as_its_owner_through_views_that_read_as_whoever_asks(
    crm: World,
) -> None:
    crm.do("ALTER VIEW crm.shown SET (security_invoker); ALTER ROLE {keeper} BYPASSRLS")
    crm.do(
        "CREATE MATERIALIZED VIEW crm.copy AS SELECT id FROM crm.shown; GRANT SELECT ON crm.copy TO {anna}"
    )
    crm.do("ALTER MATERIALIZED VIEW crm.copy OWNER TO {keeper}; REFRESH MATERIALIZED VIEW crm.copy")
    assert seen(crm, "copy") == 2
    found = nearest(crm, "tickets")
    assert (found.how, found.sure) == (How.COPY, True)


def test_a_function_shows_no_rows_that_row_security_keeps_from_its_owner(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f() RETURNS SETOF crm.tickets LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT * FROM crm.tickets'; ALTER FUNCTION crm.f() OWNER TO {keeper}"
    )
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") == 0
    assert nearest(crm, "tickets") is None
    crm.do("CREATE POLICY own ON crm.tickets TO {keeper} USING (id = 1)")
    crm.do("REVOKE SELECT ON crm.shown FROM {anna}")
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") == 1
    assert nearest(crm, "tickets").how == How.FUNCTION


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_what_views_show_to_whom_agrees_with_the_server_on_random_rights(
    postgres_url: str, seed: int
) -> None:
    """Each role and each view: whether it gets rows, beside whether a door leads through it to its table."""
    with world(postgres_url) as made:
        at_random(made, random.Random(seed), roles=15, tables=40)
        access = map_of(made.url).access
        names = [each.name for each in access.rights.principals]
        differing, shown = [], 0
        for view in [each for each in access.rights.resources if each.kind == "view"]:
            through = f"view {view.path[-1]} shows "
            doors = [
                each
                for number, resource in enumerate(access.rights.resources)
                if resource.kind == "table"
                for each in access.doors_of(number)
                if each.sure and each.grants[-1].what == f"{through}{resource.path[-1]}"
            ]
            asks = made.connection.execute(
                "SELECT 'security_invoker=true' = ANY (reloptions) FROM pg_class WHERE oid = to_regclass(%s)",
                (".".join(view.path[1:]),),
            ).fetchone()
            for role in made.names.values() if asks != (True,) else ():
                mine = 1 << names.index(role)
                told = any(access.levels(each)[0] & mine for each in doors)
                seen = bool(made.rows_seen(role, f"SELECT a FROM {'.'.join(view.path[1:])}"))
                if not access.rights.doors[0].opens & mine:  # superusers need no view
                    shown += seen
                    differing += [(role, view.path)] * (told != seen)
        assert not differing
        assert shown
