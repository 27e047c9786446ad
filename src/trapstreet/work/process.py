"""The worker as a process: jobs in threads, signals, health and metrics in the first."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping

from trapstreet.core.model.errors import UnusableInput
from trapstreet.trap import readiness
from trapstreet.trap.status import Metric, exposition, label, serve_status
from trapstreet.work.loop import Loop, Standing


def run(
    loop: Loop, *, port: int, metrics: Callable[[], Iterable[Metric]], say: Callable[[str], None]
) -> None:
    """Work until SIGTERM or SIGINT; done when every job has ended what it was at. A second signal ends it.

    port     on 127.0.0.1, for health and metrics; 0 opens none, and one that is taken is said
    metrics  asked for each time, beside those of the jobs
    """
    try:
        asyncio.run(_watch(loop, port, metrics, say))
    finally:
        readiness.tell(readiness.STOPPING)
        loop.stop()


async def _watch(
    loop: Loop, port: int, metrics: Callable[[], Iterable[Metric]], say: Callable[[str], None]
) -> None:
    stop, events = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        events.add_signal_handler(number, stop.set)
    loop.begin()
    if port:
        try:
            await serve_status(
                port,
                metrics=lambda: exposition((*job_metrics(loop.standings), *metrics())),
                health=loop.wrong,
            )
        except UnusableInput as error:
            say(f"{error}; the work goes on")
    readiness.tell(readiness.READY)
    while not stop.is_set():
        if not loop.hanging():
            readiness.tell(readiness.WELL)
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            continue
    for number in (signal.SIGTERM, signal.SIGINT):
        events.remove_signal_handler(number)


def job_metrics(standings: Mapping[str, Standing]) -> Iterator[Metric]:
    """How jobs stand."""

    def each(value: Callable[[Standing], float | None]) -> dict[str, float]:
        found = {name: value(standing) for name, standing in standings.items()}
        return {label("job", name): number for name, number in found.items() if number is not None}

    yield Metric("job_rounds_total", "counter", "Rounds of a job.", each(lambda one: one.rounds))
    yield Metric("job_failures_total", "counter", "Rounds that failed.", each(lambda one: one.failed))
    yield Metric(
        "job_seconds_total", "counter", "Seconds that its rounds took.", each(lambda one: one.seconds)
    )
    yield Metric(
        "job_success_timestamp_seconds", "gauge", "When it last went well.", each(lambda one: one.succeeded)
    )
    yield Metric("job_failing", "gauge", "1 while it fails.", each(lambda one: int(bool(one.failing))))
    yield Metric(
        "job_elsewhere", "gauge", "1 while another worker does it.", each(lambda one: int(one.elsewhere))
    )
