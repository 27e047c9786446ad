"""Servers that imitate a provider's, written by others, and come in wheels (requirements/servers.in)."""

import atexit
import http.client
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from servers import _folder, _free_port, _wait_for_port

_INSTALLED = Path(__file__).parents[2] / ".cache/servers"


def started(program: str, *arguments: str) -> int | None:
    """The port of a server that ends with this process; None where its program is not installed.

    program    where it lies among the installed packages; * stands for the kind of machine
    arguments  of which {port} is filled in; what it keeps in its working folder goes with it
    """
    found = next(_INSTALLED.glob(f"lib/*/site-packages/{program}"), None)
    if found is None:
        return None
    folder, port = _folder(found.name), _free_port()
    process = subprocess.Popen(
        [found, *(each.format(port=port) for each in arguments)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    _wait_for_port(port, process)
    return port


class Host:
    """A server on this machine that is asked for one thing after another, and does it."""

    def __init__(self, port: int) -> None:
        self._asked = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method: str, target: str, content: bytes | None = None) -> Any:
        """What it answers, of JSON."""
        kind = {"Content-Type": "application/json"} if content is not None else {}
        self._asked.request(method, target, content, kind)
        answer = self._asked.getresponse()
        body = answer.read()
        assert answer.status < 300, f"{method} {target}: {answer.status} {body[:500]!r}"
        return json.loads(body) if body else None

    def close(self) -> None:
        self._asked.close()
