"""What MariaDB's routines and views come to through what they call, beside what the server gives."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

VALUE = "hidden away"
BOSS = "DEFINER={boss}@'%'"
_READS = "RETURN (SELECT MAX(a) FROM {crm}.customers)"
CAREFUL = f"CREATE FUNCTION {{own}}.reads() RETURNS text SQL SECURITY INVOKER {_READS}"
AS_BOSS = f"CREATE {BOSS} FUNCTION {{own}}.reads() RETURNS text SQL SECURITY DEFINER {_READS}"
ODD = f"CREATE FUNCTION {{own}}.`reads at (night)` () RETURNS text SQL SECURITY INVOKER {_READS}"
CALLS = f"CREATE {BOSS} PROCEDURE {{office}}.shows() SELECT {{own}}.reads()"
SEES = f"CREATE {BOSS} VIEW {{office}}.shown AS SELECT {{own}}.reads() AS a"
RUNS = "CALL {office}.shows()"
SELECTS = "SELECT a FROM {office}.shown"
PACKAGE = (
    "SET sql_mode = ORACLE",
    "CREATE PACKAGE {own}.has AS FUNCTION gets RETURN text; END",
    (
        "CREATE PACKAGE BODY {own}.has AS FUNCTION gets RETURN text AS it text;"
        " BEGIN SELECT MAX(a) INTO it FROM {crm}.customers; RETURN it; END; END"
    ),
    "SET sql_mode = DEFAULT",
)
PUTS = f"CREATE {BOSS} PROCEDURE {{office}}.puts(what text) EXECUTE IMMEDIATE what"
PUT = "CALL {office}.puts('SELECT a FROM {crm}.customers')"
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a careful function in a procedure": ((CAREFUL, CALLS), (RUNS,)),
    "a function of its definer in a procedure": ((AS_BOSS, CALLS), (RUNS,)),
    "one with an odd name": (
        (ODD, f"CREATE {BOSS} PROCEDURE {{office}}.shows() SELECT {{own}}.`Reads at (night)`()"), (RUNS,),
    ),
    "by three": (
        (
            CAREFUL,
            "CREATE PROCEDURE {own}.between() SQL SECURITY INVOKER SELECT {own}.reads()",
            f"CREATE {BOSS} PROCEDURE {{office}}.shows() CALL {{own}}.between()",
        ),
        (RUNS,),
    ),
    "a careful function in a view": ((CAREFUL, SEES), (SELECTS,)),
    "a function of its definer in a view": ((AS_BOSS, SEES), (SELECTS,)),
    "in a view below a view": (
        (
            CAREFUL,
            "CREATE SQL SECURITY INVOKER VIEW {own}.between AS SELECT {own}.reads() AS a",
            f"CREATE {BOSS} VIEW {{office}}.shown AS SELECT a FROM {{own}}.between",
        ),
        (SELECTS,),
    ),
    "in a view that a procedure shows": (
        (
            CAREFUL,
            "CREATE SQL SECURITY INVOKER VIEW {own}.between AS SELECT {own}.reads() AS a",
            f"CREATE {BOSS} PROCEDURE {{office}}.shows() SELECT a FROM {{own}}.between",
        ),
        (RUNS,),
    ),
    "a function in a package in a view": ((*PACKAGE, SEES.replace("reads()", "has.gets()")), (SELECTS,)),
    "a function in a package in a procedure": (
        (*PACKAGE, CALLS.replace("reads()", "has.gets()")), (RUNS,),
    ),
    "a text that is handed to a procedure": ((PUTS,), (PUT,)),
    "what another procedure prepared": (
        (
            f"CREATE {BOSS} PROCEDURE {{office}}.prepares() PREPARE s FROM @what",
            f"CREATE {BOSS} PROCEDURE {{office}}.shows() EXECUTE s",
        ),
        ("SET @what = 'SELECT a FROM {crm}.customers'", "CALL {office}.prepares()", RUNS),
    ),
}  # fmt: skip
NO_WAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "a function that the definer may not run": (
        (AS_BOSS, CALLS, "REVOKE EXECUTE ON {own}.* FROM {boss}@'%'"), RUNS,
    ),
    "a table that the definer may not read": (
        (CAREFUL, CALLS, "REVOKE SELECT ON {crm}.* FROM {boss}@'%'"), RUNS,
    ),
    "a view that leaves the rights to who reads it": (
        (AS_BOSS, "CREATE SQL SECURITY INVOKER VIEW {office}.shown AS SELECT {own}.reads() AS a"), SELECTS,
    ),
    "a text that is run as who may not read it": ((PUTS, "REVOKE SELECT ON {crm}.* FROM {boss}@'%'"), PUT),
    "a text that is run as who hands it": (
        ("CREATE PROCEDURE {office}.puts(what text) SQL SECURITY INVOKER EXECUTE IMMEDIATE what",), PUT,
    ),
}  # fmt: skip


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """boss reads crm and runs what is in own; anna runs and reads what is in office."""
    made = Town(mariadb_url)
    for statement in (
        *(f"CREATE DATABASE {{{each}}}" for each in ("crm", "own", "office")),
        "CREATE TABLE {crm}.customers (a varchar(40))",
        f"INSERT INTO {{crm}}.customers VALUES ('{VALUE}')",
        "CREATE USER {boss}@'%'",
        "CREATE USER {anna}@'%'",
        *(f"GRANT SELECT, EXECUTE ON {{{each}}}.* TO {{boss}}@'%'" for each in ("crm", "own", "office")),
        "GRANT SELECT, EXECUTE ON {office}.* TO {anna}@'%'",
    ):
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
def test_what_is_called_as_a_definer_is_perhaps_read_by_who_may_run_or_read_the_first(
    town: Town, case: str
) -> None:
    makes, uses = WAYS[case]
    for each in makes:
        town.do(each)
    assert done(town, *uses) == ((VALUE,),)
    way = found(town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@%", "crm.customers")
    assert way
    assert (way.how, way.sure, way.level) == (How.FUNCTION, False, Level.AT_ONCE)


@pytest.mark.parametrize("case", NO_WAYS)
def test_what_the_definer_may_not_do_opens_nothing(town: Town, case: str) -> None:
    makes, uses = NO_WAYS[case]
    for each in makes:
        town.do(each)
    with pytest.raises(pymysql.MySQLError, match=r"denied|lack rights"):
        done(town, uses)
    place = town.url.rpartition("/")[0] + "/"
    assert not found(town, map_of(place), f"{town.name('anna')}@%", "crm.customers")


def test_a_text_that_is_run_as_who_reads_everything_is_one_way_to_everything(town: Town) -> None:
    town.do("CREATE PROCEDURE {office}.puts(what text) EXECUTE IMMEDIATE what")
    assert done(town, PUT) == ((VALUE,),)
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    way = found(town, mapped, f"{town.name('anna')}@%", "crm.customers")
    assert way
    assert way.way[-1] == f"EXECUTE on {town.name('office')}.puts: as tester@%, does not tell what it runs"
    said = [grant.what for door in mapped.access.rights.doors for grant in door.grants]
    assert said.count(way.way[-1]) == 1


@pytest.mark.parametrize("has_file", [True, False])
def test_a_function_that_reads_files_perhaps_shows_those_of_tables(
    town: Town, tmp_path: Path, *, has_file: bool
) -> None:
    kept = tmp_path / "kept"
    kept.write_text(VALUE)
    kept.chmod(0o644)  # the server reads no other
    town.do(f"CREATE {BOSS} FUNCTION {{office}}.loads(name text) RETURNS text RETURN LOAD_FILE(name)")
    if has_file:
        town.do("GRANT FILE ON *.* TO {boss}@'%'")
    gives = done(town, f"SELECT {{office}}.loads('{kept}')")
    assert gives == ((VALUE if has_file else None,),)
    way = found(town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@%", "crm.customers")
    assert bool(way) == has_file
    assert not way or (not way.sure and way.way[-1].endswith("loads reads files of the server"))


def test_the_way_names_what_is_called(town: Town) -> None:
    town.do(CAREFUL)
    town.do(CALLS)
    way = found(town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@%", "crm.customers")
    assert way
    assert way.way[-1] == f"{town.name('office')}.shows comes to {town.name('own')}.reads"
