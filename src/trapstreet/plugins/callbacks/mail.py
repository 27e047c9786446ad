"""Any mail provider that posts JSON, Postmark's by default: mail to addresses that decoys have."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from trapstreet.plugins.callbacks import Called, Request
from trapstreet.plugins.callbacks._mails import addresses, mail_facts
from trapstreet.plugins.callbacks._reading import document, request_id, values
from trapstreet.plugins.callbacks._signed import header_is_right

title = "a mail provider"
needs_secret = "can"  # noqa: S105
reveals = "The provider has the mails, and knows the address of the callback."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in the document things stand, by dotted paths; `headers` a list of objects with Name and Value,
    `raw` the whole mail; `signature_header` holds HMAC-SHA256 of the body."""

    recipients: tuple[str, ...] = ("OriginalRecipient", "To", "Cc")
    sender: tuple[str, ...] = ("From",)
    subject: tuple[str, ...] = ("Subject",)
    text: tuple[str, ...] = ("TextBody", "HtmlBody")
    headers: str = "Headers"
    raw: tuple[str, ...] = ("RawEmail",)
    signature_header: str = "x-signature"


settings = Settings


def called(settings: Settings, secret: bytes, request: Request) -> Called | None:
    """A mail."""
    found = document(request)
    names = addresses(values(found, settings.recipients))
    if not names:
        return None
    sender = next(iter(addresses(values(found, settings.sender))), "")
    facts = mail_facts(
        sender=sender,
        headers=_headers(found, settings),
        texts=values(found, settings.text),
        raw=next(values(found, settings.raw), ""),
    )
    return Called(
        channel="mail",
        names=names,
        facts=tuple(facts),
        id=request_id(request),
        signed=header_is_right(request, settings.signature_header, secret),
    )


def _headers(found: Mapping[str, Any], settings: Settings) -> Iterator[tuple[str, str]]:
    for name, paths in (("From", settings.sender), ("Subject", settings.subject)):
        yield from ((name, value) for value in values(found, paths))
    names, told = values(found, [f"{settings.headers}.Name"]), values(found, [f"{settings.headers}.Value"])
    yield from zip(names, told, strict=False)
