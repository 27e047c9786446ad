"""Requests to providers of buckets: whom they go to, and what is made of the answers."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote

import msgspec

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.sources import Later, Place
from trapstreet.plugins.sources._bucket_xml import NotXml
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._options import option

RATE = 100.0
"""Requests a second to one host of the internet: providers count in thousands."""

PAGE = 64 << 20
"""Bytes that a page of a listing may have."""

PAUSE = 60.0
_ERROR = 1 << 16


class Provider(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of every provider. ca: a PEM file, where the endpoint's authority is your own."""

    ca: Annotated[Path | None, option("the authority of the endpoint, PEM", "FILE")] = None
    proxy: Annotated[str, option("an HTTP proxy to go through", "URL")] = ""


class Endpoint:
    """Where a bucket is asked. Raises UnusableInput for what is no web address.

    host, path  of each request; what is asked for stands behind the path
    """

    def __init__(self, url: str, settings: Provider) -> None:
        self._client = Client(HttpPlace(url=url, ca=settings.ca, proxy=settings.proxy, rate=RATE))
        home = self._client.home
        self.host, self.path = home.authority, home.target.rstrip("/")
        self._root = f"{home.scheme}://{home.authority}{self.path}"

    def ask(
        self, method: str, name: str, query: str, headers: Mapping[str, str], content: bytes = b""
    ) -> Answer:
        """The answer, whatever its status; name and query as they stand in a URL. Raises TrapstreetError."""
        url = f"{self._root}{name}" + (f"?{query}" if query else "")
        return self._client.ask(method, url, headers=headers, content=content)

    def readers(self) -> str:
        """Who may read, in words, what needs no login here."""
        return self._client.readers(self._root)

    def close(self) -> None:
        self._client.close()


def bucket_and_prefix(url: str, example: str) -> tuple[str, str]:
    """What stands behind scheme://, as it is: names hold %, # and ? of their own. Raises UnusableInput."""
    bucket, _, prefix = url.partition("://")[2].partition("/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}", bucket) or ".." in bucket:
        raise UnusableInput("the address names no bucket", hint=f"write it like {example}")
    return bucket, prefix


def refused(answer: Answer, shown: str) -> TrapstreetError:
    """What an answer that is no page means for those who can act; the answer is read and closed."""
    code = _code(answer)
    match code, answer.status:
        case ("SlowDown" | "ServerBusy" | "TooManyRequests" | "rateLimitExceeded", _) | (_, 429 | 503):
            return Later(f"{shown} has had enough of us for now", hint="it is tried again", seconds=PAUSE)
        case ("RequestTimeTooSkewed", _):
            return UnusableInput(
                "the clock of this machine is off by more than a quarter of an hour", hint="set it"
            )
        case ("NoSuchBucket" | "ContainerNotFound", _) | (_, 404):
            return Unreachable(
                f"{shown}: there is no such bucket, or none that we may see", hint="check its name"
            )
        case (_, 401 | 403) | ("ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId", _):
            return AccessDenied(
                f"{shown} may not be listed ({code or answer.status})",
                hint="give a key that may list and read it (docs/sources.md)",
            )
        case (_, status) if status >= 500:
            return Unreachable(f"{shown} answered {status}", hint="see what is wrong there")
        case _:
            return UnusableInput(
                f"{shown} answered {answer.status} {code}".rstrip(),
                hint="look at its address, endpoint, region",
            )


def quoted(name: str) -> str:
    """A name as it stands in the path of a request, as signatures want it."""
    return quote(name.encode(errors="surrogateescape"), safe="/-_.~")


def named(cursor: str) -> str:
    """The name that a cursor holds: `quoted`, since a name may hold what no database takes."""
    return unquote(cursor, errors="surrogateescape")


def moment(text: str) -> int | None:
    """Unix microseconds of 2026-11-22T21:55:00.000Z; None where it is no time."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return None


def whole(answer: Answer, shown: str) -> bytes:
    """The body of a page. Raises Unreachable."""
    try:
        return answer.body(most=PAGE)
    except OSError as error:
        raise Unreachable(
            f"{shown}: a listing {error.strerror or 'broke off'}", hint="it is tried again"
        ) from error


@contextmanager
def understood(shown: str) -> Iterator[None]:
    """What a page does not hold, or not as it should, is Unreachable."""
    try:
        yield
    except (NotXml, msgspec.MsgspecError, KeyError, ValueError) as error:
        raise Unreachable(f"{shown} answered nonsense", hint="see what answers there") from error


def _code(answer: Answer) -> str:
    """What a provider calls an error, where that is one word."""
    header = answer.headers.get("x-ms-error-code", "")
    if re.fullmatch(r"[A-Za-z]{1,60}", header):
        answer.close()
        return header
    try:
        body = b"".join(answer.blocks(most=_ERROR)).decode(errors="replace")
    except OSError:
        return ""
    found = re.search(r"<Code>([A-Za-z]{1,60})</Code>|\"reason\":\s*\"([A-Za-z]{1,60})\"", body)
    return (found[1] or found[2]) if found else ""
