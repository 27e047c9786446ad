"""Registries to try things on that are to hold for SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trapstreet.store import database


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))]
)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a registry with all tables, for the tests of a module."""
    folder: Path = tmp_path_factory.mktemp("registry")
    if request.param == "sqlite":
        (folder / "registry.sqlite3").touch()
        url = f"sqlite:///{folder}/registry.sqlite3"
    else:
        url = _postgresql(request.getfixturevalue("postgres_url"), f"{folder.parent.name}_{folder.name}")
    database.connect(url)
    database.migrate()
    database.disconnect()
    return url


@pytest.fixture
def registry(migrated: str) -> Iterator[str]:
    """The URL of a connected registry without leases."""
    database.connect(migrated)
    from trapstreet.store.models import Lease

    Lease.objects.all().delete()
    yield migrated
    database.disconnect()


def _postgresql(server: str, name: str) -> str:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server.rpartition('/')[0]}/{name}"
