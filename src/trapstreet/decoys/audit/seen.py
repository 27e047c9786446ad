"""A table as somebody sees who has stolen or bought it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Column
from trapstreet.core.model.table import Row
from trapstreet.decoys.audit.coded import CodedColumn, coded_column


@dataclass(frozen=True)
class LinkedRows:
    """The rows of a table that refer to the audited one.

    parents  for each of its rows the position, in the audited table, of the row that it refers to
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row] = field(repr=False)
    parents: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True)
class Seen:
    """All rows in the order in which the table gives them, decoys in their places.

    decoys  which rows are decoys, shape (rows,); no feature looks at it
    key     names of the key columns
    """

    columns: tuple[Column, ...]
    rows: Sequence[Row] = field(repr=False)
    decoys: NDArray[np.bool_] = field(repr=False)
    key: tuple[str, ...] = ()
    linked: tuple[LinkedRows, ...] = ()

    @cached_property
    def coded(self) -> list[CodedColumn]:
        """The table column by column."""
        by_column = list(zip(*self.rows, strict=True))
        return [coded_column(c, cells) for c, cells in zip(self.columns, by_column, strict=True)]
