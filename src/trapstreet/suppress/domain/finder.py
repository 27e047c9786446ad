"""Which rows of an export are decoys, some hundred thousand rows a second."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import cast

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.core.ports import Keys
from trapstreet.index import DataSetIndex, DecoyRows, Fingerprinter, Living, Lookup, Matcher, living
from trapstreet.index.hashes import siphash24_joined
from trapstreet.index.runs import among, distinct
from trapstreet.registered.told import told_key, told_texts
from trapstreet.suppress.domain.alike import AlikeDecoys
from trapstreet.suppress.domain.columns import Reading

U64 = NDArray[np.uint64]

_USUAL_NUMBER = re.compile(rb"\+?\(?0+\)?(?:[ .\-/()]{1,3}0+){0,5}")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_PREFIXES = [chr(length) + "\0\0\0" for length in range(128)]
"""What stands before a cell of so many bytes in the form `key-1`."""

_TELLING = (Kind.EMAIL, Kind.PHONE, Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.REFERENCE)
_WITNESSES = {Kind.EMAIL, Kind.PHONE, Kind.NAME}


class Finder:
    """Finds the decoys of a data set in rows of an export.

    With the key in it, decoys are those that `DecoyRows` knows; without, also those that a phone number or a
    reference number of theirs gives away (`AlikeDecoys`). Every row is looked at quickly: its key's RecordId
    among those of decoys, its e-mail and phone cells in one text that the matcher searches for decoys alone.
    What is met there is looked at exactly; so are cells that the matcher may read otherwise than `register`.
    1 µs a row, and 50 µs for each decoy (one core; bench/suppress.py).
    """

    def __init__(self, index: DataSetIndex, read: Reading, *, keys: Keys, matcher: Matcher | None) -> None:
        """matcher  over `decoys_alone(index)`; None looks at every row exactly, some 25,000 a second"""
        columns = [each if each.kind in _TELLING else _passed_over(each) for each in read.columns]
        self._prints = Fingerprinter(index.data_set, columns, read.key, epoch=index.epoch, keys=keys)
        self._decoys = DecoyRows(index.copies)
        self._alike = None if read.key else AlikeDecoys(index)
        self._versions = index.versions
        self._ids = distinct(
            np.concatenate([np.empty(0, np.uint64), *(each.record_ids for each in index.copies.values())])
        )
        self._key = self._prints.key_positions
        self._record_key = keys.record_key(index.data_set)
        self._told_key = told_key(index.data_set, keys)
        self._told_at = self._key if read.key else read.places(Kind(read.told_by))[:1]
        self._matcher = matcher
        self._emails = read.places(Kind.EMAIL)
        self._phones = [] if read.key else read.places(Kind.PHONE)
        self._exact = matcher is None or (not read.key and bool(read.places(Kind.REFERENCE)))

    def look(self, rows: Sequence[Row]) -> tuple[U64, list[int]]:
        """The keyed hash of who each row is, of rows that say so; and where the decoys are, ascending."""
        if self._key:
            told = quick_record_ids(self._record_key, [list(map(itemgetter(at), rows)) for at in self._key])
            hit = among(told, self._ids)
        else:
            (at,) = self._told_at
            texts = told_texts([row[at] for row in rows])
            told, hit = quick_record_ids(self._told_key, [texts]), np.zeros(len(rows), dtype=np.bool_)
        suspects = np.arange(len(rows)) if self._exact else np.flatnonzero(hit | self._met(rows))
        return told, self._among(rows, suspects, told) if len(suspects) else []

    def _among(self, rows: Sequence[Row], suspects: NDArray[np.intp], told: U64) -> list[int]:
        prints = self._prints.fingerprints([rows[at] for at in suspects.tolist()])
        ids = told[suspects] if self._key else np.empty(0, dtype=np.uint64)
        found = set(self._decoys.copies(ids, prints))
        if (
            self._key and not prints.keys() & _WITNESSES
        ):  # a customer may have the number of a decoy that is gone
            found -= set(np.flatnonzero(self._living.find(ids)[1]).tolist())
        if self._alike:
            found |= self._alike.rows(prints)
        return sorted(suspects[list(found)].tolist())

    def _met(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        """Rows in which the matcher meets a value of a decoy, or that it may not read as they are meant."""
        met = np.zeros(len(rows), dtype=np.bool_)
        for at in self._emails:
            met |= self._met_in(_texts(rows, at), _unusual_emails)
        for at in self._phones:
            met |= self._met_in(_texts(rows, at), _unusual_numbers)
        return met

    def _met_in(self, texts: list[str], unusual: Callable[[list[str]], list[int]]) -> NDArray[np.bool_]:
        met = np.zeros(len(texts), dtype=np.bool_)
        odd = unusual(texts)
        met[odd] = True
        for at in odd:
            texts[at] = ""
        text = "\n".join(texts).encode()
        breaks = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
        for matches in self._matcher.matches([text]) if self._matcher else ():
            met[np.searchsorted(breaks, matches.start)] = True
        return met

    @cached_property
    def _living(self) -> Living:
        return living(self._versions)


def _passed_over(column: Column) -> Column:
    return Column(column.name, Kind.TEXT, column.why)


def _texts(rows: Sequence[Row], at: int) -> list[str]:
    cells = list(map(itemgetter(at), rows))
    if set(map(type, cells)) <= {str}:
        return cast(list[str], cells)
    return [cell_text(cell) or "" for cell in cells]


def _unusual_emails(texts: list[str]) -> list[int]:
    """A matcher reads a cell with a line break as two, and an address in other letters in its own way."""
    text = "\n".join(texts)
    if text.isascii() and text.count("\n") == len(texts) - 1:
        return []
    return [at for at, text in enumerate(texts) if "\n" in text or not text.isascii()]


def _unusual_numbers(texts: list[str]) -> list[int]:
    """A matcher reads no number that letters touch, or in many groups, and divides several in its own way.

    Numbers come in a few layouts: each layout, with 0 for every digit, is looked at once.
    """
    layouts = "\n".join(texts).encode(errors="replace").translate(_DIGITS).split(b"\n")
    if len(layouts) != len(texts):
        layouts = [text.encode(errors="replace").translate(_DIGITS) for text in texts]
    unusual = {layout for layout in set(layouts) if layout and not _USUAL_NUMBER.fullmatch(layout)}
    return [at for at, layout in enumerate(layouts) if layout in unusual] if unusual else []


def decoys_alone(index: DataSetIndex) -> Lookup:
    """What a matcher is to find: the decoys of a data set."""
    return Lookup(
        [
            DataSetIndex(
                data_set=index.data_set,
                name=index.name,
                epoch=index.epoch,
                columns=index.columns,
                versions=(),
                copies=index.copies,
            )
        ]
    )


def quick_record_ids(key: bytes, columns: Sequence[Sequence[Cell]]) -> U64:
    """`record_ids` of rows of key cells, given by columns: 0.2 µs a row where they are short ASCII texts."""
    if all(set(map(type, cells)) == {str} for cells in columns):
        texts = [list(map(str.strip, cells)) for cells in cast(Sequence[Sequence[str]], columns)]
        lengths = [list(map(len, column)) for column in texts]
        if max(map(max, lengths)) < len(_PREFIXES):
            prefixes = [map(_PREFIXES.__getitem__, column) for column in lengths]
            parts = chain.from_iterable(zip(prefixes, texts, strict=True))
            forms = "".join(chain.from_iterable(zip(*parts, strict=True)))
            if forms.isascii():
                ends = np.cumsum(np.sum(lengths, axis=0, dtype=np.uint64) + np.uint64(4 * len(columns)))
                return siphash24_joined(key, forms.encode(), ends)
    return record_ids(key, list(zip(*columns, strict=True)))
