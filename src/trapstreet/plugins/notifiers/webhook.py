"""A signed request to a system of your own, as Standard Webhooks has it (standardwebhooks.com, version 1).

The headers are webhook-id (the message's key: drop what comes twice), webhook-timestamp (Unix seconds of this
attempt) and webhook-signature ("v1," and the base64 of HMAC-SHA256 over id.timestamp.body). The body is JSON
and the same in each attempt: {"type": "alerts", "timestamp", "data": {"alerts": [...]}}.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.notice import Notice
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.notifiers._http import Receiver, post, receiver
from trapstreet.plugins.notifiers._json import alert
from trapstreet.plugins.notifiers._words import instant

title = "webhook"
reveals = "Every alert with all its facts goes, signed, to the address that the route names."

_PREFIX = "whsec_"
_SHORTEST = 24
"""Bytes of a secret that Standard Webhooks asks for at least."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind.

    url, url_file  the receiver's address, or the file that holds it where it gives access
    secret_file    holds whsec_ and the base64 of 24 to 64 random bytes
    private        the receiver lies in a private network
    ca             PEM file of the authority that its certificate is from, where that is your own
    """

    secret_file: Path
    url: str = ""
    url_file: Path | None = None
    private: bool = False
    ca: Path | None = None


settings = Settings


def notifier(settings: Settings) -> "Webhook":
    to = receiver(url=settings.url, url_file=settings.url_file, private=settings.private, ca=settings.ca)
    return Webhook(to, signing_key(settings.secret_file))


class Webhook:
    """Posts alerts to one receiver."""

    def __init__(self, to: Receiver, key: Protected[bytes]) -> None:
        self._to, self._key = to, key

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        body = msgspec.json.encode(
            {
                "type": "alerts",
                "timestamp": instant(max(notice.raised for notice in notices)),
                "data": {"alerts": [alert(notice) for notice in notices]},
            }
        )
        post(
            self._to, body, {"Content-Type": "application/json", **signed(self._key, key, time.time(), body)}
        )


def signing_key(file: Path) -> Protected[bytes]:
    """The bytes of a secret as Standard Webhooks writes it. Raises UnusableInput."""
    text = secret(file, what="the webhook's secret").reveal()
    try:
        digits = text.removeprefix(_PREFIX).rstrip("=")
        key = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(_PREFIX) or not _SHORTEST <= len(key) <= 64:
        raise UnusableInput(
            f"{file} holds no secret of a webhook",
            hint=f"make one: echo {_PREFIX}$(openssl rand -base64 32) > {file.name}",
        )
    return Protected(key)


def signed(key: Protected[bytes], message: str, at: float, body: bytes) -> dict[str, str]:
    """The headers that prove to the receiver who sent the body, and when (Unix seconds)."""
    moment = str(int(at))
    text = b".".join((message.encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.digest(key.reveal(), text, hashlib.sha256)).decode()
    return {"webhook-id": message, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
