"""Any of the services that the library Apprise knows: chats, pagers, push messages.

Apprise opens its connections itself: what docs/notifiers.md says of addresses, redirects and proxies does not
hold for this kind. Needs the extra trapstreet[apprise].
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins.notifiers._secrets import secret
from trapstreet.plugins.notifiers._words import paragraphs, spelled_out, subject

title = "Apprise"
reveals = (
    "Every alert in words goes to the services whose addresses stand in the file, and to all who read there."
)

_BETWEEN = "\n\n" + "-" * 20 + "\n\n"


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
    services = apprise.Apprise()
    for number, url in enumerate(secret(settings.urls_file, what="addresses").reveal().splitlines(), start=1):
        if url.strip() and not services.add(url.strip()):
            raise UnusableInput(
                f"{settings.urls_file}, line {number}: Apprise does not know such an address",
                hint="see its documentation",
            )
    return Told(services)


class Told:
    """Tells services by Apprise."""

    def __init__(self, services: Any) -> None:
        self._services = services

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        import apprise

        told, more = spelled_out(notices)
        texts = ["\n\n".join(paragraphs(notice)) for notice in told] + [more] * bool(more)
        worst = max(notice.severity for notice in notices)
        took = self._services.notify(
            title=f"trapstreet: {subject(notices)}",
            body=_BETWEEN.join(texts),
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if worst >= Severity.HIGH else apprise.NotifyType.WARNING,
        )
        if not took:
            raise Unreachable("at least one of Apprise's services did not take it", hint="see its address")
