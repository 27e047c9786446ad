"""Phone cells that are drawn to be overlooked: the owner's numbers, begun and written as the donors' are."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2
from statistics import median

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import retyped
from trapstreet.decoys.phones import (
    PhoneNumbers,
    PhoneStyle,
    fictional_numbers,
    owned_numbers,
    written_number,
)
from trapstreet.decoys.sampling import uniform

_LISTED = 1 << 16  # numbers of the owner that are looked at, at most
_Signs = tuple[bool, frozenset[str]]
_SHARED = 64  # numbers of the sample that half of them have a beginning in common with
_LONGEST = 6  # digits that a number has in common with the donor's where possible


class LikelyPhones:
    """Draws the phone numbers of planted decoys, column by column."""

    def __init__(
        self, model: TableModel, ranges: Sequence[str], *, owners: Ownership, draws: KeyedDraws
    ) -> None:
        self._model = model
        self._owned = owned_numbers(ranges) if ranges else None
        self._owners = owners
        self._draws = draws
        self._given: set[str] = set()
        self.notes: list[str] = []
        self.strippable: list[str] = []

    def fillings(self, at: int, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor: empty where the donor's is, or where no more numbers are to be had."""
        model, style, name = self._model, self._model.phones[at], self._model.columns[at].name
        pool = self._owned or fictional_numbers(style)
        longest = _longest(written_number(cell_text(row[at]) or "", style.region) for row in model.sample)
        ready = _ByBeginning(self._free(at, pool), longest, self._draws)
        layouts = _Layouts((cell_text(row[at]) or "" for row in model.sample), style.region, self._draws)
        filled, missing = [], 0
        for donor in donors:
            filling = Filling({at: model.blanks[at]})
            if donor[at] not in (None, "") or at in model.key:
                found = ready.take(written_number(cell_text(donor[at]) or "", style.region))
                missing += found is None
                if found:
                    self._given.add(found[0])
                    drawn = (Draw(f"number in {name}", log2(found[1])),)
                    cell = self._written(found[0], style, donor[at], layouts)
                    filling = Filling({at: cell}, drawn, {at: (0,)})
            filled.append(filling)
        self._say(at, missing=missing)
        return filled

    def _free(self, at: int, pool: PhoneNumbers) -> list[str]:
        """Numbers of the pool that nobody has, in random order."""
        if pool.size <= _LISTED:
            numbers = list(pool.texts())
        else:
            numbers = sorted({pool.text(uniform(pool.size, self._draws)) for _ in range(_LISTED)})
        for n in range(len(numbers) - 1, 0, -1):
            other = self._draws.below(n + 1)
            numbers[n], numbers[other] = numbers[other], numbers[n]
        rows = [("+" + number.replace(" ", ""),) for number in numbers]
        free = self._owners.free([at], rows, (Kind.PHONE,))
        return [n for n, one in zip(numbers, free, strict=True) if one and n not in self._given]

    def _written(self, number: str, style: PhoneStyle, like: Cell, layouts: "_Layouts") -> Cell:
        code, national = number.split(" ")
        text = style.write_like(layouts.like(number, cell_text(like) or ""), code, national, self._draws)
        return (
            text
            if isinstance(like, str) or like is None
            else retyped("".join(filter(str.isdigit, text)), like)
        )

    def _say(self, at: int, *, missing: int) -> None:
        name = self._model.columns[at].name
        if missing:
            self.notes.append(f"{missing} decoys have nothing in {name}: too few numbers are free")
        if self._owned is None:
            self.strippable.append(
                f"decoys have numbers reserved for fiction in {name}: name a range of yours in the settings"
            )


class _ByBeginning:
    """Numbers handed out once each, by how many of their first digits they share with another one.

    longest  so many digits at most are looked at
    """

    def __init__(self, numbers: Sequence[str], longest: int, draws: KeyedDraws) -> None:
        self._longest, self._draws = longest, draws
        self._left = set(numbers)
        self._groups: dict[str, list[str]] = {}
        self._stale: set[str] = set()
        for number in numbers:
            for length in range(longest + 1):
                self._groups.setdefault(_beginning(number, length), []).append(number)

    def take(self, like: str) -> tuple[str, int] | None:
        """A number that begins as another one does, and among how many it was drawn."""
        for length in range(self._longest, -1, -1) if like else (0,):
            beginning = _beginning(like, length)
            group = self._groups.get(beginning, [])
            if beginning in self._stale:
                group[:] = [number for number in group if number in self._left]
                self._stale.remove(beginning)
            if group:
                number, among = self._draws.choice(group), len(group)
                group.remove(number)
                self._left.remove(number)
                self._stale |= {_beginning(number, other) for other in range(self._longest + 1)} - {beginning}
                return number, among
        return None


class _Layouts:
    """How the table writes numbers, by their first digits: an area code stands apart from the rest."""

    def __init__(self, texts: Iterable[str], region: str, draws: KeyedDraws) -> None:
        self._region = region
        self._draws = draws
        self._found: dict[tuple[str, _Signs], list[str]] = {}
        for text in texts:
            if number := written_number(text, region):
                signs = _signs(text)
                for length in range(1, _LONGEST + 1):
                    self._found.setdefault((_beginning(number, length), signs), []).append(text)

    def like(self, number: str, donated: str) -> str:
        """A cell to be written like: the donor's if it begins as the number does, else one that does and
        has the donor's signs between its digits; the donor's where there is none."""
        own, signs = written_number(donated, self._region), _signs(donated)
        for length in range(_LONGEST, 0, -1):
            beginning = _beginning(number, length)
            if own.startswith(beginning):
                return donated
            if found := self._found.get((beginning, signs)):
                return self._draws.choice(found)
        return donated


def _signs(text: str) -> _Signs:
    """Whether a number is written with its country code, and with what between its digits."""
    return text.lstrip().startswith(("+", "00")), frozenset(re.sub(r"\d", "", text.strip()))


def _beginning(number: str, length: int) -> str:
    """The country code and so many digits of the national number; "" for none of them."""
    code, _, national = number.partition(" ")
    return f"{code} {national[:length]}" if length else ""


def _longest(numbers: Iterable[str]) -> int:
    """How many digits new numbers have in common with old ones: as many as are nobody's own.

    Of one length for all, or else numbers would be the rarer the fewer begin like them.
    """
    known = [number for number in numbers if number]
    shared = min(_SHARED, len(known) / 16)
    for length in range(_LONGEST, 0, -1):
        counts = Counter(_beginning(number, length) for number in known)
        if known and median(counts[_beginning(number, length)] for number in known) >= shared:
            return length
    return 0
