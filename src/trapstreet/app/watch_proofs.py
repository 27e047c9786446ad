"""How far each watched source proves that it would find something, as `watch status` tells it."""

from collections.abc import Sequence

import msgspec

from trapstreet.app.watch_silence import known_rhythm
from trapstreet.core.model.objects import printable
from trapstreet.store import controls
from trapstreet.store.models import ControlRecord, SourceRhythm, WatchedSource
from trapstreet.watch.domain.rhythm import longest, patience

_SECOND = 1_000_000


class Proof(msgspec.Struct, frozen=True):
    """How a source is proven. Times are Unix microseconds.

    state      "proven"; "awaited": its first proof is to come; "failing": it was not found since
               failing_since, and why; "leaving": it is half taken away; "none": nothing proves it.
               Without a control record, where it cannot be written to: "rhythm": something new comes as often
               as ever; "learning": how often is not known yet; "silent": nothing has come for unusually long
    record     the control record, as a listing names it; "" for none
    proved_at  when it was found last;  took  microseconds from its being put there to that, for one of ours
    every      seconds between two proofs
    last       when something new came last;  silence  microseconds of the longest silence known;  patience
               microseconds of silence after which people are told; null where nobody knows
    """

    state: str
    record: str = ""
    proved_at: int | None = None
    took: int | None = None
    every: int | None = None
    failing_since: int | None = None
    why: str = ""
    last: int | None = None
    silence: int | None = None
    patience: int | None = None


def proofs(rows: Sequence[WatchedSource]) -> list[Proof]:
    """How each of these sources is proven."""
    records, rhythms = controls.by_source(), controls.rhythms()
    return [_proof(row, records.get(row.id), rhythms.get(row.id)) for row in rows]


def _proof(row: WatchedSource, control: ControlRecord | None, rhythm: SourceRhythm | None) -> Proof:
    if control is not None:
        return _of_record(control)
    if rhythm is None:
        return Proof("none")
    known = known_rhythm(rhythm)
    enough = patience(known, every=row.every * _SECOND)
    state = "silent" if rhythm.told else "learning" if enough is None else "rhythm"
    return Proof(state, last=known.last, silence=longest(known.longest), patience=enough)


def _of_record(control: ControlRecord) -> Proof:
    if control.sort == controls.LEAVING:
        return Proof("leaving", control.name)
    failing = control.failing_since is not None
    return Proof(
        "failing" if failing else "awaited" if control.proved_at is None else "proven",
        control.name or printable(control.path),
        control.proved_at,
        control.took if control.sort == controls.WRITTEN else None,
        control.every,
        control.failing_since,
        control.why,
    )
