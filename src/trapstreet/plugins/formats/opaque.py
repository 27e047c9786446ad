"""What nobody here can take apart: it is listed, and what is plain in it is read as text."""

from collections.abc import Iterator
from typing import NoReturn

from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._stream import Refused, Stream

title = "closed format"
rank = 90
container = False
begins = b""

_HEAD = 32
_CLOSED = {
    0: {
        b"PGDMP": "a PostgreSQL dump in the custom format",
        b"REDIS00": "a Redis dump",
        b"Obj\x01": "an Avro file",
        b"ALZ\x01": "an ALZ archive",
        b"EGGA": "an EGG archive",
        b"StuffIt (c)": "a StuffIt archive",
        b"SIT!": "a StuffIt archive",
        b"7kSt\xa0": "a ZPAQ archive",
        b"LRZI": "an lrzip file",
        b"\x89LZO\0\r\n": "an lzop file",
        b"\xff\x06\0\0sNaPpY": "a Snappy file",
        b"MSWIM\0\0\0": "a Windows image",
        b"hsqs": "a SquashFS image",
        b"QFI\xfb": "a disk image",
        b"KDMV": "a disk image",
        b"vhdxfile": "a disk image",
        b"conectix": "a disk image",
    },
    4: {b"Standard Jet DB": "an Access database", b"Standard ACE DB": "an Access database"},
    7: {b"**ACE**": "an ACE archive"},
}
_ENCRYPTED = (
    b"-----BEGIN PGP MESSAGE-----",
    b"age-encryption.org/v1",
    b"-----BEGIN AGE ENCRYPTED FILE",
    b"Salted__",
    b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5",
    b"LUKS\xba\xbe",
)
"""GnuPG, age, OpenSSL, KeePass, LUKS."""


def recognises(data: Stream) -> bool:
    return _why(data) is not None


def parts(data: Stream, path: str) -> Iterator[NoReturn]:
    raise Refused(_why(data) or "not known here")


def _why(data: Stream) -> str | None:
    head = data.peek(_HEAD)
    if head.startswith(_ENCRYPTED):
        return UNTRIED
    for at, names in _CLOSED.items():
        if head.startswith(tuple(names), at):
            name = next(name for magic, name in names.items() if head.startswith(magic, at))
            return f"{name} is not taken apart; only what is plain text in it was read"
    return None
