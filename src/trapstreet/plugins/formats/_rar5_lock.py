"""How RAR 5 encrypts files and headers: AES-256 in CBC, its key by PBKDF2 with HMAC-SHA256. In the child.

Source: rarlab.com/technote.htm, "RAR 5.0 archive format"; blake2.net (BLAKE2sp).
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from trapstreet.plugins.formats._rar_file import Crc32, Decipher, Digest

BLOCK = 16
_FOR_CHECKSUMS, _FOR_CHECK = 16, 32  # further rounds
_PACKED_HEAD, _LAST = 6, 0x40
"""Bytes at the head of a packed block: flags, a checksum, its size; what flags a file's last."""

_LEAVES, _PIECE = 8, 64


@dataclass(frozen=True, slots=True)
class Lock:
    """How a file is encrypted, or the headers are.

    check     by which a password is known, b"" if there is none
    tweaked   the checksum depends on the password
    checksum  CRC-32 or BLAKE2sp, b"" if there is none
    stored    bytes of a file that is not packed, None of one that is
    """

    salt: bytes
    rounds: int
    vector: bytes
    check: bytes
    tweaked: bool
    checksum: bytes = b""
    stored: int | None = None

    def fits(self, password: str) -> bool | None:
        if not self.check:
            return None
        return _folded(derived(password, self.salt, (1 << self.rounds) + _FOR_CHECK), 8) == self.check

    def decipher(self, password: str) -> Decipher:
        return deciphering(derived(password, self.salt, 1 << self.rounds), self.vector)

    def length(self, password: str, file: BinaryIO, start: int, packed: int) -> int:
        """The packed bytes come in blocks, of which the last one says so."""
        if self.stored is not None:
            return min(packed, self.stored)
        key, at = derived(password, self.salt, 1 << self.rounds), 0
        while at < packed:
            inside = at % BLOCK
            file.seek(max(start, start + at - inside - BLOCK))
            vector = file.read(BLOCK) if at >= BLOCK else self.vector
            head = deciphering(key, vector.ljust(BLOCK)).update(file.read(2 * BLOCK))[inside:]
            if len(head) < _PACKED_HEAD:
                break
            width = (head[0] >> 3 & 3) + 1
            at += 2 + width + int.from_bytes(head[2 : 2 + width], "little")
            if head[0] & _LAST:
                return min(at, packed)
        return packed

    def told_by(self, unpacked: int) -> bool:
        return False

    def digest(self) -> Digest:
        return _Blake2sp() if len(self.checksum) > Crc32.size else Crc32()

    def is_right(self, password: str, digest: bytes) -> bool:
        if self.tweaked:
            key = derived(password, self.salt, (1 << self.rounds) + _FOR_CHECKSUMS)
            keyed = hmac.digest(key, digest, "sha256")
            digest = _folded(keyed, Crc32.size) if len(digest) == Crc32.size else keyed
        return self.checksum in (b"", digest)


@lru_cache(maxsize=4096)
def derived(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), salt, rounds)


def _folded(data: bytes, size: int) -> bytes:
    """Its parts of that size, joined by exclusive or."""
    folded = 0
    for at in range(0, len(data), size):
        folded ^= int.from_bytes(data[at : at + size], "little")
    return folded.to_bytes(size, "little")


def deciphering(key: bytes, vector: bytes) -> Decipher:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES256(key), modes.CBC(vector)).decryptor()


class _Blake2sp:
    """Eight hashes, which take the bytes in turn, 64 each; and a hash of these."""

    def __init__(self) -> None:
        self._leaves = [_node(0, at, last=at == _LEAVES - 1) for at in range(_LEAVES)]
        self._turn = 0
        self._rest = b""

    def update(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % _PIECE
        for at in range(_LEAVES):
            pieces = range(at * _PIECE, whole, _LEAVES * _PIECE)
            leaf = self._leaves[(self._turn + at) % _LEAVES]
            leaf.update(b"".join([data[piece : piece + _PIECE] for piece in pieces]))
        self._turn += whole // _PIECE
        self._rest = data[whole:]

    def digest(self) -> bytes:
        self._leaves[self._turn % _LEAVES].update(self._rest)
        root = _node(1, 0, last=True)
        for leaf in self._leaves:
            root.update(leaf.digest())
        return root.digest()


def _node(depth: int, at: int, *, last: bool) -> "hashlib.blake2s":
    return hashlib.blake2s(
        fanout=_LEAVES, depth=2, inner_size=32, node_depth=depth, node_offset=at, last_node=last
    )
