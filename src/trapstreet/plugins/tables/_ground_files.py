"""Planting in files: a table in a file, and files that name its rows by links."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import GroundTable, Link, Removed
from trapstreet.core.model.table import Batch, Row
from trapstreet.plugins.tables import Location, Table, located
from trapstreet.plugins.tables import _format_of as format_of
from trapstreet.plugins.tables._files import writing
from trapstreet.plugins.tables._ground_rows import still_ours
from trapstreet.plugins.tables._planting import GroundFile, Key, Planting, key_of, texts, told
from trapstreet.plugins.tables._replace import Replacement, swap


class FileGround:
    """A table in a file, and files whose rows refer to it: a `Ground`.

    Where a new row stands follows the order of the file, and the system's randomness where it has none. Text
    files keep every byte but those of the new rows; `remarks` say what other formats do not keep.
    A change is written beside the file, read back, and takes its place only if the file is still what it was
    when it was opened. Several files change one after the other, the root first: a crash in between leaves
    each whole, and `find` tells what is there.
    """

    def __init__(
        self,
        where: Location,
        read: Callable[[Location], Table],
        *,
        key: Sequence[str],
        links: Sequence[Link] = (),
    ) -> None:
        root = GroundFile(where, read)
        self._files = [root, *map(_linked, links)]
        _refuse_twice(self._files)
        self.label = root.label
        own = root.positions(key)
        self.tables = (
            _shape(root, own),
            *(_shape(file, _own_key(file), referred=own[:1]) for file in self._files[1:]),
        )
        self.remarks = tuple(remark for file in self._files for remark in _remarks(file))

    def table(self, number: int) -> Table:
        return self._files[number].table

    def kin(self, number: int, keys: Sequence[Row]) -> Iterator[Batch]:
        return self.having(number, {self.tables[number].refers: keys})

    def having(self, number: int, wanted: Mapping[tuple[int, ...], Sequence[Row]]) -> Iterator[Batch]:
        named = [
            (positions, {texts(key) for key in keys if None not in key}) for positions, keys in wanted.items()
        ]
        for batch in self._files[number].table.batches():
            kept = [
                at
                for at, row in enumerate(batch.rows)
                if any(key_of(row, positions) in keys for positions, keys in named)
            ]
            if kept:
                yield batch.only(kept)

    def find(self, number: int, keys: Sequence[Row]) -> list[Row | None]:
        """The first row of each key; in a table without a key a whole row is the key."""
        wanted = [texts(key) for key in keys]
        found = self._by_key(number, set(wanted))
        return [found[key][0][1] if key in found else None for key in wanted]

    def plant(
        self, rows: Sequence[Sequence[Row]], *, written: Callable[[list[list[Row]]], None] | None = None
    ) -> list[list[Row]]:
        stored: list[list[Row]] = [[] for _ in rows]
        with writing(self.label), told("planted"), ExitStack() as held:
            changed: list[Replacement] = []
            for number, new in enumerate(rows):
                if new:
                    change = held.enter_context(self._files[number].changing("planted"))
                    stored[number] = Planting(change, self.tables[number], new).written()
                    changed.append(change.replacement)
            if written:
                written(stored)
            swap(changed)
        for file in self._files:
            file.look_again()
        return stored

    def remove(self, rows: Sequence[Sequence[Row]]) -> Removed:
        for file in self._files:
            file.look_again()
        with writing(self.label), told("removed"), ExitStack() as held:
            changes = [held.enter_context(file.changing("removed")) for file in self._files]
            doomed = self._doomed(rows)
            self._refuse_others(doomed)
            changed: list[Replacement] = []
            for change, lines in zip(changes, doomed.lines, strict=False):
                if lines:
                    change.cut(lines)
                    changed.append(change.replacement)
            swap(changed[::-1])
        return Removed(sum(map(len, doomed.lines)), doomed.absent, list(doomed.edited))

    def grants(self, role: str) -> list[str]:
        """None: whoever may write the files and in their folders may plant, as the remarks say."""
        return []

    def change_script(self, rows: Sequence[Sequence[Row]]) -> str:
        """A Python script that makes of each file, as it is now, the same file with the rows."""
        from trapstreet.plugins.tables._file_scripts import Addition, change_script

        parts = []
        for file, shape, new in zip(self._files, self.tables, rows, strict=False):
            if new:
                with file.changing("written") as change:
                    content = Planting(change, shape, new).addition()
                parts.append(Addition(file.path, file.table.editor, content, len(new), file.seen.sha256))
        return change_script(parts)

    def removal_script(self, rows: Sequence[Sequence[Row]]) -> str:
        """A Python script that takes out of the files those of the rows that are there now."""
        from trapstreet.plugins.tables._file_scripts import Removal, removal_script

        for file in self._files:
            file.look_again()
        parts = [
            Removal(file.path, file.table.editor, file.table.form, lines, shape.key, shape.refers)
            for file, shape, lines in zip(self._files, self.tables, self._doomed(rows).lines, strict=False)
            if lines
        ]
        return removal_script(parts)

    def _key(self, number: int, row: Row) -> Key:
        key = self.tables[number].key
        return key_of(row, key) if key else texts(row)

    def _by_key(self, number: int, wanted: Collection[Key]) -> dict[Key, list[tuple[int, Row]]]:
        """The rows of these keys, with their lines."""
        found: dict[Key, list[tuple[int, Row]]] = defaultdict(list)
        for line, row in self._rows(number):
            key = self._key(number, row)
            if key in wanted:
                found[key].append((line, row))
        return found

    def _rows(self, number: int) -> Iterator[tuple[int, Row]]:
        for batch in self._files[number].table.batches():
            yield from zip(batch.lines, batch.rows, strict=True)

    def _doomed(self, rows: Sequence[Sequence[Row]]) -> "_Doomed":
        """What is still ours: not edited root rows, what refers to them, and rows that are others' now."""
        doomed = _Doomed()
        roots = {key_of(row, self.tables[0].key[:1]): at for at, row in enumerate(rows[0])}
        for number, planted in enumerate(rows):
            shape = self.tables[number]
            keys = {self._key(number, row) for row in planted}
            now: dict[Key, list[tuple[int, Row]]] = defaultdict(list)
            referring: dict[int, int] = {}  # by line, the root row that is referred to
            for line, row in self._rows(number):
                if (key := self._key(number, row)) in keys:
                    now[key].append((line, row))
                if number and (root := roots.get(key_of(row, shape.refers))) is not None:
                    referring[line] = root
            lines: dict[int, int] = {}
            for at, row in enumerate(planted):
                root = roots.get(key_of(row, shape.refers), -1) if number else at
                if root in doomed.edited:
                    continue
                there = now[self._key(number, row)]
                ours = [line for line, found in there if still_ours(shape, texts(row), texts(found))]
                lines.update(dict.fromkeys(ours, root))
                if there and not ours and number == 0:
                    doomed.edited[at] = None
                elif not ours:
                    doomed.absent += 1
            doomed.lines.append(lines)
            others = (
                line for line, root in referring.items() if line not in lines and root not in doomed.edited
            )
            doomed.others.append(next(others, None))
        return doomed

    def _refuse_others(self, doomed: "_Doomed") -> None:
        for shape, line in zip(self.tables, doomed.others, strict=False):
            if line is not None:
                raise UnusableInput(
                    f"{shape.name}: row {line} refers to a row that is to go; nothing was removed",
                    hint="see to it first: it was not planted, or is another row now",
                )


