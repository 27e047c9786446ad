"""Fixtures for all tests."""

import gc
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings

from desk import Desk, copy_of, workspace_in
from trapstreet.app import birth
from trapstreet.app.workspace import Workspace
from trapstreet.store import disconnect, migrate
from tries import tries

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell begins what it runs in the background, and what the tests start would ignore Ctrl-C, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

gc.set_threshold(50_000, 20, 50)  # as the command line does: a sixth less CPU
gc.disable()  # until all tests are collected
# A machine may be busy.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=tries(100)
)
settings.load_profile("patient")

_DRAW = Random()


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: they are not looked through for garbage again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _secrets_are_drawn_from_a_seed() -> Iterator[None]:
    """Keys, ids and nonces, and so decoys and withheld rows, are the same in every run of a test.

    Of this process: a child draws its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.token_bytes", lambda count=32: _DRAW.randbytes(32 if count is None else count))
        patch.setattr("secrets.choice", _DRAW.choice)
        patch.setattr("secrets.randbelow", _DRAW.randrange)
        yield


@pytest.fixture(scope="module", autouse=True)
def _seed_of_the_module(request: pytest.FixtureRequest) -> None:
    """What a module's fixtures draw does not depend on which test comes first."""
    _DRAW.seed(request.node.nodeid)


@pytest.fixture(autouse=True)
def _seed_of_the_test(request: pytest.FixtureRequest) -> None:
    _DRAW.seed(request.node.nodeid)


@pytest.fixture(scope="session", autouse=True)
def _tables_made_once() -> Iterator[None]:
    """A new registry in SQLite is a copy of the empty one that migrations made first: 0.3 s less."""
    empty = dict[str, sqlite3.Connection]()

    def tables() -> None:
        from django.db import connection

        from trapstreet.store.database import newest_schema

        if connection.vendor != "sqlite":
            migrate()
        elif made := empty.get(newest_schema()):
            made.backup(connection.connection)
        else:
            migrate()
            empty[newest_schema()] = kept = sqlite3.connect(":memory:")
            connection.connection.backup(kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(birth, "migrate", tables)
        yield
    for each in empty.values():
        each.close()


@pytest.fixture(scope="session", autouse=True)
def _few_numbers_to_draw_from() -> Iterator[None]:
    """Phone numbers of planted decoys are drawn from 4,096 of an owner's, not 65,536: 0.5 s less a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trapstreet.decoys.likely_phones._LISTED", 1 << 12)
        yield


@pytest.fixture(scope="session")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each desk begins as."""
    _DRAW.seed("a workspace")
    return workspace_in(tmp_path_factory.mktemp("begun"))


@pytest.fixture
def desk(
    _begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A fresh workspace with a confirmed kit, open; copied, it costs 5 ms instead of 40, and kits 1 ms."""
    monkeypatch.setattr("trapstreet.keys.kit._LOG2_N", 8)
    monkeypatch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
    monkeypatch.delenv("TRAPSTREET_WORKSPACE", raising=False)
    disconnect()
    made = copy_of(_begun, tmp_path, capsys)
    Workspace.open(made.workspace)
    return made
