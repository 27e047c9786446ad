"""Where rows can be planted: a table, and those that refer to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trapstreet.core.model.table import Row, cell_text


@dataclass(frozen=True, slots=True)
class Reference:
    """Cells of a table that name a row of another, by positions here and there.

    parent    number of the table that is referred to
    refers    positions of the reference; referred  positions, in the parent, of what it refers to
    """

    parent: int
    refers: tuple[int, ...]
    referred: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GroundTable:
    """A table that rows are planted in.

    name      as people say it, "public.orders", or the path of a file; safe to print
    columns   all of them, in the table's order: rows are always this wide
    given     for each column whether a new row states its cell; the database makes the others
    key       positions of the primary key, else of a unique key that is never NULL; () where there is none
    parent    number of the table that it refers to, None for the root, which has number 0
    refers    positions of the reference; referred  positions, in the parent, of what it refers to
    unique    further sets of positions whose cells no two rows share
    also      further references to tables of the ground, by which a row belongs with others of its kin
    upheld    whether the place itself refuses a second row with such cells; else none has them by now
    """

    name: str
    columns: tuple[str, ...]
    given: tuple[bool, ...]
    key: tuple[int, ...]
    parent: int | None = None
    refers: tuple[int, ...] = ()
    referred: tuple[int, ...] = ()
    unique: tuple[tuple[int, ...], ...] = ()
    also: tuple[Reference, ...] = ()
    upheld: bool = True


@dataclass(frozen=True, slots=True)
class Kinship:
    """How the rows of a table that refers to another are told, and to what they refer, by names of columns.

    keys    sets of columns of which no two rows have the same cells
    parent  number of the table that is referred to;  refers, referred  columns here and there
    """

    keys: tuple[tuple[str, ...], ...]
    parent: int
    refers: tuple[str, ...]
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A file whose rows refer to the planted table by one column: `--link orders.csv:customer`."""

    place: str
    column: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What removing planted rows did, all tables together.

    rows    removed
    absent  were not there any more
    edited  positions, among the root rows, of decoys whose identity somebody changed: they stay, with what
            refers to them
    """

    rows: int
    absent: int
    edited: Sequence[int] = field(default=())


def named(row: Row, positions: Sequence[int]) -> tuple[str | None, ...]:
    """The cells at these positions as texts, by which rows of tables of any kind find each other."""
    return tuple(cell_text(row[at]) for at in positions)


def referred_to(
    rows: Sequence[Row], refers: Sequence[int], above: Sequence[Row], referred: Sequence[int]
) -> list[int | None]:
    """For each row which of those above it refers to, by its number; None for none of them."""
    numbers = {named(row, referred): number for number, row in enumerate(above)}
    return [numbers.get(named(row, refers)) for row in rows]
