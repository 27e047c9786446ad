"""Joint evidence: whether the uses of one owner's decoys are more than what all decoys meet anyway."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from math import log
from typing import NamedTuple

import msgspec
import numpy as np

from trapstreet.core.model.words import counted

_LOG10 = log(10)
_FIRST = 20
"""Alternatives that are weighed: 2, 4, 8 … a million times as likely."""


class Use(NamedTuple):
    """A use that counts: by no honest automaton, and of no decoy that has traffic of its own.

    at       Unix microseconds
    channel  by which it was heard
    party    who it was, as of incidents
    owner, decoy  whose decoy, and which
    """

    at: int
    channel: str
    party: str
    owner: str
    decoy: int


class Listening(NamedTuple):
    """Decoys of one owner that are heard by a channel from a time on (Unix microseconds)."""

    owner: str
    channel: str
    decoys: int
    since: int


class Joint(msgspec.Struct, frozen=True):
    """Evidence, model-based, against "nobody used this owner's data".

    log10_e   of the e-value: had nobody used the data, it would ever reach x with probability 10^-x at most
    decoys    of the owner that were used;  parties  who used them, counted once each. Neither knows of calls
              and of other channels by which nobody knows which decoys could be heard
    compared  owners whose decoys could be heard by the same channels, itself among them
    why       in words
    """

    log10_e: float
    decoys: int
    parties: int
    compared: int
    why: tuple[str, ...]


def evidence(
    owners: Collection[str], uses: Iterable[Use], listening: Sequence[Listening]
) -> dict[str, Joint]:
    """The joint evidence of all uses of each owner's decoys, as it is by now: it may be looked at any time.

    uses, listening  of all owners: those of the others tell what decoys meet anyway

    A party counts once, by the first decoy that it used and nobody before it. Somebody who knows nothing of
    the owner's data meets this owner's decoys with chance p at most: the larger of the owner's share of the
    decoys not used so far, and one over the number of owners. For odds w > 1 the product over the parties of
    w / (1 - p + w p) where it was the owner's, and of 1 / (1 - p + w p) where it was another's, is then a
    supermartingale; so is their mean over w = 2, 4, 8 … with the weights 1 / (k (k + 1)). However many decoys
    a party uses, however often, and however unevenly parties come over time, that holds; docs/sightings.md
    has the argument and what it rests on. Model-based: it may weigh how urgent a case is, and never goes into
    a bound that accuses.
    40 µs a party, and 2 µs a use. Source: Ville 1939; Ramdas, Grünwald, Vovk, Shafer 2023 (arXiv 2210.01948),
    section 3.
    """
    heard_by: dict[str, set[str]] = defaultdict(set)
    for each in listening:
        heard_by[each.channel].add(each.owner)
    known = sorted({use for use in uses if use.channel in heard_by})
    logs = _logs(known, listening)
    of: dict[str, list[Use]] = defaultdict(list)
    for use in known:
        of[use.owner].append(use)
    found = {}
    for owner in owners:
        channels = {use.channel for use in of[owner]}
        one = Joint(
            log10_e=logs.get(owner, 0.0) / _LOG10 if of[owner] else 0.0,
            decoys=len({use.decoy for use in of[owner]}),
            parties=len({use.party for use in of[owner]}),
            compared=len(set().union(*(heard_by[channel] for channel in channels))),
            why=(),
        )
        found[owner] = msgspec.structs.replace(one, why=_words(one))
    return found


def _words(found: Joint) -> tuple[str, ...]:
    if not found.decoys:
        return ("none of its uses counts here: calls, honest automata and declared uses do not",)
    used = f"{counted(found.decoys, 'decoy')}, used first by {counted(found.parties, 'network')}"
    if found.compared < 2:
        return (used, "no other decoys are heard by the same channels, so that nothing can be compared")
    others = f"beside those of {counted(found.compared - 1, 'other place')}"
    if found.log10_e < 1:
        return (
            f"{used}, {others}",
            "too little to tell a thief from strangers who come by, and no sign that there is none",
        )
    times = 10 ** min(found.log10_e, 12)
    return f"{used}, {others}", f"one of {times:,.0f} places at most shows as much whose data nobody has"


def _logs(uses: Sequence[Use], listening: Sequence[Listening]) -> dict[str, float]:
    """The natural logarithm of each owner's e-value."""
    names = sorted({each.owner for each in listening})
    number = {owner: at for at, owner in enumerate(names)}
    heard = {each.channel: _Heard(len(names)) for each in listening}
    for each in listening:
        heard[each.channel].add(number[each.owner], each)
    logs = np.zeros((len(names), _FIRST))
    odds = 2.0 ** np.arange(1, _FIRST + 1)
    met: set[tuple[str, str, int]] = set()
    parties: set[str] = set()
    for use in uses:
        decoy = (use.channel, use.owner, use.decoy)
        if decoy in met or use.owner not in number:
            continue
        met.add(decoy)
        channel, owner = heard[use.channel], number[use.owner]
        there = np.flatnonzero((channel.since <= use.at) & (channel.left > 0))
        if use.party not in parties and owner in there:
            parties.add(use.party)
            chance = np.maximum(channel.left[there] / channel.left[there].sum(), 1 / len(there))
            logs[there] -= np.log1p(chance[:, None] * (odds - 1))
            logs[owner] += np.log(odds)
        channel.left[owner] -= 1
    weights = 1 / (np.arange(1, _FIRST + 1) * np.arange(2, _FIRST + 2))
    top = logs.max(axis=1)
    mixed = top + np.log((weights * np.exp(logs - top[:, None])).sum(axis=1))
    return dict(zip(names, mixed.tolist(), strict=True))


class _Heard:
    """By owner, decoys that are heard by one channel and were not used so far, and since when."""

    def __init__(self, owners: int) -> None:
        self.left = np.zeros(owners, dtype=np.int64)
        self.since = np.zeros(owners, dtype=np.int64)

    def add(self, owner: int, each: Listening) -> None:
        self.left[owner], self.since[owner] = each.decoys, each.since
