"""Rows of other tables that refer to a row: how many there are, when they came, and what they hold."""

from collections.abc import Iterator, Sequence

import numpy as np

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.table import Cell
from trapstreet.decoys.audit.coded import CodedColumn, Floats, coded_column
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.moments import figures
from trapstreet.decoys.audit.seen import LinkedRows


def features(view: View) -> Iterator[Feature]:
    own = [found for column in view.columns if (found := figures(column)) and found.moments]
    for linked in view.seen.linked:
        counts = np.bincount(linked.parents, minlength=view.size)
        about = (linked.name,)
        yield Feature(about, "how many rows refer to it", np.log1p(counts[view.rows]))
        by_column: Sequence[Sequence[Cell]] = list(zip(*linked.rows, strict=True))
        for name, cells in zip(linked.columns, by_column, strict=False):
            column = coded_column(Column(name=name, kind=Kind.TEXT, why=""), cells)
            yield from _of_column(linked, column, counts, view)
            found = figures(column)
            if found and found.moments:
                values = found.values[column.codes.of]
                for root in own:
                    since = _first(linked, values, view.size) - root.values[root.column.codes.of]
                    both = (f"{linked.name}.{name}", root.column.column.name)
                    yield Feature(both, "time to the first one", _signed(since[view.rows]))


def _of_column(linked: LinkedRows, column: CodedColumn, counts: np.ndarray, view: View) -> Iterator[Feature]:
    about = (f"{linked.name}.{column.column.name}",)
    of = column.codes.of
    common = _mean(linked, np.log(column.codes.frequency.astype(np.float64)), counts)
    yield Feature(about, "how common its values are", common[view.rows])
    found = figures(column)
    if found is None:
        return
    values = found.values[of]
    yield Feature(about, "mean", _mean(linked, values, counts)[view.rows])
    yield Feature(about, "first", _first(linked, values, view.size)[view.rows])
    last = -_first(linked, -values, view.size)
    yield Feature(about, "span", _signed((last - _first(linked, values, view.size))[view.rows]))
    order = np.argsort(values, kind="stable")
    near = np.empty(len(values))
    steps = np.diff(values[order], prepend=np.nan, append=np.nan)
    near[order] = np.fmin(steps[:-1], steps[1:])
    yield Feature(about, "how far the nearest one is", np.log1p(_mean(linked, near, counts))[view.rows])
    place = np.diff(values, prepend=np.nan)
    yield Feature(about, "step from the row before", _signed(_mean(linked, place, counts)[view.rows]))
    if found.moments:
        yield Feature(about, "time of day", _mean(linked, values % 86_400, counts)[view.rows])
        yield Feature(about, "seconds", _mean(linked, values % 60, counts)[view.rows])


def _mean(linked: LinkedRows, values: Floats, counts: np.ndarray) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(linked.parents, weights=values, minlength=len(counts)) / counts)


def _first(linked: LinkedRows, values: Floats, size: int) -> Floats:
    first = np.full(size, np.inf)
    np.fmin.at(first, linked.parents, values)
    return np.where(np.isfinite(first), first, np.nan)


def _signed(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))
