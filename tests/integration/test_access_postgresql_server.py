"""Rights over the whole of a PostgreSQL server by functions and parameters: each used, and told."""

import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["postgres_15_url", "postgres_url"]

COMPILER = shutil.which("cc") or ""
MADE = """
CREATE ROLE {anna} LOGIN; CREATE ROLE {group}; CREATE ROLE {bert} LOGIN IN ROLE {group};
CREATE SCHEMA crm; CREATE TABLE crm.customers (name text);
INSERT INTO crm.customers VALUES ('hidden away')
"""


def made(server: str) -> Iterator[World]:
    with world(server) as here:
        here.named("anna", "group", "bert")
        for statement in MADE.split(";"):
            here.do(statement)
        yield here


@pytest.fixture
def here(postgres_url: str) -> Iterator[World]:
    yield from made(postgres_url)


@pytest.fixture
def debian(postgres_15_url: str) -> Iterator[World]:
    yield from made(postgres_15_url)


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that the server's user may write to as well."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def nearest(here: World, who: str) -> Any:
    access = map_of(here.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", "customers"))
    return access.nearest([each.name for each in access.rights.principals].index(here.names[who]), number)


def answer(here: World, who: str, statement: str) -> Any:
    """What somebody gets as the first value."""
    here.do(f"SET SESSION AUTHORIZATION {{{who}}}")
    try:
        row = here.connection.execute(statement.encode()).fetchone()
        return row[0] if row else None
    finally:
        here.do("RESET SESSION AUTHORIZATION")


def file_of(here: World) -> str:
    """Where the rows of the table are, below the server's folder."""
    here.do("CHECKPOINT")
    row = here.connection.execute(b"SELECT pg_relation_filepath('crm.customers')").fetchone()
    return str(row[0]) if row else ""


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("pg_read_binary_file(text)", "pg_read_binary_file('{}')"),
        ("pg_read_binary_file(text, bigint, bigint)", "pg_read_binary_file('{}', 0, 8192)"),
        ("lo_import(text)", "lo_import('{}')"),
    ],
)
def test_who_may_execute_what_reads_files_perhaps_reads_any_table(
    here: World, function: str, call: str
) -> None:
    path = file_of(here)
    assert nearest(here, "bert") is None
    here.do(f"GRANT EXECUTE ON FUNCTION {function} TO {{group}}")
    read = answer(here, "bert", f"SELECT {call.format(path)}")
    if isinstance(read, int):  # a large object, which belongs to bert now
        read = answer(here, "bert", f"SELECT lo_get({read})")
    assert b"hidden away" in read
    found = nearest(here, "bert")
    assert (found.how, found.sure, found.level) == (How.SERVER, False, Level.AT_ONCE)
    name, reads = function.partition("(")[0], "as the server's own user it reads the files of every database"
    assert found.way == (f"member of {here.names['group']}", f"EXECUTE on function {name}: {reads}")
    assert nearest(here, "anna") is None


def test_another_name_for_what_reads_files_is_no_disguise(here: World) -> None:
    made = "CREATE FUNCTION crm.harmless(text) RETURNS bytea LANGUAGE internal AS 'pg_read_binary_file_all'"
    here.do(f"{made}; GRANT USAGE ON SCHEMA crm TO {{anna}}")
    assert b"hidden away" in answer(here, "anna", f"SELECT crm.harmless('{file_of(here)}')")
    assert nearest(here, "anna").way[-1].startswith("EXECUTE on function harmless: ")
    assert nearest(here, "bert") is None, "may not use the schema"


def test_who_may_only_list_files_reads_no_table(here: World) -> None:
    here.do("GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO {anna}")
    here.do("GRANT EXECUTE ON FUNCTION pg_stat_file(text) TO {anna}")
    assert answer(here, "anna", "SELECT count(*) FROM pg_ls_dir('base')")
    assert nearest(here, "anna") is None


def test_who_writes_files_could_let_itself_in_as_anybody(here: World) -> None:
    """`locked` needs a password, until somebody who may write files has written pg_hba.conf."""
    rules = Path(_setting(here, "hba_file"))
    before, rights = rules.read_text(), rules.stat()
    port = urlsplit(here.url).port
    locked = f"postgresql://locked@127.0.0.1:{port}/{here.database}"
    trusting = r"host all all 127.0.0.1/32 trust"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(locked)
    here.do("GRANT pg_write_server_files TO {anna}")
    try:
        here.do("SET SESSION AUTHORIZATION {anna}")
        here.do(f"COPY (SELECT '{trusting}') TO '{rules}'")
        here.do("RESET SESSION AUTHORIZATION; SELECT pg_reload_conf()")
        _wait_until(True, locked)
    finally:
        here.do("RESET SESSION AUTHORIZATION")
        rules.write_text(before)
        rules.chmod(stat.S_IMODE(rights.st_mode))
        os.chown(rules, rights.st_uid, rights.st_gid)
        here.do("SELECT pg_reload_conf()")
        _wait_until(False, locked)
    found = nearest(here, "anna")
    assert (found.how, found.sure, found.level) == (How.SERVER, True, Level.GRANTS_ITSELF)
    assert found.way[-1].startswith("pg_write_server_files: as the server's own user it writes pg_hba.conf")


