"""The steps of making a copy: its decoys, its commitment, and its place in index and registry."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trapstreet.core.fields import NORMAL_FORMS, Column
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys import Decoys, DecoySettings, TableModel, Taken, generate
from trapstreet.index import Fingerprinter, Header, SegmentWriter, Shelf, Traits
from trapstreet.keys.ring import KeyRing
from trapstreet.share.domain.issued import IssuedCopy, issue
from trapstreet.store import copies
from trapstreet.store.copies import NewRecipient
from trapstreet.store.models import DataSet, Version

DECOYS_LABEL = 1
"""Label of the draws that make a copy's unique decoys (docs/adr/0004-copies-and-commitments.md)."""


def make_copy(
    model: TableModel,
    prints: Fingerprinter,
    data_set: DataSet,
    version: Version,
    *,
    settings: DecoySettings,
    count: int,
    taken: Taken,
    ring: KeyRing,
    now: int,
) -> tuple[Decoys, IssuedCopy]:
    """The decoys of a new copy, drawn under its code key, and the copy that they make; nothing is written."""
    copy = copies.new_copy_id()
    code_key = ring.code_key(copy)
    made = generate(model, settings, draws=KeyedDraws(code_key, DECOYS_LABEL), count=count, taken=taken)
    issued = issue(
        copy,
        made.decoys,
        prints.record_ids([decoy.cells for decoy in made.decoys]).tolist(),
        model.columns,
        strippable=bool(made.strippable),
        data_set=data_set.id,
        version=version.number,
        code_key=code_key,
        nonce=secrets.token_bytes(32),
        at=now,
    )
    return made, issued


@contextmanager
def kept_if_registered(copy: str) -> Iterator[list[Path]]:
    """Files listed inside stay only if the copy is in the registry in the end, whatever ended it."""
    files: list[Path] = []
    try:
        yield files
    finally:
        if not copies.is_registered(copy):
            for file in files:
                file.unlink(missing_ok=True)


def write_index(issued: IssuedCopy, prints: Fingerprinter, data_set: DataSet, shelf: Shelf) -> Path:
    """Enter the decoys' fingerprints, so that scan and trace see them in the same pass as real records."""
    path = shelf.copy(data_set.id, issued.copy)
    header = Header(data_set.id, f"copy:{issued.copy}", data_set.epoch, NORMAL_FORMS)
    with SegmentWriter(header, scratch=shelf.scratch) as writer:
        forms, traits = prints.forms(issued.rows), Traits()
        traits.add(forms)
        writer.add(prints.record_ids(issued.rows), prints.digests(issued.rows), prints.hashed(forms))
        writer.finish(path, ended=np.empty(0, dtype=np.uint64), traits=traits)
    return path


def register_copy(
    issued: IssuedCopy,
    columns: Sequence[Column],
    version: Version,
    recipient: str | NewRecipient,
    ring: KeyRing,
) -> str:
    """The recipient's pseudonym, once the copy is in the registry."""
    row = copies.add(
        issued.copy,
        version,
        recipient,
        record_ids=np.array(issued.record_ids, dtype=np.uint64),
        cells=issued.cells(),
        profiles=issued.profiles,
        opening=issued.opening(columns),
        p_table=issued.facts.p_table,
        commitment=issued.commitment,
        strippable=issued.strippable,
        ring=ring,
        at=issued.facts.issued_us,
    )
    return str(row.recipient_id)
