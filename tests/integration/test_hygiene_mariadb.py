"""What is wrong with the accounts of a real MariaDB server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pymysql
import pytest

from desk import Desk
from directories import certificate
from servers import _folder, _free_port, _wait_for, mariadb_url
from trapstreet.access.domain.hygiene import DAY, Judged
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import Flaw

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

NOW = 1_800_000_000_000_000  # January 2027
ACCOUNTS = (
    "CREATE USER anna{m}@'10.%' IDENTIFIED BY 'Winter2026!'",
    "CREATE USER bert{m}@'%'",
    "CREATE USER root{m}@'%' IDENTIFIED BY 'a-very-long-and-lonely-passphrase'",
    "GRANT ALL ON *.* TO root{m}@'%' WITH GRANT OPTION",
    "CREATE USER carl{m}@localhost IDENTIFIED VIA unix_socket",
    "CREATE USER dora{m}@'%' IDENTIFIED BY 'x-long-and-lonely' PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT LOCK",
    "CREATE USER eve{m}@'10.%' IDENTIFIED BY 'Winter2026!' PASSWORD EXPIRE INTERVAL 90 DAY",
    "CREATE USER fred{m}@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('') OR unix_socket",
    "CREATE ROLE ops{m}",
    "GRANT SUPER ON *.* TO ops{m}",
    "CREATE USER gina{m}@localhost IDENTIFIED VIA unix_socket",
    "GRANT ops{m} TO gina{m}@localhost",
    "CREATE USER reader{m}@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('r34der')",
    "CREATE USER ''@'{m}.example'",
    "CREATE USER `we``ird\"{m}`@'%' IDENTIFIED BY 'letmein'",
)


class Town:
    """Accounts of its own on a real server."""

    def __init__(self, url: str) -> None:
        self.url, self.mark = url, uuid4().hex[:6]
        self.port = urlsplit(url).port or 3306
        self.connection = pymysql.connect(host="127.0.0.1", port=self.port, user="tester", autocommit=True)

    def do(self, statement: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement.replace("{m}", self.mark))
            return cursor.fetchall()

    def flaws(self, found: Judged, account: str) -> dict[Flaw, str]:
        name = account.replace("{m}", self.mark)
        return {each.flaw: each.detail for each in found.weaknesses if each.who == name}


@pytest.fixture(scope="module")
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    for statement in ACCOUNTS:
        made.do(statement)
    yield made
    for each in ACCOUNTS:
        if each.startswith("CREATE "):
            made.do(f"DROP {' '.join(each.split()[1:3])}")
    made.connection.close()


def judged(url: str, passwords: Path | None = None) -> Judged:
    (found,) = check([url], now=NOW, stale_days=90, passwords=passwords, tell=lambda _: None).places
    return found


def hashes(town: Town) -> list[str]:
    """What the server keeps of passwords, without the asterisk before it."""
    rows = town.do("SELECT authentication_string FROM mysql.user WHERE authentication_string LIKE '*%'")
    assert rows
    return [(kept if isinstance(kept, str) else kept.decode())[1:] for (kept,) in rows]


def test_each_account_is_judged_by_its_weakest_way_in(town: Town) -> None:
    found = judged(town.url)
    assert Flaw.EMPTY in town.flaws(found, "bert{m}@%")
    assert Flaw.WEAK_FORM in town.flaws(found, "anna{m}@10.%")
    assert Flaw.EMPTY in town.flaws(found, "fred{m}@localhost")
    assert not town.flaws(found, "carl{m}@localhost")
    assert not town.flaws(found, "dora{m}@%")  # locked
    assert Flaw.ANONYMOUS in town.flaws(found, "@{m}.example")


def test_administrators_from_everywhere_and_by_role_are_named(town: Town) -> None:
    found = judged(town.url)
    root = town.flaws(found, "root{m}@%")
    assert root[Flaw.RULES] == "SUPER"
    assert Flaw.FROM_ANYWHERE in root
    assert town.flaws(found, "gina{m}@localhost") == {Flaw.PRIVILEGED: f"by ops{town.mark}, which has SUPER"}


GRANT_TABLES = {
    "their database": ("SELECT ON mysql.*", "UPDATE ON mysql.*"),
    "a pattern": ("SELECT ON `m%l`.*", "INSERT ON `_ysql`.*"),
    "one table": ("SELECT ON mysql.global_priv", "INSERT ON mysql.db"),
    "the routines": ("SELECT ON mysql.user", "UPDATE ON mysql.proc"),
    "how they are made": ("SELECT ON mysql.user", "ALTER ON mysql.db"),
    "a column": ("SELECT (authentication_string) ON mysql.user", "UPDATE (Priv) ON mysql.global_priv"),
    "everything": ("SELECT ON *.*", "INSERT ON *.*"),
}


@pytest.mark.parametrize("where", GRANT_TABLES)
def test_rights_on_the_grant_tables_alone_are_told(town: Town, where: str) -> None:
    copied, wrote = "hash{m}@10.%", "mine{m}@10.%"
    reads, writes = GRANT_TABLES[where]
    through = "through{m}"
    try:
        for statement in (
            "CREATE USER hash{m}@'10.%' IDENTIFIED BY 'q', mine{m}@'10.%' IDENTIFIED BY 'q'",
            "CREATE USER inrole{m}@'10.%' IDENTIFIED BY 'q'",
            f"CREATE ROLE {through}",
            f"GRANT {through} TO inrole{{m}}@'10.%'",
        ):
            town.do(statement)
        clean = judged(town.url)
        for who in (copied, wrote, "inrole{m}@10.%"):
            assert not {Flaw.COPIES_HASHES, Flaw.RULES} & town.flaws(clean, who).keys()
        town.do(f"GRANT {reads} TO hash{{m}}@'10.%'")
        town.do(f"GRANT {reads} TO {through}")
        town.do(f"GRANT {writes} TO mine{{m}}@'10.%'")
        found = judged(town.url)
    finally:
        town.do("DROP USER hash{m}@'10.%', mine{m}@'10.%', inrole{m}@'10.%'")
        town.do(f"DROP ROLE {through}")
    assert Flaw.COPIES_HASHES in town.flaws(found, copied)
    assert Flaw.COPIES_HASHES in town.flaws(found, "inrole{m}@10.%")
    assert town.flaws(found, wrote)[Flaw.RULES] == "may write the grant tables"


def copies(town: Town, user: str, role: str) -> bool:
    """Whether somebody gets to the hashes, with a role if one is given."""
    account = {"host": "127.0.0.1", "port": town.port, "user": f"{user}{town.mark}", "password": "q"}
    with pymysql.connect(**account) as connection, connection.cursor() as cursor:
        if role:
            cursor.execute(f"SET ROLE {role}{town.mark}")
        try:
            cursor.execute("SELECT authentication_string FROM mysql.user")
        except pymysql.MySQLError as error:
            assert error.args[0] == 1142
            return False
    return True


TWINS = {
    "a role in the role": ("mysql.* TO copies{m}", {"member{m}@%"}),
    "the role": ("mysql.* TO twin{m}", {"member{m}@%"}),
    "the account on a table": ("mysql.user TO twin{m}@'%'", {"twin{m}@%"}),
    "the account from anywhere": ("mysql.* TO twin{m}@'%'", {"twin{m}@%", "member{m}@%"}),
}


@pytest.mark.parametrize("to", TWINS)
def test_an_account_and_a_role_of_one_name_have_what_the_server_gives_each(town: Town, to: str) -> None:
    what, expected = TWINS[to]
    try:
        for statement in (
            "CREATE ROLE twin{m}, copies{m}",
            "CREATE USER twin{m}@'%' IDENTIFIED BY 'q', member{m}@'%' IDENTIFIED BY 'q'",
            "GRANT copies{m} TO twin{m}",
            "GRANT twin{m} TO member{m}@'%'",
            f"GRANT SELECT ON {what}",
        ):
            town.do(statement)
        found = judged(town.url)
        reads = {
            f"{user}{{m}}@%" for user, role in (("twin", ""), ("member", "twin")) if copies(town, user, role)
        }
    finally:
        town.do("DROP ROLE twin{m}, copies{m}")
        town.do("DROP USER twin{m}@'%', member{m}@'%'")
    accounts = ("twin{m}@%", "member{m}@%")
    assert {each for each in accounts if Flaw.COPIES_HASHES in town.flaws(found, each)} == reads == expected


def test_a_pattern_that_a_nearer_one_hides_opens_no_grant_table(town: Town) -> None:
    town.do("CREATE USER near{m}@'%' IDENTIFIED BY 'q'")
    try:
        town.do("GRANT SELECT ON `m%`.* TO near{m}@'%'")
        town.do("GRANT DELETE ON mysql.* TO near{m}@'%'")
        found = judged(town.url)
        with (
            pymysql.connect(
                host="127.0.0.1", port=town.port, user=f"near{town.mark}", password="q"
            ) as connection,
            connection.cursor() as cursor,
            pytest.raises(pymysql.MySQLError, match="1142"),
        ):
            cursor.execute("SELECT * FROM mysql.global_priv")
    finally:
        town.do("DROP USER near{m}@'%'")
    assert Flaw.COPIES_HASHES not in town.flaws(found, "near{m}@%")


def test_the_age_of_passwords_is_told(town: Town) -> None:
    found = judged(town.url)
    assert Flaw.NEVER_EXPIRES in town.flaws(found, "anna{m}@10.%")
    assert Flaw.NEVER_EXPIRES not in town.flaws(found, "eve{m}@10.%")
    assert Flaw.AGED not in town.flaws(found, "anna{m}@10.%")
    (later,) = check([town.url], now=NOW + 400 * DAY, stale_days=90, tell=lambda _: None).places
    assert Flaw.AGED in town.flaws(later, "anna{m}@10.%")


def test_the_server_itself_is_judged(town: Town) -> None:
    found = {each.flaw for each in judged(town.url).weaknesses if not each.who}
    assert {Flaw.NO_LOCKOUT, Flaw.NO_QUALITY_CHECK} <= found
    assert found & {Flaw.NO_TLS, Flaw.TLS_OPTIONAL}


def test_passwords_of_a_list_and_shared_ones_are_found_and_none_is_printed(
    town: Town, tmp_path: Path, desk: Desk
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("letmein\nWinter2026!\n")
    found = judged(town.url, words)
    listed = {each.who for each in found.weaknesses if each.flaw is Flaw.LISTED}
    assert listed == {f"anna{town.mark}@10.%", f"eve{town.mark}@10.%", f'we`ird"{town.mark}@%'}
    assert town.flaws(found, "anna{m}@10.%")[Flaw.REPEATED] == "one of 2"
    assert desk.run("access", "hygiene", town.url, "--passwords", words, "--all") == 1
    for (kept,) in town.do(
        "SELECT authentication_string FROM mysql.user WHERE authentication_string LIKE '*%'"
    ):
        assert (kept if isinstance(kept, str) else kept.decode())[1:] not in desk.out + desk.err
    assert "Winter2026!" not in desk.out + desk.err


def test_who_may_not_read_the_grant_tables_is_refused_and_one_that_may_is_not(
    town: Town, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_DB_PASSWORD", "r34der")
    url = f"mariadb://reader{town.mark}@127.0.0.1:{town.port}/"
    assert desk.run("access", "hygiene", url) == 3
    assert "GRANT SELECT on mysql's tables" in desk.err
    for table in ("global_priv", "user", "db", "tables_priv", "columns_priv", "roles_mapping"):
        town.do(f"GRANT SELECT ON mysql.{table} TO reader{{m}}@'%'")
    found = judged(url)
    assert Flaw.EMPTY in town.flaws(found, "bert{m}@%")
    town.do("GRANT PROCESS ON *.* TO reader{m}@'%'")
    (unknown,) = judged(url).unknown
    assert unknown.startswith("when its password was set, of 4 accounts: root@127.0.0.1")


def test_no_hash_leaves_the_server_unless_a_list_is_to_be_tried(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trapstreet.plugins.identities import mariadb

    seen: list[str] = []
    real = mariadb._Server._rows

    def watched(self: Any, query: str) -> Any:
        rows = real(self, query)
        seen.append(repr(rows))
        return rows

    monkeypatch.setattr(mariadb._Server, "_rows", watched)
    judged(town.url)
    assert not any(kept in each for kept in hashes(town) for each in seen)


def test_an_account_that_is_connected_from_several_addresses_at_once_looks_shared(town: Town) -> None:
    town.do("CREATE USER crm{m}@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('crm')")
    account = {"host": "127.0.0.1", "port": town.port, "user": f"crm{town.mark}", "password": "crm"}
    try:
        with pymysql.connect(**account, bind_address="127.0.0.5"):
            with pymysql.connect(**account, bind_address="127.0.0.5"):
                assert Flaw.SHARED not in town.flaws(judged(town.url), "crm{m}@%")
            with pymysql.connect(**account, bind_address="127.0.0.6"):
                shared = town.flaws(judged(town.url), "crm{m}@%")
        assert shared[Flaw.SHARED] == "connected from 2 addresses at once"
    finally:
        town.do("DROP USER crm{m}@'%'")


@pytest.fixture(scope="module")
def strict() -> Iterator[tuple[str, Path]]:
    """A server that insists on TLS, checks passwords and locks accounts: its URL, and who signed for it."""
    install, daemon = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path="/usr/sbin:/usr/bin")
    if not install or not daemon:
        pytest.skip("mariadbd is not installed")
    folder, port = _folder("strict"), _free_port()
    ca, data, endpoint = certificate(folder, "localhost"), folder / "data", folder / "socket"
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
        check=True, capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [daemon, "--no-defaults", f"--datadir={data}", f"--socket={endpoint}", f"--port={port}",
         "--bind-address=127.0.0.1", f"--ssl-cert={ca}", f"--ssl-key={folder / 'key.pem'}",
         "--require-secure-transport=ON", "--max-password-errors=10",
         "--plugin-load-add=simple_password_check", "--simple-password-check-minimal-length=14", *user],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(endpoint, process)
        yield f"mariadb://root@localhost:{port}/", ca
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_requires_tls_is_asked_by_it_and_is_not_blamed(
    strict: tuple[str, Path], desk: Desk, tmp_path: Path
) -> None:
    url, ca = strict
    for each in (url, f"{url}?ca={ca}"):
        blamed = {weakness.flaw for weakness in judged(each).weaknesses if not weakness.who}
        assert not blamed & {
            Flaw.NO_TLS, Flaw.TLS_OPTIONAL, Flaw.NO_LOCKOUT, Flaw.NO_QUALITY_CHECK, Flaw.SHORT_PASSWORDS,
        }  # fmt: skip
    other = certificate(tmp_path, "localhost")
    assert desk.run("access", "hygiene", f"{url}?ca={other}") == 4
    assert "docs" not in desk.err
