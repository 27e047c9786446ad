"""SHA-256 of a text, worked out when somebody asks."""

import hashlib
from collections.abc import Callable

LONG = 1 << 22


class LateHash:
    """What `hashlib.sha256` makes, but of a text that shows nothing it is never worked out: hashing takes
    about as long as searching (1.8 GB/s, one core).

    size   bytes that came
    again  has the text read once more and gives its hash, "" if it is another one by now; None where it can
           be read only once
    The first 4 MiB are kept until somebody asks. The hash of a longer text that nobody asked about by then is
    worked out by reading it again; where that is not possible, as it comes.
    """

    def __init__(self) -> None:
        self.again: Callable[[int], str] | None = None
        self._hash: hashlib._Hash | None = None
        self._kept: list[bytes | memoryview] = []
        self.size = 0
        self._let_go = False

    def update(self, data: bytes | memoryview) -> None:
        self.size += len(data)
        if self._hash:
            self._hash.update(data)
        elif not self._let_go:
            self._kept.append(data)
            if self.size > LONG:
                self._long()

    def begin(self) -> None:
        """It will be asked for: what comes is hashed as it comes, if nothing was let go yet."""
        if not self._hash and not self._let_go:
            self._hash = hashlib.sha256()
            for data in self._kept:
                self._hash.update(data)
            self._kept.clear()

    def hexdigest(self) -> str:
        self.begin()
        if self._hash:
            return self._hash.hexdigest()
        return self.again(self.size) if self.again else ""

    def _long(self) -> None:
        if self.again:
            self._let_go = True
            self._kept.clear()
        else:
            self.begin()
