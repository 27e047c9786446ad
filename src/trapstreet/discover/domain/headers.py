"""What the headers of a table say its columns hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from trapstreet.core.fields.fold import header_words
from trapstreet.discover.domain.declared import Family, family_of
from trapstreet.discover.domain.kinds import held_kinds
from trapstreet.discover.domain.lexicon import NEUTRAL, NUMBERED, OWN_KEYS, PADDING, is_person_word
from trapstreet.discover.domain.phrases import WHOLE, said_of

_PERSON_ID = "person_id"
_LONGEST_NAME = 200
"""Characters of a column's name that are looked at."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header in words, and the kinds it speaks for with how much.

    words  without what all headers of the table begin with
    says   log-odds by kind, below 0 where it speaks against it
    """

    words: tuple[str, ...]
    says: Mapping[str, float]


def read_headers(names: Sequence[str], declared: Sequence[str], *, table: str) -> list[Header]:
    """What each header of a table says; the table's name counts for "id" and for what they all begin with."""
    split = [tuple(header_words(name[:_LONGEST_NAME]).split()) for name in names]
    people = person_of(table)
    shared = _shared_beginning(split)
    read = []
    for words, each in zip(split, declared, strict=True):
        own = words[1:] if len(words) > 1 and words[0] == shared else words
        says = {**said_of(own)}
        says |= {name: said for name, said in said_of(words).items() if said >= WHOLE}
        number = _numbers_person(words, own, family_of(each), person=people)
        if number:
            says[_PERSON_ID] = max(says.get(_PERSON_ID, number), number)
        read.append(Header(own, MappingProxyType(says)))
    return read


def person_of(table: str) -> str:
    """The word for people that a table is named by, "" for none: "tblCustomers", not "customer_orders"."""
    words = [
        word for word in header_words(table[:_LONGEST_NAME]).split() if not word.isdigit() and len(word) > 2
    ]
    telling = [word for word in words if word not in PADDING]
    if telling and (is_person_word(telling[-1]) or (len(telling) == 1 and any(map(is_person_word, telling)))):
        return telling[-1]
    return ""


def _shared_beginning(headers: Sequence[tuple[str, ...]]) -> str:
    """The word that most headers of a table begin with, "" for none: pessoa_cpf, pessoa_nome."""
    first = [words[0] for words in headers if len(words) > 1]
    common = max(first, key=first.count, default="")
    return common if len(headers) > 3 and first.count(common) >= 0.7 * len(headers) else ""


def _numbers_person(words: tuple[str, ...], own: tuple[str, ...], family: Family, *, person: str) -> float:
    """The log-odds that a header is for the number of a person; `person` is whom the table is about."""
    if family not in held_kinds()[_PERSON_ID].types | {Family.UNKNOWN}:
        return 0.0
    if person and ("".join(own) in OWN_KEYS or own == (f"{person[0]}id",)):
        return WHOLE - 1
    if own == ("uid",):
        return WHOLE - 2
    people = [word for word in words if is_person_word(word) or _glued_number(word)]
    others = [word for word in words if word not in people and word not in NUMBERED and word not in NEUTRAL]
    if not people or any(not word.isdigit() for word in others):
        return 0.0
    if any(word in NUMBERED for word in words) or any(map(_glued_number, words)):
        return WHOLE
    return WHOLE - 2 if family in (Family.WHOLE, Family.UUID) else 0.0


@lru_cache(maxsize=10_000)
def _glued_number(word: str) -> bool:
    """Whether a word is people and a word for a number: "userid", "klantnr"."""
    return any(
        word.endswith(number) and len(word) > len(number) + 1 and is_person_word(word.removesuffix(number))
        for number in ("id", "no", "nr", "key", "uuid", "code", "nummer", "number")
    )
