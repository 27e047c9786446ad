"""Rows added to and cut out of Parquet files. Of libraries only pyarrow: scripts carry this file."""

import base64
import json
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq


def read(path: str, form: dict[str, Any]) -> Iterator[tuple[int, list[str | None]]]:
    """The ordinal, from 1, and the cells of every row, as text that differs where they differ."""
    line = 1
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=8192):
            for cells in zip(*map(_texts, batch.columns), strict=True):
                yield line, list(cells)
                line += 1


def _texts(column: pa.Array) -> list[str | None]:
    if pa.types.is_duration(column.type) or pa.types.is_temporal(column.type):
        width = pa.int32() if column.type.bit_width == 32 else pa.int64()
        column = column.cast(width)  # Python has no moments of nanoseconds
    return [None if value is None else str(value) for value in column.to_pylist()]


def add(path: str, out: BinaryIO, addition: dict[str, Any]) -> None:
    """Copy the file with rows added.

    addition  "before": for each row the ordinal of the one that it stands before, None at the end, in their
              order in the file; "rows": the rows, as an Arrow stream in base64
    """
    new = pa.ipc.open_stream(base64.b64decode(addition["rows"])).read_all()
    with pq.ParquetFile(path, pre_buffer=False) as file:
        total = file.metadata.num_rows
        places = [total if line is None else line - 1 for line in addition["before"]]
        groups = file.metadata.num_row_groups

        def parts() -> Iterator[pa.Table]:
            start = taken = 0
            for group in range(groups):
                rows = file.read_row_group(group)
                pieces, at, end = [], 0, start + rows.num_rows
                while taken < len(places) and (places[taken] < end or group == groups - 1):
                    pieces += [rows.slice(at, places[taken] - start - at), new.slice(taken, 1)]
                    at, taken = places[taken] - start, taken + 1
                yield pa.concat_tables([*pieces, rows.slice(at)])
                start = end
            if not groups:
                yield new

        _write(file, out, parts(), total + new.num_rows)


def cut(path: str, out: BinaryIO, form: dict[str, Any], lines: Collection[int]) -> None:
    """Copy the file without the rows that have these ordinals."""
    gone = sorted(lines)
    with pq.ParquetFile(path, pre_buffer=False) as file:

        def parts() -> Iterator[pa.Table]:
            start = 0
            for group in range(file.metadata.num_row_groups):
                rows = file.read_row_group(group)
                here = [line - 1 - start for line in gone if start < line <= start + rows.num_rows]
                if here:
                    bounds = [-1, *here, rows.num_rows]
                    rows = pa.concat_tables([rows.slice(a + 1, b - a - 1) for a, b in pairwise(bounds)])
                yield rows
                start += file.metadata.row_group(group).num_rows

        _write(file, out, parts(), file.metadata.num_rows - len(gone))


def _write(file: pq.ParquetFile, out: BinaryIO, parts: Iterator[pa.Table], total: int) -> None:
    """Write the parts as row groups; where all but the last were of one size, they still are."""
    layout = file.metadata
    sizes = [layout.row_group(group).num_rows for group in range(layout.num_row_groups)]
    size = sizes[0] if len(sizes) > 1 and len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0] else 0
    schema = _counted(_noted(file), layout.num_rows, total)
    with pq.ParquetWriter(out, schema, **_options(file)) as writer:
        for part in _of_size(parts, size) if size else parts:
            if part.num_rows or not total:
                writer.write_table(part.cast(schema), row_group_size=part.num_rows or 1)


def _of_size(parts: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        whole = pa.concat_tables(waiting)
        full = whole.num_rows - whole.num_rows % size
        yield from (whole.slice(at, size) for at in range(0, full, size))
        waiting = [whole.slice(full)]
    if waiting and waiting[0].num_rows:
        yield waiting[0]


def _options(file: pq.ParquetFile) -> dict[str, Any]:
    """What the writer is told so that it writes as the file was written."""
    layout = file.metadata
    options: dict[str, Any] = {
        "version": layout.format_version,
        "store_schema": b"ARROW:schema" in (layout.metadata or {}),
    }
    if not layout.num_row_groups:
        return options
    group = layout.row_group(0)
    columns = [group.column(at) for at in range(group.num_columns)]
    in_dictionary = [c.path_in_schema for c in columns if c.has_dictionary_page]
    encodings = {
        c.path_in_schema: encoding
        for c in columns
        for encoding in c.encodings
        if not c.has_dictionary_page and encoding.startswith(("DELTA_", "BYTE_STREAM_SPLIT"))
    }
    return {
        **options,
        "compression": {
            c.path_in_schema: "NONE" if c.compression == "UNCOMPRESSED" else c.compression for c in columns
        },
        "use_dictionary": in_dictionary or False,
        "write_statistics": [c.path_in_schema for c in columns if c.is_stats_set] or False,
        "write_page_index": any(c.has_column_index for c in columns),
        "use_deprecated_int96_timestamps": any(c.physical_type == "INT96" for c in columns),
        "sorting_columns": group.sorting_columns or None,
        "use_compliant_nested_type": not any(".list.item" in c.path_in_schema for c in columns),
        **({"column_encoding": encodings} if encodings else {}),
    }


def _noted(file: pq.ParquetFile) -> pa.Schema:
    """The schema that the writer was given, where the file tells: it names the parts of lists its own way."""
    noted = (file.metadata.metadata or {}).get(b"ARROW:schema")
    if noted is None:
        return file.schema_arrow
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(noted)))
    return schema if schema.names == file.schema_arrow.names else file.schema_arrow


def _counted(schema: pa.Schema, old: int, new: int) -> pa.Schema:
    """The schema; where pandas noted a range over all rows as the index, over as many as there are now."""
    noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    ranges = [
        index
        for index in noted.get("index_columns", ())
        if isinstance(index, dict) and index.get("stop") == index.get("start", 0) + old * index.get("step", 1)
    ]
    if not ranges:
        return schema
    for index in ranges:
        index["stop"] += (new - old) * index.get("step", 1)
    return schema.with_metadata({**schema.metadata, b"pandas": json.dumps(noted).encode()})
