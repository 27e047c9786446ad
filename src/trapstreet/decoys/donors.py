"""Which rows of a table decoys are made after."""

import numpy as np

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.model import TableModel

_STRATA = range(2, 51)  # different values of a column that a table can be cut by


def spread_donors(model: TableModel, count: int, draws: KeyedDraws) -> list[int]:
    """Positions in the sample, spread over the table's strata in proportion, in random order.

    A systematic sample of the rows in the order of their categories, and of the table within these: each row
    is as likely as any other, and no queue, region or time gets more or fewer than its share (± 1).
    Source: Cochran, "Sampling Techniques", 3rd edition 1977, chapter 8.
    """
    order = spread_order(model)
    start = draws.word() / 2**64
    chosen = [order[int((n + start) * len(order) / count)] for n in range(count)]
    for at in range(len(chosen) - 1, 0, -1):
        other = draws.below(at + 1)
        chosen[at], chosen[other] = chosen[other], chosen[at]
    return chosen


def strata(model: TableModel) -> list[int]:
    """Columns that the table can be cut by, those of few values first."""
    values = {at: len({row[at] for row in model.sample}) for at in model.categories}
    return sorted((at for at in values if values[at] in _STRATA), key=values.__getitem__)


def spread_order(model: TableModel) -> list[int]:
    """Positions in the sample, by strata, and as in the table within these."""
    columns, sample = strata(model), model.sample
    return sorted(range(len(sample)), key=lambda n: (*(repr(sample[n][at]) for at in columns), n))


def random_donors(model: TableModel, count: int, draws: KeyedDraws) -> list[int]:
    """Positions in the sample, each drawn by itself."""
    every = np.arange(len(model.sample)).tolist()
    return [draws.choice(every) for _ in range(count)]
