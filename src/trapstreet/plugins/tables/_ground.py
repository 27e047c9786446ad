"""Planting in tables of a database: the same for all of them but for their SQL."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import GroundTable, Link, Removed
from trapstreet.core.model.table import Batch, Row
from trapstreet.plugins.tables import Table
from trapstreet.plugins.tables._ground_faults import Fault, Why, refusal, unknown_end
from trapstreet.plugins.tables._ground_rows import parents, picked, still_ours
from trapstreet.plugins.tables._ground_scripts import Dialect, change_script, removal_script
from trapstreet.plugins.tables._ground_tables import Catalogue, Described, ForeignKey, Name, Survey, survey
from trapstreet.plugins.tables._sql import Selection, batch_of

_NOTHING = {"read": "nothing was changed", "plant": "nothing was planted", "remove": "nothing was removed"}


class Session(Catalogue, Protocol):
    """A connection with an open transaction, which is taken back unless it is committed."""

    def root(self) -> Described:
        """The table that the location names. Raises UnusableInput if it is none, or none to plant in."""
        ...

    def select(self, statement: str, values: Sequence[object]) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows, some at a time, in the database's own types."""
        ...

    def insert(self, table: Described, rows: Sequence[Row]) -> None:
        """Add rows. Numbers that the database gives out itself go on behind them."""
        ...

    def delete(self, statement: str, values: Sequence[object]) -> int:
        """The number of rows that are gone."""
        ...

    def commit(self) -> None: ...


class Engine(Dialect, Protocol):
    """What differs between databases.

    at_once  keys in one statement
    remarks  on every table of this kind
    """

    at_once: int
    remarks: tuple[str, ...]

    def session(self, *, changes: bool) -> AbstractContextManager[Session]: ...

    def table(self, name: Name) -> Table:
        """The table, to be read."""
        ...

    def fault(self, error: Exception) -> Fault | None:
        """What an error of the driver means, None where it is none of the driver's."""
        ...

    def fits(self, text: str) -> str:
        """A part of a statement as it stands where values are given beside the statement."""
        ...

    def among(
        self, table: Described, positions: Sequence[int], keys: Sequence[Row]
    ) -> tuple[str, Sequence[object]]:
        """The condition that the cells at these positions are among the keys, and its values."""
        ...

    def grants(self, tables: Sequence[Described], read: Sequence[Described], role: str) -> list[str]:
        """The statements that let a role plant in some tables and read others."""
        ...


@dataclass(slots=True)
class _Doomed:
    """Rows that are to be removed, by table, as they are now."""

    rows: list[list[Row]] = field(default_factory=list)
    absent: int = 0
    edited: list[int] = field(default_factory=list)


