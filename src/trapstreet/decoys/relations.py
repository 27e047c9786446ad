"""Which columns of a table go together: names with a country, an area code with a town."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from math import sqrt
from typing import Generic, TypeVar

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.model import TableModel, owner_of

T = TypeVar("T", bound=Cell)

_GROUPS = range(2, 51)  # different values of a column that may tell others apart
_LIFT = 1.05  # how much oftener than by chance two rows that have a value in common must agree
_SURE = 5.0  # standard errors


def lift(pairs: Sequence[tuple[Cell, Cell]]) -> float:
    """How much oftener two rows with the same second value agree in the first than any two; 1 by chance."""
    groups, both = Counter(group for group, _ in pairs), Counter(pairs)
    values = Counter(value for _, value in pairs)
    alike = sum(n * (n - 1) for n in values.values())
    agreeing = sum(n * (n - 1) for n in both.values())
    expected = alike * sum(n * (n - 1) for n in groups.values()) / max(1, len(pairs) * (len(pairs) - 1))
    if agreeing - expected <= _SURE * sqrt(2 * expected + 1) or agreeing < _LIFT * expected:
        return 1.0
    return agreeing / max(1.0, expected)


class Alike(Generic[T]):
    """Values of the sample, to be drawn for rows like those that have them."""

    def __init__(
        self,
        model: TableModel,
        value: Callable[[Row], T],
        *,
        but: Sequence[int] = (),
        form: Callable[[Row], Hashable] = lambda _: None,
    ) -> None:
        """value  what is drawn of a row, "" or None without any
        but    columns that tell nothing of it
        form   what rows must have in common to be alike at all
        """
        having = [(row, found) for row in model.sample if (found := value(row)) not in (None, "")]
        lifts = {
            at: lift([(row[at], found) for row, found in having])
            for at in model.categories
            if at not in but and len({row[at] for row in model.sample}) in _GROUPS
        }
        best = max(lifts, key=lifts.__getitem__, default=None)
        self._at = best if best is not None and lifts[best] > 1 else None
        self._form = form
        self._found: dict[Hashable, list[tuple[Row, T]]] = defaultdict(list)
        for row, found in having:
            self._found[self.group(row)].append((row, found))

    def group(self, row: Row) -> Hashable:
        """What rows that are alike have in common."""
        return None if self._at is None else row[self._at], self._form(row)

    def values(self, like: Row) -> list[T]:
        """Those of all rows that agree with this one in what tells of the value."""
        return [found for _, found in self._found.get(self.group(like), ())]

    def draw(self, like: Row, draws: KeyedDraws) -> tuple[Row, T] | None:
        """A row that agrees with this one in what tells of the value, and its value; None without any."""
        found = self._found.get(self.group(like))
        return draws.choice(found) if found else None


def name_part(model: TableModel, part: int) -> Callable[[Row], str]:
    """Reads the given name (1) or the family name (2) of a row."""
    return lambda row: owner_of(model.columns, row)[part]


def names_shown(model: TableModel) -> Callable[[Row], Hashable]:
    """Reads which names the address of a row shows where nothing else does: of "anna.byrne" both, of "byrne"
    one; the same of every row where names have columns."""
    if any(model.positions(kind) for kind in (Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME)):
        return lambda _: None
    return lambda row: tuple(map(bool, owner_of(model.columns, row)[1:]))
