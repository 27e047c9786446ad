"""What the trap's operator is told while it runs."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from traps import WORKER, names
from trapstreet.core.model.hit import Hit
from trapstreet.trap import process
from trapstreet.trap.clock import Clock
from trapstreet.trap.keeper import Keeper
from trapstreet.trap.spool import Spool
from trapstreet.trap.swarms import Limits


def test_a_disk_that_hangs_is_told_of_and_so_is_its_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "HANGS_AFTER", 0.05)
    disk, stop = threading.Event(), asyncio.Event()

    async def until(keeper: Keeper, *, failing: bool) -> None:
        async with asyncio.timeout(10):
            while bool(keeper.figures.failing) is not failing:
                await asyncio.sleep(0.01)

    async def story() -> None:
        keeper = Keeper(Limits(rate=1, burst=10, forgeable=1))
        keeper.begin(Spool(tmp_path, WORKER, limit=1 << 30))
        keeper._writer.submit(disk.wait)
        watching = asyncio.create_task(process._look_after(keeper, Clock(), {}, stop))
        heard = keeper.hear(Hit("http", 1, "192.0.2.1", 1, ("h/late",), ()))
        await until(keeper, failing=True)
        assert not heard.done()
        disk.set()
        await heard
        await until(keeper, failing=False)
        stop.set()
        await watching
        await keeper.close()

    with caplog.at_level(logging.ERROR, "trapstreet.trap"):
        asyncio.run(story())
    assert ["the disk does not answer" in record.getMessage() for record in caplog.records] == [True]
    assert names(tmp_path) == ["h/late"]
