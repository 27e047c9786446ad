"""Plantings and their decoys in plain words."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from trapstreet.core.model.ground import Removed
from trapstreet.core.model.words import counted
from trapstreet.plant import Linked, Planted, Reconciled, Tested
from trapstreet.render.words import day, ranges
from trapstreet.store import plantings
from trapstreet.store.models import Decoy, Planting

_SHOWN = 20


def short(planting: str) -> str:
    """The number of a planting as commands take it, `p3`."""
    return planting.partition("-")[0]


def name_of(decoy: Decoy) -> str:
    """`p3/17`: decoys are counted from 1."""
    return f"{short(decoy.planting_id)}/{decoy.at + 1}"


def planted_lines(result: Planted, script: Path | None) -> Iterator[str]:
    """What planting did, or what a script is for."""
    persons, name = counted(result.decoys, "decoy"), short(result.planting)
    rows = ", ".join(f"{counted(count, 'row')} in {table}" for table, count in result.rows.items())
    if script is None:
        yield f"Planting {result.planting}: {persons} of {result.data_set!r} are in place: {rows}."
    else:
        yield f"Planting {result.planting}: {script} plants {persons} of {result.data_set!r}: {rows}."
        yield "It lists the decoys: keep it secret, and delete it once it has run. Then tell trapstreet:"
        yield f"  trapstreet decoy reconcile {name}"
    if result.strippable:
        yield "STRIPPABLE: somebody who looks for them can pick the decoys out:"
        yield from (f"  {why}" for why in result.strippable)
    yield from result.notes
    yield f"The way back: trapstreet plant --undo {name}"


def removed_lines(planting: Planting, removed: Removed) -> Iterator[str]:
    """What taking a planting out did."""
    if not removed.rows:
        yield f"Planting {planting.id}: none of its rows are in {planting.place}; nothing was removed."
    else:
        rows = counted(removed.rows, "row")
        yield f"Planting {planting.id} is taken out of {planting.place}: {rows} removed."
    if removed.absent and removed.rows:
        yield f"{counted(removed.absent, 'row of it was', 'rows of it were')} not there any more."
    if removed.edited:
        numbers = f"{short(planting.id)}/{ranges([at + 1 for at in removed.edited])}"
        yield (
            f"Left in place, with what refers to them: {counted(len(removed.edited), 'decoy')} to which "
            f"somebody gave another identity ({numbers})."
        )
    yield "Its decoys are still recognised wherever they turn up."


def reconciled_lines(result: Reconciled) -> Iterator[str]:
    """How a planting's tables are."""
    rows = [f"{counted(each.present, 'row')} in {each.table}" for each in result.linked]
    beside = f", and of theirs {', '.join(rows)}" if rows else ""
    yield f"{result.planting} in {result.place}: {counted(result.present, 'decoy')} in place{beside}."
    for what, numbers in (
        ("there by now, as planned", result.appeared),
        ("LOST", result.lost),
        ("BACK, though taken out or retired: a restore, perhaps", result.resurrected),
        ("EDITED by somebody", result.edited),
        ("THERE AGAIN, as further rows: a merge, perhaps", result.copied),
    ):
        if numbers:
            decoys = counted(len(set(numbers)), "decoy")
            yield f"  {decoys} {what}: {_named(result.planting, numbers)}"
    for each in result.linked:
        yield from _linked_lines(each, result.planting)


def _linked_lines(each: Linked, planting: str) -> Iterator[str]:
    for what, numbers in (
        ("LOST", each.lost),
        ("BACK, though taken out", each.resurrected),
        ("EDITED by somebody", each.edited),
        ("THERE AGAIN, as further rows", each.copied),
        ("of OTHERS refer to decoys: somebody works with them", each.others),
    ):
        if numbers:
            yield f"  {each.table}: {counted(len(numbers), 'row')} {what}: of {_named(planting, numbers)}"


def _named(planting: str, numbers: Sequence[int]) -> str:
    return f"{short(planting)}/{ranges(sorted(set(numbers)))}"


def tested_lines(result: Tested) -> Iterator[str]:
    """Whether a planting's decoys would do their work."""
    yield (
        f"{result.planting} in {result.place}: of {counted(result.decoys, 'decoy')} {result.in_place:,} are "
        f"in place, and {result.recognised:,} of these would be recognised."
    )
    if result.unheard:
        yield (
            f"  UNHEARD: the settings do not name {', '.join(result.unheard)}; nobody may be listening there"
        )


def own_traffic_lines(decoys: Sequence[str]) -> Iterator[str]:
    """What to do with decoys that were heard before they lay anywhere."""
    if decoys:
        shown = " ".join(decoys[:_SHOWN]) + (" …" if len(decoys) > _SHOWN else "")
        yield f"TRAFFIC OF THEIR OWN, from before they were planted: {shown}"
        yield "What they hear says less; put others in their place: trapstreet decoy retire"


def planting_row(planting: Planting, *, noisy: Collection[int] = ()) -> dict[str, object]:
    """A planting as `decoy list` shows it; noisy: positions of decoys that have traffic of their own."""
    return {
        "planting": planting.id,
        "kind": planting.kind,
        "data_set": planting.data_set.name if planting.data_set else None,
        "place": planting.place,
        "decoys": planting.decoys,
        "states": plantings.states_of(planting),
        "owner": planting.owner,
        "purpose": planting.purpose,
        "tags": planting.tags,
        "planted": planting.planted_at and day(planting.planted_at),
        "removed": planting.removed_at and day(planting.removed_at),
        "expires": planting.expires_at and day(planting.expires_at),
        "strippable": planting.strippable,
        "own_traffic": [f"{short(planting.id)}/{at + 1}" for at in sorted(noisy)],
    }


def decoy_row(decoy: Decoy, channels: Sequence[str], *, noisy: bool = False) -> dict[str, object]:
    """A decoy as `decoy list` shows it, with the channels that a use of it is heard by: never what it looks
    like."""
    return {
        "decoy": name_of(decoy),
        "state": decoy.state,
        "since": day(decoy.since),
        "channels": list(channels),
        "own_traffic": noisy,
    }
