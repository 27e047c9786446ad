"""One persona: who the donor was, who the decoy is, when things happen, which number replaces which."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.kin.times import HOUR, Event, TimeColumn, date_by_time, moved
from trapstreet.decoys.traces import rewritten

_LONG = 5  # characters from which a number is looked for in texts
_SWAPPED = (Kind.NAME, Kind.EMAIL, Kind.PHONE, Kind.REFERENCE)
_LINE = 7  # digits at the end by which telephone numbers are the same


@dataclass
class Person:
    """A decoy beside its donor, both as rows of the root.

    history     the donor's times and the decoy's; None where one does not fit
    references  numbers of the donor's rows, as text, and what they are in the decoy's
    """

    columns: Sequence[Column]
    donor: Row = field(repr=False)
    decoy: Row = field(repr=False)
    history: dict[int, int | None] = field(default_factory=dict, repr=False)
    references: dict[str, str] = field(default_factory=dict, repr=False)
    _told: set[int] = field(default_factory=set, repr=False)
    _events: dict[int, Event] = field(default_factory=dict, repr=False)
    start: int | None = None

    def met(self, moment: int | None, layout: TimeColumn, *, told: bool) -> None:
        """Takes a time of the donor's into the history; told: a linked table tells of it."""
        if moment is None:
            return
        if told:
            self._told.add(moment)
        event = layout.event(moment)
        self._events[moment] = self._events[moment].and_also(event) if moment in self._events else event

    def live(self, start: tuple[int, int] | None, draws: KeyedDraws) -> None:
        """Gives the person a history of its own; start: the donor's and the decoy's, None where unknown."""
        self.start = start and start[1]
        self.history = moved(self._events, start=start, draws=draws)

    def told(self) -> tuple[set[int], int]:
        """The donor's times that linked tables tell of, and the decoy's last of them."""
        new = (self.history[moment] for moment in self._told)
        return self._told, max((moment for moment in new if moment is not None), default=0)

    def adjust(self, moment: int, new: int) -> None:
        """Moves one time, and with it those that it would overtake: later ones keep their distance to it,
        earlier ones move together. O(n)."""
        new = new if self.start is None else max(new, self.start)
        was, self.history[moment] = self.history[moment], new
        if was is not None and new > was:
            self._push(self._order[bisect_right(self._order, moment) :], was, new)
        elif was is not None and new < was:
            self._press(self._order[: bisect_left(self._order, moment)], was, new)
        date_by_time(self._events, self.history)

    def _push(self, later: Sequence[int], was: int, new: int) -> None:
        for other in later:
            now, event = self.history[other], self._events[other]
            if now is not None and now >= new:
                break
            if now is not None:
                moved = min(event.latest, -(-(new + now - was) // event.quantum) * event.quantum)
                was, new, self.history[other] = now, moved, moved

    def _press(self, earlier: Sequence[int], was: int, new: int) -> None:
        overtaken = []
        low = new if self.start is None else self.start
        for other in reversed(earlier):
            now = self.history[other]
            if now is not None and now <= new:
                low = now
                break
            if now is not None:
                overtaken.append((other, now))
        for other, now in overtaken:
            quantum = self._events[other].quantum
            pressed = low + (now - low) * (new - low) // max(1, was - low)
            self.history[other] = -(-pressed // quantum) * quantum

    @cached_property
    def _order(self) -> list[int]:
        """The donor's times to less than an hour, ascending."""
        return sorted(moment for moment, event in self._events.items() if event.quantum < HOUR)

    def replace(self, old: Cell, new: Cell) -> None:
        """Remembers the number that stands for one of the donor's."""
        texts = cell_text(old), cell_text(new)
        if texts[0] and texts[1] and len(texts[0]) >= _LONG:
            self.references[texts[0].strip()] = texts[1].strip()

    def swapped(self, texts: Sequence[str]) -> dict[str, str]:
        """The texts with the decoy's identity and numbers instead of the donor's, by the old ones."""
        whole = self._whole()
        new = {text: whole[text] for text in texts if text in whole}
        old = tuple(dict.fromkeys(text for text in texts if text not in whole))
        pairs = tuple(self.references.items())
        shift = len(self.columns)
        columns = [
            *self.columns,
            *(Column(name="", kind=Kind.REFERENCE, why="") for _ in pairs),
            *(Column(name="", kind=Kind.TEXT, why="") for _ in old),
        ]
        donor = (*self.donor, *(number for number, _ in pairs), *old)
        fresh = dict(enumerate((*self.decoy, *(number for _, number in pairs))))
        made = rewritten(columns, donor, fresh)[shift + len(pairs) :]
        return new | {text: str(cell) for text, cell in zip(old, made, strict=True)}

    def _whole(self) -> dict[str, str]:
        """What the donor is called and reached by, as whole texts, and the same of the decoy."""
        cells = zip(self.columns, self.donor, self.decoy, strict=True)
        own = {str(old): str(new or "") for column, old, new in cells if column.kind in _SWAPPED and old}
        return self.references | own

    @property
    def name(self) -> str:
        """What the decoy is called, "" where its row does not say it."""
        return str(self.value(Kind.NAME, None)[1] or "")

    def value(self, kind: Kind, old: Cell) -> tuple[bool, Cell]:
        """Whether the donor has something of the kind; what the decoy has instead of the donor's `old`."""
        places = [at for at, column in enumerate(self.columns) if column.kind is kind and self.donor[at]]
        if kind is Kind.NAME and not places:
            parts = [self.value(part, None) for part in (Kind.GIVEN_NAME, Kind.FAMILY_NAME)]
            return all(has for has, _ in parts), " ".join(str(cell) for _, cell in parts if cell)
        if not places:
            return False, None
        if kind is Kind.PHONE:
            for at in places:
                if (laid := _laid_like(old, self.donor[at], self.decoy[at])) is not None:
                    return True, laid
        return True, self.decoy[places[0]]


def _laid_like(old: Cell, donor: Cell, decoy: Cell) -> str | None:
    """The decoy's number in the layout of `old`, where that is the donor's in another layout."""
    layout, theirs, ours = (cell_text(cell) or "" for cell in (old, donor, decoy))
    digits = [character for character in ours if character.isdecimal()]
    places = [at for at, character in enumerate(layout) if character.isdecimal()]
    same = "".join(layout[at] for at in places)[-_LINE:]
    donated = "".join(character for character in theirs if character.isdecimal())
    if len(same) < _LINE or not donated.endswith(same) or not len(places) <= len(digits) == len(donated):
        return None
    written = list(layout)
    for at, digit in zip(reversed(places), reversed(digits), strict=False):
        written[at] = digit
    if len(places) < len(digits) and layout[places[0]] == "0":
        written[places[0]] = "0"
    return "".join(written)
