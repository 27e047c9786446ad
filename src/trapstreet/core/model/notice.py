"""What people and their systems are told when something happened."""

from enum import IntEnum

import msgspec


class Severity(IntEnum):
    """How soon somebody should look; the numbers are those of OCSF's severity_id."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """As people write it: "high"."""
        return self.name.lower()


class Notice(msgspec.Struct, frozen=True):
    """One alert, as it leaves the house. Plain words: whoever sends it escapes them for its own format.

    id         of the alert: "a17";  case  "k4"
    at         when it happened, raised  when the alert was raised: Unix microseconds, UTC
    kind       "sighting", "finding", "suppression", "access", "trouble", "review" or "test"
    headline   one line
    happened   what happened, a sentence each
    lay        where the decoy lay, or where our data was found; "" where neither is known
    stake      what is at stake
    steps      what to do next, the first one first
    facts      labels and values for machines: ("address", "192.0.2.1"), ("country", "IE"). What a client
               could choose freely stands here only in printable characters, cut short
    reason     why it is told now: "new", "worse", "escalated", "reminder" or "test"
    """

    id: str
    case: str
    at: int
    raised: int
    kind: str
    severity: Severity
    headline: str
    happened: tuple[str, ...]
    lay: str
    stake: str
    steps: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    reason: str = "new"
