"""A company that is told of alerts: routes, a receiver that keeps what it was told, hits that use decoys."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from desk import Desk
from trapstreet.app.geography import Places
from trapstreet.app.working import Worker
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Heard, Hit
from trapstreet.core.model.notice import Notice
from working import spooled

AT = 3_600_000_000 + time.time_ns() // 1_000
"""When hits come, Unix µs: in an hour, later than anything that a test plants."""
FIREFOX = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    b"Accept-Language: en-US,en;q=0.5",
    b"Accept-Encoding: gzip, deflate",
    b"Connection: keep-alive",
    b"Upgrade-Insecure-Requests: 1",
)
CURL = (b"User-Agent: curl/8.5.0", b"Accept: */*")
GOOGLEBOT = (b"User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",)


class Receiver:
    """A notifier that keeps what it is told; `failing` is what it raises instead, as long as it is there."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Sequence[Notice]]] = []
        self.failing: Exception | None = None

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        if self.failing:
            raise self.failing
        self.told.append((key, notices))

    @property
    def reasons(self) -> list[str]:
        return [notice.reason for _, notices in self.told for notice in notices]

    @property
    def alerts(self) -> list[str]:
        return [notice.id for _, notices in self.told for notice in notices]


def with_routes(desk: Desk, *sections: str) -> Workspace:
    """The workspace, opened, with routes of these names and rules: `desk`, `oncall least = "high"`."""
    file = desk.workspace / "trapstreet.toml"
    text = re.sub(r"\n\[notify\.(.|\n)*", "\n", file.read_text())
    for section in sections:
        name, _, rules = section.partition(" ")
        text += f'\n[notify.{name}]\nkind = "fake"\n' + "\n".join(rules.split("; ")) + "\n"
    file.write_text(text)
    return Workspace.open(desk.workspace)


def web(name: str, *, headers: Sequence[bytes] = FIREFOX, address: str = "198.51.100.7", at: int = AT) -> Hit:
    """A visit of a decoy's web address; a browser's unless other headers are given."""
    target = f"/{name.partition('/')[2]}".encode()
    facts = (("method", b"GET"), ("target", target), ("version", b"1.1"))
    return Hit("http", at, address, 4711, (name,), (*facts, *(("header", each) for each in headers)))


def heard(workspace: Workspace, desk: Desk, *hits: Heard) -> None:
    """The hits are in the registry, and nothing was made of them."""
    folder = spooled(desk, desk.folder / "trap", hits)
    with Places(databases=[], inside=[]) as places:
        list(Worker(workspace, [folder], places).take(folder))


def seconds_from_now(seconds: float) -> int:
    """Unix µs."""
    return int((time.time() + seconds) * 1e6)


def secret_file(folder: Path) -> Path:
    """The secret of a webhook."""
    path = folder / "webhook.secret"
    path.write_text("whsec_" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=")
    path.chmod(0o600)
    return path
