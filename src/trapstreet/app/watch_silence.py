"""What people are told when a watched source does not prove any more that it would find something."""

import msgspec

from trapstreet.app.alarming import raise_trouble
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.amounts import duration_text
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.objects import printable
from trapstreet.store import controls
from trapstreet.store.models import ControlRecord, SourceRhythm, WatchedSource
from trapstreet.watch.domain.rhythm import Rhythm, beaten, longest, patience

_SECOND = 1_000_000


def tell_unproven(
    workspace: Workspace, row: WatchedSource, control: ControlRecord, why: str, *, at: int
) -> bool:
    """Raise an alert: no round finds the source's control record. True."""
    name, lies = row.name, control.name or printable(control.path)
    last = control.proved_at
    raise_trouble(
        workspace,
        f"watch {name} unproven since {last or control.put_at}",
        severity=Severity.MEDIUM,
        headline=f"The source {name} does not prove any more that it would find something",
        happened=(
            f"Its rounds end well, but do not find its control record: {why}.",
            f"It was found last {ago(at - last)} ago." if last else "It was never found.",
            "Data that appears there may not be seen.",
        ),
        steps=(
            f"Look whether it still lies there: {lies}",
            f"See how the source is: trapstreet watch status {name}",
            f"Try it when it is mended: trapstreet watch run --once {name}",
            f"If it was taken away on purpose: trapstreet watch control {name} --off",
        ),
    )
    return True


def note_rhythm(workspace: Workspace, row: WatchedSource, *, is_new: bool, at: int) -> None:
    """A round of a source ended, with something new or nothing; people are told of a silence that is far
    longer than any before."""
    there = controls.rhythm_of(row)
    known = known_rhythm(there) if there else None
    if is_new:
        controls.beat(row, **msgspec.to_builtins(beaten(known, at=at)))
    elif there and known and not there.told:
        enough = patience(known, every=row.every * _SECOND)
        if enough is not None and at - known.last > enough:
            _tell_silence(workspace, row.name, known, at=at)
            controls.told(there)


def known_rhythm(row: SourceRhythm) -> Rhythm:
    """The rhythm as it was written down."""
    return Rhythm(row.since, row.last, row.gaps, tuple((end, length) for end, length in row.longest))


def ago(length: int) -> str:
    """Microseconds in words: minutes, from three hours on hours, from three days on days."""
    seconds = length // _SECOND
    unit = 86_400 if seconds >= 3 * 86_400 else 3_600 if seconds >= 3 * 3_600 else 60
    return duration_text(max(unit, seconds // unit * unit))


def _tell_silence(workspace: Workspace, name: str, known: Rhythm, *, at: int) -> None:
    before = ago(longest(known.longest))
    raise_trouble(
        workspace,
        f"watch {name} silent since {known.last}",
        severity=Severity.MEDIUM,
        headline=f"The source {name} has had nothing new for unusually long",
        happened=(
            f"Its rounds end well, but nothing new has come for {ago(at - known.last)}.",
            f"It was never silent for more than {before} before.",
            "Its layout may have changed, or it has died: data that appears there may not be seen.",
        ),
        steps=(
            "Look at it yourself: is there something new?",
            f"See how it is watched: trapstreet watch status {name}",
            "If it is just quiet, close the case: it is told again only after something new.",
        ),
    )
