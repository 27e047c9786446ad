"""Tables delivered into databases: types, least rights, refusals, connections that break."""

import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from deliveries import GIVEN, changing_sqlite, refused, run_mariadb
from given import AWKWARD, Given, rows_of, texts, write
from servers import mariadb_url, postgres_url  # noqa: F401 - fixtures
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import create_table, open_table

on_postgresql = pytest.mark.server("postgresql")


def on_mariadb(test: Any) -> Any:
    return pytest.mark.server("mariadb")(pytest.mark.system(test))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:s3cr3t@localhost/db", "which table is to be made"),
        ("mariadb://u:s3cr3t@localhost/db?query=SELECT 1", "which table is to be made"),
        ("sqlite:///crm.db?table=a&query=SELECT 1", "both a table and a query"),
        ("sqlite:///crm.db?table=a&tabel=b", "'tabel' is not known"),
        ("sqlite:///nowhere/crm.db?table=a", "no such folder"),
        ("oracle://u:s3cr3t@localhost/x?table=a", "oracle:// takes no new table"),
        ("sftp://u:s3cr3t@localhost/x.csv", "holds a password"),
        ("sftp://localhost", "cannot be read"),
        ("sftp://localhost/folder/", "cannot be read"),
        ("sftp://localhost:99999/x.csv", "cannot be read"),
        ("sftp://localhost/x.docx", "does not say which format"),
        ("sftp://localhost/x.csv?delimiter=tab", "'delimiter' is not known"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused_before_anybody_is_asked(url: str, words: str) -> None:
    refused(url, UnusableInput, words)


# PostgreSQL


@pytest.fixture
def schema(postgres_url: str) -> str:  # noqa: F811
    """postgresql://postgres@…?table=SCHEMA. with a new schema."""
    name = f"s_{token_hex(4)}"
    _run(postgres_url, f"CREATE SCHEMA {name}")
    return f"{postgres_url}?table={name}."


def _run(server: str, statement: str) -> list[Any]:
    import psycopg

    with psycopg.connect(server) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def _tables(schema: str) -> set[str]:
    server, _, name = schema.rstrip(".").partition("?table=")
    return {
        n
        for (n,) in _run(server, f"SELECT relname FROM pg_class WHERE relnamespace = '{name}'::regnamespace")
    }


@on_postgresql
def test_the_types_of_a_postgresql_table_are_kept(schema: str) -> None:
    server, _, name = schema.partition("?table=")
    _run(server, f"CREATE TYPE {name}colour AS ENUM ('red')")
    columns = (
        "a int2, b int4, c int8, d float4, e numeric(10,2), f varchar(9), g char(3), h bool, i date,"
        " j timetz, k timestamptz, l interval, m bytea, n uuid, o jsonb, p inet, q money, r int4[]"
    )
    _run(server, f"CREATE TABLE {name}source ({columns}, s {name}colour)")
    _run(
        server,
        f"""INSERT INTO {name}source VALUES (1, 2, 3, 0.1, 1.10, 'Jörg', 'ab', true, 'infinity', '09:30+02',
            '2020-01-02 03:04:05.678+02', '1 mon -2 h', '\\x00ff', '12345678-1234-5678-1234-567812345678',
            '{{"a": [1, null]}}', '10.0.0.1', 5, '{{1,2}}', 'red')""",
    )
    source = open_table(f"{schema}source")
    write(f"{schema}copy", source)
    kinds = f"""SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = '{name}copy'::regclass AND attnum > 0 ORDER BY attnum"""
    assert [kind for (kind,) in _run(server, kinds)] == [
        *(
            "smallint",
            "integer",
            "bigint",
            "real",
            "numeric",
            "character varying",
            "bpchar",
            "boolean",
            "date",
        ),
        *("time with time zone", "timestamp with time zone", "interval", "bytea", "uuid", "jsonb", "inet"),
        *("text", "text", "text"),
    ]
    assert texts(rows_of(open_table(f"{schema}copy"))) == texts(rows_of(source))


@on_postgresql
def test_create_on_the_schema_of_postgresql_is_enough(schema: str) -> None:
    server, _, name = schema.partition("?table=")
    user = f"u_{token_hex(4)}"
    _run(server, f"CREATE ROLE {user} LOGIN")
    theirs = schema.replace("postgres@", f"{user}@")
    refused(f"{theirs}copy", AccessDenied, "may not make it")
    _run(server, f"GRANT CREATE, USAGE ON SCHEMA {name.rstrip('.')} TO {user}")
    write(f"{theirs}copy", GIVEN)
    assert _run(server, f"SELECT count(*) FROM {name}copy") == [(len(AWKWARD),)]


@on_postgresql
def test_postgresql_says_what_is_wrong_and_nothing_stays(schema: str) -> None:
    locked = schema.replace("postgres@", "locked:wrong@")
    refused(f"{locked}copy", AccessDenied, "user or the password")
    refused(f"{schema.partition('=')[0]}=nowhere.copy", UnusableInput, "no such schema")
    refused(f"{schema}{'x' * 64}", UnusableInput, "more than 63 bytes")
    refused(f"{schema}copy", UnusableInput, "more than 63 bytes", Given(("é" * 32,), []))
    refused(f"{schema}copy", UnusableInput, "cannot hold a cell", Given(("a",), [("protected\0",)]))
    refused(f"{schema}copy", UnusableInput, "half a character", Given(("a",), [("protected\ud800",)]))
    assert _tables(schema) == set()


@on_postgresql
@pytest.mark.parametrize("late", [False, True])
def test_a_connection_to_postgresql_that_breaks_is_told_in_a_line(
    schema: str, late: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    server = schema.partition("?")[0]
    with (
        pytest.raises(Unreachable, match="connection was lost"),
        create_table(f"{schema}copy?application_name=x".replace("?app", "&app"), like=GIVEN) as writer,
    ):
        if late:
            writer.complete()
        _run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'x'")
        for _ in range(100 if not late else 0):
            writer.write(Batch(AWKWARD, range(len(AWKWARD))))
    assert _tables(schema) == set()
    assert capfd.readouterr().err == ""


# MariaDB


@pytest.fixture
def maria(mariadb_url: str) -> str:  # noqa: F811
    """mariadb://tester@…/DATABASE with a new database."""
    name = f"s_{token_hex(4)}"
    run_mariadb(mariadb_url, f"CREATE DATABASE {name}")
    return f"{mariadb_url.rpartition('/')[0]}/{name}"


@on_mariadb
def test_the_types_of_a_mariadb_table_are_kept(maria: str) -> None:
    name = maria.rpartition("/")[2]
    columns = (
        "a bigint unsigned, b decimal(10,2), c varchar(80), d double, e date, f datetime(3), g varbinary(9),"
        " h bit(1), i longtext, j int(4) zerofill, k enum('red'), l timestamp NULL, m time"
    )
    run_mariadb(maria, f"CREATE TABLE {name}.source ({columns})")
    run_mariadb(
        maria,
        f"""INSERT INTO {name}.source VALUES (18446744073709551615, 1.10, 'Jörg', 0.1, '2020-02-29',
            '2020-01-02 03:04:05.678', x'00ff', b'1', 'x', 7, 'red', '2020-01-02 03:04:05', '-100:00:00'),
            (NULL, NULL, NULL, NULL, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""",
    )
    source = open_table(f"{maria}?table=source")
    write(f"{maria}?table=copy", source)
    kinds = [kind for _, kind, *_ in run_mariadb(maria, f"SHOW COLUMNS FROM {name}.copy")]
    assert kinds == [
        *("bigint(20) unsigned", "decimal(10,2)", "text", "double", "date", "datetime(3)", "varbinary(9)"),
        *("bit(1)", "longtext", "bigint(20)", "longtext", "datetime(6)", "longtext"),
    ]
    assert sorted(texts(rows_of(open_table(f"{maria}?table=copy")))) == sorted(texts(rows_of(source)))


@on_mariadb
def test_four_rights_on_the_database_of_mariadb_are_enough(maria: str) -> None:
    name, user = maria.rpartition("/")[2], f"u_{token_hex(4)}"
    run_mariadb(maria, f"CREATE USER {user}@'%'")
    theirs = maria.replace("tester@", f"{user}@")
    refused(f"{theirs}?table=copy", AccessDenied, "ask for CREATE, INSERT, ALTER and DROP")
    run_mariadb(maria, f"GRANT CREATE, INSERT, ALTER, DROP ON {name}.* TO {user}@'%'")
    write(f"{theirs}?table=copy", GIVEN)
    assert run_mariadb(maria, f"SELECT count(*) FROM {name}.copy") == [(len(AWKWARD),)]


@on_mariadb
def test_mariadb_says_what_is_wrong_and_nothing_stays(maria: str) -> None:
    name = maria.rpartition("/")[2]
    refused(maria.replace("tester@", "locked:wrong@") + "?table=copy", AccessDenied, "error 1045")
    refused(f"{maria}x?table=copy", UnusableInput, "no such database")
    refused(f"{maria.rpartition('/')[0]}/?table=copy", UnusableInput, "no such database")
    refused(f"{maria}?table=copy", UnusableInput, "refused the new table", Given(("a", "A"), []))
    refused(f"{maria}?table=copy", UnusableInput, "cannot hold a cell", Given(("a",), [(float("nan"),)]))
    refused(f"{maria}?table=copy", UnusableInput, "half a character", Given(("a",), [("protected\ud800",)]))
    refused("mariadb://tester@127.0.0.1:1/x?table=copy", Unreachable, "error 2003")
    assert run_mariadb(maria, f"SHOW TABLES FROM {name}") == []


@on_mariadb
@pytest.mark.parametrize("late", [False, True])
def test_a_connection_to_mariadb_that_breaks_is_told_in_a_line(maria: str, late: bool) -> None:
    name = maria.rpartition("/")[2]
    with (
        pytest.raises(Unreachable, match="no connection"),
        create_table(f"{maria}?table=copy", like=GIVEN) as writer,
    ):
        if late:
            writer.complete()
        ((number,),) = run_mariadb(
            maria, f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
        )
        run_mariadb(maria, f"KILL {number}")
        if not late:
            writer.write(Batch(AWKWARD, range(len(AWKWARD))))
    assert run_mariadb(maria, f"SHOW TABLES FROM {name}") == []


# SQLite


def test_the_types_of_a_sqlite_table_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    with changing_sqlite(path) as connection:
        connection.execute(
            "CREATE TABLE source (a INTEGER, b VARCHAR(80), c, d DECIMAL(10, 2), e BLOB, f TEXT)"
        )
        connection.execute(
            "INSERT INTO source VALUES (1, 'x', 2.5, 3, x'00ff', x'00ff'), ('y', 1, 'z', 1e9, 4, 5)"
        )
    source = open_table(f"{path}?table=source")
    write(f"sqlite:///{tmp_path}/new.db?table=copy", source)
    with changing_sqlite(tmp_path / "new.db") as connection:
        kinds = connection.execute("SELECT type FROM pragma_table_info('copy')").fetchall()
    assert kinds == [("INTEGER",), ("VARCHAR(80)",), ("",), ("DECIMAL(10, 2)",), ("BLOB",), ("TEXT",)]
    copied = rows_of(open_table(f"sqlite:///{tmp_path}/new.db?table=copy"))
    assert list(map(repr, copied)) == list(map(repr, rows_of(source)))
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_sqlite_says_what_is_wrong_and_nothing_stays(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    with changing_sqlite(path) as connection:
        connection.execute("CREATE TABLE other (a)")
    (tmp_path / "note.txt").write_text("precious, and no database")
    refused(f"sqlite:///{tmp_path}/note.txt?table=copy", UnusableInput, "no SQLite database")
    for name in ("crm.db", "new.db"):
        url = f"sqlite:///{tmp_path}/{name}?table=copy"
        refused(url, UnusableInput, "refused the new table", Given(("a", "A"), []))
        refused(url, UnusableInput, "half a character", Given(("a",), [("protected\ud800",)]))
    source = open_table(f"{path}?query=SELECT 1 AS a")
    with (
        pytest.raises(UnusableInput, match="more than 64 bits"),
        create_table(f"sqlite:///{path}?table=copy", like=open_table(f"{path}?table=other")) as writer,
    ):
        writer.write(Batch([(2**64,)], [1]))
    assert rows_of(source) == [(1,)]
    with changing_sqlite(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("other",)]
    assert {each.name for each in tmp_path.iterdir()} == {"crm.db", "note.txt"}


SAME_FILE = """
import sys
from trapstreet.plugins.tables import create_table, open_table
source = open_table(f"{sys.argv[1]}?table=customers")
with create_table(f"sqlite:///{sys.argv[1]}?table=copy", like=source) as writer:
    for batch in source.batches():
        writer.write(batch)
    writer.complete()
"""


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_copy_goes_into_the_sqlite_file_that_its_source_is_in(journal: str, tmp_path: Path) -> None:
    """6 MB of it: more than SQLite's cache, that would go into the file while it is being read."""
    path = tmp_path / "crm.db"
    with changing_sqlite(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE customers (id INTEGER, note TEXT)")
        connection.executemany("INSERT INTO customers VALUES (?, ?)", ((n, "x" * 200) for n in range(30_000)))
    subprocess.run([sys.executable, "-c", SAME_FILE, path], check=True, timeout=20)
    with changing_sqlite(path) as connection:
        same = "SELECT count(*) FROM customers JOIN copy USING (id, note)"
        assert connection.execute(same).fetchall() == [(30_000,)]


FULL_DISK = """
import resource, signal, sys
sys.path[:0] = sys.argv[2:]
from given import Given
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import create_table
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    with create_table(sys.argv[1], like=Given(("a",), [])) as writer:
        for number in range(400):
            writer.write(Batch([(f"{number:x}" * 500,)] * 10, [0] * 10))
except Unreachable as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["new.db", "crm.db"])
def test_a_full_disk_leaves_no_table_in_sqlite(name: str, tmp_path: Path) -> None:
    with changing_sqlite(tmp_path / "crm.db") as connection:
        connection.execute("CREATE TABLE other (a)")
    url = f"sqlite:///{tmp_path}/{name}?table=copy"
    here = str(Path(__file__).parent.parent)
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, url, here], capture_output=True, text=True, check=True, timeout=60
    )
    assert "the disk is full" in told.stdout
    with changing_sqlite(tmp_path / "crm.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("other",)]
    assert {each.name for each in tmp_path.iterdir()} == {"crm.db"}
