"""The cells of a person's new rows: what others have too stays, what only the donor has does not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.kin.figures import near, product_of
from trapstreet.decoys.kin.model import PERSONAL, KinModel
from trapstreet.decoys.kin.person import Person
from trapstreet.decoys.kin.times import DAY, HOUR
from trapstreet.decoys.kin.urls import KinUrls
from trapstreet.decoys.kin.words import Words
from trapstreet.decoys.nearby import NEVER_FREE, another_day, another_house
from trapstreet.decoys.numbering import retyped

_SHARED = 2  # rows of others that must have a value before it may stay
_PUBLIC = 5  # rows of others from which an address or a number is nobody's: a hotline
_TRIES = 8
_COMPARED = 64  # rows among which one is looked for that differs least


@dataclass(slots=True)
class Sprout:
    """A row to be made: the donor's, the person it belongs to, and the row that it refers to.

    fresh  cells that are decided: references, numbers;  clocks  those of the rows on both sides of its number
    left_out  there is no room for it in the history
    """

    old: Row = field(repr=False)
    person: Person = field(repr=False)
    parent: "Sprout | None" = field(default=None, repr=False)
    fresh: dict[int, Cell] = field(default_factory=dict, repr=False)
    clocks: tuple[int, int] | None = None
    left_out: bool = False


class Writer:
    """Writes the rows of one linked table."""

    def __init__(self, model: KinModel, names: frozenset[str], urls: KinUrls, draws: KeyedDraws) -> None:
        self._model = model
        self._urls = urls
        self._draws = draws
        self._words = {at: Words(model.texts(at), names) for at in model.counts}
        self.emptied: set[str] = set()

    def rows(self, sprouts: Sequence[Sprout]) -> list[Row]:
        """The finished rows of one person. About 0.1 ms each."""
        if not sprouts:
            return []
        person = sprouts[0].person
        texts = [cell for each in sprouts for cell in each.old if isinstance(cell, str) and cell]
        own = _Own(
            person,
            person.swapped(texts),
            {at: Counter(each.old[at] for each in sprouts) for at in self._model.counts},
        )
        return [self._row(each, own) for each in sprouts]

    def _row(self, each: Sprout, own: "_Own") -> Row:
        cells = [self._cell(at, each, own) for at in range(len(each.old))]
        categories = self._model.categories
        if self._model.tuples.count(tuple(cells[at] for at in categories)) == 1:
            cells = self._common(cells)
        for product in self._model.products:
            cells[product[2]] = product_of(cells, product)
        return tuple(cells)

    def _cell(self, at: int, each: Sprout, own: "_Own") -> Cell:
        model, old = self._model, each.old[at]
        if at in each.fresh:
            return each.fresh[at]
        if not model.table.given[at]:
            return None
        if old is None or old == "":
            return old
        if at in model.times:
            new = self._time(at, each)
            return self._blank(at, old) if new is None else model.times[at].write(new, old)
        if at in self._urls.columns:
            return self._urls.cell(at, old, own.person)
        if model.columns[at].kind in NEVER_FREE or at not in model.counts:
            return self._blank(at, old)
        if at in model.table.key:
            return old
        others = model.counts[at].count(old) - own.counts[at][old]
        if model.columns[at].kind in PERSONAL:
            return self._personal(at, old, own, others)
        return own.swap(old) if others >= _SHARED else self._fresh(at, old, own)

    def _time(self, at: int, each: Sprout) -> int | None:
        """The new time of a cell; a date is that of a time in its row which is on the same day."""
        times, history = self._model.times, each.person.history
        moment = times[at].read(each.old[at])
        if moment is None or times[at].quantum < DAY:
            return None if moment is None else history[moment]
        exact = [layout.read(each.old[other]) for other, layout in times.items() if layout.quantum < HOUR]
        same_day = [time for time in exact if time is not None and time // DAY == moment // DAY]
        new = history[min(same_day, default=moment)]
        return None if new is None else new // DAY * DAY

    def _fresh(self, at: int, old: Cell, own: "_Own") -> Cell:
        """Something else than a value that only the donor has."""
        model, draws = self._model, self._draws
        text = (cell_text(old) or "").strip()
        if text in own.person.references:
            return retyped(own.person.references[text], old)
        near_it = near(old, model.counts[at], model.seen[at], draws)
        if near_it is not None:
            return near_it
        if isinstance(old, str):
            words = self._words[at]
            swapped, kept = own.texts.get(old, old), tuple(own.person.references.values())
            for _ in range(_TRIES):
                new = words.filled(swapped, kept, draws) or words.drawn(old, own.person.name, draws)
                if new and model.counts[at].count(new) != 1:
                    return new
        return self._common_value(at, old)

    def _personal(self, at: int, old: Cell, own: "_Own", others: int) -> Cell:
        """The decoy's instead of the donor's, or of whoever it was; what belongs to nobody stays."""
        column = self._model.columns[at]
        swapped = own.swap(old)
        if swapped != old:
            return swapped
        if others >= _PUBLIC:
            return old
        has, value = own.person.value(column.kind, old)
        if has:
            return retyped(text, old) if (text := cell_text(value)) else self._blank(at, old)
        if column.kind is Kind.ADDRESS:
            return another_house(old, self._draws)[0]
        if column.kind is Kind.BIRTH_DATE:
            day = another_day(old, column, self._draws)
            return day[0] if day else self._blank(at, old)
        if column.kind is Kind.POSTCODE:
            return old if others >= _SHARED else self._common_value(at, old)
        return self._blank(at, old)

    def _common_value(self, at: int, old: Cell) -> Cell:
        counts = self._model.counts[at]
        common = [cell for cell in self._model.seen[at] if cell not in (None, "") and counts.count(cell) > 1]
        return self._draws.choice(common) if common else self._blank(at, old)

    def _blank(self, at: int, old: Cell) -> Cell:
        if at not in self._model.blanks:
            self.emptied.add(self._model.columns[at].name)
        return self._model.blanks.get(at, "" if isinstance(old, str) else None)

    def _common(self, cells: list[Cell]) -> list[Cell]:
        """The cells with categories that several rows share, as few of them changed as may be."""
        categories, shared = self._model.categories, self._model.shared
        if not shared:
            return cells
        drawn = [self._draws.choice(shared) for _ in range(_COMPARED)]
        mine = [cells[at] for at in categories]
        best = max(drawn, key=lambda row: sum(one == other for one, other in zip(row, mine, strict=True)))
        changed = dict(zip(categories, best, strict=True))
        return [changed.get(at, cell) for at, cell in enumerate(cells)]


@dataclass(frozen=True)
class _Own:
    """What is the donor's own: texts with their replacements, and how often each value is the donor's."""

    person: Person = field(repr=False)
    texts: dict[str, str] = field(repr=False)
    counts: dict[int, Counter[Cell]] = field(repr=False)

    def swap(self, cell: Cell) -> Cell:
        return self.texts.get(cell, cell) if isinstance(cell, str) else cell
