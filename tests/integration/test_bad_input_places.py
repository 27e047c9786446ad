"""Places that cannot be reached or read, and command lines that cannot be meant: status, line, no secret."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

from desk import Desk
from offices import Office
from people import customer_file
from servers import PASSWORD, mariadb_url

__all__ = ["mariadb_url"]

TRAPSTREET = [sys.executable, "-c", "from trapstreet.cli import main; main()"]


@pytest.fixture
def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fresh workspace with a confirmed kit; no password in the environment."""
    for name in ("TRAPSTREET_DB_PASSWORD", "PGPASSWORD", "PGSERVICE", "MYSQL_PWD"):
        monkeypatch.delenv(name, raising=False)
    office.init("workspace")
    return Desk(office.folder, office.capsys)


@pytest.fixture
def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_database_that_is_away_is_not_reached(desk: Desk, scheme: str, closed_port: int) -> None:
    url = f"{scheme}://crm:hunter2@127.0.0.1:{closed_port}/crm?table=customers"
    line = desk.refused(4, "register", url, "--name", "customers")
    assert f"{scheme}://127.0.0.1:{closed_port}/crm" in line
    assert "hunter2" not in line
    assert "check host, port and network" in line


def test_a_file_that_is_missing_is_not_reached(desk: Desk) -> None:
    for location in (
        desk.folder / "gone.csv",
        f"sqlite:///{desk.folder}/gone.db?table=customers",
        desk.folder / "no" / "folder" / "gone.xlsx",
    ):
        assert "gone." in desk.refused(4, "register", location, "--name", "customers")
    assert not (desk.folder / "gone.db").exists(), "looking for a database makes none"


def test_a_source_that_went_is_told_by_share(desk: Desk) -> None:
    path = customer_file(desk.folder / "customers.csv", 200)
    desk.do("register", path, "--name", "customers")
    path.unlink()
    out = desk.folder / "out.csv"
    assert str(path) in desk.refused(4, "share", "customers", "--to", "Auditor", "--out", out)
    assert not out.exists()


@pytest.mark.server("postgresql")
def test_a_wrong_password_of_postgresql_is_denied_and_never_printed(desk: Desk, postgres_url: str) -> None:
    place = postgres_url.partition("@")[2]
    for given in (":hunter2", ""):
        line = desk.refused(
            3, "register", f"postgresql://locked{given}@{place}?table=pg_user", "--name", "customers"
        )
        assert "refused the user or the password" in line
        assert "hunter2" not in line


@pytest.mark.server("mariadb")
@pytest.mark.system
def test_a_wrong_password_of_mariadb_is_denied_and_never_printed(desk: Desk, mariadb_url: str) -> None:
    place = mariadb_url.partition("@")[2]
    for given in (":hunter2", ""):
        line = desk.refused(3, "register", f"mariadb://locked{given}@{place}?table=x", "--name", "customers")
        assert "TRAPSTREET_DB_PASSWORD" in line
        assert "hunter2" not in line


