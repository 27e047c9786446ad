"""How often a value occurs, and which values occur together."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from trapstreet.core.fields.fold import folded
from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import IDENTIFYING, CodedColumn
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.parts import parts

_PAIRED = 20  # parts whose pairs are counted: 190


def features(view: View) -> Iterator[Feature]:
    for column in view.columns:
        name = (column.column.name,)
        yield Feature(name, "how many rows have the value", np.log(column.codes.frequency[view.rows]))
        alike = column.codes_by(folded)
        yield Feature(name, "how many rows have nearly the value", np.log(alike.frequency[view.rows]))
    yield from _tuples(view)
    yield from _pairs(view)
    yield from _neighbours(view)


def _tuples(view: View) -> Iterator[Feature]:
    """The cells that identify nobody, taken together; and a person's name with the day of birth."""
    for words, kept in (
        ("how many rows have all of these", [c for c in view.columns if _says_little(c, view)]),
        (
            "how many rows have both",
            view.of_kind(Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME, Kind.BIRTH_DATE),
        ),
    ):
        if len(kept) > 1:
            codes = kept[0].codes
            for column in kept[1:]:
                codes = codes.joined(column.codes)
            about = tuple(column.column.name for column in kept)
            yield Feature(about, words, np.log(codes.frequency[view.rows]))


def _says_little(column: CodedColumn, view: View) -> bool:
    return column.column.kind not in IDENTIFYING and 1 < column.codes.kinds * 5 < view.size


def _pairs(view: View) -> Iterator[Feature]:
    """How many rows have both values, and how much oftener that is than by chance."""
    found = [part for part in parts(view) if 1 < part.codes.kinds * 2 < view.size]
    found.sort(key=lambda part: part.codes.kinds)
    surprise = np.full(len(view.rows), np.inf)
    for one, other in combinations(found[:_PAIRED], 2):
        if one.column == other.column:
            continue
        both = one.codes.with_both(other.codes, view.rows)
        alone = one.codes.frequency[view.rows] * (other.codes.frequency[view.rows] / view.size)
        lift = np.log(both / alone)
        surprise = np.minimum(surprise, lift)
        about = (one.label, other.label)
        yield Feature(about, "how many rows have both", np.log(both))
        yield Feature(about, "how well the values go together", lift)
    if np.isfinite(surprise).all():
        yield Feature(("any two columns",), "the two values that go together worst", surprise)


def _neighbours(view: View) -> Iterator[Feature]:
    before, after = np.maximum(view.rows - 1, 0), np.minimum(view.rows + 1, view.size - 1)
    for column in view.columns:
        of = column.codes.of
        same = (of[view.rows] == of[before]) + 2.0 * (of[view.rows] == of[after])
        yield Feature((column.column.name,), "the same as in the row before or after", same)
