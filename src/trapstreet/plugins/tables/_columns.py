"""Column names, and what is none."""

import re
from collections.abc import Iterable, Sequence

from trapstreet.core.model.errors import UnusableInput

_ADDRESS = re.compile(r"[^@\s]@[^@\s]+\.\w")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}")
_YEAR = re.compile(r"(19|20)\d\d")


def named_columns(names: Iterable[object], *, where: str, guessed: bool = False) -> tuple[str, ...]:
    """The names as column names, outer white space off.

    guessed  the names are the first row of something that need not have a header
    Raises UnusableInput if one is empty or repeated, or if guessed names look like data. The message gives
    positions and never a name: without a header the "names" are somebody's data.
    """
    columns = tuple("" if name is None else str(name).strip() for name in names)
    if not any(columns):
        raise UnusableInput(f"{where}: no column has a name", hint="the first row must name the columns")
    if guessed and _looks_like_data(columns):
        raise UnusableInput(
            f"{where}: the first row looks like data, not like column names",
            hint="add a first row that names the columns",
        )
    if "" in columns:
        raise UnusableInput(
            f"{where}: column {columns.index('') + 1} of {len(columns)} has no name",
            hint="name every column in the first row",
        )
    for second, name in enumerate(columns):
        if (first := columns.index(name)) != second:
            raise UnusableInput(
                f"{where}: columns {first + 1} and {second + 1} have the same name",
                hint="give each column a name of its own",
            )
    return columns


def _looks_like_data(names: Sequence[str]) -> bool:
    """An e-mail address or a +phone number among them, or mostly numbers and dates; a year may well name a
    column."""
    if any(_ADDRESS.search(name) or _PHONE.fullmatch(name) for name in names):
        return True
    wordless = [
        name for name in names if name and not any(map(str.isalpha, name)) and not _YEAR.fullmatch(name)
    ]
    return len(wordless) * 2 > sum(map(bool, names))