class SqlGround:
    """A table of a database and those that refer to it by foreign keys: a `Ground`."""

    def __init__(
        self, engine: Engine, selection: Selection, *, key: Sequence[str], links: Sequence[Link]
    ) -> None:
        self.label = selection.label
        if links:
            raise UnusableInput(
                f"{self.label}: only files are linked by hand",
                hint="leave out --link: foreign keys of a database are followed by themselves",
            )
        if selection.query:
            raise UnusableInput(f"{self.label}: rows are planted in a table", hint="give ?table=NAME instead")
        self._engine = engine
        self._survey = Survey()
        with self._transaction("read") as work:
            root = work.session.root()
            self._survey = survey(work.session, root, () if root.key else _named_key(root, key))
        self.tables: tuple[GroundTable, ...] = tuple(self._survey.shapes)
        self.remarks = (*engine.remarks, *_remarks(self._survey))

    def table(self, number: int) -> Table:
        return self._engine.table(self._survey.tables[number].name)

    def kin(self, number: int, keys: Sequence[Row]) -> Iterator[Batch]:
        line = 1
        with self._transaction("read") as work:
            for fetched in work.select(self._survey.tables[number], self.tables[number].refers, keys):
                yield batch_of(fetched, line)
                line += len(fetched)

    def having(self, number: int, wanted: Mapping[tuple[int, ...], Sequence[Row]]) -> Iterator[Batch]:
        table = self._survey.tables[number]
        found: Counter[Row] = Counter()
        with self._transaction("read") as work:
            for positions, keys in wanted.items():
                fetched = work.select(table, positions, keys)
                found |= Counter(row for some in fetched for row in batch_of(some, 1).rows)
        if table.key:  # met twice by two spellings that a collation takes for one
            found = Counter(found.keys())
        rows = list(found.elements())
        if rows:
            yield Batch(rows, range(1, len(rows) + 1))

    def find(self, number: int, keys: Sequence[Row]) -> list[Row | None]:
        with self._transaction("read") as work:
            return work.found(number, keys)

    def plant(
        self, rows: Sequence[Sequence[Row]], *, written: Callable[[list[list[Row]]], None] | None = None
    ) -> list[list[Row]]:
        self._refuse_misfits(rows)
        with self._transaction("plant") as work:
            for number, new in enumerate(rows):
                work.insert(number, new)
            stored = [work.as_stored(number, new) for number, new in enumerate(rows)]
            if written:
                written(stored)
            work.commit()
        return stored

    def remove(self, rows: Sequence[Sequence[Row]]) -> Removed:
        with self._transaction("remove") as work:
            doomed = work.doomed(rows)
            for number in reversed(range(len(rows))):
                work.refuse_others(number, doomed.rows)
                work.delete(number, doomed.rows[number])
            work.commit()
        return Removed(sum(map(len, doomed.rows)), doomed.absent, doomed.edited)

    def grants(self, role: str) -> list[str]:
        return self._engine.grants(self._survey.tables, self._survey.outside, role)

    def change_script(self, rows: Sequence[Sequence[Row]]) -> str:
        self._refuse_misfits(rows)
        return change_script(self._engine, self._survey, rows)

    def removal_script(self, rows: Sequence[Sequence[Row]]) -> str:
        return removal_script(self._engine, self._survey, rows)

    @contextmanager
    def _transaction(self, doing: str) -> Iterator["_Work"]:
        """Inside, errors of the driver become ours, without their text: that may quote a cell."""
        work: _Work | None = None
        try:
            with self._engine.session(changes=doing != "read") as session:
                work = _Work(self._engine, self._survey, session, label=self.label, nothing=_NOTHING[doing])
                yield work
        except Exception as error:
            fault = self._engine.fault(error)
            if fault is None:
                raise
            table = work.table if work else None
            if table and fault.why is Why.RAISED:
                fault = replace(fault, name=", ".join(table.triggers))
            where = str(table.name) if table else self.label
            raise refusal(fault, where=where, nothing=_NOTHING[doing]) from None

    def _refuse_misfits(self, rows: Sequence[Sequence[Row]]) -> None:
        """Raises UnusableInput, with the column, for text that is too long: a database names none."""
        for table, new in zip(self._survey.tables, rows, strict=True):
            for at, column in enumerate(table.columns):
                cells = (row[at] for row in new) if column.longest is not None else ()
                longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
                if longest > (column.longest or 0):
                    fault = Fault(Why.NO_FIT, f"{longest} characters, {column.longest} at most", column.name)
                    raise refusal(fault, where=str(table.name), nothing=_NOTHING["plant"])


