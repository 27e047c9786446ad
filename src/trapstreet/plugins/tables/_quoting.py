"""Which cells a delimited file quotes, so that a new row looks like the rows around it.

A row that is quoted in another way than the rest of the file would give itself away. Most writers quote all
columns, the text columns, or what must be quoted; some also whatever holds a space, an apostrophe or a letter
beyond ASCII. All of these are learnt from the first records as they stand in the file.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from trapstreet.plugins.tables._lines import Dialect


@dataclass(frozen=True, slots=True)
class Quoting:
    """The habit of a file.

    always    per column: cells are quoted whether they need it or not
    if_empty  per column: so are empty cells
    triggers  characters that bring quotes with them in the other columns; "é" stands for all beyond ASCII
    """

    always: tuple[bool, ...]
    if_empty: tuple[bool, ...]
    triggers: frozenset[str] = frozenset()

    def wants_quotes(self, column: int, cell: str) -> bool:
        """The file's writer would quote this cell although nothing in it must be."""
        if not cell:
            return self.if_empty[column]
        return self.always[column] or bool(self.triggers and not self.triggers.isdisjoint(_signs(cell)))


def learn(texts: Iterable[str], dialect: Dialect, width: int) -> Quoting:
    """The habit seen in whole records as they are written. Records of another width teach nothing."""
    columns = [_Column() for _ in range(width)]
    special = [sign for sign in (dialect.quote, dialect.escape, "\r", "\n") if sign]
    plain = []
    for text in (text.rstrip("\r\n") for text in texts):
        if not dialect.padded and not any(sign in text for sign in special):
            plain.append(text.split(dialect.delimiter))
            continue
        cells = _as_written(text, dialect)
        if len(cells) == width:
            for column, (cell, wrapped) in zip(columns, cells, strict=True):
                if not _must_be_quoted(cell, dialect):
                    (column.quoted if wrapped else column.bare).append(cell)
    plain = [cells for cells in plain if len(cells) == width]
    for at, column in enumerate(columns):
        column.bare.extend(cells[at] for cells in plain)
    usual = sum(column.always for column in columns) * 2 > width
    return Quoting(
        always=tuple(usual if column.empty else column.always for column in columns),
        if_empty=tuple(column.if_empty for column in columns),
        triggers=_triggers(
            bare=chain.from_iterable(column.bare for column in columns),
            quoted=chain.from_iterable(column.quoted for column in columns if not column.always),
        ),
    )


@dataclass(slots=True)
class _Column:
    """The cells of a column that need no quotes: those that stand bare, and those in quotes all the same."""

    bare: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not any(self.bare) and not any(self.quoted)

    @property
    def always(self) -> bool:
        return any(self.quoted) and not any(self.bare)

    @property
    def if_empty(self) -> bool:
        return "" in self.quoted or ("" not in self.bare and self.always)


def written(cells: Sequence[str | None], dialect: Dialect, quoting: Quoting) -> str | None:
    """The cells as one line without its ending, None if the dialect has no way to write one of them."""
    parts = []
    for column, cell in enumerate(cells):
        part = "" if cell is None else _written_cell(cell, dialect, quoting.wants_quotes(column, cell))
        if part is None:
            return None
        parts.append(part)
    line = (dialect.delimiter + " " * dialect.padded).join(parts)
    return line or dialect.quote * 2  # a blank line would be no record


def _written_cell(cell: str, dialect: Dialect, wanted: bool) -> str | None:
    must = _must_be_quoted(cell, dialect)
    if not dialect.quote:
        if not must:
            return cell
        special = re.compile(f"[{re.escape(dialect.delimiter)}{re.escape(dialect.escape)}\r\n]")
        return special.sub(lambda sign: dialect.escape + sign[0], cell) if dialect.escape else None
    if not (must or wanted):
        return cell
    inside = cell.replace(dialect.escape, dialect.escape * 2) if dialect.escape else cell
    inside = inside.replace(dialect.quote, (dialect.escape or dialect.quote) + dialect.quote)
    return f"{dialect.quote}{inside}{dialect.quote}"


def _must_be_quoted(cell: str, dialect: Dialect) -> bool:
    special = (dialect.delimiter, "\r", "\n", dialect.quote, dialect.escape)
    return any(sign in cell for sign in special if sign) or (dialect.padded and cell.startswith(" "))


def _as_written(text: str, dialect: Dialect) -> list[tuple[str, bool]]:
    """The cells of a well-formed record, and whether each stands in quotes."""
    delimiter, quote = re.escape(dialect.delimiter), dialect.quote
    if not quote:
        return [(cell, False) for cell in text.split(dialect.delimiter)]
    inside = rf"(?:[^{quote}\\]|\\.)*" if dialect.escape else f"(?:[^{quote}]|{quote}{quote})*"
    cell = re.compile(f" ?{quote}({inside}){quote}(?={delimiter}|$)|([^{delimiter}]*)", re.DOTALL)
    cells, at = [], 0
    while True:
        found = cell.match(text, at)
        assert found is not None  # noqa: S101 - the second branch matches anything
        bare = found[2].lstrip() if dialect.padded and found[2] else found[2]
        cells.append((bare, False) if found[1] is None else (found[1], True))
        at = found.end() + 1
        if at > len(text):
            return cells


def _triggers(bare: Iterable[str], quoted: Iterable[str]) -> frozenset[str]:
    """Signs never seen in a bare cell that are the only such sign of some quoted one."""
    harmless = _signs("".join(bare))
    suspects = (_signs(cell) - harmless for cell in quoted)
    return frozenset(sign for signs in suspects if len(signs) == 1 for sign in signs)


def _signs(cell: str) -> frozenset[str]:
    """The characters of a cell that a writer may mind: neither letters nor digits of ASCII."""
    return frozenset(
        "é" if sign > "\x7f" else sign for sign in set(cell) if not (sign.isascii() and sign.isalnum())
    )
