"""Servers that write access logs: PostgreSQL with pgaudit, MariaDB with server_audit; on loopback, gone at
the end. Those of `servers` come without these extensions."""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from servers import _free_port, _wait_for
from trapstreet.app.clock import now

_PGAUDIT = sorted(Path("/usr/lib/postgresql").glob("*/lib/pgaudit.so"))
_PLUGIN = Path("/usr/lib/mysql/plugin/server_audit.so")
_PATIENCE = 20.0


@dataclass(frozen=True)
class Audited:
    """A running server with an access log.

    url  as one who may do everything;  logs  its folder;  port  on 127.0.0.1
    """

    url: str
    logs: Path
    port: int

    def log(self, pattern: str, *, having: str) -> Path:
        """The log that matches, once it has a text."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            for path in sorted(self.logs.glob(pattern)):
                if having in path.read_text("utf-8", "replace"):
                    return path
            time.sleep(0.02)
        raise AssertionError(f"{pattern} never had {having!r}")


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are imported a minute after the last line: nothing in them is about to go on."""
    monkeypatch.setattr("trapstreet.app.log_imports.now", lambda: now() + 60_000_000)


@pytest.fixture(scope="session")
def audited_postgres() -> Audited:
    """PostgreSQL with pgaudit (log_rows, log_relation, log_parameter), csvlog and jsonlog in UTC."""
    return _present(_postgres(), "postgresql-15-pgaudit")


@pytest.fixture(scope="session")
def audited_mariadb() -> Audited:
    """MariaDB with server_audit: connections, queries and tables."""
    return _present(_mariadb(), "mariadb-server")


def _present(found: Audited | None, package: str) -> Audited:
    if found is None:
        message = f"{package} is not installed"
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


def _folder(name: str, user: str) -> Path:
    made = Path(tempfile.mkdtemp(prefix=f"ts-{name}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    if os.geteuid() == 0 and user:
        entry = pwd.getpwnam(user)
        os.chown(made, entry.pw_uid, entry.pw_gid)
    return made


@cache
def _postgres() -> Audited | None:
    if not _PGAUDIT:
        return None
    programs = _PGAUDIT[-1].parent.parent / "bin"
    user = "postgres" if os.geteuid() == 0 else ""
    folder, port = _folder("pgaudit", user), _free_port()
    data = folder / "data"

    def run(*command: str) -> None:
        who = user or None
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=who, group=who)

    run(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    (data / "postgresql.auto.conf").write_text(
        f"""listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
shared_buffers = 16MB
shared_preload_libraries = 'pgaudit'
logging_collector = on
log_destination = 'csvlog,jsonlog'
log_timezone = 'UTC'
log_statement = 'none'
log_connections = on
pgaudit.log = 'read,write,ddl,role,misc_set'
pgaudit.log_catalog = off
pgaudit.log_relation = on
pgaudit.log_rows = on
pgaudit.log_parameter = on
"""
    )
    run(str(programs / "pg_ctl"), "-w", "-D", str(data), "-l", str(folder / "start"), "start")
    atexit.register(run, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    return Audited(f"postgresql://postgres@127.0.0.1:{port}/postgres", data / "log", port)


@cache
def _mariadb() -> Audited | None:
    install = shutil.which("mariadb-install-db")
    daemon = shutil.which("mariadbd", path=f"{os.defpath}:/usr/sbin")
    if not install or not daemon or not _PLUGIN.exists():
        return None
    folder, port = _folder("serveraudit", ""), _free_port()
    data, endpoint = folder / "data", folder / "socket"
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        [
            daemon,
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={endpoint}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--plugin-load-add=server_audit",
            "--server-audit-logging=ON",
            "--server-audit-events=CONNECT,QUERY,TABLE",
            f"--server-audit-file-path={folder}/server_audit.log",
            "--default-time-zone=+00:00",
            *user,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TZ": "UTC"},
    )
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for(endpoint, process)

    import pymysql

    with pymysql.connect(unix_socket=str(endpoint), user="root") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM mysql.global_priv WHERE user = ''")
        cursor.execute("FLUSH PRIVILEGES")
        cursor.execute("CREATE USER tester@'%'")
        cursor.execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
    return Audited(f"mariadb://tester@127.0.0.1:{port}/", folder, port)
