"""What nobody here can take apart: it is listed, and what is plain in it is read as text."""

from collections.abc import Iterator
from typing import NoReturn

from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._sealed import cms_encrypted, openpgp_compressed, openpgp_encrypted
from trapstreet.plugins.formats._stream import Refused, Stream

title = "closed format"
rank = 90
container = False
begins = b""

_HEAD, _PACKETS = 32, 4096
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
"""GnuPG's text, age, OpenSSL, KeePass, LUKS."""

_CLOSED_WHY = "{} is not taken apart; only what is plain text in it was read"


def recognises(data: Stream) -> bool:
    return _why(data) is not None


def parts(data: Stream, path: str) -> Iterator[NoReturn]:
    raise Refused(_why(data) or "not known here")


def _why(data: Stream) -> str | None:
    head = data.peek(_HEAD)
    if head.startswith(_ENCRYPTED) or cms_encrypted(head):
        return UNTRIED
    if head[:1] >= b"\x80":
        packets = data.peek(_PACKETS)
        if openpgp_encrypted(packets):
            return UNTRIED
        if openpgp_compressed(packets):
            return _CLOSED_WHY.format("a packed OpenPGP file")
    for at, names in _CLOSED.items():
        if head.startswith(tuple(names), at):
            name = next(name for magic, name in names.items() if head.startswith(magic, at))
            return _CLOSED_WHY.format(name)
    return None
