"""Ports that let one in and then say nothing: whoever asks there gives up long before an answer may take."""

import socket
import time
from collections.abc import Iterator

import pytest

from desk import Desk
from trapstreet.plugins import _mariadb
from trapstreet.plugins._smb import login
from trapstreet.plugins.permissions import _postgresql_session

SOON = 0.3
LONG = 8.0
"""Far less than any limit for answers."""


@pytest.fixture
def mute() -> Iterator[int]:
    """The system takes connections to it, and nobody ever reads from them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "command",
    [
        ("access", "map"),
        ("access", "hygiene"),
        ("access", "diff"),
        ("access", "advise"),
        ("discover",),
        ("scan",),
        ("register", "--name", "customers"),
    ],
    ids=" ".join,
)
def test_a_mariadb_port_that_says_nothing_is_left_soon(
    desk: Desk, mute: int, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(_mariadb, "_CONNECT_SECONDS", SOON)
    begun = time.monotonic()
    workspace = () if command == ("access", "map") else ("--workspace", desk.workspace)
    assert desk.run(*command, f"mariadb://reader@127.0.0.1:{mute}/crm", *workspace) == 4
    assert SOON <= time.monotonic() - begun < LONG


def test_a_postgresql_port_that_says_nothing_is_left_soon(
    desk: Desk, mute: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgresql_session, "CONNECT_SECONDS", "2")
    begun = time.monotonic()
    assert desk.run("access", "map", f"postgresql://reader@127.0.0.1:{mute}/crm") == 4
    assert time.monotonic() - begun < LONG


def test_an_smb_port_that_says_nothing_is_left_soon(
    desk: Desk, mute: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "_CONNECT_SECONDS", SOON)
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", "x")
    begun = time.monotonic()
    assert desk.run("access", "map", f"smb://reader@127.0.0.1:{mute}/") == 4
    assert time.monotonic() - begun < LONG
