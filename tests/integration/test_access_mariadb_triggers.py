"""What MariaDB's triggers give to who makes them run, beside what the map says."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

VALUE = "hidden away"
ASKS = "(SELECT MAX(a) FROM {crm}.customers)"
ON_INSERT = "CREATE DEFINER={boss}@'%' TRIGGER {office}.does BEFORE INSERT ON {office}.orders FOR EACH ROW"
SETS = f"{ON_INSERT} SET NEW.a = {ASKS}"
KEEPS = SETS.replace("BEFORE INSERT", "AFTER UPDATE").replace("NEW.a", "@it")
RAISES = (
    f"{ON_INSERT.replace('INSERT', 'DELETE')} BEGIN DECLARE it text DEFAULT {ASKS};"
    " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = it; END"
)
INSERTS, SELECTS = "INSERT INTO {office}.orders VALUES ('')", "SELECT MAX(a) FROM {office}.orders"
WRITES = "CREATE DEFINER={boss}@'%' PROCEDURE {own}.writes() UPDATE {office}.orders SET a = 'new'"
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...], How]] = {
    "a value in the row": (
        (SETS, "GRANT INSERT, SELECT ON {office}.orders TO {anna}@'%'"), (INSERTS, SELECTS), How.TRIGGER,
    ),
    "by a column": (
        (SETS, "GRANT INSERT (a), SELECT ON {office}.orders TO {anna}@'%'"), (INSERTS, SELECTS), How.TRIGGER,
    ),
    "by the whole database": (
        (SETS, "GRANT INSERT, SELECT ON {office}.* TO {anna}@'%'"), (INSERTS, SELECTS), How.TRIGGER,
    ),
    "by a view": (
        (
            SETS,
            "CREATE DEFINER={boss}@'%' VIEW {own}.orders AS SELECT a FROM {office}.orders",
            "GRANT INSERT, SELECT ON {own}.orders TO {anna}@'%'",
        ),
        ("INSERT INTO {own}.orders VALUES ('')", "SELECT MAX(a) FROM {own}.orders"),
        How.TRIGGER,
    ),
    "a variable": (
        (KEEPS, "GRANT UPDATE ON {office}.orders TO {anna}@'%'"),
        ("UPDATE {office}.orders SET a = 'new'", "SELECT @it"),
        How.TRIGGER,
    ),
    "by a function": (
        (
            f"CREATE FUNCTION {{own}}.reads() RETURNS text SQL SECURITY INVOKER RETURN {ASKS}",
            SETS.replace(ASKS, "{own}.reads()"),
            "GRANT INSERT, SELECT ON {office}.orders TO {anna}@'%'",
        ),
        (INSERTS, SELECTS),
        How.TRIGGER,
    ),
    "by a procedure that writes": (
        (KEEPS, WRITES, "GRANT EXECUTE ON PROCEDURE {own}.writes TO {anna}@'%'"),
        ("CALL {own}.writes()", "SELECT @it"),
        How.FUNCTION,
    ),
}  # fmt: skip
NO_WAYS = {
    "who may not write": (SETS, "GRANT SELECT, UPDATE, DELETE ON {office}.orders TO {anna}@'%'"),
    "what nobody is shown": (
        f"{ON_INSERT} INSERT INTO {{crm}}.customers VALUES (NEW.a)".replace("BEFORE", "AFTER"),
        "GRANT ALL ON {office}.orders TO {anna}@'%'",
    ),
    "what is not read": (
        f"{ON_INSERT} SET NEW.a = 'customers'",
        "GRANT ALL ON {office}.orders TO {anna}@'%'",
    ),
    "what the definer may not read": (
        SETS, "GRANT ALL ON {office}.orders TO {anna}@'%'", "REVOKE SELECT ON {crm}.* FROM {boss}@'%'",
    ),
}  # fmt: skip


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """boss, who makes triggers on the orders, reads and writes everything of the town."""
    made = Town(mariadb_url)
    for statement in (
        *(f"CREATE DATABASE {{{each}}}" for each in ("crm", "own", "office")),
        "CREATE TABLE {crm}.customers (a varchar(40))",
        f"INSERT INTO {{crm}}.customers VALUES ('{VALUE}')",
        "CREATE TABLE {office}.orders (a varchar(40))",
        "INSERT INTO {office}.orders VALUES ('')",
        "CREATE USER {boss}@'%'",
        "CREATE USER {anna}@'%'",
        *(
            f"GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER ON {{{each}}}.* TO {{boss}}@'%'"
            for each in ("crm", "own", "office")
        ),
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


def seen(town: Town) -> Reading | None:
    place = town.url.rpartition("/")[0] + "/"
    return found(town, map_of(place), f"{town.name('anna')}@%", "crm.customers")


@pytest.mark.parametrize("case", WAYS)
def test_who_makes_a_trigger_run_perhaps_reads_what_it_reads(town: Town, case: str) -> None:
    makes, uses, how = WAYS[case]
    for each in makes:
        town.do(each)
    assert done(town, *uses) == ((VALUE,),)
    way = seen(town)
    assert way
    assert (way.how, way.sure, way.level) == (how, False, Level.AT_ONCE)


def test_an_error_that_a_trigger_raises_tells_what_it_reads(town: Town) -> None:
    town.do(RAISES)
    town.do("GRANT DELETE ON {office}.orders TO {anna}@'%'")
    with pytest.raises(pymysql.MySQLError, match=VALUE):
        done(town, "DELETE FROM {office}.orders")
    assert seen(town)


@pytest.mark.parametrize("case", NO_WAYS)
def test_others_do_not(town: Town, case: str) -> None:
    for each in NO_WAYS[case]:
        town.do(each)
    assert not seen(town)


def test_a_map_by_who_is_told_of_no_triggers_says_so(town: Town) -> None:
    for grant in ("SELECT ON mysql.*", "SHOW VIEW ON *.*"):
        town.do(f"GRANT {grant} TO {{boss}}@'%'")
    place = f"mariadb://{town.name('boss')}@127.0.0.1:{town.port}/"
    (said,) = (each for each in map_of(place).access.rights.notes if "triggers" in each)
    assert "what they show is not looked at" in said
    assert not any(
        "triggers" in each for each in map_of(town.url.rpartition("/")[0] + "/").access.rights.notes
    )
