"""Objects that lie at a URL, as files to read."""

import errno
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from trapstreet.core.model.errors import AccessDenied, TrapstreetError
from trapstreet.plugins.sources import Changed, Later
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_status import Missing
from trapstreet.plugins.sources._parts import Blocks, part

MOST = 4 << 30
"""Bytes of an object of which nobody said how long it is: a server may send for ever."""


def opened(
    client: Client,
    url: str,
    *,
    version: str = "",
    size: int | None = None,
    start: int = 0,
    end: int | None = None,
) -> BinaryIO:
    """The bytes [start, end) of what lies at a URL, as they come.

    version, size  what it has to be; "" and None where that is not known
    Raises OSError, here or when it is read; Changed where it is another version or size.
    """
    if end is not None and start >= end:
        return io.BytesIO()
    headers = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
    try:
        answer = client.get(url, headers=headers)
    except TrapstreetError as error:
        raise as_oserror(error) from error
    if (version and answer.version and answer.version != version) or (
        size is not None and answer.total is not None and answer.total != size
    ):
        answer.close()
        raise Changed(errno.ESTALE, "changed since it was listed")
    if answer.status == 206:
        if answer.headers.get("content-range", "").split("-")[0].lower() != f"bytes {start}":
            answer.close()
            raise OSError(errno.EIO, "is another part than was asked for")
        until = end if size is None or end is None else min(end, size)
        promised = answer.size if until is None else until - start
        return _file(answer, promised)
    return part(_file(answer, size if size is not None else answer.size), start, end)


def as_oserror(error: TrapstreetError) -> OSError:
    """What an object cannot be opened for."""
    match error:
        case AccessDenied():
            return OSError(errno.EACCES, error.message)
        case Later():
            return OSError(errno.EBUSY, error.message)
        case Missing():
            return OSError(errno.ENOENT, "vanished before it was read")
        case _:
            return OSError(errno.EIO, error.message)


def _file(answer: Answer, size: int | None) -> BinaryIO:
    return cast(BinaryIO, Blocks(_exactly(answer, size), close=answer.close))


def _exactly(answer: Answer, size: int | None) -> Iterator[bytes]:
    """As many bytes as were promised; an error after them where there are more, or fewer."""
    if size is None:
        yield from answer.blocks(most=MOST)
        return
    came = 0
    for block in answer.blocks(most=1 << 62):
        yield block[: size - came]
        came += len(block)
        if came > size:
            raise Changed(errno.ESTALE, f"is longer than the {size:,} bytes that were listed")
    if came < size:
        raise OSError(errno.EIO, f"ended after {came:,} of {size:,} bytes")
