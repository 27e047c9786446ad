"""Fixtures of the integration tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offices import PASSPHRASE, Office
from servers import postgres_url
from trapstreet.store import disconnect

__all__ = ["office", "postgres_url"]


@pytest.fixture
def office(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """An empty office; kits cost 1 ms instead of 0.4 s (the cost stands in the kit itself)."""
    for name in ("TRAPSTREET_KEYS", "TRAPSTREET_MASTER_KEY", "TRAPSTREET_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TRAPSTREET_KIT_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr("trapstreet.keys.kit._LOG2_N", 8)
    folder = tmp_path / "office"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield Office(folder, capsys)
    disconnect()
