"""Reviews as lines, and as a record for auditors."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import NamedTuple

from trapstreet.access.domain.review import Asked, Item, text_of
from trapstreet.core.model.words import counted, printable
from trapstreet.render.drift import minute
from trapstreet.store.reviews import Decided

MOST = 40
"""Items that are shown, unless all are asked for."""

_NAMED = 3
_COLUMNS = (
    "review,place,item,sort,who,group,what,people,sensitivity,last_used,owner,decision,by,reason,decided_at,log"
).split(",")


@dataclass(frozen=True, slots=True)
class ItemShown:
    """An item with what was decided about it so far; `decision` is "" where nothing was."""

    number: int
    item: Item
    decision: str
    decisions: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """A review: how many of its items are decided in which way ("" not yet), and some of them.

    due, ended  Unix µs, None where there is none, or it goes on
    unknown     what could not be read when it was begun, and so is not in it
    """

    name: str
    place: str
    begun: int
    due: int | None
    ended: int | None
    counts: dict[str, int]
    items: tuple[ItemShown, ...] = ()
    unknown: tuple[str, ...] = ()


class Spared(NamedTuple):
    """What owners want to stay, by which item of which review."""

    item: Item
    review: str
    number: int


class Wanted(NamedTuple):
    """What owners want removed, by which item of which review, and whether that is done."""

    item: Item
    review: str
    number: int
    done: bool


def item_text(item: Item) -> str:
    """What is asked, in one line: "agents can read 12 tables and views in crm.public (a, b, …); 4 people"."""
    who, group = _name(item.who), _name(item.group)
    of_files = bool(item.what) and len(item.what[0]) == 1
    people = counted(item.people, "person", "people")
    if item.sort == Asked.MEMBER:
        own = "" if item.people <= 1 else f"; {people} have its rights"
        return f"{who} is a member of {group}{own}"
    if item.sort == Asked.PRIVILEGE:
        return f"{who} has {group}; {people}"
    holds = f", {printable(item.sensitivity)} data" if item.sensitivity else ""
    if of_files and not item.people:
        people = "nobody knows how many people"
    return f"{who} can read {_things(item)}{holds}; {people}{_used(item)}"


def wanted_lines(wanted: Sequence[Wanted]) -> Iterator[str]:
    """What owners want removed, by which item of which review, and whether that is done."""
    if wanted:
        yield "Owners want removed:"
    for item, review, number, done in wanted:
        what = "in this plan" if done else "NOT in this plan"
        yield f"- {item_text(item)} ({printable(review)}, item {number}): {what}"


def spared_lines(spared: Sequence[Spared]) -> Iterator[str]:
    """What is left alone since owners confirmed it, by which item of which review."""
    if spared:
        yield "Left alone, since owners confirmed it:"
    for item, review, number in spared:
        yield f"- {item_text(item)} ({printable(review)}, item {number})"


def review_lines(review: ReviewShown, *, most: int | None = MOST) -> Iterator[str]:
    """How a review stands, and its items."""
    yield state_line(review)
    shown = review.items[:most]
    for each in shown:
        owner = f" [{printable(each.item.owner)}]" if each.item.owner else ""
        yield f"{each.number:>5}  {(each.decision or 'open'):<8}{item_text(each.item)}{owner}"
    if len(shown) < len(review.items):
        yield f"… and {len(review.items) - len(shown):,} more: --all"


def state_line(review: ReviewShown) -> str:
    """How a review stands, in one line."""
    counts = review.counts
    due = f", due {minute(review.due)}" if review.due else ""
    state = f"{counts['']:,} open" if counts[""] else "all decided"
    what = f"the rights at {printable(review.place)} as of {minute(review.begun)}"
    decided = f"{counts['confirm']:,} confirmed, {counts['remove']:,} to be removed"
    return f"{printable(review.name)}: {what}; {state}, {decided}{due}."


def item_object(each: ItemShown) -> dict[str, object]:
    """An item for machines, with all decisions about it."""
    item = each.item
    return {
        "item": each.number,
        "sort": item.sort,
        "who": _name(item.who),
        "group": _name(item.group) or None,
        "what": [[_name(part) for part in path] for path in item.what],
        "people": item.people,
        "sensitivity": item.sensitivity or None,
        "last_used": item.last,
        "uses_known": item.known,
        "owner": item.owner or None,
        "decision": each.decision or None,
        "decisions": [
            {"at": one.at, "decision": one.decision, "by": one.by, "reason": one.reason, "log": one.digest}
            for one in each.decisions
        ],
    }


def review_object(review: ReviewShown) -> dict[str, object]:
    """A review for machines."""
    return {
        "review": review.name,
        "place": review.place,
        "begun": review.begun,
        "due": review.due,
        "ended": review.ended,
        "open": review.counts[""],
        "confirmed": review.counts["confirm"],
        "to_remove": review.counts["remove"],
        "unknown": [*map(printable, review.unknown)],
    }


def record(review: ReviewShown) -> str:
    """All items with all decisions as CSV: a line for each decision, and for each item without one."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for each in review.items:
        item = each.item
        what = "; ".join(".".join(map(_name, path)) for path in item.what)
        last = "" if item.last is None else _instant(item.last)
        about = (
            review.name, review.place, each.number, item.sort, _name(item.who), _name(item.group), what,
            item.people, item.sensitivity, last, item.owner,
        )  # fmt: skip
        decisions = [
            (one.decision, one.by, one.reason, _instant(one.at), one.digest) for one in each.decisions
        ]
        for one in decisions or [("", "", "", "", "")]:
            writer.writerow([_cell(str(cell)) for cell in (*about, *one)])
    return out.getvalue()


def _things(item: Item) -> str:
    folders = len(item.what[0]) == 1
    if len(item.what) == 1:
        return f"{'files in ' * folders}{'.'.join(map(_name, item.what[0]))}"
    named = ", ".join(_name(path[-1]) for path in item.what[:_NAMED])
    more = ", …" if len(item.what) > _NAMED else ""
    if folders:
        return f"files in {len(item.what):,} folders ({named}{more})"
    above = {path[:-1] for path in item.what}
    where = f" in {'.'.join(map(_name, above.pop()))}" if len(above) == 1 and item.what[0][:-1] else ""
    return f"{len(item.what):,} tables and views{where} ({named}{more})"


def _used(item: Item) -> str:
    if not item.known:
        return ""
    return "; no use is known" if item.last is None else f"; last used {_instant(item.last)[:10]}"


def _name(text: bytes) -> str:
    return printable(text_of(text))


def _cell(text: str) -> str:
    """What a table program does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _instant(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
