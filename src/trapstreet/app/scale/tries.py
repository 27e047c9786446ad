"""What becomes of units whose workers die: tried again, cut in halves, and in the end one object left out."""

from dataclasses import dataclass, field

from trapstreet.app.scale.units import Unit
from trapstreet.core.model.objects import Unread
from trapstreet.watch import Part

DEATHS = 2
"""Workers that a unit, or an object alone, may kill. What was cut before is cut again at the first."""

LOSSES = 4
"""Nodes that may go while they have a unit: then it is what kills them, as far as anybody can tell."""

LEFT_OUT = "twice what read it died; it was left out of the scan"


@dataclass(slots=True)
class Whole:
    """A unit as it was planned, and what of it has come in."""

    unit: Unit
    parts: list[tuple[int, Part]] = field(default_factory=list)
    missing: int = 0

    def add(self, unit: Unit, part: Part) -> None:
        self.parts.append((unit.begin, part))
        self.missing -= len(unit.items)

    def part(self) -> Part | None:
        """All of it, in the order of its objects; None while some is missing."""
        if self.missing:
            return None
        return Part.united(part for _, part in sorted(self.parts, key=lambda each: each[0]))


@dataclass(slots=True)
class Piece:
    """A unit, or a part of one, on its way through workers.

    deaths, losses  workers that died of it, as far as anybody can tell, and nodes that went while they had it
    """

    unit: Unit
    whole: Whole
    deaths: int = 0
    losses: int = 0

    @classmethod
    def of(cls, unit: Unit) -> "Piece":
        return cls(unit, Whole(unit, missing=len(unit.items)))

    def finished(self, part: Part) -> None:
        self.whole.add(self.unit, part)

    def died(self) -> "list[Piece]":
        """What has to be tried, once the worker that had it has died; nothing where it is left out."""
        self.deaths += 1
        if len(self.unit.items) == 1:
            return [self] if self.deaths < DEATHS else self._left_out()
        if self.unit is self.whole.unit and self.deaths < DEATHS:
            return [self]
        return [Piece(half, self.whole) for half in self.unit.halves()]

    def lost(self) -> "list[Piece]":
        """The same, once its node has gone, which may have had other reasons."""
        self.losses += 1
        return [self] if self.losses < LOSSES else self.died()

    def _left_out(self) -> "list[Piece]":
        (item,) = self.unit.items
        why = item if isinstance(item, Unread) else Unread(item.path, LEFT_OUT)
        self.finished(Part(unread=[why.printable()]))
        return []
