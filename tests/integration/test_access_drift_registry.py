"""Rights compared and reviewed with a registry on PostgreSQL, and after it was restored elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from desk import Desk
from drifts import folder
from servers import postgres_url
from trapstreet.store import disconnect

__all__ = ["folder", "postgres_url"]

pytestmark = pytest.mark.server("postgresql")


@pytest.fixture
def desk(desk: Desk, postgres_url: str) -> Iterator[Desk]:
    """A desk whose workspace is on PostgreSQL."""
    name, base = f"drift_{token_hex(4)}", desk.folder / "postgresql"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    made = Desk(base, desk.capsys)
    base.mkdir()
    url = f"{postgres_url.rpartition('/')[0]}/{name}"
    kit = ("--kit", base / "kit.txt", "--kit-confirmed")
    assert made.run("init", made.workspace, "--keys", base / "keys", "--database", url, *kit) == 0, made.err
    yield made
    disconnect()


@pytest.mark.slow
def test_what_was_kept_decided_and_changed_is_there_after_a_backup_is_restored_into_sqlite(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.do("access", "diff", folder)
    (folder / "list1.csv").chmod(0o644)
    (change,) = desk.json("access", "diff", folder, status=1)["changes"]
    desk.do("access", "review", "start", folder, "--name", "Q4")
    desk.do("access", "review", "remove", "Q4", 1, "--by", "Pat", "--reason", "not needed")
    items = desk.json("access", "review", "show", "Q4")["items"]
    backup, restored = desk.folder / "b.tar", desk.folder / "restored"
    desk.do("backup", backup)
    disconnect()
    monkeypatch.setenv("TRAPSTREET_KEYS", str(desk.folder / "keys"))
    assert desk.run("restore", backup, restored, "--database", "sqlite") == 0, desk.err
    there = ("--workspace", restored, "--json")
    assert desk.run("access", "diff", folder, *there) == 0, desk.err
    assert desk.run("access", "diff", folder, "--since", "2020-01-01", *there) == 0
    assert change["text"] in desk.out
    assert desk.run("access", "review", "show", "Q4", *there) == 0
    assert items[0]["decisions"][0]["log"] in desk.out
