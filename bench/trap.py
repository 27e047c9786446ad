"""The trap: durable hits a second by HTTP, DNS and SMTP, beside the usual means; killed; with a full spool.

Needs the Debian packages wrk and dnsperf, and both cores of the machine: load generators included.
"""

import asyncio
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dnslib import DNSRecord

from measuring import Desk, desk

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from traps import (
    LAVISH,
    WORKER,
    Running,
    hit,
    kept,
    killed_under_load,
    prepared,
    running,
    settings_text,
    stopped,
)
from trapstreet.core.model.hit import Hit, Swarm
from trapstreet.trap.settings import LimitsSection
from trapstreet.trap.swarms import AT_ONCE

HTTP, DNS, SMTP = 15_000, 5_000, 300
FORGED, FLOOD = 16_000, 8_000
"""Networks that a flood by UDP claims to come from, and its queries a second."""
FORGEABLE = LimitsSection().forgeable_a_second
P99 = 0.050
PEAK_MB = 200
CONNECTIONS = 192
HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br",
)
SETTINGS = settings_text(
    """
[http]
listen = ["127.0.0.1:0"]
of_network = 4000
[dns]
listen = ["127.0.0.1:0"]
zones = ["you-net.example"]
addresses = ["192.0.2.80"]
answers_per_second = 1000000000
[smtp]
listen = ["127.0.0.1:0"]
host = "mail.you.example"
domains = ["you.example"]
of_network = 300
""",
    limits=LAVISH,
    spool="megabytes = 100000",
)


@dataclass(frozen=True, slots=True)
class Rate:
    """What came of a load: hits a second, 99th percentile of the answer time, CPU of the server a hit, and
    whether some clients got no good answer."""

    hits: float
    p99: float
    cpu: float
    failed: bool = False


def main() -> None:
    for tool in ("wrk", "dnsperf"):
        if not shutil.which(tool):
            sys.exit(f"bench/trap.py needs {tool}: apt-get install wrk dnsperf")
    with desk() as at:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        print(f"from here on {os.cpu_count()} cores, load generators included", flush=True)
        seconds = 3 if at.quick else 15
        folder = prepared(at.folder / "trap", SETTINGS)
        with running(folder) as trap:
            empty = by_http(trap.process.pid, trap.ports["http"], seconds)
            if empty.failed:
                sys.exit("some requests got no answer, or another than 200")
            _say(at, f"HTTP, {CONNECTIONS} connections", empty, rate=HTTP, p99=P99)
            _say(at, "DNS by UDP, 16 clients", by_dns(trap, seconds, at.folder), rate=DNS)
            _say(at, "SMTP, 16 connections", by_smtp(trap, seconds), rate=SMTP)
        for peer, what in (("uvicorn", "uvicorn, a commit for each hit"), ("django", "Django view, uvicorn")):
            with _peer(peer, at.folder) as (pid, port):
                _say(at, what, by_http(pid, port, seconds))
        _forged(at, seconds=5 if at.quick else 30)
        _killed(at, times=10 if at.quick else 100)
        _full(at, folder, hits=500_000 if at.quick else 10_000_000, empty=empty, seconds=seconds)


def by_http(pid: int, port: int, seconds: int) -> Rate:
    """wrk on one thread."""
    headers = [part for line in HEADERS for part in ("-H", line)]
    load = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *headers]
    began = _cpu(pid)
    said = _output([*load, f"http://127.0.0.1:{port}/share/documents/2026/offer-4f1c9a7be2d08856.html"])
    used = _cpu(pid) - began
    count = int(_found(r"(\d+) requests in", said))
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    p99 = float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    failed = bool(re.search(r"Non-2xx|Socket errors", said))
    return Rate(float(_found(r"Requests/sec:\s+([\d.]+)", said)), p99, used / count, failed)


