"""A part of trapstreet that ends when its supervisor does, however that ended."""

import os
import signal
import threading
import time

GRACE = 60.0
"""Seconds that a part has to end by itself."""


def hold() -> None:
    """End this process when the other end of its standard input is gone.

    prctl(PR_SET_PDEATHSIG) would not do: a process that becomes another user loses it.
    """
    threading.Thread(target=_wait, name="leash", daemon=True).start()


def _wait() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)
