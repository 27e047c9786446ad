"""SHA-256 of a text: of a long one worked out as it is read, of a short one when somebody asks."""

import hashlib

LONG = 1 << 22


class LateHash:
    """What `hashlib.sha256` makes, but the first 4 MiB are kept until they are exceeded or somebody asks.

    Hashing takes about as long as searching (1.4 GB/s, one core), and only of a text that shows something is
    the hash told.
    """

    def __init__(self) -> None:
        self._hash: hashlib._Hash | None = None
        self._kept: list[bytes | memoryview] = []
        self._size = 0

    def update(self, data: bytes | memoryview) -> None:
        self._kept.append(data)
        self._size += len(data)
        if self._size > LONG:
            self._hash_kept()

    def hexdigest(self) -> str:
        return self._hash_kept().hexdigest()

    def _hash_kept(self) -> "hashlib._Hash":
        self._hash = made = self._hash or hashlib.sha256()
        for data in self._kept:
            made.update(data)
        self._kept.clear()
        return made
