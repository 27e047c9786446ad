"""How the trap is, for its operator and this machine alone: /health, and /metrics for Prometheus."""

import asyncio
from collections.abc import Callable

from trapstreet.core.model.errors import UnusableInput
from trapstreet.trap.clock import Clock
from trapstreet.trap.keeper import Keeper

_SECONDS = 5.0


def metrics(keeper: Keeper, clock: Clock) -> str:
    """Counters since the start, in Prometheus' text format 0.0.4."""
    figures = keeper.figures
    lines = []
    for name, what, counts in (
        ("hits_kept", "Hits that are in the spool one by one.", figures.kept),
        ("hits_swarmed", "Hits that came too fast and were counted by network.", figures.swarmed),
        (
            "hits_refused",
            "Hits that could not be kept; their clients were asked to come again.",
            figures.refused,
        ),
    ):
        lines += [f"# HELP trapstreet_{name}_total {what}", f"# TYPE trapstreet_{name}_total counter"]
        lines += [f'trapstreet_{name}_total{{channel="{key}"}} {counts[key]}' for key in sorted(counts)]
    for name, kind, what, value in (
        ("commits_total", "counter", "Transactions of the spool.", figures.commits),
        ("commit_seconds_total", "counter", "Seconds that they took together.", round(figures.seconds, 6)),
        ("clock_jumps_total", "counter", "How often the wall clock jumped.", clock.jumps),
        ("spool_bytes", "gauge", "Bytes that wait for the worker.", keeper.used),
        ("failing", "gauge", "1 while hits cannot be kept.", int(bool(figures.failing))),
    ):
        lines += [f"# HELP trapstreet_{name} {what}", f"# TYPE trapstreet_{name} {kind}"]
        lines.append(f"trapstreet_{name} {value}")
    return "\n".join((*lines, ""))


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
            f"[status] port {port} cannot be opened: {error.strerror}", hint="choose another, or 0 for none"
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
