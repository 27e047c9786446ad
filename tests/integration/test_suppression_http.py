"""Suppression over HTTP, by the server that `serve` runs."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing import make_office
from traps import certificate
from trapstreet.app.workspace import Workspace
from trapstreet.console.suppression import REFUSED_AT_ONCE
from trapstreet.core.model.errors import UnusableInput
from trapstreet.store import disconnect, log

pytestmark = pytest.mark.slow


@dataclass
class Office:
    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def token(self) -> str:
        return (self.folder / "billing.token").read_text().strip()

    def post(
        self, rows: bytes, *, job: str = "billing", token: str | None = None, chunked: bool = False
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        body = (rows[at : at + 4096] for at in range(0, len(rows), 4096)) if chunked else rows
        connection.request("POST", f"/suppress/{job}", body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, answer.headers, said

    def entries(self, event: str) -> list[dict[str, object]]:
        Workspace.open(self.folder / "workspace")
        found = [dict(entry) for entry in log.all_entries() if entry["event"] == event]
        disconnect()
        return found

    @property
    def copy(self) -> bytes:
        return (self.folder / "copy.csv").read_bytes()

    @property
    def table(self) -> bytes:
        return (self.folder / "customers.csv").read_bytes()


@contextmanager
def serving(folder: Path, **files: Path) -> Iterator[Office]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"address": "127.0.0.1", "port": port, "certificate": None, "key": None, **files}
    program = (
        "from pathlib import PosixPath; from trapstreet.console.server import run\n"
        f"if __name__ == '__main__': run({folder / 'workspace'!r}, **{given!r})"
    )
    (folder / "program.py").write_text(program)
    with (folder / "log").open("wb") as out:
        command = [sys.executable, folder / "program.py"]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        yield Office(folder, _answering(port, process), process, folder / "log")
    finally:
        process.terminate()
        process.wait(30)


def _answering(port: int, process: "subprocess.Popen[bytes]") -> int:
    for _ in range(600):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return port
    raise AssertionError("nobody listens")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_office(folder)
    return folder


@pytest.fixture
def office(made: Path, tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "office"
    shutil.copytree(made, folder)
    with serving(folder) as opened:
        yield opened
    assert list((folder / "workspace" / "tmp").iterdir()) == []
    disconnect()


@pytest.mark.parametrize("chunked", [False, True])
def test_rows_come_back_without_decoys_to_the_byte(office: Office, chunked: bool) -> None:
    status, headers, said = office.post(office.copy, chunked=chunked)
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "text/csv", "no-store")
    assert said == office.table
    (entry,) = office.entries("suppression")
    assert str(entry["by"]).startswith("http from 127.0.0.1")


def test_several_jobs_at_once_get_their_own(office: Office) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: office.post(office.copy), range(6)))
    assert [answer[0] for answer in answers] == [200] * 6
    assert {answer[2] for answer in answers} == {office.table}


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"token": "wrong"}, 403, "this is not its token"),
        ({"token": ""}, 401, "a job has a token"),
        ({"job": "nobody"}, 403, "there is no such job"),
        ({"job": ""}, 404, "rows are posted to /suppress/JOB"),
        ({"rows": b"PK\3\4 no table"}, 400, "the request"),
        ({"rows": b"a,b\n1,2\n"}, 400, "the request"),
    ],
)
def test_bad_requests_get_one_line_and_no_row(
    office: Office, asked: dict[str, object], status: int, words: str
) -> None:
    rows = asked.pop("rows", office.copy)
    answered, headers, said = office.post(rows, **asked)  # type: ignore[arg-type]
    assert (answered, said.count(b"\n")) == (status, 1)
    assert words in said.decode()
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert str(office.folder) not in said.decode()


def test_too_few_rows_are_refused_after_they_were_read(office: Office) -> None:
    few = b"".join(office.copy.splitlines(keepends=True)[:50])
    status, _, said = office.post(few)
    assert status == 403
    assert b"different rows and more" in said
    assert b"@" not in said


def test_a_flood_of_refused_calls_fills_no_log_and_keeps_no_owner_out(office: Office) -> None:
    answers = [office.post(b"", token="wrong")[0] for _ in range(REFUSED_AT_ONCE + 30)]
    assert answers.count(403) <= REFUSED_AT_ONCE + 10
    assert answers[-1] == 429
    assert office.post(office.copy)[0] == 200
    assert len(office.entries("alert")) == answers.count(403)


def test_a_request_that_breaks_off_leaves_nothing(office: Office) -> None:
    with socket.create_connection(("127.0.0.1", office.port)) as client:
        head = f"POST /suppress/billing HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {office.token}\r\n"
        client.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + office.copy[:5000])
        time.sleep(0.3)
    for _ in range(100):
        if not list((office.folder / "workspace" / "tmp").iterdir()):
            break
        time.sleep(0.1)
    assert list((office.folder / "workspace" / "tmp").iterdir()) == []
    assert office.post(office.copy)[0] == 200


def test_what_is_in_clear_stays_on_this_machine(made: Path, tmp_path: Path) -> None:
    from trapstreet.console.server import run

    with pytest.raises(UnusableInput, match="in clear"):
        run(made / "workspace", address="0.0.0.0", port=0, certificate=None, key=None)


def test_a_terminals_ctrl_c_ends_it(office: Office) -> None:
    assert office.post(office.copy)[0] == 200
    os.killpg(office.process.pid, signal.SIGINT)
    office.process.wait(30)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", office.port)).close()


def test_it_speaks_tls(made: Path, tmp_path: Path) -> None:
    import ssl

    folder = tmp_path / "office"
    shutil.copytree(made, folder)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with serving(folder, **certificate(folder)) as office:
        connection = http.client.HTTPSConnection("127.0.0.1", office.port, context=context, timeout=60)
        bearer = {"Authorization": f"Bearer {office.token}"}
        connection.request("POST", "/suppress/billing", office.copy, bearer)
        assert connection.getresponse().read() == office.table
        connection.close()
    disconnect()


def test_neither_rows_nor_tokens_are_in_the_servers_log(office: Office) -> None:
    office.post(office.copy)
    office.post(b"a,b\nsentinel@x.example,2\n")
    office.process.terminate()
    office.process.wait(30)
    said = office.log.read_text()
    assert office.token not in said
    assert "sentinel" not in said
    assert "Traceback" not in said
