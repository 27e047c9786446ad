"""What the numbers of a data set look like, so that chance can be told from a leak.

A phone number or a customer number that stands alone in foreign text proves nothing: foreign numbers equal
ours by chance, and the more often the denser ours lie there. A `Space` says how dense: a trie over prefixes
of the registered forms that is as deep as they are many, so that a block of consecutive numbers, or the
mobile numbers of one network, get a density of their own.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.sketch import WIDTH

SPACED = (Kind.PHONE, Kind.REFERENCE, Kind.NATIONAL_ID)
"""Kinds whose values other people's numbers can equal by chance."""

SAMPLED = 1 << 16
"""Forms of a kind that are looked at, at most."""

FEWEST = 20
"""A prefix that fewer of the sampled forms share is not kept."""

_LOCAL = 4
_ALIKE = 2.0
_MANY = 64
_LONGEST = 64
_DIGIT, _HEX, _LETTER = 1, 2, 4

_SORT = np.zeros(256, dtype=np.uint8)
_SORT[list(b"0123456789")] = _DIGIT
_SORT[list(b"ABCDEF")] = _HEX
_SORT[list(b"GHIJKLMNOPQRSTUVWXYZ")] = _LETTER

_BITS = np.log2([1, 10, 26, 16, 26, 36, 26, 36])
"""Bits of a position by the sorts of characters seen there."""

F64 = NDArray[np.float64]


class SpaceSampler:
    """Takes the forms of a data set as they are registered, and keeps an even sample of each kind's.

    At most SAMPLED forms of a kind are in memory at a time. None outlives the sampler, but prefixes that at
    least FEWEST different ones of them share.
    """

    def __init__(self) -> None:
        self._random = np.random.default_rng(SAMPLED)
        self._kept: dict[Kind, list[bytes]] = {}
        self._seen: dict[Kind, int] = {}

    def add(self, kind: Kind, forms: Sequence[bytes]) -> None:
        """Take the next forms of a kind; kinds that have no space are passed over. 10 ns for each form."""
        if kind not in SPACED or not forms:
            return
        kept, seen = self._kept.setdefault(kind, []), self._seen.get(kind, 0)
        self._seen[kind] = seen + len(forms)
        room = SAMPLED - len(kept)
        kept += forms[:room]
        left = forms[room:] if room else forms
        if left:
            first = seen + len(forms) - len(left)
            places = self._random.integers(0, np.arange(first + 1, first + len(left) + 1))
            for at in np.flatnonzero(places < SAMPLED).tolist():
                kept[places[at]] = left[at]

    def spaces(self) -> dict[Kind, bytes]:
        """The space of each kind of which enough was seen, as it is kept in a segment."""
        learnt = {
            kind: Space.learn(kept, self._seen[kind], checked=kind is not Kind.PHONE)
            for kind, kept in self._kept.items()
        }
        return {kind: space.to_bytes() for kind, space in learnt.items() if space.known}


class _Node(NamedTuple):
    """Forms of a length (WIDTH: that many or more) that begin with a prefix, and how dense they lie there."""

    length: int
    prefix: bytes
    density: float


