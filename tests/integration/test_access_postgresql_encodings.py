"""A PostgreSQL database without an encoding, where a name may be any bytes: it is read as all others are."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from desk import Desk
from servers import postgres_url
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_url"]


@pytest.fixture(scope="module")
def odd(postgres_url: str) -> Iterator[str]:
    """Its URL; it has a table whose name is no UTF-8."""
    name = f"odd_{uuid4().hex[:8]}"
    url = urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    encoding = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} {encoding}".encode())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(b"CREATE TABLE plain (a text); GRANT SELECT ON plain TO PUBLIC")
            connection.execute(b'CREATE TABLE "caf\xe9" (a text)')
            connection.execute(b'GRANT SELECT ON "caf\xe9" TO PUBLIC')
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize("whole", [False, True], ids=["by its name", "with all others"])
def test_its_tables_are_in_the_map(desk: Desk, odd: str, whole: bool) -> None:
    asked = odd.rpartition("/")[0] + "/" if whole else odd
    assert desk.run("access", "map", asked, "--json") == 0
    there = {
        each["what"][2]
        for each in json.loads(desk.out)["exposures"]
        if each["what"][0] == urlsplit(odd).path[1:]
    }
    assert there == {"plain", "caf\\xe9"}


def test_the_accounts_of_its_server_are_judged(desk: Desk, odd: str) -> None:
    assert desk.run("access", "hygiene", odd, "--json") == 1
    (place,) = json.loads(desk.out)["places"]
    assert place["accounts"]


def test_rights_on_what_can_be_named_may_be_taken_away(odd: str) -> None:
    with place_at(odd) as place:
        on = {each.on[-1] for each in place.changes()}
        assert "plain" in on
        assert "caf\\xe9" not in on
        assert len(place.standing()[urlsplit(odd).path[1:]]) > 2
