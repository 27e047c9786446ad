"""A registry that an older trapstreet wrote: brought up to date by the next command, wholly or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from offices import Office
from trapstreet.app import workspace as app
from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.store import database, disconnect
from trapstreet.store.django_settings import configure

PACKAGE = """
import trapstreet.store.migrations as ours
__path__ = [*__path__, *ours.__path__]
"""
FIRST = """
from django.db import migrations, models

def fill(apps, schema_editor):
    for kit in apps.get_model("store", "Kit").objects.all():
        apps.get_model("store", "Extra").objects.create(kit=kit)

class Migration(migrations.Migration):
    dependencies = [("store", "{newest}")]
    operations = [
        migrations.CreateModel("Extra", [
            ("id", models.BigAutoField(primary_key=True)),
            ("kit", models.ForeignKey("store.Kit", models.PROTECT)),
        ]),
        migrations.AddField("Origin", "note", models.TextField(default="new")),
        migrations.RunPython(fill),
    ]
"""
SECOND = """
import os, signal, time
from django.db import migrations, models

def then(apps, schema_editor):
    {then}

class Migration(migrations.Migration):
    dependencies = [("store", "9998_first")]
    operations = [
        migrations.AlterField("Extra", "kit", models.ForeignKey("store.Kit", models.CASCADE, null=True)),
        migrations.AlterField("Kit", "written_at", models.BigIntegerField(null=True)),
        migrations.RunPython(then),
    ]
