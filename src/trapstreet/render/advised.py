"""What `access advise` answers: as lines, and for machines."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trapstreet.access.advice import Advice, Moved, RowRule
from trapstreet.core.model.access_events import Strays
from trapstreet.core.model.changes import Change
from trapstreet.render import advice as render
from trapstreet.render.reviews import Spared, Wanted, item_text, spared_lines, wanted_lines
from trapstreet.render.uses import strays_line, strays_object, unread_text


@dataclass(frozen=True, slots=True)
class AdviceShown:
    """Advice with all that is said beside it.

    moved            who can read what no longer
    wanted, spared   what owners want removed, and what was left alone since they want it to stay
    own, users       what stays since trapstreet itself logs in there, and as whom
    strays, unread   uses of nothing there, and how many lines of its logs could not be read
    narrows          whether more could go if rights of many went to the few who used them
    out, script      where a plan was asked for, and what makes its changes; None where there are none
    """

    advice: Advice
    moved: tuple[Moved, ...]
    wanted: tuple[Wanted, ...]
    spared: tuple[Spared, ...]
    own: tuple[Change, ...]
    users: tuple[str, ...]
    strays: Strays | None
    unread: int
    narrows: bool
    out: Path | None
    script: Path | None

    @property
    def is_whole(self) -> bool:
        """Whether all past uses are known, are of something there, and could be checked."""
        return not (self.advice.proof.unproven or self.strays or self.unread)


def shown_lines(shown: AdviceShown, *, whole: bool) -> Iterator[str]:
    """The answer for people; of much there is of anything some only, unless it is to be whole."""
    advice = shown.advice
    yield from render.advice_lines(advice, shown.moved, whole=whole)
    if shown.strays:
        yield from ("", strays_line(shown.strays))
    if shown.unread:
        yield from ("", f"NOT READ {unread_text(shown.unread)}")
    if shown.narrows:
        yield from render.to_narrow_lines(advice.needed)
    if whole:
        yield from render.needed_lines(advice.needed, whole=True)
    yield from wanted_lines(shown.wanted)
    yield from spared_lines(shown.spared)
    yield from render.own_lines(shown.own, shown.users, whole=whole)
    if shown.script:
        yield from written_lines(shown.script)
    elif shown.out:
        yield from ("", "No plan was written, since there is nothing to change.")


def shown_object(shown: AdviceShown) -> dict[str, object]:
    """The answer for machines: all of it."""
    advice = shown.advice
    return {
        "place": advice.place,
        "edition": advice.edition,
        "changes": [render.change_object(each) for each in advice.changes],
        "narrowed": sum(bool(each.to) for each in advice.changes),
        "largest": advice.largest,
        "proof": render.proof_object(advice.proof),
        "older": render.proof_object(advice.older),
        "moved": [render.moved_object(each) for each in shown.moved],
        "wanted": [
            {"review": each.review, "item": each.number, "text": item_text(each.item), "done": each.done}
            for each in shown.wanted
        ],
        "confirmed": [
            {"review": each.review, "item": each.number, "text": item_text(each.item)}
            for each in shown.spared
        ],
        "own": [each.stays for each in shown.own],
        "elsewhere": strays_object(shown.strays),
        "unread": shown.unread,
        "out": str(shown.out) if shown.script else None,
    }


def rule_object(rule: RowRule, out: Path | None) -> dict[str, object]:
    """What a rule would hide from whom, for machines.

    out  where a plan was written
    """
    return {
        "place": rule.place,
        "change": render.change_object(rule.change),
        "records": rule.records,
        "hidden": rule.hidden,
        "unproved": rule.unproved,
        "people": [*map(render.hidden_object, rule.people)],
        "out": str(out) if out else None,
    }


def written_lines(script: Path) -> Iterator[str]:
    """Where a plan is, and what to do with it."""
    folder = script.parent
    yield ""
    yield f"The plan is in {folder}. Read {script}, then: trapstreet access apply {folder}"
