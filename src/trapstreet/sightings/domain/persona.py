"""Whether somebody who used a decoy knew more of it than what was used: its name, its numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

from trapstreet.core.fields import Column, Kind, Search, kinds, record_forms
from trapstreet.core.fields.tokens import Token, canonical, tokens
from trapstreet.core.model.hit import MAIL
from trapstreet.core.model.table import Row

_NUMBERS = (Kind.REFERENCE, Kind.PHONE, Kind.IBAN, Kind.CARD, Kind.NATIONAL_ID)
_RARE = 1000
"""How many values there have to be of a number's length for each number of the text."""
_LONGEST = 9
"""Digits that make a number rare in any text."""


class Persona(NamedTuple):
    """What a decoy's rows tell of it, by kind: normal forms, and the columns of its tables. Protected."""

    forms: Mapping[Kind, frozenset[bytes]]
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, tables: Iterable[tuple[Sequence[Column], Sequence[Row]]]) -> Self:
        """The persona of some rows: the decoy's, and those that refer to it."""
        forms: dict[Kind, frozenset[bytes]] = {}
        known: list[Column] = []
        for columns, rows in tables:
            known += columns
            for kind, found in record_forms(columns, rows).items() if rows else ():
                forms[kind] = forms.get(kind, frozenset()) | set(found.forms)
        whole = {form for form in forms.get(Kind.NAME, ()) if b" " in form and form[:1] not in b"*~"}
        names = whole | {b" ".join(reversed(form.split())) for form in whole}
        return cls({**forms, Kind.NAME: frozenset(names)}, tuple(known))


class Said:
    """What a hit says, read once for all decoys that it used.

    text  domain.content.said;  used  the hit's names: whoever writes to ciara.byrne@ may say "Ciara Byrne"
    without knowing her;  channel  of the hit: that a mail names the address that it goes to tells nothing
    """

    def __init__(self, text: str, *, used: Sequence[str], channel: str) -> None:
        self._data = text.encode("utf-8", "replace")
        self._used = _letters(" ".join(used).encode("utf-8", "replace"))
        self._guessed = canonical(self._used.encode())
        self._is_mail = channel in MAIL
        self._candidates: dict[object, tuple[int, frozenset[bytes]]] = {}

    def names(self, who: Persona) -> tuple[str, ...]:
        """What of the persona it names that does not stand in what was used, in words: "person name".

        A name counts with both its words, a number where so many of its length exist that the text hardly has
        it by chance. Linear in the text: 1 to 2 µs a word, once for all decoys of a table.
        """
        found = [kinds()[Kind.NAME].title] if self._name(who) else []
        found += [kinds()[kind].title for kind in _NUMBERS if self._number(who, kind)]
        if not self._is_mail and self._met(who, Kind.EMAIL)[1]:
            found.append(kinds()[Kind.EMAIL].title)
        return tuple(found)

    def _name(self, who: Persona) -> bool:
        wanted = {
            form
            for form in who.forms[Kind.NAME]
            if self._words.issuperset(form.split())
            and not all(word in self._guessed for word in form.split())
        }
        return not self._names.isdisjoint(wanted) if wanted else False

    def _number(self, who: Persona, kind: Kind) -> bool:
        count, met = self._met(who, kind)
        return any(_values(form) >= _RARE * count for form in met)

    def _met(self, who: Persona, kind: Kind) -> tuple[int, frozenset[bytes]]:
        """How many candidates of a kind the text has, and which forms of the persona are among theirs."""
        known = who.forms.get(kind, frozenset())
        wanted = {form for form in known if _letters(form[form[:1] == b"n" :]) not in self._used}
        if not wanted:
            return 0, frozenset()
        columns = tuple(column for column in who.columns if column.kind is kind)
        count, forms = self._found(kind, columns)
        return count, forms & wanted

    def _found(self, kind: Kind, columns: tuple[Column, ...]) -> tuple[int, frozenset[bytes]]:
        if (kind, columns) not in self._candidates:
            found = list(kinds()[kind].find(self._data, Search(columns)))
            forms = frozenset(form for each in found for form in each.forms)
            self._candidates[kind, columns] = len(found), forms
        return self._candidates[kind, columns]

    @cached_property
    def _tokens(self) -> list[Token]:
        return tokens(self._data)

    @cached_property
    def _words(self) -> set[bytes]:
        return {token.text for token in self._tokens}

    @cached_property
    def _names(self) -> frozenset[bytes]:
        return frozenset(form for _, _, form in kinds()[Kind.NAME].near(self._tokens))


def _values(form: bytes) -> int:
    """How many numbers of that length there are."""
    digits = sum(48 <= byte < 58 for byte in form)
    base, length = (10, digits) if digits else (26, len(form))
    return int(base ** min(length, _LONGEST))


def _letters(text: bytes) -> str:
    return re.sub(rb"[^a-z0-9]", b"", text.lower()).decode()