@pytest.mark.server("postgresql")
def test_a_password_out_of_the_url_is_kept_nowhere(desk: Desk, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS guarded")
        connection.execute("CREATE TABLE guarded (email text)")
        connection.execute(
            "INSERT INTO guarded SELECT 'p' || n || '@mail.example' FROM generate_series(1, 20) n"
        )
        connection.execute("GRANT SELECT ON guarded TO locked")
    place = postgres_url.partition("@")[2]
    written = PASSWORD.replace("/", "%2F").replace(":", "%3A").replace("@", "%40").replace("?", "%3F")
    url = f"postgresql://locked:{written}@{place}?table=guarded"
    desk.do("register", url, "--name", "customers")
    out = desk.folder / "out.csv"
    line = desk.refused(3, "share", "customers", "--to", "Auditor", "--out", out)
    assert "PGPASSWORD" in line
    held = [
        path for path in desk.folder.parent.rglob("*") if path.is_file() and b"s3cr3t" in path.read_bytes()
    ]
    assert held == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        desk.do("share", "customers", "--to", "Auditor", "--out", out)


def test_a_registry_that_is_away_is_not_reached(desk: Desk, closed_port: int) -> None:
    settings = desk.workspace / "trapstreet.toml"
    url = f"postgresql://crm@127.0.0.1:{closed_port}/registry"
    settings.write_text(settings.read_text().replace("sqlite:///registry.sqlite3", url))
    path = customer_file(desk.folder / "customers.csv", 20)
    for command in (
        ["register", path, "--name", "customers"],
        ["share", "customers", "--to", "X", "--out", "x.csv"],
        ["scan", path],
        ["trace", path],
        ["copy", "list"],
    ):
        assert url in desk.refused(4, *command)


def test_a_registry_that_is_no_database_is_told_in_a_line(desk: Desk) -> None:
    for beside in desk.workspace.glob("registry.sqlite3-*"):
        beside.unlink()
    (desk.workspace / "registry.sqlite3").write_bytes(b"no database at all" * 1000)
    line = desk.refused(4, "copy", "list")
    assert "registry" in line


@pytest.mark.parametrize(("schema", "by"), [("0000_earlier", "0.0.1"), ("9999_later", "9.9")])
def test_a_workspace_of_another_version_is_left_alone(desk: Desk, schema: str, by: str) -> None:
    path = customer_file(desk.folder / "customers.csv", 200)
    desk.do("register", path, "--name", "customers")
    with sqlite3.connect(desk.workspace / "registry.sqlite3") as database:
        database.execute("UPDATE store_origin SET schema = ?, written_by = ?", (schema, by))
    database.close()
    for command in (
        ["register", path, "--name", "customers"],
        ["share", "customers", "--to", "X", "--out", "x.csv"],
        ["scan", path],
        ["trace", path],
        ["copy", "list"],
        ["strip", path, "--out", "y.csv"],
        ["backup", "b.tar"],
    ):
        line = desk.refused(2, *command)
        assert f"was written by trapstreet {by}" in line
        assert "use that version" in line
    assert not [path for path in desk.folder.iterdir() if path.name in ("x.csv", "y.csv", "b.tar")]


Said = tuple[int, str, str]
"""Exit status, output, errors."""
Run = Callable[..., list[Said]]

ONE_AFTER_THE_OTHER = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from trapstreet.cli import run
said = []
for line in json.load(sys.stdin):
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        status = run(line)
    said.append((status, out.getvalue(), err.getvalue()))
json.dump(said, sys.stdout)
"""


@pytest.fixture
def ordinary(desk: Desk) -> Run:
    """Runs commands on the workspace as somebody for whom permissions count: root gives up that root does."""
    powerless: list[str] = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root needs setpriv (util-linux) to be refused anything")
        powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]

    def run(*commands: list[object]) -> list[Said]:
        lines = [[*map(str, command), "--workspace", str(desk.workspace)] for command in commands]
        done = subprocess.run(
            [*powerless, sys.executable, "-c", ONE_AFTER_THE_OTHER],
            input=json.dumps(lines), cwd=desk.folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [(status, out, err) for status, out, err in json.loads(done.stdout)]

    return run


@pytest.mark.slow
def test_a_file_that_may_not_be_read_is_denied(desk: Desk, ordinary: Run) -> None:
    path = customer_file(desk.folder / "customers.csv", 50)
    desk.do("register", path, "--name", "customers")
    path.chmod(0)
    *denied, scanned = ordinary(
        ["register", path, "--name", "again"],
        ["share", "customers", "--to", "X", "--out", "x.csv"],
        ["strip", path, "--out", "x.csv"],
        ["scan", path],
    )
    for status, out, err in denied:
        assert (status, out) == (3, ""), err
        assert err.count("\n") == 1
        assert f"{path}: may not read it" in err
    assert not (desk.folder / "x.csv").exists()
    assert scanned[0] == 6
    assert f"NOT READ  {path}: permission denied" in scanned[1]


@pytest.mark.slow
def test_a_folder_that_may_not_be_entered_or_written_is_denied(desk: Desk, ordinary: Run) -> None:
    desk.do("register", customer_file(desk.folder / "customers.csv", 50), "--name", "customers")
    closed = desk.folder / "closed"
    closed.mkdir()
    closed.chmod(0)
    for status, _, err in ordinary(
        ["scan", closed / "inside.txt"],
        ["share", "customers", "--to", "X", "--out", closed / "x.csv"],
        ["backup", closed / "b.tar"],
    ):
        assert status == 3, err
        assert err.count("\n") == 1
        assert str(closed) in err


def test_a_missing_path_ends_a_scan_before_anything_is_read(desk: Desk) -> None:
    path = customer_file(desk.folder / "customers.csv", 200)
    desk.do("register", path, "--name", "customers")
    for command in ("scan", "trace"):
        assert "gone.txt" in desk.refused(4, command, path, desk.folder / "gone.txt")
    assert "give a file, a directory" in desk.refused(2, "scan", "gopher://files.example/x")


def test_what_could_not_be_read_turns_nothing_found_into_status_6(desk: Desk) -> None:
    path = customer_file(desk.folder / "customers.csv", 200)
    desk.do("register", path, "--name", "customers")
    heap = desk.folder / "heap"
    heap.mkdir()
    (heap / "notes.txt").write_text("nothing")
    assert desk.json("scan", heap, status=0)["unread"] == []
    os.mkfifo(heap / "pipe")
    (heap / "broken.gz").write_bytes(b"\x1f\x8b\x08" + bytes(60))
    for command in ("scan", "trace"):
        unread = desk.json(command, heap, status=6)["unread"]
        assert [each["path"].removeprefix(f"{heap}/")[:6] for each in unread] == ["broken", "pipe"]
        assert all(each["why"] for each in unread)
    assert "NOT READ" in desk.do("scan", heap, status=6)
    (heap / "leak.csv").write_bytes(path.read_bytes())
    found = desk.json("scan", heap, status=1)
    assert len(found["findings"]) == 1
    assert len(found["unread"]) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["no-such-command"],
        ["register"],
        ["register", "t.csv"],
        ["share", "customers", "--to", "X", "--out", "x.csv", "--decoys", "0"],
        ["share", "customers", "--to", "X", "--out", "x.csv", "--decoys", "many"],
        ["share", "customers", "--to", "X", "--out", "."],
        ["share", "nobody", "--to", "X", "--out", "x.csv"],
        ["scan"],
        ["scan", "--loud", "."],
        ["trace"],
        ["trace", ".", "--unmask"],
        ["trace", ".", "--reason", "curiosity"],
        ["strip", "t.csv"],
        ["copy", "burn"],
        ["backup"],
    ],
)
def test_a_command_line_that_cannot_be_meant_is_refused(desk: Desk, command: list[str]) -> None:
    desk.refused(2, *command)


def test_what_belongs_behind_the_table_is_said_to_belong_there(desk: Desk) -> None:
    line = desk.refused(2, "register", "list.xlsx", "--name", "customers", "--sheet", "Kunden")
    assert line.endswith("No such option '--sheet': it goes behind the table: 'TABLE?sheet=…'")


def test_a_folder_is_no_table(desk: Desk) -> None:
    assert "this is a folder" in desk.refused(2, "register", desk.folder, "--name", "customers")
    os.mkfifo(desk.folder / "pipe")
    assert "no regular file" in desk.refused(2, "register", desk.folder / "pipe", "--name", "customers")


@pytest.mark.slow
def test_standard_input_is_scanned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = customer_file(desk.folder / "customers.csv", 200)
    desk.do("register", path, "--name", "customers")
    monkeypatch.chdir(desk.workspace)
    with path.open("rb") as leak:
        done = subprocess.run(
            [*TRAPSTREET, "scan", "-", "--json"], stdin=leak, stdout=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["records"] == 200
