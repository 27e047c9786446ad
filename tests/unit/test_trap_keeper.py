"""Hits are on disk before their listener is told so, whatever comes at once and whatever the disk says."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from traps import WORKER, hit, kept, names
from trapstreet.core.model.hit import Hit, Swarm
from trapstreet.trap.keeper import SWARM_NAMES, SWARMED_WAITING, WAITING_BYTES, Keeper
from trapstreet.trap.spool import Spool
from trapstreet.trap.swarms import NAMES, Limits, name_hash

PLENTY = 1e9


def keeping(
    folder: Path,
    story: Callable[[Keeper], Awaitable[None]],
    *,
    burst: float = PLENTY,
    forgeable: float = PLENTY,
    limit: int = 1 << 30,
    begun: bool = True,
) -> None:
    async def play() -> None:
        keeper = Keeper(Limits(rate=burst / 1e9, burst=burst, forgeable=forgeable))
        if begun:
            keeper.begin(Spool(folder, WORKER, limit=limit))
        await story(keeper)
        await keeper.close()

    asyncio.run(play())


def swarms(folder: Path) -> list[Swarm]:
    return [one.heard for one in kept(folder) if isinstance(one.heard, Swarm)]


def test_a_hit_is_on_disk_when_it_is_said_to_be(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        for number in range(5):
            await keeper.hear(hit(f"h/{number}"))
            assert names(tmp_path)[-1] == f"h/{number}"

    keeping(tmp_path, story)


def test_hits_that_come_together_go_to_disk_together(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        await asyncio.gather(*(keeper.hear(hit(f"h/{number}")) for number in range(500)))
        assert keeper.figures.commits == 1
        assert keeper.figures.kept["http"] == 500

    keeping(tmp_path, story)
    assert names(tmp_path) == [f"h/{number}" for number in range(500)]


def test_hits_of_before_the_spool_is_open_wait_for_it(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        early = keeper.hear(hit("h/early"))
        await asyncio.sleep(0.01)
        assert not early.done()
        keeper.begin(Spool(tmp_path, WORKER, limit=1 << 30))
        await early

    keeping(tmp_path, story, begun=False)
    assert names(tmp_path) == ["h/early"]


def test_a_client_that_gives_up_takes_nobody_with_it(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        gone, stays = keeper.hear(hit("h/gone")), keeper.hear(hit("h/stays"))
        gone.cancel()
        await stays

    keeping(tmp_path, story)
    assert names(tmp_path) == ["h/gone", "h/stays"]


def test_a_flood_is_counted_and_its_clients_are_answered_when_the_count_is_on_disk(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        told = [keeper.hear(hit(f"h/{number}", at=number)) for number in range(1000)]
        other = keeper.hear(hit("h/quiet", address="198.51.100.1"))
        await asyncio.gather(*told[:100], other)
        assert not any(one.done() for one in told[100:])
        keeper.flush()
        await asyncio.gather(*told)
        assert keeper.figures.swarmed["http"] == 900

    keeping(tmp_path, story, burst=100)
    assert names(tmp_path) == [*(f"h/{number}" for number in range(100)), "h/quiet"]
    (swarm,) = swarms(tmp_path)
    assert (swarm.network, swarm.count, len(swarm.names)) == ("192.0.2.0/24", 900, 7200)
    assert name_hash(swarm.key, "h/437") in [swarm.names[at : at + 8] for at in range(0, 7200, 8)]


@pytest.mark.slow
def test_a_flood_from_forged_networks_takes_bounded_room_and_hides_no_hit(tmp_path: Path) -> None:
    """Each query from another network, none more than once: no network is beyond its own limit."""
    flood = 60_000

    async def story(keeper: Keeper) -> None:
        told = []
        for number in range(flood):
            address = f"{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"
            told.append(
                keeper.hear(Hit("dns", number, address, 53, (f"{number}.you.example",), ()), forgeable=True)
            )
            if number % 1000 == 999:
                await asyncio.sleep(0)
        told.append(
            keeper.hear(Hit("dns", flood, "10.0.0.1", 53, ("token.you.example",), ()), forgeable=True)
        )
        proven = keeper.hear(Hit("dns", 1, "10.0.0.1", 53, ("proven.you.example",), ()))
        keeper.flush()
        alone = await asyncio.gather(*told)
        assert sum(alone) < 1000, "AT_ONCE, and one a second"
        assert not alone[-1], "whoever was only counted is told so"
        assert await proven

    keeping(tmp_path, story, forgeable=1)
    assert "proven.you.example" in names(tmp_path)
    counted = swarms(tmp_path)
    assert sum(swarm.count for swarm in counted) + len(names(tmp_path)) == flood + 2
    assert len(counted) <= 2 * flood / SWARM_NAMES, "not a record for each network"
    hashes = {
        (swarm.key, swarm.names[at : at + 8]) for swarm in counted for at in range(0, len(swarm.names), 8)
    }
    assert (counted[0].key, name_hash(counted[0].key, "token.you.example")) in hashes
    assert (tmp_path / "spool.sqlite").stat().st_size < 20 * flood


def test_a_large_flood_does_not_wait_for_the_next_second(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        told = [keeper.hear(hit(f"h/{number}")) for number in range(SWARM_NAMES + 1)]
        await asyncio.gather(*told)

    keeping(tmp_path, story, burst=1)
    assert [swarm.count for swarm in swarms(tmp_path)] == [SWARM_NAMES]


@pytest.mark.slow
def test_a_flood_before_a_disk_that_hangs_is_counted_in_bounded_memory(tmp_path: Path) -> None:
    flood = SWARMED_WAITING + 5000

    async def story(keeper: Keeper) -> None:
        told = [keeper.hear(hit(f"h/{number}")) for number in range(flood + 1)]
        assert sum(one.done() for one in told) == 5000
        assert keeper.swarms.names <= NAMES
        keeper.begin(Spool(tmp_path, WORKER, limit=1 << 30))
        keeper.flush()
        await asyncio.gather(*(one for one in told if not one.done()))

    keeping(tmp_path, story, burst=1, begun=False)
    assert sum(swarm.count for swarm in swarms(tmp_path)) == flood


@pytest.mark.slow
def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        body = bytes(1 << 20)
        told = [keeper.hear(hit(body=body)) for _ in range(80)]
        assert keeper._waiting.size <= WAITING_BYTES
        keeper.begin(Spool(tmp_path, WORKER, limit=1 << 30))
        keeper.flush()
        await asyncio.gather(*told)

    keeping(tmp_path, story, begun=False)
    assert len(names(tmp_path)) + sum(swarm.count for swarm in swarms(tmp_path)) == 80


@pytest.mark.slow
def test_many_small_facts_count_for_the_memory_that_they_take(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        tracemalloc.start()
        for number in range(2000):
            facts = tuple((f"edns-{number}", bytes([fact])) for fact in range(100))
            keeper.hear(Hit("dns", 0, "192.0.2.1", 53, (f"{number}.example",), facts))
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken < 1.5 * keeper._waiting.size
        keeper.begin(Spool(tmp_path, WORKER, limit=1 << 30))

    keeping(tmp_path, story, begun=False)


def test_while_the_disk_refuses_clients_are_told_and_counting_goes_on(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        assert keeper._spool is not None
        keeper._spool._database.execute("PRAGMA max_page_count = 8")
        await keeper.rest()
        big = bytes(200_000)
        for number in range(5):
            with pytest.raises(OSError, match="nothing can be kept"):
                await keeper.hear(hit(f"h/lost/{number}", body=big, at=number))
        assert keeper.figures.failing
        assert keeper.figures.refused["http"] == 5
        keeper._spool._database.execute("PRAGMA max_page_count = 100000")
        await keeper.hear(hit("h/again"))
        assert not keeper.figures.failing
        keeper.flush()

    keeping(tmp_path, story)
    assert names(tmp_path) == ["h/again"]
    (swarm,) = swarms(tmp_path)
    assert (swarm.count, swarm.unnamed, swarm.first, swarm.last) == (5, 0, 0, 4)
    assert name_hash(swarm.key, "h/lost/3") in [swarm.names[at : at + 8] for at in range(0, 40, 8)]


def test_everything_that_was_heard_is_on_disk_after_close(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        for number in range(3000):
            keeper.hear(hit(f"h/{number}"))

    keeping(tmp_path, story, burst=100)
    assert len(names(tmp_path)) + sum(swarm.count for swarm in swarms(tmp_path)) == 3000


def test_a_hit_that_cannot_be_written_down_is_the_listeners_error(tmp_path: Path) -> None:
    async def story(keeper: Keeper) -> None:
        broken = Hit("http", 1, "192.0.2.1", 1, ("\ud800",), ())
        with pytest.raises(UnicodeEncodeError):
            keeper.hear(broken)
        await keeper.hear(hit("h/next"))

    keeping(tmp_path, story)
    assert names(tmp_path) == ["h/next"]
