"""Reviews: what owners are asked about a place's rights, what they decide, and what comes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.owners import Owner, read_owners
from trapstreet.access.domain.reached import Unit
from trapstreet.access.domain.review import EVERYBODY, Asked, Item, decided, is_read_as, items_of, text_of
from trapstreet.app.advising import Planned
from trapstreet.app.candidates import Confirmed
from trapstreet.app.discovered import place_of, resolved
from trapstreet.app.drift import held_at, label_of
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.changes import PUBLIC
from trapstreet.core.model.documents import json_of
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.keys.files import refuse_taken, write_private
from trapstreet.plugins.permissions import rights_at
from trapstreet.render import reviews as render
from trapstreet.render.reviews import ItemShown, ReviewShown
from trapstreet.store import reviews
from trapstreet.store.leases import clock
from trapstreet.store.models import Review
from trapstreet.store.reviews import CONFIRM, REMOVE, Why


@dataclass(frozen=True, slots=True)
class Answer:
    """What an owner decided: about which item of which review, who, when (Unix µs) and why."""

    item: Item
    review: str
    number: int
    by: str
    reason: str
    at: int


def start(
    workspace: Workspace, location: str, name: str, *, owners: Path | None, due: int | None
) -> ReviewShown:
    """Ask owners about the rights at a place as they are now.

    Raises UnusableInput for a name that is taken, a file of owners that is none, a place without rights; and
    what `rights_at` raises.
    """
    known = _owners(owners) if owners else []
    rights = rights_at(resolved(location))
    label = label_of(location)
    uses = past_uses(workspace, location)
    items = items_of(rights, owners=known, held=held_at(label, rights) or {}, uses=uses or None)
    if not items:
        raise UnusableInput(f"nobody is given anything at {label}", hint="there is nothing to decide")
    content = [(each.owner, msgspec.msgpack.encode(each)) for each in items]
    review = reviews.begin(name, label, content, due=due, ring=workspace.ring, at=clock())
    return replace(_shown(review, ()), unknown=tuple(rights.unknown))


def listed() -> list[ReviewShown]:
    """All reviews, the newest first."""
    return [_shown(each, ()) for each in reviews.reviews()]


def shown(
    workspace: Workspace, name: str, *, owner: str | None = None, undecided: bool = False
) -> ReviewShown:
    """A review with its items: those of an owner, those that are not decided yet."""
    review = reviews.review_named(name)
    found = reviews.items_of(review, workspace.ring, owner=owner, undecided=undecided)
    items = [
        ItemShown(each.number, msgspec.msgpack.decode(each.content, type=Item), each.decision, each.decisions)
        for each in found
    ]
    return _shown(review, items)


def decide(
    workspace: Workspace, name: str, texts: Iterable[str], decision: str, *, by: str, reason: str
) -> tuple[int, ReviewShown]:
    """Somebody decided about some items; about how many, and how the review stands now."""
    review = reviews.review_named(name)
    numbers = decided(texts, most=sum(reviews.counts(review).values()))
    reviews.decide(review, numbers, decision, Why(by, reason), ring=workspace.ring, at=clock())
    return len(numbers), _shown(reviews.review_named(name), ())


def export(workspace: Workspace, name: str, out: Path) -> int:
    """A review with all decisions in a new file that only its owner may read; how many items. Raises
    UnusableInput where there is something of that name."""
    refuse_taken(out)
    found = shown(workspace, name)
    if out.suffix.lower() == ".json":
        document = {**render.review_object(found), "items": [*map(render.item_object, found.items)]}
        document["log"] = workspace.settings.keys.log
        content = json_of(document)
    else:
        content = render.record(found).encode()
    write_private(out, content)
    return len(found.items)


def removals(workspace: Workspace, location: str) -> list[Answer]:
    """What owners decided to have removed at a server, or a folder; what is not decided is never in it."""
    return _answers(workspace, location, REMOVE)


def _answers(workspace: Workspace, location: str, decision: str) -> list[Answer]:
    """All answers of one kind. Where several reviews asked about the same, the newest that was answered
    counts."""
    found: list[Answer] = []
    answered: set[tuple[str, bytes, bytes, tuple[bytes, ...]]] = set()
    place = place_of(label_of(location))
    for review in (each for each in reviews.reviews() if place_of(each.place) == place):
        new = set()
        for each in reviews.items_of(review, workspace.ring):
            if not each.decision:
                continue
            item = msgspec.msgpack.decode(each.content, type=Item)
            open_ = [
                path for path in item.what or ((),) if (item.sort, item.who, item.group, path) not in answered
            ]
            new |= {(item.sort, item.who, item.group, path) for path in open_}
            if each.decision == decision and open_:
                item = msgspec.structs.replace(item, what=tuple(filter(None, open_)))
                last = each.decisions[-1]
                found.append(Answer(item, review.name, each.number, last.by, last.reason, last.at))
        answered |= new
    return found


def wanted(workspace: Workspace, location: str, planned: Planned) -> list[tuple[Answer, bool]]:
    """What owners decided to have removed at a place, each with whether advice does so: with all of its
    changes made, it is read no longer by whom it was to be taken from."""
    taken = frozenset((each.of, each.on) for each in planned.advice.changes)
    closed = frozenset(path[:length] for path in planned.closed for length in range(1, len(path) + 1))
    made = _Made(taken, closed, planned.after)
    return [(each, made.does(each.item)) for each in removals(workspace, location)]


def confirmed(workspace: Workspace, location: str) -> list[tuple[Answer, Confirmed]]:
    """What owners want to stay at a place, each with the rights that it is about."""
    return [(each, _confirmed(each.item)) for each in _answers(workspace, location, CONFIRM)]


def confirmed_rights(workspace: Workspace, location: str) -> Confirmed:
    """The rights that owners want to stay at a place."""
    return frozenset().union(*(rights for _, rights in confirmed(workspace, location)))


def _confirmed(item: Item) -> Confirmed:
    who = _holder(item)
    if item.sort == Asked.MEMBER:
        return frozenset({(who, "", (text_of(item.group),))})
    paths = [tuple(map(text_of, path)) for path in item.what]
    return frozenset((who, path[0], path[:end]) for path in paths for end in range(1, len(path) + 1))


def _holder(item: Item) -> str:
    """Whose right it is, as changes have it."""
    who = text_of(item.who)
    return PUBLIC if who == EVERYBODY else who


@dataclass(frozen=True, slots=True)
class _Made:
    """Advice with all of its changes made.

    taken   from whom, and what;  closed  paths of what somebody reads no longer, and of what that lies in
    after   effective access then
    """

    taken: frozenset[tuple[str, Unit]]
    closed: frozenset[Unit]
    after: tuple[EffectiveAccess, ...]

    def does(self, item: Item) -> bool:
        """Whether what an item is about is gone."""
        who = _holder(item)
        if item.sort == Asked.MEMBER:
            return (who, (text_of(item.group),)) in self.taken
        paths = [tuple(map(text_of, path)) for path in item.what]
        return bool(paths) and all(self._is_gone(who, path) for path in paths)

    def _is_gone(self, who: str, path: Unit) -> bool:
        taken = any((who, path[:length]) in self.taken for length in range(1, len(path) + 1))
        if who == PUBLIC:
            return taken and path in self.closed
        return (taken or path in self.closed) and not any(
            is_read_as(who, path, access) for access in self.after
        )


def _owners(file: Path) -> list[Owner]:
    try:
        return read_owners(file.read_text("utf-8"), where=str(file))
    except UnicodeDecodeError:
        raise UnusableInput(f"{file} is not UTF-8", hint="save it as UTF-8") from None
    except FileNotFoundError:
        raise UnusableInput(f"{file}: no such file", hint="check its name") from None
    except OSError as error:
        raise Unreachable(f"{file}: {error.strerror}", hint="let this user read it") from error


def _shown(review: Review, items: Sequence[ItemShown]) -> ReviewShown:
    return ReviewShown(
        review.name,
        review.place,
        review.begun_at,
        review.due_at,
        review.ended_at,
        reviews.counts(review),
        tuple(items),
    )
