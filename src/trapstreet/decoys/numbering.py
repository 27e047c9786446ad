"""The grammar of reference numbers: running numbers between fixed parts, random codes, and what is free."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import log2, prod
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.table import Cell, cell_text
from trapstreet.decoys.checks import Check, learn_check
from trapstreet.decoys.sampling import Pool

_MOST_GROUPS = 256
_MANY_GROUPS = 3  # fixed parts from which on numbers in several groups of digits are read as one
_SHARE = 0.05  # of the cells that a group of equal fixed parts must hold
_KEPT_GROUPS = 8
_MOST_DIGITS = 18
_NEARLY_ALL = 0.95  # of the cells whose digits stand in the same groups
_NO_DIGITS = re.compile(r"[^0-9]+")
_HASHED = str.maketrans("0123456789", "#" * 10)
_ROOM = 16  # free numbers per decoy that a place must offer, so that later copies find some too

Fixed = tuple[str, str]
"""What stands before and after the running number."""


@dataclass(frozen=True)
class Running:
    """Numbers between fixed parts: "TS-" 0012345 "/IE". `numbers` are those in use, ascending, distinct.

    template  of numbers whose digits stand in groups: "###-####-#"; "" else
    """

    fixed: Fixed
    width: int
    numbers: NDArray[np.int64] = field(repr=False)
    template: str = ""

    def written(self, number: int) -> str:
        if self.template:
            digits = iter(f"{number:0{self.template.count('#')}d}")
            return "".join(next(digits) if mark == "#" else mark for mark in self.template)
        return f"{self.fixed[0]}{number:0{self.width}d}{self.fixed[1]}"

    @cached_property
    def gaps(self) -> "Gaps":
        return Gaps(self)

    def pools(self, count: int) -> Iterator[tuple[Pool, bool]]:
        """Where `count` numbers may be drawn from, the best place first, and whether that is beyond the end.

        Between the numbers in use; after the last one with as many digits; with one digit more, which is as
        far as the shape that the column's numbers are found by may reach.
        """
        last = int(self.numbers[-1])
        digits = max(self.width, len(str(last)))
        longest = digits if self.template else digits + 1
        span = max(4 * len(self.numbers), 1024 * count, 1 << 17)
        after = [Beyond(self, min(span, 10**width - 1 - last)) for width in range(digits, longest + 1)]
        if self.gaps.size >= _ROOM * count:
            yield self.gaps, False
        yield from ((pool, True) for pool in after if pool.size >= _ROOM * count)


class Gaps:
    """The free numbers between those in use. Of an unusually long gap only the beginning counts."""

    def __init__(self, running: Running) -> None:
        self._running = running
        steps = np.diff(running.numbers)
        longest = 64 * int(np.median(steps)) if len(steps) else 0
        self._ends = np.cumsum(np.minimum(steps - 1, longest))

    @property
    def size(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def text(self, index: int) -> str:
        gap = int(np.searchsorted(self._ends, index, side="right"))
        before = int(self._ends[gap - 1]) if gap else 0
        return self._running.written(int(self._running.numbers[gap]) + 1 + index - before)


@dataclass(frozen=True)
class Beyond:
    """The `size` numbers after the last one in use."""

    running: Running
    size: int

    def text(self, index: int) -> str:
        return self.running.written(int(self.running.numbers[-1]) + 1 + index)


@dataclass(frozen=True)
class Codes:
    """Codes of one length, like UUIDs: for each position the characters that the table has there."""

    positions: tuple[str, ...] = field(repr=False)

    @property
    def size(self) -> int:
        return prod(len(characters) for characters in self.positions)

    def text(self, index: int) -> str:
        written = []
        for characters in self.positions:
            index, at = divmod(index, len(characters))
            written.append(characters[at])
        return "".join(written)

    def pools(self, count: int) -> Iterator[tuple[Pool, bool]]:
        yield self, False


@dataclass(frozen=True)
class Numbering:
    """How one column numbers its rows.

    groups      the grammars in use, with the share of rows that each has (running sums)
    split       finds the running number in a text; None for codes
    typical     a cell of the column, for its type
    check       what its last digits prove
    """

    column: int
    groups: tuple[Running | Codes, ...]
    shares: tuple[int, ...]
    split: re.Pattern[str] | None
    typical: Cell = field(repr=False)
    check: Check | None = None

    def step(self, group: Running) -> int:
        """By what a number of the group is divided to be without check digits; 1 where it has none."""
        checked = self.check and self.check(group.written(int(group.numbers[0])))
        return 10**self.check.digits if self.check and checked else 1

    def completed(self, group: Running, number: int) -> str | None:
        """A number that lacks the group's check digits, written with them; None where no digits are right."""
        step = self.step(group)
        if step == 1 or self.check is None:
            return group.written(number)
        return next(filter(self.check, (group.written(step * number + end) for end in range(step))), None)

    def group_of(self, cell: Cell) -> int | None:
        """The grammar that a cell follows."""
        text = (cell_text(cell) or "").strip()
        for at, group in enumerate(self.groups):
            if isinstance(group, Codes):
                if _outline(text) == _outline(group.text(0)):
                    return at
            elif group.template:
                if text.translate(_HASHED) == group.template:
                    return at
            elif self.split and (match := self.split.fullmatch(text)) and group.fixed == (match[1], match[3]):
                return at
        return None

    def number(self, cell: Cell) -> int | None:
        """The running number in a cell."""
        place = self.place(cell)
        return place and place[1]

    def place(self, cell: Cell) -> tuple[str, int] | None:
        """What stands before the running number, and the number."""
        text = (cell_text(cell) or "").strip()
        if isinstance(first := self.groups[0], Running) and first.template:
            return ("", joined(text)) if text.translate(_HASHED) == first.template else None
        match = self.split.fullmatch(text) if self.split else None
        return (match[1], int(match[2])) if match else None

    def rank(self, cell: Cell, *, by_number: bool) -> float:
        """The share in [0, 1] of the column's cells below this one, by number or by what precedes it too."""
        own = self.place(cell) or ("", 0)
        running = [group for group in self.groups if isinstance(group, Running)]
        below = 0
        for group in running:
            before = group.fixed[0]
            if by_number or before == own[0]:
                below += int(np.searchsorted(group.numbers, own[1]))
            elif before < own[0]:
                below += len(group.numbers)
        return below / max(1, sum(len(group.numbers) for group in running))


