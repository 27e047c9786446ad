"""Long content sealed in pieces, so that none of it has to fit into memory.

Each file has a key of its own, used for nothing else. A piece is AES-256-GCM-SIV of 1 MiB under its number
and whether it is the last: pieces that are changed, exchanged, added or cut off do not open. Source: the
STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online authenticated-encryption and its
nonce-reuse misuse-resistance" (2015).
"""

from collections.abc import Iterable, Iterator
from typing import IO

from trapstreet.core.model.errors import UnusableInput

PIECE = 1 << 20
_TAG = 16


def sealed_pieces(key: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What to write of some content that is not empty.

    key  32 bytes, for this content alone
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    cipher, held, number = AESGCMSIV(key), bytearray(), 0
    for chunk in chunks:
        held += chunk
        while len(held) > PIECE:
            yield cipher.encrypt(_nonce(number, last=False), bytes(held[:PIECE]), None)
            del held[:PIECE]
            number += 1
    yield cipher.encrypt(_nonce(number, last=True), bytes(held), None)


def opened_pieces(key: bytes, file: IO[bytes]) -> Iterator[bytes]:
    """The content of a file. Raises UnusableInput where it comes to a piece that does not open, or is
    missing."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    cipher, number = AESGCMSIV(key), 0
    piece = file.read(PIECE + _TAG)
    while True:
        following = file.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), piece, None)
        except (InvalidTag, ValueError) as error:
            raise UnusableInput(
                "a sealed file does not open", hint="it was changed or cut short; restore it from a backup"
            ) from error
        if not following:
            return
        piece, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
