"""Who the decoys are that a hit used: their rows, opened, in the normal forms that texts are compared by."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence

from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Column, Kind, recognise
from trapstreet.core.model.ground import referred_to
from trapstreet.core.model.table import Row
from trapstreet.index import is_planting
from trapstreet.keys.ring import KeyRing
from trapstreet.share.opening import columns_of
from trapstreet.sightings import Persona, Used
from trapstreet.store import catalogue, copies, plantings
from trapstreet.store.models import Copy, DataSet, Planting, Pool

_ROWS = 200_000
"""That are kept open, but for those of the owner that was asked for last."""
_SAMPLE = 1000
_COLLEAGUES = 8

_Table = tuple[tuple[Column, ...], dict[int, list[Row]]]
"""Columns, and the rows of each decoy by its position."""


class Personas:
    """The personas of decoys, opened when they are used first. Protected."""

    def __init__(self, workspace: Workspace) -> None:
        self._ring = workspace.ring
        self._open: OrderedDict[str, list[_Table]] = OrderedDict()

    def of(self, used: Used) -> list[Persona]:
        """Of the decoy and of those that share what was used; [] for bait that is nobody."""
        tables = self._tables(used.owner)
        return [
            Persona.of([(columns, rows.get(at, ())) for columns, rows in tables])
            for at in (used.at, *used.colleagues[:_COLLEAGUES])
            if tables
        ]

    def _tables(self, owner: str) -> list[_Table]:
        if owner not in self._open:
            self._open[owner] = list(_opened(owner, self._ring))
            while len(self._open) > 1 and sum(map(_size, self._open.values())) > _ROWS:
                self._open.popitem(last=False)
        self._open.move_to_end(owner)
        return self._open[owner]


def _size(tables: Sequence[_Table]) -> int:
    return sum(len(rows) for _, of in tables for rows in of.values())


def _opened(owner: str, ring: KeyRing) -> Iterator[_Table]:
    if is_planting(owner):
        planting = plantings.planting_named(owner)
        if planting.data_set is not None:
            yield from _of_planting(planting, planting.data_set, ring)
        return
    copy = Copy.objects.select_related("data_set").filter(id=owner).first()
    if copy is not None:
        yield _of_table(copy.data_set, columns_of(copy, ring), copies.rows_of(copy, ring))
        return
    pool = Pool.objects.select_related("data_set").get(id=owner)
    yield _of_table(pool.data_set, pool.columns, copies.rows_of(pool, ring))


def _of_table(data_set: DataSet, names: Sequence[str], rows: Sequence[Row]) -> _Table:
    known = {column.name: column for column in catalogue.columns_of(data_set)}
    columns = tuple(known.get(name) or Column(name=name, kind=Kind.TEXT, why="") for name in names)
    return columns, {at: [row] for at, row in enumerate(rows)}


def _of_planting(planting: Planting, data_set: DataSet, ring: KeyRing) -> Iterator[_Table]:
    """The planted table, and those that refer to it, whose columns nobody registered: they are taken for what
    they look like."""
    laid, rows = plantings.laid_of(planting), plantings.rows_of(planting, ring)
    yield _of_table(data_set, laid[0][1], rows[0])
    decoys: list[Sequence[int | None]] = [range(len(rows[0]))]
    for number, kinship in enumerate(plantings.kinships_of(planting) or (), start=1):
        own, above = laid[number][1], laid[kinship.parent][1]
        parents = referred_to(
            rows[number],
            [own.index(name) for name in kinship.refers],
            rows[kinship.parent],
            [above.index(name) for name in kinship.referred],
        )
        decoys.append([None if parent is None else decoys[kinship.parent][parent] for parent in parents])
        of: dict[int, list[Row]] = defaultdict(list)
        for decoy, row in zip(decoys[number], rows[number], strict=True):
            if decoy is not None:
                of[decoy].append(row)
        yield recognise(own, rows[number][:_SAMPLE], region=None, types={}, ignore=()), dict(of)
