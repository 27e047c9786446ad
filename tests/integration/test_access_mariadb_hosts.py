"""A user with accounts for several hosts: what SET ROLE lends one of them of another, beside the server."""

from collections.abc import Iterator

import pytest

from desk import Desk
from servers import mariadb_url
from towns import Town, found
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

CUSTOMERS = "SELECT * FROM {crm}.customers"


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """anna comes in as anna@127.%, and has an account for any host, too."""
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE USER {anna}@'%'",
        "CREATE USER {anna}@'127.%'",
        "CREATE ROLE {agents}",
        "CREATE ROLE {inner}",
    ):
        made.do(statement)
    yield made
    made.close()


def reading(town: Town, host: str = "127.%") -> Reading | None:
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    return found(town, mapped, f"{town.name('anna')}@{host}", "crm.customers")


def test_a_role_of_the_account_for_any_host_is_one_of_the_account_for_some(town: Town) -> None:
    town.do("GRANT SELECT ON {crm}.* TO {agents}")
    assert reading(town) is None
    town.do("GRANT {agents} TO {anna}@'%'")
    assert town.reads("anna", CUSTOMERS) == (f"{town.name('anna')}@127.%", False)
    assert town.reads("anna", CUSTOMERS, role=town.name("agents"))[1]
    seen = reading(town)
    assert seen
    assert (seen.level, seen.sure) == (Level.SET_ROLE, True)
    town.do("SET DEFAULT ROLE {agents} FOR {anna}@'127.%'")
    assert town.reads("anna", CUSTOMERS)[1]
    seen = reading(town)
    assert seen
    assert (seen.level, seen.sure) == (Level.AT_ONCE, True)


def test_a_role_in_such_a_role_is_not_one_that_can_be_set(town: Town) -> None:
    town.do("GRANT SELECT ON {crm}.* TO {inner}")
    town.do("GRANT {inner} TO {agents}")
    town.do("GRANT {agents} TO {anna}@'%'")
    with pytest.raises(AssertionError, match="1959"):
        town.reads("anna", CUSTOMERS, role=town.name("inner"))
    assert town.reads("anna", CUSTOMERS, role=town.name("agents"))[1]
    seen = reading(town)
    assert seen
    assert seen.way[0] == f"SET ROLE {town.name('agents')}"


@pytest.mark.parametrize(
    ("right", "how"),
    [
        ("SELECT ON *.*", How.GRANT),
        ("FILE ON *.*", How.SERVER),
        ("CREATE USER ON *.*", How.SUPERUSER),
        ("REPLICATION SLAVE ON *.*", How.REPLICATION),
    ],
)
def test_a_role_perhaps_brings_the_rights_on_everything_of_the_account_that_has_it(
    town: Town, right: str, how: How
) -> None:
    town.do(f"GRANT {right} TO {{anna}}@'%'")
    assert not town.reads("anna", CUSTOMERS)[1]
    assert reading(town) is None
    town.do("GRANT {agents} TO {anna}@'%'")
    role = town.name("agents")
    assert town.reads("anna", CUSTOMERS, role=role)[1] == (how == How.GRANT)
    seen = reading(town)
    assert seen
    assert (seen.how, seen.sure) == (how, False)
    assert seen.way[0] == f"SET ROLE {role}: may bring the rights on everything of {town.name('anna')}@%"


def test_where_the_role_is_the_accounts_own_no_other_ones_rights_come(town: Town) -> None:
    town.do("GRANT SELECT ON *.* TO {anna}@'%'")
    town.do("GRANT {agents} TO {anna}@'127.%'")
    assert not town.reads("anna", CUSTOMERS, role=town.name("agents"))[1]
    assert reading(town) is None


def test_an_account_whose_host_no_such_client_comes_from_lends_nothing(town: Town) -> None:
    town.do("CREATE USER {anna}@'10.1.2.3'")
    town.do("GRANT SELECT ON *.* TO {anna}@'10.1.2.3'")
    town.do("GRANT {agents} TO {anna}@'10.1.2.3'")
    with pytest.raises(AssertionError, match="1959"):
        town.reads("anna", CUSTOMERS, role=town.name("agents"))
    assert reading(town) is None


def test_where_the_client_may_come_from_either_the_role_is_perhaps(town: Town) -> None:
    town.do("CREATE USER {anna}@'127.0.%'")
    town.do("GRANT SELECT ON {crm}.* TO {agents}")
    town.do("GRANT {agents} TO {anna}@'127.0.%'")
    account, reads = town.reads("anna", CUSTOMERS, role=town.name("agents"))
    assert (account, reads) == (f"{town.name('anna')}@127.0.%", True)
    seen = reading(town)
    assert seen
    assert (seen.how, seen.sure) == (How.GRANT, False)


@pytest.mark.parametrize(
    ("grant", "how"),
    [
        ("GRANT SELECT ON {crm}.* TO {bert}@'127.%'", How.GRANT),
        ("GRANT SELECT ON {crm}.customers TO {bert}@'127.%'", How.GRANT),
        ("GRANT SELECT (a) ON {crm}.customers TO {bert}@'127.%'", How.COLUMNS),
        ("GRANT EXECUTE ON FUNCTION {crm}.number TO {bert}@'127.%'", How.FUNCTION),
        ("GRANT {agents} TO {bert}@'127.%'", How.GRANT),
    ],
)
def test_a_right_for_an_address_perhaps_holds_for_who_came_in_by_the_name_of_it(
    town: Town, grant: str, how: How
) -> None:
    for statement in (
        "CREATE USER {bert}@localhost",
        "CREATE USER {bert}@'127.%'",
        "GRANT SELECT ON {crm}.* TO {agents}",
        "CREATE FUNCTION {crm}.number() RETURNS int RETURN (SELECT count(*) FROM {crm}.customers)",
    ):
        town.do(statement)
    account, select = f"{town.name('bert')}@localhost", "SELECT a FROM {crm}.customers"
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    assert found(town, mapped, account, "crm.customers") is None
    town.do(grant)
    role = town.name("agents") if "agents" in grant else ""
    used = "SELECT {crm}.number()" if how == How.FUNCTION else select
    assert town.reads("bert", used, role=role) == (account, True)
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    seen = found(town, mapped, account, "crm.customers")
    assert seen
    assert (seen.how, seen.sure) == (how, False)


