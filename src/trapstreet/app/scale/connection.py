"""How a scan comes to a Ray cluster. Ray is imported here, and nowhere else."""

import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from trapstreet.core.model.errors import Unreachable, UnusableInput

_WAIT = 10.0


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """The module `ray`, connected to the cluster whose head is there; "" starts a Ray of this machine's own.

    Standard output leads nowhere meanwhile: Ray prints there what dies.
    Raises UnusableInput where Ray is not installed, or the address is none; Unreachable.
    """
    if address:
        _refuse_unreachable(address)
    ray = _ray(alone=not address)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        _connect(ray, address)
        try:
            yield ray
        finally:
            ray.shutdown()


def _ray(*, alone: bool) -> Any:
    """Ray, which reports its use to nobody; what it starts `alone` is heard on this machine only."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if alone:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # on Linux, too: no address but 127.0.0.1
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        hint = "pip install 'trapstreet[ray]', here and on every node"
        raise UnusableInput("--engine ray needs Ray, which is not installed", hint=hint) from error
    return ray


def _connect(ray: Any, address: str) -> None:
    own = {"num_cpus": len(os.sched_getaffinity(0)), "include_dashboard": False} if not address else {}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
    except (OSError, RuntimeError, ValueError) as error:
        if not address:
            raise Unreachable("Ray does not start on this machine", hint="try ray start --head") from error
        hint = f"this machine has to belong to it: ray start --address={address}"
        raise Unreachable(f"the Ray cluster at {address} cannot be used", hint=hint) from error
    finally:
        signal.signal(signal.SIGTERM, before)  # Ray puts a handler of its own there


def _refuse_unreachable(address: str) -> None:
    """Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in address:
        raise UnusableInput(f"--address {address} is no HOST:PORT", hint="as ray start --head says it")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_WAIT).close()
    except (OSError, OverflowError) as error:
        raise Unreachable(f"no Ray cluster answers at {address}", hint="see ray status there") from error
