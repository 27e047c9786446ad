"""Numbers and moments: where they stand among the others, their last digits, whether they rise together."""

from collections.abc import Iterator

import numpy as np

from trapstreet.decoys.audit.coded import Floats
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.moments import Figures, figures

_NEAR = 11  # rows around one that are compared with it, itself included
_DAY = 86_400


def features(view: View) -> Iterator[Feature]:
    found = [one for column in view.columns if (one := figures(column))]
    spread = [(one, one.values[one.column.codes.of]) for one in found]
    for one, values in spread:
        name = (one.column.column.name,)
        yield from (Feature(name, words, figure) for words, figure in _alone(one, values[view.rows]))
        yield from (Feature(name, words, figure[view.rows]) for words, figure in _among(values))
        yield from _along(name, "the row's place", np.arange(view.size), values, view)
    for one, values in spread:
        for other, beside in spread:
            mine, theirs = one.column.column.name, other.column.column.name
            if one is not other and np.unique(beside[~np.isnan(beside)]).size * 2 > view.size:
                order = np.argsort(beside, kind="stable")
                yield from _along((mine,), f"the order of {theirs}", order, values, view)
            if one.moments and other.moments and mine < theirs:
                between = (values - beside)[view.rows]
                yield Feature((mine, theirs), "time between", np.sign(between) * np.log1p(np.abs(between)))


def _alone(one: Figures, values: Floats) -> Iterator[tuple[str, Floats]]:
    yield ("the moment" if one.moments else "the number"), values
    if one.moments:
        day = np.floor(values / _DAY)
        yield "time of day", values - day * _DAY
        yield "seconds", values % 60
        yield "minutes", values // 60 % 60
        yield "day of the week", (day + 3) % 7
        yield "day of the month", _day_of_month(values)
        return
    yield "last digit", values % 10
    yield "last two digits", values % 100
    yield "digits after the point", np.array([len(f"{v:.6f}".rstrip("0").partition(".")[2]) for v in values])


def _day_of_month(values: Floats) -> Floats:
    days = np.floor(np.nan_to_num(values) / _DAY).astype("datetime64[D]")
    return np.asarray((days - days.astype("datetime64[M]")).astype(np.float64))


def _among(values: Floats) -> Iterator[tuple[str, Floats]]:
    """Where a number stands among all, and how far it is to the next ones."""
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(len(values))
    steps = np.diff(values[order], prepend=np.nan, append=np.nan)
    before, after = np.empty(len(values)), np.empty(len(values))
    before[order], after[order] = steps[:-1], steps[1:]
    yield "how far the next smaller one is", np.log1p(before)
    yield "how far the next larger one is", np.log1p(after)
    yield "how wide the gap is that it stands in", np.log1p(before + after)
    yield "where in its gap it stands", before / np.where(before + after > 0, before + after, 1)


def _along(
    name: tuple[str, ...], words: str, order: np.ndarray, values: Floats, view: View
) -> Iterator[Feature]:
    """Whether a value fits between those of the rows before and after it, when sorted by something else."""
    from scipy.ndimage import median_filter

    sorted_values = values[order]
    before, after = np.empty(len(values)), np.empty(len(values))
    before[order] = np.diff(sorted_values, prepend=np.nan)
    after[order] = np.diff(sorted_values, append=np.nan)
    usual = np.empty(len(values))
    usual[order] = sorted_values - median_filter(np.nan_to_num(sorted_values), size=_NEAR, mode="nearest")
    for what, figure in (
        ("step from the one before", before),
        ("step to the one after", after),
        ("distance from those around", usual),
    ):
        kept = figure[view.rows]
        yield Feature(name, f"{what} in {words}", np.sign(kept) * np.log1p(np.abs(kept)))
    yield Feature(
        name,
        f"fits between its neighbours in {words}",
        np.sign(before[view.rows]) + 3 * np.sign(after[view.rows]),
    )
