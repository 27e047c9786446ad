"""SHA-256 of a text: of a long one worked out as it is read, of a short one when somebody asks."""

import hashlib

LONG = 1 << 22


class LateHash:
    """What `hashlib.sha256` makes, but the first 4 MiB are kept until they are exceeded or somebody asks.

    Hashing takes about as long as searching (1.4 GB/s, one core), and only of a text that shows something is
    the hash told.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._kept: list[bytes] = []
        self._size = 0

    def update(self, data: bytes) -> None:
        self._kept.append(data)
        self._size += len(data)
        if self._size > LONG:
            self._hash_kept()

    def hexdigest(self) -> str:
        self._hash_kept()
        return self._hash.hexdigest()

    def _hash_kept(self) -> None:
        for data in self._kept:
            self._hash.update(data)
        self._kept.clear()
