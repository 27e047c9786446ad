"""Conversations with LDAP servers: only reading, in pages, and never a password in the clear."""

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.identities._ldap_wire import LONGEST, Wire

if TYPE_CHECKING:
    from sansldap import LDAPMessage, LDAPResult

PAGE = 1000
_ALL_SECONDS = 900.0
_START_TLS = "1.3.6.1.4.1.1466.20037"
_GOES_ON, _TOO_MANY, _CUT = 14, 4, frozenset({3, 4, 11})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its name, and its attributes by lower-case names."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, attribute: str) -> list[str]:
        """All values, as text; what is no text is replaced."""
        return [each.decode(errors="replace") for each in self.values.get(attribute.lower(), ())]

    def text(self, attribute: str) -> str | None:
        """The first value; None: there is none that may be seen."""
        return next(iter(self.texts(attribute)), None)

    def number(self, attribute: str) -> int | None:
        """The first value as a number; None: none that may be seen, or no number."""
        text = self.text(attribute)
        try:
            return int(text) if text is not None and len(text) < 30 else None
        except ValueError:
            return None


class Refused(Exception):
    """What a server answers instead of what was asked: an LDAP result code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Session:
    """A conversation. Raises Unreachable where the other side is silent, breaks off or talks nonsense."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None) -> None:
        from sansldap import LDAPClient

        self._host = host
        self._client = LDAPClient()
        self._until = time.monotonic() + _ALL_SECONDS
        self._wire = Wire(host, port, tls=tls)

    def close(self) -> None:
        self._wire.close()

    def start_tls(self, tls: ssl.SSLContext) -> None:
        """Go on over TLS. Raises UnusableInput where the server has none."""
        from sansldap import ExtendedResponse

        answer = self._answer(self._client.extended_request(_START_TLS))
        if not isinstance(answer, ExtendedResponse) or answer.result.result_code != 0:
            raise UnusableInput(
                f"{self._host} does not start TLS", hint="use ldaps://, or give it a certificate"
            )
        self._wire.protect(tls)
        self._forget_what_was_said_openly()

    def bind(self, user: str, password: Protected[str]) -> None:
        """Log in by name and password, over TLS only. Raises AccessDenied."""
        if not self._wire.is_encrypted:
            raise UnusableInput(f"{self._host}: no password is sent without TLS", hint="use ldaps://")
        if not password.reveal():  # servers take that for somebody who does not log in at all
            raise AccessDenied(f"no password for {self._host}", hint="set TRAPSTREET_LDAP_PASSWORD")
        self._bound(self._answer(self._client.bind_simple(user, password.reveal())))

    def bind_sealed(self, user: str, password: Protected[str]) -> None:
        """Log in by NTLM or Kerberos, and seal what is said from then on. Raises AccessDenied."""
        import spnego
        from sansldap import BindResponse
        from spnego.exceptions import SpnegoError

        try:
            context = spnego.client(user, password.reveal(), hostname=self._host, service="ldap")
            token = context.step()
            while token is not None:
                answer = self._answer(self._client.bind_sasl("GSS-SPNEGO", None, token))
                if not isinstance(answer, BindResponse):
                    raise self._wire.nonsense()
                if answer.result.result_code != _GOES_ON:
                    self._bound(answer)
                given = answer.server_sasl_creds
                token = context.step(given) if given else None
                if answer.result.result_code == 0:
                    break
        except SpnegoError:
            raise AccessDenied(f"{self._host}: no login by NTLM or Kerberos", hint="use ldaps://") from None
        if not context.complete or not context.context_attr & spnego.ContextReq.confidentiality:
            raise AccessDenied(f"{self._host}: the login did not end as it should", hint="use ldaps://")
        self._forget_what_was_said_openly()
        self._wire.seal(context)

    def search(
        self, base: str, filter_: str, attributes: Sequence[str], *, scope: int = 2, limit: int = 0
    ) -> Iterator[Entry]:
        """What fits below a base, page by page. scope: 0 the base itself, 2 all below it.

        Raises Refused where the server does not answer that, after what it did answer.
        """
        from sansldap import LDAPFilter, PagedResultControl, SearchResultDone, SearchResultEntry

        cookie = b""
        while True:
            paged = bool(scope) and not limit
            asked = self._client.search_request(
                base,
                scope,
                size_limit=limit,
                filter=LDAPFilter.from_string(filter_),
                attributes=list(attributes),
                controls=[PagedResultControl(critical=False, size=PAGE, cookie=cookie)] if paged else [],
            )
            page: list[Entry] = []  # whole before any of it is told: the caller may search in between
            for message in self._messages(asked):
                if isinstance(message, SearchResultEntry):
                    values = {each.name.lower(): each.values for each in message.attributes}
                    page.append(Entry(message.object_name, values))
                elif isinstance(message, SearchResultDone):
                    break
            yield from page
            code = int(message.result.result_code) if isinstance(message, SearchResultDone) else -1
            if code != 0 and not (limit and code == _TOO_MANY):
                raise Refused(code)
            found = [each for each in message.controls if isinstance(each, PagedResultControl)]
            if not found or not found[0].cookie:
                return
            cookie = found[0].cookie

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry:
        """One entry, empty where nothing of it may be seen. Raises Refused."""
        return next(iter([*self.search(dn, "(objectClass=*)", attributes, scope=0)]), Entry(dn, {}))

    def listed(
        self, base: str, filter_: str, attributes: Sequence[str], *, unknown: list[str], what: str
    ) -> Iterator[Entry]:
        """As `search`; what is missing is noted in `unknown`, in which `what` says what was looked for."""
        try:
            yield from self.search(base, filter_, attributes)
        except Refused as refused:
            cut = refused.code in _CUT
            why = "the directory cut the list" if cut else f"refused (LDAP result {refused.code})"
            unknown.append(f"{what}: {why}")

    def _forget_what_was_said_openly(self) -> None:
        """Half a message of somebody between us and the server must not begin the first protected one."""
        from sansldap import LDAPClient

        self._client = LDAPClient()

    def _bound(self, answer: "LDAPMessage") -> None:
        result: LDAPResult | None = getattr(answer, "result", None)
        code = int(result.result_code) if result else -1
        if code == 0:
            return
        hints = {
            8: "it wants TLS or sealing: use ldaps://",
            13: "it wants TLS: use ldaps://",
            49: "check the user, and TRAPSTREET_LDAP_PASSWORD",
        }
        raise AccessDenied(
            f"{self._host}: the directory refused the login (LDAP result {code})",
            hint=hints.get(code, "check the user, its name as the directory writes it, and the password"),
        )

    def _answer(self, asked: int) -> "LDAPMessage":
        return next(self._messages(asked))

    def _messages(self, asked: int) -> "Iterator[LDAPMessage]":
        """The answers to a request. The caller knows which one is the last."""
        from sansldap import ProtocolError

        self._wire.send(self._client.data_to_send())
        since = 0
        while True:
            if time.monotonic() > self._until:
                raise Unreachable(
                    f"{self._host} took longer than {_ALL_SECONDS / 60:.0f} minutes",
                    hint="ask for less: name a base",
                )
            data = self._wire.received()
            since += len(data)
            try:
                messages = self._client.receive(data)
            except (ProtocolError, RecursionError, MemoryError):
                raise self._wire.nonsense() from None
            if messages:
                since = 0
            if since > LONGEST:
                raise self._wire.nonsense()
            yield from (each for each in messages if each.message_id == asked)