class _Work:
    """What is done in one transaction.

    table  the one that is worked on, for errors to say
    """

    def __init__(self, engine: Engine, found: Survey, session: Session, *, label: str, nothing: str) -> None:
        self.session = session
        self.table: Described | None = None
        self._engine = engine
        self._survey = found
        self._label = label
        self._nothing = nothing

    def select(
        self, table: Described, positions: Sequence[int], keys: Sequence[Row]
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows whose cells at these positions are among the keys, some at a time."""
        self.table = table
        named = self._fits(", ".join(self._engine.quoted(column.name) for column in table.columns))
        for condition, values in self._among(table, positions, keys):
            source = self._fits(self._engine.named(table.name))
            yield from self.session.select(f"SELECT {named} FROM {source} WHERE {condition}", values)  # noqa: S608 - quoted

    def found(self, number: int, keys: Sequence[Row]) -> list[Row | None]:
        """The row of each key. Raises UnusableInput if two rows have it."""
        shape = self._survey.shapes[number]
        there: dict[Row, Row] = {}
        for fetched in self.select(self._survey.tables[number], shape.key, keys):
            rows = batch_of(fetched, 1).rows
            for key, row in zip(picked(rows, shape.key), rows, strict=True):
                if key in there:
                    raise UnusableInput(
                        f"{shape.name}: several rows have one key; {self._nothing}",
                        hint="register the table with a key that identifies a row",
                    )
                there[key] = row
        return [there.get(key) for key in keys]

    def insert(self, number: int, rows: Sequence[Row]) -> None:
        """Add rows to a table. Raises UnusableInput if a key is taken, which the database may not mind."""
        shape = self._survey.shapes[number]
        table = self.table = self._survey.tables[number]
        if any(self.found(number, picked(rows, shape.key))):
            raise refusal(Fault(Why.TAKEN, name="its key"), where=shape.name, nothing=self._nothing)
        self.session.insert(table, rows)

    def as_stored(self, number: int, rows: Sequence[Row]) -> list[Row]:
        """The rows as they are now. Raises UnusableInput if one is not there."""
        table = self._survey.tables[number]
        found = self.found(number, picked(rows, self._survey.shapes[number].key))
        stored = [row for row in found if row is not None]
        if len(stored) < len(rows):
            named = f" ({', '.join(table.triggers)})" if table.triggers else ""
            raise UnusableInput(
                f"{table.name}: a row was not stored, or under another key; {self._nothing}",
                hint=f"a trigger{named}, a rule or row-level security is in the way: ask who keeps the table",
            )
        return stored

    def doomed(self, rows: Sequence[Sequence[Row]]) -> _Doomed:
        """What is still ours: not edited root rows, what refers to those, and rows that are others' now."""
        doomed = _Doomed()
        staying: list[set[int]] = []
        for number, planted in enumerate(rows):
            shape = self._survey.shapes[number]
            above = parents(shape, rows)
            stays = {
                at
                for at, cells in enumerate(picked(planted, shape.refers))
                if shape.parent is not None and above.get(cells) in staying[shape.parent]
            }
            now = self.found(number, picked(planted, shape.key))
            ours = [
                at
                for at, found in enumerate(now)
                if at not in stays and found is not None and still_ours(shape, planted[at], found)
            ]
            others = set(range(len(planted))) - stays - set(ours)
            edited = {at for at in others if number == 0 and now[at] is not None}
            doomed.edited += sorted(edited)
            doomed.absent += len(others - edited)
            doomed.rows.append([row for at in ours if (row := now[at]) is not None])
            staying.append(stays | edited)
        return doomed

    def refuse_others(self, number: int, doomed: Sequence[Sequence[Row]]) -> None:
        """Raises UnusableInput if rows that stay refer to doomed rows of this table."""
        parent = self._survey.tables[number]
        for reference in self._survey.references:
            if reference.parent == parent.name and doomed[number]:
                keys = picked(doomed[number], parent.positions(reference.referred))
                if self._others(reference, keys, doomed):
                    raise UnusableInput(
                        f"{reference.child}: other rows refer to rows that are to go; {self._nothing}",
                        hint=f"see to them first (foreign key {reference.name})",
                    )

    def delete(self, number: int, rows: Sequence[Row]) -> None:
        """Remove rows of a table by their keys. Raises UnusableInput if another number of rows goes."""
        shape = self._survey.shapes[number]
        table = self.table = self._survey.tables[number]
        source = self._fits(self._engine.named(table.name))
        gone = sum(
            self.session.delete(f"DELETE FROM {source} WHERE {condition}", values)  # noqa: S608 - quoted
            for condition, values in self._among(table, shape.key, picked(rows, shape.key))
        )
        if gone != len(rows):
            raise UnusableInput(
                f"{table.name}: {len(rows)} rows were to go, and {gone} would; {self._nothing}",
                hint="a trigger, a rule or row-level security is in the way; or run it again",
            )

    def commit(self) -> None:
        self.table = None
        try:
            self.session.commit()
        except Exception as error:
            fault = self._engine.fault(error)
            if fault is not None and fault.why is Why.AWAY:
                raise unknown_end(self._label) from None
            raise

    def _others(self, reference: ForeignKey, keys: Sequence[Row], doomed: Sequence[Sequence[Row]]) -> bool:
        """Whether rows refer to these by this foreign key and are not doomed themselves."""
        known = [*self._survey.tables, *self._survey.outside]
        number = [table.name for table in known].index(reference.child)
        key = self._survey.shapes[number].key if number < len(doomed) else ()
        going = set(picked(doomed[number], key)) if key else set()
        for fetched in self.select(known[number], known[number].positions(reference.refers), keys):
            rows = batch_of(fetched, 1).rows
            if not key or not going.issuperset(picked(rows, key)):
                return True
        return False

    def _among(
        self, table: Described, positions: Sequence[int], keys: Sequence[Row]
    ) -> Iterator[tuple[str, Sequence[object]]]:
        wanted = list(dict.fromkeys(key for key in keys if None not in key))
        for at in range(0, len(wanted), self._engine.at_once):
            yield self._engine.among(table, positions, wanted[at : at + self._engine.at_once])

    def _fits(self, text: str) -> str:
        return self._engine.fits(text)


def _named_key(root: Described, key: Sequence[str]) -> tuple[int, ...]:
    """The registered key columns of a table that has no key of its own."""
    named = [column.name.strip() for column in root.columns]
    if not key or not set(key) <= set(named):
        raise UnusableInput(
            f"{root.name}: it has no key, and no key columns of the data set are in it",
            hint="register the table with --key",
        )
    return tuple(named.index(name) for name in key)


def _remarks(found: Survey) -> list[str]:
    said = []
    for table in found.tables:
        if table.triggers:
            said.append(f"{table.name}: triggers run when rows are added: {', '.join(table.triggers)}")
        said += [f"{table.name}: {remark}" for remark in table.remarks]
    return said + found.remarks
