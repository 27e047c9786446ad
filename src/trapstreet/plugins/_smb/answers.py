"""Answers of SMB servers: in time, and a no in words of ours."""

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trapstreet.plugins._connecting import Refused
from trapstreet.plugins._smb.wire import Nonsense

SILENT_SECONDS = 60.0
NO_MORE, END_OF_FILE, PART_OF_MESSAGE = 0x80000006, 0xC0000011, 0x80000005

_GONE = (0xC0000034, 0xC000003A, 0xC000000F, 0xC0000056, 0xC00000CC, 0xC0000225)
_DENIED = (0xC0000022, 0xC0000061, 0xC00000CA, 0xC0000041)
_THERE = 0xC0000035
_IN_WORDS = {
    0xC0000043: "another program holds it",
    0xC0000257: "it lies on another server (DFS); give that by name",
    0x8000002D: "a link that is not followed; give its target by name to read it",
    0xC00000BA: "it is a folder",
    0xC0000103: "it is no folder",
}


def lost() -> tuple[type[Exception], ...]:
    """What it raises, and the library's own thread did, where a connection is lost or nonsense came."""
    from cryptography.exceptions import InvalidTag
    from smbprotocol.exceptions import SMBException

    return OSError, SMBException, ValueError, LookupError, TypeError, AttributeError, struct.error, InvalidTag


def cause(error: BaseException) -> BaseException:
    """What the library made its own error of."""
    if isinstance(error, OSError):
        return error
    return error.__cause__ if isinstance(error.__cause__, OSError) else ConnectionAbortedError()


def in_time(receive: Any) -> Any:
    """The library's way to take an answer, which would wait for ever and follow links."""
    from smbprotocol.exceptions import SMBException, SMBResponseException

    def received(request: Any, wait: bool = True, timeout: float | None = None, **_: object) -> Any:
        until = time.monotonic() + (timeout or SILENT_SECONDS)
        try:
            return receive(request, wait=wait, timeout=timeout or SILENT_SECONDS, resolve_symlinks=False)
        except SMBResponseException:
            raise
        except SMBException as error:
            if time.monotonic() >= until:
                raise TimeoutError from error
            raise

    return received


@contextmanager
def in_our_words(tolerated: int = 0) -> Iterator[None]:
    """A server's no becomes an OSError; the tolerated one stays what it is."""
    from smbprotocol.exceptions import SMBResponseException

    try:
        yield
    except SMBResponseException as error:
        status = error.status
        if tolerated and status == tolerated:
            raise
        if status in _GONE:
            raise FileNotFoundError from None
        if status in _DENIED:
            raise PermissionError from None
        if status == _THERE:
            raise FileExistsError from None
        raise Refused(_IN_WORDS.get(status, f"the server refuses it (0x{status:08x})")) from None


def output(answer: bytes) -> bytes:
    """What an answer to QUERY_DIRECTORY or QUERY_INFO brings."""
    if len(answer) < 8:
        return b""
    offset, length = struct.unpack_from("<2xHI", answer)
    return answer[offset - 64 : offset - 64 + length]


def content(answer: bytes) -> bytes:
    """What an answer to READ brings."""
    if len(answer) < 8:
        raise Nonsense("its answer is cut short")
    offset, length = struct.unpack_from("<2xBxI", answer)
    return answer[offset - 64 : offset - 64 + length]
