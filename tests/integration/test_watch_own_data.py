"""What lies in mailboxes, databases and search clusters is found, each time it is new, and not read again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from desk import Desk
from source_yards import Yard
from source_yards.database_mariadb import Here as MariaDB
from source_yards.database_postgresql import Here as PostgreSQL
from source_yards.database_sqlite import Here as SQLite
from source_yards.elasticsearch import Here as Elasticsearch
from source_yards.imap import Here as Imap
from source_yards.opensearch import Here as OpenSearch
from trapstreet.app import watched
from trapstreet.app.workspace import Workspace
from trapstreet.watch.domain.rules import Rules
from watched import PEOPLE, leak, once, registered

Leave: TypeAlias = Callable[[Any, str, int], None]


def in_mail(yard: Imap, name: str, number: int) -> None:
    yard.put(name, leak(number).encode())


def in_table(yard: Any, name: str, number: int) -> None:
    cells = ", ".join(f"'{cell}'" for cell in PEOPLE[number])
    made, filled = "(name text, mail text, phone text)", f"VALUES ({cells})"
    match yard:
        case PostgreSQL():
            table = f'"{yard.schema}"."{name}"'
            yard.run(f"CREATE TABLE {table} {made}", f"INSERT INTO {table} {filled}")
        case MariaDB():
            yard.run(f"CREATE TABLE `{name}` {made}", f"INSERT INTO `{name}` {filled}")
        case SQLite():
            with yard.changed() as connection:
                connection.execute(f'CREATE TABLE "{name}" {made}')
                connection.execute(f'INSERT INTO "{name}" {filled}')


def in_index(yard: Elasticsearch, name: str, number: int) -> None:
    yard.put(name, b"")
    document = dict(zip(("name", "mail", "phone"), PEOPLE[number], strict=True))
    yard.cluster.indices[yard.prefix + name].index(document)


@pytest.fixture(
    params=[
        pytest.param((Imap, in_mail), id="imap", marks=pytest.mark.system),
        pytest.param((PostgreSQL, in_table), id="postgresql"),
        pytest.param((MariaDB, in_table), id="mariadb", marks=pytest.mark.system),
        pytest.param((SQLite, in_table), id="sqlite"),
        pytest.param((Elasticsearch, in_index), id="elasticsearch"),
        pytest.param((OpenSearch, in_index), id="opensearch"),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Yard, Leave]]:
    here, leave = request.param
    folder = tmp_path / "yard"
    folder.mkdir()
    made = here(request, folder)
    yield made, leave
    made.close()


def test_what_is_new_is_found_and_what_was_read_is_not_read_again(
    desk: Desk, place: tuple[Yard, Leave]
) -> None:
    yard, leave = place
    office = registered(desk)
    leave(yard, "first", 0)
    time.sleep(yard.settles)
    watched.add(
        Workspace.open(office.workspace), "own", yard.kind, yard.settings(), every=3600, rules=Rules()
    )
    first = once(office, status=1)["own"]
    assert (first["findings"], first["error"]) == (1, "")
    quiet = once(office)["own"]
    assert (quiet["findings"], quiet["read"], quiet["error"]) == (0, 0, "")
    leave(yard, "second", 1)
    assert once(office, status=1)["own"]["findings"] == (1 if yard.apart else 2)
