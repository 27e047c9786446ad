"""Batches of an Arrow table as lines of text, by whole columns at a time."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trapstreet.plugins.formats._parsed import TEXT, cut, member
from trapstreet.plugins.formats._rows import cell, is_document
from trapstreet.plugins.formats.text import mended

ROWS = 4096
"""Rows of a batch to ask for."""

_EXACT = 1 << 53  # the whole numbers up to here are what a double says they are


def confine() -> None:
    """Arrow without threads of its own and without its large arenas: a child has little room for them."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())


def parts(batches: Callable[[], Iterable[Any]]) -> Iterator[object]:
    """For the child: all rows as one text, then the documents in cells.

    batches  is asked a second time where there are documents
    """
    yield [TEXT, "", b""]
    holds_documents = False
    for batch in batches():
        yield from _lines(batch)
        holds_documents = holds_documents or any(True for _ in _documents(batch))
    first = 1
    for batch in batches() if holds_documents else ():
        for row, column, value in _documents(batch):
            yield from member(f"!/{first + row}/{column}", value)
        first += batch.num_rows


def _lines(batch: Any) -> Iterator[bytes]:
    """A line of tab-separated cells for each row of a record batch."""
    import pyarrow as pa

    if batch.num_columns:
        cells = _joined(*map(_written, batch.columns), pa.scalar("\t", pa.large_string()))
        ended = _joined(cells, pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string()))
        yield from cut(ended.buffers()[2].to_pybytes())


def _documents(batch: Any) -> Iterator[tuple[int, str, bytes]]:
    """Row, column and bytes of each file that lies in a cell."""
    import pyarrow as pa

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            for row, value in enumerate(column.to_pylist()):
                if is_document(value):
                    yield row, name, value


def _written(column: Any) -> Any:
    """The column as texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ExtensionArray):
        return _written(column.storage)
    if pa.types.is_dictionary(column.type):
        return _written(column.dictionary_decode())
    if column.type in (pa.float32(), pa.float64()):
        wide = column.cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(wide), wide), pc.less(pc.abs(wide), _EXACT))
        numbers = pc.if_else(whole, wide, None).cast(pa.int64()).cast(pa.large_string())
        return pc.coalesce(numbers, column.cast(pa.large_string()))
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([_in_words(value) for value in column.to_pylist()], pa.large_string())


def _in_words(value: object) -> str:
    """A value that is no text: lists and structures as JSON, bytes as the characters that they are."""
    if isinstance(value, bytes):
        return cell(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=_inner)


def _inner(value: object) -> str:
    return mended(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _joined(*columns: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*columns, null_handling="replace", null_replacement="")
