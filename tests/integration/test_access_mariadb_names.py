"""Accounts and roles of one name, and what everybody has: whose rights hold for whom, beside the server."""

from collections.abc import Iterator

import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

TABLES = ("crm.notes", "crm.staff", "crm.whole", "out.t")


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """twin is a role, and an account; jonas may act as the role, and as one that it is in."""
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE DATABASE {out}",
        "CREATE TABLE {crm}.notes (a int, b int)",
        "CREATE TABLE {crm}.staff (a int, b int)",
        "CREATE TABLE {crm}.whole (a int, b int)",
        "CREATE TABLE {out}.t (a int)",
        "CREATE ROLE {twin}",
        "CREATE ROLE {outer}",
        "CREATE USER {twin}@'%'",
        "CREATE USER {twin}@'127.0.0.1'",
        "CREATE USER {jonas}@'%'",
        "GRANT {twin} TO {jonas}@'%'",
        "GRANT {twin} TO {outer}",
        "GRANT {outer} TO {jonas}@'%'",
    ):
        made.do(statement)
    yield made
    made.close()


def readings(town: Town, account: str) -> dict[str, Reading | None]:
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    return {table: found(town, mapped, account, table) for table in TABLES}


def by_role(town: Town, role: str) -> set[str]:
    """The tables that jonas reads as a role, or as none."""
    named = town.name(role) if role else ""
    return {each for each in TABLES if town.reads("jonas", select(each), role=named)[1]}


def select(table: str) -> str:
    schema, name = table.split(".")
    return f"SELECT a FROM {{{schema}}}.{name}"


def test_an_account_named_like_a_role_has_its_own_grants_and_not_the_roles(town: Town) -> None:
    for grant in (
        "GRANT SELECT ON {crm}.notes TO {twin}@'127.0.0.1'",
        "GRANT SELECT (a) ON {crm}.staff TO {twin}@'%'",
        "GRANT SELECT ON {crm}.whole TO {twin}",
        "GRANT SELECT ON {out}.* TO {twin}",
    ):
        town.do(grant)
    account = f"{town.name('twin')}@127.0.0.1"
    mapped = readings(town, account)
    for table in TABLES:
        assert town.reads("twin", select(table)) == (account, mapped[table] is not None), table
    assert [each for each in TABLES if mapped[each]] == ["crm.notes", "crm.staff"]
    notes, staff = mapped["crm.notes"], mapped["crm.staff"]
    assert notes
    assert staff
    assert (notes.how, staff.how) == (How.GRANT, How.COLUMNS)


def test_who_acts_as_a_role_has_no_grant_on_tables_of_an_account_of_its_name(town: Town) -> None:
    town.do("GRANT SELECT ON {crm}.notes TO {twin}@'%'")
    town.do("GRANT SELECT (a) ON {crm}.staff TO {twin}@'%'")
    town.do("GRANT SELECT ON {crm}.whole TO {twin}")
    assert by_role(town, "twin") == by_role(town, "outer") == {"crm.whole"}
    mapped = readings(town, f"{town.name('jonas')}@%")
    assert [each for each in TABLES if mapped[each]] == ["crm.whole"]


@pytest.mark.parametrize(
    ("role", "account", "nobody"),
    [
        ("", "SELECT", ""),
        ("", "INSERT", "SELECT"),
        ("", "", "SELECT"),
        ("INSERT", "SELECT", ""),
        ("SELECT", "INSERT", ""),
        ("INSERT", "", "SELECT"),
    ],
)
def test_a_role_without_a_grant_on_a_database_has_the_one_of_an_account_of_its_name_for_any_host(
    town: Town, role: str, account: str, nobody: str
) -> None:
    town.do("CREATE USER ''@'%'")
    town.do("GRANT INSERT ON {out}.* TO {jonas}@'%'")  # beside which nobody's grants do not count
    for right, to in ((role, "{twin}"), (account, "{twin}@'%'"), (nobody, "''@'%'")):
        if right:
            town.do(f"GRANT {right} ON {{out}}.* TO {to}")
    reading = readings(town, f"{town.name('jonas')}@%")["out.t"]
    assert (reading is not None) == bool(by_role(town, "twin") | by_role(town, "outer"))
    if reading:
        assert (reading.level, reading.sure) == (
            Level.AT_ONCE if by_role(town, "") else Level.SET_ROLE,
            True,
        )


def test_what_everybody_has_takes_nothing_from_a_role(town: Town) -> None:
    town.do("GRANT INSERT ON {out}.* TO PUBLIC")
    try:
        town.do(f"GRANT SELECT ON `__t{town.mark}`.* TO {{twin}}")
        assert by_role(town, "twin") == {"out.t"}
        reading = readings(town, f"{town.name('jonas')}@%")["out.t"]
    finally:
        town.do("REVOKE ALL PRIVILEGES ON {out}.* FROM PUBLIC")
    assert reading
    assert reading.level == Level.SET_ROLE