def by_dns(trap: Running, seconds: int, folder: Path) -> Rate:
    """dnsperf, each name asked for once; its average answer time stands for the percentile."""
    names = folder / "names"
    names.write_text("".join(f"vpn-{n:024x}.you-net.example A\n" for n in range(seconds * 60_000)))
    load = ["dnsperf", "-s", "127.0.0.1", "-p", str(trap.ports["dns/udp"]), "-d", str(names)]
    began = _cpu(trap.process.pid)
    said = _output([*load, "-l", str(seconds), "-c", "16", "-q", "200"])
    used = _cpu(trap.process.pid) - began
    if int(_found(r"Queries lost:\s+(\d+)", said)):
        sys.exit(f"dnsperf: {_found(r'(Queries lost:.*)', said)}")
    count = int(_found(r"Queries completed:\s+(\d+)", said))
    average = float(_found(r"Average Latency \(s\):\s+([\d.]+)", said))
    return Rate(float(_found(r"Queries per second:\s+([\d.]+)", said)), average, used / count)


def by_smtp(trap: Running, seconds: int) -> Rate:
    """Mails of 2 KiB to two recipients, one after the other on each of 16 connections."""
    began = _cpu(trap.process.pid)
    times = asyncio.run(_mails(trap.ports["smtp"], seconds))
    used = _cpu(trap.process.pid) - began
    return Rate(len(times) / seconds, sorted(times)[len(times) * 99 // 100], used / len(times))


async def _mails(port: int, seconds: int) -> list[float]:
    times = list[float]()
    until = time.perf_counter() + seconds
    mail = b"Subject: Offer\r\nFrom: a@shop.example\r\n\r\n" + 40 * (b"x" * 50 + b"\r\n") + b".\r\n"

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(line: bytes, code: bytes) -> None:
            if line:
                writer.write(line)
            while (answer := await reader.readline())[3:4] == b"-":
                pass
            if not answer.startswith(code):
                sys.exit(f"SMTP: {answer!r}")

        await say(b"", b"220")
        await say(b"EHLO shop.example\r\n", b"250")
        turn = 0
        while (began := time.perf_counter()) < until:
            turn += 1
            await say(b"MAIL FROM:<a@shop.example>\r\n", b"250")
            for name in ("m.keller", "a.novak"):
                await say(f"RCPT TO:<{name}{number}.{turn}@you.example>\r\n".encode(), b"250")
            await say(b"DATA\r\n", b"354")
            await say(mail, b"250")
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(16)))
    return times


def _forged(at: Desk, *, seconds: int) -> None:
    """A flood by UDP from networks that one sender makes up, each query for another name, under the usual
    limits; once a second somebody asks for a name of his own, as resolvers do."""
    folder = prepared(at.folder / "forged", SETTINGS.replace(LAVISH, "").replace("megabytes = 100000", ""))
    child = "import sys; from trap import _flood; _flood(int(sys.argv[1]), int(sys.argv[2]))"
    with running(folder) as trap:
        command = [sys.executable, "-c", child, str(trap.ports["dns/udp"]), str(seconds)]
        flood = subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True)
        waits, begun = [], time.perf_counter()
        while flood.poll() is None:
            began = time.perf_counter()
            _resolved(trap, f"true-{len(waits)}.you-net.example")
            waits.append(time.perf_counter() - began)
            time.sleep(1.0)
        sent = int(flood.communicate()[0])
        stopped(trap)
        took = time.perf_counter() - begun
    size = (folder / "spool.sqlite").stat().st_size
    found = [one.heard for one in kept(folder)]
    whole = [one for one in found if isinstance(one, Hit)]
    true = {name for one in whole for name in one.names if name.startswith("true-")}
    swarms = [one for one in found if isinstance(one, Swarm)]
    print(
        f"{sent:,} queries in {seconds} s from {FORGED:,} forged networks: {len(whole):,} kept whole, "
        f"{sum(one.count for one in swarms):,} in {len(swarms):,} swarms, {size / 1e6:.1f} MB of spool; "
        f"{len(true)} of {len(waits)} true look-ups are kept whole, the slowest took {max(waits):.2f} s",
        flush=True,
    )
    if len(true) < len(waits) or len(found) > 1.1 * FORGEABLE * (AT_ONCE + took):
        at.missed.append("forged networks")


def _flood(port: int, seconds: int) -> None:
    """Queries to a port of this machine, each from the next of its /24 networks and for another name; says
    how many."""
    senders = []
    for number in range(FORGED):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((f"127.{1 + (number >> 8)}.{number & 255}.1", 0))
        senders.append(sender)
    packet = bytes(DNSRecord.question("flood-0000000000.you-net.example").pack())
    began, sent = time.monotonic(), 0
    while (past := time.monotonic() - began) < seconds:
        for _ in range(int(past * FLOOD) - sent):
            query = packet.replace(b"0000000000", b"%010d" % sent)
            senders[sent % FORGED].sendto(query, ("127.0.0.1", port))
            sent += 1
        time.sleep(0.001)
    print(sent)


