"""Hundreds of copies in minutes, for measuring what reads them."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, record_forms
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys import DecoySettings, TableModel, TableModelBuilder, generate
from trapstreet.index import Fingerprinter, Header, SegmentWriter
from trapstreet.plugins.tables import open_table
from trapstreet.share.domain.issued import issue
from trapstreet.share.service import DECOYS_LABEL
from trapstreet.share.taken import TakenValues


def issue_copies(root: Path, table: Path, count: int) -> None:
    """`count` copies of the data set `customers`, 300 decoys each, for a recipient each.

    The table is read once, and what decoys own is held in memory. All else is the code that `trapstreet
    share` runs: generator, commitment, index segment, registry, log. Files and sealed inventories, which
    tracing never reads, are not written.
    """
    from django.db import transaction

    from trapstreet.store import catalogue

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
        for kind, (forms, _) in record_forms(self._columns, rows).items():
            self._forms.update((kind, form) for form in forms)
        self._keys.update(tuple(row[at] for at in self._key) for row in rows)


def _issue_copy(workspace: Workspace, model: TableModel, taken: _Owned) -> None:
    """One copy as the share service issues it, for a recipient of its own."""
    from trapstreet.store import catalogue, copies, recipients

    data_set = catalogue.data_set_named("customers")
    version = catalogue.latest(data_set)
    ring = workspace.ring
    copy = copies.new_copy_id()
    code_key = ring.code_key(copy)
    settings = DecoySettings(workspace.settings.decoys.domains)
    made = generate(model, settings, draws=KeyedDraws(code_key, DECOYS_LABEL), count=300, taken=taken)
    rows = [decoy.cells for decoy in made.decoys]
    taken.add(rows)
    prints = Fingerprinter(data_set.id, model.columns, data_set.key_columns, epoch=data_set.epoch, keys=ring)
    record_ids = prints.record_ids(rows)
    issued = issue(
        copy,
        made.decoys,
        record_ids.tolist(),
        model.columns,
        strippable=bool(made.strippable),
        data_set=data_set.id,
        version=version.number,
        code_key=code_key,
        nonce=secrets.token_bytes(32),
        at=now(),
    )
    shelf = shelf_of(workspace)
    header = Header(data_set.id, f"copy:{copy}", data_set.epoch, NORMAL_FORMS)
    with SegmentWriter(header, scratch=shelf.scratch) as writer:
        writer.add(record_ids, prints.digests(rows), prints.fingerprints(rows))
        writer.finish(shelf.copy(data_set.id, copy), ended=np.empty(0, dtype=np.uint64))
    copies.add(
        copy,
        version,
        recipients.add(f"Recipient {copy}", ring, at=now()).id,
        record_ids=record_ids,
        cells=issued.cells(),
        profiles=issued.profiles,
        nonce=issued.facts.nonce,
        p_table=issued.facts.p_table,
        commitment=issued.commitment,
        strippable=issued.strippable,
        ring=ring,
        at=now(),
    )
