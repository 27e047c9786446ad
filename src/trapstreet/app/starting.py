"""A mailbox as all that one needs: each step is kept when it is done, so that it can be gone on with.

What is done is looked up where it is kept: the mailbox in the trap's settings, who is told under [notify.me]
in the workspace's, what was laid in the registry.
"""

import json
import re
import secrets
import socket
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from trapstreet.app.baiting import Baited, bait
from trapstreet.app.mailing import Sender, Server
from trapstreet.app.settings import FILE_NAME, parse_settings
from trapstreet.app.trapping import trap_head
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.files import write_private
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.listeners import mailbox
from trapstreet.store.models import Planting
from trapstreet.store.plantings import Particulars, tokens_of
from trapstreet.trap.sealing import Opener
from trapstreet.trap.settings import FILE_NAME as TRAP_NAME
from trapstreet.trap.settings import StatusSection, read_settings

ROUTE = "me"
"""The section [notify.me]."""
BAIT = "start"
"""The purpose of the bait's planting."""

_NAMES = (
    "remote-access.txt", "logins.txt", "vpn.txt", "locked-out.txt", "access-notes.txt", "oncall.txt",
    "passwords-help.txt", "readme-logins.txt",
)  # fmt: skip


class Way(msgspec.Struct, frozen=True):
    """By which addresses it is heard that somebody used one: a mailbox that takes what stands behind a "+",
    or a domain whose mails all come to the mailbox. One of both is ""."""

    plus: str = ""
    domain: str = ""

    @property
    def pattern(self) -> str:
        """The addresses, as the trap's settings name recipients."""
        local, _, domain = self.plus.rpartition("@")
        return f"{local}+*@{domain}" if self.plus else f"*@{self.domain}"


def trap_folder(workspace: Workspace) -> Path:
    """The folder of this machine's trap."""
    return workspace.root / (workspace.settings.serve.trap or "trap")


def mailbox_of(workspace: Workspace) -> mailbox.Settings | None:
    """The mailbox that the trap reads; None while there is none. Raises UnusableInput."""
    folder = trap_folder(workspace)
    if not workspace.settings.serve.trap or not (folder / TRAP_NAME).is_file():
        return None
    found = read_settings(folder).listeners.get("mailbox")
    return found if isinstance(found, mailbox.Settings) else None


def way_of(settings: mailbox.Settings) -> Way | None:
    """By which addresses it is heard; None where the settings name several ways, or none."""
    if len(settings.recipients) != 1:
        return None
    (pattern,) = settings.recipients
    if found := re.fullmatch(r"([^*+]+)\+\*@([^*]+)", pattern):
        return Way(plus=f"{found[1]}@{found[2]}")
    return Way(domain=pattern[2:]) if re.fullmatch(r"\*@[^*]+", pattern) else None


def keep_password(workspace: Workspace, password: Protected[str]) -> Path:
    """The mailbox's password is in a file beside the workspace's keys."""
    file = workspace.keys.file_of(workspace.ring.workspace_id).with_name("mailbox-password")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(file, password.reveal().encode() + b"\n", replace=True)
    return file


def set_way(workspace: Workspace, way: Way) -> Workspace:
    """Decoys may have addresses at the domain, if that is the way. Raises UnusableInput where they have
    others already, which do not come to the mailbox."""
    known = workspace.settings.decoys.domains
    if not way.domain or known == (way.domain,):
        return workspace
    if known:
        raise UnusableInput(
            "decoys have other mail domains already, under [decoys] in trapstreet.toml",
            hint="choose an address of the mailbox with something behind a + instead",
        )
    return _changed(
        workspace, lambda text: text.replace("\ndomains = []\n", f"\ndomains = [{_toml(way.domain)}]\n", 1)
    )


def set_mailbox(workspace: Workspace, settings: mailbox.Settings, way: Way) -> Workspace:
    """The trap of this machine reads the mailbox, for mails to such addresses alone."""
    folder = trap_folder(workspace)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / TRAP_NAME
    head = path.read_text() if path.exists() else _new_trap(workspace)
    if re.search(r"^\[mailbox\]", head, re.MULTILINE):
        raise UnusableInput(f"{path} has a [mailbox] already", hint="take it out, or mend it there")
    lines = [
        "\n[mailbox]",
        "# Read by IMAP; nothing in it is changed. docs/trap.md has all settings.",
        f"host = {_toml(settings.host)}",
        f"port = {settings.port}",
        f"security = {_toml(settings.security)}",
        *([f"ca = {_toml(str(settings.ca))}"] if settings.ca else []),
        f"user = {_toml(settings.user)}",
        *_login_lines(settings),
        f"folders = {_toml(list(settings.folders))}",
        "# Mails for nobody else are passed over and never kept.",
        f"recipients = {_toml([way.pattern])}",
        "# Hosts of your provider whose Received lines say who brought a mail:",
        '# received_by = ["mx.you.example"]',
        "received_by = []",
    ]
    write_private(path, "\n".join([head.rstrip("\n"), *lines, ""]).encode(), replace=True)
    return _changed(workspace, _serving)