def _resolved(trap: Running, name: str) -> None:
    """What a resolver does to learn of a name: asks again when no answer comes, and by TCP when told to."""
    asked = bytes(DNSRecord.question(name).pack())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(10):
            client.sendto(asked, ("127.0.0.1", trap.ports["dns/udp"]))
            if select.select([client], [], [], 1.0)[0]:
                break
        if not DNSRecord.parse(client.recv(4096)).header.tc:
            return
    with socket.create_connection(("127.0.0.1", trap.ports["dns/tcp"]), timeout=10) as stream:
        stream.sendall(len(asked).to_bytes(2, "big") + asked)
        stream.recv(4096)


def _killed(at: Desk, *, times: int) -> None:
    """kill -9 under load, again and again on one spool."""
    acknowledged, found = killed_under_load(at.folder / "killed", times)
    lost = sum(found[name] == 0 for name in acknowledged)
    twice = sum(found[name] > 1 for name in acknowledged)
    kept_ = not lost and not twice
    print(
        f"killed {times} times: {len(acknowledged):,} hits acknowledged, {lost} lost, {twice} twice"
        f"  promised none: {'kept' if kept_ else 'MISSED'}",
        flush=True,
    )
    if not kept_:
        at.missed.append("killed")


def _full(at: Desk, folder: Path, *, hits: int, empty: Rate, seconds: int) -> None:
    """A spool with so many hits: how it fills, and what the trap does on top of it."""
    child = "import sys; from trap import _fill; _fill(sys.argv[1], int(sys.argv[2]))"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", child, folder, str(hits)], check=True, cwd=Path(__file__).parent)
    size = (folder / "spool.sqlite").stat().st_size
    print(
        f"filled with {hits:,} hits in {time.perf_counter() - began:.0f} s, {size / 1e9:.2f} GB", flush=True
    )
    with running(folder) as trap:
        full = by_http(trap.process.pid, trap.ports["http"], seconds)
        peak = int(_found(r"VmHWM:\s+(\d+)", Path(f"/proc/{trap.process.pid}/status").read_text())) / 1024
    _say(at, f"HTTP, {hits / 1e6:g} million hits in the spool", full, rate=0.9 * empty.hits, p99=P99)
    held = peak <= PEAK_MB
    print(f"peak memory of that trap: {peak:.0f} MB  promised {PEAK_MB} MB: {'kept' if held else 'MISSED'}")
    if not held:
        at.missed.append("memory")


def _fill(folder: str, hits: int) -> None:
    from trapstreet.trap.sealing import encode
    from trapstreet.trap.spool import Spool

    spool = Spool(Path(folder), WORKER, limit=1 << 40)
    for start in range(0, hits, 500):
        spool.append([encode(hit(f"h/{n}", at=n, body=bytes(250))) for n in range(start, start + 500)])
    spool.close()


@contextmanager
def _peer(name: str, folder: Path) -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("trap_peers.py"), name, str(port), folder]
    )
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield server.pid, port
    finally:
        server.kill()
        server.wait()


def _say(at: Desk, what: str, got: Rate, *, rate: float = 0.0, p99: float = 0.0) -> None:
    limits = [f"{rate:,.0f}/s" if rate else "", f"p99 {p99 * 1e3:.0f} ms" if p99 else ""]
    held = got.hits >= rate and (not p99 or got.p99 <= p99)
    promise = (
        f"  promised {' and '.join(filter(None, limits))}: {'kept' if held else 'MISSED'}" if rate else ""
    )
    print(
        f"{what:44}{got.hits:9,.0f}/s{got.p99 * 1e3:8.1f} ms{got.cpu * 1e6:8.1f} µs CPU{promise}"
        f"{'  (some clients gave up)' if got.failed else ''}",
        flush=True,
    )
    if not held:
        at.missed.append(what)


def _cpu(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr}")
    return done.stdout


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else sys.exit(f"not in the output: {pattern}\n{text}")


if __name__ == "__main__":
    main()
