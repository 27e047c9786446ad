"""Asking HTTP servers, of which some would rather have us wait, go elsewhere, or read for ever.

A `Client` asks for one source; what it gets is an `Answer`. Of the environment (proxies) nothing is taken. A
redirect is followed to wherever a link might lead, `MOST_HOPS` times: never from https to http, to a private
network only where the settings say so, and with the credentials only where it stays at the host of the URL.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from trapstreet import __version__
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins._connecting import failure, tls_context
from trapstreet.plugins.sources._http_address import Address, address, onward, shown
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_pace import paced
from trapstreet.plugins.sources._http_place import HttpPlace, header_value, login_of, proxy_login_of
from trapstreet.plugins.sources._http_status import asked_to_wait, good, later

if TYPE_CHECKING:
    import httpcore

MOST_HOPS = 5
PAUSE = 0.5
"""Seconds before a request that broke off, or found the server in trouble, is made again; then four times as
many, then no more."""
A_MOMENT = 10.0
"""Seconds that a server may have us wait before a request is made again within the same round."""
POLITE = 2.0
"""Requests a second to a host of the internet, where the settings give none."""
GIVEN_UP = 3
"""After so many requests in a row that a host does not answer, the next fail without being made."""
AT_ONCE = 8
"""Connections at most."""

_IDLE = 30.0
_REPEATABLE = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT")
_REDIRECTS = (301, 302, 303, 307, 308)
_TROUBLE = (500, 502, 503, 504)


class _Broke(Unreachable):
    """A connection broke off before the answer, which may go better at once."""


class Client:
    """Asks servers on behalf of one source. May be used by several threads.

    headers  sent with every request to the host and port of the place's URL, and to no other
    named    other URLs that the settings name: their hosts may lie in a private network, too
    Raises UnusableInput for a place that does not do, AccessDenied for a secret's file.
    """

    def __init__(
        self, place: HttpPlace, *, headers: Mapping[str, str] | None = None, named: Sequence[str] = ()
    ) -> None:
        from trapstreet.plugins.sources._http_network import Ways

        self.home = address(place.url)
        self._place = place
        self._headers = login_of(place) | dict(headers or {})
        self._agent = header_value(place.agent, name="agent") or f"trapstreet/{__version__}"
        self._proxy = address(place.proxy) if place.proxy else None
        if self._proxy and self._proxy.scheme != "http":
            raise UnusableInput("proxy does not begin with http://", hint="like http://proxy.example:3128")
        self._proxy_login = proxy_login_of(place) if self._proxy else None
        hosts = {self.home.host, *(address(each).host for each in named)}
        self._ways = Ways(hosts | ({self._proxy.host} if self._proxy else set()), private=place.private)
        self._pools: dict[bool, httpcore.ConnectionPool] = {}
        self._making, self._closed = threading.Lock(), 0
        self._unanswered: dict[str, tuple[int, TrapstreetError]] = {}
        self._not_before: dict[str, float] = {}

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """What a server answers in the end, whatever its status but those below; to be closed.

        Raises Unreachable (no connection, no answer in time, six redirects), Later (429, or 403 and 503 that
        say when to come again), UnusableInput (a certificate that is not trusted, an address refused).
        """
        to = address(url)
        for _ in range(MOST_HOPS + 1):
            answer = self._answered(method, to, headers or {}, content)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            answer.skip()
            to = onward(to, location)
            if answer.status == 303 and method != "HEAD":
                method, content = "GET", b""
        raise Unreachable(
            f"{shown(to.host)} redirects again and again", hint="see where it leads, and give that address"
        )

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """What is there to be read. Raises as `ask` and `good` do."""
        return good(self.ask("GET", url, headers=headers))

    def readers(self, url: str) -> str:
        """Who may read what lies at a URL, in words, if it needs no login; "" where that is not known."""
        to = address(url)
        if self._headers and to.origin == self.home.origin:
            return ""
        if self._ways.lies_outside(to.host) or (self._proxy and not self._ways.named_privately(to.host)):
            return "everybody"
        return "everybody in the network" if self._ways.lies_outside(to.host) is False else ""

    def own_headers(self, method: str, to: Address) -> Mapping[str, str]:
        """What is sent with a request to the host and port of the place's URL, and to no other."""
        return self._headers

    def check(self, *urls: str) -> None:
        """Raises Later where a host, the place's own or that of another URL, asked to be left alone: else a
        listing would end as if all had gone well."""
        for host in {self.home.host, *(address(each).host for each in urls)}:
            wait = self._not_before.get(host, 0.0) - time.monotonic()
            if wait > 0:
                raise later(host, wait)

    def close(self) -> None:
        """Ends every connection, also those that other threads wait for. A later request makes another."""
        self._closed += 1
        with self._making:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _answered(self, method: str, to: Address, headers: Mapping[str, str], content: bytes) -> Answer:
        pauses, closed = iter((PAUSE, 4 * PAUSE) if method in _REPEATABLE else ()), self._closed
        while True:
            self.check(to.url)
            count, last = self._unanswered.get(to.host, (0, None))
            if last and count >= GIVEN_UP:
                raise type(last)(last.message, hint=last.hint)
            pause = next(pauses, None)
            try:
                answer = self._once(method, to, headers, content)
            except (Unreachable, UnusableInput) as error:
                if pause is None or not isinstance(error, _Broke) or self._closed != closed:
                    self._unanswered[to.host] = (count + 1, error)
                    raise
            else:
                self._unanswered.pop(to.host, None)
                wait = asked_to_wait(answer)
                if wait is None and (answer.status not in _TROUBLE or pause is None):
                    return answer
                answer.skip()
                if wait is not None and (wait > A_MOMENT or pause is None):
                    self._not_before[to.host] = time.monotonic() + wait
                    raise later(to.host, wait)
                pause = max(pause or 0.0, wait or 0.0)
            time.sleep(pause)

    def _once(self, method: str, to: Address, headers: Mapping[str, str], content: bytes) -> Answer:
        import httpcore

        from trapstreet.plugins.sources._http_network import SILENCE, Patience

        if self._proxy and self._ways.refuses_unseen(to.host):
            raise UnusableInput(
                f"{shown(to.host)} leads into a private network", hint="set private = true if that is meant"
            )
        paced(to.host, self._rate(to.host))
        patience: Any = Patience()
        limits = {"connect": patience, "read": patience, "write": patience, "pool": SILENCE}
        sent = {
            "Host": to.authority,
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        sent |= {**(self.own_headers(method, to) if to.origin == self.home.origin else {}), **headers}
        if content:
            sent["Content-Length"] = str(len(content))
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=to.scheme.encode(),
                host=to.host.encode(),
                port=None if to.usual else to.port,
                target=to.target.encode(),
            ),
            headers=list(sent.items()),
            content=content or None,
            extensions={"timeout": limits},
        )
        try:
            response = self._pool(to.scheme == "https").handle_request(request)
        except httpcore.ProxyError as error:
            raise AccessDenied(
                f"the proxy does not lead to {shown(to.host)}", hint="see what it allows, and its login"
            ) from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            ConnectionResetError,
            BrokenPipeError,
        ) as error:
            broke = failure(ConnectionResetError(), shown(to.host), to.port)
            raise _Broke(broke.message, hint=broke.hint) from error
        except (OSError, httpcore.TimeoutException) as error:
            slow = TimeoutError() if isinstance(error, httpcore.TimeoutException) else error
            raise failure(slow, shown(to.host), to.port) from error
        patience.answered()
        return Answer(to.url, response, patience, bare=method == "HEAD")

    def _rate(self, host: str) -> float:
        if self._place.rate > 0:
            return self._place.rate
        unseen = self._proxy is not None and not self._ways.named_privately(host)
        return POLITE if unseen or self._ways.lies_outside(host) else 0.0

    def _pool(self, tls: bool) -> "httpcore.ConnectionPool":
        import httpcore

        from trapstreet.plugins.sources._http_network import Backend

        with self._making:
            if tls not in self._pools:
                proxy = httpcore.Proxy(self._proxy.url, auth=self._proxy_login) if self._proxy else None
                self._pools[tls] = httpcore.ConnectionPool(
                    ssl_context=_context(self._place.ca) if tls else None,
                    proxy=proxy,
                    network_backend=Backend(self._ways),
                    max_connections=AT_ONCE,
                    keepalive_expiry=_IDLE,
                )
            return self._pools[tls]


def _context(ca: Path | None) -> SSLContext:
    return tls_context(ca) if ca else _everybodys()


@cache
def _everybodys() -> SSLContext:
    return tls_context(None)
