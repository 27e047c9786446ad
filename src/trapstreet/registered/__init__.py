"""A registered data set met again: its source read anew, what belongs to somebody in it, its decoys' place in
the index. What capabilities that make decoys have in common."""

from trapstreet.registered.decoys import kept_if_registered, profiles_of, write_index
from trapstreet.registered.source import (
    LiveRows,
    RegisteredRows,
    Source,
    Told,
    batches_of_records,
    decoys_elsewhere,
    read_source,
    rows_of_records,
)
from trapstreet.registered.taken import TakenValues

__all__ = [
    "LiveRows",
    "RegisteredRows",
    "Source",
    "TakenValues",
    "Told",
    "batches_of_records",
    "decoys_elsewhere",
    "kept_if_registered",
    "profiles_of",
    "read_source",
    "rows_of_records",
    "write_index",
]
