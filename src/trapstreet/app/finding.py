"""Planted decoys found again: in the tables where they lie, in others, and by a search as `scan` makes it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from trapstreet.app.clock import now
from trapstreet.app.packed import open_table
from trapstreet.app.planting import decoy_settings, ground_of, rows_on
from trapstreet.app.search import matcher_of, public_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys import owned
from trapstreet.plant import Reconciled, Tested, reconcile
from trapstreet.store import catalogue, plantings
from trapstreet.store.models import Planting
from trapstreet.watch import scan


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Decoys that another table holds: how many, by planting."""

    place: str
    decoys: dict[str, int]


class RowsText:
    """Rows as text, a line each."""

    sha256 = ""
    trail = None

    def __init__(self, place: str, rows: Iterable[Sequence[Row]]) -> None:
        self.source = self.path = place
        self.chunks = _lines(rows)

    def will_tell(self) -> None:
        """Rows have no hash."""


def _lines(rows: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    for some in rows:
        lines = ("\t".join(cell_text(cell) or "" for cell in row) for row in some)
        yield ("\n".join(lines) + "\n").encode("utf-8", "replace")


def reconcile_planting(workspace: Workspace, planting: Planting) -> Reconciled:
    """What is in the tables of a planting against what should be. The workspace must be held for writing."""
    return reconcile(ground_of(planting), planting, ring=workspace.ring, now=now())


def met_elsewhere(workspace: Workspace, location: str) -> Elsewhere:
    """The planted decoys in any table, found as `scan` finds them. One pass."""
    table = open_table(location)
    return Elsewhere(table.label, _met(workspace, RowsText(table.label, (b.rows for b in table.batches()))))


def try_planting(workspace: Workspace, planting: Planting) -> Tested:
    """Look for every decoy of a planting where it lies, and search what is there as a leak is searched.

    Decoys that were retired do not count.
    """
    ground = ground_of(planting)
    key = ground.tables[0].key
    there = planting.each.exclude(state=plantings.RETIRED).filter(removed_at__isnull=True)
    wanted = set(there.values_list("at", flat=True))
    rows = [row for at, row in enumerate(rows_on(ground, planting, workspace)[0]) if at in wanted]
    found = [row for row in ground.find(0, [tuple(row[at] for at in key) for row in rows]) if row]
    met = _met(workspace, RowsText(ground.label, [found]))
    return Tested(
        planting=planting.id,
        place=planting.place,
        decoys=len(rows),
        in_place=len(found),
        recognised=met.get(planting.id, 0),
        unheard=sorted(
            _unheard(workspace, planting, ground.tables[0].columns, rows)
            | _unvisited(workspace, planting, wanted)
        ),
    )


def _unheard(workspace: Workspace, planting: Planting, names: Sequence[str], rows: Sequence[Row]) -> set[str]:
    """The mail domains of decoys that the settings do not name."""
    assert planting.data_set is not None  # noqa: S101 - it has a ground
    own = {domain.lower() for domain in workspace.settings.decoys.domains}
    columns = catalogue.columns_of(planting.data_set)
    emails = {column.name for column in columns if column.kind is Kind.EMAIL}
    places = [at for at, name in enumerate(names) if name in emails]
    addresses = (cell_text(row[at]) or "" for row in rows for at in places)
    domains = {address.strip().lower().rpartition("@")[2] for address in addresses if "@" in address}
    return domains - own


def _unvisited(workspace: Workspace, planting: Planting, wanted: Collection[int]) -> set[str]:
    """The hosts of decoys' web addresses that were live once, where the settings do not hear a visit now."""
    heard = owned(decoy_settings(workspace))
    visits = [
        visited
        for (channel, visited), at in plantings.tokens_of(planting, workspace.ring).items()
        if channel == "http" and not set(wanted).isdisjoint(at)
    ]
    return {visited.partition("/")[0] for visited in visits if not heard.hears_visit(visited)}


def _met(workspace: Workspace, text: RowsText) -> dict[str, int]:
    """The planted decoys in a text, by planting."""
    lookup, matcher = matcher_of(workspace)
    result = scan([text], lookup=lookup, matcher=matcher, public=public_of(workspace, lookup))
    met: Counter[str] = Counter()
    for finding in result.findings:
        met.update(finding.planted)
    return dict(met)
