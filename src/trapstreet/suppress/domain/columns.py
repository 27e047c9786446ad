"""What the columns of an export are, beside those of the data set that it was made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from trapstreet.core.fields import Column, Kind, recognise
from trapstreet.core.fields.fold import header_words
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row, cell_text

VALUES = (Kind.EMAIL, Kind.PHONE)
"""Kinds by whose values alone a decoy is known, whatever their column is called."""

Registered = Callable[[Sequence[Cell]], float]
"""Which share of some cells are keys of the data set's records."""

_WITNESSES = (Kind.EMAIL, Kind.PHONE, Kind.NAME, Kind.GIVEN_NAME)
_FEWEST = 20  # values that show what a column is
_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of an export are read.

    columns  one for each of its own, under its own names
    key      the names of those that hold the data set's key, in the key's order; () where they are not there
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def places(self, kind: Kind) -> list[int]:
        """Where the columns of a kind stand."""
        return [at for at, column in enumerate(self.columns) if column.kind is kind]

    @property
    def told_by(self) -> str:
        """What rows are told apart by: "key", or the first kind that there is."""
        kinds = (kind for kind in (*VALUES, Kind.REFERENCE) if self.places(kind))
        return "key" if self.key else str(next(kinds))


def reading(
    header: Sequence[str],
    sample: Sequence[Row],
    registered: Sequence[Column],
    key: Sequence[str],
    *,
    renamed: Mapping[str, str],
    are_keys: Registered,
    where: str,
) -> Reading:
    """Which columns of an export are the data set's, and what the others hold.

    renamed  names in the export by the data set's own, as the user gives them
    Columns of the same name are the same, however it is spelled. Others are taken for e-mail addresses,
    phone numbers and names by what they hold, as `register` does; one for the key where nearly all of its
    values are keys of the data set's and no bare numbers, which are often alike in two tables.
    Raises UnusableInput where no column tells decoys, or where only bare numbers of the key's name do: those
    of an order may be called as those of a customer are.
    """
    meant = _meant(header, registered, renamed, where=where)
    region = next((column.region for column in registered if column.region), None)
    strange = [at for at, name in enumerate(header) if name not in meant]
    found = recognise(
        [header[at] for at in strange],
        [tuple(row[at] for at in strange) for row in sample],
        region=region,
        types={},
        ignore=(),
    )
    columns = {name: msgspec.structs.replace(column, name=name) for name, column in meant.items()}
    columns |= {each.name: _by_value(each) for each in found}
    theirs = {column.name: name for name, column in meant.items()}
    if len(key) == 1 and key[0] not in theirs:
        names = [header[at] for at in strange]
        theirs |= dict(zip(key, _key_by_values(names, header, sample, are_keys), strict=False))
    there = tuple(theirs[name] for name in key) if set(key) <= set(theirs) else ()
    read = Reading(tuple(columns[name] for name in header), there)
    sure = set(key) & set(renamed) or any(read.places(kind) for kind in _WITNESSES)
    if there and not sure:
        _refuse_bare([row[header.index(name)] for row in sample for name in there], key, there, where=where)
    if not there and not any(read.places(kind) for kind in (*VALUES, Kind.REFERENCE)):
        raise _nothing_tells(key, where=where)
    return read


def refuse_missing(header: Sequence[str], renamed: Mapping[str, str], *, where: str) -> None:
    """Raises UnusableInput where an export lacks a column that the user names."""
    missing = sorted(set(renamed.values()) - set(header))
    if missing:
        raise UnusableInput(
            f"{where} has no column {', '.join(missing)}", hint=f"its columns are {', '.join(header)}"
        )


def _meant(
    header: Sequence[str], registered: Sequence[Column], renamed: Mapping[str, str], *, where: str
) -> dict[str, Column]:
    """The data set's columns by their names in the export."""
    refuse_missing(header, renamed, where=where)
    spelled: dict[str, list[str]] = {}
    for name in header:
        spelled.setdefault(header_words(name), []).append(name)
    meant: dict[str, Column] = {}
    for column in registered:
        alike = spelled.get(header_words(column.name), [])
        name = renamed.get(column.name, column.name if column.name in header else "")
        name = name or (alike[0] if len(alike) == 1 and header_words(column.name) else "")
        if name and name not in meant:
            meant[name] = column
    return meant


def _key_by_values(
    names: Sequence[str], header: Sequence[str], sample: Sequence[Row], are_keys: Registered
) -> list[str]:
    """The one column that nobody could take for anything but the key, if there is one."""
    found = []
    for name in names:
        at = header.index(name)
        cells = [row[at] for row in sample if (cell_text(row[at]) or "").strip()]
        if len(cells) >= _FEWEST and _bare(cells) <= 1 - _SHARE and are_keys(cells) >= _SHARE:
            found.append(name)
    return found if len(found) == 1 else []


def _bare(cells: Sequence[Cell]) -> float:
    """Which share of some cells are bare numbers."""
    return sum((cell_text(cell) or "").strip().isdigit() for cell in cells) / max(1, len(cells))


def _refuse_bare(cells: Sequence[Cell], key: Sequence[str], there: Sequence[str], *, where: str) -> None:
    if _bare(cells) > 1 - _SHARE:
        raise UnusableInput(
            f"{where}: {' + '.join(there)} holds bare numbers, and no e-mail, phone or name shows whose",
            hint=f"if they are the data set's own, say so: suppress job add … --column {key[0]}={there[0]}",
        )


def _nothing_tells(key: Sequence[str], *, where: str) -> UnusableInput:
    own = " + ".join(key)
    return UnusableInput(
        f"{where} has no column by which decoys are known: neither {own} nor an e-mail or phone column",
        hint=f"where {own} has another name there, say so: suppress job add … --column {key[0]}=NAME",
    )


def _by_value(column: Column) -> Column:
    """A column that is not the data set's: its numbers are not the data set's either."""
    if column.kind is Kind.REFERENCE:
        return Column(column.name, Kind.TEXT, "not the data set's")
    return column
