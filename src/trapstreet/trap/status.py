"""How a process is, for its operator and this machine alone: /health, and /metrics for Prometheus."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from trapstreet.core.model.errors import UnusableInput
from trapstreet.trap.clock import Clock
from trapstreet.trap.keeper import Keeper

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Metric:
    """What Prometheus is told of one thing: `values` by their `label`; "" is none."""

    name: str
    kind: Literal["counter", "gauge"]
    what: str
    values: Mapping[str, float]


def label(name: str, value: str) -> str:
    """A label, as it stands between the braces."""
    for special, written in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n")):
        value = value.replace(special, written)
    return f'{name}="{value}"'


def exposition(metrics: Iterable[Metric]) -> str:
    """Metrics in Prometheus' text format 0.0.4."""
    lines = list[str]()
    for each in metrics:
        name = f"trapstreet_{each.name}"
        lines += [f"# HELP {name} {each.what}", f"# TYPE {name} {each.kind}"]
        lines += [f"{name}{{{of}}} {value}" if of else f"{name} {value}" for of, value in each.values.items()]
    return "\n".join((*lines, ""))


def metrics(keeper: Keeper, clock: Clock, troubles: Mapping[str, str]) -> str:
    """Counters since the start; troubles are those of listeners, by their names."""
    figures = keeper.figures
    hits = (
        ("kept", "Hits that are in the spool one by one.", figures.kept),
        ("swarmed", "Hits that came too fast and were counted by network.", figures.swarmed),
        ("refused", "Hits that could not be kept; their clients were asked to come again.", figures.refused),
    )
    return exposition(
        (
            *(
                Metric(
                    f"hits_{name}_total",
                    "counter",
                    what,
                    {label("channel", key): counts[key] for key in sorted(counts)},
                )
                for name, what, counts in hits
            ),
            Metric("commits_total", "counter", "Transactions of the spool.", {"": figures.commits}),
            Metric(
                "commit_seconds_total",
                "counter",
                "Seconds that they took together.",
                {"": round(figures.seconds, 6)},
            ),
            Metric("clock_jumps_total", "counter", "How often the wall clock jumped.", {"": clock.jumps}),
            Metric("spool_bytes", "gauge", "Bytes that wait for the worker.", {"": keeper.used}),
            Metric("failing", "gauge", "1 while hits cannot be kept.", {"": int(bool(figures.failing))}),
            Metric(
                "deaf",
                "gauge",
                "1 while a listener cannot hear.",
                {label("channel", name): int(bool(why)) for name, why in sorted(troubles.items())},
            ),
        )
    )


async def serve_status(port: int, *, metrics: Callable[[], str], health: Callable[[], str]) -> asyncio.Server:
    """Answer at 127.0.0.1. Raises UnusableInput if the port is taken.

    health  what is wrong, in a line; "" (answered with "ok") if nothing is, else the status is 503
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
                writer.write(_answer(asked, metrics=metrics, health=health))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, "127.0.0.1", port)
    except OSError as error:
        raise UnusableInput(
            f"port {port} of 127.0.0.1 cannot be opened: {error.strerror}",
            hint="choose another port, or 0 for none",
        ) from error


def _answer(asked: bytes, *, metrics: Callable[[], str], health: Callable[[], str]) -> bytes:
    match asked:
        case b"/metrics":
            status, kind, text = "200 OK", "text/plain; version=0.0.4", metrics()
        case b"/health":
            wrong = health()
            status, kind = "503 Service Unavailable" if wrong else "200 OK", "text/plain"
            text = f"{wrong or 'ok'}\n"
        case _:
            status, kind, text = "404 Not Found", "text/plain", "/health and /metrics are here\n"
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
