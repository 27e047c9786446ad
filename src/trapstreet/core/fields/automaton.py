"""The shapes of codes (shapes.py) as one deterministic automaton over bytes.

All shapes of a kind are followed at once: a matcher looks up one transition per byte. The automaton says
where a code ends and by which shapes it is accepted; what follows from that is said in codes.py.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LONGEST_LITERAL = 32
"""Letters of a literal that digits alone are tried with."""

MOST_LITERALS = 8
"""Literals that digits alone are tried with."""

_MOST_BYTES = 512  # letters and digits of a code; learnt shapes have at most 64
_MOST_STATES, _MOST_ENDINGS = 65_535, 256
_MOST_BACK = 8  # runs of letters that are worth walking back over
_GAP = 3  # separators that may stand between two tokens
_LONG_RUN = 31  # digits from which a run's length is no longer told apart

_DIGITS, _UPPER = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _UPPER + _UPPER.lower()
_BYTES = {"D": _DIGITS, "A": _LETTERS, "H": _DIGITS + b"ABCDEFabcdef", "X": _DIGITS + _LETTERS}
_SEPARATORS = b"-_/.#: "
_NO_BREAK_SPACE = (b"\xc2", b"\xa0")
_SHAPE_TOKEN = re.compile(r"=([A-Z]+)|([DAHX])([1-9][0-9]*)(?:-([1-9][0-9]*))?")


class ShapeToken(NamedTuple):
    """One token of a shape: a literal, or `least` to `most` bytes of a class D, A, H or X."""

    literal: bytes
    letter: str
    least: int
    most: int


class Ending(NamedTuple):
    """What a code is that ends in a state.

    whole     some shape accepts it from its first token to its last
    covers    … and that shape's literal is optional: the digits in it are no other code
    literals  of the shapes that accept it without their literal
    """

    whole: bool
    covers: bool
    literals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """Transitions of all shapes; state 0 is dead, 1 the start.

    classes       256 bytes: each byte's class
    delta         u16, shape (states, classes): the next state
    accept        u8, one per state: index into `endings`; endings[0] is no acceptance
    longest       bytes that a match has at most
    back          runs of letters that can stand before the first digit of a code; -1 if a code can have no
                  digit, or letters and digits mixed before the first token of digits
    first_digits  bit L is set if the first run of digits in a code can have L digits, bit 31 for 31 and more
    """

    classes: bytes
    delta: NDArray[np.uint16]
    accept: NDArray[np.uint8]
    endings: tuple[Ending, ...]
    longest: int
    back: int
    first_digits: int

    def ends(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], int, NDArray[np.uint8]]]:
        """Yield (starts, length, endings) of the codes that begin at the starts, the shorter first.

        All starts advance together: O(len(starts) × longest), far less where they soon meet no shape.
        """
        classes = np.frombuffer(self.classes, dtype=np.uint8)[data]
        states = np.ones(len(starts), dtype=np.uint16)
        for length in range(1, self.longest + 1):
            inside = starts + length <= len(data)
            starts, states = starts[inside], states[inside]
            states = self.delta[states, classes[starts + length - 1]]
            alive = states > 0
            starts, states = starts[alive], states[alive]
            if not len(starts):
                return
            met = self.accept[states]
            if met.any():
                yield starts[met > 0], length, met[met > 0]


def read_shape(shape: str) -> tuple[ShapeToken, ...]:
    """The tokens of a shape. Raises ValueError where it is none."""
    matches = [_SHAPE_TOKEN.fullmatch(token) for token in shape.split()]
    if not matches or None in matches:
        raise ValueError("a shape is made of =LETTERS and of D, A, H or X with a length")
    return tuple(
        ShapeToken(match[1].encode(), "", len(match[1]), len(match[1]))
        if match[1]
        else ShapeToken(b"", match[2], int(match[3]), int(match[4] or match[3]))
        for match in matches
        if match
    )


def literal_is_optional(tokens: Sequence[ShapeToken]) -> bool:
    """Whether a shape is a literal with at least six digits and nothing else: digits that identify alone."""
    literal, *rest = tokens
    digits = sum(t.least for t in rest)
    return 0 < len(literal.literal) <= LONGEST_LITERAL and digits >= 6 and all(t.letter == "D" for t in rest)


@lru_cache(maxsize=64)
def automaton(shapes: tuple[str, ...]) -> Automaton:
    """The automaton of some shapes; a millisecond for a few, seconds for hundreds of variable ones.

    Raises ValueError for what is no shape, and where the shapes need more than 65,535 states or 255 endings.
    """
    read = [read_shape(shape) for shape in dict.fromkeys(shapes)]
    if any(sum(token.most for token in tokens) > _MOST_BYTES for tokens in read):
        raise ValueError("a shape has too many letters and digits")
    nodes = _Nodes()
    for tokens in read:
        optional = literal_is_optional(tokens)
        nodes.add(tokens, (True, optional, b""))
        if optional:
            nodes.add(tokens[1:], (False, False, tokens[0].literal))
    classes, samples = _classes(nodes)
    delta, endings_met = _determined(nodes, samples)
    endings = (Ending(False, False, ()), *dict.fromkeys(ending for ending in endings_met if ending))
    if len(endings) > _MOST_ENDINGS:
        raise ValueError("the shapes end in too many ways")
    accept = np.array([endings.index(ending) if ending else 0 for ending in endings_met], dtype=np.uint8)
    return Automaton(
        classes,
        delta,
        accept,
        endings,
        longest=max((_longest(tokens) for tokens in read), default=0),
        back=_back(read),
        first_digits=_first_digits(delta, accept, classes),
    )


class _Nodes:
    """The automaton before it is made deterministic: sets of nodes are bits of integers.

    steps  per node {bytes that lead on: the nodes they lead to}; skips: nodes that are reached with none
    """

    def __init__(self) -> None:
        self.steps: list[dict[bytes, int]] = [{}]
        self.skips: list[int] = [0]
        self.marks: dict[int, tuple[bool, bool, bytes]] = {}
        self.marked = 0

    def add(self, tokens: Sequence[ShapeToken], mark: tuple[bool, bool, bytes]) -> None:
        """A chain of nodes from the start through the tokens to a node with the mark."""
        at = 0
        for place, token in enumerate(tokens):
            at = self._token(self._gap(at) if place else at, token)
        self.marks[at] = mark
        self.marked |= 1 << at

    def moved(self, node: int, byte: int) -> int:
        """The nodes that the byte leads to, with those behind them."""
        reached = 0
        for through, leads in self.steps[node].items():
            reached |= leads if byte in through else 0
        return self.closed(reached)

    def _token(self, at: int, token: ShapeToken) -> int:
        exits = []
        for place in range(token.most):
            byte = token.literal[place : place + 1]
            at = self._step(at, byte + byte.lower() if byte else _BYTES[token.letter])
            if place + 1 >= token.least:
                exits.append(at)
        return self._joined(exits)

    def _gap(self, at: int) -> int:
        exits = [at]
        for _ in range(_GAP):
            wide = self._step(at, _NO_BREAK_SPACE[0])
            at = self._step(at, _SEPARATORS)
            self.steps[wide][_NO_BREAK_SPACE[1]] = 1 << at
            exits.append(at)
        return self._joined(exits)

    def _new(self) -> int:
        self.steps.append({})
        self.skips.append(0)
        return len(self.steps) - 1

    def _step(self, at: int, through: bytes) -> int:
        new = self._new()
        self.steps[at][through] = self.steps[at].get(through, 0) | 1 << new
        return new

    def _joined(self, exits: Sequence[int]) -> int:
        """One node behind all exits."""
        new = self._new()
        for node in exits:
            self.skips[node] |= 1 << new
        return new

    def closed(self, nodes: int) -> int:
        """The nodes with those that are reached from them with no byte; a node skips only to later ones."""
        found = nodes
        while nodes:
            reached = 0
            for node in _bits(nodes):
                reached |= self.skips[node]
            nodes = reached & ~found
            found |= reached
        return found


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def _classes(nodes: _Nodes) -> tuple[bytes, list[int]]:
    """Each byte's class, and one byte of each class: bytes that no step tells apart are one class."""
    groups = sorted({_DIGITS}.union(*nodes.steps))
    signs = [tuple(byte in group for group in groups) for byte in range(256)]
    numbers = {sign: number for number, sign in enumerate(dict.fromkeys(signs))}
    classes = bytes(numbers[sign] for sign in signs)
    return classes, [classes.index(number) for number in range(len(numbers))]


