"""Ways to rows of a MariaDB server beside SELECT on them: each taken on the server, and told by the map."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pymysql
import pytest

from servers import mariadb_telling_url
from towns import Town, found
from trapstreet.app.access import Mapped, map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_telling_url"]

pytestmark = pytest.mark.system

SECRET = "4111-secret"
TAKES = "SELECT a FROM {crm}.customers"
ALTERS = "ALTER PROCEDURE {crm}.careful SQL SECURITY DEFINER"
FILES = "LOAD DATA INFILE '{file}' INTO TABLE {own}.lines CHARACTER SET latin1; SELECT a FROM {own}.lines"
PERHAPS = {
    "statistics": (
        "SELECT ON mysql.column_stats",
        "SELECT min_value FROM mysql.column_stats",
        How.STATISTICS,
    ),
    "a column of them": (
        "SELECT (max_value) ON mysql.column_stats",
        "SELECT max_value FROM mysql.column_stats",
        How.STATISTICS,
    ),
    "all of mysql": ("SELECT ON mysql.*", "SELECT min_value FROM mysql.column_stats", How.STATISTICS),
    "a pattern": ("SELECT ON `mys%`.*", "SELECT min_value FROM mysql.column_stats", How.STATISTICS),
    "logs": ("SELECT ON mysql.general_log", "SELECT argument FROM mysql.general_log", How.STATEMENTS),
    "slow ones": ("SELECT ON mysql.slow_log", "SELECT sql_text FROM mysql.slow_log", How.STATEMENTS),
    "performance_schema": (
        "SELECT ON performance_schema.*",
        "SELECT sql_text FROM performance_schema.events_statements_history_long",
        How.STATEMENTS,
    ),
    "one of its tables": (
        "SELECT ON performance_schema.threads",
        "SELECT processlist_info FROM performance_schema.threads",
        How.STATEMENTS,
    ),
    "processes": ("PROCESS ON *.*", "SHOW FULL PROCESSLIST", How.STATEMENTS),
    "the binary log": ("BINLOG MONITOR ON *.*", "SHOW BINLOG EVENTS LIMIT 100000", How.STATEMENTS),
    "ALTER": ("ALTER ON {crm}.*", "ALTER TABLE {crm}.customers MODIFY a int", How.ALTERING),
    "ALTER on one": ("ALTER ON {crm}.customers", "ALTER TABLE {crm}.customers MODIFY a int", How.ALTERING),
    "INDEX": ("INDEX ON {crm}.*", "CREATE UNIQUE INDEX i ON {crm}.customers (a)", How.ALTERING),
    "INDEX on all": ("INDEX ON *.*", "CREATE UNIQUE INDEX i ON {crm}.customers (a)", How.ALTERING),
    "files": ("FILE ON *.*", FILES, How.SERVER),
}
"""Grant, statement that shows a value, and what the map says."""

ITSELF = (How.SUPERUSER, Level.GRANTS_ITSELF, True)
POWERS = {
    "super": (("SUPER ON *.*",), ITSELF),
    "routines": (("SELECT, UPDATE ON mysql.proc",), ITSELF),
    "events": (("SELECT, UPDATE ON mysql.event",), ITSELF),
    "alters grants": (("ALTER ON mysql.*",), ITSELF),
    "alters one": (("ALTER ON mysql.global_priv",), ITSELF),
    "replicates": (("REPLICATION SLAVE ADMIN ON *.*",), ITSELF),
    "replays": (("BINLOG REPLAY ON *.*",), ITSELF),
    "connects": (("CONNECTION ADMIN ON *.*",), (How.SUPERUSER, Level.GRANTS_ITSELF, False)),
    "changes": (
        ("EXECUTE ON PROCEDURE {crm}.careful", "ALTER ROUTINE ON {crm}.*"),
        (How.FUNCTION, Level.GRANTS_ITSELF, False),
    ),
    "only changes": (("ALTER ROUTINE ON {crm}.*",), None),
    "only runs": (("EXECUTE ON {crm}.*",), None),
    "copies": (("REPLICATION SLAVE ON *.*",), (How.REPLICATION, Level.AT_ONCE, False)),
}
"""Grants, and what the map says."""


class Server(NamedTuple):
    """A town, and the map of it; each way has an account, to which nothing else but `own` is granted."""

    town: Town
    mapped: Mapped

    def told(self, way: str) -> tuple[How, Level, bool] | None:
        """An account's nearest way to the customers, by the map."""
        reading = found(self.town, self.mapped, f"{account(self.town, way)}@%", "crm.customers")
        return (reading.how, reading.level, reading.sure) if reading else None

    def text(self, way: str, statement: str) -> str:
        """The statement with this town's names, `{me}` the account of a way."""
        text = statement.replace("{me}", account(self.town, way))
        return text.replace("{", "").replace("}", self.town.mark)

    def do(self, way: str, statement: str) -> Any:
        return self.town.do(self.text(way, statement).replace("%%", "%"))

    def ask(self, way: str, *statements: str) -> str:
        """What the last one answers to that account, or why it is refused."""
        answer = ""
        with (
            closing(self.town.connected(account(self.town, way))) as connection,
            connection.cursor() as cursor,
        ):
            for each in statements:
                try:
                    cursor.execute(self.text(way, each))
                    answer = str(cursor.fetchall())
                except pymysql.MySQLError as error:
                    answer = str(error)
        return answer


