"""Which changes of rights are worth an alert, and what it says."""

from collections.abc import Sequence

from trapstreet.access import Drifted, Sort, sentence
from trapstreet.cases.domain.alerts import NewAlert, minute, plain
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.words import counted

MANY, SHARE = 20, 0.1
"""People who came to read something at once, and their share of all, from which on that is worth an alert; of
a share there have to be `_FEW`."""
_FEW = 5

_BROAD = 0.5
"""A share of all who can log in that is as good as everybody."""

_SHOWN = 10
_LONGEST = 300


def severity_of(change: Drifted) -> Severity | None:
    """How soon somebody should look at a change; None where it is only kept."""
    if change.sort in (Sort.PRIVILEGED, Sort.MORE):
        return Severity.HIGH if change.sort == Sort.PRIVILEGED else Severity.MEDIUM
    if change.sort == Sort.COPIED:
        return Severity.HIGH if change.everybody or _is_many(change) else Severity.MEDIUM
    if change.sort == Sort.NEW:
        return _of_new(change)
    if change.sort not in (Sort.GAINED, Sort.WIDER):
        return None
    if change.given_back or (change.row_security and not _is_harmless(change)):
        return max(Severity.HIGH, _of_breadth(change) or Severity.HIGH)
    return _of_breadth(change)


def of_changes(changes: Sequence[Drifted], *, place: str, number: int, since: int, at: int) -> NewAlert:
    """The alert for changes of one cause, the most severe first.

    number  of the first among those that were seen at a time;  since, at  between which times they came about
    """
    first, *others = changes
    said = sentence(first)
    return NewAlert(
        subject=subject_of(place),
        sort="rights",
        source=f"rights {at} {number}",
        kind="access",
        severity=severity_of(first) or Severity.LOW,
        at=at,
        begun=at,
        headline=_short(said),
        happened=(*_happened(first, said, since=since, at=at), *_others(others, "By the same cause")),
        lay=plain(place),
        stake=_stake(first),
        facts=tuple(_facts(first)),
    )


def of_further(changes: Sequence[Drifted], *, place: str, since: int, at: int) -> NewAlert:
    """The alert for changes that are too many for one each, the most severe first."""
    return NewAlert(
        subject=subject_of(place),
        sort="rights",
        source=f"rights {at} further",
        kind="access",
        severity=severity_of(changes[0]) or Severity.LOW,
        at=at,
        begun=at,
        headline=f"{counted(len(changes), 'further change')} of rights like these",
        happened=(_when(since, at), *_others(changes, "Among them")),
        lay=plain(place),
        facts=(("further", str(len(changes))),),
    )


def of_overdue(name: str, *, place: str, undecided: int, due: int, at: int) -> NewAlert:
    """The alert for a review that is not done by its time."""
    return NewAlert(
        subject=subject_of(place),
        sort="rights",
        source=f"review {name} over",
        kind="access",
        severity=Severity.MEDIUM,
        at=at,
        begun=at,
        headline=f"The review {plain(name)} is not done: {counted(undecided, 'item')} undecided",
        happened=(f"It was due by {minute(due)}.", "What is undecided stays as it is."),
        lay=plain(place),
        steps=(f"See whom it waits for: trapstreet access review show {plain(name)}",),
    )


def subject_of(place: str) -> str:
    """What the case of a place's rights is about."""
    return f"rights {place}"[:240]


def _of_new(change: Drifted) -> Severity | None:
    """Something new is for all, or for so many as get to it of all to whom it was given."""
    if not change.everybody and not change.to_all:
        return None
    return _of_breadth(change) or (Severity.LOW if _is_harmless(change) else Severity.MEDIUM)


def _of_breadth(change: Drifted) -> Severity | None:
    """By how many people it concerns, and what is known of the data."""
    heavy = (change.weight or 0) > 1
    if change.everybody or (change.people >= _FEW and change.people >= _BROAD * change.of):
        if _is_harmless(change):
            return Severity.LOW
        return Severity.CRITICAL if heavy and change.sort != Sort.NEW else Severity.HIGH
    if _is_many(change) and not _is_harmless(change):
        return Severity.HIGH if heavy else Severity.MEDIUM
    return None


def _is_many(change: Drifted) -> bool:
    return change.people >= MANY or (change.people >= _FEW and change.people >= SHARE * change.of)


def _is_harmless(change: Drifted) -> bool:
    """Whether somebody looked, and found nothing about people in it."""
    return change.weight == 0


def _happened(change: Drifted, said: str, *, since: int, at: int) -> list[str]:
    lines = [_when(since, at)]
    if len(said) > _LONGEST:
        lines.append(said)
    if change.people > 3:
        more = "" if change.people <= len(change.who) else f" and {change.people - len(change.who):,} more"
        lines.append(f"Who: {', '.join(change.who)}{more}.")
    if change.things > 1:
        shown = ", ".join(".".join(each) for each in change.what[:_SHOWN])
        more = "" if change.things <= _SHOWN else f" and {change.things - _SHOWN:,} more"
        lines.append(f"What: {shown}{more}.")
    if change.given_back:
        lines.append("It had been taken away on purpose, and was given back.")
    return lines


def _others(changes: Sequence[Drifted], how: str) -> list[str]:
    shown = [f"{how}: {_short(sentence(each))}" for each in changes[:_SHOWN]]
    more = len(changes) - _SHOWN
    return [*shown, f"{how} {more:,} more: trapstreet access diff --since shows all."] if more > 0 else shown


def _when(since: int, at: int) -> str:
    return f"It came about between {minute(since)} and {minute(at)}."


def _stake(change: Drifted) -> str:
    known = None if change.files else change.records
    records = f"{counted(known, 'record')}, by estimate" if known else ""
    holds = f"{change.sensitivity} data" if change.sensitivity else ""
    found = ", ".join(filter(None, (holds, records)))
    return f"{found[0].upper()}{found[1:]}." if found else ""


def _facts(change: Drifted) -> list[tuple[str, str]]:
    facts = [
        ("change", change.sort),
        ("cause", plain(change.cause)),
        ("what", plain(", ".join(".".join(each) for each in change.what[:_SHOWN]))),
        ("things", str(change.things or "")),
        ("people", str(change.people or "")),
        ("everybody", "yes" if change.everybody else ""),
        ("sensitivity", plain(change.sensitivity)),
    ]
    return [(label, value) for label, value in facts if value]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
