"""What a field kind is: the contract that each file in `kinds/` keeps.

A kind answers four questions: is this column mine (`headers`, `plausible`), what must be remembered about
the column (`learn`), which normal forms does a cell have (`forms`), and where in foreign text might a value
of this kind stand (`find` for anchors, `near` for kinds that only confirm). The forms of a cell and the forms
of a candidate come from the same file, because a match is nothing but an equal form.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from trapstreet.core.fields.tokens import Token


class Kind(StrEnum):
    """The kinds a column can have. TEXT is everything that is not fingerprinted."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    REFERENCE = "reference"
    ADDRESS = "address"
    POSTCODE = "postcode"
    BIRTH_DATE = "birth_date"
    IBAN = "iban"
    CARD = "card"
    NATIONAL_ID = "national_id"
    TEXT = "text"


class Column(msgspec.Struct, frozen=True):
    """One column of a registered table: its kind, why, and what its kind learnt about it.

    region     ISO 3166 code that national phone numbers are read in, "" where unknown or of no matter
    day_first  reading order of numeric dates: True 31/12, False 12/31, None where the layout leaves no doubt
    grammar    shapes of reference numbers, see shapes.py; holds no value seen in fewer than 20 records
    ignored    the user wants it left out: a change of such a cell is no change of the record (kind is TEXT)
    """

    name: str
    kind: Kind
    why: str
    region: str = ""
    day_first: bool | None = None
    grammar: tuple[str, ...] = ()
    ignored: bool = False


class Candidate(NamedTuple):
    """A place in UTF-8 text where a value may stand: byte offsets [start, end) and its normal forms."""

    start: int
    end: int
    forms: tuple[bytes, ...]


class Search(NamedTuple):
    """What a search for candidates of one kind goes by.

    columns        the kind's columns in all data sets that are searched for
    phone_lengths  digits of the whole national numbers ("n" forms) that are registered
    unicode_emails  whether any e-mail address that is registered is not ASCII
    """

    columns: tuple[Column, ...]
    phone_lengths: frozenset[int] = frozenset((6, 7, 8))
    unicode_emails: bool = True


class FieldKind(Protocol):
    """One file in `kinds/`, registered by its presence there as the module's `FIELD`.

    title    what people call it, in the singular: "e-mail address"
    anchor   found in text by itself; the others are looked for only near an anchor's hit
    alone    one value by itself is worth a finding (e-mail, IBAN, card)
    slots    forms that a cell of a confirming kind has at most; 0 for anchors, which have any number
    headers  folded words that name the kind ("phone number"); "=name" counts only as the whole header
    named    share of plausible texts that suffices when the header names the kind
    unnamed  share that suffices when it does not; above 1 means never
    """

    kind: Kind
    title: str
    anchor: bool
    alone: bool
    slots: int = 0
    headers: frozenset[str]
    named: float
    unnamed: float

    def plausible(self, texts: Sequence[str]) -> float:
        """Share in [0, 1] of the sampled, non-empty texts that look like this kind, checksums included."""
        ...

    def learn(self, column: Column, texts: Sequence[str]) -> Column:
        """The column with what must be remembered filled in; `texts` holds one text per sampled record."""
        return column

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        """Normal forms of one cell, () where it holds no value of this kind. Version: NORMAL_FORMS."""
        ...

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        """Anchors only: every candidate in the bytes, in linear time whatever the bytes are.

        A candidate depends on nothing further than 512 bytes away.
        """
        return iter(())

    def near(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
        """Confirming kinds only: every form that may stand in a run of tokens, in any order.

        Yields (index of the form's first token, index of its last token, form); a form may come twice.
        """
        return iter(())
