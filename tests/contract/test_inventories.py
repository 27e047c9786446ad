"""What every kind of inventory promises, each kind against the real thing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pymysql
import pytest

from servers import mariadb_url, postgres_url
from trapstreet.core.model.inventories import LONGEST, MOST_VALUES, Listed, ShownTable, Whole
from trapstreet.core.model.urls import server_of
from trapstreet.plugins.inventories import Pace, kind_of, kinds

__all__ = ["mariadb_url", "postgres_url"]

ROWS = 1_200
TABLE = "CREATE TABLE people (id int PRIMARY KEY, email varchar(80), note text, empty text)"
INSERT = f"INSERT INTO people VALUES {{}}, (9999, 'x@mail.example', '{'y' * 3_000}', NULL)"


@dataclass
class Place:
    """A place with one table of ROWS + 1 rows, and how to run a statement there."""

    url: str
    do: Callable[[str], object]

    def listed(self) -> Listed:
        """The table, as it is listed now."""
        with closing(inventory(self)) as at:
            (found,) = [each for each in at.walk() if isinstance(each, Listed)]
        return found


def inventory(place: Place, pace: Pace | None = None):
    kind = kind_of(place.url)
    assert kind
    return kind.inventory(place.url, pace or Pace(100_000))


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.system)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    name = f"c_{uuid4().hex[:8]}"
    if request.param == "sqlite":
        path = tmp_path / "base.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as base:
            yield filled(Place(f"sqlite:///{path}", base.execute))
    elif request.param == "postgresql":
        server = request.getfixturevalue("postgres_url")
        with psycopg.connect(server, autocommit=True) as first:
            first.execute(f"CREATE DATABASE {name}".encode())
            url = server.rpartition("/")[0] + f"/{name}"
            with psycopg.connect(url, autocommit=True) as base:
                yield filled(Place(url, lambda statement: base.execute(statement.encode())))
            first.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    else:
        url = request.getfixturevalue("mariadb_url").rpartition("/")[0] + f"/{name}"
        port = int(url.rpartition("/")[0].rpartition(":")[2])
        with (
            closing(pymysql.connect(host="127.0.0.1", port=port, user="tester", autocommit=True)) as base,
            base.cursor() as cursor,
        ):
            cursor.execute(f"CREATE DATABASE {name}")
            cursor.execute(f"USE {name}")
            yield filled(Place(url, cursor.execute))
            cursor.execute(f"DROP DATABASE {name}")


def filled(place: Place) -> Place:
    place.do(TABLE)
    place.do(INSERT.format(", ".join(f"({n}, 'u{n}@mail.example', 'note {n % 7}', '')" for n in range(ROWS))))
    return place


def test_a_table_is_listed_and_that_all_was(place: Place) -> None:
    with closing(inventory(place)) as at:
        met = [*at.walk()]
        assert at.place == server_of(place.url)
        assert at.edition.partition(" ")[2][0].isdigit()
    assert [each.path[-1] for each in met if isinstance(each, Listed)] == ["people"]
    assert isinstance(met[-1], Whole)


def test_a_look_shows_columns_with_some_values_cut_short_and_how_many_there_are(place: Place) -> None:
    with closing(inventory(place)) as at:
        (shown,) = [each for listed in at.walk() if isinstance(listed, Listed) for each in at.look(listed)]
    assert isinstance(shown, ShownTable)
    assert [each.name for each in shown.columns] == ["id", "email", "note", "empty"]
    number, email, note, empty = shown.columns
    assert number.declared.lower().startswith("int")
    assert 300 < len(email.values) <= MOST_VALUES
    assert len(set(email.values)) == len(email.values)
    assert all(each.endswith("@mail.example") for each in email.values)
    assert max(map(len, note.values)) <= LONGEST
    assert (len(note.values) in (7, 8), [*empty.values]) == (True, [])
    assert shown.records == ROWS + 1
    assert email.distinct == pytest.approx(ROWS, rel=0.1)
    assert "mail.example" not in repr(shown)


def test_every_statement_waits_for_its_turn(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(f"INSERT INTO people SELECT id + 1000000, email, note, empty FROM people WHERE id < {ROWS}")
    place.do("INSERT INTO people SELECT id + 2000000, email, note, empty FROM people")
    asked = statements(monkeypatch)
    pace = Pace(100_000)
    with closing(inventory(place, pace)) as at:
        (listed,) = [each for each in at.walk() if isinstance(each, Listed)]
        before = len(asked)
        assert [*at.look(listed)]
    assert 0 < before < len(asked) <= pace.turns


def statements(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the drivers ask of a server or a file from now on; to connect is to ask, too."""
    asked: list[object] = []

    def noting(usual: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            asked.append(arguments)
            return usual(*arguments, **named)

        return noted

    def traced(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(asked.append)
        return connection

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", traced)
    for cursor in (psycopg.Cursor, pymysql.cursors.Cursor):
        monkeypatch.setattr(cursor, "execute", noting(cursor.execute))
    for driver in (psycopg, pymysql):
        monkeypatch.setattr(driver, "connect", noting(driver.connect))
    return asked


def test_what_is_granted_is_said_in_lines(place: Place) -> None:
    kind = kind_of(place.url)
    assert kind
    lines = kind.grants(place.url)
    assert lines
    assert all("\n" not in each for each in lines)


def test_a_place_that_is_not_there_raises_at_once() -> None:
    from trapstreet.core.model.errors import TrapstreetError

    for url in ("sqlite:////nowhere/at/all.db", "postgresql://x@127.0.0.1:1/x", "mariadb://x@127.0.0.1:1/x"):
        kind = kind_of(url)
        assert kind
        with pytest.raises(TrapstreetError) as raised:
            kind.inventory(url, Pace(100_000))
        assert raised.value.hint


def test_no_two_kinds_are_for_the_same_locations() -> None:
    schemes = [each for kind in kinds().values() for each in kind.schemes]
    assert len(schemes) == len(set(schemes))
    assert kind_of("/srv/share") is None
    assert kind_of("smb://host/share") is None
