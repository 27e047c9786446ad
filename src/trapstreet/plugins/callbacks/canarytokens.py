"""Canarytokens: tokens of another server, whose memo holds the id of the planting that they belong to."""

import msgspec

from trapstreet.plugins.callbacks import Called, Request
from trapstreet.plugins.callbacks._reading import document, request_id, values

title = "Canarytokens"
needs_secret = "never"  # noqa: S105
reveals = "The server of the tokens knows where they were used, and the address of the callback."


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


settings = Settings

_TOLD = ("token", "token_type", "channel", "time", "additional_data.referer", "additional_data.src_data")
_AGENT = ("additional_data.useragent", "src_data.useragent")
_FROM = ("src_ip", "additional_data.src_ip")


def called(settings: Settings, secret: bytes, request: Request) -> Called | None:
    """A token's use. Nothing is signed: the secret is the address."""
    found = document(request)
    memos = tuple(values(found, ("memo",)))
    if not memos:
        return None
    facts = [(path.rpartition(".")[2], value) for path in _TOLD for value in values(found, (path,))]
    facts += [("header", f"User-Agent: {value}") for value in values(found, _AGENT)]
    return Called(
        channel="canarytokens",
        names=tuple(memo[:1000] for memo in memos),
        facts=tuple((label, value.encode("utf-8", "replace")) for label, value in facts),
        id=request_id(request),
        signed=None,
        address=next(values(found, _FROM), "")[:64],
    )
