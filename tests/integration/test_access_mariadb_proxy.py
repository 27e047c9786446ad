"""PROXY in MariaDB: who may come in as another account does where the way of logging in says so."""

import atexit
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from servers import _folder, _free_port, _wait_for
from trapstreet.access import Reading
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How

pytestmark = [pytest.mark.system, pytest.mark.slow]

_WRAPPER = "libpam_wrapper.so"
MADE = """
CREATE DATABASE crm
CREATE TABLE crm.customers (a int)
CREATE TABLE crm.tickets (a int)
CREATE TABLE crm.salaries (a int)
CREATE TRIGGER crm.t BEFORE INSERT ON crm.tickets FOR EACH ROW SET NEW.a = (SELECT a FROM crm.salaries)
CREATE ROLE agents
GRANT SELECT ON crm.tickets TO agents
CREATE USER bert@'%' IDENTIFIED BY 'x'
GRANT SELECT ON crm.customers TO bert@'%'
GRANT agents TO bert@'%'
CREATE USER anna@'%' IDENTIFIED VIA pam USING 'proxied'
GRANT PROXY ON bert@'%' TO anna@'%'
CREATE USER carl@'%'
GRANT PROXY ON bert@'%' TO carl@'%'
CREATE USER dora@'%' IDENTIFIED VIA pam USING 'proxied'
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose logins by PAM all say that they are bert."""
    modules = [*Path("/usr/lib").glob("*/pam_wrapper/pam_set_items.so")]
    plugins = [*Path("/usr/lib").glob("**/plugin/auth_pam_v1.so")]
    if not modules or not plugins or os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("MariaDB with PAM, and a wrapper for PAM, are not installed")
        pytest.skip("MariaDB with PAM, and a wrapper for PAM, are not installed")
    folder, port = _folder("mariadb-pam"), _free_port()
    (folder / "services").mkdir()
    (folder / "services" / "proxied").write_text(
        f"auth required {modules[0]}\naccount required pam_permit.so\n"
    )
    data = ["--no-defaults", f"--datadir={folder}/data", "--user=root"]
    subprocess.run(
        ["mariadb-install-db", *data, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    daemon = shutil.which("mariadbd", path=f"{os.defpath}:/usr/sbin") or "mariadbd"
    process = subprocess.Popen(
        [daemon, *data, f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1",
         "--plugin-load-add=auth_pam_v1", "--pam-use-cleartext-plugin"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"LD_PRELOAD": _WRAPPER, "PAM_WRAPPER": "1",
                          "PAM_WRAPPER_SERVICE_DIR": str(folder / "services"), "PAM_USER": "bert"},
    )  # fmt: skip
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _wait_for(folder / "socket", process)
    with closing(pymysql.connect(unix_socket=str(folder / "socket"), user="root")) as root:
        for statement in MADE.strip().splitlines():
            root.cursor().execute(statement)
        root.cursor().execute("CREATE USER tester@'%'")
        root.cursor().execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
    yield port
    process.terminate()
    process.wait()


def connected(port: int, user: str) -> Any:
    return closing(
        pymysql.connect(host="127.0.0.1", port=port, user=user, password="x" * (user in "anna dora"))
    )


def reads(port: int, user: str, table: str, *, role: str = "") -> bool:
    with connected(port, user) as connection, connection.cursor() as cursor:
        try:
            if role:
                cursor.execute(f"SET ROLE {role}")
            cursor.execute(f"SELECT * FROM crm.{table}")
        except pymysql.MySQLError:
            return False
        return True


def readings(port: int, table: str) -> dict[str, Reading]:
    access = map_of(f"mariadb://tester@127.0.0.1:{port}/crm").access
    number = [each.path for each in access.rights.resources].index(("crm", table))
    return {each.principal: each for each in access.readers(number)}


def test_who_comes_in_as_another_perhaps_reads_what_that_one_reads(port: int) -> None:
    found = readings(port, "customers")["anna@%"]
    assert (found.sure, found.how) == (False, How.PROXY)
    assert found.way == ("PROXY: comes in as bert@%, if its way of logging in says so",)
    with connected(port, "anna") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("bert@%",)
    assert reads(port, "anna", "customers")


def test_who_comes_in_as_another_may_act_in_its_roles(port: int) -> None:
    assert readings(port, "tickets")["anna@%"].how == How.PROXY
    assert reads(port, "anna", "tickets", role="agents")


@pytest.mark.parametrize(
    "right",
    ["SELECT ON *.*", "FILE ON *.*", "CREATE USER ON *.*", "PROCESS ON *.*", "ALTER ON crm.*",
     "SELECT ON mysql.column_stats", "INSERT ON crm.tickets"],
)  # fmt: skip
def test_who_comes_in_as_another_perhaps_has_whatever_leads_that_one_there(port: int, right: str) -> None:
    """By INSERT: a trigger that reads."""
    grants = f"{right} {{}} bert@'%'"
    with closing(pymysql.connect(host="127.0.0.1", port=port, user="tester")) as tester:
        tester.cursor().execute(f"GRANT {grants.format('TO')}")
        try:
            found = readings(port, "salaries")
            assert (found["anna@%"].how, found["anna@%"].sure) == (How.PROXY, False)
            assert "bert@%" in found
        finally:
            tester.cursor().execute(f"REVOKE {grants.format('FROM')}")


def test_proxy_opens_nothing_else(port: int) -> None:
    assert "anna@%" not in readings(port, "salaries")
    assert not reads(port, "anna", "salaries")


def test_where_the_way_of_logging_in_makes_nobody_another_proxy_is_nothing(port: int) -> None:
    assert "carl@%" not in readings(port, "customers")
    with connected(port, "carl") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("carl@%",)
    assert not reads(port, "carl", "customers")


def test_without_the_right_nobody_comes_in_as_another(port: int) -> None:
    assert "dora@%" not in readings(port, "customers")
    with pytest.raises(pymysql.err.OperationalError):
        connected(port, "dora")
