"""Everything that an attacker measures in a table: one number per row and feature."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, Floats, Ints
from trapstreet.decoys.audit.seen import Seen


@dataclass(frozen=True)
class Feature:
    """One figure of the looked-at rows.

    about   the columns that it comes from
    words   what it measures, in plain words
    values  shape (looked-at rows,), NaN where it cannot be told
    """

    about: tuple[str, ...]
    words: str
    values: Floats = field(repr=False)

    @property
    def label(self) -> str:
        return f"{' and '.join(self.about)}: {self.words}"


@dataclass(frozen=True)
class View:
    """A table, and the rows of it (ascending positions) that are looked at more closely.

    Counts are always over all rows.
    """

    seen: Seen
    rows: Ints = field(repr=False)

    @property
    def columns(self) -> list[CodedColumn]:
        return self.seen.coded

    def of_kind(self, *kinds: Kind) -> list[CodedColumn]:
        return [column for column in self.columns if column.column.kind in kinds]

    @property
    def size(self) -> int:
        return len(self.seen.rows)


def features(view: View) -> list[Feature]:
    """All features; those that are the same for every row are left out."""
    return [feature for feature in _all(view) if _varies(feature.values)]


def _all(view: View) -> Iterator[Feature]:
    from trapstreet.decoys.audit import children, codes, counts, mails, names, order, phones, sites, texts

    for family in (texts, counts, order, names, mails, sites, phones, codes, children):
        yield from family.features(view)


def _varies(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return len(known) > 0 and (len(known) < len(values) or bool(known.min() < known.max()))
