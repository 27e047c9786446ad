"""What collectors of logs get: by datagrams, by TCP with the length of each message, by TLS."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from receivers import NOTICE, Collector, drop, port, server_tls, waited
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins.notifiers import Notifier, notifier_of
from trapstreet.plugins.notifiers.syslog import message

OTHER = msgspec.structs.replace(
    NOTICE,
    id="a18",
    severity=Severity.CRITICAL,
    headline='Größe, 客户 and "quotes" ] \\ | = all at once',
    facts=(("helo", 'a"b]c\\d=e|f'),),
)


def route(kind: str, folder: Path, at: int, transport: str) -> Notifier:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": at, "transport": transport}
    if transport == "tls":
        given |= {"host": "localhost", "ca": "chain.pem"}
    return notifier_of(kind, given, folder=folder, where="[notify.siem]")


def counted(stream: bytes) -> list[bytes]:
    """The messages of a stream with octet counting (RFC 6587, section 3.4.1)."""
    messages = []
    while stream:
        length, _, rest = stream.partition(b" ")
        assert length.isdigit() and len(rest) >= int(length)
        messages.append(rest[: int(length)])
        stream = rest[int(length) :]
    return messages


@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("kind", ["syslog", "cef"])
def test_each_alert_is_a_message_in_a_stream_that_counts_its_bytes(
    kind: str, transport: str, tmp_path: Path
) -> None:
    with Collector(transport, tmp_path) as collector:
        route(kind, tmp_path, collector.port, transport).tell([NOTICE, OTHER], key="d-1")
        (stream,) = waited(collector.received, 1)
    first, second = counted(stream)
    assert b"a17" in first and b"a18" in second and first.startswith(b"<35>1 2026-11-18T11:06:43.000000Z ")
    assert second.startswith(b"<34>1 ")


@pytest.mark.parametrize("kind", ["syslog", "cef"])
def test_each_alert_is_a_datagram(kind: str, tmp_path: Path) -> None:
    long = msgspec.structs.replace(NOTICE, happened=("What happened is a long story. " * 50,) * 9)
    with Collector("udp", tmp_path) as collector:
        route(kind, tmp_path, collector.port, "udp").tell([long, OTHER], key="d-1")
        first, second = waited(collector.received, 2)
    assert len(first) <= 2048 and b"a17" in first and b"a18" in second


def test_a_name_with_several_addresses_is_tried_until_one_takes_datagrams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collector("udp", tmp_path) as collector:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, 0)) for at in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        route("syslog", tmp_path, collector.port, "udp").tell([NOTICE], key="d-1")
        assert len(waited(collector.received, 1)) == 1


def test_a_port_where_nobody_takes_datagrams_is_told_where_the_host_says_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        at = taken.getsockname()[1]
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 port \d+ refuses connections"):
        route("syslog", tmp_path, at, "udp").tell([NOTICE], key="d-1")


def test_a_collector_that_breaks_off_after_it_took_the_connection_is_told(tmp_path: Path) -> None:
    with port(drop) as at, pytest.raises(Unreachable, match=r"127\.0\.0\.1 (broke off|cannot be reached)"):
        route("syslog", tmp_path, at, "tcp").tell([NOTICE] * 50, key="d-1")


def test_a_collector_that_is_not_trusted_gets_nothing(tmp_path: Path) -> None:
    with Collector("tls", tmp_path) as collector:
        given = {"host": "localhost", "port": collector.port}
        with pytest.raises(UnusableInput, match="the certificate of localhost is not trusted"):
            notifier_of("syslog", given, folder=tmp_path, where="[notify.siem]").tell([NOTICE], key="d-1")
        given = {"host": "127.0.0.1", "port": collector.port, "ca": "chain.pem"}
        with pytest.raises(UnusableInput, match=r"the certificate of 127\.0\.0\.1 is not trusted"):
            notifier_of("syslog", given, folder=tmp_path, where="[notify.siem]").tell([NOTICE], key="d-1")
        assert not collector.received


def test_a_collector_that_speaks_no_tls_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.notifiers._syslog.SECONDS", 1.0)
    with Collector("tls", tmp_path), Collector("tcp", tmp_path) as plain:
        with pytest.raises(Unreachable):
            route("syslog", tmp_path, plain.port, "tls").tell([NOTICE], key="d-1")
        assert not any(b"trapstreet" in each for each in plain.received)


@pytest.mark.system
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_syslog_ng_reads_every_value_as_it_was_meant(transport: str, tmp_path: Path) -> None:
    with _syslog_ng(tmp_path, transport) as (at, read):
        route("syslog", tmp_path, at, transport).tell([NOTICE, OTHER], key="d-1")
        first, second = read(2)
    assert first["PROGRAM"] == "trapstreet" and first["MSGID"] == "sighting" and first["LEVEL"] == "err"
    assert first["MESSAGE"].startswith(f"{NOTICE.headline} | A mail came")
    assert second["LEVEL"] == "crit" and second["MESSAGE"].lstrip("\ufeff").startswith(OTHER.headline)
    said = second["_SDATA"]["trapstreet@32473"]
    assert said == {
        "alert": "a18",
        "case": "k4",
        "severity": "critical",
        "kind": "sighting",
        "reason": "new",
        "key": "d-1",
        "fact-helo": 'a"b]c\\d=e|f',
    }


@contextmanager
def _syslog_ng(folder: Path, transport: str) -> Iterator[Any]:
    """A syslog-ng that listens on loopback: its port, and what it read of so many messages."""
    if not shutil.which("syslog-ng", path="/usr/sbin:/usr/bin"):
        pytest.fail("syslog-ng is not installed: apt-get install syslog-ng-core")
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        at = free.getsockname()[1]
    tls = ""
    if transport == "tls":
        server_tls(folder)
        files = f'key-file("{folder}/key.pem") cert-file("{folder}/chain.pem")'
        tls = f"tls({files} peer-verify(optional-untrusted))"
    keys = " ".join(f"--key {key}" for key in ("PROGRAM", "MSGID", "LEVEL", "MESSAGE", ".SDATA.*"))
    lines = (
        "@version: 3.35",
        f"source s {{ syslog(ip(127.0.0.1) port({at}) transport({transport}) {tls}); }};",
        f'destination d {{ file("{folder}/read" template("$(format-json --scope nv-pairs {keys})\\n")); }};',
        "log { source(s); destination(d); };",
    )
    (folder / "conf").write_text("\n".join(lines))
    command = ["/usr/sbin/syslog-ng", "-F", "--no-caps", "-f", folder / "conf", "-R", folder / "persist"]
    command += ["-c", folder / "control", "--pidfile", folder / "pid"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def read(count: int) -> list[dict[str, Any]]:
        file, until = folder / "read", time.monotonic() + 20
        while time.monotonic() < until:
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            time.sleep(0.05)
        raise AssertionError((folder / "log").read_text())

    try:
        _wait_for_control(folder, process)
        yield at, read
    finally:
        process.kill()
        process.wait()


def _wait_for_control(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while not (folder / "control").exists():
        assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)


def test_an_alert_that_says_next_to_nothing_is_a_message_all_the_same() -> None:
    notice = Notice("a1", "k1", 0, 0, "test", Severity.INFO, "", (), "", "", ())
    form = rb"<38>1 1970-01-01T00:00:00\.000000Z \S+ trapstreet - test \[[^\]]*\] "
    assert re.fullmatch(form, message(notice, key="d-1", most=2048))
