"""Which rows of an export are decoys, some hundred thousand rows a second."""

import re
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind
from trapstreet.core.maths.siphash import siphash24_rows
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.core.ports import Keys
from trapstreet.index import DataSetIndex, DecoyRows, Fingerprinter, Lookup, Matcher, living
from trapstreet.index.runs import among, distinct
from trapstreet.suppress.domain.alike import AlikeDecoys
from trapstreet.suppress.domain.columns import Reading

U64 = NDArray[np.uint64]

_USUAL_NUMBER = re.compile(r"\+?\(?\d+\)?(?:[ .\-/()]{1,3}\d+){0,5}", re.ASCII)
_TELLING = (Kind.EMAIL, Kind.PHONE, Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.REFERENCE)
_WIDEST = 4  # lengths of keys in a batch that are hashed side by side


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
        self._living = living(index.versions)
        self._ids = distinct(
            np.concatenate([np.empty(0, np.uint64), *(each.record_ids for each in index.copies.values())])
        )
        self._key = self._prints.key_positions
        self._record_key = keys.record_key(index.data_set)
        self._told_key = keys.siphash_key("suppress", index.data_set)
        self._told_at = self._key if read.key else read.places(Kind(read.told_by))[:1]
        self._matcher = matcher
        self._emails = read.places(Kind.EMAIL)
        self._phones = [] if read.key else read.places(Kind.PHONE)
        self._exact = matcher is None or (not read.key and bool(read.places(Kind.REFERENCE)))

    def look(self, rows: Sequence[Row]) -> tuple[U64, list[int]]:
        """The keyed hash of who each row is, of rows that say so; and where the decoys are, ascending."""
        if self._key:
            told = quick_record_ids(self._record_key, [[row[at] for row in rows] for at in self._key])
            hit = among(told, self._ids)
        else:
            (at,) = self._told_at
            cells = [text.strip().lower() for row in rows if (text := cell_text(row[at]))]
            told, hit = quick_record_ids(self._told_key, [cells]), np.zeros(len(rows), dtype=np.bool_)
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
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
        begins = np.cumsum(lengths) - lengths
        for matches in self._matcher.matches(["\n".join(texts).encode()]) if self._matcher else ():
            met[np.searchsorted(begins, matches.start, side="right") - 1] = True
        return met


def _passed_over(column: Column) -> Column:
    return Column(column.name, Kind.TEXT, column.why)


def _texts(rows: Sequence[Row], at: int) -> list[str]:
    return [cell if type(cell := row[at]) is str else cell_text(cell) or "" for row in rows]


def _unusual_emails(texts: list[str]) -> list[int]:
    if "".join(texts).isascii():
        return []
    return [at for at, text in enumerate(texts) if not text.isascii()]


def _unusual_numbers(texts: list[str]) -> list[int]:
    """A matcher reads no number that letters touch, or in many groups, and divides several in its own way."""
    return [at for at, text in enumerate(texts) if text and not _USUAL_NUMBER.fullmatch(text)]


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
    """`record_ids` of rows of key cells, given by columns: 0.3 µs a row where it is one ASCII text of a few
    lengths, else as quick as that."""
    if len(columns) == 1 and set(map(type, columns[0])) <= {str}:
        texts = list(map(str.strip, cast(Sequence[str], columns[0])))
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        several = np.unique(lengths)
        if len(several) <= _WIDEST and "".join(texts).isascii():
            ids = np.empty(len(texts), dtype=np.uint64)
            for length in several.tolist():
                at = np.flatnonzero(lengths == length)
                ids[at] = _ids_of_length(key, [texts[each] for each in at.tolist()], length)
            return ids
    return record_ids(key, list(zip(*columns, strict=True)))


def _ids_of_length(key: bytes, texts: Sequence[str], length: int) -> U64:
    """RecordIds of single ASCII cells of one length: the form `key-1`, side by side."""
    forms = np.empty((len(texts), 4 + length), dtype=np.uint8)
    forms[:, :4] = np.frombuffer(length.to_bytes(4, "little"), dtype=np.uint8)
    forms[:, 4:] = np.frombuffer("".join(texts).encode(), dtype=np.uint8).reshape(len(texts), length)
    return siphash24_rows(key, forms)
