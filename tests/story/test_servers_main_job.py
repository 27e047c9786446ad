"""The main job on real servers: the workspace in PostgreSQL, the customers in PostgreSQL or MariaDB."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from desk import Desk
from people import read_csv
from servers import mariadb_url, postgres_url
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.store import disconnect

pytestmark = pytest.mark.slow

__all__ = ["mariadb_url", "postgres_url"]

ROWS = 1_500
TABLE = ", ".join(f"{name} varchar(200)" for name in HEADER)
COLUMNS = ", ".join(HEADER)
OWNED = 'domains = ["post.harbour.example", "mail.quay.example"]'

Execute = Callable[..., None]


@pytest.fixture
def crm(request: pytest.FixtureRequest) -> tuple[str, Execute]:
    """(URL without options, execute) of the database server named by the test, with the customers in it."""
    if request.param == "postgresql":
        return _postgresql(request.getfixturevalue("postgres_url"))
    return _mariadb(request.getfixturevalue("mariadb_url"))


def _postgresql(url: str) -> tuple[str, Execute]:
    import psycopg

    def execute(statement: str, rows: Sequence[tuple[str, ...]] = ()) -> None:
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            if rows:
                cursor.executemany(statement.encode(), rows)
            else:
                cursor.execute(statement.encode())

    _fill(execute)
    return url, execute


def _mariadb(url: str) -> tuple[str, Execute]:
    from urllib.parse import urlsplit

    import pymysql

    parts = urlsplit(url)

    def execute(statement: str, rows: Sequence[tuple[str, ...]] = ()) -> None:
        database = parts.path.strip("/")
        with (
            pymysql.connect(
                host=parts.hostname, port=parts.port or 3306, user=parts.username, database=database
            ) as connection,
            connection.cursor() as cursor,
        ):
            if rows:
                cursor.executemany(statement, rows)
            else:
                cursor.execute(statement)
            connection.commit()

    _fill(execute)
    return url, execute


def _fill(execute: Execute) -> None:
    execute("DROP TABLE IF EXISTS clients")
    execute(f"CREATE TABLE clients ({TABLE}, PRIMARY KEY (ticket))")
    places = ", ".join(["%s"] * len(HEADER))
    execute(f"INSERT INTO clients ({COLUMNS}) VALUES ({places})", list(customers(ROWS, seed=7)))


def owning(desk: Desk) -> Desk:
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("domains = []", OWNED))
    return desk


def handed_out(desk: Desk, name: str, recipients: Sequence[str] = ("Cork", "Lyon")) -> list[str]:
    """Copies of a data set as copy0.csv, copy1.csv …; their ids."""
    return [
        desk.json(
            "share", name, "--to", recipient, "--out", desk.folder / f"copy{number}.csv", "--decoys", 60
        )["copy"]
        for number, recipient in enumerate(recipients)
    ]


def accused(desk: Desk, leak: Path) -> list[str]:
    """The copies that trace accuses."""
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    return [each["copy"] for each in result["accused"]]


def leak_of(desk: Desk, copy: str) -> Path:
    """A third of a copy's rows, typed anew."""
    rows = read_csv(desk.folder / copy)[::3]
    lines = (f"{row['name'].upper()};{row['phone'].replace(' ', '-')};{row['email'].upper()}" for row in rows)
    return desk.write("leak.txt", "\n".join(lines))


SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.server("postgresql"), id="postgresql"),
    pytest.param("mariadb", marks=[pytest.mark.server("mariadb"), pytest.mark.system], id="mariadb"),
]


@pytest.mark.parametrize("crm", SERVERS, indirect=True)
def test_customers_in_a_database_are_registered_shared_found_and_traced(
    desk: Desk, crm: tuple[str, Execute]
) -> None:
    url, _ = crm
    owning(desk)
    report = desk.json("register", f"{url}?table=clients", "--name", "customers")
    assert (report["rows"], report["key"], report["rejected"]) == (ROWS, ["ticket"], [])
    assert {each["name"]: each["kind"] for each in report["columns"]}["phone"] == "phone"
    copies = handed_out(desk, "customers")
    assert len(read_csv(desk.folder / "copy1.csv")) == ROWS + 60
    leak = leak_of(desk, "copy1.csv")
    (finding,) = desk.json("scan", leak, status=1)["findings"]
    assert finding["records"] + finding["decoys"] == (ROWS + 60) / 3
    assert accused(desk, leak) == [copies[1]]


