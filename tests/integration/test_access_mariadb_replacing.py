"""Things replaced below MariaDB's views and routines: what the server then shows, and what the map says."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

SECRET = 4711
DATABASES = ("crm", "hr", "own", "office")
_TAKES = "SQL SECURITY INVOKER RETURN (SELECT MAX(salary) FROM {hr}.staff)"
AS_A_VIEW = (
    f"CREATE FUNCTION {{own}}.takes() RETURNS int {_TAKES}",
    "DROP TABLE {crm}.customers",
    "CREATE SQL SECURITY INVOKER VIEW {crm}.customers AS SELECT {own}.takes() AS a",
)
AS_A_FUNCTION = ("DROP FUNCTION {crm}.score", f"CREATE FUNCTION {{crm}}.score() RETURNS int {_TAKES}")
SHOWN = "SELECT a FROM {office}.shown"
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "a table that a view shows": (("DROP, CREATE VIEW ON {crm}.*",), AS_A_VIEW, SHOWN),
    "by rights on that one": (("DROP, CREATE VIEW ON {crm}.customers",), AS_A_VIEW, SHOWN),
    "by two grants": (("DROP ON {crm}.*", "CREATE VIEW ON {crm}.customers"), AS_A_VIEW, SHOWN),
    "below a view in the view": (
        ("DROP, CREATE VIEW ON {crm}.*",), AS_A_VIEW, "SELECT a FROM {office}.deep",
    ),
    "a table that a routine reads": (("DROP, CREATE VIEW ON {crm}.*",), AS_A_VIEW, "CALL {office}.lists()"),
    "by a view alone, with a right to write": (
        ("DROP, CREATE VIEW ON {crm}.*", "INSERT ON {hr}.staff"),
        (
            "DROP TABLE {crm}.customers",
            "CREATE SQL SECURITY INVOKER VIEW {crm}.customers AS SELECT salary AS a FROM {hr}.staff",
        ),
        SHOWN,
    ),
    "a function that a view calls": (
        ("CREATE ROUTINE, ALTER ROUTINE ON {crm}.*",), AS_A_FUNCTION, "SELECT a FROM {office}.scored",
    ),
    "a function that a routine calls": (
        ("CREATE ROUTINE, ALTER ROUTINE ON {crm}.*",), AS_A_FUNCTION, "CALL {office}.scores()",
    ),
}  # fmt: skip
NO_WAYS = {
    "DROP alone": ("DROP, CREATE ON {crm}.*",),
    "CREATE VIEW alone": ("CREATE VIEW ON {crm}.*",),
    "ALTER ROUTINE alone": ("ALTER ROUTINE ON {crm}.*",),
    "CREATE ROUTINE alone": ("CREATE ROUTINE ON {crm}.*",),
    "below nothing of others": ("DROP, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE ON {own}.*",),
}


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """boss reads all of crm and hr; anna reads what he shows in office, and has a database of her own."""
    made = Town(mariadb_url)
    boss = "DEFINER={boss}@'%'"
    for statement in (
        *(f"CREATE DATABASE {{{each}}}" for each in DATABASES),
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE TABLE {hr}.staff (salary int)",
        f"INSERT INTO {{hr}}.staff VALUES ({SECRET})",
        "CREATE USER {boss}@'%'", "CREATE USER {anna}@'%'",
        *(f"GRANT SELECT, EXECUTE ON {{{each}}}.* TO {{boss}}@'%'" for each in DATABASES),
        "GRANT SELECT, EXECUTE ON {office}.* TO {anna}@'%'",
        "GRANT CREATE ROUTINE ON {own}.* TO {anna}@'%'",
        "CREATE FUNCTION {crm}.score() RETURNS int RETURN 1",
        f"CREATE {boss} VIEW {{office}}.shown AS SELECT a FROM {{crm}}.customers",
        "CREATE SQL SECURITY INVOKER VIEW {crm}.between AS SELECT a FROM {crm}.customers",
        f"CREATE {boss} VIEW {{office}}.deep AS SELECT a FROM {{crm}}.between",
        f"CREATE {boss} VIEW {{office}}.scored AS SELECT {{crm}}.score() AS a",
        f"CREATE {boss} PROCEDURE {{office}}.lists() SELECT a FROM {{crm}}.customers",
        f"CREATE {boss} PROCEDURE {{office}}.scores() SELECT {{crm}}.score()",
    ):  # fmt: skip
        made.do(statement)
    yield made
    made.close()


def done(town: Town, *statements: str) -> Any:
    """What the last of anna's statements gives; raises the server's refusal."""
    with closing(town.connected(town.name("anna"))) as connection, connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each.replace("{", "").replace("}", town.mark))
        return cursor.fetchall()


@pytest.mark.parametrize("case", WAYS)
def test_who_may_replace_what_is_used_as_somebody_perhaps_reads_what_that_one_does(
    town: Town, case: str
) -> None:
    grants, replaces, shows = WAYS[case]
    for each in grants:
        town.do(f"GRANT {each} TO {{anna}}@'%'")
    place = town.url.rpartition("/")[0] + "/"
    way = found(town, map_of(place), f"{town.name('anna')}@%", "hr.staff", How.FUNCTION)
    assert way
    assert (way.sure, way.level) == (False, Level.GRANTS_ITSELF)
    assert f"as {town.name('boss')}@%" in way.way[-1]
    assert not town.reads("anna", "SELECT salary FROM {hr}.staff")[1]
    assert done(town, *replaces, shows) == ((SECRET,),)


@pytest.mark.parametrize("case", NO_WAYS)
def test_who_cannot_replace_it_does_not(town: Town, case: str) -> None:
    for each in NO_WAYS[case]:
        town.do(f"GRANT {each} TO {{anna}}@'%'")
    for replaces in (AS_A_VIEW, AS_A_FUNCTION):
        with pytest.raises(pymysql.MySQLError, match="denied"):
            done(town, *replaces)
    place = town.url.rpartition("/")[0] + "/"
    assert not found(town, map_of(place), f"{town.name('anna')}@%", "hr.staff")


def test_who_may_drop_and_create_grant_tables_perhaps_gives_itself_anything(town: Town) -> None:
    for grant in ("ALL ON {own}.*", "DROP, CREATE ON mysql.proc"):
        town.do(f"GRANT {grant} TO {{anna}}@'%'")
    place = town.url.rpartition("/")[0] + "/"
    way = found(town, map_of(place), f"{town.name('anna')}@%", "hr.staff", How.SUPERUSER)
    assert way
    assert (way.sure, way.level) == (False, Level.GRANTS_ITSELF)
    for statement in (
        "CREATE DATABASE {kept}",
        "CREATE TABLE {kept}.proc LIKE mysql.proc",
        "INSERT INTO {kept}.proc SELECT * FROM mysql.proc",
        "CREATE DEFINER={boss}@'%' PROCEDURE {own}.takes() SELECT salary FROM {hr}.staff",
        "CREATE TABLE {own}.proc (PRIMARY KEY (db, name, type)) ENGINE=MyISAM SELECT * FROM mysql.proc",
        "DROP PROCEDURE {own}.takes",
    ):
        town.do(statement)
    told = town.do("SHOW CREATE TABLE {own}.proc")[0][1]
    merge = told.replace("`proc`", "mysql.proc", 1).replace("=MyISAM", "=MERGE UNION=({own}.proc)")
    try:
        assert done(town, "DROP TABLE mysql.proc", merge, "CALL {own}.takes()") == ((SECRET,),)
    finally:
        town.do("DROP TABLE IF EXISTS mysql.proc")
        town.do("RENAME TABLE {kept}.proc TO mysql.proc")
