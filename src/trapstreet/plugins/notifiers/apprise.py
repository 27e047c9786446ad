"""Any of the services that the library Apprise knows: chats, pagers, push messages.

Apprise opens its connections itself: what docs/notifiers.md says of addresses, redirects and proxies does not
hold for this kind. It does so in a process of its own, which is ended when its time is over: some services
answer a byte at a time for as long as they like. Needs the extra trapstreet[apprise].
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._secrets import secret_text
from trapstreet.plugins.notifiers._words import paragraphs, spelled_out, subject

title = "Apprise"
reveals = (
    "Every alert in words goes to the services whose addresses stand in the file, and to all who read there."
)

SECONDS = 30.0
"""That one message may take in all: Apprise itself takes a second or two to begin."""

_BETWEEN = "\n\n" + "-" * 20 + "\n\n"
_SECRETS = ("TRAPSTREET_", "PG")
"""What variables that lead to keys or the registry begin with."""
_PROGRAM = "from trapstreet.plugins.notifiers.apprise import main; main()"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind: `urls_file` holds Apprise's addresses of services, a line each."""

    urls_file: Path


settings = Settings


def notifier(settings: Settings) -> "Told":
    try:
        import apprise
    except ImportError as error:
        raise UnusableInput(
            "Apprise is not installed", hint="install it: pip install 'trapstreet[apprise]'"
        ) from error
    addresses = secret_text(settings.urls_file, what="addresses")
    urls = [line.strip() for line in addresses.reveal().splitlines()]
    for number, url in enumerate(urls, start=1):
        if url and not apprise.Apprise().add(url):
            raise UnusableInput(
                f"{settings.urls_file}, line {number}: Apprise does not know such an address",
                hint="see its documentation",
            )
    return Told(Protected(tuple(filter(None, urls))))


class Told:
    """Tells services by Apprise."""

    def __init__(self, urls: Protected[tuple[str, ...]]) -> None:
        self._urls = urls

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        told, more = spelled_out(notices)
        texts = ["\n\n".join(paragraphs(notice)) for notice in told] + [more] * bool(more)
        message = _Message(
            self._urls.reveal(),
            f"trapstreet: {subject(notices)}",
            _BETWEEN.join(texts),
            max(notice.severity for notice in notices) >= Severity.HIGH,
        )
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-c", _PROGRAM],
                input=msgspec.msgpack.encode(message),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # it may quote addresses
                timeout=SECONDS,
                check=False,
                env={name: text for name, text in os.environ.items() if not name.startswith(_SECRETS)},
                start_new_session=True,  # Ctrl-C is for the worker, which lets it end
            )
        except subprocess.TimeoutExpired:
            late = "at least one of Apprise's services did not answer in time"
            raise Unreachable(late, hint="see whether it is up") from None  # its cause quotes the message
        if done.returncode:
            raise Unreachable("at least one of Apprise's services did not take it", hint="see its address")


class _Message(msgspec.Struct, frozen=True):
    urls: tuple[str, ...]
    title: str
    body: str
    failure: bool


def main() -> None:
    """Tell what comes in, in a process of its own; its status is whether all services took it."""
    signal.alarm(2 * int(SECONDS))  # where whoever began it was killed
    message = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Message)
    import apprise

    services = apprise.Apprise()
    for url in message.urls:
        services.add(url)
    took = services.notify(
        title=message.title,
        body=message.body,
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=apprise.NotifyType.FAILURE if message.failure else apprise.NotifyType.WARNING,
    )
    sys.exit(not took)
