"""How httpcore connects: by `plugins._connecting`, and within one time for everything."""

from typing import Any

import httpcore

from trapstreet.plugins._connecting import addresses, connected
from trapstreet.plugins._http_stream import Stream


class Backend(httpcore.NetworkBackend):
    """Connects to the very address that was looked at. `until` is by time.monotonic()."""

    def __init__(self, *, private: bool, until: float) -> None:
        self._private, self._until = private, until

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> Stream:
        at = addresses(host, port, private=self._private, until=self._until)
        return Stream(connected(at, port, until=self._until), self._until)
