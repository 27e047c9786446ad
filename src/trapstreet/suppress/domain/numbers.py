"""Exports of tables that refer to customers, told by their own numbers: orders by the order number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.fold import header_words
from trapstreet.core.model.table import Row, cell_text
from trapstreet.index.runs import among
from trapstreet.suppress.domain.finder import quick_record_ids

U64 = NDArray[np.uint64]

TOLD_BY = "number"
"""What rows are told apart by where nothing but a linked table's number tells."""

_BARE = 0.1  # share of bare numbers up to which a column holds codes


class Look(Protocol):
    """Finds decoys in rows of an export."""

    def look(self, rows: Sequence[Row]) -> tuple[U64, list[int]]:
        """The keyed hash of who each row is, of rows that say so; and where the decoys are, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """The columns of an export, by their positions, that hold a key of a linked table, and which."""

    positions: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The same with the hashes, ascending, that decoys' rows have there."""

    positions: tuple[int, ...]
    known: U64 = field(repr=False)


class NumberFinder:
    """Finds the rows of decoys by the numbers that they have in linked tables. 0.5 µs a row for each key."""

    def __init__(self, numbers: Sequence[Numbers], *, key: bytes) -> None:
        """numbers  at least one; the first tells rows apart;  key  of the hashes"""
        self._numbers = numbers
        self._key = key

    def look(self, rows: Sequence[Row]) -> tuple[U64, list[int]]:
        """As `Look` has it; a row without the first number says of none who it is."""
        hashes = [self._hashes(each, rows) for each in self._numbers]
        hits = [among(own, each.known) for own, each in zip(hashes, self._numbers, strict=True)]
        said = np.ones(len(rows), dtype=np.bool_)
        for at in self._numbers[0].positions:
            said &= np.array([row[at] not in (None, "") for row in rows], dtype=np.bool_)
        return hashes[0][said], np.flatnonzero(np.logical_or.reduce(hits)).tolist()

    def _hashes(self, numbers: Numbers, rows: Sequence[Row]) -> U64:
        return quick_record_ids(self._key, [list(map(itemgetter(at), rows)) for at in numbers.positions])


class WithNumbers:
    """What another way finds, and by number rows in which no e-mail address or phone number stands.

    These count by their number as rows that were given: whoever asks about numbers alone is noticed too.
    """

    def __init__(self, finder: Look, numbers: NumberFinder, contacts: Sequence[int]) -> None:
        """contacts  positions of e-mail addresses and phone numbers"""
        self._finder = finder
        self._numbers = numbers
        self._contacts = contacts

    def look(self, rows: Sequence[Row]) -> tuple[U64, list[int]]:
        """As `Look` has it."""
        told, decoys = self._finder.look(rows)
        silent = [at for at, row in enumerate(rows) if not self._contacted(row)]
        numbers, hits = self._numbers.look([rows[at] for at in silent])
        return np.concatenate([told, numbers]), sorted({*decoys, *(silent[at] for at in hits)})

    def _contacted(self, row: Row) -> bool:
        return any((cell_text(row[at]) or "").strip() for at in self._contacts)


def told_by_numbers(
    header: Sequence[str],
    sample: Sequence[Row],
    keys: Sequence[tuple[str, ...]],
    *,
    renamed: Mapping[str, str],
) -> list[Told]:
    """Which columns of an export hold keys of linked tables, those that the user names first.

    keys     the columns of each, like orders.number;  renamed  names in the export by these
    Any other is told by its name, but not where it holds bare numbers: those of an invoice may be called as
    those of an order are.
    """
    named, likely = [], []
    for names in keys:
        if set(names) <= set(renamed):
            named.append(Told(tuple(header.index(renamed[name]) for name in names), names))
        elif (meant := spelled_alike(header, names)) and not any(_bare(sample, at) for at in meant):
            likely.append(Told(meant, names))
    return named + likely


def spelled_alike(header: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    """Where an export has columns that are called like those of a linked table; () unless it has all."""
    spelled = {header_words(name): at for at, name in reversed(list(enumerate(header)))}
    meant = [spelled.get(header_words(name.partition(".")[2])) for name in names]
    return tuple(at for at in meant if at is not None) if None not in meant else ()


def _bare(sample: Sequence[Row], at: int) -> bool:
    cells = [text.strip() for row in sample if (text := cell_text(row[at]))]
    return sum(map(str.isdigit, cells)) > _BARE * len(cells)
