"""Floods are counted in bounded memory, and a known token is still found in them."""

from traps import hit
from trapstreet.core.model.hit import Hit, Swarm, network_of
from trapstreet.trap.swarms import AT_ONCE, NAMES, NETWORKS, Allowance, Limits, Swarms, name_hash


def count(swarms: Swarms, one: Hit) -> None:
    swarms.count(one, network_of(one.address))


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


def test_networks_that_may_be_forged_share_what_is_kept_of_them_all() -> None:
    now = 0.0
    limits = Limits(rate=10, burst=50, forgeable=100, clock=lambda: now)

    def kept(network: str, *, forgeable: bool, counted: bool = False) -> tuple[bool, str]:
        return limits.take(network, 100, forgeable=forgeable, counted=counted)

    told = [kept(str(number), forgeable=True) for number in range(10_000)]
    assert sum(alone for alone, _ in told) == AT_ONCE * 100
    assert told[-1] == (False, ""), "not even a record for each"
    assert kept("a", forgeable=False) == (True, "a"), "nobody can forge that one"
    now = 1.0
    assert sum(kept(f"{number} later", forgeable=True)[0] for number in range(10_000)) == 100


def test_one_network_that_asks_too_much_takes_nothing_from_the_others() -> None:
    limits = Limits(rate=10, burst=50, forgeable=100, clock=lambda: 0.0)
    told = [limits.take("loud", 100, forgeable=True, counted=number > 50) for number in range(100_000)]
    assert (told.count((True, "loud")), told.count((False, "loud"))) == (50, 99_950)
    assert limits.take("quiet", 100, forgeable=True, counted=False) == (True, "quiet")


def test_forged_networks_push_no_proven_one_out_of_what_is_known_of_it() -> None:
    limits = Limits(rate=0.001, burst=5, forgeable=1e9, clock=lambda: 0.0)
    for _ in range(5):
        assert limits.take("thief", 1, forgeable=False, counted=False)[0]
    for number in range(70_000):
        limits.take(str(number), 1, forgeable=True, counted=False)
    assert limits.take("thief", 1, forgeable=False, counted=False) == (False, "thief")


def test_a_known_token_is_found_in_a_flood() -> None:
    swarms = Swarms()
    for number in range(1000):
        count(swarms, hit(f"h/{number}", at=number))
    (swarm,) = swarms.flush()
    assert (swarm.network, swarm.count, swarm.first, swarm.last) == ("192.0.2.0/24", 1000, 0, 999)
    assert known(swarm, "h/437")
    assert not known(swarm, "h/1000")
    assert b"h/437" not in swarm.names
    assert swarms.flush() == []


def test_one_name_asked_for_a_million_times_is_one_name() -> None:
    swarms = Swarms()
    for _ in range(10_000):
        count(swarms, hit("h/same"))
    (swarm,) = swarms.flush()
    assert (swarm.count, len(swarm.names), swarm.unnamed) == (10_000, 8, 0)


def test_channels_and_networks_are_told_apart_up_to_a_bound() -> None:
    swarms = Swarms()
    for number in range(NETWORKS + 500):
        count(swarms, hit(address=f"10.{number >> 8}.{number & 255}.1"))
    flushed = swarms.flush()
    assert len(flushed) == NETWORKS + 1
    assert sum(swarm.count for swarm in flushed) == NETWORKS + 500
    assert next(swarm for swarm in flushed if not swarm.network).count == 500


def test_what_cannot_be_written_is_counted_on_in_bounded_memory() -> None:
    swarms = Swarms()
    rounds, each = 8, NAMES // 4
    for turn in range(rounds):
        for number in range(each):
            count(swarms, hit(f"h/{turn}/{number}", at=turn))
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
        count(swarms, hit(f"h/{number}"))
    unwritten = swarms.flush()
    count(swarms, hit("h/meanwhile"))
    swarms.restore(unwritten)
    (swarm,) = swarms.flush()
    assert swarm.count == NAMES + 1
    assert len(swarm.names) == 8 * NAMES
    assert known(swarm, "h/meanwhile")
    assert 1 <= swarm.unnamed <= swarm.count
