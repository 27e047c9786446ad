"""Plans carried out: made as they were proved, or not at all, and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import states_of
from trapstreet.app.plans import Plan
from trapstreet.core.model.changes import ROW_SECURITY, Change, Movable, Place, Wordy
from trapstreet.core.model.errors import Interrupted, TrapstreetError, UnusableInput
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.permissions import rights_at, rights_within

_LONGEST = 120


def apply(plan: Plan) -> None:
    """Make a plan's changes. Effective access is then what the plan says, or as it was before.

    Raises UnusableInput where rights are others than those that the plan was made for, or access would not
    become what was planned; AccessDenied or Unreachable where the place does not take the changes.
    """
    if not plan.changes:
        raise UnusableInput(f"the plan in {plan.folder} changes nothing", hint="there is nothing to do")
    with place_at(plan.place) as place:
        _refuse_if_changed(plan, place)
        plan.begin()
        try:
            place.make(plan.changes, lambda handle: _refuse_if_not_as_planned(plan, handle))
        except (TrapstreetError, KeyboardInterrupt):
            if place.standing() == plan.rights:
                plan.take_back()
            raise
        if wrong := _not_as_planned(plan):
            place.take_back(plan.changes)
            plan.take_back()
            raise UnusableInput(
                f"access to {', '.join(map(printable, wrong))} was not as planned; all was given back",
                hint="somebody changed rights meanwhile: make a new plan",
            )
        plan.end()


@contextmanager
def interruptible(plan: Plan) -> Iterator[None]:
    """Inside, Ctrl-C is Interrupted, which says the way back, as long as anything of a plan may be made."""
    try:
        yield
    except KeyboardInterrupt:
        if not plan.begun:
            raise
        raise Interrupted(
            f"interrupted; the plan in {plan.folder} is made, or some of it",
            hint=f"to give it back: trapstreet access apply {plan.folder} --undo",
        ) from None


@dataclass(frozen=True, slots=True)
class Undone:
    """A plan that was taken back.

    back    the changes that had been made and are no more
    gone    those of what is not there any more, or not all of it; when it is, the plan can be undone again
    others  what is not as it was before the plan, each safe to print
    """

    back: tuple[Change, ...]
    gone: tuple[Change, ...]
    others: tuple[str, ...]


def undo(plan: Plan) -> Undone:
    """Take a plan's changes back, also where they were made in part, as far as what they are of is there.

    What is gone can be given back later, by the same again. Raises UnusableInput if nobody has begun to make
    them or all is back, and what `Place.take_back` does: then it is still to be undone.
    """
    if not plan.begun:
        raise UnusableInput(
            f"the plan in {plan.folder} is not applied", hint="there is nothing to undo, or no more"
        )
    with place_at(plan.place) as place:
        made = place.made(plan.changes)
        gone = place.take_back(made)
        back = [each for each in made if each not in gone]
        astray = place.astray(plan.changes) if isinstance(place, Movable) else []
        gone += [each for each in astray if each not in gone]
        if not gone:
            plan.take_back()
        return Undone(tuple(back), tuple(gone), tuple(_differences(plan.rights, place)))


def _refuse_if_changed(plan: Plan, place: Place) -> None:
    found = _differences(plan.rights, place)
    if found and plan.begun and (made := place.made(plan.changes)):
        all_ = "already" if plan.ended else "already, or in part"
        raise UnusableInput(
            f"the plan in {plan.folder} was applied {all_ if len(made) == len(plan.changes) else 'in part'}",
            hint=f"to give back: trapstreet access apply {plan.folder} --undo",
        )
    if found:
        raise UnusableInput(
            f"{counted(len(found), 'right')} changed since the plan was made: {found[0]}",
            hint="make a new one: trapstreet access advise",
        )


def _differences(before: dict[str, list[str]], place: Place) -> list[str]:
    """What is there newly, is another one, or is not any more, each safe to print."""
    now = place.standing()
    was = {(name, line) for name, lines in before.items() for line in lines}
    is_now = {(name, line) for name, lines in now.items() for line in lines}
    about = place.about if isinstance(place, Wordy) else str
    new, gone = ({(name, about(line)) for name, line in some} for some in (is_now - was, was - is_now))
    found = [f"changed in {name}: {line}" for name, line in sorted(new & gone)]
    found += [f"new in {name}: {line}" for name, line in sorted(new - gone)]
    found += [f"gone from {name}: {line}" for name, line in sorted(gone - new)]
    return [printable(each)[:_LONGEST] for each in found]


def _refuse_if_not_as_planned(plan: Plan, handle: object) -> None:
    """Before the changes are final."""
    access = EffectiveAccess(rights_within(plan.place, handle))
    for name, digest in _digests(plan, access).items():
        if digest != plan.effective.get(name, ("", ""))[1]:
            raise UnusableInput(
                f"access to {printable(name)} would not be as planned; nothing was changed",
                hint="make a new plan",
            )


def _not_as_planned(plan: Plan) -> list[str]:
    """As anybody sees it now."""
    digests = _digests(plan, EffectiveAccess(rights_at(plan.place)))
    return [name for name, (_, then) in plan.effective.items() if digests.get(name) != then]


def _digests(plan: Plan, access: EffectiveAccess) -> dict[str, str]:
    """Of what the plan says: who reads what and how, or where it is a rule for rows, who reads what."""
    rule = any(each.kind == ROW_SECURITY for each in plan.changes)
    states = states_of(access)
    return {name: each.readers_digest if rule else each.digest for name, each in states.items()}
