"""The process that answers HTTP for the organisation's own systems."""

import logging
import os
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces, SSLProtocols
from granian.log import LogLevels

from trapstreet.app.workspace import Workspace
from trapstreet.console.suppression import Application, suppression
from trapstreet.core.model.errors import UnusableInput

THREADS = 4
"""Requests that are worked on at once; others wait."""


def run(root: Path, *, address: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Answer until SIGTERM or SIGINT; a request that was begun is answered.

    root              of the workspace
    certificate, key  PEM files; without them the address has to be this machine's own
    Raises UnusableInput for an address that would send tokens and rows in clear over a network.
    """
    if not certificate and not ip_address(address).is_loopback:
        raise UnusableInput(
            f"suppression at {address} would send tokens and rows in clear",
            hint="set certificate and key, or listen at 127.0.0.1 behind a proxy that has them",
        )
    logging.getLogger("granian.access").disabled = True
    server = Granian(
        "trapstreet",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,
        workers_kill_timeout=60,
    )
    server.serve(target_loader=partial(_application, root), wrap_loader=False)


def _application(root: Path, *_: object) -> Application:
    # In the process that answers: a terminal's Ctrl-C is for the one that looks after it, and ends both.
    os.setpgrp()
    return suppression(Workspace.open(root))
