"""Access events: Parquet files by place and month, read by DuckDB. They hold no value of any statement.

A place's folder has, for each import, `<month>/<import>-<n>.uses.parquet` (one row a use), `.shapes.parquet`
(what the statements were) and `.records.parquet` (RecordIds of the records that a use named). Only files of
imports that the registry knows are read: an import that was killed left nothing that counts.
"""

from trapstreet.events.imported import Imported
from trapstreet.events.reading import Events
from trapstreet.events.statements import Dialect, mariadb, postgresql
from trapstreet.events.writing import Writer

__all__ = ["Dialect", "Events", "Imported", "Writer", "mariadb", "postgresql"]
