"""The trap as a process: killed, stopped, flooded, without room, without rights."""

import contextlib
import http.client
import os
import pwd
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dnslib
import pytest

from servers import _free_port
from traps import (
    LAVISH,
    Load,
    Running,
    certificate,
    kept,
    killed_under_load,
    names,
    prepared,
    running,
    settings_text,
    stopped,
)
from trapstreet.core.model.hit import Hit, Swarm
from trapstreet.trap.swarms import name_hash


def asked(trap: Running, path: str) -> int:
    """The status of one request; -1 where there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return -1
    else:
        return answer.status
    finally:
        connection.close()


@pytest.mark.slow
def test_every_acknowledged_hit_is_there_once_though_the_trap_was_killed(tmp_path: Path) -> None:
    acknowledged, found = killed_under_load(tmp_path, 5)
    assert len(acknowledged) > 100
    assert [name for name in acknowledged if found[name] != 1] == []
    assert len(found) - len(acknowledged) <= 5 * 16, "what was not acknowledged is what was under way"


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    acknowledged, found = killed_under_load(tmp_path, 100)
    assert [name for name in acknowledged if found[name] != 1] == []


ALL = """
[http]
listen = ["127.0.0.1:0"]
[smtp]
listen = ["127.0.0.1:0"]
host = "mail.you.example"
domains = ["you.example"]
[dns]
listen = ["127.0.0.1:0"]
zones = ["you-net.example"]
addresses = ["192.0.2.80"]
"""


def test_web_mail_and_names_are_heard_by_one_process(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(ALL))
    with running(tmp_path) as trap:
        assert asked(trap, "/d/x") == 200
        with smtplib.SMTP("127.0.0.1", trap.ports["smtp"], timeout=10) as client:
            client.sendmail(
                "a@shop.example", ["m.keller@you.example", "A.Novak@you.example"], "Subject: x\n\ny"
            )
        question = dnslib.DNSRecord.question("vpn-x.you-net.example")
        answer = question.send("127.0.0.1", trap.ports["dns/udp"], timeout=10)
        assert str(dnslib.DNSRecord.parse(answer).get_a().rdata) == "192.0.2.80"
        assert stopped(trap) == 0
    heard = [one.heard for one in kept(tmp_path)]
    assert [(hit.channel, hit.names) for hit in heard if isinstance(hit, Hit)] == [
        ("http", ("127.0.0.1/d/x",)),
        ("smtp", ("m.keller@you.example", "a.novak@you.example")),
        ("dns", ("vpn-x.you-net.example",)),
    ]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_trap_that_is_told_to_stop_ends_what_it_began(tmp_path: Path, by: int) -> None:
    prepared(tmp_path, settings_text(limits=LAVISH))
    with running(tmp_path) as trap:
        load = Load(trap.ports["http"], clients=8, prefix="x")
        time.sleep(0.3)
        assert stopped(trap, by=by) == 0
        load.join()
        assert "all that was heard is kept" in trap.log.read_text()
    assert set(load.answered) == set(names(tmp_path))


def test_a_trap_that_is_told_to_stop_answers_a_flood_too(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(limits="hits_a_second = 0.001\nat_once = 20"))
    with running(tmp_path) as trap:
        load = Load(trap.ports["http"], clients=8, prefix="x")
        time.sleep(0.5)
        began = time.monotonic()
        assert stopped(trap) == 0
        assert time.monotonic() - began < 4, "nobody waits for a count that nobody writes"
        load.join()
    swarms = [one.heard for one in kept(tmp_path) if isinstance(one.heard, Swarm)]
    assert len(load.answered) == len(names(tmp_path)) + sum(swarm.count for swarm in swarms)


@pytest.mark.slow
def test_a_flood_is_counted_and_its_tokens_are_found(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(limits="hits_a_second = 0.001\nat_once = 20"))
    with running(tmp_path) as trap:
        began = time.monotonic()
        assert {asked(trap, f"/d/{number}") for number in range(22)} == {200}
        assert time.monotonic() - began < 10
        assert stopped(trap) == 0
    swarms = [one.heard for one in kept(tmp_path) if isinstance(one.heard, Swarm)]
    assert len(names(tmp_path)) + sum(swarm.count for swarm in swarms) == 22
    assert names(tmp_path)[-1] == "127.0.0.1/d/19"
    assert any(name_hash(swarm.key, "127.0.0.1/d/21") in swarm.names for swarm in swarms)


@pytest.mark.slow
def test_without_room_clients_are_asked_to_come_again_and_the_operator_is_told(tmp_path: Path) -> None:
    port = _free_port()
    text = settings_text(limits=LAVISH, spool="megabytes = 1").replace("port = 0", f"port = {port}")
    prepared(tmp_path, text)
    with running(tmp_path) as trap:
        assert told(port, "/health") == (200, "ok\n")
        for number in range(40):
            posted(trap, f"/d/{number}", bytes(60_000))
        assert asked(trap, "/d/refused") == 503
        status, said = told(port, "/health")
        assert status == 503
        assert "full" in said
        assert re.search(r'hits_refused_total\{channel="http"\} [1-9]', told(port, "/metrics")[1])
        wait_for(lambda: "hits cannot be kept" in trap.log.read_text())
        assert trap.log.read_text().count("hits cannot be kept") == 1
        kept(tmp_path, remove=True)
        wait_for(lambda: asked(trap, "/d/again") == 200)
        wait_for(lambda: told(port, "/health")[0] == 200)
        assert stopped(trap) == 0
    assert f"127.0.0.1:{trap.ports['http']}" not in trap.log.read_text()
    assert "127.0.0.1/d/again" in names(tmp_path)
    (swarm,) = (one.heard for one in kept(tmp_path) if isinstance(one.heard, Swarm))
    assert name_hash(swarm.key, "127.0.0.1/d/refused") in swarm.names


def test_a_folder_is_one_traps(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text())
    with running(tmp_path) as first:
        command = ["serve", "--only", "trap", "--folder", str(tmp_path)]
        program = "from trapstreet.cli import main; main()"
        second = subprocess.run(
            [sys.executable, "-c", program, *command], check=False, capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 2
        assert second.stderr == f"trapstreet: another trap runs in {tmp_path}: stop that one first\n"
        first.process.kill()
        first.process.wait()
    with running(tmp_path) as again:
        assert stopped(again) == 0


def test_a_disk_that_fails_is_survived(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(limits=LAVISH))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"
    with running(tmp_path, before=limit) as trap:
        for number in range(20):
            posted(trap, f"/d/{number}", bytes(60_000))
        assert posted(trap, "/d/late", bytes(60_000)) == 503
        assert trap.process.poll() is None


def test_a_name_in_a_handshake_that_is_no_text_is_not_in_the_log(tmp_path: Path) -> None:
    tls = "".join(f'{label} = "{path}"\n' for label, path in certificate(tmp_path).items())
    prepared(tmp_path, settings_text(f'[http]\nlisten = []\ntls = ["127.0.0.1:0"]\n{tls}'))
    hello = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="sentinel.example")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with running(tmp_path) as trap:
        with socket.create_connection(("127.0.0.1", trap.ports["https"]), timeout=5) as connection:
            connection.sendall(hello.read().replace(b"sentinel.", b"sentinel\xff"))
            with contextlib.suppress(ConnectionResetError):
                connection.recv(1 << 16)
        assert stopped(trap) == 0
        log = trap.log.read_text("utf-8", "replace")
    assert "sentinel" not in log
    assert "Traceback" not in log


def test_nothing_that_clients_send_is_in_the_log_or_readable_in_the_folder(tmp_path: Path) -> None:
    prepared(tmp_path, settings_text())
    sentinel = "sentinel-7391"
    with running(tmp_path) as trap:
        assert asked(trap, f"/d/{sentinel}") == 200
        posted(trap, "/d", sentinel.encode())
        with socket.create_connection(("127.0.0.1", trap.ports["http"])) as raw:
            raw.sendall(f"{sentinel}\0\r\n\r\n".encode())
            raw.recv(1000)
        for file in tmp_path.iterdir():
            assert sentinel.encode() not in file.read_bytes(), file
        assert stopped(trap) == 0
    assert len(kept(tmp_path)) == 3


def test_a_trap_begun_as_root_gives_up_its_rights(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    nobody = pwd.getpwnam("nobody")
    folder = prepared(
        Path("/tmp") / f"trapstreet-rights-{os.getpid()}",
        settings_text().replace("[status]", 'user = "nobody"\n[status]', 1),
    )
    try:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        with running(folder) as trap:
            assert asked(trap, "/d/x") == 200
            status = Path(f"/proc/{trap.process.pid}/status").read_text()
            assert set(re.findall(r"^Uid:\s+(.*)$", status, re.MULTILINE)[0].split()) == {str(nobody.pw_uid)}
            assert re.findall(r"^Groups:[ \t]*(.*)$", status, re.MULTILINE)[0].strip() in (
                "",
                str(nobody.pw_gid),
            )
            assert stopped(trap) == 0
        assert (folder / "spool.sqlite").stat().st_uid == nobody.pw_uid
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (None, 2, "holds no trap.toml"),
        (
            settings_text('[http]\nlisten = ["192.0.2.1:0"]'),
            2,
            "trap.toml, [http]: cannot listen at 192.0.2.1",
        ),
        (settings_text("[smtp]"), 2, "trap.toml, [smtp]: it names no host, or no domains"),
        (settings_text("[mailbox]"), 2, "trap.toml, [mailbox]: it names no host, or no user"),
        (settings_text().replace("[status]", 'user = "no such"\n[status]'), 2, "there is no user 'no such'"),
    ],
)
def test_a_trap_that_cannot_begin_says_why_in_one_line(
    tmp_path: Path, text: str | None, status: int, said: str
) -> None:
    if text:
        prepared(tmp_path, text)
    program = "import sys; from trapstreet.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "serve", "--only", "trap", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert said in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("trapstreet:")]) == 1
    assert "Traceback" not in done.stderr


def posted(trap: Running, path: str, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=10)
    connection.request("POST", path, body)
    status = connection.getresponse().status
    connection.close()
    return status


def told(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    said = answer.status, answer.read().decode()
    connection.close()
    return said


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