@dataclass(slots=True)
class _Doomed:
    """What is to be removed.

    lines   by table, for each line that goes the position of the root row that it belongs to
    edited  positions, in order, of the root rows that stay
    others  by table, the first line of a row that refers to a root row that goes, and stays itself
    """

    lines: list[dict[int, int]] = field(default_factory=list)
    edited: dict[int, None] = field(default_factory=dict)
    others: list[int | None] = field(default_factory=list)
    absent: int = 0


def _linked(link: Link) -> GroundFile:
    where = located(link.place)
    if where.scheme:
        raise UnusableInput(
            f"{where.scheme}:// cannot be linked to a file",
            hint="link files; a database follows its own keys",
        )
    return GroundFile(where, format_of(where).open, reference=link.column)


def _own_key(file: GroundFile) -> tuple[int, ...]:
    """The first column of a linked file that never repeats."""
    return tuple(at for at in file.survey.unique if at != file.reference)[:1]


def _shape(file: GroundFile, key: tuple[int, ...], *, referred: tuple[int, ...] = ()) -> GroundTable:
    return GroundTable(
        name=file.label,
        columns=file.table.columns,
        given=(True,) * len(file.table.columns),
        key=key,
        parent=None if file.reference is None else 0,
        refers=() if file.reference is None else (file.reference,),
        referred=referred,
        unique=tuple((at,) for at in file.survey.unique if (at,) != key),
        upheld=False,
    )


def _remarks(file: GroundFile) -> list[str]:
    found = [
        f"{file.label}: who plants must be allowed to write it and in its folder; nobody may have it open"
    ]
    if file.survey.rejected:
        found.append(f"{file.label}: {file.survey.rejected} rows cannot be read; they stay as they are")
    return found + [f"{file.label}: {what}" for what in file.table.losses]


def _refuse_twice(files: Sequence[GroundFile]) -> None:
    paths = [Path(file.path).resolve() for file in files]
    for at, (file, path) in enumerate(zip(files, paths, strict=True)):
        if path in paths[:at]:
            raise UnusableInput(f"{file.label}: the file is named twice", hint="link each file once")
