"""Whether anybody listens, before a program or library that says less about it is sent there."""

import time

from trapstreet.plugins._connecting import SECONDS, addresses, connected, failure


def reachable(host: str, port: int) -> None:
    """Raises Unreachable where the name is not known, or nobody takes a connection in time."""
    until = time.monotonic() + SECONDS
    try:
        connected(addresses(host, port, private=True, until=until), port, until=until).close()
    except OSError as error:
        raise failure(error, host, port) from error
