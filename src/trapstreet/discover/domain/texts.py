"""What a text without columns holds: values that stand for themselves wherever they are found."""

from collections.abc import Sized

import numpy as np

from trapstreet.core.fields.digits import digit_chains
from trapstreet.core.fields.kind import Candidate, Kind, Search
from trapstreet.core.fields.registry import kinds
from trapstreet.core.model.holdings import HeldColumn
from trapstreet.discover.domain.cards import in_fraction, written_as_card
from trapstreet.discover.domain.policy import Policy

LONGEST = 1 << 20
"""Bytes of a text that are looked at: its beginning."""

_ANYTHING = Search(columns=())
_CARDS = 0.5
"""Share of the numbers of a card's length that have to be cards: one in ten of any numbers passes Luhn's
check."""


def held_in(text: bytes, policy: Policy) -> tuple[list[HeldColumn], int]:
    """What the beginning of a text holds by its lines, and how many different values of the kind that has the
    most.

    `fitting` counts lines that hold a value, `sampled` those that are not empty. Kinds that need a
    neighbour to be sure of (phones, names, numbers) are not looked for. Linear in the text.
    """
    text = text[:LONGEST]
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    lines = sum(1 for line in text.splitlines() if line.strip())
    found, most = [], 0
    for field in kinds().values():
        if not (field.alone and field.anchor):
            continue
        met = [each for each in field.find(text, _ANYTHING) if not _is_login(text, each)]
        if field.kind is Kind.CARD:
            met = [each for each in met if written_as_card(text, each.start, each.end)]
        if not met or (field.kind is Kind.CARD and not _are_cards(text, met)):
            continue
        fitting = len(np.unique(np.searchsorted(ends, [each.start for each in met])))
        different = len({each.forms[:1] for each in met})
        most = max(most, different)
        why = f"{different:,} different in its first {len(text):,} bytes"
        found.append(
            HeldColumn(
                "", field.kind.value, min(fitting, lines), lines, policy.class_of(field.kind.value), why
            )
        )
    return found, most


def _is_login(text: bytes, met: Candidate) -> bool:
    """Whether it is the user and host of a URL: "ssh://root@host.example"."""
    return text[max(0, met.start - 2) : met.start] == b"//"


def _are_cards(text: bytes, met: Sized) -> bool:
    chains = digit_chains(text, least=13, most=19, groups=5)
    there = sum(not in_fraction(text, start, end) for start, end in chains)
    return len(met) >= _CARDS * there
