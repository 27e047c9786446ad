"""Tables of a database as its catalogue describes them, and which of them rows are planted in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from trapstreet.core.model.ground import GroundTable, Reference
from trapstreet.plugins.tables._columns import named_columns

AT_THE_END = (
    "new rows lie behind all others: a dump that is not sorted shows them there until it is rewritten"
)
"""A remark on tables whose rows are not kept in the order of their key."""


class Name(NamedTuple):
    """A table's name; `schema` is "" where there are none."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the catalogue describes it.

    type        what the database calls its type
    generated   the database computes its cells, so that a new row does not state them
    required    never NULL
    longest     most characters of a cell, None where there is no such limit
    comparable  its type has an equality
    """

    name: str
    type: str
    generated: bool = False
    required: bool = False
    longest: int | None = None
    comparable: bool = True


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A constraint by which rows of one table refer to rows of another.

    spreads  removing a row that is referred to removes or changes those that refer to it
    """

    name: str
    child: Name
    refers: tuple[str, ...]
    parent: Name
    referred: tuple[str, ...]
    spreads: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """A table as the catalogue describes it.

    unique     sets of positions whose cells no two rows share, the primary key first if `primary`
    sequences  by position, the sequence that new cells come from where the database does not advance it by
               itself, as statements name it
    triggers   names of those that run when rows are added
    remarks    what else the owner should know before rows are planted
    """

    name: Name
    columns: tuple[Column, ...]
    unique: tuple[tuple[int, ...], ...] = ()
    primary: bool = False
    sequences: tuple[tuple[int, str], ...] = ()
    triggers: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, ...]:
        """The primary key, else the narrowest unique set without NULLs, else ()."""
        if self.primary:
            return self.unique[0]
        whole = [each for each in self.unique if all(self.columns[at].required for at in each)]
        return min(whole, key=len, default=())

    def positions(self, names: Sequence[str]) -> tuple[int, ...]:
        """Where the columns of these names stand."""
        order = {column.name: at for at, column in enumerate(self.columns)}
        return tuple(order[name] for name in names)


class Catalogue(Protocol):
    """What a database tells of its tables."""

    def describe(self, name: Name) -> Described: ...

    def references(self, parent: Name) -> list[ForeignKey]:
        """Those that refer to the table, its own among them."""
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """The tables that rows are planted in, parents before children, and what refers to them.

    tables      as the catalogue describes them; `shapes` the same as others see them
    references  every foreign key that refers to one of them, from whatever table
    outside     tables that refer to one of them and get no rows
    """

    tables: list[Described] = field(default_factory=list)
    shapes: list[GroundTable] = field(default_factory=list)
    references: list[ForeignKey] = field(default_factory=list)
    outside: list[Described] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def survey(catalogue: Catalogue, root: Described, root_key: tuple[int, ...]) -> Survey:
    """Follow the foreign keys from the root, whose rows `root_key` identifies if it has no key of its own."""
    made = Survey()
    found = {root.name: root}
    waiting = [root.name]
    for parent in waiting:
        for reference in catalogue.references(parent):
            made.references.append(reference)
            if reference.child in found:
                continue
            table = found[reference.child] = catalogue.describe(reference.child)
            if table.key:
                waiting.append(reference.child)
            else:
                made.outside.append(table)
                made.remarks.append(f"{table.name} has no key: no rows are planted there")
    made.tables.extend(found[name] for name in _parents_first(waiting, made.references))
    for table in made.tables:
        made.shapes.append(_shape(table, table.key or root_key, made))
    return made


def _parents_first(names: list[Name], references: list[ForeignKey]) -> list[Name]:
    """In the order of finding, but none before a table that it refers to, circles apart."""
    placed: list[Name] = []
    left = list(names)
    while left:
        ahead = {each.child for each in references if each.parent in left and each.parent != each.child}
        name = left[0] if not placed else next((name for name in left if name not in ahead), left[0])
        left.remove(name)
        placed.append(name)
    return placed


def _shape(table: Described, key: tuple[int, ...], made: Survey) -> GroundTable:
    """The table as others see it; says in `made.remarks` what is not followed."""
    numbers = {done.name: number for number, done in enumerate(made.tables)}
    own = numbers[table.name]
    followed: list[tuple[int, bool, str, Reference]] = []
    for each in made.references:
        if each.child != table.name:
            continue
        parent = numbers[each.parent]
        if parent >= own:
            by = ", ".join(each.refers)
            made.remarks.append(f"{table.name} refers to {each.parent} by {by} in a circle: not followed")
            continue
        refers = table.positions(each.refers)
        loose = not all(table.columns[at].required for at in refers)
        reference = Reference(parent, refers, made.tables[parent].positions(each.referred))
        followed.append((parent, loose, each.name, reference))
    followed.sort(key=lambda each: each[:3])
    first = followed[0][3] if followed else None
    return GroundTable(
        name=str(table.name),
        columns=named_columns([column.name for column in table.columns], where=str(table.name)),
        given=tuple(not column.generated for column in table.columns),
        key=key,
        parent=first.parent if first else None,
        refers=first.refers if first else (),
        referred=first.referred if first else (),
        unique=tuple(each for each in table.unique if each != key),
        also=tuple(each[3] for each in followed[1:]),
    )
