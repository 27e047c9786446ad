"""Floods are counted in bounded memory, and a known token is still found in them."""

from traps import hit
from trapstreet.core.model.hit import Swarm, network_of
from trapstreet.trap.swarms import NAMES, NETWORKS, Allowance, Swarms, name_hash


def known(swarm: Swarm, name: str) -> bool:
    digest = name_hash(swarm.key, name)
    return any(swarm.names[at : at + 8] == digest for at in range(0, len(swarm.names), 8))


def test_networks_are_those_that_one_customer_has() -> None:
    for address, network in (
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
    ):
        assert network_of(address) == network


def test_a_network_may_use_up_its_burst_and_then_its_rate() -> None:
    now = 0.0
    allowance = Allowance(rate=10, burst=50, clock=lambda: now)
    assert sum(allowance.take("a", 100) for _ in range(200)) == 50
    assert allowance.take("b", 100), "another network has its own"
    now = 2.0
    assert sum(allowance.take("a", 100) for _ in range(200)) == 20


def test_a_large_hit_counts_for_several() -> None:
    allowance = Allowance(rate=1, burst=100, clock=lambda: 0.0)
    assert sum(allowance.take("a", 64 << 10) for _ in range(10)) == 1


def test_however_many_networks_there_are_the_allowance_does_not_grow() -> None:
    allowance = Allowance(rate=1, burst=1, networks=100, clock=lambda: 0.0)
    for number in range(10_000):
        allowance.take(str(number), 1)
    assert len(allowance._left) == 100


def test_a_known_token_is_found_in_a_flood() -> None:
    swarms = Swarms()
    for number in range(1000):
        swarms.count(hit(f"h/{number}", at=number))
    (swarm,) = swarms.flush()
    assert (swarm.network, swarm.count, swarm.first, swarm.last) == ("192.0.2.0/24", 1000, 0, 999)
    assert known(swarm, "h/437")
    assert not known(swarm, "h/1000")
    assert b"h/437" not in swarm.names
    assert swarms.flush() == []


def test_one_name_asked_for_a_million_times_is_one_name() -> None:
    swarms = Swarms()
    for _ in range(10_000):
        swarms.count(hit("h/same"))
    (swarm,) = swarms.flush()
    assert (swarm.count, len(swarm.names), swarm.unnamed) == (10_000, 8, 0)


def test_channels_and_networks_are_told_apart_up_to_a_bound() -> None:
    swarms = Swarms()
    for number in range(NETWORKS + 500):
        swarms.count(hit(address=f"10.{number >> 8}.{number & 255}.1"))
    flushed = swarms.flush()
    assert len(flushed) == NETWORKS + 1
    assert sum(swarm.count for swarm in flushed) == NETWORKS + 500
    assert next(swarm for swarm in flushed if not swarm.network).count == 500


def test_what_cannot_be_written_is_counted_on_in_bounded_memory() -> None:
    swarms = Swarms()
    rounds, each = 8, NAMES // 4
    for turn in range(rounds):
        for number in range(each):
            swarms.count(hit(f"h/{turn}/{number}", at=turn))
        flushed = swarms.flush()
        swarms.restore(flushed)
    (swarm,) = swarms.flush()
    assert (swarm.count, swarm.first, swarm.last) == (rounds * each, 0, rounds - 1)
    assert len(swarm.names) == 8 * NAMES
    assert swarm.unnamed == rounds * each - NAMES
    assert known(swarm, "h/0/0")


def test_names_that_could_not_be_written_are_lost_only_as_far_as_room_is_lacking() -> None:
    swarms = Swarms()
    for number in range(NAMES):
        swarms.count(hit(f"h/{number}"))
    unwritten = swarms.flush()
    swarms.count(hit("h/meanwhile"))
    swarms.restore(unwritten)
    (swarm,) = swarms.flush()
    assert swarm.count == NAMES + 1
    assert len(swarm.names) == 8 * NAMES
    assert known(swarm, "h/meanwhile")
    assert 1 <= swarm.unnamed <= swarm.count
