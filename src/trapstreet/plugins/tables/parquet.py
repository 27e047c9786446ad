"""Parquet files."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Batch, Cell, Row, cell_text
from trapstreet.plugins.tables import BATCH, Fit, Location, Table, WriteBatch
from trapstreet.plugins.tables._cells import PLAIN, cell_of
from trapstreet.plugins.tables._columns import named_columns
from trapstreet.plugins.tables._files import TableFile, reading
from trapstreet.plugins.tables._types import ColumnType, Sort, column_types

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from trapstreet.plugins.tables._ground_files import FileGround

_MAGIC = b"PAR1"
_CODEC = "zstd"
_WRITTEN_AS = {"UNCOMPRESSED": "NONE"}
_ROW_GROUP = 1 << 17  # rows that wait in memory for a group; a source's larger groups are not imitated


class Parquet:
    """A Parquet file, not encrypted."""

    name = "parquet"
    title = "Parquet (.parquet)"
    suffixes = (".parquet",)
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if head.startswith(_MAGIC):
            return Fit.CERTAIN
        return Fit.NAMED if suffix in self.suffixes else Fit.NO

    def open(self, location: Location) -> "ParquetTable":
        location.only()
        return ParquetTable(location.file)

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> "FileGround":
        from trapstreet.plugins.tables._ground_files import FileGround

        return FileGround(location, self.open, key=key, links=links)

    @contextmanager
    def writer(self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path) -> Iterator[WriteBatch]:
        import pyarrow.parquet as pq

        if isinstance(like, ParquetTable):
            schema, compression, group = like.schema, like.compression, min(like.group, _ROW_GROUP)
        else:
            schema, compression, group = _schema_of(like), _CODEC, _ROW_GROUP
        with pq.ParquetWriter(out, schema, compression=compression) as writer:
            groups = _Groups(schema, group, writer.write_table, like.label)
            yield groups.take
            groups.flush()


class ParquetTable:
    """A Parquet file. Objects, lists and maps in a cell are compact JSON text; rows count from 1.

    schema       the Arrow schema, its metadata included
    compression  codec of each column
    group        rows of the first row group;  records  of all
    """

    format = "parquet"

    def __init__(self, source: TableFile) -> None:
        self.label = source.label
        self._source = source
        with self._opened() as file:
            self.schema = file.schema_arrow
            self.columns = named_columns(self.schema.names, where=self.label)
            layout = file.metadata
            self.records: int = layout.num_rows
            self.group = layout.row_group(0).num_rows if layout.num_row_groups else _ROW_GROUP
            self.compression = _codecs(layout)
            self._by_arrow = (layout.created_by or "").startswith("parquet-cpp-arrow")

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Rows, decoded a few thousand at a time; no row group is held in memory as a whole."""
        line = 1
        with self._opened() as file:
            for part in file.iter_batches(batch_size=size):
                rows = list(zip(*map(_cells, part.columns), strict=True))
                yield Batch(rows, range(line, line + len(rows)))
                line += len(rows)

    @property
    def form(self) -> dict[str, Any]:
        """Nothing: a Parquet file says itself how it is read."""
        return {}

    @property
    def editor(self) -> ModuleType:
        from trapstreet.plugins.tables import _row_groups

        return _row_groups

    @property
    def losses(self) -> list[str]:
        """What a file with added rows does not have as this one has it."""
        return [] if self._by_arrow else ["it was written by another program, and will be by Apache Arrow"]

    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `_row_groups.add` takes to add rows, each before this ordinal or at the end (None)."""
        import pyarrow as pa

        added: list[pa.Table] = []
        groups = _Groups(self.schema, len(rows) + 1, added.append, self.label)
        groups.take(Batch([row for _, row in rows], range(len(rows))))
        groups.flush()
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, self.schema) as out:
            out.write_table(added[0])
        raw = base64.b64encode(stream.getvalue()).decode()
        return {"before": [line for line, _ in rows], "rows": raw}

    @contextmanager
    def _opened(self) -> Iterator["pq.ParquetFile"]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with (
                reading(self.label),
                pq.ParquetFile(self._source.path, pre_buffer=False, buffer_size=1 << 20) as file,
            ):
                yield file
        except (pa.ArrowException, Unreachable) as error:
            if (
                isinstance(error, Unreachable)
                and isinstance(error.__cause__, OSError)
                and error.__cause__.errno
            ):
                raise
            raise UnusableInput(
                f"{self.label}: this is no readable Parquet file ({type(error).__name__})",
                hint="it may be cut short, damaged or encrypted; export it again",
            ) from None


def _codecs(layout: "pq.FileMetaData") -> dict[str, str] | str:
    """The codec of each column in the words of the writer."""
    if not layout.num_row_groups:
        return _CODEC
    group = layout.row_group(0)
    columns = map(group.column, range(group.num_columns))
    return {c.path_in_schema: _WRITTEN_AS.get(c.compression, c.compression) for c in columns}


def _cells(column: "pa.Array") -> list[Cell]:
    """The column's cells; a moment finer than microseconds is text, one after the year 9999 a number."""
    import pyarrow as pa

    if pa.types.is_duration(column.type):
        column = column.cast(pa.int64())
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):
        values = [_exactly(scalar) for scalar in column]
    return [value if type(value) in PLAIN else cell_of(value) for value in values]


