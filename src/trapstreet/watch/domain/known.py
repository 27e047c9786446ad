"""What is known of a source's objects, in 26 bytes for each: is it as it was when it was read?"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from trapstreet.core.model.objects import Ref

UNREAD = 0
"""The state of an object that is to be read again, whatever its version."""

_MET, _GONE = 1, 2


class Digests:
    """Keyed hashes of paths and versions: nobody can make two of a source's objects be taken for one."""

    def __init__(self, key: bytes) -> None:
        self._paths = blake2b(key=key, digest_size=16, person=b"path")
        self._states = blake2b(key=key, digest_size=8, person=b"version")

    def key(self, path: str) -> bytes:
        """16 bytes for the object at a path."""
        hashed = self._paths.copy()
        hashed.update(path.encode("utf-8", "surrogatepass"))
        return hashed.digest()

    def state(self, ref: Ref) -> int:
        """64 bits for what an object is; UNREAD where its source cannot tell when it changes."""
        if not ref.version:
            return UNREAD
        hashed = self._states.copy()
        hashed.update(f"{ref.size} {ref.version}".encode("utf-8", "surrogatepass"))
        return int.from_bytes(hashed.digest(), "big", signed=True) or 1


class Known:
    """The objects of a source that were read before, and which of them a listing names.

    rows  key, state and whether it is gone, in the order of the keys
    """

    def __init__(self, rows: Iterable[tuple[bytes, int, bool]]) -> None:
        self._high, self._low, self._states = array("Q"), array("Q"), array("q")
        self._marks = bytearray()
        for key, state, gone in rows:
            self._high.append(int.from_bytes(key[:8], "big"))
            self._low.append(int.from_bytes(key[8:], "big"))
            self._states.append(state)
            self._marks.append(_GONE if gone else 0)

    def __len__(self) -> int:
        return len(self._high)

    def meet(self, key: bytes) -> int | None:
        """The state in which an object was read last; None if it never was. A listing has named it now."""
        at = self._at(key)
        if at is None:
            return None
        self._marks[at] |= _MET
        return self._states[at]

    def was_gone(self, key: bytes) -> bool:
        """Whether an object was gone before this listing."""
        at = self._at(key)
        return at is not None and bool(self._marks[at] & _GONE)

    def read_again(self, key: bytes) -> None:
        """An object is to be read, whatever its version."""
        at = self._at(key)
        if at is not None:
            self._states[at] = UNREAD

    def missing(self) -> Iterator[bytes]:
        """The keys of those that were there and were not named."""
        for at, marks in enumerate(self._marks):
            if not marks:
                yield self._high[at].to_bytes(8, "big") + self._low[at].to_bytes(8, "big")

    def _at(self, key: bytes) -> int | None:
        high, low = int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big")
        at = bisect_left(self._high, high)
        while at < len(self._high) and self._high[at] == high:
            if self._low[at] == low:
                return at
            at += 1
        return None
