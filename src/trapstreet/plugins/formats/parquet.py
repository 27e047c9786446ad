"""Parquet files: the rows as tab-separated lines, nested values as JSON.

Arrow reads them in a disposable child.
"""

from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _columns
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._stream import Stream

title = "Parquet file"
rank = 25
container = True
begins = b"P"

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"


def recognises(data: Stream) -> bool:
    return data.peek(4) in (_MAGIC, _ENCRYPTED)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    if data.peek(4) == _ENCRYPTED:
        yield Unread(path, UNTRIED)
        return
    yield from parsed.parts(f"{__name__}:rows", data, path, digest=parsed.file_hash(data))


def rows(file: BinaryIO) -> Iterator[object]:
    """In the child: all rows as one text, then the documents in their cells."""
    _columns.confine()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        yield from _columns.parts(lambda: table.iter_batches(_columns.ROWS, use_threads=False))
    except (pa.ArrowException, OSError) as error:
        raise UnusableInput("the Parquet file is damaged or encrypted", hint="") from error
