"""Whether the trap of this machine hears: its settings, its ports, what it says of itself, its mailbox."""

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec

from trapstreet.app.checks import Check
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.words import printable
from trapstreet.plugins.listeners import mailbox
from trapstreet.trap.settings import read_settings

_SECONDS = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to ask for what listens everywhere
_START = "start it: trapstreet serve"


def own_traps(workspace: Workspace) -> list[Path]:
    """The folders of traps that the settings name, that of this machine's own first."""
    settings = workspace.settings
    named = (settings.serve.trap, *settings.work.traps)
    return [workspace.root / folder for folder in named if folder]


def own_trap(folder: Path) -> Iterator[Check]:
    """The checks of a trap that runs, or should, on this machine."""
    try:
        settings = read_settings(folder)
    except TrapstreetError as error:
        yield Check("trap", False, error.message, error.hint)
        return
    runs = True
    if settings.status.port:
        said = _said(settings.status.port)
        runs = said is not None
        yield _health(settings.status.port, said)
    for name, section in settings.listeners.items():
        if isinstance(section, mailbox.Settings):
            yield _mailbox(section)
        elif runs:
            yield from _ports(name, section)


def _said(port: int) -> str | None:
    """What the trap says is wrong, "" for nothing; None where nothing answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        connection.request("GET", "/health")
        answer = connection.getresponse()
        said = answer.read(4096).decode("utf-8", "replace").strip()
        connection.close()
    except (OSError, http.client.HTTPException):
        return None
    # Whoever broke into the trap says what he likes.
    return "" if answer.status == 200 else printable(said)


def _health(port: int, said: str | None) -> Check:
    if said is None:
        return Check("trap", False, f"nothing answers at port {port} of 127.0.0.1", _START)
    if said:
        return Check("trap", False, f"it says: {said}", "mend that; docs/trap.md")
    return Check("trap", True, "it is well")


def _ports(name: str, section: msgspec.Struct) -> Iterator[Check]:
    """Whether each port of a listener takes connections. Nothing is said there: it is no hit."""
    for address in (*getattr(section, "listen", ()), *getattr(section, "tls", ())):
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        if port == "0":
            continue
        try:
            socket.create_connection((_EVERYWHERE.get(host, host), int(port)), timeout=_SECONDS).close()
        except OSError as error:
            advice = f"{_START}, and look whether its log or a firewall says why"
            why = error.strerror or "no answer"
            yield Check("port", False, f"[{name}] {address} does not answer: {why}", advice, address)
        else:
            yield Check("port", True, f"[{name}] {address} answers", about=address)


def _mailbox(section: mailbox.Settings) -> Check:
    try:
        found = mailbox.look(section)
    except TrapstreetError as error:
        return Check("mailbox", False, error.message, error.hint)
    how = "tells of new mails at once" if found.idles else f"is looked at every {section.every:.0f} s"
    return Check("mailbox", True, f"{section.user} at {section.host} lets us in and {how}")
