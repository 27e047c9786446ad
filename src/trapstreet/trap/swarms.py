"""Hits that come faster than each can be kept: how fast that is, and what is kept of them then."""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice

from trapstreet.core.model.hit import Hit, Swarm

NETWORKS = 4096
"""Networks that are told apart in one flush; those beyond are counted together."""
AT_ONCE = 20
"""Seconds of hits with forgeable addresses that may come at once."""
NAMES = 1 << 16
"""Names that are held until a flush; hits with others are counted as unnamed. Reached only while nothing can
be written."""


def name_hash(key: bytes, name: str) -> bytes:
    """8 bytes that say nothing of a name to whoever has not both the key and a list of names to try.

    BLAKE2b with a key, RFC 7693. 0.7 µs.
    """
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()


class Allowance:
    """How much of each network is kept hit by hit: token buckets, at most `networks` of them.

    rate, burst  units a second, and at once; a hit takes one for each KiB begun
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: float,
        networks: int = 1 << 16,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._networks, self._clock = rate, burst, networks, clock
        self._left: dict[str, list[float]] = {}

    def take(self, network: str, size: int) -> bool:
        """Whether a hit of so many bytes may be kept by itself. About 0.5 µs."""
        now, cost = self._clock(), 1 + (size >> 10)
        known = self._left.get(network)
        if known is None:
            if len(self._left) >= self._networks:
                del self._left[next(iter(self._left))]
            known = self._left[network] = [self._burst, now]
        left = min(self._burst, known[0] + (now - known[1]) * self._rate)
        kept = left >= cost
        known[0], known[1] = left - cost if kept else left, now
        return kept


class Limits:
    """What is kept hit by hit: so much of each network, and so much of all together whose address nobody
    proved, since one attacker can write any of them.

    rate, burst  of each network, units as an Allowance counts them
    forgeable    units a second of all networks together that may be forged, and AT_ONCE seconds' worth of
                 them at once
    """

    def __init__(
        self, *, rate: float, burst: float, forgeable: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._proven = Allowance(rate=rate, burst=burst, clock=clock)
        self._claimed = Allowance(rate=rate, burst=burst, clock=clock)
        self._together = Allowance(rate=forgeable, burst=AT_ONCE * forgeable, networks=1, clock=clock)

    def take(self, network: str, size: int, *, forgeable: bool, counted: bool) -> tuple[bool, str]:
        """Whether a hit of so many bytes may be kept by itself, and the network that it is counted with
        otherwise: "" where even a record for that network would be too much.

        counted  hits of the network are counted now already, so that one more costs no record
        """
        if not forgeable:
            return self._proven.take(network, size), network
        alone = self._claimed.take(network, size)
        if (alone or not counted) and not self._together.take("", size if alone else 0):
            return False, ""
        return alone, network


@dataclass(slots=True)
class _Count:
    first: int
    last: int
    hits: int = 0
    unnamed: int = 0
    names: set[bytes] = field(default_factory=set)


class Swarms:
    """What is counted until the next flush, in bounded memory.

    key  of the names' hashes, new with every start of the trap; it travels sealed, in every Swarm
    """

    def __init__(self) -> None:
        self.key = secrets.token_bytes(16)
        self._counts: dict[tuple[str, str], _Count] = {}
        self.names = 0
        """How many names are held."""

    def __len__(self) -> int:
        return len(self._counts)

    def counts(self, channel: str, network: str) -> bool:
        """Whether hits of a network have been counted since the last flush."""
        return (channel, network) in self._counts

    def count(self, hit: Hit, network: str) -> None:
        """One hit more of a network, with its names. About 2 µs."""
        count = self._of(hit.channel, network, hit.at)
        count.hits += 1
        count.last = max(count.last, hit.at)
        count.first = min(count.first, hit.at)
        if not self._remember(count, {name_hash(self.key, name) for name in hit.names}):
            count.unnamed += 1

    def restore(self, swarms: Iterable[Swarm]) -> None:
        """Count on with what a flush could not write."""
        for swarm in swarms:
            count = self._of(swarm.channel, swarm.network, swarm.first)
            count.hits += swarm.count
            count.unnamed += swarm.unnamed
            count.first, count.last = min(count.first, swarm.first), max(count.last, swarm.last)
            names = {swarm.names[at : at + 8] for at in range(0, len(swarm.names), 8)}
            if not self._remember(count, names):
                count.unnamed += swarm.count - swarm.unnamed

    def flush(self) -> list[Swarm]:
        """All that was counted; the next begins at nothing."""
        counts, self._counts, self.names = self._counts, {}, 0
        return [
            Swarm(
                channel=channel,
                network=network,
                count=count.hits,
                first=count.first,
                last=count.last,
                key=self.key,
                names=b"".join(sorted(count.names)),
                unnamed=count.unnamed,
            )
            for (channel, network), count in counts.items()
        ]

    def _of(self, channel: str, network: str, at: int) -> _Count:
        counts = self._counts
        if len(counts) >= NETWORKS and (channel, network) not in counts:
            network = ""
        return counts.setdefault((channel, network), _Count(at, at))

    def _remember(self, count: _Count, names: set[bytes]) -> bool:
        """Add names as far as there is room: whether there was enough."""
        new = names - count.names
        held = set(islice(new, NAMES - self.names))
        self.names += len(held)
        count.names |= held
        return len(held) == len(new)
