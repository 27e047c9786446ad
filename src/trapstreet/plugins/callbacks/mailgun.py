"""Mailgun's routes: mail to addresses that decoys have. Signed with the webhook signing key."""

import hmac
import json
from collections.abc import Iterator, Mapping

import msgspec

from trapstreet.plugins.callbacks import Called, Request
from trapstreet.plugins.callbacks._mails import addresses, mail_facts
from trapstreet.plugins.callbacks._reading import form

title = "Mailgun"
needs_secret = "always"  # noqa: S105
reveals = "Mailgun has the mails, and knows the address of the callback."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


settings = Settings


def called(settings: Settings, secret: bytes, request: Request) -> Called | None:
    """A mail that a route forwarded, parsed or whole. Time and token alone are signed: whoever sees them can
    put another mail under them, which then has the token of the first.

    Source: Mailgun, "Receiving messages via HTTP" and "Securing webhooks".
    """
    found = dict(reversed(form(request)))
    names = addresses([found.get("recipient", "")])
    if not names:
        return None
    facts = mail_facts(
        sender=found.get("sender", ""),
        headers=_headers(found),
        texts=[found[name] for name in ("body-plain", "body-html") if found.get(name)],
        raw=found.get("body-mime", ""),
    )
    stamped = (found.get("timestamp", "") + found.get("token", "")).encode("utf-8", "replace")
    right = hmac.digest(secret, stamped, "sha256").hex().encode()
    given = found.get("signature", "").encode("utf-8", "replace")
    return Called("mail", names, tuple(facts), id=stamped, signed=hmac.compare_digest(given, right))


def _headers(found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    try:
        listed = json.loads(found.get("message-headers", "[]"))
    except (ValueError, RecursionError):
        listed = []
    pairs = (
        [each for each in listed if isinstance(each, list) and len(each) == 2]
        if isinstance(listed, list)
        else []
    )
    yield from ((str(name), str(value)) for name, value in pairs)
    if not pairs:
        yield from ((name.title(), found[name]) for name in ("from", "subject") if found.get(name))
