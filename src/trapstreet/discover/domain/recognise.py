"""What each column of a table holds about people: by its header, its values, its type and its neighbours.

The evidence for a kind is a sum of log-odds, each written down with what it is for; the kind with the most
above zero is taken. Nothing is learnt and nothing drawn: the same columns always give the same answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trapstreet.core.maths.intervals import wilson
from trapstreet.core.model.holdings import HeldColumn
from trapstreet.discover.domain.declared import Family, family_of
from trapstreet.discover.domain.headers import Header, read_headers
from trapstreet.discover.domain.kinds import HeldKind, held_kinds
from trapstreet.discover.domain.lexicon import ABOUT, BARE_NAMES, BESIDE, THINGS
from trapstreet.discover.domain.mentions import mentioned
from trapstreet.discover.domain.phrases import WHOLE
from trapstreet.discover.domain.policy import Policy, default_policy
from trapstreet.discover.domain.surroundings import Surroundings, surroundings

_BEFORE = -3.0
"""Log-odds of any one kind before anything is known of a column."""

_WRONG_TYPE = -6.0
_EVIDENT = 4.0
"""What values have to count at most for a kind that no header names."""

_UNMISTAKABLE = 7.0
"""And for one that the header speaks of something else than."""

_JUDGED = 200
"""Values that a kind is chosen by; those that fit it are counted among all."""

_LONGEST = 500
"""Characters of a value that are looked at."""

_FREE_TEXT = "free_text"
_MENTIONS, _MENTIONED = 2, 0.01
"""Texts, and their share, that have to mention a kind."""


@dataclass(frozen=True, slots=True)
class SampledColumn:
    """A column as it was sampled; prints without its values.

    declared  its type as the server or file names it ("character varying(80)"), "" where there is none
    values    distinct, non-empty texts, 500 at most; none where the column may not be read
    """

    name: str
    declared: str
    values: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Evidence:
    kind: HeldKind
    weight: float
    header: float
    values: float
    around: float


def recognise(
    columns: Sequence[SampledColumn], *, table: str = "", policy: Policy | None = None
) -> list[HeldColumn]:
    """What each column of one table holds, in the columns' order.

    table   the table's or file's own name, "" where it says nothing
    policy  what the kinds are worth; None: the one that trapstreet brings
    `fitting` counts the values that may be of the kind; in texts, those that mention one. Up to 10 ms of CPU
    a column of 500 values.
    """
    policy = policy or default_policy()
    names = [column.name for column in columns]
    headers = read_headers(names, [column.declared for column in columns], table=table)
    around = surroundings(headers, table=table)
    return [_held(*each, policy=policy) for each in zip(columns, headers, around, strict=True)]


def _held(column: SampledColumn, header: Header, around: Surroundings, *, policy: Policy) -> HeldColumn:
    texts = [text[:_LONGEST] for text in column.values if text and not text.isspace()]
    best = max(_evidence(column, header, around, texts), key=lambda each: each.weight, default=None)
    kind = str(best.kind.name) if best and best.weight > 0 else ""
    if kind in ("", _FREE_TEXT):
        said = _mention(texts, policy, above=policy.weight_of(kind))
        if said:
            kind, number = said
            why = f"mentioned in {number:,} of {len(texts):,} texts"
            return HeldColumn(column.name, kind, number, len(texts), policy.class_of(kind), why)
    if not best or not kind:
        return HeldColumn(column.name, "", 0, len(texts), "")
    fitting = round(best.kind.fits(texts) * len(texts)) if texts else 0
    why = _why(best, fitting, len(texts))
    return HeldColumn(column.name, kind, fitting, len(texts), policy.class_of(kind), why)


def _mention(texts: Sequence[str], policy: Policy, *, above: float) -> tuple[str, int] | None:
    """The kind of most weight, above what the column weighs already, that a share of the texts mentions."""
    enough = max(_MENTIONS, _MENTIONED * len(texts))
    counted = [
        (policy.weight_of(kind), number, kind)
        for kind, number in mentioned(texts).items()
        if number >= enough and policy.weight_of(kind) > above
    ]
    if not counted:
        return None
    _, number, kind = max(counted)
    return kind, number


def _evidence(
    column: SampledColumn, header: Header, around: Surroundings, texts: Sequence[str]
) -> list[_Evidence]:
    judged = texts[:: len(texts) // _JUDGED + 1]
    family = family_of(column.declared)
    says = _with_neighbours(header, around)
    known = any(word in THINGS or word in ABOUT or word in BESIDE["postal"] for word in header.words)
    found = []
    for name, kind in held_kinds().items():
        said = says.get(name, 0.0)
        if said <= 0 and (said < 0 or not judged or kind.told < (_UNMISTAKABLE if known else _EVIDENT)):
            continue
        typed = 0.0 if family in kind.types or family is Family.UNKNOWN else _WRONG_TYPE
        values = _by_values(kind, judged)
        near = kind.people * around.people + kind.nearby * (kind.beside in around.beside)
        if said <= 0:
            near = min(near, values / 2)
        elif said >= WHOLE - 0.5 and not kind.of_things:
            near = max(near, 0.0)
        found.append(_Evidence(kind, _BEFORE + said + typed + near + values, said, values, near))
    return found


def _with_neighbours(header: Header, around: Surroundings) -> Mapping[str, float]:
    """What a header says once its neighbours are known: a bare name beside given names is a family name."""
    bare = [word for word in header.words if not word.isdigit()]
    if len(bare) != 1 or bare[0] not in BARE_NAMES or around.given == around.family:
        return header.says
    other = "family_name" if around.given else "given_name"
    return {**header.says, other: WHOLE - 0.5, "name": 0.0}


def _by_values(kind: HeldKind, texts: Sequence[str]) -> float:
    """What the values count for a kind; few values count little, none nothing."""
    number = len(texts)
    told, _ = wilson(round(kind.tells(texts) * number) if number else 0, number)
    _, fitting = wilson(round(kind.fits(texts) * number) if number else 0, number)
    return kind.told * told - kind.missed * (1 - fitting)


def _why(best: _Evidence, fitting: int, sampled: int) -> str:
    reasons = []
    if best.header >= WHOLE - 1.5:
        reasons.append("header")
    elif best.header > 0:
        reasons.append("part of the header")
    if sampled:
        reasons.append(f"{fitting:,} of {sampled:,} values")
    if best.around > 0:
        reasons.append("columns beside it")
    return ", ".join(reasons)
