"""Advice as a plan for machines, and as lines."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from trapstreet.access.advice import Advice, Hidden, Moved, Needed, Proof, RowRule
from trapstreet.core.model.changes import PUBLIC, Change, Checked
from trapstreet.core.model.rights import FILES
from trapstreet.core.model.words import counted, joined, printable
from trapstreet.render.alike import folder_above, taken_together

SHOWN = 20
"""Of everything that there is much of, unless all is asked for."""
_NAMES = 5
_LONGEST = 200
"""Of a statement; all of it is in --json."""
_T = TypeVar("_T")


def sentence(proof: Proof, done: str = "would have been blocked") -> str:
    """ "0 of 41,802 past uses by 37 people would have been blocked; 12 could not be checked" """
    blocked = sum(each.use.times for each in proof.blocked)
    unproven = sum(each.use.times for each in proof.unproven)
    people = counted(proof.people, "person", "people")
    said = f"{blocked:,} of {proof.uses:,} past uses by {people} {done}"
    return f"{said}; {unproven:,} could not be checked, {_here(unproven)}:" if unproven else f"{said}."


def turned(changes: Sequence[Change], can: str = "", at: str = "") -> str:
    """ "3 rights can be taken away, and 1 narrowed to those who used it" """
    narrowed = [each for each in changes if each.to]
    taken, goes = len(changes) - len(narrowed), f"narrowed to those who used {_them(narrowed)}"
    if narrowed and not taken:
        return f"{counted(len(narrowed), 'right')} {can}{goes}{at}"
    more = f", and {len(narrowed):,} {goes}" if narrowed else ""
    return f"{counted(taken, 'right') if taken else 'nothing'} {can}taken away{at}{more}"


def advice_lines(advice: Advice, moved: Sequence[Moved], *, whole: bool) -> Iterator[str]:
    """What may be taken away, and what speaks for and against it."""
    narrowed = [each for each in advice.changes if each.to]
    taken = [each for each in advice.changes if not each.to]
    yield f"{advice.edition} at {printable(advice.place)}: {turned(advice.changes, 'can be ')}."
    yield sentence(advice.proof)
    yield from (f"  {_told(each)}" for each in _some(advice.proof.unproven, whole))
    yield from _rest(advice.proof.unproven, whole)
    if advice.older.blocked:
        yield "Of uses that are too long ago to count, these would be blocked:"
        yield from (f"  {_told(each)}" for each in _some(advice.older.blocked, whole))
        yield from _rest(advice.older.blocked, whole)
    if advice.proof.span:
        first, last = map(_day, advice.proof.span)
        yield f"The logs tell of uses from {first} to {last}; who uses a right more seldom is not in them."
    if taken:
        yield ""
        yield "To take away:"
        yield from _taken(taken, whole)
        yield (
            "No larger set of them blocks nobody."
            if advice.largest
            else (
                "Nothing more could be taken away beside these; whether another set is larger is not known."
            )
        )
    if narrowed:
        yield ""
        yield "To narrow to those who used it; who is to do the same later needs a grant of their own:"
        yield from _taken(narrowed, whole)
    if moved:
        yield ""
        yield "Who can read what no longer:"
        told = [*map(_moved, moved)] if whole else _moved_together(moved)
        yield from (f"  {printable(each)}" for each in _some(told, whole))
        yield from _rest(told, whole)


def rule_lines(rule: RowRule) -> Iterator[str]:
    """What a rule would hide from whom."""
    change, people = rule.change, counted(len(rule.people), "account", "accounts")
    yield f"{rule.edition} at {printable(rule.place)}: {printable(change.says)}"
    records = counted(rule.records, "record")
    yield f"{rule.hidden:,} of {records} that {people} used would be hidden from them."
    for each in rule.people:
        if each.fails:
            yield f"  {printable(each.who)}: all {each.uses:,} uses would fail: {printable(each.fails)}"
        elif each.hidden:
            yield f"  {printable(each.who)}: {each.hidden:,} of {each.records:,} records"
    if rule.unproved:
        yield f"{counted(rule.unproved, 'use')} could not be checked, {_here(rule.unproved)}:"
        for each in rule.people:
            if each.uses > each.proved:
                uses = counted(each.uses - each.proved, "use")
                yield f"  {printable(each.who)}: {uses}: {printable(each.why)}"


def to_narrow_lines(needed: Sequence[Needed]) -> Iterator[str]:
    """How many rights everybody has to read something though some need them, and what to do."""
    changes = [each.change for each in needed if each.change.of == PUBLIC]
    public = [each for each in changes if each.right.startswith("SELECT") or each.is_of_files]
    if public:
        what = "right to read stays" if len(public) == 1 else "rights to read stay"
        yield ""
        yield f"{len(public):,} {what} with everybody, as somebody needs {_them(public)}: see --narrow"


def hidden_object(hidden: Hidden) -> dict[str, object]:
    """What would be hidden from one account, for machines."""
    return {
        "who": hidden.who,
        "uses": hidden.uses,
        "proved": hidden.proved,
        "records": hidden.records,
        "hidden": hidden.hidden,
        "fails": hidden.fails,
        "why": hidden.why,
    }


def needed_lines(needed: Sequence[Needed], *, whole: bool) -> Iterator[str]:
    """What stays, and for whom."""
    for proved, title in (
        (True, "Needed by past uses:"),
        (False, "Kept, since nobody knows what uses that could not be checked need:"),
    ):
        if some := [each for each in needed if each.proved == proved]:
            yield ""
            yield title
            for each in _some(some, whole):
                yield f"  {printable(each.change.stays)}: {printable(_names({use.who for use in each.by}))}"
            yield from _rest(some, whole)


def own_lines(own: Sequence[Change], users: Sequence[str], *, whole: bool) -> Iterator[str]:
    """What is left alone since trapstreet logs in by it, and how what everybody has of it could go."""
    if not own:
        return
    yield ""
    yield f"Left alone, since trapstreet itself logs in as {printable(_names(users))}:"
    yield from (f"  {printable(each.stays)}" for each in _some(own, whole))
    yield from _rest(own, whole)
    if any(each.of == PUBLIC for each in own):
        yield f"What everybody has of it can go once {printable(_names(users))} has it by a grant of its own."


def proof_object(proof: Proof) -> dict[str, object]:
    """A proof for machines."""
    span = proof.span
    return {
        "uses": proof.uses,
        "people": proof.people,
        "first": _time(span[0]) if span else None,
        "last": _time(span[1]) if span else None,
        "blocked": [_checked_object(each) for each in proof.blocked],
        "unproven": [_checked_object(each) for each in proof.unproven],
    }


def change_object(change: Change) -> dict[str, object]:
    """A change for machines: all of it."""
    return {
        "key": change.key,
        "database": change.database,
        "on": list(change.on),
        "kind": change.kind,
        "right": change.right,
        "of": change.of,
        "forward": list(change.forward),
        "back": list(change.back),
        "rests": list(change.rests),
        "to": list(change.to),
        "gives": list(change.gives),
    }


def moved_object(moved: Moved) -> dict[str, object]:
    """Who can read a resource no longer, for machines."""
    return {"what": list(moved.resource.path), "lost": list(moved.lost), "gained": list(moved.gained)}


def _checked_object(checked: Checked) -> dict[str, object]:
    use = checked.use
    return {
        "who": use.who,
        "database": use.database,
        "on": [list(each) for each in use.on],
        "statement": use.statement,
        "times": use.times,
        "last": _time(use.last),
        "why": checked.why,
    }


def _taken(changes: Sequence[Change], whole: bool) -> Iterator[str]:
    """What is taken away: each change, or those together that people think of as one."""
    told = [each.says for each in changes] if whole else taken_together(changes, most=SHOWN)
    yield from (f"  {printable(each)}" for each in _some(told, whole))
    yield from _rest(told, whole)
    if len(told[:SHOWN]) < len(changes) and len(told) <= SHOWN and not whole:
        yield f"  each of the {len(changes):,}: --all"


def _told(checked: Checked) -> str:
    use = checked.use
    what = (
        _shortened(printable(use.statement))
        or ", ".join(printable(joined(each)) for each in use.on)
        or "unknown"
    )
    times = counted(use.times, "time")
    return f"{printable(use.who)}, {times}, last {_day(use.last)}: {what}: {printable(checked.why)}"


def _shortened(statement: str) -> str:
    return statement if len(statement) <= _LONGEST else f"{statement[:_LONGEST]} …"


def _them(things: Sequence[object]) -> str:
    return "it" if len(things) == 1 else "them"


def _here(uses: int) -> str:
    return "here it is" if uses == 1 else "here they are"


def _moved(moved: Moved) -> str:
    lost = f"{_names(moved.lost)}" if moved.lost else "nobody"
    gained = f"; newly: {_names(moved.gained)}" if moved.gained else ""
    return f"{moved.resource.name}: {lost}{gained}"


def _moved_together(moved: Sequence[Moved]) -> list[str]:
    """Who can read what no longer; files that as many people read no longer are one line, though these are
    not the same: of each all but its owner, as a rule."""
    together: dict[object, list[Moved]] = {}
    for number, each in enumerate(moved):
        alike = each.resource.kind == FILES and not each.gained
        together.setdefault(len(each.lost) if alike else (number, each), []).append(each)
    return [_moved(some[0]) if len(some) == 1 else _of_as_many(some) for some in together.values()]


def _of_as_many(moved: Sequence[Moved]) -> str:
    where = folder_above(each.resource.path[0] for each in moved)
    files = counted(sum(each.resource.records or 0 for each in moved), "file")
    people = counted(len(moved[0].lost), "person", "people")
    return f"{where}: {files}: {people} each, not the same of all"


def _names(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - _NAMES:,} more" if len(found) > _NAMES else ""
    return ", ".join(found[:_NAMES]) + more


def _some(things: Sequence[_T], whole: bool) -> Sequence[_T]:
    return things if whole else things[:SHOWN]


def _rest(things: Sequence[object], whole: bool) -> Iterator[str]:
    if not whole and len(things) > SHOWN:
        yield f"  … and {len(things) - SHOWN:,} more: --all"


def _day(time: int) -> str:
    return _time(time)[:10]


def _time(time: int) -> str:
    return datetime.fromtimestamp(time / 1e6, UTC).isoformat(timespec="seconds")
