"""Posting to an HTTP receiver.

It is an address in the internet unless its route says `private = true`: else whoever can change where a name
leads could have us post to a router, a cloud's metadata service or a database in the house. Nothing of the
environment (proxies) and no redirect changes where a message goes.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from trapstreet import __version__
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._connecting import SECONDS, failure, retry_after, tls_context
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.notifiers import Later

_MOST_ANSWER = 4096
_LONGEST_WAIT = 3600.0
"""Seconds after which we come again whatever Retry-After says: an alert is not put off for days."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where messages are posted to. What follows the host does not print: it may give access."""

    host: str
    port: int
    tls: ssl.SSLContext | None = field(repr=False)
    private: bool
    target: str = field(repr=False)


def receiver(*, url: str = "", url_file: Path | None = None, private: bool, ca: Path | None) -> Receiver:
    """The receiver at the address, or at that in the file. Raises UnusableInput, which does not show it.

    private  it may lie in a private network, and may do without TLS
    ca       PEM file of the authority that its certificate is from; None is those that everybody trusts
    """
    if bool(url) == bool(url_file):
        raise UnusableInput(
            "give either url or url_file", hint="an address that gives access belongs in a file"
        )
    address = secret(url_file, what="the web address").reveal() if url_file else url
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and parts.port != 0 and not (parts.username or parts.password)
    except ValueError:
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or set(address) & set(' \\#"<>'):
        raise UnusableInput(
            "the receiver's address is no web address", hint="write it like https://receiver.example/path"
        )
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise UnusableInput(
            "the receiver's address does not begin with https://",
            hint="http:// is for receivers in a private network: private = true",
        )
    return Receiver(
        host=parts.hostname or "",
        port=parts.port or (443 if parts.scheme == "https" else 80),
        tls=tls_context(ca) if parts.scheme == "https" else None,
        private=private,
        target=f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}",
    )


def post(to: Receiver, body: bytes, headers: Mapping[str, str]) -> None:
    """The receiver took the body: it answered 2xx, within SECONDS.

    Raises Unreachable for what may pass (no connection, no answer, 408, 429, 5xx), AccessDenied for 401 and
    403, UnusableInput for any other answer, a redirect too, and where the host is private and must not be.
    """
    import httpcore

    from trapstreet.plugins.notifiers._http_backend import Backend

    usual = to.port == (443 if to.tls else 80)
    named = f"[{to.host}]" if ":" in to.host else to.host
    sent = {
        "Host": named if usual else f"{named}:{to.port}",
        "User-Agent": f"trapstreet/{__version__}",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    url = httpcore.URL(
        scheme=b"https" if to.tls else b"http",
        host=to.host.encode(),
        port=to.port,
        target=to.target.encode(),
    )
    backend = Backend(private=to.private, until=time.monotonic() + SECONDS)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=to.tls, network_backend=backend) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
        ):
            seen = 0
            for part in answer.iter_stream():
                seen += len(part)
                if seen > _MOST_ANSWER:
                    break
            status, answered = answer.status, answer.headers
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise failure(error.__cause__ or error, to.host, to.port) from None
    except OSError as error:
        raise failure(error, to.host, to.port) from None
    _judge(status, answered, to.host)


def _judge(status: int, headers: list[tuple[bytes, bytes]], host: str) -> None:
    what = f"{host} answered {status}"
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise AccessDenied(what, hint="see whether the address and the secret still hold")
    if status in (408, 429) or status >= 500:
        again = [text for name, text in headers if name.lower() == b"retry-after"]
        if again and (seconds := retry_after(again[0].decode("latin-1"), most=_LONGEST_WAIT)):
            raise Later(what, hint="it asks to be left alone for a while", seconds=seconds)
        raise Unreachable(what, hint="see what is wrong there")
    raise UnusableInput(what, hint="see whether the address is right and what it wants")
