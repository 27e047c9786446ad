"""trapstreet init: all of a workspace, or nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from offices import PASSPHRASE, Office

TRAPSTREET = [sys.executable, "-c", "from trapstreet.cli import main; main()"]


def test_init_makes_a_workspace_that_the_doctor_finds_well(office: Office) -> None:
    report = office.json("init", "ws", "--kit", "kit.txt", "--kit-confirmed")
    workspace = office.folder / "ws"
    assert report == {
        "workspace": report["workspace"],
        "folder": str(workspace),
        "keys": str(office.keys),
        "database": "sqlite:///registry.sqlite3",
        "kit": "kit.txt",
        "kit_confirmed": True,
    }
    assert {each.name for each in workspace.iterdir()} >= {"trapstreet.toml", "index", "sealed", "tmp"}
    checks = office.json("doctor", "--workspace", workspace)["checks"]
    assert [check for check in checks if not check["ok"]] == []
    assert {check["name"] for check in checks} >= {"settings", "keys", "registry", "log", "recovery kit"}
    assert {check["name"]: check["found"] for check in checks}["sandbox"].startswith("parsers are kept")


def test_a_workspace_is_found_from_a_folder_below(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = office.init()
    (workspace / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(workspace / "a" / "b")
    office.run("doctor")
    monkeypatch.chdir(office.folder)
    assert "no workspace here: run trapstreet init" in office.run("doctor", status=2)
    monkeypatch.setenv("TRAPSTREET_WORKSPACE", str(workspace))
    office.run("doctor")


def test_init_in_a_folder_with_other_files_leaves_them_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office.folder / "report.doc").write_text("mine")
    office.run("init")
    assert (office.folder / "report.doc").read_text() == "mine"
    assert (office.folder / "trapstreet.toml").exists()


def _in_workspace(office: Office) -> list[object]:
    office.init()
    return ["init", "ws"]


def _over_a_registry(office: Office) -> list[object]:
    (office.folder / "registry.sqlite3").touch()
    return ["init"]


def _keys_inside(office: Office) -> list[object]:
    return ["init", "ws", "--keys", "ws/keys"]


def _kit_exists(office: Office) -> list[object]:
    (office.folder / "kit.txt").write_text("mine")
    return ["init", "ws", "--kit", "kit.txt"]


def _short_passphrase(office: Office) -> list[object]:
    os.environ["TRAPSTREET_KIT_PASSPHRASE"] = "short"
    return ["init", "ws", "--kit", "kit.txt"]


def _no_passphrase(office: Office) -> list[object]:
    del os.environ["TRAPSTREET_KIT_PASSPHRASE"]
    return ["init", "ws", "--kit", "kit.txt"]


def _bad_master(office: Office) -> list[object]:
    os.environ["TRAPSTREET_MASTER_KEY"] = "hunter2"
    return ["init", "ws"]


def _not_a_folder(office: Office) -> list[object]:
    (office.folder / "ws").write_text("mine")
    return ["init", "ws"]


def _other_database(office: Office) -> list[object]:
    return ["init", "ws", "--database", "mysql://localhost/x"]


def _unreadable_url(office: Office) -> list[object]:
    return ["init", "ws", "--database", "postgresql://u:pass word@h/x"]


def _database_away(office: Office) -> list[object]:
    return ["init", "ws", "--database", "postgresql://u:hunter2@127.0.0.1:9/x"]


def _no_folder_for_the_kit(office: Office) -> list[object]:
    return ["init", "ws", "--kit", "nowhere/kit.txt"]


@pytest.mark.parametrize(
    ("prepare", "status", "message"),
    [
        (_in_workspace, 2, "is a workspace already"),
        (_over_a_registry, 2, "has registry.sqlite3 but no trapstreet.toml"),
        (_keys_inside, 2, "lies inside the workspace"),
        (_kit_exists, 2, "kit.txt exists"),
        (_short_passphrase, 2, "passphrase is too short"),
        (_no_passphrase, 2, "no passphrase for the recovery kit: set TRAPSTREET_KIT_PASSPHRASE"),
        (_bad_master, 2, "TRAPSTREET_MASTER_KEY holds no master key"),
        (_not_a_folder, 2, ""),
        (_other_database, 2, "is not postgresql://"),
        (_unreadable_url, 2, "database URL does not read"),
        (_database_away, 4, "cannot open the database postgresql://u@127.0.0.1:9/x"),
        (_no_folder_for_the_kit, 4, "there is no folder"),
    ],
)
def test_where_init_fails_it_says_why_in_a_line_and_leaves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, prepare: object, status: int, message: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TRAPSTREET_KIT_PASSPHRASE", "TRAPSTREET_MASTER_KEY"):
            patch.setenv(name, os.environ.get(name, ""))
        arguments = prepare(office)  # type: ignore[operator]
        before = office.listing()
        told = office.run(*arguments, status=status)
    assert message in told
    assert told.count("\n") == 1
    assert "hunter2" not in told
    assert office.listing() == before
    assert len(list(office.keys.glob("*"))) == len(list(office.folder.glob("*/trapstreet.toml")))


def test_a_master_key_of_the_environment_is_written_nowhere(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = bytes(range(32)).hex()
    monkeypatch.setenv("TRAPSTREET_MASTER_KEY", master)
    office.init()
    office.run("doctor", "--workspace", "ws")
    assert not office.keys.exists()
    assert not [
        path for path in office.folder.rglob("*") if path.is_file() and master.encode() in path.read_bytes()
    ]
    monkeypatch.setenv("TRAPSTREET_MASTER_KEY", bytes(32).hex())
    assert "is not this workspace's" in office.run("backup", "b.tar", "--workspace", "ws", status=2)


def test_a_kit_that_was_not_confirmed_can_be_later(office: Office) -> None:
    assert office.json("init", "ws", "--kit", "kit.txt")["kit_confirmed"] is False
    unwell = office.json("doctor", "--workspace", "ws", status=1)["checks"]
    assert [check["name"] for check in unwell if not check["ok"]] == ["recovery kit"]
    office.run("key", "confirm", "kit.txt", "--workspace", "ws")
    office.run("doctor", "--workspace", "ws")


def test_a_new_kit_takes_the_place_of_the_old_with_all_inventories(office: Office) -> None:
    from trapstreet.app.kits import read_kit_file
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.protected import Protected
    from trapstreet.keys.inventory import Inventory, open_with

    office.init()
    opened = Workspace.open(office.folder / "ws")
    file = opened.write_inventory("copy-1", b"its decoys")
    office.run("key", "backup", "kit-2.txt", "--kit-confirmed", "--workspace", "ws")
    kit = read_kit_file(office.folder / "kit-2.txt", Protected(PASSPHRASE))
    assert open_with(kit.private.reveal(), Inventory.from_bytes(file.read_bytes())) == b"its decoys"
    office.run("doctor", "--workspace", "ws")
    told = office.run("key", "confirm", "kit.txt", "--workspace", "ws", status=2)
    assert "is an older kit of this workspace" in told


def test_the_kit_of_another_workspace_confirms_nothing(office: Office) -> None:
    office.init()
    office.run("init", "other", "--kit", "other.txt")
    told = office.run("key", "confirm", "other.txt", "--workspace", "ws", status=2)
    assert "kit of another workspace" in told


def test_a_workspace_of_a_newer_trapstreet_is_told_in_a_line(office: Office) -> None:
    import sqlite3

    office.init()
    with sqlite3.connect(office.folder / "ws" / "registry.sqlite3") as database:
        database.execute("UPDATE store_origin SET schema = '9999_later', written_by = '9.9'")
    database.close()
    told = office.run("backup", "b.tar", "--workspace", "ws", status=2)
    assert "was written by trapstreet 9.9, this is" in told


def test_a_registry_of_another_workspace_is_recognised(office: Office) -> None:
    office.init()
    office.run("init", "other")
    (office.folder / "other" / "registry.sqlite3").replace(office.folder / "ws" / "registry.sqlite3")
    told = office.run("backup", "b.tar", "--workspace", "ws", status=2)
    assert "belongs to another workspace" in told


def test_a_second_writer_waits_and_then_says_that_the_workspace_is_busy(office: Office) -> None:
    from trapstreet.app.workspace import Workspace
    from trapstreet.core.model.errors import Unreachable

    opened = Workspace.open(office.init())
    began = time.monotonic()
    with (
        opened.writing(),
        pytest.raises(Unreachable, match="the workspace is busy"),
        opened.writing(wait=0.2),
    ):
        pass
    assert time.monotonic() - began >= 0.2
    with opened.writing(wait=0):
        pass


@pytest.mark.slow
def test_two_commands_at_once_both_do_their_work(office: Office) -> None:
    office.init()
    commands = [
        subprocess.Popen([*TRAPSTREET, "backup", f"b{n}.tar", "--workspace", "ws"], stdout=subprocess.DEVNULL)
        for n in (1, 2)
    ]
    assert [command.wait(60) for command in commands] == [0, 0]
    assert {path.name for path in office.folder.glob("b*.tar")} == {"b1.tar", "b2.tar"}


@pytest.mark.slow
def test_two_inits_at_once_make_one_workspace(office: Office) -> None:
    commands = [
        subprocess.Popen([*TRAPSTREET, "init", "ws"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [command.communicate(timeout=60)[1].decode() for command in commands]
    assert sorted(command.returncode for command in commands) in ([0, 2], [0, 4])
    assert any("is a workspace already" in each or "workspace is busy" in each for each in told)
    office.json("backup", "b.tar", "--workspace", "ws")
    assert len(list(office.keys.iterdir())) == 1


def test_the_registry_is_private_and_survives_a_power_failure(office: Office) -> None:
    from django.db import connection

    from trapstreet.app.workspace import Workspace

    Workspace.open(office.init())
    assert (office.folder / "ws" / "registry.sqlite3").stat().st_mode & 0o777 == 0o600
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
    assert found == pragmas


def _key_gone(workspace: Path, keys: Path) -> None:
    next(keys.glob("*/master.key")).unlink()


def _readable(workspace: Path, keys: Path) -> None:
    (workspace / "registry.sqlite3").chmod(0o644)


def _folder_gone(workspace: Path, keys: Path) -> None:
    (workspace / "sealed").rmdir()


def _registry_gone(workspace: Path, keys: Path) -> None:
    (workspace / "registry.sqlite3").unlink()


def _other_log_key(workspace: Path, keys: Path) -> None:
    settings = workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace('log = "trapstreet/', 'log = "trapstreet/x'))


def _other_normal_forms(workspace: Path, keys: Path) -> None:
    from trapstreet.app.workspace import Workspace
    from trapstreet.store.models import DataSet

    Workspace.open(workspace)
    DataSet.objects.create(
        id="d", name="customers", source="", key_columns=[], columns=[], epoch=1, normal_forms=0, created_at=0
    )


@pytest.mark.parametrize(
    ("harm", "name", "found"),
    [
        (_key_gone, "keys", "no key of this workspace"),
        (_readable, "folders", "others may read"),
        (_folder_gone, "folders", "the folder sealed is gone"),
        (_registry_gone, "registry", "the registry registry.sqlite3 is gone"),
        (_other_log_key, "keys", "is not this workspace's"),
        (_other_normal_forms, "normal forms", "other normal forms in customers"),
    ],
)
def test_the_doctor_names_what_is_wrong(office: Office, harm: object, name: str, found: str) -> None:
    workspace = office.init()
    harm(workspace, office.keys)  # type: ignore[operator]
    checks = office.json("doctor", "--workspace", workspace, status=1)["checks"]
    ((what, said, advice),) = [
        (check["name"], check["found"], check["advice"]) for check in checks if not check["ok"]
    ]
    assert what == name
    assert found in said
    assert advice


@pytest.mark.parametrize("delay", [0.15, 0.4, 0.6, 0.8])
def test_an_init_killed_in_the_middle_is_simply_run_again(office: Office, delay: float) -> None:
    process = subprocess.Popen([*TRAPSTREET, "init", "ws", "--keys", "keys"], stdout=subprocess.DEVNULL)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if not (office.folder / "ws" / "trapstreet.toml").exists():
        office.run("init", "ws", "--keys", "keys", "--kit", "kit.txt", "--kit-confirmed")
    assert not (office.folder / "ws" / ".trapstreet-new").exists()
    office.json("backup", "b.tar", "--workspace", "ws")


def test_an_interrupted_init_leaves_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trapstreet.app.folder.move_in", interrupt)
    told = office.run("init", "ws", "--kit", "kit.txt", status=130)
    assert told.strip() == "trapstreet: interrupted; nothing was half-written"
    assert office.listing() == set()
    assert list(office.keys.iterdir()) == []


@pytest.mark.slow
@pytest.mark.server("postgresql")
def test_a_workspace_lives_in_postgresql(office: Office, postgres_url: str) -> None:
    url = _new_database(postgres_url, "init_test")
    report = office.json("init", "ws", "--kit", "kit.txt", "--kit-confirmed", "--database", url)
    assert not (office.folder / "ws" / "registry.sqlite3").exists()
    assert report["database"] == url
    office.run("doctor", "--workspace", "ws")
    told = office.run("init", "second", "--database", url, status=2)
    assert "holds a workspace already" in told
    assert not (office.folder / "second").exists()


@pytest.mark.slow
@pytest.mark.server("postgresql")
def test_a_failed_init_leaves_no_table_in_postgresql(
    office: Office, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = _new_database(postgres_url, "failed_init")
    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.app.folder.move_in", _full_disk)
        told = office.run("init", "ws", "--database", url, status=4)
    assert "the disk is full" in told
    office.run("init", "ws", "--database", url)


@pytest.mark.slow
@pytest.mark.server("postgresql")
def test_the_password_of_a_url_is_kept_beside_the_key_only(office: Office, postgres_url: str) -> None:
    base = _new_database(postgres_url, "with_password")
    url = base.replace("postgres@", "postgres:hunter2%2F@")
    printed = office.run("init", "ws", "--database", url)
    assert "hunter2" not in printed
    office.run("doctor", "--workspace", "ws", status=1)
    office.run("backup", "b.tar", "--workspace", "ws")
    holding = {
        path.name
        for path in office.folder.parent.rglob("*")
        if path.is_file() and b"hunter2" in path.read_bytes()
    }
    assert holding == {"database-password"}


def _full_disk(*_: object) -> None:
    import errno

    raise OSError(errno.ENOSPC, "No space left on device", "ws/trapstreet.toml")


def _new_database(base: str, name: str) -> str:
    import psycopg

    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    head, _, _ = base.rpartition("/")
    return f"{head}/{name}"


def test_help_loads_no_heavy_library() -> None:
    heavy = ("django", "numpy", "cryptography", "pyarrow", "phonenumbers", "rich", "msgspec")
    program = (
        "import sys; from trapstreet.cli import run; run(['--help']); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_errors_are_json_where_answers_are(office: Office) -> None:
    from trapstreet.cli import run

    assert run(["doctor", "--json"]) == 2
    out, err = office.capsys.readouterr()
    assert json.loads(out)["error"]["status"] == 2
    assert json.loads(out)["error"]["message"] == "no workspace here"
    assert err.startswith("trapstreet: no workspace here")


@pytest.mark.parametrize("command", ["init", "backup", "restore", "doctor"])
def test_every_command_shows_an_example(office: Office, command: str) -> None:
    shown = office.run(command, "--help")
    assert "Example:" in shown
    assert f"trapstreet {command}" in shown
    assert "--json" in shown


@pytest.mark.slow
def test_a_reader_that_goes_away_gets_no_complaint(office: Office) -> None:
    office.init()
    command = f"{sys.executable} -c 'from trapstreet.cli import main; main()' doctor --workspace ws | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_bug_is_recorded_without_any_value(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_: object) -> None:
        raise KeyError("jane@example.com")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("trapstreet.app.doctor.examine", broken)
    told = office.run("doctor", status=70)
    assert "a bug: KeyError in" in told
    (file,) = tmp_path.glob("trapstreet-bug-*.txt")
    assert "jane" not in told + file.read_text()
    assert "doctor.py" in file.read_text()
