"""Who can read what in MariaDB: each answer beside the server's own, asked by a connection of the account."""

import random
from collections.abc import Iterator
from itertools import permutations

import pymysql
import pytest

from desk import Desk
from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

BY_NAME = (How.GRANT, How.COLUMNS)
HOSTS = ("%", "127.0.0.1", "127.%", "10.%")


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    yield made
    made.close()


def shop(town: Town) -> None:
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int, b int)",
        "CREATE USER {anna}@'%'",
        "CREATE USER {bert}@'%'",
        "CREATE ROLE {agents}",
        "GRANT SELECT ON {crm}.* TO {agents}",
    ):
        town.do(statement)


def test_a_role_is_read_by_after_set_role_and_at_once_by_default(town: Town) -> None:
    shop(town)
    town.do("GRANT {agents} TO {anna}@'%'")
    town.do("GRANT {agents} TO {bert}@'%'")
    town.do("SET DEFAULT ROLE {agents} FOR {bert}@'%'")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    for user, level in (("anna", Level.SET_ROLE), ("bert", Level.AT_ONCE)):
        reading = found(town, mapped, f"{town.name(user)}@%", "crm.customers", *BY_NAME)
        assert reading is not None
        assert reading.level == level
        assert town.reads(user, "SELECT * FROM {crm}.customers")[1] == (level == Level.AT_ONCE)
    agents = town.name("agents")
    assert town.reads("anna", "SELECT * FROM {crm}.customers", role=agents)[1]


def test_a_grant_for_any_host_holds_for_who_came_in_by_a_narrower_account(town: Town) -> None:
    shop(town)
    town.do("CREATE USER {anna}@'127.0.0.1'")
    town.do("GRANT SELECT ON {crm}.* TO {anna}@'%'")
    account, reads = town.reads("anna", "SELECT * FROM {crm}.customers")
    assert (account, reads) == (f"{town.name('anna')}@127.0.0.1", True)
    reading = found(town, map_of(town.url.rpartition("/")[0] + "/"), account, "crm.customers", How.GRANT)
    assert reading is not None
    assert reading.level == Level.AT_ONCE


def test_wildcards_in_a_databases_name_let_in_others(town: Town) -> None:
    shop(town)
    town.do("CREATE DATABASE {xcrm}")
    town.do("CREATE TABLE {xcrm}.hidden (a int)")
    town.do(f"GRANT SELECT ON `_crm{town.mark}`.* TO " + "{anna}@'%'")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    account = f"{town.name('anna')}@%"
    assert town.reads("anna", "SELECT * FROM {xcrm}.hidden")[1]
    assert found(town, mapped, account, "xcrm.hidden", How.GRANT) is not None
    assert not town.reads("anna", "SELECT * FROM {crm}.customers")[1]
    assert found(town, mapped, account, "crm.customers", How.GRANT) is None


def test_of_several_patterns_the_map_heeds_the_one_that_the_server_does(town: Town) -> None:
    town.do("CREATE DATABASE {s1x}")
    town.do("CREATE TABLE {s1x}.t (a int)")
    begins = "s1x _1x s_x s1_ __x _1_ s__ ___ %1x s%x s1% %s1x _% %x".split()
    pairs = random.Random(7).sample([*permutations(begins, 2)], 60)
    for number, (reads, writes) in enumerate(pairs):
        town.do(f"CREATE USER {{u{number}x}}@'%'")
        town.do(f"GRANT SELECT ON `{reads}{town.mark}`.* TO {{u{number}x}}@'%'")
        town.do(f"GRANT INSERT ON `{writes}{town.mark}`.* TO {{u{number}x}}@'%'")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    unsure = 0
    for number in range(len(pairs)):
        account, reads = town.reads(f"u{number}x", "SELECT * FROM {s1x}.t")
        reading = found(town, mapped, account, "s1x.t", How.GRANT)
        if reading is None or reading.sure:
            assert (reading is not None) == reads, pairs[number]
        else:
            unsure += 1  # equals: the server heeds the one that was granted first
    assert unsure <= 5


def test_a_view_reads_with_its_definers_rights(town: Town) -> None:
    shop(town)
    town.do("CREATE DATABASE {out}")
    town.do("CREATE VIEW {out}.names AS SELECT a FROM {crm}.customers")
    town.do("CREATE SQL SECURITY INVOKER VIEW {out}.careful AS SELECT a FROM {crm}.customers")
    town.do("GRANT SELECT ON {out}.* TO {anna}@'%'")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    account = f"{town.name('anna')}@%"
    reading = found(town, mapped, account, "crm.customers")
    assert reading is not None
    assert reading.how == How.VIEW
    assert town.reads("anna", "SELECT * FROM {out}.names")[1]
    assert found(town, mapped, account, "out.careful", *BY_NAME) is None
    assert not town.reads("anna", "SELECT * FROM {out}.careful")[1]