def _exactly(scalar: "pa.Scalar") -> object:
    import pyarrow as pa

    try:
        return scalar.as_py()
    except OverflowError:
        return scalar.value
    except ValueError:
        return scalar.cast(pa.string()).as_py().replace(" ", "T")


class _Groups:
    """Rows that wait until they fill a row group."""

    def __init__(
        self, schema: "pa.Schema", size: int, write: Callable[["pa.Table"], None], where: str
    ) -> None:
        self._schema = schema
        self._size = size
        self._write = write
        self._where = where
        self._waiting: list[pa.RecordBatch] = []
        self._count = 0

    def take(self, batch: Batch) -> None:
        import pyarrow as pa

        if not batch.rows:
            return
        columns = [
            self._array(values, kind)
            for values, kind in zip(zip(*batch.rows, strict=True), self._schema, strict=True)
        ]
        self._waiting.append(pa.record_batch(columns, schema=self._schema))
        self._count += len(batch.rows)
        if self._count >= self._size:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._write(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []
        self._count = 0

    def _array(self, cells: Sequence[Cell], column: "pa.Field") -> "pa.Array":
        import pyarrow as pa

        try:
            return array_of(cells, column.type)
        except (pa.ArrowException, ValueError, TypeError, OverflowError, ArithmeticError):
            raise UnusableInput(
                f"{self._where}: column {column.name!r} has a cell that does not fit its type {column.type}",
                hint="write another format, for example .csv",
            ) from None


def array_of(cells: Sequence[Cell], kind: "pa.DataType") -> "pa.Array":
    """The cells as an array of this type; text is read as the type if need be."""
    import pyarrow as pa

    if pa.types.is_duration(kind):
        return pa.array(cells, pa.int64()).cast(kind)
    if pa.types.is_nested(kind):
        return pa.array(
            [cell if cell is None else _from_json(json.loads(str(cell)), kind) for cell in cells], kind
        )
    try:
        return pa.array(cells, kind)
    except (pa.ArrowException, TypeError):
        return pa.array([cell_text(cell) for cell in cells], pa.string()).cast(kind)


def _from_json(value: Any, kind: "pa.DataType") -> Any:
    """What `cell_of` made JSON of: a value that the type takes."""
    import pyarrow as pa

    types = pa.types
    if value is None:
        return None
    if types.is_map(kind):
        return [(_from_json(key, kind.key_type), _from_json(item, kind.item_type)) for key, item in value]
    if types.is_struct(kind):
        return {part.name: _from_json(value.get(part.name), part.type) for part in kind}
    if types.is_nested(kind):
        return [_from_json(item, kind.value_type) for item in value]
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return bytes.fromhex(value)
    return array_of([value], kind)[0].as_py()


def _schema_of(like: Table) -> "pa.Schema":
    """A type for every column of a table of another format, from all of its cells."""
    import pyarrow as pa

    types = column_types(like)
    return pa.schema([(name, _arrow_type(found)) for name, found in zip(like.columns, types, strict=True)])


def _arrow_type(found: ColumnType) -> "pa.DataType":
    import pyarrow as pa

    if found.sort is Sort.NUMERIC:
        return pa.decimal128(38, found.scale) if found.digits + found.scale <= 38 else pa.string()
    types = {
        Sort.INTEGER: pa.int64(),
        Sort.DOUBLE: pa.float64(),
        Sort.BOOLEAN: pa.bool_(),
        Sort.DATE: pa.date32(),
        Sort.TIME: pa.time64("us"),
        Sort.TIMESTAMP: pa.timestamp("us"),
        Sort.ZONED_TIMESTAMP: pa.timestamp("us", tz="UTC"),
        Sort.BYTES: pa.binary(),
    }
    return types.get(found.sort, pa.string())


FORMAT = Parquet()
