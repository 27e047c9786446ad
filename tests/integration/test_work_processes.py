"""Workers as processes: several at once, killed, without a registry, and what they say of themselves."""

import http.client
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from children import program
from desk import Desk
from hearing import wait_for
from offices import Office
from served import told
from servers import postgres_url
from traps import PATIENCE
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Hit
from trapstreet.store import leases
from trapstreet.store.models import Heard
from trapstreet.trap.sealing import Opener, encode
from trapstreet.trap.spool import Spool
from working import URL, owning, spooled, token

__all__ = ["postgres_url"]

pytestmark = pytest.mark.slow

AT = 1_795_000_000_000_000
SHORT = """
from trapstreet.store import leases; leases.LASTS = 2
from trapstreet.work import loop; loop._RENEW = 0.5
"""

SLOW = """
import asyncio, time
asyncio.run = lambda work, now=asyncio.run: (time.sleep(1), now(work))[1]
"""


@pytest.fixture
def company(desk: Desk) -> Desk:
    return owning(desk)


def visits(name: str, numbers: Sequence[int]) -> list[Hit]:
    facts = (("method", b"GET"), ("target", b"/"), ("header", b"User-Agent: Mozilla/5.0"))
    return [Hit("http", AT + number, f"198.51.{number % 200}.7", 4711, (name,), facts) for number in numbers]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass
