"""Any telephone provider that posts JSON or forms: calls and messages to numbers that decoys have."""

import msgspec

from trapstreet.plugins.callbacks import Called, Request
from trapstreet.plugins.callbacks._reading import document, form, is_json, request_id, values
from trapstreet.plugins.callbacks._signed import header_is_right

title = "a telephone provider"
needs_secret = "can"  # noqa: S105
reveals = "The provider knows the numbers, who calls them, and the address of the callback."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in the document things stand, by dotted paths; `signature_header` has HMAC-SHA256 of the body."""

    to: tuple[str, ...] = ("to",)
    caller: tuple[str, ...] = ("from",)
    text: tuple[str, ...] = ("text", "transcript")
    signature_header: str = "x-signature"


settings = Settings


def called(settings: Settings, secret: bytes, request: Request) -> Called | None:
    """A call or a message."""
    found = document(request) if is_json(request) else dict(form(request))
    names = tuple(dict.fromkeys(values(found, settings.to)))
    if not names:
        return None
    facts = [("caller", value) for value in values(found, settings.caller)]
    facts += [("text", value) for value in values(found, settings.text)]
    return Called(
        channel="phone",
        names=names,
        facts=tuple((label, value.encode("utf-8", "replace")) for label, value in facts),
        id=request_id(request),
        signed=header_is_right(request, settings.signature_header, secret),
    )
