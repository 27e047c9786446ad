"""Hundreds of copies in minutes, for measuring what reads them."""

from collections.abc import Sequence
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Column, Kind, record_forms
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Row
from trapstreet.decoys import DecoySettings, TableModel, TableModelBuilder
from trapstreet.index import Fingerprinter
from trapstreet.plugins.tables import open_table
from trapstreet.share.making import make_copy, register_copy, write_index
from trapstreet.share.taken import TakenValues
from trapstreet.store import catalogue
from trapstreet.store.copies import NewRecipient


def issue_copies(root: Path, table: Path, count: int) -> None:
    """`count` copies of the data set `customers`, 300 decoys each, for a recipient each.

    The table is read once, and what decoys own is held in memory. All else is the code that `trapstreet
    share` runs: generator, commitment, index segment, registry, log. Files and sealed inventories, which
    tracing never reads, are not written.
    """
    from django.db import transaction

    workspace = Workspace.open(root)
    data_set = catalogue.data_set_named("customers")
    index = catalogue.index_of(data_set, shelf_of(workspace))
    builder = TableModelBuilder(index.columns, tuple(data_set.key_columns))
    for batch in open_table(str(table)).batches():
        builder.observe(batch)
    model = builder.finish()
    taken = _Owned(
        TakenValues([index], data_set.id, epoch=data_set.epoch, keys=workspace.ring),
        index.columns,
        model.key,
    )
    with transaction.atomic():
        for _ in range(count):
            _issue_copy(workspace, model, taken)
        workspace.sign_log()


class _Owned:
    """What the real records own, and the decoys issued so far: the answers that the indexes would give,
    without opening them again for every copy."""

    def __init__(self, real: TakenValues, columns: Sequence[Column], key: Sequence[int]) -> None:
        self._real = real
        self._columns = columns
        self._key = key
        self._forms: set[tuple[Kind, bytes]] = set()
        self._keys: set[Row] = set()

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        real = self._real.forms(kind, forms)
        return [known or (kind, form) in self._forms for known, form in zip(real, forms, strict=True)]

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        return [known or key in self._keys for known, key in zip(self._real.keys(keys), keys, strict=True)]

    def add(self, rows: Sequence[Row]) -> None:
        for kind, (forms, _, _) in record_forms(self._columns, rows).items():
            self._forms.update((kind, form) for form in forms)
        self._keys.update(tuple(row[at] for at in self._key) for row in rows)


def _issue_copy(workspace: Workspace, model: TableModel, taken: _Owned) -> None:
    """One copy as the share service issues it, for a recipient of its own."""
    data_set = catalogue.data_set_named("customers")
    version = catalogue.latest(data_set)
    ring, shelf = workspace.ring, shelf_of(workspace)
    prints = Fingerprinter(data_set.id, model.columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    settings = DecoySettings(workspace.settings.decoys.domains)
    _, issued = make_copy(
        model, prints, data_set, version, settings=settings, count=300, taken=taken, ring=ring, now=now()
    )
    taken.add(issued.rows)
    write_index(issued, prints, data_set, shelf)
    register_copy(issued, version, NewRecipient(Protected(f"Recipient {issued.copy}")), ring)
