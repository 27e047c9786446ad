"""Views of MariaDB whose text this account may not see, and those of other databases, beside the server."""

from collections.abc import Iterator

import pytest

from desk import Desk
from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import Mapped, map_of
from trapstreet.core.model.rights import How

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """reader makes the maps; hans may select from two views, one of which does not work for him."""
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE DATABASE {out}",
        "CREATE TABLE {crm}.customers (a int, b int)",
        "CREATE VIEW {out}.names AS SELECT a FROM {crm}.customers",
        "CREATE SQL SECURITY INVOKER VIEW {out}.careful AS SELECT a FROM {crm}.customers",
        "CREATE USER {hans}@'%'",
        "GRANT SELECT ON {out}.names TO {hans}@'%'",
        "GRANT SELECT (a) ON {out}.careful TO {hans}@'%'",
        "CREATE USER {reader}@'%'",
        "GRANT SELECT ON mysql.* TO {reader}@'%'",
        "GRANT REFERENCES, SHOW VIEW ON *.* TO {reader}@'%'",
    ):
        made.do(statement)
    made.do("CREATE VIEW {out}.above AS SELECT a FROM {out}.careful")
    yield made
    made.close()


def by_reader(town: Town) -> str:
    return f"mariadb://{town.name('reader')}@127.0.0.1:{town.port}/"


def test_what_a_view_shows_that_may_not_be_seen_is_not_known_and_who_reads_it_perhaps(
    town: Town, desk: Desk
) -> None:
    assert town.reads("hans", "SELECT a FROM {out}.names")[1]
    assert not town.reads("hans", "SELECT a FROM {out}.careful")[1]
    mapped = map_of(by_reader(town))
    for view in ("names", "careful"):
        reading = found(town, mapped, f"{town.name('hans')}@%", f"out.{view}")
        assert reading
        assert not reading.sure
        assert reading.way[-1].endswith(", if it works: what it shows is not known")
    assert desk.run("access", "map", by_reader(town), "--who", f"{town.name('crm')}.customers") == 6
    (line,) = (each for each in desk.out.splitlines() if each.startswith("NOT KNOWN "))
    assert line.startswith("NOT KNOWN what views show (")
    assert f"{town.name('out')}.careful" in line
    assert line.endswith("and for whom they work: GRANT SHOW VIEW and SELECT on them to this account")


def test_a_report_that_rests_on_what_is_not_all_known_says_so(town: Town, desk: Desk) -> None:
    said = desk.do("access", "report", by_reader(town), status=6)
    assert "NOT KNOWN what views show (" in said
    assert desk.json("access", "report", by_reader(town), status=6)["unknown"]


def unseen(town: Town, mapped: Mapped) -> set[str]:
    """Our views of which it is said that they are not seen; others have views on the server, too."""
    (said,) = mapped.unknown or [""]
    return {each for each in ("names", "careful", "above") if f"{town.name('out')}.{each}" in said}


def test_who_may_select_from_a_view_sees_what_it_shows(town: Town) -> None:
    account = f"{town.name('hans')}@%"
    for view in ("names", "careful"):
        town.do(f"GRANT SELECT ON {{out}}.{view} TO {{reader}}@'%'")
    mapped = map_of(by_reader(town))
    assert unseen(town, mapped) == {"above"}
    reading = found(town, mapped, account, "crm.customers")
    assert reading
    assert (reading.how, reading.sure) == (How.VIEW, True)
    assert found(town, mapped, account, "out.careful") is None
    town.do("GRANT SELECT ON {out}.above TO {reader}@'%'")
    assert unseen(town, map_of(by_reader(town))) == set()


def test_a_view_of_one_that_may_not_be_seen_is_perhaps(town: Town) -> None:
    town.do("GRANT SELECT ON {out}.above TO {hans}@'%'")
    town.do("GRANT SELECT ON {out}.above TO {reader}@'%'")
    reading = found(town, map_of(by_reader(town)), f"{town.name('hans')}@%", "out.above")
    assert reading
    assert not reading.sure


