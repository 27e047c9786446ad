"""What whoever started this process is told: that it is ready, that it is well, that it ends.

systemd's protocol (sd_notify(3)): datagrams to the socket that NOTIFY_SOCKET names. `trapstreet serve` speaks
it with its parts, too.
"""

import os
import socket
import time
from contextlib import suppress
from threading import Thread

VARIABLE = "NOTIFY_SOCKET"

READY, WELL, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"

_PATIENCE = 5.0
_LOOK_EVERY, _LOOK_FIRST = 5.0, 0.2


def tell(*states: str) -> None:
    """Whoever started this process knows; nothing happens where nobody asked.

    That it is ready waits for the other side to listen, some seconds; the rest is said again, and does not.
    """
    place = os.environ.get(VARIABLE, "")
    if not place:
        return
    address = f"\0{place[1:]}" if place.startswith("@") else place
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out, suppress(OSError):
        out.settimeout(_PATIENCE if READY in states else 0)
        out.sendto("\n".join(states).encode(), address)


def tell_while_answering(address: str, port: int) -> None:
    """In a thread: that this process is ready when its port takes connections, and well while it does. For
    servers whose own loop says nothing."""
    if os.environ.get(VARIABLE):
        Thread(target=_look, args=(address, port), name="readiness", daemon=True).start()


def _look(address: str, port: int) -> None:
    ready = False
    while True:
        with suppress(OSError):
            socket.create_connection((address, port), timeout=_PATIENCE).close()
            tell(*((WELL,) if ready else (READY, WELL)))
            ready = True
        time.sleep(_LOOK_EVERY if ready else _LOOK_FIRST)