def change_way(workspace: Workspace, way: Way) -> Workspace:
    """The trap hears such addresses from now on instead of those before. Raises UnusableInput."""
    workspace = set_way(workspace, way)
    path = trap_folder(workspace) / TRAP_NAME
    text, count = re.subn(
        r"(?m)^recipients = .*$", lambda _: f"recipients = {_toml([way.pattern])}", path.read_text()
    )
    if count != 1:
        raise UnusableInput(f"{path} has no line with recipients", hint="name them there")
    write_private(path, text.encode(), replace=True)
    return workspace


def _login_lines(settings: mailbox.Settings) -> list[str]:
    names = (
        "password_file", "token_url", "client_id", "client_secret_file", "refresh_token_file", "scope",
    )  # fmt: skip
    return [f"{name} = {_toml(str(value))}" for name in names if (value := getattr(settings, name))]


def sender_of(workspace: Workspace) -> Sender | None:
    """By whom alerts are mailed; None while nobody is told by mail after a login. Raises UnusableInput."""
    section = workspace.settings.notify.get(ROUTE, {})
    if section.get("kind") != "mail" or not section.get("password_file"):
        return None
    password = secret(workspace.root / section["password_file"], what="the password")
    security = {"tls": "tls", "starttls": "starttls"}.get(section.get("security", "starttls"), "plain")
    server = msgspec.convert((section["host"], section.get("port", 587), security), Server)
    ca = section.get("ca")
    user, address = section.get("user", ""), section.get("from", "")
    return Sender(server, user, address, password, workspace.root / ca if ca else None)


def told_by(workspace: Workspace) -> list[str]:
    """The addresses of those who are told."""
    return list(workspace.settings.notify.get(ROUTE, {}).get("to", ()))


def set_route(workspace: Workspace, sender: Sender, to: str, *, password: Path) -> Workspace:
    """Alerts go to an address from now on, by the mailbox's own way out."""
    host, port, security = sender.server
    lines = [
        f"\n[notify.{ROUTE}]",
        "# May be changed: who is told of alerts; docs/alerts.md and docs/notifiers.md have all rules.",
        'kind = "mail"',
        f"to = {_toml([to])}",
        f"from = {_toml(sender.address)}",
        f"host = {_toml(host)}",
        f"port = {port}",
        f"security = {_toml('none' if security == 'plain' else security)}",
        f"user = {_toml(sender.user)}",
        f"password_file = {_toml(str(password))}",
        *([f"ca = {_toml(str(sender.ca))}"] if sender.ca else []),
    ]
    return _changed(workspace, lambda text: "\n".join([text.rstrip("\n"), *lines, ""]))


def laid(workspace: Workspace, way: Way) -> str:
    """Where a bait was laid whose address is heard; "" while there is none."""
    for planting in Planting.objects.filter(purpose=BAIT).order_by("-number"):
        heard = all(fnmatchcase(value, way.pattern) for _, value in tokens_of(planting, workspace.ring))
        if heard and (planting.planted_at is not None or Path(planting.place).exists()):
            return planting.place
    return ""


def lay(workspace: Workspace, way: Way, folder: Path, *, template: Path | None, replace: str = "") -> Baited:
    """Put a document that names an address of its own into a folder. Raises UnusableInput as bait does."""
    name = template.name if template else secrets.choice(_NAMES)
    options = {
        "plus": way.plus or None,
        "template": str(template) if template else None,
        "replace": replace or None,
    }
    with workspace.writing():
        return bait(
            workspace,
            "note",
            options,
            place=str(folder / name),
            out=folder / name,
            particulars=Particulars(purpose=BAIT),
        )


def _new_trap(workspace: Workspace) -> str:
    """Settings of a trap that hears nothing yet; its status port is the usual one, if that is free."""
    head = trap_head(Opener(workspace.ring.trap_key()).public)
    usual = StatusSection().port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", usual)):
            return head
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"{head}\n[status]\nport = {probe.getsockname()[1]}\n"


def _serving(text: str) -> str:
    """Settings by which `serve` runs the trap on this machine."""
    changed, count = re.subn(r"(?m)^(\[serve\]\n(?:(?!\[).*\n)*?trap = )\"\"$", r'\1"trap"', text)
    if count or re.search(r"^\[serve\]", text, re.MULTILINE):
        return changed
    return f'{text.rstrip()}\n\n[serve]\ntrap = "trap"\n'


def _changed(workspace: Workspace, change: Callable[[str], str]) -> Workspace:
    """The workspace with its settings changed; never into some that do not read."""
    path = workspace.root / FILE_NAME
    with workspace.writing():
        data = change(path.read_text()).encode()
        parse_settings(data, label=str(path))
        write_private(path, data, replace=True)
    return Workspace.open(workspace.root)


def _toml(value: str | list[str]) -> str:
    """Strings, and lists of them, are alike in TOML and JSON."""
    return json.dumps(value, ensure_ascii=False)
