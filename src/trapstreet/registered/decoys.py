"""Decoys of a copy, a pool or a planting: what they rest on, and their place in the index."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind
from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys import Decoy
from trapstreet.index import Header, SegmentWriter, Shelf, Traits
from trapstreet.registered.source import Source
from trapstreet.store import copies


@contextmanager
def kept_if_registered(owner: str) -> Iterator[list[Path]]:
    """Files listed inside stay only if the copy, pool or planting is registered in the end, whatever ended
    it."""
    files: list[Path] = []
    try:
        yield files
    finally:
        if not copies.is_registered(owner):
            for file in files:
                file.unlink(missing_ok=True)


def write_index(owner: str, rows: Sequence[Row], source: Source, shelf: Shelf) -> Path:
    """Enter the decoys' fingerprints, so that scan and trace see them in the same pass as real records."""
    data_set, prints = source.data_set, source.prints
    path = shelf.copy(data_set.id, owner)
    header = Header(data_set.id, f"copy:{owner}", data_set.epoch, NORMAL_FORMS)
    with SegmentWriter(header, scratch=shelf.scratch) as writer:
        forms, traits = prints.forms(rows), Traits()
        traits.add(forms)
        writer.add(prints.record_ids(rows), prints.digests(rows), prints.hashed(forms))
        writer.finish(path, ended=np.empty(0, dtype=np.uint64), traits=traits)
    return path


def profiles_of(decoys: Sequence[Decoy], columns: Sequence[Column]) -> tuple[Profile, ...]:
    """The different ways in which decoys rest on their draws, the most frequent first."""
    counts = Counter((draw_bits(decoy), _filled(decoy, columns)) for decoy in decoys)
    return tuple(Profile(count, bits, dict(columns)) for (bits, columns), count in counts.most_common())


def draw_bits(decoy: Decoy) -> tuple[int, ...]:
    """Min-entropy of each of its draws in thousandths of a bit, rounded down."""
    return tuple(int(draw.bits * 1000) for draw in decoy.draws)


def _filled(decoy: Decoy, columns: Sequence[Column]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The identifying columns that hold something, each with its draws; one that repeats another has its."""
    shown: dict[str, tuple[int, ...]] = {}
    by_text: dict[tuple[Kind, str], tuple[int, ...]] = {}
    for column, cell in sorted(
        zip(columns, decoy.cells, strict=True), key=lambda each: not decoy.columns.get(each[0].name)
    ):
        text = cell_text(cell)
        if text and column.kind != Kind.TEXT:
            draws = decoy.columns.get(column.name) or by_text.get((column.kind, text), ())
            shown[column.name] = by_text.setdefault((column.kind, text), draws)
    return tuple(sorted(shown.items()))