def account(town: Town, way: str) -> str:
    return town.name(way.replace(" ", "_"))


@contextmanager
def busy(town: Town) -> Iterator[None]:
    """Somebody who may read asks for a value, and what is asked is logged in tables."""
    slowly = f"SELECT SLEEP(300) FROM {town.name('crm')}.customers WHERE a = '{SECRET}'"
    with closing(town.connected("tester")) as asks:

        def ask() -> None:
            with suppress(pymysql.MySQLError), asks.cursor() as cursor:
                cursor.execute(slowly)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        while not town.do(f'SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO = "{slowly}"'):
            time.sleep(0.01)
        try:
            yield
        finally:
            town.do(f"KILL {asks.thread_id()}")
            asking.join()


@pytest.fixture(scope="module")
def server(mariadb_telling_url: str) -> Iterator[Server]:
    """A table with a value that nobody but tester, app and crm_reader may read."""
    town = Town(mariadb_telling_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a varchar(30)) ENGINE=MyISAM",
        f"INSERT INTO {{crm}}.customers VALUES ('{SECRET}'), ('{SECRET}')",
        "CREATE DATABASE {own}",
        "CREATE TABLE {own}.lines (a longblob)",
        "CREATE USER {app}@'%'",
        "GRANT SELECT ON {crm}.* TO {app}@'%' WITH GRANT OPTION",
        "CREATE PROCEDURE {crm}.careful() SQL SECURITY INVOKER SELECT a FROM customers",
        "SET SESSION long_query_time = 0.01, SESSION slow_query_log = 1, use_stat_tables = 'preferably'",
        "SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1, GLOBAL slow_query_log = 1",
        "ANALYZE TABLE {crm}.customers PERSISTENT FOR ALL",
        f"SELECT SLEEP(0.02) FROM {{crm}}.customers WHERE a = '{SECRET}'",
    ):
        town.do(statement)
    made = Server(town, map_of(town.url))
    ways = {name: (each[0],) for name, each in PERHAPS.items()} | {
        name: each[0] for name, each in POWERS.items()
    }
    try:
        for way, grants in {"nobody": (), **ways}.items():
            made.do(way, "CREATE USER {me}@'%'")
            for grant in ("ALL ON {own}.*", *grants):
                made.do(way, f"GRANT {grant} TO {{me}}@'%'")
        with busy(town):
            yield made._replace(mapped=map_of(town.url))
    finally:
        town.do("SET GLOBAL log_output = 'FILE', GLOBAL general_log = 0, GLOBAL slow_query_log = 0")
        for way in ("nobody", *ways):
            made.do(way, "DROP USER {me}@'%'")
        town.close()


def test_who_has_none_of_these_rights_reads_nothing(server: Server) -> None:
    assert server.told("nobody") is None
    for _, use, _ in PERHAPS.values():
        assert SECRET not in server.ask("nobody", *of_file(server, use))


@pytest.mark.parametrize("way", PERHAPS)
def test_who_sees_values_beside_the_rows_perhaps_reads(server: Server, way: str) -> None:
    _, use, how = PERHAPS[way]
    assert SECRET in server.ask(way, *of_file(server, use))
    assert SECRET not in server.ask(way, TAKES)
    assert server.told(way) == (how, Level.AT_ONCE, False)


@pytest.mark.parametrize("way", POWERS)
def test_the_map_says_what_a_power_leads_to(server: Server, way: str) -> None:
    assert server.told(way) == POWERS[way][1]
    assert SECRET not in server.ask(way, TAKES)
    assert SECRET not in server.ask(way, "CALL {crm}.careful()")


@pytest.mark.parametrize(
    ("way", "makes"),
    [
        ("super", ("CREATE DEFINER=tester@'%' PROCEDURE {own}.p() SELECT a FROM {crm}.customers",)),
        (
            "routines",
            (
                "CREATE PROCEDURE {own}.p() SELECT a FROM {crm}.customers",
                "UPDATE mysql.proc SET definer = 'tester@%' WHERE db = '{own}'",
            ),
        ),
    ],
)
def test_who_makes_routines_of_others_reads(server: Server, way: str, makes: tuple[str, ...]) -> None:
    server.ask(way, *makes)
    assert SECRET in server.ask(way, "CALL {own}.p()")
    server.town.do("DROP PROCEDURE {own}.p")