def test_who_exports_large_objects_writes_files(here: World, everybodys: Path) -> None:
    here.do("GRANT EXECUTE ON FUNCTION lo_export(oid, text) TO {anna}")
    number = answer(here, "anna", "SELECT lo_from_bytea(0, 'host all all all trust')")
    assert answer(here, "anna", f"SELECT lo_export({number}, '{everybodys}/pg_hba.conf')") == 1
    assert (everybodys / "pg_hba.conf").read_text() == "host all all all trust"
    found = nearest(here, "anna")
    assert (found.sure, found.level) == (True, Level.GRANTS_ITSELF)
    assert found.way[-1].startswith("EXECUTE on function lo_export: ")


@pytest.mark.system
def test_who_writes_files_by_an_extension_could_let_itself_in(debian: World) -> None:
    debian.do("CREATE EXTENSION adminpack")
    debian.do("GRANT EXECUTE ON FUNCTION pg_file_write(text, text, boolean) TO {anna}")
    rules = Path(_setting(debian, "hba_file"))
    before = rules.read_text()
    assert answer(debian, "anna", "SELECT pg_file_write('pg_hba.conf', E'# by anna\\n', true)") == 10
    assert rules.read_text() == before + "# by anna\n"
    rules.write_text(before)
    found = nearest(debian, "anna")
    assert (found.sure, found.level) == (True, Level.GRANTS_ITSELF)


@pytest.mark.system
def test_who_connects_as_the_server_does_perhaps_reads_as_whom_it_trusts(debian: World) -> None:
    debian.do("CREATE EXTENSION dblink")
    port = urlsplit(debian.url).port
    place = f"host=127.0.0.1 port={port} dbname={debian.database} user=postgres"
    assert nearest(debian, "anna") is None, "dblink itself asks for a password"
    select = "SELECT name FROM dblink('SELECT name FROM crm.customers') AS found (name text)"
    with pytest.raises(psycopg.Error, match="password"):
        answer(debian, "anna", f"SELECT dblink_connect('{place}')")
    debian.do("GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO {anna}")
    assert answer(debian, "anna", f"SELECT dblink_connect_u('{place}')") == "OK"
    assert answer(debian, "anna", select) == "hidden away"
    found = nearest(debian, "anna")
    assert (found.how, found.sure) == (How.PROXY, False)


def test_who_sets_what_the_server_runs_perhaps_could_grant_itself_anything(here: World) -> None:
    here.do("GRANT ALTER SYSTEM ON PARAMETER restore_command, hba_file, work_mem TO {anna}")
    here.do("GRANT SET ON PARAMETER session_preload_libraries TO {bert}")
    try:
        here.do("SET SESSION AUTHORIZATION {anna}")
        here.do("ALTER SYSTEM SET restore_command = 'cat %f %p'")
        here.do("RESET SESSION AUTHORIZATION; SELECT pg_reload_conf()")
        with psycopg.connect(here.url) as other:
            row = other.execute(b"SHOW restore_command").fetchone()
        assert row == ("cat %f %p",)
    finally:
        here.do("RESET SESSION AUTHORIZATION")
        here.do("ALTER SYSTEM RESET restore_command")
        here.do("SELECT pg_reload_conf()")
    found = nearest(here, "anna")
    assert (found.how, found.sure, found.level) == (How.SERVER, False, Level.GRANTS_ITSELF)
    assert found.way[-1].startswith("ALTER SYSTEM on parameter ")
    assert nearest(here, "bert").way[-1].startswith("SET on parameter session_preload_libraries: ")
    here.do("REVOKE ALTER SYSTEM ON PARAMETER restore_command, hba_file FROM {anna}")
    here.do("REVOKE SET ON PARAMETER session_preload_libraries FROM {bert}")
    assert nearest(here, "anna") is None, "work_mem runs nothing"
    here.do("REVOKE ALTER SYSTEM ON PARAMETER work_mem FROM {anna}")


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_who_sets_what_the_own_logins_load_reads_any_table(here: World, everybodys: Path) -> None:
    """The server runs what a library does when it is loaded, before it sees that it is none of its own."""
    library, copied = everybodys / "own.so", everybodys / "copied"
    code = f'__attribute__((constructor)) void own(void) {{ system("cp {file_of(here)} {copied}"); }}'
    source = everybodys / "own.c"
    source.write_text(f"#include <stdlib.h>\n{code}\n")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    assert nearest(here, "anna") is None
    here.do("GRANT SET ON PARAMETER session_preload_libraries TO {anna}")
    here.do("SET SESSION AUTHORIZATION {anna}")
    here.do(f"ALTER ROLE {{anna}} SET session_preload_libraries = '{library}'")
    here.do("RESET SESSION AUTHORIZATION")
    with pytest.raises(psycopg.OperationalError, match="incompatible library"):
        psycopg.connect(_as(here, "anna"))
    assert b"hidden away" in copied.read_bytes()
    found = nearest(here, "anna")
    assert (found.how, found.sure, found.level) == (How.SERVER, False, Level.GRANTS_ITSELF)
    here.do("REVOKE SET ON PARAMETER session_preload_libraries FROM {anna}")


def _as(here: World, who: str) -> str:
    parts = urlsplit(here.url)
    return urlunsplit(parts._replace(netloc=f"{here.names[who]}@{parts.hostname}:{parts.port}"))


def _setting(here: World, name: str) -> str:
    row = here.connection.execute(f"SHOW {name}".encode()).fetchone()
    return str(row[0]) if row else ""


def _wait_until(lets_in: bool, url: str) -> None:
    """The server reads its settings when it comes to it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if not lets_in:
                return
        else:
            if lets_in:
                return
        time.sleep(0.01)
    raise AssertionError("the settings were not read")
