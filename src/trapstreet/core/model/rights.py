"""Who may read what: principals, resources, and the doors that lead from the ones to the others.

A set of principals is an integer: bit i stands for the i-th. Five thousand roles are 625 bytes, and "any of
these" and "all of these" are one instruction each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

Bits = int
"""A set of principals."""

FILES = "files"
"""The kind of resources that are files of a folder, all with the same rights."""

MOST_NAMED = 10_000
"""Files of a folder that are known by their names."""


class Rows(StrEnum):
    """Which rows of a resource somebody sees who passes a door."""

    ALL = "all rows"
    SOME = "the rows that row security leaves"
    SHOWN = "what a view or function shows"
    NONE = "no rows"


class How(StrEnum):
    """What opens a door."""

    OWNER = "owner"
    GRANT = "grant"
    COLUMNS = "grant on columns"
    PARENT = "parent table"
    VIEW = "view"
    COPY = "materialized view"
    FUNCTION = "function that runs as its owner"
    RULE = "rule for writing"
    TRIGGER = "trigger"
    SUPERUSER = "superuser"
    SERVER = "the server's own files"
    REPLICATION = "replication"
    PRIVILEGE = "privilege on the server"
    PROXY = "login as another account"
    STATISTICS = "the server's statistics"
    STATEMENTS = "statements of others"
    ALTERING = "right to alter the table"


class Level(IntEnum):
    """What somebody has to do before the door opens: the lower, the nearer."""

    AT_ONCE = 0
    SET_ROLE = 1
    GRANTS_ITSELF = 2


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or some group to whom rights are given.

    logs_in  whether anybody can come as this one;  note  what is remarkable: "superuser"
    """

    name: str
    logs_in: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Principal `member` belongs to `group`, both by their numbers.

    inherits   has its rights at once;  becomes  may act as it
    admits     may make anybody a member, itself too
    """

    member: int
    group: int
    inherits: bool
    becomes: bool
    admits: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that can be read.

    path     from the outside in: database, schema, table;  kind  table, view …
    records  how many it holds, by the server's estimate; None: unknown
    names    of the files that it is, where it is files; none where they are too many, and in maps that were
             kept
    """

    path: tuple[str, ...]
    kind: str
    records: int | None = None
    names: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    @property
    def name(self) -> str:
        """The whole of it in one text, as the server has it: not safe to print."""
        return self.path[0] + ": " + self.path[1] if self.kind == FILES else ".".join(self.path)

    @property
    def unit(self) -> tuple[str, ...]:
        """The path of what is known under it for good: of files, their folder."""
        return self.path[:1] if self.kind == FILES else self.path

    def is_called(self, name: str, place: str = "") -> bool:
        """Whether it, a file in it, or a folder that it is in, has this name, in full or from some part on.

        place  the folder above whose folders none counts
        """
        if self.kind != FILES:
            return self.name == name or self.name.endswith("." + name)
        name = name.removeprefix("./").rstrip("/") or "/"
        return (
            bool(self.file_called(name))
            or any(_ends_with(folder, name) for folder in self._folders(place))
            or _ends_with("/".join(self.path), name)
        )

    def _folders(self, place: str) -> Iterator[str]:
        """The folder that it is in, and those above that one, up to a place."""
        folder = self.path[0]
        yield folder
        while len(folder) > len(place) and "/" in folder.rstrip("/"):
            folder = folder.rpartition("/")[0] or "/"
            yield folder

    def file_called(self, name: str) -> str:
        """The path of the file of it that has this name, in full or from some part on; "" for none."""
        folder, slash, file = name.removeprefix("./").rpartition("/")
        if file not in self.names or (slash and not _ends_with(self.path[0], folder or "/")):
            return ""
        return f"{self.path[0].rstrip('/')}/{file}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that has to be given for a door to open, and to whom it is given."""

    what: str
    to: Bits


@dataclass(frozen=True, slots=True)
class Door:
    """A way to read a resource; None stands for all resources.

    opens    for whom, as they act; `grants` has what each of them holds, directly or as a member
    enters   who can come to where the door is at all: they must do so before they act as somebody else
    columns  those that are seen, () all of them
    sure     False: nobody can tell from the rights alone whether it leads there
    """

    resource: int | None
    how: How
    opens: Bits
    grants: tuple[Grant, ...]
    enters: Bits
    rows: Rows = Rows.ALL
    columns: tuple[str, ...] = ()
    sure: bool = True
    could: bool = False
    """Opens only after those for whom it does have granted it to themselves."""
    shows: tuple[str, ...] | None = field(default=None, compare=False)
    """Columns that a view names, in its conditions as well; () where it counts rows alone. None: nobody can
    tell, or no view lies on the way; and in maps that were kept."""

    def seen(self) -> tuple[str, ...] | None:
        """The columns that somebody sees in whatever way, () for none; None: any of them."""
        return self.columns or self.shows


@dataclass(slots=True)
class Rights:
    """All that a place tells of its rights.

    place       what was asked, without a password;  edition  "PostgreSQL 16.2"
    what, who   what its resources and its principals are called: one, many
    makes       who may make themselves members of others, beyond memberships: (who, of whom, by what)
    notes       what is to be known beside the resources;  unknown  what could not be read, and why
    unread      where that lies: paths of which, and below which, not all is told; () is everywhere
    guests      who comes without an account: what all others can read lies open to everybody
    """

    place: str
    edition: str
    what: tuple[str, str]
    who: tuple[str, str]
    principals: list[Principal] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    makes: list[tuple[Bits, Bits, str]] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    doors: list[Door] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unread: list[tuple[str, ...]] = field(default_factory=list)
    guests: Bits = 0

    @property
    def of_files(self) -> bool:
        """Whether files lie there, and no tables."""
        return any(each.kind == FILES for each in self.resources)

    @property
    def dark(self) -> list[tuple[str, ...]]:
        """`unread`, or everywhere where nobody said which part of it is not known."""
        return self.unread or ([()] if self.unknown else [])


def _ends_with(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")


def bits_of(numbers: Iterable[int]) -> Bits:
    """The set of some principals."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def numbers_in(bits: Bits) -> Iterator[int]:
    """The principals of a set, in their order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
