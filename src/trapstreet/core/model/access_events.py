"""Uses of data: as a log tells of one, and as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray


class Act(StrEnum):
    """What was done."""

    READ = "read"
    WRITE = "write"
    CONNECT = "connect"
    BECOME = "become"
    """Another role, by SET ROLE or SET SESSION AUTHORIZATION."""
    EXPLAIN = "explain"
    """How a statement would be run, which asks for its rights and reads nothing."""
    MANAGE = "manage"
    """What asks for rights beside those to read and write: CREATE, ALTER, GRANT, LOCK, VACUUM, DO."""
    OTHER = "other"


class Doubt(StrEnum):
    """Why a statement in a log may not say what was asked."""

    NONE = ""
    CUT = "cut"
    """The log may have left its end out."""
    QUOTES = "quotes"
    """Whoever asked may have been in a mode in which quotes and backslashes mean something else."""


class AccessEvent(msgspec.Struct, frozen=True, gc=False):
    """One use that a log tells of.

    time        Unix microseconds
    who         the account as the log has it: a role, a user without the host
    act         what was done
    on          what was used, each as `Resource.path`; () where the log does not say
    statement   what was asked, with values in it, which are never kept; "" where the log does not say
    database    where it was asked;  client  the host it came from;  program  what the client called itself
    rows        how many came back; None where the log does not say
    parameters  values of $1, $2 … in the statement, None for NULL
    records     the records that the log itself names, each by a column and its value; "" as the column is
                the key
    doubt       why the statement may not say what was asked
    as_root     the rights were root's, whom nothing stops, and not the account's own: it needed none of these
    """

    time: int
    who: str
    act: Act
    on: tuple[tuple[str, ...], ...] = ()
    statement: str = ""
    database: str = ""
    client: str = ""
    program: str = ""
    rows: int | None = None
    parameters: tuple[str | None, ...] = ()
    records: tuple[tuple[str, str], ...] = ()
    doubt: Doubt = Doubt.NONE
    as_root: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Lines of a log that are no use to anybody: torn, or of no version that is known.

    line  the number of the first, from 1;  why  in plain words, without the line itself
    """

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Strays:
    """Uses in a place's logs that are of nothing in it.

    times  how many;  like  the path of one of them
    """

    place: str
    times: int
    like: tuple[str, ...]


CONNECTED = "CONNECT"
"""The statement of a `PastUse` of which a log says no more than that somebody came in."""


@dataclass(frozen=True, slots=True)
class PastUse:
    """All uses of one statement by one account.

    who, database, on, as_root  as in AccessEvent
    statement    what was asked, with NULL for every value in it; "" where no log has it or nothing can
                 parse it
    fingerprint  of the statement, the same whatever the values were; "" where there is none
    programs     what the clients called themselves
    times        how often;  first, last  Unix microseconds
    rows         how many came back in all; None where no log says
    clients      the hosts it came from; "" where a log does not say
    """

    who: str
    database: str
    on: tuple[tuple[str, ...], ...]
    statement: str
    fingerprint: str
    programs: tuple[str, ...]
    times: int
    first: int
    last: int
    rows: int | None = None
    clients: tuple[str, ...] = ()
    as_root: bool = False


@dataclass(frozen=True, slots=True)
class TableUse:
    """All uses of one table by one account from one client, with one program.

    times        how often;  days  on how many days (UTC);  first, last  Unix microseconds
    of_day       how far apart, in µs, the earliest and the latest time of day are;  of_hour  the same for the
                 time since the full hour: small where a clock starts them
    as_root      as in AccessEvent
    """

    who: str
    path: tuple[str, ...]
    client: str
    program: str
    times: int
    days: int
    first: int
    last: int
    of_day: int
    of_hour: int
    as_root: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The records of a table that uses named by one column.

    uses     how many uses did: they asked for rows with these values alone
    records  keyed RecordIds of the values, ascending, each once
    """

    uses: int
    records: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class RecordsUsed:
    """Which records of a table one account used.

    uses   all its uses of the table;  empty  of how many the log says that no row came back, and that they
           asked no other table
    named  by column, "" for the key where a log names no column
    """

    uses: int
    empty: int
    named: Mapping[str, Named]
