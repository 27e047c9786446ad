"""One file on its way from what it is to what it is with new rows, or without."""

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.plugins.tables import Location, Table
from trapstreet.plugins.tables._files import writing
from trapstreet.plugins.tables._replace import NotReplaced, Replacement, Seen, look
from trapstreet.plugins.tables._standing import Survey, standing, survey

Key = tuple[str | None, ...]
"""Cells as texts: the same in every format, as keys are."""


@runtime_checkable
class Editable(Table, Protocol):
    """A table in a file that rows can be added to and cut out of.

    editor  a module that depends on nothing of ours, so that scripts carry it: `add(path, out, addition)` and
            `cut(path, out, form, lines)` copy the file with rows and without, `read(path, form)` gives the
            line and the cells of each row; they raise ValueError where the file cannot be edited
    form    what the module must know of the file, as JSON has it
    losses  in plain words, what of the file does not stay as it is
    """

    @property
    def editor(self) -> ModuleType: ...
    @property
    def form(self) -> dict[str, Any]: ...
    @property
    def losses(self) -> Sequence[str]: ...
    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `editor.add` takes: rows in the file's style, each before the one of this line or at the end.

        Raises UnusableInput if a cell cannot be held.
        """
        ...


class GroundFile:
    """A file of a ground, as it was when it was opened.

    read       opens tables of its format
    reference  position of the column that names rows of the root; None for the root
    """

    def __init__(
        self, where: Location, read: Callable[[Location], Table], *, reference: str | None = None
    ) -> None:
        self.path = where.place
        self._where = where
        self._read = read
        self._table: Editable | None = None
        self._survey: Survey | None = None
        with writing(self.path):
            self.seen: Seen = look(self.path)
        self.label = self.table.label
        self.reference = None if reference is None else self.positions([reference])[0]

    def look_again(self) -> None:
        """Read it afresh if it is not what it was."""
        with writing(self.path):
            seen = look(self.path)
        if seen != self.seen:
            self.seen, self._table, self._survey = seen, None, None

    @property
    def table(self) -> Editable:
        if self._table is None:
            table = self._read(self._where)
            if not isinstance(table, Editable):
                raise UnusableInput(
                    f"{table.label}: no rows can be planted in this kind of file",
                    hint="plant in another format",
                )
            self._table = table
        return self._table

    @property
    def survey(self) -> Survey:
        if self._survey is None:
            self._survey = survey(self.table, reference=self.reference)
        return self._survey

    def positions(self, names: Sequence[str]) -> tuple[int, ...]:
        """Where the columns of these names stand. Raises UnusableInput if there is none of the name."""
        columns = self.table.columns
        for name in names:
            if name not in columns:
                raise UnusableInput(
                    f"{self.label}: there is no column {name!r}", hint=f"its columns are {', '.join(columns)}"
                )
        return tuple(map(columns.index, names))

    def elsewhere(self, path: str) -> Table:
        """The same table, read at another path."""
        return self._read(Location("", path, self._where.options))

    @contextmanager
    def changing(self, done: str) -> Iterator["Change"]:
        """Hold the file while a changed copy is made; nothing is left beside it.

        done  what has not happened if it cannot: "planted", "removed"
        Raises UnusableInput where the file cannot be replaced or is not what was opened.
        """
        with writing(self.label), told(done):
            replacement = Replacement(self.path)
        try:
            if replacement.seen != self.seen:
                raise NotReplaced(self.label, "it changed meanwhile")
            yield Change(self, replacement)
        except NotReplaced as error:
            raise refused(error.path, error.why, done) from None
        finally:
            replacement.close()


class Change:
    """A file of which a changed copy is written."""

    def __init__(self, file: GroundFile, replacement: Replacement) -> None:
        self.file = file
        self.replacement = replacement

    def add(self, addition: dict[str, Any]) -> None:
        self._write(lambda out: self.file.table.editor.add(self.replacement.path, out, addition))

    def cut(self, lines: Collection[int]) -> None:
        table = self.file.table
        self._write(lambda out: table.editor.cut(self.replacement.path, out, table.form, lines))

    def _write(self, edit: Callable[[Any], None]) -> None:
        with writing(self.file.label), self.replacement.writing() as out:
            try:
                edit(out)
            except ValueError as error:
                raise NotReplaced(self.file.label, str(error)) from None


class Planting:
    """New rows on their way into a file: each has a place, and those of one place an order.

    Raises NotReplaced if a key is taken or a cell cannot stand in its column.
    """

    def __init__(self, change: Change, shape: GroundTable, rows: Sequence[Row]) -> None:
        self.change = change
        self._file = change.file
        self._shape = shape
        self._rows = [tuple(map(_fitting, row, self._file.survey.types)) for row in rows]
        try:
            self._lines, self._standing = self._placed()
        except TypeError:
            raise NotReplaced(
                self._file.label, "a new row has a cell of another type than its column"
            ) from None

    def _placed(self) -> tuple[Sequence[int], list[tuple[int, int]]]:
        """The line of every row of the file, and the places of the new ones."""
        keys = {self._key(row) for row in self._rows} - {()}
        if self._shape.key and len(keys) < len(self._rows):
            raise NotReplaced(self._file.label, "two of the new rows have one key")
        found = standing(self._file.survey, self._rows, reference=self._file.reference)
        lines = array("q")
        for batch in self._file.table.batches():
            if keys and any(self._key(row) in keys for row in batch.rows):
                raise NotReplaced(self._file.label, "a row of the file has the key of a new one")
            found.observe(batch.rows)
            lines.extend(batch.lines)
        return lines, found.places()

    def addition(self) -> dict[str, Any]:
        """What the file's editor takes."""
        lines = [self._lines[place] if place < len(self._lines) else None for place, _ in self._standing]
        new = [self._rows[new] for _, new in self._standing]
        return self._file.table.addition(list(zip(lines, new, strict=True)))

    def written(self) -> list[Row]:
        """Write the changed file beside the old one; the rows as they are read back from it."""
        self.change.add(self.addition())
        expected = {place + before: new for before, (place, new) in enumerate(self._standing)}
        stored: dict[int, Row] = {}
        table = self._file.elsewhere(str(self.change.replacement.unfinished))
        at = -1
        for at, row in enumerate(row for batch in table.batches() for row in batch.rows):
            if at in expected:
                stored[expected[at]] = row
        found = [stored.get(new, ()) for new in range(len(self._rows))]
        whole = at + 1 == self._file.survey.rows + len(found) and table.columns == self._file.table.columns
        if not whole or list(map(self._key, found)) != list(map(self._key, self._rows)):
            raise PluginFailed(
                f"{self._file.label}: the new rows cannot be read back; nothing was planted",
                hint="report this, with the kind of file it is",
            )
        return found

    def _key(self, row: Row) -> Key:
        return key_of(row, self._shape.key) if row else ()


def key_of(row: Row, positions: Sequence[int]) -> Key:
    """The cells at these positions as texts."""
    return tuple(cell_text(row[at]) for at in positions)


def texts(row: Row) -> Key:
    """All its cells as texts."""
    return tuple(map(cell_text, row))


@contextmanager
def told(done: str) -> Iterator[None]:
    """Inside, NotReplaced becomes UnusableInput."""
    try:
        yield
    except NotReplaced as error:
        raise refused(error.path, error.why, done) from None


def refused(path: str, why: str, done: str) -> UnusableInput:
    """The error for a file that stays as it is."""
    hint = "run it again" if "meanwhile" in why else "see to it, then run it again"
    return UnusableInput(f"{path}: {why}; nothing was {done}", hint=hint)


def _fitting(cell: Cell, types: frozenset[type]) -> Cell:
    """The cell in the one type of its column: a key is text in one file and a number in another."""
    if cell is None or type(cell) in types or len(types) != 1:
        return cell
    if types == {str}:
        return cell_text(cell)
    whole = isinstance(cell, str) and cell.isascii() and cell.isdecimal() and str(int(cell)) == cell
    return int(str(cell)) if types == {int} and whole else cell
