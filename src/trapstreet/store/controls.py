"""Control records and rhythms of watched sources, as the watch asks for them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q

from trapstreet.store.models import ControlRecord, SourceRhythm, WatchedSource

WRITTEN, KNOWN, LEAVING = "written", "known", "leaving"
"""Sorts of control records: ours, somebody else's object, and ours that is being taken away."""


def control_of(source: WatchedSource) -> ControlRecord | None:
    """The control record of a source; None where it has none."""
    return ControlRecord.objects.filter(source_id=source.id).first()


def by_source() -> dict[int, ControlRecord]:
    """Every control record, by its source's id."""
    return {each.source_id: each for each in ControlRecord.objects.all()}


def change(control: ControlRecord, **values: Any) -> bool:
    """Some of its values are these from now on; False where it was taken away meanwhile, or is being."""
    there = ControlRecord.objects.filter(id=control.id, sort=control.sort)
    for name, value in values.items():
        setattr(control, name, value)
    return bool(there.update(**values))


def rhythm_of(source: WatchedSource) -> SourceRhythm | None:
    """When a source had something new; None where that is not looked at, or nothing was ever new."""
    return SourceRhythm.objects.filter(source_id=source.id).first()


def rhythms() -> dict[int, SourceRhythm]:
    """Every rhythm, by its source's id."""
    return {each.source_id: each for each in SourceRhythm.objects.all()}


def beat(source: WatchedSource, **values: Any) -> None:
    """The source had something new: its rhythm is this from now on."""
    SourceRhythm.objects.update_or_create(source_id=source.id, defaults={**values, "told": False})


def told(rhythm: SourceRhythm) -> None:
    """An alert was raised for its silence."""
    SourceRhythm.objects.filter(id=rhythm.id).update(told=True)


def failing() -> list[tuple[str, str]]:
    """Sources whose proofs fail, or which are silent, for so long that people were told: name and why."""
    unproven = ControlRecord.objects.filter(told=True).order_by("source__name")
    silent = SourceRhythm.objects.filter(told=True).order_by("source__name")
    return [
        *unproven.values_list("source__name", "why"),
        *((name, "nothing new comes from it") for name in silent.values_list("source__name", flat=True)),
    ]


def lying() -> dict[str, list[str]]:
    """The plantings whose decoys a control record shows, by where it lies, as listings name it, and by the
    SHA-256 of what is being put there just now."""
    rows = ControlRecord.objects.values_list("name", "coming", "planting", "shows")
    return {
        known: [planting] if planting else list(shows or ())
        for name, coming, planting, shows in rows
        for known in (name, coming)
        if known
    }


def counts() -> Mapping[str, int]:
    """How many watched sources prove that they would find something ("proven"), do not any more ("failing"),
    wait for the first proof ("awaited"), have been silent for long ("silent"), or are not asked ("none")."""
    asked = ControlRecord.objects.aggregate(
        failing=Count("id", filter=Q(failing_since__isnull=False)),
        proven=Count("id", filter=Q(failing_since=None, proved_at__isnull=False)),
        awaited=Count("id", filter=Q(failing_since=None, proved_at=None)),
    )
    silent = SourceRhythm.objects.filter(told=True, source__control=None).count()
    rest = WatchedSource.objects.filter(control=None).count() - silent
    return {**asked, "silent": silent, "none": rest}