@pytest.mark.parametrize(
    ("wider", "narrower"),
    [
        ("SELECT", "INSERT"),
        ("INSERT", "SELECT"),
        ("SELECT", "INSERT (a)"),
        ("SELECT (a)", "INSERT"),
        ("SELECT (a)", "SELECT (b)"),
        ("SELECT (b)", "SELECT (a)"),
        ("SELECT", "SELECT (b)"),
    ],
)
def test_of_grants_on_a_table_the_one_for_the_most_specific_host_counts_alone(
    town: Town, wider: str, narrower: str
) -> None:
    # HANDLER, which reads all columns for who may read one, reads no table of this engine
    town.do("CREATE TABLE {crm}.more (a int NOT NULL, b int NOT NULL) ENGINE=CSV")
    town.do(f"GRANT {wider} ON {{crm}}.more TO {{anna}}@'%'")
    town.do(f"GRANT {narrower} ON {{crm}}.more TO {{anna}}@'127.%'")
    account = f"{town.name('anna')}@127.%"
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    seen = found(town, mapped, account, "crm.more")
    for column in ("a", "b"):
        reads = seen is not None and (seen.how == How.GRANT or column in seen.columns)
        assert town.reads("anna", f"SELECT {column} FROM {{crm}}.more") == (account, reads)
    assert seen is None or seen.sure


def test_where_the_client_may_come_from_either_host_a_grant_on_a_table_is_perhaps(town: Town) -> None:
    town.do("GRANT SELECT ON {crm}.customers TO {anna}@'%'")
    town.do("CREATE USER {anna}@'127.0.%'")
    town.do("GRANT INSERT ON {crm}.customers TO {anna}@'127.0.%'")
    seen = reading(town)  # who came in as anna@127.% may not come from 127.0.%, as the tester does
    assert seen
    assert not seen.sure
    assert town.reads("anna", CUSTOMERS) == (f"{town.name('anna')}@127.0.%", False)
    assert reading(town, "127.0.%") is None


@pytest.mark.parametrize(("wider", "narrower"), [("EXECUTE", "ALTER ROUTINE"), ("ALTER ROUTINE", "EXECUTE")])
def test_of_grants_on_a_routine_the_one_for_the_most_specific_host_counts_alone(
    town: Town, wider: str, narrower: str
) -> None:
    town.do("CREATE FUNCTION {crm}.Number() RETURNS int RETURN (SELECT count(*) FROM {crm}.customers)")
    town.do("CREATE PROCEDURE {crm}.number() SELECT 1")
    town.do("GRANT EXECUTE ON PROCEDURE {crm}.number TO {anna}@'127.%'")
    town.do(f"GRANT {wider} ON FUNCTION {{crm}}.number TO {{anna}}@'%'")
    town.do(f"GRANT {narrower} ON FUNCTION {{crm}}.NUMBER TO {{anna}}@'127.%'")
    runs = narrower == "EXECUTE"
    assert town.reads("anna", "SELECT {crm}.number()") == (f"{town.name('anna')}@127.%", runs)
    seen = reading(town)
    assert (seen is not None and seen.how == How.FUNCTION) == runs


@pytest.mark.parametrize(("wider", "narrower"), [("INSERT", "SELECT"), ("SELECT", "INSERT")])
def test_of_grants_on_a_grant_table_the_one_for_the_most_specific_host_counts_alone(
    town: Town, wider: str, narrower: str
) -> None:
    town.do(f"GRANT {wider} ON mysql.db TO {{anna}}@'%'")
    town.do(f"GRANT {narrower} ON mysql.db TO {{anna}}@'127.%'")
    writes = narrower == "INSERT"
    nothing = "INSERT INTO mysql.db (Host) SELECT NULL FROM DUAL WHERE FALSE"
    assert town.reads("anna", nothing) == (f"{town.name('anna')}@127.%", writes)
    seen = reading(town)
    assert (seen is not None and seen.how == How.SUPERUSER) == writes


def test_what_may_be_read_at_once_is_not_hidden_by_what_a_role_surely_reads(town: Town, desk: Desk) -> None:
    """Which of two grants on databases counts decides the host: seen on a server as both."""
    town.do("GRANT SELECT ON {crm}.* TO {anna}@'%'")
    town.do(f"GRANT INSERT ON `{town.name('crm')[:-1]}%`.* TO {{anna}}@'127.%'")
    town.do("GRANT SELECT ON {crm}.* TO {agents}")
    town.do("GRANT {agents} TO {anna}@'%'")
    seen = reading(town, "%")
    assert seen and seen.nearer
    assert (seen.level, seen.sure) == (Level.SET_ROLE, True)
    assert (seen.nearer.level, seen.nearer.sure) == (Level.AT_ONCE, False)
    url = f"mariadb://root@127.0.0.1:{town.port}/{town.name('crm')}"
    assert desk.run("access", "map", url, "--reach", f"{town.name('anna')}@%") in (0, 6)
    assert "customers: all rows, after SET ROLE, perhaps at once" in desk.out
    assert "by where the client comes from)" in desk.out
