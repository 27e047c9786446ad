"""What is mentioned in the texts of a column: values that stand for themselves wherever they are found."""

import re
from collections.abc import Mapping, Sequence

from trapstreet.core.fields.digits import digit_chains
from trapstreet.core.fields.kind import FieldKind, Kind, Search
from trapstreet.core.fields.registry import kinds
from trapstreet.discover.domain.cards import in_fraction, payment_card, written_as_card

_ANYTHING = Search(columns=())
_SAYS_SOMETHING = re.compile(r"(?<!\w)[^\W\d_]{2,}+\W++[^\W\d_]{2}")
_CARDS = 0.5
"""Share of the numbers of a card's length that have to be cards: one in ten of any numbers passes Luhn's
check."""


def mentioned(texts: Sequence[str]) -> Mapping[str, int]:
    """In how many of the texts with words in them each kind stands: e-mail addresses, IBANs, payment cards.

    Other kinds need a neighbour to be sure of. Linear in the texts.
    """
    spoken = [text.encode("utf-8", "replace") for text in texts if _SAYS_SOMETHING.search(text)]
    found = {}
    for field in kinds().values():
        if field.alone and field.anchor:
            hits = sum(_stands_in(field, text) for text in spoken)
            if hits and (field.kind is not Kind.CARD or hits >= _CARDS * sum(map(_has_long_number, spoken))):
                found[field.kind.value] = hits
    return found


def _stands_in(field: FieldKind, text: bytes) -> bool:
    found = field.find(text, _ANYTHING)
    return any(field.kind is not Kind.CARD or _is_card(text, each.start, each.end) for each in found)


def _is_card(text: bytes, start: int, end: int) -> bool:
    return payment_card(text[start:end].decode("utf-8", "replace")) and written_as_card(text, start, end)


def _has_long_number(text: bytes) -> bool:
    chains = digit_chains(text, least=13, most=19, groups=5)
    return any(not in_fraction(text, start, end) for start, end in chains)
