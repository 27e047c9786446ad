"""How a table is read: what its columns are and which of them are the key, decided before the first row is
entered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from trapstreet.core.fields import Column, Kind, kinds, recognise
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Row
from trapstreet.register.domain.keys import check_key, choose_key


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of the table beyond its place."""

    key: Sequence[str] = ()
    types: Mapping[str, Kind] = field(default_factory=dict)
    ignore: Collection[str] = ()
    region: str | None = None

    @property
    def of_columns(self) -> bool:
        """Something is said of the columns, so what is known of them is looked at anew."""
        return bool(self.types or self.ignore or self.region)


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier version settled."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns in the order of the table, and the names of the key columns."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]


def plan(
    header: Sequence[str], sample: Sequence[Row], asked: Asked, known: Known | None, *, where: str
) -> Plan:
    """Decide, or keep what an earlier version decided.

    The same header and no new word from the user keep every column as it was, whatever the new sample
    suggests: a guess that turned would make every record look changed.
    Raises UnusableInput where no column can be recognised in a leak, and where the key would change:
    RecordIds hang on it, and with them every copy handed out.
    """
    if known is not None and asked.key and check_key(asked.key, known.columns) != known.key:
        raise UnusableInput(
            f"the key of this data set is {' + '.join(known.key)} and cannot change",
            hint="register the table under another name to use another key",
        )
    if (
        known is not None
        and not asked.of_columns
        and set(header) == {column.name for column in known.columns}
    ):
        by_name = {column.name: column for column in known.columns}
        return Plan(tuple(by_name[name] for name in header), known.key)
    types, ignore = dict(asked.types), set(asked.ignore)
    for column in known.columns if known is not None else ():
        if column.name in header and column.name not in types and column.name not in ignore:
            types[column.name] = column.kind
            ignore |= {column.name} if column.ignored else set()
    columns = recognise(header, sample, region=asked.region, types=types, ignore=ignore)
    columns = tuple(_as_before(column, asked, known) for column in columns)
    if not any(column.kind in kinds() and kinds()[column.kind].anchor for column in columns):
        raise UnusableInput(
            f"{where}: none of its {len(header)} columns holds anything that could be found again",
            hint="names, addresses and dates only confirm; say which column is more: --type contact=email",
        )
    if known is not None:
        return Plan(columns, check_key(known.key, columns))
    key = check_key(asked.key, columns) if asked.key else choose_key(columns, sample, where=where)
    return Plan(columns, key)


def _as_before(column: Column, asked: Asked, known: Known | None) -> Column:
    """The column, with the reason an earlier version gave where nothing new was said of it."""
    before = {each.name: each for each in known.columns} if known else {}
    if column.name in asked.types or column.name in asked.ignore or column.name not in before:
        return column
    return msgspec.structs.replace(column, why=before[column.name].why)
