"""Everything under one roof: from a hit to an alert, through deaths and hangs, until it is told to stop."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desk import Desk
from hearing import wait_for
from served import Served, alive, children, serving, told, with_trap
from working import owning, token

pytestmark = pytest.mark.slow

IMPATIENT = "from trapstreet.work import supervisor; supervisor.SILENT = 3"


@pytest.fixture
def company(desk: Desk) -> Desk:
    return owning(desk)


def visited(served: Served, name: str, *, start: int = 1) -> None:
    """Somebody visits the address; done when the trap has answered."""
    host, _, path = name.partition("/")
    connection = http.client.HTTPConnection("127.0.0.1", served.ports(start=start)["http"], timeout=10)
    connection.request("GET", f"/{path}", headers={"Host": host, "User-Agent": "Mozilla/5.0"})
    assert connection.getresponse().status == 200
    connection.close()


def stopped(served: Served, by: int = signal.SIGTERM) -> None:
    started = children(served.process.pid)
    served.process.send_signal(by)
    served.wait(0)
    assert not any(map(alive, started))
    assert "Traceback" not in served.said


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_visit_is_an_alert_and_all_stop_when_they_are_told_to(company: Desk, by: int) -> None:
    _, page = token(company, "url")
    with_trap(company)
    with told(company) as somebody, serving(company) as served:
        visited(served, page)
        assert wait_for(lambda: len(somebody.alerts) == 1), served.said
        assert len(children(served.process.pid)) == 2
        stopped(served, by)
    assert "the url's shelf" in json.dumps(somebody.alerts)
    assert served.said.index("all that was heard is kept") < served.said.rindex("hit taken: "), (
        "the trap first"
    )


def test_it_can_be_stopped_while_its_parts_begin(company: Desk) -> None:
    with_trap(company)
    with serving(company, ready=False) as served:
        assert wait_for(lambda: len(children(served.process.pid)) == 2)
        stopped(served)


def test_a_part_that_dies_is_started_again_and_nothing_is_lost(company: Desk) -> None:
    _, page = token(company, "url")
    with_trap(company)
    with told(company) as somebody, serving(company) as served:
        os.kill(served.pid("worker"), signal.SIGKILL)
        visited(served, page)
        assert wait_for(lambda: len(somebody.alerts) == 1), served.said
        os.kill(served.pid("trap"), signal.SIGKILL)
        assert wait_for(lambda: served.said.count("listening: ") == 2), served.said
        _, other = token(company, "url")
        visited(served, other, start=2)
        assert wait_for(lambda: len(somebody.alerts) == 2), served.said
        stopped(served)
    assert "worker ended (signal 9) and is started again" in served.said
    assert "trap ended (signal 9) and is started again" in served.said


def test_a_part_that_hangs_is_ended_and_started_again(company: Desk) -> None:
    _, page = token(company, "url")
    with_trap(company)
    with told(company) as somebody, serving(company, before=IMPATIENT) as served:
        for part in ("worker", "trap"):
            os.kill(served.pid(part), signal.SIGSTOP)
        assert wait_for(lambda: served.said.count("no sign of life") == 2), served.said
        assert wait_for(lambda: served.said.count("listening: ") == 2), served.said
        visited(served, page, start=2)
        assert wait_for(lambda: len(somebody.alerts) == 1), served.said
        stopped(served)


def test_people_are_told_of_a_part_that_does_not_stay_up(company: Desk) -> None:
    with_trap(company)
    with told(company) as somebody, serving(company) as served:
        for number in range(3):
            assert wait_for(lambda seen=number: served.said.count("listening: ") == seen + 1), served.said
            os.kill(served.pid("trap"), signal.SIGKILL)
        assert wait_for(lambda: len(somebody.alerts) == 1), served.said
        stopped(served)
    assert "the trap does not stay up: it ended 3 times in a row" in json.dumps(somebody.alerts)


def test_people_are_told_of_a_worker_that_does_not_stay_up(company: Desk) -> None:
    with_trap(company)
    with told(company) as somebody, serving(company) as served:
        for number in range(3):
            assert wait_for(lambda seen=number: served.said.count("worker ended") == seen), served.said
            assert wait_for(lambda: _worker_runs(served))
            os.kill(served.pid("worker"), signal.SIGKILL)
        assert wait_for(lambda: len(somebody.alerts) == 1), served.said
        stopped(served)
    assert "the worker does not stay up" in json.dumps(somebody.alerts)


def _worker_runs(served: Served) -> bool:
    return len(children(served.process.pid)) == 2


def test_whoever_kills_the_supervisor_leaves_no_orphan(company: Desk) -> None:
    with_trap(company)
    with serving(company) as served:
        started = children(served.process.pid)
        assert len(started) == 2
        served.process.kill()
        served.process.wait()
        assert wait_for(lambda: not any(map(alive, started))), served.said
    assert "all that was heard is kept" in served.said


def test_what_cannot_begin_as_it_is_set_up_is_said_and_ends_all(company: Desk) -> None:
    folder = with_trap(company)
    settings = (folder / "trap.toml").read_text()
    (folder / "trap.toml").write_text(settings.replace("127.0.0.1:0", "192.0.2.1:0", 1))
    with serving(company, ready=False) as served:
        started = served.wait(2)
        assert started == 2
    assert "cannot listen at 192.0.2.1:0" in served.said
    (folder / "trap.toml").write_text("[")
    assert "is not TOML" in company.err or company.run("serve", "--workspace", company.workspace) == 2
    assert company.run("serve", "--workspace", company.workspace, "--folder", company.folder / "none") == 2
    assert "holds no trap.toml" in company.err


def test_without_a_trap_it_says_what_to_do(company: Desk) -> None:
    assert company.run("serve", "--workspace", company.workspace) == 2
    assert "there is no trap to serve" in company.err


def test_the_trap_gets_no_variable_that_leads_to_keys(company: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_trap(company)
    monkeypatch.setenv("TRAPSTREET_KEYS", str(company.folder / "keys"))
    monkeypatch.setenv("PGPASSWORD", "sentinel-4711")
    with serving(company) as served:
        environments = {
            part: Path(f"/proc/{served.pid(part)}/environ").read_bytes() for part in ("trap", "worker")
        }
        stopped(served)
    assert b"TRAPSTREET_KEYS" in environments["worker"]
    for secret in (b"TRAPSTREET_", b"PGPASSWORD", b"sentinel-4711"):
        assert secret not in environments["trap"]


def test_systemd_is_told_that_it_is_ready_that_it_is_well_and_that_it_ends(
    company: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_trap(company)
    place = company.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(place))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        with serving(company) as served:
            heard = [systemd.recv(256)]
            while heard.count(b"WATCHDOG=1") < 3 or b"READY=1" not in heard:
                heard.append(systemd.recv(256))
            stopped(served)
        while heard[-1] != b"STOPPING=1":
            heard.append(systemd.recv(256))
    assert heard.count(b"READY=1") == 1, "its parts' words are not passed on"


def test_suppression_is_one_more_part_where_the_settings_have_it(company: Desk) -> None:
    with_trap(company)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = company.workspace / "trapstreet.toml"
    settings.write_text(f"{settings.read_text()}\n[suppression]\nport = {port}\n")
    with serving(company) as served:
        assert len(children(served.process.pid)) == 3
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/suppress/billing", b"a\n", {"Authorization": "Bearer none"})
        assert connection.getresponse().status == 403
        connection.close()
        everything = [each for child in children(served.process.pid) for each in (child, *children(child))]
        assert len(everything) > 3, "it has workers of its own"
        stopped(served)
    assert not any(map(alive, everything))
    settings.write_text(settings.read_text().replace(f"port = {port}", 'address = "0.0.0.0"'))
    assert company.run("serve", "--only", "suppression", "--workspace", company.workspace) == 2
    assert "would send tokens and rows in clear" in company.err
    for line, said in (
        ("port = 0", "0 is no port"),
        ('address = "x"', "is no address"),
        ('key = "k"', "go together"),
    ):
        text = settings.read_text().partition("\n[suppression]")[0]
        settings.write_text(f"{text}\n[suppression]\n{line}\n")
        assert said in company.refused(2, "doctor")


_FOR_A_WHILE = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from trapstreet.app import trying
from trapstreet.app.workspace import Workspace
with trying.serving(Workspace.open(Path(sys.argv[1]))):
    print("begun", flush=True)
    time.sleep(600)
"""


def test_whoever_is_in_a_hurry_and_presses_ctrl_c_twice_leaves_nothing_that_goes_on(company: Desk) -> None:
    with_trap(company)
    program = [sys.executable, "-c", _FOR_A_WHILE, str(company.workspace)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as person:
        assert person.stdout and person.stdout.readline() == b"begun\n"
        log = company.workspace / "tmp" / "start.log"
        assert wait_for(lambda: "all parts are ready" in log.read_text()), log.read_text()
        started = children(person.pid)
        for _ in range(2):
            person.send_signal(signal.SIGINT)
            time.sleep(0.1)
        person.wait(120)
        assert started and not any(map(alive, started))