class NumberingBuilder:
    """Learns one column's numbering in a stream; 8 bytes a row."""

    def __init__(self, column: int) -> None:
        self._column = column
        self._split: re.Pattern[str] | None = None
        self._groups: dict[Fixed, array[int]] = {}
        self._padded: dict[Fixed, set[int]] = {}
        self._seen = 0
        self._typical: Cell = None
        self._template = ""
        self._joined: array[int] = array("q")

    def observe(self, cells: Sequence[Cell]) -> list[tuple[str, int] | None]:
        """Take in a batch; for each cell what stands before its running number, and the number."""
        present = [cell for cell in cells if cell is not None and cell != ""]
        if present and self._typical is None:
            self._typical = present[0]
            texts = [(cell_text(cell) or "").strip() for cell in present]
            self._split, self._template = _splitter(texts), _template(texts)
        self._seen += len(present)
        if self._template:
            written = [cell.strip() for cell in present if isinstance(cell, str)]
            self._joined.extend(joined(text) for text in written if text.translate(_HASHED) == self._template)
        if self._split is None or len(self._groups) > _MOST_GROUPS:
            return [None] * len(cells)
        return [self._take(cell, self._split) for cell in cells]

    def _take(self, cell: Cell, split: re.Pattern[str]) -> tuple[str, int] | None:
        match = split.fullmatch((cell_text(cell) or "").strip())
        if match is None:
            return None
        before, digits, after = match[1], match[2], match[3]
        number = int(digits)
        fixed = (before, after)
        if fixed not in self._groups:
            self._groups[fixed] = array("q")
            self._padded[fixed] = set()
        self._groups[fixed].append(number)
        if digits[0] == "0":
            self._padded[fixed].add(len(digits))
        return before, number

    def finish(self, sample: Sequence[Cell]) -> Numbering | None:
        """The numbering, from all running numbers or a sample of codes; None if values repeat often."""
        texts = [text for cell in sample if (text := (cell_text(cell) or "").strip())]
        check = learn_check(texts)
        running = sorted(self._groups.items(), key=lambda item: -len(item[1]))
        big = [(fixed, numbers) for fixed, numbers in running if len(numbers) >= _SHARE * self._seen]
        big = big[:_KEPT_GROUPS]
        covered = sum(len(numbers) for _, numbers in big)
        whole = len(self._joined) >= _NEARLY_ALL * self._seen > 0
        apart = len(self._groups) < _MANY_GROUPS or not whole
        if self._seen and apart and len(self._groups) <= _MOST_GROUPS and covered >= 0.5 * self._seen:
            groups = [self._running(fixed, numbers) for fixed, numbers in big]
            if 4 * sum(len(group.numbers) for group in groups) < covered:
                return None
            shares = np.cumsum([len(numbers) for _, numbers in big]).tolist()
            return Numbering(self._column, tuple(groups), tuple(shares), self._split, self._typical, check)
        if whole:
            numbers = np.unique(np.frombuffer(self._joined, dtype=np.int64))
            group = Running(("", ""), self._template.count("#"), numbers, self._template)
            if 4 * len(numbers) >= len(self._joined):
                return Numbering(self._column, (group,), (1,), self._split, self._typical, check)
        return self._codes(texts, check)

    def _running(self, fixed: Fixed, numbers: "array[int]") -> Running:
        return Running(
            fixed, max(self._padded[fixed], default=0), np.unique(np.frombuffer(numbers, dtype=np.int64))
        )

    def _codes(self, texts: Sequence[str], check: Check | None) -> Numbering | None:
        if not texts or 2 * len(set(texts)) < len(texts):
            return None
        outlines = Counter(map(_outline, texts))
        common = [
            (outline, n) for outline, n in outlines.most_common(_KEPT_GROUPS) if n >= _SHARE * len(texts)
        ]
        common = common or outlines.most_common(1)
        groups = []
        for outline, _ in common:
            alike = [text for text in texts if _outline(text) == outline]
            groups.append(
                Codes(tuple("".join(sorted(set(characters))) for characters in zip(*alike, strict=True)))
            )
        shares = np.cumsum([n for _, n in common]).tolist()
        return Numbering(self._column, tuple(groups), tuple(shares), None, self._typical, check)


