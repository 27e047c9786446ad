"""Beginnings of what is encrypted as a whole and says so in bytes of some structure: OpenPGP and CMS.

Source: RFC 9580, sections 4.2 and 5 (OpenPGP); RFC 5652, 5083 (CMS, which S/MIME and PKCS #7 are).
"""

import zlib

_KEY_FOR_KEY, _KEY_BY_PASSWORD = 1, 3
_VERSIONS = {_KEY_FOR_KEY: (2, 3, 6), _KEY_BY_PASSWORD: (4, 5, 6)}
_ENCRYPTED = (9, 18, 20)
_NOT_ALONE = (2, 4, 11)
"""Packets: of a signature, before something signed, of data as they are."""

_INDETERMINATE = b"\xa3"
_ZIP, _ZLIB, _BZIP2 = 1, 2, 3

_CMS = (
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
)
"""envelopedData, encryptedData, authEnvelopedData."""


def openpgp_encrypted(head: bytes) -> bool:
    """Whether a message begins here of which a session key comes first, as GnuPG writes it.

    head  4 KiB or all: whatever follows the first key has to lie in it
    """
    tag, body, end = _packet(head)
    return (
        tag in _VERSIONS
        and head[body : body + 1] in [bytes([version]) for version in _VERSIONS[tag]]
        and _packet(head[end:])[0] in (*_VERSIONS, *_ENCRYPTED)
    )


def openpgp_compressed(head: bytes) -> bool:
    """Whether a message begins here that is only packed, most often something signed."""
    if not head.startswith(_INDETERMINATE) or len(head) < 8:
        return False
    if head[1] == _BZIP2:
        return head[2:5] == b"BZh"
    if head[1] not in (_ZIP, _ZLIB):
        return False
    try:
        first = zlib.decompressobj(-15 if head[1] == _ZIP else 15).decompress(head[2:], 8)
    except zlib.error:
        return False
    return _packet(first)[0] in _NOT_ALONE


def cms_encrypted(head: bytes) -> bool:
    """Whether a CMS message begins here that is encrypted, in DER or BER. 32 bytes of it do."""
    if head[:1] != b"\x30" or len(head) < 2:
        return False
    length = head[1] & 0x7F if head[1] & 0x80 else 0
    return head.startswith(_CMS, 2 + length)


def _packet(data: bytes) -> tuple[int, int, int]:
    """The tag of the packet that begins here, 0 if none does; where its body begins and ends."""
    if len(data) < 2 or not data[0] & 0x80:
        return 0, 0, 0
    if data[0] & 0x40:
        tag = data[0] & 0x3F
        if data[1] == 255:
            size, length = 5, int.from_bytes(data[2:6])
        elif 192 <= data[1] < 224:
            size, length = 2, (data[1] - 192 << 8) + int.from_bytes(data[2:3]) + 192
        else:
            size, length = 1, data[1]
    else:
        tag, size = data[0] >> 2 & 0x0F, (1, 2, 4, 0)[data[0] & 3]
        length = int.from_bytes(data[1 : 1 + size])
    return tag, 1 + size, 1 + size + length
