"""Hundreds of copies in minutes, for measuring what reads them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Column, Kind, record_forms
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Row
from trapstreet.decoys import DecoySettings
from trapstreet.plugins.tables import open_table
from trapstreet.registered import Source, TakenValues, Told, read_source, write_index
from trapstreet.share.domain.coding import p_table
from trapstreet.share.making import SharedDecoys, edition, make_copy
from trapstreet.store import catalogue, copies
from trapstreet.store.copies import NewRecipient

DECOYS = 300


def issue_copies(root: Path, table: Path, count: int) -> None:
    """`count` copies of the data set `customers`, DECOYS decoys each, for a recipient each.

    The table is read once, and what decoys own is held in memory. All else is the code that `trapstreet
    share` runs: generator, commitment, index segment, registry, log. Files and sealed inventories, which
    tracing never reads, are not written.
    """
    from django.db import transaction

    workspace = Workspace.open(root)
    data_set = catalogue.data_set_named("customers")
    source = read_source(
        open_table(str(table)),
        data_set,
        catalogue.latest(data_set),
        ring=workspace.ring,
        shelf=shelf_of(workspace),
        told=Told(lambda done, total=None: None, 0),
    )
    index = catalogue.index_of(data_set, shelf_of(workspace))
    taken = _Owned(
        TakenValues([index], data_set.id, epoch=data_set.epoch, keys=workspace.ring),
        source.columns,
        source.model.key,
    )
    with transaction.atomic():
        for _ in range(count):
            _issue_copy(workspace, source, taken)
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


def _issue_copy(workspace: Workspace, source: Source, taken: _Owned) -> None:
    """One copy as the share service issues it, for a recipient of its own; it shares no decoys."""
    ring = workspace.ring
    made = make_copy(
        source,
        settings=DecoySettings(workspace.settings.decoys.domains),
        decoys=DECOYS,
        table=p_table(np.empty(0, dtype=np.uint64), DECOYS, withheld=0.0, marks=()),
        shared=SharedDecoys(),
        taken=taken,
        ring=ring,
        now=now(),
    )
    issued = made.issued
    taken.add(issued.rows)
    write_index(issued.copy, issued.rows, source, shelf_of(workspace))
    copies.add(
        issued.copy,
        NewRecipient(Protected(f"Recipient {issued.copy}")),
        edition(issued, source, source.version.rows),
        decoys=copies.DecoysKept(issued.record_ids, issued.rows, issued.profiles),
        pool=None,
        p_table=issued.facts.p_table,
        strippable=bool(made.own.strippable),
        expires_at=None,
        ring=ring,
    )
