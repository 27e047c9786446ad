"""Arrow files (Feather version 2) and ORC files: the rows as tab-separated lines, nested values as JSON."""

from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _columns
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._stream import Stream

title = "Arrow or ORC file"
rank = 25
container = True
begins = b"AO"

_ARROW, _ORC = b"ARROW1", b"ORC"


def recognises(data: Stream) -> bool:
    return data.peek(8).startswith((_ARROW + b"\0\0", _ORC))


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    yield from parsed.parts(f"{__name__}:rows", data, path, digest=parsed.file_hash(data))


def rows(file: BinaryIO) -> Iterator[object]:
    """In the child: all rows as one text, then the documents in their cells."""
    _columns.confine()
    import pyarrow as pa

    batches = _arrow if file.read(len(_ARROW)) == _ARROW else _orc
    try:
        yield from _columns.parts(lambda: batches(file))
    except (pa.ArrowException, OSError) as error:
        raise UnusableInput("the file is damaged", hint="") from error


def _arrow(file: BinaryIO) -> Iterator[object]:
    import pyarrow as pa

    reader = pa.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        batch = reader.get_batch(number)
        for at in range(0, batch.num_rows, _columns.ROWS):
            yield batch.slice(at, _columns.ROWS)


def _orc(file: BinaryIO) -> Iterator[object]:
    from pyarrow import orc

    table = orc.ORCFile(file)
    for number in range(table.nstripes):
        stripe = table.read_stripe(number)
        for at in range(0, stripe.num_rows, _columns.ROWS):
            yield stripe.slice(at, _columns.ROWS)
