"""What views of PostgreSQL show beside the tables that they name, and what they do not."""

from collections.abc import Iterator

import pytest

from access_worlds import World, world
from servers import postgres_url
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How

__all__ = ["postgres_url"]


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna")
        made.do("CREATE ROLE {anna} LOGIN; CREATE TABLE customers (id int); INSERT INTO customers VALUES (7)")
        yield made


def reading(crm: World, table: str) -> Reading | None:
    """anna's nearest way to a table."""
    access = map_of(crm.url).access
    number = [each.path[-1] for each in access.rights.resources].index(table)
    return access.nearest([each.name for each in access.rights.principals].index(crm.names["anna"]), number)


def test_a_view_of_a_table_shows_its_parts(crm: World) -> None:
    crm.do("CREATE TABLE visits (id int) PARTITION BY RANGE (id)")
    crm.do("CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10)")
    crm.do("INSERT INTO visits VALUES (1); CREATE VIEW all_visits AS SELECT * FROM visits")
    crm.do("GRANT SELECT ON all_visits TO {anna}")
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM visits_1") is None
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM all_visits") == 1
    seen = reading(crm, "visits_1")
    assert seen
    assert (seen.how, seen.sure) == (How.VIEW, True)


def test_a_view_of_a_materialized_view_shows_what_that_is_a_copy_of(crm: World) -> None:
    crm.do("CREATE MATERIALIZED VIEW copy AS SELECT id FROM customers")
    crm.do("CREATE VIEW above AS SELECT id FROM copy; GRANT SELECT ON above TO {anna}")
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM above") == 1
    seen = reading(crm, "customers")
    assert seen
    assert seen.way[-1] == "view above shows customers"


def test_what_a_rule_writes_to_is_not_shown_by_the_view(crm: World) -> None:
    crm.do("CREATE VIEW door AS SELECT 1 AS id; GRANT SELECT ON door TO {anna}")
    crm.do("CREATE RULE into_it AS ON INSERT TO door DO INSTEAD INSERT INTO customers VALUES (NEW.id)")
    assert reading(crm, "door")
    assert reading(crm, "customers") is None


def test_each_part_has_no_door_for_each_view_but_one_for_what_the_same_ones_see(crm: World) -> None:
    """Of views that show each another column, those who see one see it of each part, and no other one."""
    crm.named("bert")
    crm.do("CREATE ROLE {bert} LOGIN")
    crm.do("CREATE TABLE visits (id int, note text, mail text) PARTITION BY LIST (id)")
    for part in range(4):
        crm.do(f"CREATE TABLE visits_{part} PARTITION OF visits FOR VALUES IN ({part})")
    crm.do("INSERT INTO visits VALUES (0, 'x', 'y')")
    for n in range(30):
        columns = ("id", "id, note", "note")[n % 3]
        crm.do(f"CREATE VIEW view_{n} AS SELECT {columns} FROM visits; GRANT SELECT ON view_{n} TO {{anna}}")
    crm.do("CREATE VIEW mails AS SELECT mail FROM visits; GRANT SELECT ON mails TO {bert}")
    crm.do("CREATE VIEW counted AS SELECT count(*) FROM visits; GRANT SELECT ON counted TO {bert}")
    access = map_of(crm.url).access
    numbers = {each.name: n for n, each in enumerate(access.rights.principals)}
    anna, bert = (1 << numbers[crm.names[each]] for each in ("anna", "bert"))
    for number, resource in enumerate(access.rights.resources):
        if resource.path[-1].startswith("visits_"):
            doors = [each for each in access.doors_of(number) if each.how == How.VIEW and not each.could]
            of_anna = [each.shows for each in doors if each.opens & anna]
            of_bert = [each.shows for each in doors if each.opens & bert]
            assert len(doors) <= 4
            assert {column for each in of_anna for column in each or ()} == {"id", "note"}
            assert set(of_bert) == {(), ("mail",)}
    seen = reading(crm, "visits_3")
    assert seen
    assert seen.way[1:] == ("SELECT on views that show table visits", "table visits shows its parts")


def test_a_table_that_a_view_names_and_does_not_read_is_not_asked_for(crm: World) -> None:
    """`'closed'::regclass` is a dependency of the view as much as what it selects from."""
    crm.named("owner")
    crm.do("CREATE ROLE {owner}; CREATE TABLE closed (id int); GRANT SELECT ON customers TO {owner}")
    crm.do("CREATE VIEW sizes AS SELECT id, pg_relation_size('closed'::regclass) FROM customers")
    crm.do("ALTER VIEW sizes OWNER TO {owner}; GRANT SELECT ON sizes TO {anna}")
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM sizes") == 1
    assert reading(crm, "sizes")
    assert reading(crm, "customers")
    assert reading(crm, "closed") is None
    assert not [each for each in map_of(crm.url).access.rights.notes if "nobody can read" in each]


def test_a_table_that_a_rule_names_and_does_not_read_is_not_shown(crm: World) -> None:
    crm.do("CREATE TABLE closed (id int); CREATE VIEW door AS SELECT 1 AS id; GRANT INSERT ON door TO {anna}")
    crm.do("CREATE RULE answer AS ON INSERT TO door DO INSTEAD SELECT id, 'closed'::regclass FROM customers")
    assert crm.rows_seen(crm.names["anna"], "INSERT INTO door VALUES (1)") == 1
    assert reading(crm, "customers")
    assert reading(crm, "closed") is None
