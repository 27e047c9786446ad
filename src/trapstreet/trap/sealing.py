"""Records that only the worker can open, in segments whose keys the trap forgets.

The format is ts-spool-1 (docs/adr/0014-the-spool.md). What was sealed stays closed to whoever breaks into
the trap later: the private half of a segment's key pair is gone as soon as the data key is derived, the data
key with the segment.
"""

from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trapstreet.core.model.hit import Heard

_FORMAT = b"ts-spool-1"

encode = msgspec.msgpack.Encoder().encode
"""A Heard as MessagePack. About 1 µs."""

_decode = msgspec.msgpack.Decoder(tuple[Heard, ...]).decode


class Damaged(Exception):
    """A record is not what its segment and number say, or was not sealed to this worker."""


class Segment:
    """A fresh key pair and the data key that comes of it and of the worker's public key.

    worker  the worker's X25519 public key, 32 bytes
    id      the public half of the pair, 32 bytes: it names the segment, and the worker derives the key by it
    """

    def __init__(self, worker: bytes, *, private: X25519PrivateKey | None = None) -> None:
        pair = private or X25519PrivateKey.generate()
        self.id = pair.public_key().public_bytes_raw()
        shared = pair.exchange(X25519PublicKey.from_public_bytes(worker))
        self._cipher = _cipher(shared, self.id, worker)

    def seal(self, number: int, heard: Sequence[bytes]) -> bytes:
        """A record of what was heard, each as `encode` gives it. Each number may be used once.

        The record is 16 bytes longer than the MessagePack array in it. 3 µs and 0.5 µs for each KiB.
        """
        plain = encode([msgspec.Raw(one) for one in heard])
        return self._cipher.encrypt(_nonce(number), plain, self.id)


class Opener:
    """Opens records with the worker's private key, 32 bytes."""

    def __init__(self, private: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(private)
        self._segment = b""
        self._cipher: AESGCM | None = None

    @property
    def public(self) -> bytes:
        """What stands in trap.toml as `worker`, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def open(self, segment: bytes, number: int, sealed: bytes) -> tuple[Heard, ...]:
        """What a record holds, in the order in which it was heard. Raises Damaged."""
        if segment != self._segment or self._cipher is None:
            try:
                shared = self._private.exchange(X25519PublicKey.from_public_bytes(segment))
            except ValueError as error:
                raise Damaged("no segment has such a key") from error
            self._cipher = _cipher(shared, segment, self.public)
            self._segment = segment
        try:
            return _decode(self._cipher.decrypt(_nonce(number), sealed, segment))
        except (InvalidTag, msgspec.DecodeError) as error:
            raise Damaged(f"record {number} of segment {segment.hex()[:8]} cannot be opened") from error


def _cipher(shared: bytes, segment: bytes, worker: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=segment + worker, info=_FORMAT).derive(shared))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "little")