def test_who_makes_events_of_others_reads(server: Server) -> None:
    town, copies = server.town, "INSERT INTO {own}.got SELECT a FROM {crm}.customers"
    server.ask(
        "events",
        "CREATE TABLE {own}.got (a varchar(30))",
        f"CREATE EVENT {{own}}.e ON SCHEDULE EVERY 1 SECOND DO {copies}",
        "UPDATE mysql.event SET definer = 'tester@%' WHERE db = '{own}'",
    )
    town.do("SET GLOBAL event_scheduler = 1")
    comes(lambda: SECRET in server.ask("events", "SELECT a FROM {own}.got"))
    town.do("SET GLOBAL event_scheduler = 0")


def test_who_may_alter_the_grant_tables_can_make_them_anything(server: Server) -> None:
    for way in ("alters grants", "alters one"):
        new = "other longtext NOT NULL DEFAULT '{\"access\": 1}'"
        gives = f"ALTER TABLE mysql.global_priv ADD COLUMN {new}"
        with closing(server.town.connected(account(server.town, way))) as connection:
            connection.query(gives)
        assert server.town.do("SELECT DISTINCT other FROM mysql.global_priv") == (('{"access": 1}',),)
        server.town.do("ALTER TABLE mysql.global_priv DROP COLUMN other")


def test_who_starts_to_replicate_has_the_server_run_anything(server: Server) -> None:
    gives = server.text("replicates", "GRANT SELECT ON {crm}.* TO {me}@'%'")
    server.ask(
        "replicates",
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'x'",
        f'SET GLOBAL init_slave = "{gives}"',
        "START SLAVE",
    )
    comes(lambda: SECRET in server.ask("replicates", TAKES))
    for statement in ("STOP SLAVE", "SET GLOBAL init_slave = ''", "RESET SLAVE ALL"):
        server.town.do(statement)


def test_who_replays_a_binary_log_writes_the_grant_tables(server: Server) -> None:
    on = "mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', {}) WHERE User = '{{me}}'"
    ((name, at, *_),) = server.town.do("SHOW MASTER STATUS")
    server.town.do("SET SESSION binlog_format = ROW")
    server.do("replays", "UPDATE " + on.format(1))
    events = dumped(server, "tester", f"--start-position={at}", name).split("BINLOG '")[1:]
    server.do("replays", "UPDATE " + on.format(0))
    server.ask("replays", *(f"BINLOG '{each.partition(chr(39))[0]}'" for each in events))
    server.town.do("FLUSH PRIVILEGES")
    assert SECRET in server.ask("replays", TAKES)


def test_who_sets_what_others_run_as_they_connect_reads_by_their_rights(server: Server) -> None:
    gives = server.text("connects", "GRANT SELECT ON {crm}.customers TO {me}@'%'")
    server.ask("connects", f'SET GLOBAL init_connect = "{gives}"')
    server.ask("app", "SELECT 1")
    server.town.do("SET GLOBAL init_connect = ''")
    assert SECRET in server.ask("connects", TAKES)


def test_who_alters_a_careful_routine_reads_by_it(server: Server) -> None:
    for way in ("only changes", "only runs"):
        assert SECRET not in server.ask(way, ALTERS, "CALL {crm}.careful()")
        server.town.do("ALTER PROCEDURE {crm}.careful SQL SECURITY INVOKER")
    assert SECRET in server.ask("changes", ALTERS, "CALL {crm}.careful()")
    server.town.do("ALTER PROCEDURE {crm}.careful SQL SECURITY INVOKER")


def test_who_replaces_a_routine_becomes_its_definer(server: Server) -> None:
    body = "PROCEDURE {crm}.careful() SQL SECURITY DEFINER SELECT a, 1 FROM customers"
    assert "denied" in server.ask("changes", f"CREATE OR REPLACE {body}")
    assert "denied" in server.ask("changes", f"CREATE OR REPLACE DEFINER={{app}}@'%' {body}")


def test_who_copies_the_binary_log_reads_it(server: Server) -> None:
    assert SECRET in dumped(server, account(server.town, "copies"), "changes.000001")
    with pytest.raises(subprocess.CalledProcessError):
        dumped(server, account(server.town, "nobody"), "changes.000001")


def dumped(server: Server, user: str, *arguments: str) -> str:
    """What a client gets of the binary log as a replica."""
    where = ("--host=127.0.0.1", f"--port={urlsplit(server.town.url).port}", f"--user={user}")
    command = ("mariadb-binlog", "--no-defaults", "--read-from-remote-server", *where, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def comes(happens: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    until = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.02)


def of_file(server: Server, statements: str) -> list[str]:
    """With the path of the table's file, as the server has it."""
    ((folder,),) = server.town.do("SELECT @@datadir")
    return statements.replace("{file}", f"{folder}{server.town.name('crm')}/customers.MYD").split("; ")
