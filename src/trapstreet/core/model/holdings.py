"""What a place holds about people: tables and files with what is in their columns."""

from dataclasses import dataclass

IN_LOG = "table in a log"
"""The kind of what the log or journal beside a SQLite file may hold."""


@dataclass(frozen=True, slots=True)
class HeldColumn:
    """What one column holds, by a sample of its distinct values.

    kind         a field kind like "email", or a sensitive one like "health"; "" for nothing about people
    fitting      how many of the sampled values fit;  sampled  how many there were
    sensitivity  a class of the policy: "personal", "special" …; "" for none
    why          what it was recognised by, in words without a value: "header, 480 of 500 values"
    """

    name: str
    kind: str
    fitting: int
    sampled: int
    sensitivity: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One table, view, file or message with what it holds.

    place        the server or folder, as `server_of` names it
    path         as `Resource.path` has it;  kind  table, view, file …
    records      how many rows, by estimate where counting is dear; None: unknown
    people       how many people are concerned; None: unknown
    sensitivity  the heaviest class among its columns, "" for none;  weight  of that class in the policy
    seen         when it was looked at last, Unix microseconds
    """

    place: str
    path: tuple[str, ...]
    kind: str
    records: int | None
    people: int | None
    columns: tuple[HeldColumn, ...]
    sensitivity: str
    weight: float
    seen: int

    @property
    def log_of(self) -> tuple[str, ...]:
        """The path of the SQLite file in whose log or journal it lies; () where it lies in none."""
        if self.kind != IN_LOG:
            return ()
        folder, log, *_ = self.path
        return (folder, log.rpartition("-")[0])
