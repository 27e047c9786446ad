"""What HANDLER gives of a MariaDB table to who may select from one column of it, and what the map says."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

OPENS = "HANDLER {crm}.staff OPEN AS one"
COLUMNS = "(a varchar(40) NOT NULL, b varchar(40) NOT NULL)"
WHOLE = {
    "InnoDB": f"TABLE {{crm}}.staff {COLUMNS}",
    "MyISAM": f"TABLE {{crm}}.staff {COLUMNS} ENGINE=MyISAM",
    "Aria": f"TABLE {{crm}}.staff {COLUMNS} ENGINE=Aria",
    "MEMORY": f"TABLE {{crm}}.staff {COLUMNS} ENGINE=MEMORY",
    "in parts": f"TABLE {{crm}}.staff {COLUMNS} PARTITION BY KEY (a)",
}
BY_COLUMN = {
    "CSV": f"TABLE {{crm}}.staff {COLUMNS} ENGINE=CSV",
    "MERGE": f"TABLE {{crm}}.staff {COLUMNS} ENGINE=MERGE",
    "a view": "VIEW {crm}.staff AS SELECT 1 AS a, 2 AS b",
    "a sequence": "SEQUENCE {crm}.staff",
}


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    for statement in ("CREATE DATABASE {crm}", "CREATE USER {anna}@'%'", "CREATE ROLE {staff}"):
        made.do(statement)
    yield made
    made.close()


def done(town: Town, *statements: str) -> Any:
    """What the last of anna's statements gives; raises the server's refusal."""
    with closing(town.connected(town.name("anna"))) as connection, connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each.replace("{", "").replace("}", town.mark))
        return cursor.fetchall()


def seen(town: Town) -> Reading:
    way = found(town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@%", "crm.staff")
    assert way
    assert (way.how, way.sure) == (How.COLUMNS, True)
    return way


@pytest.mark.parametrize("case", WHOLE)
def test_who_may_select_one_column_of_a_table_reads_all_of_it(town: Town, case: str) -> None:
    town.do(f"CREATE {WHOLE[case]}")
    town.do("INSERT INTO {crm}.staff VALUES ('anna', 'hidden')")
    town.do("GRANT SELECT (a) ON {crm}.staff TO {anna}@'%'")
    assert not town.reads("anna", "SELECT b FROM {crm}.staff")[1]
    assert done(town, OPENS, "HANDLER one READ FIRST") == (("anna", "hidden"),)
    way = seen(town)
    assert way.columns == ()
    assert way.way[-1] == f"SELECT (a) on {town.name('crm')}.staff: HANDLER reads all its columns"


@pytest.mark.parametrize("case", BY_COLUMN)
def test_who_may_select_one_column_of_what_handler_does_not_read_reads_that(town: Town, case: str) -> None:
    column = "increment" if case == "a sequence" else "a"
    town.do(f"CREATE {BY_COLUMN[case]}")
    town.do(f"GRANT SELECT ({column}) ON {{crm}}.staff TO {{anna}}@'%'")
    with pytest.raises(pymysql.MySQLError, match=r"doesn't have this option|is not of type"):
        done(town, OPENS)
    assert seen(town).columns == (column,)


def test_who_may_by_a_role_reads_all_of_it(town: Town) -> None:
    for statement in (
        f"CREATE {WHOLE['InnoDB']}",
        "INSERT INTO {crm}.staff VALUES ('anna', 'hidden')",
        "GRANT SELECT (a) ON {crm}.staff TO {staff}",
        "GRANT {staff} TO {anna}@'%'",
    ):
        town.do(statement)
    assert done(town, "SET ROLE {staff}", OPENS, "HANDLER one READ FIRST") == (("anna", "hidden"),)
    assert seen(town).columns == ()
