"""What is mentioned in free text, as a reader says it. Texts never show in what is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Mention(NamedTuple):
    """A stretch of a text that somebody or something is named in.

    entity      what the reader calls it: "PERSON"
    start, end  characters of the text
    score       how sure the reader is, in [0, 1]
    """

    entity: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What some texts mention.

    mentions  by text, in their order; fewer than there were texts where it broke off
    why       what it broke off for, "" where it did not: what was not read by then is not known
    """

    mentions: Sequence[Sequence[Mention]]
    why: str = ""


class Reader(Protocol):
    """Whoever reads free text.

    name  what it reads by, with its version: by another one the same texts are read again
    """

    name: str

    def read(self, texts: Sequence[str]) -> Reading:
        """What the texts mention, as far as the time for them goes. Raises UnusableInput if it cannot read
        at all."""
        ...
