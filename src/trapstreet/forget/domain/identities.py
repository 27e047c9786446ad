"""By what a person who is to be forgotten is known."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected

_HINT = "write each line like `email: …`, `phone: …` or `key: …`"


class By(StrEnum):
    """What a line holds: a value of the kind of that name, or the key cells of a record."""

    EMAIL = "email"
    PHONE = "phone"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Identity:
    """One line of those that name a person; `line` is its number, from 1 on."""

    line: int
    by: By
    value: Protected[str]

    def forms(self, columns: Sequence[Column]) -> tuple[Kind, list[bytes]]:
        """The normal forms of an e-mail address or a phone number, read as each column of its kind is."""
        kind = Kind(self.by)
        own = (column for column in columns if column.kind is kind)
        text = self.value.reveal()
        return kind, sorted({form for column in own for form in kinds()[kind].forms(text, column)})

    def key_cells(self, count: int) -> list[str] | None:
        """So many key cells: those of a line of CSV, but a single one is the whole text. None if there are
        not as many."""
        text = self.value.reveal()
        cells = [text] if count == 1 else next(csv.reader([text], skipinitialspace=True), [])
        return cells if len(cells) == count else None


def read_identities(text: str, *, where: str) -> list[Identity]:
    """The lines `email: …`, `phone: …`, `key: …`; blank ones are passed over.

    Raises UnusableInput, with the line's number and nothing of what stands in it.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise UnusableInput(f"{where} names nobody", hint=_HINT)
    return [_identity(number, line, where) for number, line in lines]


def _identity(number: int, line: str, where: str) -> Identity:
    label, colon, value = line.partition(":")
    name = label.strip().lower()
    if not colon or name not in set(By) or not value.strip():
        raise UnusableInput(f"line {number} of {where} names nobody", hint=_HINT)
    identity = Identity(number, By(name), Protected(value.strip()))
    if identity.by is not By.KEY:
        kind = Kind(identity.by)
        if not identity.forms([Column("", kind, "")])[1]:
            raise UnusableInput(f"line {number} of {where} has no {kinds()[kind].title}", hint=_HINT)
    return identity