"""
PROGRAM = """
import sys
from django.conf import settings
from trapstreet.store.django_settings import configure
configure()
settings.MIGRATION_MODULES = {{"store": "{package}"}}
from trapstreet.cli import main
main()
"""

Later = Callable[..., str]


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Later]:
    """From its call on this is a later trapstreet with two more migrations; the second ends with `then`."""
    from django.conf import settings

    configure()
    newest = database.newest_schema()

    def make(then: str = "pass") -> str:
        package = f"later_{token_hex(4)}"
        folder = tmp_path / "later" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(PACKAGE)
        (folder / "9998_first.py").write_text(FIRST.format(newest=newest))
        (folder / "9999_second.py").write_text(SECOND.format(then=then))
        monkeypatch.syspath_prepend(folder.parent)
        monkeypatch.setattr(settings, "MIGRATION_MODULES", {"store": package})
        return package

    yield make
    disconnect()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server("postgresql"), pytest.mark.slow])]
)
def ws(request: pytest.FixtureRequest, office: Office) -> Path:
    """A workspace of this version, its registry in either database."""
    more = [] if request.param == "sqlite" else ["--database", _new_database(request)]
    office.run("init", "ws", "--kit", "kit.txt", "--kit-confirmed", *more)
    disconnect()
    return office.folder / "ws"


def _new_database(request: pytest.FixtureRequest) -> str:
    import psycopg

    base: str = request.getfixturevalue("postgres_url")
    name = f"migrated_{token_hex(4)}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{base.rpartition('/')[0]}/{name}"


def _schema(ws: Path) -> tuple[str, set[str]]:
    """What the registry says of itself, and which of the tables and columns of `later` it has."""
    from django.db import connection

    settings = app.read_settings(ws / "trapstreet.toml")
    database.connect(settings.database.url, folder=ws)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema FROM store_origin")
        (said,) = cursor.fetchone()
        cursor.execute("SELECT name FROM django_migrations WHERE name LIKE '999%'")
        there = {name for (name,) in cursor.fetchall()}
        there |= {"store_extra"} & set(connection.introspection.table_names())
        columns = connection.introspection.get_table_description(cursor, "store_origin")
        there |= {"note"} & {column.name for column in columns}
    disconnect()
    return said, there


def test_the_next_command_brings_an_older_registry_up_to_date_and_says_so_once(
    office: Office, ws: Path, later: Later
) -> None:
    was = database.newest_schema()
    later()
    told = office.run("backup", "b.tar", "--workspace", ws)
    assert f"The registry was brought up to date, from {was} to 9999_second" in told
    assert _schema(ws) == ("9999_second", {"9998_first", "9999_second", "store_extra", "note"})
    assert "brought up to date" not in office.run("doctor", "--workspace", ws)


def test_what_the_registry_held_is_still_there_and_checked(ws: Path, later: Later) -> None:
    from django.db import IntegrityError, connection, transaction

    from trapstreet.store import log

    later()
    opened = app.Workspace.open(ws)
    opened.require_confirmed_kit()
    assert log.verify(opened.settings.keys.log).signed == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT kit_id FROM store_extra")
        assert cursor.fetchall() == [(opened.settings.keys.kit,)]
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("INSERT INTO store_extra (kit_id) VALUES ('nobody')")
            connection.check_constraints()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)


@pytest.mark.parametrize(
    ("then", "status"),
    [
        ("raise KeyboardInterrupt", 130),
        ("from django.db import OperationalError; raise OperationalError('database or disk is full')", 4),
    ],
)
def test_where_it_breaks_off_the_older_version_goes_on(
    office: Office, ws: Path, later: Later, monkeypatch: pytest.MonkeyPatch, then: str, status: int
) -> None:
    was = database.newest_schema()
    later(then)
    told = office.run("backup", "b.tar", "--workspace", ws, status=status)
    assert "nothing was half-written" in told
    assert told.strip().count("\n") == 0
    monkeypatch.setattr("django.conf.settings.MIGRATION_MODULES", {})
    assert _schema(ws) == (was, set())
    office.run("doctor", "--workspace", ws)


def test_a_process_killed_in_the_middle_leaves_the_older_schema(
    office: Office, ws: Path, later: Later, tmp_path: Path
) -> None:
    was = database.newest_schema()
    package = later("os.kill(os.getpid(), signal.SIGKILL)")
    killed = _later_process(package, tmp_path, "backup", "b.tar", "--workspace", ws)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert _schema(ws) == (was, set())
    later()
    assert "brought up to date" in office.run("doctor", "--workspace", ws)


@pytest.mark.slow
def test_two_commands_at_once_bring_it_up_to_date_once(ws: Path, later: Later, tmp_path: Path) -> None:
    package = later("time.sleep(1)")
    commands = [_later_process(package, tmp_path, "backup", f"b{n}.tar", "--workspace", ws) for n in range(2)]
    told = "".join(command.communicate(timeout=60)[1].decode() for command in commands)
    assert [command.returncode for command in commands] == [0, 0]
    assert told.count("brought up to date") == 1


def _later_process(package: str, tmp_path: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(package=package), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "later")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_it_waits_for_the_writer_and_then_says_that_the_workspace_is_busy(
    ws: Path, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = database.newest_schema()
    monkeypatch.setattr(app, "BUSY_SECONDS", 0.2)
    opened = app.Workspace.open(ws)
    with opened.writing():
        later()
        with pytest.raises(Unreachable, match="the workspace is busy"):
            app.Workspace.open(ws)
    assert _schema(ws) == (was, set())


def test_the_sqlite_file_is_kept_as_it_was_and_the_older_version_opens_it(
    office: Office, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = office.init()
    was = database.newest_schema()
    (ws / "registry.sqlite3.before").write_text("of an earlier update")
    later()
    kept = ws / "registry.sqlite3.before"
    assert f"as it was, it is in {kept}" in office.run("doctor", "--workspace", ws)
    assert kept.stat().st_mode & 0o777 == 0o600
    disconnect()
    for name in ("registry.sqlite3-wal", "registry.sqlite3-shm"):
        (ws / name).unlink(missing_ok=True)
    kept.replace(ws / "registry.sqlite3")
    monkeypatch.setattr("django.conf.settings.MIGRATION_MODULES", {})
    office.run("doctor", "--workspace", ws)
    assert _schema(ws) == (was, set())


def test_a_disk_too_full_for_the_copy_changes_nothing(
    office: Office, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ws = office.init()
    was = database.newest_schema()
    later()
    before = office.listing()
    monkeypatch.setattr("trapstreet.store.database.os.fsync", full)
    assert "the disk is full" in office.run("doctor", "--workspace", ws, status=4)
    assert office.listing() == before
    assert _schema(ws) == (was, set())


@pytest.mark.slow
def test_a_backup_of_an_older_version_is_brought_up_to_date_as_well(office: Office, later: Later) -> None:
    office.init()
    office.run("backup", "b.tar", "--workspace", "ws")
    later()
    office.run("restore", "b.tar", "new")
    assert _schema(office.folder / "new")[0] == "9999_second"
    assert "brought up to date" not in office.run("doctor", "--workspace", "new")


def test_the_database_of_another_workspace_is_left_alone(office: Office, later: Later) -> None:
    office.init()
    office.run("init", "other")
    was = database.newest_schema()
    (office.folder / "other" / "registry.sqlite3").replace(office.folder / "ws" / "registry.sqlite3")
    later()
    assert "belongs to another workspace" in office.run("backup", "b.tar", "--workspace", "ws", status=2)
    with sqlite3.connect(office.folder / "ws" / "registry.sqlite3") as found:
        assert found.execute("SELECT schema FROM store_origin").fetchall() == [(was,)]
    found.close()


@pytest.mark.server("postgresql")
@pytest.mark.parametrize("ws", ["postgresql"], indirect=True)
def test_a_user_who_may_not_change_tables_is_told(ws: Path, later: Later) -> None:
    import psycopg

    was = database.newest_schema()
    settings = app.read_settings(ws / "trapstreet.toml")
    user = f"clerk_{token_hex(4)}"
    with psycopg.connect(settings.database.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN")
        connection.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {user}")
    text = (ws / "trapstreet.toml").read_text()
    (ws / "trapstreet.toml").write_text(text.replace("postgres@", f"{user}@"))
    later()
    with pytest.raises(AccessDenied, match="may not change them"):
        app.Workspace.open(ws)
    assert _schema(ws) == (was, set())


@pytest.mark.slow
@pytest.mark.server("postgresql")
@pytest.mark.parametrize("ws", ["postgresql"], indirect=True)
def test_a_reader_who_keeps_a_table_of_postgresql_is_waited_for_and_then_told_of(
    ws: Path, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    was = database.newest_schema()
    monkeypatch.setattr(database, "_BUSY_SECONDS", 1)
    later()
    began = time.monotonic()
    with psycopg.connect(app.read_settings(ws / "trapstreet.toml").database.url) as reader:
        reader.execute("SELECT * FROM store_kit")
        with pytest.raises(Unreachable, match="others are using its tables"):
            app.Workspace.open(ws)
        assert 1 <= time.monotonic() - began < 15
    assert _schema(ws) == (was, set())
