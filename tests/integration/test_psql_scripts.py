"""Scripts for psql, run by psql, in databases of any name."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from servers import postgres_url
from trapstreet.core.model.changes import Step
from trapstreet.plugins.changes.postgresql import script
from trapstreet.plugins.inventories import postgresql

__all__ = ["postgres_url"]

pytestmark = pytest.mark.system

NAMES = (
    "plain",
    "host=127.0.0.1 port=1 dbname=x",
    "postgresql://127.0.0.1:1/x",
    "a\n\\! touch x\nb",
    "a\r\\! touch x\rb",
    'we\'ird \\ "q" :y $x Ünï',
    "-",
)


@pytest.fixture(params=NAMES)
def database(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[tuple[str, str]]:
    """The name of a database, and the server's URL."""
    name = request.param + uuid4().hex[:6] * (request.param != "-")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name, postgres_url
        with suppress(psycopg.Error):
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(text: str, url: str, folder: Path) -> str:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("psql is not installed")
    file = folder / "script.sql"
    file.write_bytes(text.encode())
    line = [psql, "-X", "-At", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(file)]
    done = subprocess.run(line, check=False, capture_output=True, cwd=folder, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_what_a_script_does_is_done_in_its_database_whatever_that_is_called(
    database: tuple[str, str], tmp_path: Path
) -> None:
    name, url = database
    step = Step(name, f"a change in {name}", ("SELECT 'in ' || current_database()",))
    assert f"in {name}" in run(script(("head\n\\! false",), (step,)), url, tmp_path)
    assert not (tmp_path / "x").exists()
    if name.isprintable():  # else discover says that it is to be granted by hand
        assert f"in {name}" in run(granted(url, name), url, tmp_path)


def granted(url: str, name: str) -> str:
    """What discover has granted in a database, here to PUBLIC, and then where that was."""
    said = postgresql.grants(urlunsplit(urlsplit(url)._replace(path=f"/{quote(name, safe='')}")))
    first = next(n for n, each in enumerate(said) if each.startswith("GRANT CONNECT"))
    lines = [*said[first:], "SELECT 'in ' || current_database();"]
    return "\n".join(lines).replace("trapstreet_discover", "PUBLIC")
