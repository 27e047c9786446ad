"""Mails given to a mail server of the mailbox's, in each way that providers have."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult, LoginPassword

from servers import _free_port
from traps import certificate
from trapstreet.app.mailing import Sender, Server, reach_smtp, trial_mail
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.protected import Protected

PASSWORD = 'pass "wörd" 1'
pytestmark = pytest.mark.filterwarnings("ignore:.*login_data is deprecated", "ignore:.*Requiring AUTH while")


class Kept(Sink):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"


@contextmanager
def server(
    tls: dict[str, Path], security: str, *, without: tuple[str, ...] = ()
) -> Iterator[tuple[int, Kept]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls["certificate"], tls["key"])
    kept = Kept()
    controller = Controller(
        kept,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=context if security == "tls" else None,
        tls_context=context if security == "starttls" else None,
        require_starttls=security == "starttls",
        auth_required=True,
        auth_require_tls=security == "starttls",
        auth_exclude_mechanism=without,
        authenticator=_authenticated,
    )
    controller.start()
    try:
        yield controller.port, kept
    finally:
        controller.stop()


def _authenticated(*given: object) -> AuthResult:
    login = given[-1]
    assert isinstance(login, LoginPassword)
    good = login == LoginPassword(b"maria", PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, Path]:
    return certificate(tmp_path, name="localhost", alternative="localhost")


def sender(port: int, security: Any, tls: dict[str, Path], *, password: str = PASSWORD) -> Sender:
    ca = tls["certificate"] if tls else None
    return Sender(Server("localhost", port, security), "maria", "m@you.example", Protected(password), ca)


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
@pytest.mark.parametrize("without", [(), ("PLAIN",)], ids=["PLAIN", "LOGIN"])
def test_a_mail_goes_out(security: str, without: tuple[str, ...], tls: dict[str, Path]) -> None:
    with server(tls, security, without=without) as (port, kept):
        ways = [sender(port, each, tls) for each in ("tls", "starttls", "plain")]
        found = reach_smtp(ways if security != "plain" else ways[2:])
        assert found.server.security == security
        found.send(trial_mail("m@you.example", "m+x@you.example"))
    (mail,) = kept.mails
    assert b"To: m+x@you.example\r\n" in mail
    assert b"From: m@you.example\r\n" in mail


def test_a_wrong_password_is_no_reason_to_try_another_way(tls: dict[str, Path]) -> None:
    with server(tls, "starttls") as (port, kept):
        wrong = sender(port, "starttls", tls, password="wr0ng")
        with pytest.raises(AccessDenied, match="localhost refuses the login \\(535\\)") as said:
            reach_smtp([wrong, sender(port, "starttls", tls)])
    assert "wr0ng" not in f"{said.value!r} {wrong!r}"
    assert not kept.mails


def test_a_certificate_of_ones_own_has_to_be_named(tls: dict[str, Path]) -> None:
    with (
        server(tls, "tls") as (port, _),
        pytest.raises(UnusableInput, match=r"certificate that is not trusted.*--ca"),
    ):
        sender(port, "tls", {}).check()


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(Unreachable, match="localhost port 1 cannot be reached"):
        reach_smtp([sender(1, "tls", {}), sender(1, "starttls", {})])
