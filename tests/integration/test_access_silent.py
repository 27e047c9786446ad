"""Servers that fall silent while their rights or accounts are read, or past uses asked about."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from desk import Desk
from discovering import line_to
from servers import postgres_url
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins.changes import postgresql as changes
from trapstreet.plugins.changes._postgresql import connecting, probe
from trapstreet.plugins.identities import _sessions
from trapstreet.plugins.identities import postgresql as identities
from trapstreet.plugins.permissions import _postgresql_session
from trapstreet.plugins.permissions import postgresql as permissions

__all__ = ["postgres_url"]

SOON = 0.5


def through(url: str, port: int) -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{port}"))


def test_a_database_whose_server_falls_silent_is_not_known(
    desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgresql_session, "SILENT_SECONDS", SOON)
    usual = permissions._Server.read
    with line_to(urlsplit(postgres_url).port or 0) as line:

        def read(self: Any, *arguments: Any) -> None:
            line.silent.set()
            usual(self, *arguments)

        monkeypatch.setattr(permissions._Server, "read", read)
        assert desk.run("access", "map", through(postgres_url, line.port)) == 6
    assert "NOT KNOWN postgres: no connection to the server" in desk.out


def test_a_server_that_falls_silent_before_it_says_anything_is_unreachable(
    desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sessions, "SILENT_SECONDS", SOON)
    usual = identities._Server.roles
    with line_to(urlsplit(postgres_url).port or 0) as line:

        def roles(self: Any, *arguments: Any) -> None:
            line.silent.set()
            usual(self, *arguments)

        monkeypatch.setattr(identities._Server, "roles", roles)
        assert desk.run("access", "hygiene", through(postgres_url, line.port)) == 4
    assert "no connection to the server" in desk.err


@pytest.mark.parametrize("asked", ["which rights there are", "past uses"])
def test_a_server_that_falls_silent_while_advice_is_sought_is_left(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    for module in (probe, connecting):
        monkeypatch.setattr(module, "SILENT_SECONDS", SOON)
    use = PastUse("postgres", "postgres", (), "SELECT count(*) FROM pg_class", "x", (), 1, 0, 0)
    with line_to(urlsplit(postgres_url).port or 0) as line:
        url = through(postgres_url, line.port)
        with pytest.raises(Unreachable), changes.opened(url) as place:
            assert place.replay([use], []).unproven == {}
            line.silent.set()
            place.standing() if asked == "which rights there are" else place.replay([use], [])
