"""Accounts of a directory: Active Directory (Windows, Samba), OpenLDAP, FreeIPA and others that speak LDAP.

    ldaps://USER@HOST[:PORT][/BASE][?ca=FILE]    TLS from the start
    ldap://USER@HOST…                            StartTLS, the certificate verified as well
    ldap://DOMAIN%5CUSER@HOST                    without ca: sealed by NTLM or Kerberos

USER is percent-encoded, as the directory knows it: reader%40example.com, EXAMPLE%5Creader, or an entry's
name. The password is in TRAPSTREET_LDAP_PASSWORD. Any user may read most of an Active
Directory; what this one may not see is unknown.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from trapstreet.core.model.accounts import Flaw, Identities
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._connecting import tls_context
from trapstreet.plugins.identities import _ldap_active_directory as active_directory
from trapstreet.plugins.identities import _ldap_plain as plain
from trapstreet.plugins.identities._ldap_session import Entry, Refused, Session

title = "a directory (ldaps://user@host/)"
schemes = ("ldaps", "ldap")

PASSWORD = "TRAPSTREET_LDAP_PASSWORD"  # noqa: S105 - a variable's name
_PORTS = {"ldaps": 636, "ldap": 389}
_ROOT = (
    "defaultNamingContext", "namingContexts", "supportedCapabilities", "vendorName",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says."""

    scheme: str
    host: str
    port: int
    base: str
    user: str = field(repr=False)
    ca: Path | None

    @property
    def seals(self) -> bool:
        """Whether the login itself protects what is said. The server has no say in it: who stands between
        would talk us out of TLS."""
        return self.scheme == "ldap" and self.ca is None and "\\" in self.user

    @property
    def shown(self) -> str:
        """How people find it again."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}" + (f"/{self.base}" if self.base else "")


def identities(location: str, *, verifiers: bool) -> Identities:
    """The accounts of a directory. Raises Unreachable, AccessDenied, UnusableInput."""
    address = address_of(location)
    with _conversation(address) as session:
        root = _root(session)
        is_active = active_directory.CAPABILITY in root.texts("supportedCapabilities")
        if address.scheme == "ldap" and not address.seals:
            session.start_tls(tls_context(address.ca))
        found = Identities(address.shown, "")
        base = address.base or _base(root)
        if address.user and _answers_strangers(session, base):
            found.flaws.append((Flaw.ANONYMOUS_READ, f"below {base}"))
        if address.user:
            password = Protected(os.environ.get(PASSWORD, ""))
            (session.bind_sealed if address.seals else session.bind)(address.user, password)
            root = _root(session)  # strangers may not be told all of it
            base = address.base or _base(root)
        try:
            if is_active:
                active_directory.read(session, base, found, domain=_base(root) or base)
            else:
                plain.read(session, base, found, root, verifiers=verifiers)
        except Refused as refused:
            raise AccessDenied(
                f"{address.shown}: the directory does not answer (LDAP result {refused.code})",
                hint=f"give a user that may read below {base or 'the base'}",
            ) from None
    return found


def address_of(location: str) -> Address:
    """What a URL says. Raises UnusableInput."""
    parts = urlsplit(location)
    scheme = parts.scheme.lower()
    if parts.password is not None:
        raise UnusableInput(f"the {scheme} address holds a password", hint=f"take it out, and set {PASSWORD}")
    try:
        port = parts.port or _PORTS[scheme]
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        raise UnusableInput(f"the {scheme} address cannot be read", hint=f"write it as {scheme}://user@host/")
    ca = parse_qs(parts.query).get("ca")
    return Address(
        scheme, parts.hostname, port, unquote(parts.path.strip("/")), unquote(parts.username or ""),
        Path(ca[0]) if ca else None,
    )  # fmt: skip


@contextmanager
def _conversation(address: Address) -> Iterator[Session]:
    context = tls_context(address.ca) if address.scheme == "ldaps" else None
    with closing(Session(address.host, address.port, tls=context)) as session:
        yield session


def _base(root: Entry) -> str:
    return root.text("defaultNamingContext") or root.text("namingContexts") or ""


def _root(session: Session) -> Entry:
    """What the server says of itself, to anybody."""
    try:
        return session.entry("", _ROOT)
    except Refused:
        return Entry("", {})


def _answers_strangers(session: Session, base: str) -> bool:
    """Whether a person is shown to who has not logged in."""
    try:
        return any(session.search(base, "(objectClass=person)", ["1.1"], limit=1))
    except Refused:
        return False
