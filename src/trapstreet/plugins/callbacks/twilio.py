"""Twilio: calls and messages to numbers that decoys have. Signed with the account's auth token."""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import msgspec

from trapstreet.plugins.callbacks import Called, Request
from trapstreet.plugins.callbacks._reading import document, form, is_json, request_id

title = "Twilio"
needs_secret = "always"  # noqa: S105
reveals = "Twilio knows the numbers, who calls them, and the address of the callback."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


settings = Settings

_SAID = ("Body", "SpeechResult", "TranscriptionText", "CallerName", "Digits")
_TOLD = (
    "CallStatus",
    "MessageStatus",
    "CallDuration",
    "RecordingUrl",
    "FromCity",
    "FromCountry",
    "StirVerstat",
)
_PORTS = {"https": 443, "http": 80}


def called(settings: Settings, secret: bytes, request: Request) -> Called | None:
    """A call or a message, by the parameters To and From. Source: Twilio, "Webhooks security"."""
    fields = (
        [(name, str(value)) for name, value in document(request).items()]
        if is_json(request)
        else form(request)
    )
    first = dict(reversed(fields))
    if not first.get("To") or not first.get("From"):
        return None
    signature = request.headers.get("x-twilio-signature", "")
    facts = [("caller", first["From"])]
    facts += [("text", first[name]) for name in _SAID if first.get(name)]
    facts += [(name.lower(), first[name]) for name in _TOLD if first.get(name)]
    return Called(
        channel="phone",
        names=(first["To"],),
        facts=tuple((label, value.encode("utf-8", "replace")) for label, value in facts),
        id=request_id(request, signature),
        signed=_is_right(signature, secret, request, fields),
    )


def _is_right(signature: str, secret: bytes, request: Request, fields: Sequence[tuple[str, str]]) -> bool:
    posted = [] if is_json(request) or request.method != "POST" else fields
    if is_json(request):
        said = parse_qs(urlsplit(request.url).query).get("bodySHA256", [""])[0]
        if not request.whole or not hmac.compare_digest(
            said.encode(), sha256(request.body).hexdigest().encode()
        ):
            return False
    given = signature.encode("utf-8", "replace")
    right = [hmac.compare_digest(given, signed(url, posted, secret)) for url in _spellings(request.url)]
    return any(right)


def signed(url: str, fields: Iterable[tuple[str, str]], secret: bytes) -> bytes:
    """The signature of a request: HMAC-SHA1 over the address and all different parameters, in order."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(secret, text.encode("utf-8", "replace"), "sha1"))


def _spellings(url: str) -> Iterator[str]:
    """The address without a port and with it: which of them Twilio signs depends on the kind of the call."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    bare = host.partition(":")[0]
    for netloc in dict.fromkeys(
        (parts.netloc, f"{user}{at}{bare}", f"{user}{at}{bare}:{_PORTS[parts.scheme]}")
    ):
        yield parts._replace(netloc=netloc).geturl()