@pytest.mark.parametrize("crm", SERVERS, indirect=True)
def test_a_database_that_changed_becomes_a_new_version(desk: Desk, crm: tuple[str, Execute]) -> None:
    url, execute = crm
    desk.do("register", f"{url}?table=clients", "--name", "customers")
    assert desk.json("register", f"{url}?table=clients", "--name", "customers")["version"] == 1
    execute("UPDATE clients SET email = CONCAT('new.', email) WHERE city = 'Sligo'")
    execute("DELETE FROM clients WHERE city = 'Tralee'")
    execute(
        f"INSERT INTO clients ({COLUMNS}) VALUES ('TS-9999991', 'Eva Novak', 'eva@postbox.example', "
        "'+353 86 200 0001', 'Cork', 'Mobile Security', '2019-01-02')"
    )
    rows = list(customers(ROWS, seed=7))
    moved, went = (sum(row[4] == city for row in rows) for city in ("Sligo", "Tralee"))
    out = desk.folder / "copy.csv"
    desk.do("share", "customers", "--to", "Cork", "--out", out, status=2)
    assert "--new-version" in desk.err
    report = desk.json("register", f"{url}?table=clients", "--name", "customers")
    assert report["version"] == 2
    assert (report["appeared"], report["changed"], report["went"]) == (1, moved, went)
    assert desk.json("share", "customers", "--to", "Cork", "--out", out)["rows"] == ROWS + 1 - went
    gone = next(row for row in rows if row[4] == "Tralee")
    leak = desk.write("leak.txt", f"{gone[1]} {gone[2]} {gone[3]}")
    assert desk.json("scan", leak, status=1)["findings"][0]["records"] == 1, "who went is still ours"


@pytest.mark.parametrize("crm", SERVERS, indirect=True)
def test_the_result_of_a_query_is_a_data_set(desk: Desk, crm: tuple[str, Execute]) -> None:
    url, _ = crm
    owning(desk)
    query = quote("SELECT ticket, name, email, phone FROM clients WHERE city <> 'Cork' ORDER BY ticket DESC")
    report = desk.json("register", f"{url}?query={query}", "--name", "others")
    assert 0 < report["rows"] < ROWS
    copies = handed_out(desk, "others")
    copy = read_csv(desk.folder / "copy0.csv")
    assert list(copy[0]) == ["ticket", "name", "email", "phone"]
    tickets = [row["ticket"] for row in copy]
    assert tickets == sorted(tickets, reverse=True), "the copy keeps the query's order, decoys included"
    assert accused(desk, leak_of(desk, "copy0.csv")) == [copies[0]]


@pytest.mark.server("postgresql")
def test_a_workspace_in_postgresql_does_the_job_and_moves_to_sqlite(desk: Desk, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS story WITH (FORCE)")
        connection.execute("CREATE DATABASE story")
    registry = f"{postgres_url.rpartition('/')[0]}/story"
    source, _ = _postgresql(postgres_url)
    there = Desk(desk.folder / "there", desk.capsys)
    there.folder.mkdir()
    kit = there.folder / "kit.txt"
    begun = there.run(
        "init", there.workspace, "--keys", there.folder / "keys", "--kit", kit, "--kit-confirmed",
        "--database", registry,
    )  # fmt: skip
    assert begun == 0, there.err
    assert not list(there.workspace.glob("*.sqlite3"))
    owning(there)
    there.do("register", f"{source}?table=clients", "--name", "customers")
    copies = handed_out(there, "customers")
    leak = leak_of(there, "copy0.csv")
    assert accused(there, leak) == [copies[0]]
    backup = there.folder / "backup.tar"
    there.do("backup", backup)
    disconnect()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE story WITH (FORCE)")
    there.refused(4, "trace", leak)

    back = Desk(desk.folder / "back", desk.capsys)
    back.folder.mkdir()
    keys = ("--keys", there.folder / "keys")
    assert back.run("restore", backup, back.workspace, *keys) == 4, "its database is gone"
    restored = back.run("restore", backup, back.workspace, *keys, "--database", "sqlite")
    assert restored == 0, back.err
    assert list(back.workspace.glob("*.sqlite3"))
    back.do("doctor")
    assert accused(back, leak) == [copies[0]]
    assert "Cork" in back.do("trace", leak, "--unmask", "--reason", "case 17", status=1)
