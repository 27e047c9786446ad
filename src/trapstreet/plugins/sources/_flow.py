"""Bytes that come from a server: fast enough, and as many as were promised."""

import time
from collections.abc import Callable, Iterable, Iterator

from trapstreet.plugins.sources import Changed

_SPAN = 60.0
"""Seconds of waiting after which is looked at how much came."""


def paced(receive: Callable[[], bytes], *, least: float = 100.0) -> Iterator[bytes]:
    """What is received until nothing comes. Raises TimeoutError where it crawls.

    least  bytes a second: a server that sends one a minute keeps every limit on silence. Only time spent
           waiting for it counts
    """
    waited, came = 0.0, 0
    while True:
        began = time.monotonic()
        block = receive()
        waited += time.monotonic() - began
        came += len(block)
        if not block:
            return
        yield block
        if waited > _SPAN:
            if came < waited * least:
                raise TimeoutError(f"the server sends less than {least:g} bytes a second")
            waited, came = 0.0, 0


def exactly(blocks: Iterable[bytes], size: int | None, *, more: bool) -> Iterator[bytes]:
    """The first `size` bytes. Raises Changed behind them where there are more and none were to be.

    more  whether there may be: a part was asked for
    """
    left = size
    for block in blocks:
        if left is None:
            yield block
            continue
        if given := block[:left]:
            yield given
        if len(block) > left and not more:
            raise Changed("it has become longer than it was listed")
        left -= len(given)
        if left == 0 and more:
            return
