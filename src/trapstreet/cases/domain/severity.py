"""How soon somebody should look. More hits never make it less."""

from collections.abc import Collection

import msgspec

from trapstreet.core.model.notice import Severity
from trapstreet.core.model.place import Place
from trapstreet.sightings import Label

SURE, LIKELY = 6.0, 2.0
"""log10 of the e-value of all decoys of one owner together from which their use is critical, and high."""

_PROVEN = 8.0
"""Bits of an automaton at addresses that its operator publishes. Below, its name may be anybody's who hires a
server where the automaton lives; and a preview means that somebody posted the address."""

_SPOKEN = frozenset({"phone", "login"})
"""Channels that no automaton uses by itself."""

_ADDRESSED = frozenset({"smtp", "mailbox", "mail", "phone", "sms"})
"""Channels by which nobody meets three decoys of one owner by going through the names of a domain's hosts."""

_LARGE, _SHARE = 1_000, 0.1
"""Records, or the share of a data set's, from which a finding is critical."""

_SEVERAL = 10
"""The same where anybody may read them; fewer may be a customer's own doing."""

_PROBING = frozenset({"small", "changed", "reach", "token"})
"""What of a suppression job looks like somebody who asks it which rows are decoys."""


class Use(msgspec.Struct, frozen=True):
    """What one party did with the decoys of one owner by one channel.

    owner     the planting, copy or pool that has them;  decoys  their positions, ascending
    hits      how often;  first, last  Unix microseconds, UTC
    score     the least bits of any hit that speak for an honest automaton
    spared    each hit looks like an honest automaton's;  expected  each was declared beforehand
    named     somebody named the persona or its reference number
    together  how many different decoys of the owner were used by anybody who looks like no automaton
    joint     log10 of their joint e-value (sightings.Joint)
    place, label  of the hit that looks least like an automaton's
    """

    owner: str
    channel: str
    decoys: tuple[int, ...]
    hits: int
    first: int
    last: int
    score: float
    spared: bool
    expected: bool
    named: bool
    together: int
    joint: float
    place: Place
    label: Label


def of_use(use: Use) -> Severity:
    """How soon somebody should look at a use of decoys."""
    if use.expected:
        return Severity.INFO
    if use.named:
        return Severity.CRITICAL
    if use.spared and use.score >= _PROVEN and not use.label.on_behalf:
        return Severity.INFO
    if use.score > 0:
        return Severity.LOW
    return max(_alone(use), _together(use))


def _alone(use: Use) -> Severity:
    if use.channel in _SPOKEN:
        return Severity.HIGH
    if use.channel == "dns" or use.score == 0:
        return Severity.MEDIUM
    return Severity.HIGH


def _together(use: Use) -> Severity:
    if use.joint >= SURE or (use.together > 2 and use.channel in _ADDRESSED):
        return Severity.CRITICAL
    return Severity.HIGH if use.joint >= LIKELY or use.together > 1 else Severity.INFO


def of_finding(*, records: int, share: float, certain: int, anybody: bool = False) -> Severity:
    """How soon somebody should look at data of ours that was found.

    records  leaked, alone and by column;  share  of the data set, in [0, 1];  certain  decoys beyond doubt
    anybody  it lies where the whole world may read it
    """
    if records >= _LARGE or (records and share >= _SHARE):
        return Severity.CRITICAL
    if anybody and (records >= _SEVERAL or certain):
        return Severity.CRITICAL
    return Severity.HIGH if records or certain else Severity.MEDIUM


def of_suppression(what: Collection[str]) -> Severity:
    """How soon somebody should look at what is out of the ordinary about a call of a suppression job."""
    return Severity.HIGH if _PROBING & set(what) else Severity.MEDIUM
