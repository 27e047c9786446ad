"""By what a use of decoys is heard: those of their mail and web addresses that lie at their owner's."""

import re
from collections.abc import Collection, Iterator, Sequence

from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys.urls import OwnedHosts, read_url

Token = tuple[str, str]
"""A channel, "smtp" or "http", and an address in small letters or what a visit shows (`Url.visited`)."""

_MAIL = re.compile(r"[^@\s]+@([^@\s]+)")


def tokens(
    tables: Sequence[GroundTable],
    rows: Sequence[Sequence[Row]],
    owned: OwnedHosts,
    *,
    shared: Collection[str] = (),
) -> dict[Token, tuple[int, ...]]:
    """Each token with the decoys that it names: their positions among the rows of the root, ascending.

    rows    those of the decoys in each table, parents before children
    shared  web addresses that were made for several decoys (`Decoys.shared`): they name all of these
    What else two decoys have in common names none and is left out. About 3 µs a cell.
    """
    found: dict[Token, set[int]] = {}
    for own, some in zip(_decoys(tables, rows), rows, strict=True):
        for decoy, row in zip(own, some, strict=True):
            if decoy is not None:
                for token in _of(row, owned):
                    found.setdefault(token, set()).add(decoy)
    return {
        (channel, value): tuple(sorted(own))
        for (channel, value), own in found.items()
        if len(own) == 1 or value in shared
    }


def _of(row: Row, owned: OwnedHosts) -> Iterator[Token]:
    for cell in row:
        if not isinstance(cell, str):
            continue
        text = cell.strip()
        if (mail := _MAIL.fullmatch(text.lower())) and mail[1] in owned.domains:
            yield "smtp", mail[0]
        elif (url := read_url(text)) and owned.hears(url):
            yield "http", url.visited


def _decoys(tables: Sequence[GroundTable], rows: Sequence[Sequence[Row]]) -> list[list[int | None]]:
    """Whose each row is; None where a row refers to none of them, since the database wrote it otherwise."""
    found: list[list[int | None]] = []
    for table, some in zip(tables, rows, strict=True):
        if table.parent is None:
            found.append(list(range(len(some))))
            continue
        above = zip(rows[table.parent], found[table.parent], strict=True)
        of = {_named(row, table.referred): decoy for row, decoy in above}
        found.append([of.get(_named(row, table.refers)) for row in some])
    return found


def _named(row: Row, positions: Sequence[int]) -> tuple[str | None, ...]:
    return tuple(cell_text(row[at]) for at in positions)