class Working:
    """A worker, and the file that its log goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()


@contextmanager
def working(desk: Desk, trap: Path, name: str = "a", *, before: str = "") -> Iterator[Working]:
    log = desk.folder / f"work-{name}.log"
    words = ("work", "--workspace", desk.workspace, "--trap", trap)
    with log.open("wb") as out:
        process = subprocess.Popen(
            program(desk.folder / f"peak-{name}", *words, before=before), stdout=out, stderr=out
        )
    try:
        yield Working(process, log)
    finally:
        process.kill()
        process.wait()


def stopped(worker: Working) -> None:
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(PATIENCE) == 0, worker.said
    assert "Traceback" not in worker.said


def asked(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    said = answer.status, answer.read().decode()
    connection.close()
    return said


def with_port(desk: Desk, port: int) -> None:
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("traps = []", f"traps = []\nport = {port}"))


def test_of_two_workers_one_is_killed_and_the_other_takes_all(company: Desk) -> None:
    with_port(company, 0)
    _, page = token(company, "url")
    trap = spooled(company, company.folder / "trap", visits(page, range(10)))
    with (
        told(company) as somebody,
        working(company, trap, "a", before=SHORT) as first,
        working(company, trap, "b", before=SHORT) as second,
    ):
        assert wait_for(lambda: Heard.objects.count() == 10)
        assert wait_for(lambda: len(leases.held()) >= 4)
        has = {str(first.process.pid): first, str(second.process.pid): second}
        (lease,) = (each for each in leases.held() if each.name.startswith("take"))
        busy = has.pop(lease.holder.split()[1])
        (other,) = has.values()
        for number in range(5):
            spooled(company, trap, visits(page, range(10 * (number + 1), 10 * (number + 2))))
        busy.process.kill()
        assert wait_for(lambda: Heard.objects.count() == 60), other.said
        assert wait_for(lambda: len(somebody.alerts) >= 1), other.said
        stopped(other)
    assert leases.held() == [] or all(each.holder == lease.holder for each in leases.held())


@pytest.mark.server("postgresql")
def test_a_registry_that_goes_away_is_told_once_and_work_goes_on_when_it_is_back(
    office: Office, postgres_url: str
) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS work_away WITH (FORCE)")
        server.execute("CREATE DATABASE work_away")
        url = f"{postgres_url.rpartition('/')[0]}/work_away"
        office.run("init", "ws", "--database", url, "--kit", office.folder / "k.txt", "--kit-confirmed")
        desk = Desk(office.folder, office.capsys)
        (office.folder / "ws").rename(desk.workspace)
        settings = desk.workspace / "trapstreet.toml"
        settings.write_text(settings.read_text().replace("urls = []", f'urls = ["{URL}"]'))
        with_port(desk, 0)
        _, page = token(desk, "url")
        trap = spooled(desk, desk.folder / "trap", visits(page, range(3)))
        public = Opener(Workspace.open(desk.workspace).ring.trap_key()).public
        with told(desk) as somebody, working(desk, trap) as worker:
            assert wait_for(lambda: len(somebody.alerts) >= 1), worker.said
            server.execute("ALTER DATABASE work_away ALLOW_CONNECTIONS false")
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'work_away'"
            )
            assert wait_for(lambda: "it is tried again" in worker.said), worker.said
            later = Spool(trap, public, limit=1 << 30)
            later.append([encode(hit) for hit in visits(page, range(600, 603))])
            later.close()
            server.execute("ALTER DATABASE work_away ALLOW_CONNECTIONS true")
            assert wait_for(lambda: "works again" in worker.said), worker.said
            assert wait_for(lambda: worker.said.count("3 uses") == 2), worker.said
            stopped(worker)
        assert worker.said.count("it is tried again") == 1
        assert worker.said.count("works again") == 1


def test_health_and_metrics_say_how_the_worker_is(company: Desk) -> None:
    port = free_port()
    with_port(company, port)
    _, page = token(company, "url")
    trap = spooled(company, company.folder / "trap", visits(page, range(3)))
    quick = "from trapstreet.app import jobs; jobs.LATER = 0.2"
    with told(company) as somebody, working(company, trap, before=quick) as worker:
        assert wait_for(lambda: len(somebody.alerts) >= 1), worker.said
        assert asked(port, "/health") == (200, "ok\n")

        def said() -> str:
            return asked(port, "/metrics")[1]

        assert wait_for(lambda: 'trapstreet_messages{state="sent"}' in said())
        text = said()
        assert re.search(r'trapstreet_job_failing\{job="take [^"]*trap[^"]*"\} 0', text)
        assert f'trapstreet_spool_records{{trap="{trap}"}} 0' in text
        assert "trapstreet_damaged_records 0" in text
        assert 'acknowledged="false"} ' in text
        assert "trapstreet_oldest_message_seconds 0" in text
        (company.folder / "trap").rename(company.folder / "away")
        assert wait_for(lambda: asked(port, "/health")[0] == 503)
        assert f"{trap} is gone" in asked(port, "/health")[1]
        assert re.search(r'trapstreet_job_failing\{job="take [^"]*trap[^"]*"\} 1', said())
        (company.folder / "away").rename(company.folder / "trap")
        assert wait_for(lambda: asked(port, "/health") == (200, "ok\n"))
        assert page not in said()
        stopped(worker)


def test_a_worker_whose_port_is_taken_works_all_the_same(company: Desk) -> None:
    _, page = token(company, "url")
    trap = spooled(company, company.folder / "trap", visits(page, range(3)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with_port(company, taken.getsockname()[1])
        with working(company, trap) as worker:
            assert wait_for(lambda: "3 uses of decoys" in worker.said), worker.said
            assert "cannot be opened" in worker.said
            stopped(worker)


def test_a_port_that_is_none_is_one_clear_line(company: Desk) -> None:
    with_port(company, 70_000)
    assert "70000 is no port" in company.refused(2, "work", "--once")


@pytest.mark.parametrize("before", ["", SLOW], ids=["at once", "on a slow machine"])
def test_a_worker_that_ends_is_in_nobodys_way(company: Desk, before: str) -> None:
    with_port(company, 0)
    trap = spooled(company, company.folder / "trap")
    with working(company, trap, before=before) as worker:
        assert wait_for(lambda: len(leases.held()) >= 4)
        os.kill(worker.process.pid, signal.SIGINT)
        assert worker.process.wait(PATIENCE) == 0, worker.said
    assert leases.held() == []
