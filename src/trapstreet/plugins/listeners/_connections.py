"""How many connections stay open: a new one takes the place of the one that was silent longest."""

import time
from collections import OrderedDict
from collections.abc import Callable

from trapstreet.core.model.hit import network_of


class Connection:
    """One of them; `close` is called when its place is taken or it was silent for too long."""

    __slots__ = ("close", "last", "network")

    def __init__(self, network: str, close: Callable[[], None]) -> None:
        self.network = network
        self.close = close
        self.last = time.monotonic()


class Connections:
    """All connections of a listener, and those of each network.

    most, of_network  how many may be open; who comes when there are so many takes the place of the one that
                      did nothing whole (a request, a command) for longest: slow clients keep nobody out
    Every call takes O(1).
    """

    def __init__(self, *, most: int, of_network: int) -> None:
        self._most = most
        self._of_network = of_network
        self._all: OrderedDict[Connection, None] = OrderedDict()
        self._networks: dict[str, OrderedDict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, address: str, close: Callable[[], None], *, proxy: bool = False) -> Connection:
        """Count a connection that was opened just now. Those of a proxy are bounded all together only."""
        connection = Connection("" if proxy else network_of(address), close)
        self._all[connection] = None
        own = self._networks.setdefault(connection.network, OrderedDict())
        own[connection] = None
        if not proxy and len(own) > self._of_network:
            self._evict(next(iter(own)))
        elif len(self._all) > self._most:
            self._evict(next(iter(self._all)))
        return connection

    def heard(self, connection: Connection) -> None:
        """It has just sent something whole."""
        if connection in self._all:
            connection.last = time.monotonic()
            self._all.move_to_end(connection)
            self._networks[connection.network].move_to_end(connection)

    def leave(self, connection: Connection) -> None:
        """It was closed. May be told more than once."""
        if connection not in self._all:
            return
        del self._all[connection]
        own = self._networks[connection.network]
        del own[connection]
        if not own:
            del self._networks[connection.network]

    def end_silent(self, seconds: float) -> None:
        """Close all that have been silent for so long; to be called about once a second."""
        until = time.monotonic() - seconds
        while self._all and (oldest := next(iter(self._all))).last < until:
            self._evict(oldest)

    def end_all(self) -> None:
        """Close all."""
        while self._all:
            self._evict(next(iter(self._all)))

    def _evict(self, connection: Connection) -> None:
        self.leave(connection)
        connection.close()
