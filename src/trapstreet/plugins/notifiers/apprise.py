"""Any of the services that the library Apprise knows: chats, pagers, push messages.

Apprise opens its connections itself: what docs/notifiers.md says of addresses, redirects and proxies does not
hold for this kind. It does so in a process of its own, which is ended when its time is over: some services
answer a byte at a time for as long as they like. Needs the extra trapstreet[apprise].
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.words import counted
from trapstreet.plugins._secrets import secret_text
from trapstreet.plugins.notifiers import Partly
from trapstreet.plugins.notifiers._words import paragraphs, spelled_out, subject

title = "Apprise"
reveals = (
    "Every alert in words goes to the services whose addresses stand in the file, and to all who read there."
)

SECONDS = 30.0
"""That one message may take in all: Apprise itself takes a second or two to begin."""

_BETWEEN = "\n\n" + "-" * 20 + "\n\n"
_KEY = "urls_file"
_NAMED = 5
"""Lines that an error names."""
_AT_ONCE = 32
"""Services that are told side by side."""
_SECRETS = ("TRAPSTREET_", "PG")
"""What variables that lead to keys or the registry begin with."""
_PROGRAM = "from trapstreet.plugins.notifiers.apprise import main; main()"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind: `urls_file` holds Apprise's addresses of services, a line each."""

    urls_file: Path


settings = Settings


class _Service(NamedTuple):
    """An address of Apprise's, and the line of the file that it stands in. Gives access."""

    line: int
    url: str

    @property
    def name(self) -> str:
        """By which it is known again, and which gives no access."""
        return sha256(self.url.encode()).hexdigest()[:32]


def notifier(settings: Settings) -> "Told":
    try:
        import apprise
    except ImportError as error:
        raise UnusableInput(
            "Apprise is not installed", hint="install it: pip install 'trapstreet[apprise]'"
        ) from error
    addresses = secret_text(settings.urls_file, what="addresses")
    lines = enumerate(addresses.reveal().splitlines(), start=1)
    services = tuple(_Service(number, line.strip()) for number, line in lines if line.strip())
    for service in services:
        if not apprise.Apprise().add(service.url):
            raise UnusableInput(
                f"{settings.urls_file}, line {service.line}: Apprise does not know such an address",
                hint="see its documentation",
            )
    return Told(Protected(services))


class Told:
    """Tells services by Apprise, all at once, each of them by itself."""

    def __init__(self, services: Protected[tuple[_Service, ...]]) -> None:
        self._services = services

    def without(self, done: Mapping[str, Sequence[str]]) -> "Told | None":
        names = done.get(_KEY, ())
        left = tuple(each for each in self._services.reveal() if each.name not in names)
        return Told(Protected(left)) if left else None

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        told, more = spelled_out(notices)
        texts = ["\n\n".join(paragraphs(notice)) for notice in told] + [more] * bool(more)
        services = self._services.reveal()
        message = _Message(
            tuple(each.url for each in services),
            f"trapstreet: {subject(notices)}",
            _BETWEEN.join(texts),
            max(notice.severity for notice in notices) >= Severity.HIGH,
        )
        took, late = _told(message)
        rest = [each for at, each in enumerate(services) if at not in took]
        if not rest:
            return
        did_not = "did not answer in time" if late else "did not take it"
        lines = ", ".join(str(each.line) for each in rest[:_NAMED]) + ", …" * (len(rest) > _NAMED)
        what = f"{len(rest)} of {counted(len(services), 'service')} of Apprise's {did_not}"
        hint = f"see {'line' if len(rest) == 1 else 'lines'} {lines} of the file"
        if not took:
            raise Unreachable(what, hint=hint)
        raise Partly(what, hint=hint, done={_KEY: [services[at].name for at in sorted(took)]})


class _Message(msgspec.Struct, frozen=True):
    urls: tuple[str, ...]
    title: str
    body: str
    failure: bool


def _told(message: _Message) -> tuple[set[int], bool]:
    """Which services took the message, and whether time was over before all had answered."""
    late, said = False, b""
    try:
        said = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM],
            input=msgspec.msgpack.encode(message),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote addresses
            timeout=SECONDS,
            check=False,
            env={name: text for name, text in os.environ.items() if not name.startswith(_SECRETS)},
            start_new_session=True,  # Ctrl-C is for the worker, which lets it end
        ).stdout
    except subprocess.TimeoutExpired as error:  # not passed on: it quotes the message
        late, said = True, error.stdout or b""
    return {int(line) for line in said.split(b"\n")[:-1] if line.isdigit()}, late


def main() -> None:
    """Tell what comes in, in a process of its own, which writes the number of each service that took it."""
    signal.alarm(2 * int(SECONDS))  # where whoever began it was killed
    message = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Message)
    report = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some services print
    import apprise

    def tell(number: int) -> None:
        service = apprise.Apprise()
        service.add(message.urls[number])
        took = service.notify(
            title=message.title,
            body=message.body,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if message.failure else apprise.NotifyType.WARNING,
        )
        if took:
            os.write(report, b"%d\n" % number)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        wait([pool.submit(tell, number) for number in range(len(message.urls))])