def pool_bits(pool: Pool) -> float:
    """Bits of a uniform draw from the pool, read without letter case."""
    if isinstance(pool, Codes):
        return sum(_position_bits(characters) for characters in pool.positions)
    return log2(max(1, pool.size))


def _position_bits(characters: str) -> float:
    return log2(len(characters) / max(Counter(characters.upper()).values()))


def joined(text: str) -> int:
    """All digits of a text as one number; 0 where it has none."""
    return int(_NO_DIGITS.sub("", text) or "0")


def _template(texts: Sequence[str]) -> str:
    """The one way in which texts of several groups of digits are written; "" where there are more ways."""
    templates = {text.translate(_HASHED) for text in texts}
    only = templates.pop() if len(templates) == 1 else ""
    return only if len(re.findall("#+", only)) > 1 and only.count("#") <= _MOST_DIGITS else ""


def _splitter(texts: Sequence[str]) -> re.Pattern[str] | None:
    """Divides a text around the run of digits that varies most, counted from the end."""
    runs = [re.findall(r"\d+", text) for text in texts]
    most = min(4, max(map(len, runs), default=0))
    variety = [len({found[-1 - place] for found in runs if len(found) > place}) for place in range(most)]
    if not variety:
        return None
    place = max(range(most), key=lambda at: (variety[at], -at))
    return re.compile(rf"(?s:(.*?))(?<!\d)(\d{{1,{_MOST_DIGITS}}})(?!\d)((?:\D+\d+){{{place}}}\D*)")


def _outline(text: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """What codes of one kind share: their length, and what stands in them beside letters and digits."""
    return len(text), tuple((at, character) for at, character in enumerate(text) if not character.isalnum())


def retyped(text: str, like: Cell) -> Cell:
    """The text as a cell of the type of `like`."""
    match like:
        case int():
            return int(text)
        case float():
            return float(text)
        case Decimal():
            return Decimal(text)
        case UUID():
            return UUID(text)
        case bytes():
            return bytes.fromhex(text)
    return text