def _determined(nodes: _Nodes, samples: Sequence[int]) -> tuple[NDArray[np.uint16], list[Ending | None]]:
    """The transitions between sets of nodes, by class, and the ending of each set."""
    moves = [[nodes.moved(node, byte) for byte in samples] for node in range(len(nodes.steps))]
    states = {0: 0, nodes.closed(1): 1}
    order = list(states)
    delta: list[list[int]] = []
    for current in order:
        row = [0] * len(samples)
        for node in _bits(current):
            row = [reached | more for reached, more in zip(row, moves[node], strict=True)]
        for reached in row:
            if reached not in states:
                states[reached] = len(states)
                order.append(reached)
        if len(states) > _MOST_STATES:
            raise ValueError("the shapes need too many states")
        delta.append([states[reached] for reached in row])
    return np.array(delta, dtype=np.uint16), [_ending(nodes, current) for current in order]


def _ending(nodes: _Nodes, current: int) -> Ending | None:
    marks = [nodes.marks[node] for node in _bits(current & nodes.marked)]
    if not marks:
        return None
    literals = dict.fromkeys(literal for whole, _, literal in marks if not whole)
    return Ending(
        any(whole for whole, _, _ in marks),
        any(optional for _, optional, _ in marks),
        tuple(literals)[:MOST_LITERALS],
    )


def _longest(tokens: Sequence[ShapeToken]) -> int:
    gaps = _GAP * len(b"".join(_NO_BREAK_SPACE)) * (len(tokens) - 1)
    return sum(token.most for token in tokens) + gaps


def _back(shapes: Sequence[Sequence[ShapeToken]]) -> int:
    runs = []
    for tokens in shapes:
        before = next((at for at, t in enumerate(tokens) if t.letter and t.letter != "A"), len(tokens))
        if before == len(tokens) or tokens[before].letter != "D":
            return -1
        runs.append(before)
    return max(runs, default=0) if max(runs, default=0) <= _MOST_BACK else -1


def _first_digits(delta: NDArray[np.uint16], accept: NDArray[np.uint8], classes: bytes) -> int:
    digits = {classes[byte] for byte in _DIGITS}
    others = sorted(set(classes) - digits)
    before = {1}
    fresh = before
    while fresh:  # all states that are reached without a digit
        fresh = {int(state) for state in np.unique(delta[sorted(fresh)][:, others])} - {0} - before
        before |= fresh
    found, current, length = 0, before, 0
    while current:
        current = {int(s) for s in np.unique(delta[sorted(current)][:, sorted(digits)])} - {0}
        length += 1
        ends = any(accept[state] or delta[state, others].any() for state in current)
        found |= ends << min(length, _LONG_RUN)
    return found