def test_what_a_routine_shows_is_perhaps_by_its_own_grant_and_by_its_databases(town: Town) -> None:
    shop(town)
    town.do("CREATE DATABASE {out}")
    town.do("CREATE FUNCTION {out}.number() RETURNS int RETURN (SELECT count(*) FROM {crm}.customers)")
    town.do("GRANT EXECUTE ON FUNCTION {out}.number TO {anna}@'%'")
    town.do("GRANT EXECUTE ON {out}.* TO {bert}@'%'")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    for user in ("anna", "bert"):
        reading = found(town, mapped, f"{town.name(user)}@%", "crm.customers")
        assert reading is not None
        assert (reading.how, reading.sure) == (How.FUNCTION, False)
        assert town.reads(user, "SELECT {out}.number()")[1]
    town.do("CREATE USER {carl}@'%'")
    assert not town.reads("carl", "SELECT {out}.number()")[1]
    again = map_of(town.url.rpartition("/")[0] + "/")
    assert found(town, again, f"{town.name('carl')}@%", "crm.customers") is None


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_map_agrees_with_the_server_on_random_rights(town: Town, seed: int) -> None:
    """Each account that one comes in as, and each table: what the map says beside a SELECT."""
    rng = random.Random(seed)
    schemas = [f"s{n}" for n in range(4)]
    tables = [f"{schema}.t{n}" for schema in schemas for n in range(4)]
    for schema in schemas:
        town.do(f"CREATE DATABASE {{{schema}}}")
    for n, table in enumerate(tables):
        schema, name = table.split(".")
        columns = "(a int, b int)"
        if n % 4 == 3:  # the last of each database is a view of an earlier table
            place, other = rng.choice(tables[:n]).split(".")
            columns = f"AS SELECT a FROM {{{place}}}.{other}"
        what = "VIEW" if n % 4 == 3 else "TABLE"
        town.do(f"CREATE {what} {{{schema}}}.{name} {columns}")
    users = [f"u{n}" for n in range(8)]
    accounts = []
    for user in users:
        for host in rng.sample(HOSTS, rng.choice((1, 2, 2))):
            town.do(f"CREATE USER {{{user}}}@'{host}'")
            accounts.append(f"{{{user}}}@'{host}'")
    roles = [f"{{r{n}}}" for n in range(4)]
    for n, role in enumerate(roles):
        town.do(f"CREATE ROLE {role}")
        if n:
            town.do(f"GRANT {rng.choice(roles[:n])} TO {role}")
    for account in accounts:
        if rng.random() < 0.6:
            role = rng.choice(roles)
            town.do(f"GRANT {role} TO {account}")
            if rng.random() < 0.5:
                town.do(f"SET DEFAULT ROLE {role} FOR {account}")
    for account in [*accounts, *roles, *accounts]:
        scope = rng.choice(("table", "database", "pattern", "columns", "insert"))
        schema, name = rng.choice(tables).split(".")
        town.do({
            "table": f"GRANT SELECT ON {{{schema}}}.{name} TO {account}",
            "database": f"GRANT SELECT ON {{{schema}}}.* TO {account}",
            "pattern": f"GRANT SELECT ON `{rng.choice(('s%', '__', 's_'))}{town.mark}`.* TO {account}",
            "columns": f"GRANT SELECT (a) ON {{{schema}}}.{name} TO {account}",
            "insert": f"GRANT INSERT ON {{{schema}}}.* TO {account}",
        }[scope])  # fmt: skip
    access = map_of(town.url.rpartition("/")[0] + "/").access
    names = [each.name for each in access.rights.principals]
    number = {each.path: n for n, each in enumerate(access.rights.resources)}
    differing, asked = [], 0
    for user in users:
        for table in tables:
            schema, name = table.split(".")
            try:
                account, reads = town.reads(user, f"SELECT a FROM {{{schema}}}.{name}")
            except pymysql.MySQLError:
                break  # no account of theirs is for this host
            asked += 1
            at = number[town.name(schema), name]
            doors = [each for each in access.doors_of(at) if each.how in BY_NAME]
            who = names.index(account)
            reading = access.nearest(who, at, [each for each in doors if each.sure])
            now = reading is not None and reading.level == Level.AT_ONCE
            perhaps = any(not each.sure and each.opens >> who & 1 for each in doors)
            if now != reads and not (reads and perhaps):
                differing.append((account, table, reads, reading))
            if reading and reading.level == Level.SET_ROLE:
                role = next(each for each in reading.way if each.startswith("SET ROLE ")).split()[-1]
                if not town.reads(user, f"SELECT a FROM {{{schema}}}.{name}", role=role)[1]:
                    differing.append((account, table, role, reading))
    assert not differing
    assert asked >= 64


def test_who_may_not_read_the_grant_tables_hears_what_it_takes(town: Town, desk: Desk) -> None:
    town.do("CREATE USER {anna}@'%'")
    url = f"mariadb://{town.name('anna')}@127.0.0.1:{town.port}/"
    assert desk.run("access", "map", url) == 3
    assert desk.err.endswith("the grant tables may not be read: GRANT SELECT on them: docs/access.md\n")
    town.do("GRANT SELECT ON mysql.* TO {anna}@'%'")
    assert desk.run("access", "map", url) == 6
    assert "NOT KNOWN tables on which this account has no right: GRANT SHOW VIEW ON *.* to it" in desk.out
    town.do("GRANT SHOW VIEW ON *.* TO {anna}@'%'")
    assert desk.run("access", "map", url) in (0, 6), "views of others on this server may be not known"
    assert desk.out.startswith("MariaDB ")
    assert "NOT KNOWN tables" not in desk.out


def test_a_user_with_one_account_needs_no_host_and_one_with_several_hears_which(
    town: Town, desk: Desk
) -> None:
    shop(town)
    town.do("GRANT SELECT ON {crm}.* TO {bert}@'%'")
    town.do("CREATE USER {anna}@'127.0.0.5'")
    desk.run("access", "map", f"mariadb://tester@127.0.0.1:{town.port}/", "--reach", town.name("bert"))
    assert f"{town.name('crm')}.customers" in desk.out
    assert desk.run("access", "map", town.url, "--reach", town.name("anna")) == 2
    assert all(f"{town.name('anna')}@{host}" in desk.err for host in ("%", "127.0.0.5"))
