"""Logging in to an SMB server by NTLM, or as its guest."""

import logging
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._connecting import addresses
from trapstreet.plugins._smb.answers import in_time

_CONNECT_SECONDS = 20.0
_NOT_TAKEN = {
    0xC0000234: "the account is locked",
    0xC0000072: "the account is switched off",
    0xC0000071: "the password has expired",
    0xC0000193: "the account has expired",
    0xC000015B: "the account may not log in over the network",
}


@dataclass(frozen=True, slots=True)
class Server:
    """user: with its domain, DOMAIN\\user or user@domain; "" for the guest."""

    host: str
    port: int
    user: str = field(repr=False)
    password: Protected[str] | None


def connection_to(server: Server) -> Any:
    """The library's connection, not made yet. What users are told is signed; a guest has no key for that.

    Raises OSError where the server's name is not known in time.
    """
    from smbprotocol.connection import Connection

    for name in ("smbprotocol", "spnego"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they tell nothing that the errors do not
    addresses(server.host, server.port, private=True, until=time.monotonic() + _CONNECT_SECONDS)
    connection = Connection(uuid.uuid4(), server.host, server.port, require_signing=bool(server.user))
    connection.receive = in_time(connection.receive)
    return connection


def logged_in(connection: Any, server: Server) -> Any:
    """Connects, and the library's session. Raises AccessDenied, and what the library raises."""
    from smbprotocol.exceptions import SMBAuthenticationError, SMBException, SMBResponseException
    from smbprotocol.session import Session

    connection.connect(timeout=_CONNECT_SECONDS)
    user, password = server.user or "guest", server.password.reveal() if server.password else ""
    session = Session(connection, user, password, require_encryption=False, auth_protocol="ntlm")
    try:
        session.connect()
    except SMBResponseException as error:
        raise _not_let_in(server, _NOT_TAKEN.get(error.status, "user and password are not taken")) from None
    except SMBAuthenticationError:
        raise _not_let_in(server, "user and password are not taken") from None
    except SMBException:
        if connection.transport.connected and connection.session_table:
            raise _not_let_in(server, "it takes the user for a guest") from None  # who signs nothing
        raise
    return session


def _not_let_in(server: Server, why: str) -> AccessDenied:
    hint = "look at user, domain (DOMAIN\\user) and password" if server.user else "give a user and a password"
    return AccessDenied(f"{server.host} does not let us in: {why}", hint=hint)
