"""A SQLite database together with its write-ahead log, in memory: SQLite itself leaves an index beside a log
that it reads, and touches the log.

Source: "WAL-mode File Format", sqlite.org. Differs in: the checksums of frames are not looked at. They tell
what a power cut left half written, which a sample may show.
"""

from io import SEEK_END
from typing import IO

from trapstreet.core.model.errors import UnusableInput

MAGICS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""What a log begins with."""
LARGEST = 256 << 20
"""Bytes of a database that is put together in memory."""

_HEAD, _FRAME = 32, 24
_PAGE_SIZES = frozenset(512 << n for n in range(8))
_VERSIONS = slice(18, 20)
"""Of the database's header: whether it has a log."""


def with_log(database: IO[bytes], log: IO[bytes]) -> bytearray:
    """The database as whoever opens it finds it: the transactions of the log are in it, and it needs none.

    Takes its size in memory. Raises UnusableInput for one of more than `LARGEST`, and OSError.
    """
    _refuse_large(database.seek(0, SEEK_END))
    database.seek(0)
    image = bytearray(database.read(LARGEST + 1))
    head = log.read(_HEAD)
    page = int.from_bytes(head[8:12])
    if head.startswith(MAGICS) and page in _PAGE_SIZES:
        _apply(image, log, page, salts=head[16:24])
    image[_VERSIONS] = b"\1\1"
    return image


def _apply(image: bytearray, log: IO[bytes], page: int, *, salts: bytes) -> None:
    """The image has all that was committed since the log was begun; frames of other salts are older.

    Each page is written once, however often the log has it and changes the size.
    """
    begun: dict[int, int] = {}
    committed: dict[int, int] = {}
    size, at = len(image), _HEAD + _FRAME
    while len(frame := log.read(_FRAME + page)) == _FRAME + page and frame[8:16] == salts:
        begun[int.from_bytes(frame[:4])] = at
        if pages := int.from_bytes(frame[4:8]):
            _refuse_large(pages * page)
            size = pages * page
            committed.update(begun)
            begun.clear()
        at += _FRAME + page
    del image[size:]
    image.extend(bytes(size - len(image)))
    for number, at in committed.items():
        if 1 <= number <= size // page:
            log.seek(at)
            image[(number - 1) * page : number * page] = log.read(page)


def _refuse_large(size: int) -> None:
    if size > LARGEST:
        raise UnusableInput(
            f"more than {LARGEST >> 20} MB, and nobody has it open",
            hint="a program that opens it takes the log in",
        )
