"""How often this process asks each host, whichever source it asks for."""

import threading
import time

_BURST = 5.0
"""Requests that may come one upon the other after a pause."""
_MOST_HOSTS = 10_000

_lock = threading.Lock()
_next: dict[str, float] = {}


def paced(host: str, rate: float) -> None:
    """Returns when the host may be asked again; at once where rate, in requests a second, is 0."""
    if rate <= 0:
        return
    now = time.monotonic()
    with _lock:
        if len(_next) >= _MOST_HOSTS:
            for each in [each for each, at in _next.items() if at < now]:
                del _next[each]
        at = max(_next.get(host, 0.0), now - (_BURST - 1) / rate)
        _next[host] = at + 1 / rate
    if at > now:
        time.sleep(at - now)
