"""Fetching what will be asked for next, several at a time: each answer takes as long as its way is."""

import io
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

TOGETHER = 8
MOST = 1 << 20
"""Bytes of an object that is held until it is asked for; of a longer one its beginning was read in vain."""

_PLANNED = 10_000


class Ahead:
    """Objects that are opened in about the order in which they were planned.

    open  opens one by its URL; raises OSError. It is called by several threads
    Memory: TOGETHER objects of MOST bytes.
    """

    def __init__(self, opening: Callable[[str], BinaryIO]) -> None:
        self._opening = opening
        self._planned: deque[str] = deque(maxlen=_PLANNED)
        self._coming: dict[str, Future[bytes | None]] = {}
        self._in_a_row = 0
        self._threads: ThreadPoolExecutor | None = None

    def plan(self, url: str) -> None:
        """It will probably be opened, after those that were planned before."""
        self._planned.append(url)

    def open(self, url: str) -> BinaryIO:
        """Opens an object, and begins to fetch those that are planned behind it: fewer than were opened in a
        row, since who passes some over may pass over more. Raises OSError."""
        if url in self._planned:
            while (passed := self._planned.popleft()) != url:
                self._forget(passed)
                self._in_a_row = 0
            self._in_a_row += 1
            self._fetch(min(TOGETHER, self._in_a_row) - 1)
        coming = self._coming.pop(url, None)
        held = coming.result() if coming else None
        return self._opening(url) if held is None else io.BytesIO(held)

    def close(self) -> None:
        """Nothing more is begun; what is under way ends with its connection."""
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        self._coming.clear()

    def _fetch(self, count: int) -> None:
        self._threads = threads = self._threads or ThreadPoolExecutor(TOGETHER - 1)
        for _, url in zip(range(count), self._planned, strict=False):
            if url not in self._coming:
                self._coming[url] = threads.submit(self._held, url)

    def _forget(self, url: str) -> None:
        coming = self._coming.pop(url, None)
        if coming:
            coming.cancel()

    def _held(self, url: str) -> bytes | None:
        kept = bytearray()
        with self._opening(url) as file:
            while block := file.read(1 << 16):
                kept += block
                if len(kept) > MOST:
                    return None
        return bytes(kept)