@dataclass(frozen=True, slots=True)
class Space:
    """How likely it is that a number which looks like ours is ours.

    nodes  in no order; the longest prefix that a form has decides
    """

    nodes: tuple[_Node, ...] = ()

    @classmethod
    def learn(cls, forms: Sequence[bytes], total: int | None = None, *, checked: bool = True) -> Self:
        """The space of forms, of which there are `total` (all, unless they are a sample).

        checked  whether the last character may follow from the others
        0.3 s for 65,536 forms of twelve characters, one core.
        """
        scale = (total or len(forms)) / max(1, len(forms))
        by_length: dict[int, list[bytes]] = {}
        for form in set(forms):
            by_length.setdefault(min(len(form), WIDTH), []).append(form)
        return cls(
            tuple(
                node
                for length, own in sorted(by_length.items())
                if len(own) >= FEWEST
                for node in _learn(length, own, scale, checked)
            )
        )

    @property
    def known(self) -> bool:
        """Whether enough forms were there to learn anything."""
        return bool(self.nodes)

    def to_bytes(self) -> bytes:
        """The space in a form that `from_bytes` reads."""
        return zlib.compress(msgspec.msgpack.encode(self.nodes), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A space from what `to_bytes` gave; nothing was learnt where there is nothing.

        Raises ValueError where the bytes are damaged.
        """
        if not data:
            return cls()
        try:
            return cls(msgspec.msgpack.decode(zlib.decompress(data), type=tuple[_Node, ...]))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ValueError("damaged space") from error

    def density(self, forms: Sequence[bytes]) -> F64:
        """For each form, registered forms per possible one where it lies, in (0, 1].

        Forms may be cut to WIDTH bytes. Where nothing was learnt it is 1: a hit there says nothing.
        """
        known = {(node.length, node.prefix): node.density for node in self.nodes}
        depths: dict[int, list[int]] = {}
        for length, depth in sorted({(node.length, len(node.prefix)) for node in self.nodes}, reverse=True):
            depths.setdefault(length, []).append(depth)
        return np.array([_density(form, known, depths) for form in forms], dtype=np.float64)


def _density(
    form: bytes, known: Mapping[tuple[int, bytes], float], depths: Mapping[int, Sequence[int]]
) -> float:
    length = min(len(form), WIDTH)
    for depth in depths.get(length, ()):
        if (found := known.get((length, form[:depth]))) is not None:
            return found
    return 1.0


class _Level(NamedTuple):
    """Runs of sorted forms that share a prefix: where each begins, how many it holds, bits of what could
    follow."""

    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]
    bits: F64


def _learn(length: int, forms: Sequence[bytes], scale: float, checked: bool) -> list[_Node]:
    """The nodes of different forms of one length, those of alike density joined."""
    width = min(_LONGEST, max(map(len, forms)))
    table = np.sort(np.array(forms, dtype=f"S{width}"))
    chars = table.view(np.uint8).reshape(len(table), width)
    alphabets = _alphabets(chars)
    levels = list(_levels(chars, min(length, width), alphabets))
    local = _local(levels, scale)
    if checked and (known := _check_digit(chars, float(alphabets[-1]), float(local.mean()) / scale)):
        levels = [level._replace(bits=np.maximum(0.0, level.bits - known)) for level in levels]
        local = _local(levels, scale)
    return _nodes(length, chars, levels, local, scale)


def _local(levels: Sequence[_Level], scale: float) -> F64:
    """Per form how dense the smallest run of at least _LOCAL is that it is in."""
    local = np.ones(int(levels[0].sizes.sum()))
    for level in levels:
        own = np.repeat(np.minimum(1.0, level.sizes * scale / 2.0**level.bits), level.sizes)
        local = np.where(np.repeat(level.sizes >= _LOCAL, level.sizes), own, local)
    return local


def _alphabets(chars: NDArray[np.uint8]) -> F64:
    """Bits of each position, at most: different characters there, where enough forms were seen."""
    if len(chars) < _MANY:
        return np.full(chars.shape[1], np.inf)
    return np.log2([max(1, len(set(column.tolist()))) for column in chars.T])


def _check_digit(chars: NDArray[np.uint8], most: float, density: float) -> float:
    """Bits to be taken off since the last character may follow from the others; 0 where it does not.

    Numbers that a check digit ends never differ in nothing but that; others do as often as they lie dense.
    Where they lie so thin that it cannot be told, it is taken for a check digit.
    """
    last = min(most, float(_BITS[np.bitwise_or.reduce(_SORT[chars[:, -1]])]))
    neighbours = np.count_nonzero((chars[1:, :-1] == chars[:-1, :-1]).all(axis=1))
    awaited = len(chars) * (2.0**last - 1) * density / 2
    return 0.0 if neighbours >= 5 and neighbours >= awaited / 4 else last


def _levels(chars: NDArray[np.uint8], deepest: int, alphabets: F64) -> Iterator[_Level]:
    """One level per length of prefix, until no run is large enough to tell anything."""
    sorts = _SORT[chars]
    differ = chars[1:] != chars[:-1]
    shared = np.where(differ.any(axis=1), differ.argmax(axis=1), chars.shape[1])
    for depth in range(deepest):
        starts = np.concatenate([[0], np.flatnonzero(shared < depth) + 1])
        sizes = np.diff(np.append(starts, len(chars)))
        if np.max(sizes) < _LOCAL:
            return
        seen = np.bitwise_or.reduceat(sorts[:, depth:], starts, axis=0)
        least = np.minimum.reduceat(chars[:, depth:], starts, axis=0)
        most = np.maximum.reduceat(chars[:, depth:], starts, axis=0)
        bits = np.minimum(_BITS[seen], alphabets[depth:])
        yield _Level(starts, sizes, np.where(least == most, 0.0, bits).sum(axis=1))


def _nodes(
    length: int, chars: NDArray[np.uint8], levels: Sequence[_Level], local: F64, scale: float
) -> list[_Node]:
    """Deepest first: a run keeps those of its parts that lie much denser or thinner than its rest.

    The density of a run is the mean of what each of its forms, but for those in the parts kept, finds round
    itself among the fewest neighbours that say anything: a few consecutive numbers in a wide space are dense.
    """
    kept: list[_Node] = []
    below: list[tuple[int, int, _Node, bool]] = []  # first, number of forms, node, has no parts
    for depth in range(len(levels) - 1, -1, -1):
        level, here = levels[depth], []
        inside = iter(below)
        part = next(inside, None)
        for start, size, bits in zip(*(column.tolist() for column in level), strict=True):
            if size < FEWEST:
                continue
            parts = []
            while part is not None and part[0] < start + size:
                parts.append(part)
                part = next(inside, None)
            whole = len(parts) == 1 and parts[0][1] == size
            if whole and depth:
                here += parts
                continue
            prefix = chars[start, :depth].tobytes()
            least = scale / 2.0**bits
            mean = float(local[start : start + size].mean())
            alike = [size * scale / 2.0**bits, *(node.density if leaf else 0.0 for _, _, node, leaf in parts)]
            if not parts or (not whole and max(alike) <= mean * _ALIKE and min(alike) >= mean / _ALIKE):
                here.append((start, size, _Node(length, prefix, min(1.0, max(mean, least))), True))
                continue
            kept += [node for _, _, node, _ in parts]
            rest = np.ones(size, dtype=np.bool_)
            for first, count, _, _ in parts:
                rest[first - start : first - start + count] = False
            own = local[start : start + size][rest]
            density = max(float(own.mean()), least) if len(own) else least
            here.append((start, size, _Node(length, prefix, min(1.0, density)), False))
        below = here
    return kept + [node for _, _, node, _ in below]
