"""Owners reminded of what they have not decided, and people told of reviews that are not done in time."""

from collections.abc import Callable
from typing import NamedTuple

from trapstreet.access.domain.review import stage_of
from trapstreet.app.drift_alerts import raise_overdue
from trapstreet.app.errors import known_error
from trapstreet.app.reviews import shown
from trapstreet.app.settings import FILE_NAME, routes_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins.notifiers import Notifier, notifier_of
from trapstreet.render.drift import minute
from trapstreet.render.reviews import ItemShown, ReviewShown, item_text
from trapstreet.store import cases, reviews
from trapstreet.store.leases import clock
from trapstreet.store.models import Review

_NAMED = 20
"""Items that a reminder has one by one."""

_OVER = "over"


class Reminded(NamedTuple):
    """Owners who were reminded, each of a review, and alerts for reviews that were due."""

    reminded: int
    alerts: int


def remind(workspace: Workspace, goes_on: Callable[[], bool], say: Callable[[str], None]) -> Reminded:
    """Remind the owners of reviews that are due within a week, within a day, or were due: each once a stage.

    A reminder that cannot be sent is said, and tried again at the next round. A review that was due with
    something undecided is an alert, once.
    """
    reminded = alerts = 0
    for review in reviews.under_way():
        stage = stage_of(review.due_at or 0, at=clock())
        if stage == _OVER:
            alerts += _tell(workspace, review)
        for owner in _to_remind(workspace, review, stage):
            if not goes_on():
                return Reminded(reminded, alerts)
            reminded += _remind(workspace, review, owner, stage, say)
    return Reminded(reminded, alerts)


def _to_remind(workspace: Workspace, review: Review, stage: str) -> list[str]:
    """The owners, by their marks, who have something to decide and were not told so at this stage."""
    if not stage or not workspace.settings.access.reminders:
        return []
    return [each for each in reviews.waiting_for(review, stage) if each]


def _remind(workspace: Workspace, review: Review, owner: str, stage: str, say: Callable[[str], None]) -> int:
    found = shown(workspace, review.name, undecided=True)
    items = [each for each in found.items if reviews.owner_mark(each.item.owner, workspace.ring) == owner]
    if items:
        try:
            notifier = _mail_to(workspace, items[0].item.owner)
            key = f"{workspace.ring.workspace_id}-review-{review.id}-{stage}-{owner}"
            notifier.tell([_notice(found, items, stage)], key=key)
        except Exception as error:
            known = known_error(error)
            if known is None:
                raise
            say(f"NOT REMINDED of the review {printable(review.name)}: {known}")
            return 0
    reviews.reminded(review, owner, stage, at=clock())
    return 1 if items else 0


def _tell(workspace: Workspace, review: Review) -> int:
    """The alert for a review that was due; 1 where it is raised now."""
    if reviews.was_reminded(review, "", _OVER):
        return 0
    undecided = reviews.counts(review)[""]
    with cases.raising():
        if reviews.was_reminded(review, "", _OVER):
            return 0
        raise_overdue(
            workspace,
            review.name,
            place=review.place,
            undecided=undecided,
            due=review.due_at or 0,
            at=clock(),
        )
        reviews.reminded(review, "", _OVER, at=clock())
    return 1


def _mail_to(workspace: Workspace, owner: str) -> Notifier:
    """What tells one owner, as the route for reminders tells its own recipients."""
    name = workspace.settings.access.reminders
    own = {route.name: (route.kind, options) for route, options in routes_of(workspace.settings)}
    kind, options = own[name]
    where = f"{FILE_NAME}: [notify.{name}], to an owner"
    return notifier_of(kind, {**options, "to": [owner]}, folder=workspace.root, where=where)


def _notice(review: ReviewShown, items: list[ItemShown], stage: str) -> Notice:
    at, due = clock(), review.due or 0
    when = {"week": "is due within a week", "day": "is due within a day", _OVER: "was due"}[stage]
    listed = [f"{each.number}: {item_text(each.item)}" for each in items[:_NAMED]]
    more = [f"… and {len(items) - _NAMED:,} more."] if len(items) > _NAMED else []
    name = printable(review.name)
    return Notice(
        id=f"review {name}",
        case=f"review {name}",
        at=at,
        raised=at,
        kind="review",
        severity=Severity.MEDIUM if stage == _OVER else Severity.LOW,
        headline=f"Review {name}: {counted(len(items), 'item')} to decide, by {minute(due)}",
        happened=(
            f"The review {name} of the rights at {printable(review.place)} {when} ({minute(due)}).",
            "Please decide for each of these whether it is still needed:",
            *listed,
            *more,
        ),
        lay="",
        stake="What is not decided stays as it is.",
        steps=(
            f"Needed: trapstreet access review confirm {name} ITEM --by YOU --reason TEXT",
            f"Not needed: trapstreet access review remove {name} ITEM --by YOU --reason TEXT",
        ),
        reason="reminder",
    )