def test_a_view_of_another_database_shows_what_is_in_the_one_that_is_asked_for(town: Town) -> None:
    mapped = map_of(f"{town.url.rpartition('/')[0]}/{town.name('crm')}")
    assert [each.path[0] for each in mapped.access.rights.resources] == [town.name("crm")]
    assert town.reads("hans", "SELECT a FROM {out}.names")[1]
    reading = found(town, mapped, f"{town.name('hans')}@%", "crm.customers")
    assert reading
    assert reading.way[-1] == f"view {town.name('out')}.names shows {town.name('crm')}.customers"


@pytest.mark.parametrize("alias", ["{customers}", "{c}"])
def test_a_column_is_no_table_of_a_database_that_is_called_like_its_table_or_an_alias(
    town: Town, alias: str
) -> None:
    """The definer may read what the view shows, and nothing of that database."""
    for statement in (
        "CREATE TABLE {crm}.{customers} (a int, email int)",
        f"CREATE DATABASE {alias}",
        f"CREATE TABLE {alias}.email (a int)",
        "CREATE USER {owner}@'%'",
        "GRANT SELECT ON {crm}.* TO {owner}@'%'",
        f"CREATE DEFINER={{owner}}@'%' VIEW {{out}}.mails AS SELECT email FROM {{crm}}.{{customers}} {alias}",
        "GRANT SELECT ON {out}.mails TO {hans}@'%'",
    ):
        town.do(statement)
    assert town.reads("hans", "SELECT count(*) FROM {out}.mails")[1]
    mapped, account = map_of(f"{town.url.rpartition('/')[0]}/"), f"{town.name('hans')}@%"
    assert found(town, mapped, account, "out.mails")
    assert found(town, mapped, account, f"crm.{town.name('customers')}")
    assert found(town, mapped, account, f"{alias.strip('{}')}.email") is None


def test_a_view_for_which_a_role_adds_what_the_account_lacks_is_read_perhaps(town: Town) -> None:
    """In a role, the account's own rights go on: on the view by one, on what it shows by the other."""
    for statement in (
        "CREATE ROLE {helpers}",
        "GRANT SELECT ON {crm}.customers TO {helpers}",
        "GRANT {helpers} TO {hans}@'%'",
        "CREATE USER {ines}@'%'",
        "GRANT {helpers} TO {ines}@'%'",
    ):
        town.do(statement)
    role, select = town.name("helpers"), "SELECT a FROM {out}.careful"
    accounts = {user: f"{town.name(user)}@%" for user in ("hans", "ines")}
    assert town.reads("hans", select, role=role) == (accounts["hans"], True)
    assert town.reads("ines", select, role=role) == (accounts["ines"], False)
    assert not town.reads("hans", select)[1]
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    reading = found(town, mapped, accounts["hans"], "out.careful")
    assert reading
    assert not reading.sure
    assert found(town, mapped, accounts["ines"], "out.careful") is None


@pytest.mark.parametrize(("by", "works"), [("PUBLIC", True), ("{staff}", False)])
def test_a_views_definer_has_what_everybody_has_and_no_role_from_the_start(
    town: Town, by: str, works: bool
) -> None:
    for statement in (
        "CREATE USER {boss}@'%'",
        "CREATE ROLE {staff}",
        "GRANT {staff} TO {boss}@'%'",
        "SET DEFAULT ROLE {staff} FOR {boss}@'%'",
        f"GRANT SELECT ON {{crm}}.customers TO {by}",
        "CREATE DEFINER={boss}@'%' VIEW {out}.more AS SELECT a FROM {crm}.customers",
        "GRANT SELECT ON {out}.more TO {hans}@'%'",
    ):
        town.do(statement)
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    reads = town.reads("hans", "SELECT a FROM {out}.more")[1]
    if by == "PUBLIC":
        town.do("REVOKE SELECT ON {crm}.customers FROM PUBLIC")
    reading = found(town, mapped, f"{town.name('hans')}@%", "out.more")
    assert (reads, reading is not None) == (works, works)
    broken = f"nobody can read view {town.name('out')}.more: its definer may not read what it shows"
    assert (broken in mapped.access.rights.notes) == (not works)
