"""Values drawn until they belong to nobody, and what the rejections cost in entropy.

A value drawn with P(x) ≤ 2^−H and kept only if it is free has P(x | free) ≤ 2^−H / P(free). P(free) is
bounded from below by the share of the first draws that were free; values that other decoys of the copy have
count with at most 2^−H each. So the bits that remain hold for every decoy, whatever was drawn for the others.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import log, log2
from typing import Generic, Protocol, TypeVar

from trapstreet.core.maths.draws import KeyedDraws

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)

_SURE = 1e-9  # chance that a bound on the share of free values does not hold
_FIRST = 1024  # values in the first draw, which the bound rests on
_ROUNDS = 24
_MOST_EACH = 64  # draws for each value that is still missing
_COUNTED = 4096  # pools up to this size are counted out instead of sampled


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """Free values, and an upper bound on the share of all draws that is not free."""

    values: list[T]
    taken: float


class Pool(Protocol):
    """Texts numbered 0 to size − 1, all different."""

    @property
    def size(self) -> int: ...
    def text(self, index: int) -> str: ...


def draw_free(
    draw: Callable[[], T],
    count: int,
    *,
    free: Callable[[Sequence[T]], Sequence[bool]],
    own: Callable[[T], Hashable],
) -> Kept[T]:
    """Draw until `count` values are free and differ in `own`; fewer come back where hardly any is free."""
    kept: dict[Hashable, T] = {}
    taken, each = 1.0, 1
    for attempt in range(_ROUNDS):
        missing = count - len(kept)
        batch = [
            draw() for _ in range(max(each * (missing + missing // 8 + 16), _FIRST if attempt == 0 else 0))
        ]
        verdicts = free(batch)
        if attempt == 0:
            each = min(_MOST_EACH, max(1, len(batch) // max(1, sum(verdicts))))
            taken = share_at_most(sum(not verdict for verdict in verdicts), len(batch))
        for value, verdict in zip(batch, verdicts, strict=True):
            if verdict and len(kept) < count:
                kept.setdefault(own(value), value)
        if len(kept) == count:
            break
    return Kept(list(kept.values()), taken)


def draw_from_pool(
    pool: Pool, count: int, *, free: Callable[[Sequence[str]], Sequence[bool]], draws: KeyedDraws
) -> Kept[str]:
    """Different free texts of a pool, each equally likely. Small pools are searched to the last text."""
    if pool.size > _COUNTED:
        return draw_free(lambda: pool.text(uniform(pool.size, draws)), count, free=free, own=str.upper)
    texts = [pool.text(index) for index in range(pool.size)]
    left = [text for text, verdict in zip(texts, free(texts), strict=True) if verdict]
    return Kept(list(_shuffled(left, count, draws)), 1 - len(left) / max(1, len(texts)))


def remaining_bits(bits: float, *, taken: float, others: int) -> float:
    """What is left of `bits` when a share of the draws is taken, and `others` values by the same copy."""
    return max(0.0, bits + log2(max(2.0**-60, 1 - taken - others * 2.0**-bits)))


def share_at_most(hits: int, trials: int) -> float:
    """The largest share that `hits` in `trials` do not rule out, wrong with probability 1e-9 at most.

    Source: Hoeffding, "Probability inequalities for sums of bounded random variables", 1963, theorem 1:
    P(Bin(n, p) ≤ k) ≤ exp(−n · KL(k/n ‖ p)) for k/n ≤ p.
    """
    seen, limit = hits / trials, -log(_SURE) / trials
    low, high = seen, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(seen, middle) < limit else (low, middle)
    return high


def uniform(size: int, draws: KeyedDraws) -> int:
    """A uniform integer in [0, size), however large the size is."""
    words = max(1, -(-(size - 1).bit_length() // 64))
    if words == 1:
        return draws.below(size)
    limit = (1 << 64 * words) // size * size
    while True:
        value = 0
        for _ in range(words):
            value = value << 64 | draws.word()
        if value < limit:
            return value % size


def _divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats."""
    if q >= 1:
        return float("inf") if p < 1 else 0.0
    heads = p * log(p / q) if p > 0 else 0.0
    tails = (1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0
    return heads + tails


def _shuffled(items: list[str], count: int, draws: KeyedDraws) -> Iterator[str]:
    for at in range(min(count, len(items))):
        other = at + draws.below(len(items) - at)
        items[at], items[other] = items[other], items[at]
        yield items[at]
