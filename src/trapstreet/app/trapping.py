"""A trap for a workspace: settings with which it hears the workspace's breadcrumbs, and can read nothing."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from trapstreet.app.planting import decoy_settings
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.decoys import owned
from trapstreet.keys.files import write_private
from trapstreet.trap.sealing import Opener
from trapstreet.trap.settings import FILE_NAME

_HEAD = """\
# A trap for a trapstreet workspace: what it hears, and where. docs/trap.md has all settings.

# Everything that is heard is sealed to this public key; only the workspace's keys open it.
worker = {worker}
# Whom to become once the ports are open; needs to be started as root. "" stays whoever started it.
user = ""
"""
_HTTP = """
[http]
# Web requests, for {hosts}: these names have to lead to this machine.
listen = ["0.0.0.0:80", "[::]:80"]
# For https:// a certificate of these names, which the trap's user may read:
# tls = ["0.0.0.0:443", "[::]:443"]
# certificate = {certificate}
# key = {key}
"""
_SMTP = """
[smtp]
# Mail: the MX records of these domains have to name the host, and the host this machine.
listen = ["0.0.0.0:25", "[::]:25"]
host = {host}
domains = {domains}
# For STARTTLS a certificate of the host:
# certificate = {certificate}
# key = {key}
"""
_DNS = """
[dns]
# Look-ups: the registrars of these zones have to name this machine as their name server.
listen = ["0.0.0.0:53", "[::]:53"]
zones = {zones}
# To be filled in: the public addresses of this machine, like ["192.0.2.7", "2001:db8::7"].
addresses = []
"""


def set_up(workspace: Workspace, folder: Path) -> Path:
    """Settings of a trap for the workspace, in a folder that is made if need be; never over others.

    A listener has a section where the workspace's settings name something that it can hear: web requests at
    urls and at the mail domains, where decoys have their web addresses, too. Raises UnusableInput where they
    name nothing, or the folder has settings.
    """
    text = trap_settings_text(
        worker=Opener(workspace.ring.trap_key()).public,
        urls=workspace.settings.trap.urls,
        domains=owned(decoy_settings(workspace)).domains,
        zones=[zone.lower() for zone in workspace.settings.trap.zones],
    )
    path = folder / FILE_NAME
    if path.exists():
        raise UnusableInput(
            f"{path} is there already and stays as it is",
            hint="edit it (docs/trap.md has all settings), or move it away and have a new one written",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, text.encode())
    return path


def trap_settings_text(
    *, worker: bytes, urls: Sequence[str], domains: Sequence[str], zones: Sequence[str]
) -> str:
    """The commented `trap.toml`. Raises UnusableInput where there is nothing to hear."""
    if not (urls or domains or zones):
        raise UnusableInput(
            "the workspace names nothing that a trap could hear",
            hint="set urls or zones under [trap], or domains under [decoys], in trapstreet.toml",
        )
    return "".join(_sections(worker, list(urls), list(domains), list(zones)))


def trap_head(worker: bytes) -> str:
    """How a `trap.toml` begins: to whom everything is sealed."""
    return _HEAD.format(worker=_toml(worker.hex()))


def _sections(worker: bytes, urls: list[str], domains: list[str], zones: list[str]) -> Iterator[str]:
    yield trap_head(worker)
    if urls or domains:
        hosts = [urlsplit(url).hostname or "" for url in urls] + [f"www.{domain}" for domain in domains]
        hosts = list(dict.fromkeys(hosts))
        yield _HTTP.format(hosts=", ".join(hosts), **_certificate(hosts[0]))
    if domains:
        host = f"mail.{domains[0]}"
        yield _SMTP.format(host=_toml(host), domains=_toml(domains), **_certificate(host))
    if zones:
        yield _DNS.format(zones=_toml(zones))


def _certificate(host: str) -> dict[str, str]:
    folder = f"/etc/letsencrypt/live/{host}"
    return {"certificate": _toml(f"{folder}/fullchain.pem"), "key": _toml(f"{folder}/privkey.pem")}


def _toml(value: str | list[str]) -> str:
    """Strings, and lists of them, are alike in TOML and JSON."""
    return json.dumps(value, ensure_ascii=False)
