"""What a table is about, as far as its name and the headers beside a column tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from trapstreet.core.fields.fold import header_words
from trapstreet.discover.domain.headers import Header, person_of
from trapstreet.discover.domain.lexicon import BESIDE, THINGS, is_person_word
from trapstreet.discover.domain.phrases import WHOLE

_OF_A_PERSON = frozenset(
    """
    given_name family_name birth_date national_id gender password username email age health salary family
    nationality religion ethnicity
    """.split()
)
"""Kinds whose headers say that each record is about a person, or about somebody's use of a thing."""

_NAMED_TABLE = 1.0
_LONGEST_TITLE = 200
_NAMED_COLUMN = 0.35


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around one column.

    people   from -1, a table of things, to 1, a table of people
    beside   names of `lexicon.BESIDE` that it stands beside
    given, family  whether another header names given or family names
    """

    people: float
    beside: frozenset[str]
    given: bool
    family: bool


def surroundings(headers: Sequence[Header], *, table: str) -> list[Surroundings]:
    """What is around each of the columns with these headers."""
    title = header_words(table[:_LONGEST_TITLE]).split()
    named = _NAMED_TABLE if person_of(table) else _of_the_name(title)
    counts = [_counts(header) for header in headers]
    total = sum(counts)
    around = []
    for at, header in enumerate(headers):
        others = {word for other in headers if other is not header for word in other.words} | set(title)
        near = {name for name, words in BESIDE.items() if not words.isdisjoint(others)}
        if any(_names(other, "health") for other in headers if other is not header):
            near.add("medical")
        people = max(-1.0, min(1.0, named + total - counts[at]))
        given = any(_names(other, "given_name") for other in headers if other is not header)
        family = any(_names(other, "family_name") for other in headers if other is not header)
        around.append(Surroundings(people, frozenset(near), given, family))
    return around


def _of_the_name(title: Sequence[str]) -> float:
    things = any(word in THINGS or word.rstrip("s") in THINGS for word in title)
    people = any(is_person_word(word) for word in title)
    return 0.0 if things and people else -_NAMED_TABLE if things else 0.3 if people else 0.0


def _counts(header: Header) -> float:
    """What one header says of its table: for people, or for things."""
    if any(header.says.get(kind, 0.0) >= WHOLE - 1 for kind in _OF_A_PERSON):
        return _NAMED_COLUMN
    if any(said >= WHOLE - 1 for said in header.says.values()):
        return 0.0
    return -_NAMED_COLUMN if any(word in THINGS for word in header.words) else 0.0


def _names(header: Header, kind: str) -> bool:
    return header.says.get(kind, 0.0) >= WHOLE - 1.5
