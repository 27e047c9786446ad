"""Keys on their way into a table: gathered in any order, given back sorted, in bounded memory."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

SHARED = 32
"""A value that more records have is set aside: a switchboard, an info@ address. It tells nobody from the
others."""

_KEY = np.dtype([("fingerprint", "<u8"), ("record", "<u4"), ("kind", "u1"), ("later", "?")])
_KINDS = tuple(Kind)
_PARTS = 64
_HELD = 1 << 20


class Keys(NamedTuple):
    """Keys sorted by fingerprint, equal ones by record."""

    fingerprints: U64
    records: U32


class KeySpill:
    """Gathers keys; beyond a million they lie in 64 files, one for each range of fingerprints.

    Memory: 14 bytes for each of a million keys, then what sorting one of the 64 parts takes. The files hold
    fingerprints and record numbers, nothing of the values. `close` before the folder goes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = ExitStack()
        self._parts: list[IO[bytes]] = []
        self._sorted: IO[bytes] | None = None
        self._held: list[NDArray[np.void]] = []
        self._pending = 0
        self._shared = [np.empty(0, dtype=np.uint64)]
        self._sharing: dict[tuple[Kind, bytes], int] = defaultdict(int)
        self.keys: dict[Kind, int] = {}
        self.set_aside: dict[Kind, int] = {}

    def close(self) -> None:
        self._files.close()

    def add(self, kind: Kind, fingerprints: U64, records: U32, *, later: NDArray[np.bool_]) -> None:
        """Take keys of one kind; records ascend from call to call.

        later  whether the fingerprint is of another form than the first of its cell
        """
        keys = np.empty(len(fingerprints), dtype=_KEY)
        keys["fingerprint"], keys["record"], keys["kind"] = fingerprints, records, _KINDS.index(kind)
        keys["later"] = later
        self._held.append(keys)
        self._pending += len(keys)
        if self._pending >= _HELD:
            self._spill()

    def settle(self) -> None:
        """Sort what was gathered and set aside what more than SHARED records share: from here on `keys` and
        `set_aside` say how many of each kind there are.

        Set aside are values: forms that just the same records share are one, but for each that is the first
        of a cell.
        """
        self._sorted = self._file("sorted")
        for part in self._gathered():
            order = np.argsort(part["fingerprint"], kind="stable")
            kept = self._unshared(part[order])
            for code, count in enumerate(np.bincount(kept["kind"], minlength=len(_KINDS)).tolist()):
                if count:
                    self.keys[_KINDS[code]] = self.keys.get(_KINDS[code], 0) + count
            self._sorted.write(kept.tobytes())
        self._sorted.flush()
        for (kind, _), firsts in self._sharing.items():
            self.set_aside[kind] = self.set_aside.get(kind, 0) + max(1, firsts)

    def sorted(self) -> Iterator[Keys]:
        """The keys that stay, piece by piece, after `settle`."""
        if self._sorted is not None:
            self._sorted.seek(0)
            while len(keys := np.fromfile(self._sorted, dtype=_KEY, count=_HELD)):
                yield Keys(keys["fingerprint"].copy(), keys["record"].copy())

    def shared(self) -> U64:
        """The fingerprints that were set aside, sorted, after `settle`."""
        return np.concatenate(self._shared)

    def _unshared(self, keys: NDArray[np.void]) -> NDArray[np.void]:
        first = np.flatnonzero(np.diff(keys["fingerprint"], prepend=~keys["fingerprint"][:1]))
        holders = np.diff(first, append=len(keys))
        shared = holders > SHARED
        self._shared.append(keys["fingerprint"][first[shared]])
        for start, count in zip(first[shared].tolist(), holders[shared].tolist(), strict=True):
            same = keys[start : start + count]
            who = blake2b(same["record"].tobytes(), digest_size=16).digest()
            self._sharing[_KINDS[same["kind"][0]], who] += not same["later"].all()
        return keys[np.repeat(~shared, holders)] if shared.any() else keys

    def _spill(self) -> None:
        if not self._parts:
            self._parts = [self._file(f"part-{number:02}") for number in range(_PARTS)]
        keys = np.concatenate(self._held)
        parts = (keys["fingerprint"] >> np.uint64(58)).astype(np.uint8)
        keys = keys[np.argsort(parts, kind="stable")]
        ends = np.cumsum(np.bincount(parts, minlength=_PARTS)).tolist()
        for file, start, stop in zip(self._parts, [0, *ends], ends, strict=False):
            file.write(keys[start:stop].tobytes())
        self._held, self._pending = [], 0

    def _gathered(self) -> Iterator[NDArray[np.void]]:
        """The keys of each range of fingerprints, in the order of the ranges."""
        if self._parts:
            if self._held:
                self._spill()
            for file in self._parts:
                file.flush()
                file.seek(0)
                yield np.fromfile(file, dtype=_KEY)
        elif self._held:
            yield np.concatenate(self._held)

    def _file(self, name: str) -> IO[bytes]:
        return self._files.enter_context((self._folder / name).open("w+b"))
