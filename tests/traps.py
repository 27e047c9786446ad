"""Traps to try things on: a spool that can be opened, and a trap in a process of its own."""

import itertools
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from trapstreet.core.model.hit import Heard, Hit
from trapstreet.trap.sealing import Opener
from trapstreet.trap.spool import SpoolReader

PRIVATE = bytes(range(32))
WORKER = X25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
PATIENCE = 30.0
LAVISH = "hits_a_second = 1e9\nat_once = 1e9\nforgeable_a_second = 1e9"
"""Limits that no test reaches."""


class Kept(NamedTuple):
    """A hit or swarm in a spool, with the id by which the worker takes it once."""

    id: tuple[bytes, int, int]
    heard: Heard


def hit(
    name: str = "www.you.example/a", *, address: str = "192.0.2.1", at: int = 1, body: bytes = b""
) -> Hit:
    return Hit("http", at, address, 4711, (name,), (("body", body),))


def kept(folder: Path, *, remove: bool = False) -> list[Kept]:
    """All that a spool holds, in order, opened with the worker's private key."""
    reader, opener = SpoolReader(folder), Opener(PRIVATE)
    found = list[Kept]()
    try:
        for record in (taken := reader.first(1 << 30)):
            heard = opener.open(record.segment, record.number, record.sealed)
            found += [Kept((record.segment, record.number, at), one) for at, one in enumerate(heard)]
        if remove:
            reader.remove(taken)
    finally:
        reader.close()
    return found


def names(folder: Path) -> list[str]:
    """The names of all hits that a spool holds, in order."""
    return [name for one in kept(folder) if isinstance(one.heard, Hit) for name in one.heard.names]


def settings_text(
    text: str = '[http]\nlisten = ["127.0.0.1:0"]', *, limits: str = "", spool: str = ""
) -> str:
    """A trap.toml that opens no port but what the text says."""
    return f'worker = "{WORKER.hex()}"\n[status]\nport = 0\n[limits]\n{limits}\n[spool]\n{spool}\n{text}\n'


class Running(NamedTuple):
    """A trap that listens: its process, its ports, and the file with its log."""

    process: subprocess.Popen[bytes]
    ports: Mapping[str, int]
    log: Path


@contextmanager
def running(folder: Path, *, before: str = "") -> Iterator[Running]:
    """`trapstreet serve --only trap` on a folder with trap.toml; killed at the end if it still runs."""
    log = folder / "log"
    program = f"import sys; {before}\nfrom trapstreet.cli import run\nsys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "serve", "--only", "trap", "--folder", str(folder)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield Running(process, _ports(process, log), log)
    finally:
        process.kill()
        process.wait()


def stopped(trap: Running, *, by: int = signal.SIGTERM) -> int:
    """The exit status of a trap that was told to stop."""
    trap.process.send_signal(by)
    return trap.process.wait(PATIENCE)


def _ports(process: subprocess.Popen[bytes], log: Path) -> dict[str, int]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if line := re.search(r"listening: (.*)", log.read_text()):
            return {what: int(port) for what, port in re.findall(r"([\w/]+) (\d+)", line[1])}
        time.sleep(0.01)
    raise AssertionError(f"the trap did not begin: {log.read_text()}")


def prepared(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "trap.toml").write_text(text)
    return folder


def certificate(folder: Path, *, name: str = "www.you.example", alternative: str = "") -> dict[str, Path]:
    """A self-signed certificate, as settings; clients that check names want them among the alternatives."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )  # fmt: skip
    if alternative:
        names = x509.SubjectAlternativeName([x509.DNSName(alternative)])
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(key, hashes.SHA256())
    pem, private = folder / "chain.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {"certificate": pem, "key": private}


class Load:
    """Clients that ask for paths of their own until they are cut off, and the paths that were answered."""

    def __init__(self, port: int, *, clients: int, prefix: str) -> None:
        self.answered: list[str] = []
        self._threads = [
            threading.Thread(target=self._ask, args=(port, f"/{prefix}/{client}/"))
            for client in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _ask(self, port: int, path: str) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            for number in itertools.count():
                try:
                    connection.sendall(f"GET {path}{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
                    answer = connection.recv(1 << 16)
                except OSError:
                    return
                if not answer.startswith(b"HTTP/1.1 200"):
                    return
                self.answered.append(f"h{path}{number}")


def killed_under_load(folder: Path, times: int) -> tuple[list[str], Counter[str]]:
    """Kill a trap under load, again and again: the names that were acknowledged, those in the spool by id."""
    prepared(folder, settings_text(limits=LAVISH))
    acknowledged = list[str]()
    for turn in range(times):
        with running(folder) as trap:
            load = Load(trap.ports["http"], clients=16, prefix=str(turn))
            time.sleep(0.05 + 0.03 * (turn % 10))
            trap.process.kill()
            trap.process.wait()
            load.join()
        acknowledged += load.answered
    found = {one.id: one.heard for one in kept(folder)}
    assert len(found) == len(kept(folder))
    return acknowledged, Counter(name for heard in found.values() for name in getattr(heard, "names", ()))
