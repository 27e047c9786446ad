"""Mail, given to a mail server of yours.

Plain text alone, in which nothing can be clicked at. One message goes to all recipients of the route. Its
Message-ID comes from its key, so what drops mails that it has seen shows it once; mails about one case refer
to each other.
"""

import base64
import hashlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._connecting import SECONDS, addresses, connected, failure, tls_context
from trapstreet.plugins._oauth import LoginKeys, Tokens, tokens_of
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.notifiers import Partly
from trapstreet.plugins.notifiers._words import paragraphs, spelled_out, subject

title = "mail"
reveals = (
    "Every alert in words goes to the recipients, through your mail server and theirs: who reads their mail "
    "reads that a decoy was used."
)

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(\.[\w-]+)*", re.ASCII)
_END = "\1"
"""Of a field of OAUTHBEARER and XOAUTH2."""
_BETWEEN = "\n\n" + "-" * 40 + "\n\n"


class Settings(LoginKeys, frozen=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """Keys of a route of this kind.

    host, port   the mail server
    from         the sender's address;  to  the recipients'
    user         who logs in, with the LoginKeys; without a user nobody does
    security     "starttls", "tls" (from the first byte, port 465 as a rule) or "none" (this machine alone)
    ca           PEM file of the authority that its certificate is from, where that is your own
    """

    host: str
    sender: str
    to: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    user: str = ""
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca: Path | None = None


settings = Settings


def notifier(settings: Settings) -> "Mail":
    for address in (settings.sender, *settings.to):
        if not _ADDRESS.fullmatch(address):
            raise UnusableInput(f"{address!r} is no mail address", hint="write it like security@you.example")
    tls = None if settings.security == "none" else tls_context(settings.ca)
    return Mail(settings, _login(settings), tls)


def _login(settings: Settings) -> Protected[str] | Tokens | None:
    """A password, or where tokens come from; None where nobody logs in."""
    if not settings.user:
        if settings.password_file or settings.token_url or settings.refresh_token_file:
            raise UnusableInput("a login without a user", hint="give user, or leave out password and tokens")
        return None
    if tokens := tokens_of(settings, tls_context(settings.ca)):
        return tokens
    assert settings.password_file  # noqa: S101  else there are tokens
    return secret(settings.password_file, what="the password")


class Mail:
    """Gives mails to one mail server, for the same recipients."""

    def __init__(
        self, settings: Settings, login: Protected[str] | Tokens | None, tls: ssl.SSLContext | None
    ) -> None:
        self._settings, self._login, self._tls = settings, login, tls

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        client = _Client(self._settings, self._tls)
        try:
            with client.watched():
                self._give(client, notices, key)
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, self._settings.host) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            gone = ConnectionError() if isinstance(error, smtplib.SMTPServerDisconnected) else error
            raise failure(client.late() or gone, self._settings.host, self._settings.port) from None
        finally:
            client.close()

    def without(self, done: Mapping[str, Sequence[str]]) -> "Mail | None":
        left = tuple(each for each in self._settings.to if each not in done.get("to", ()))
        return (
            Mail(msgspec.structs.replace(self._settings, to=left), self._login, self._tls) if left else None
        )

    def _give(self, client: "_Client", notices: Sequence[Notice], key: str) -> None:
        client.begin()
        if isinstance(self._login, Tokens):
            self._log_in(client, self._login)
        elif self._login:
            client.log_in(self._settings.user, self._login)
        _expect(client.mail(self._settings.sender), 250)
        answers = {recipient: client.rcpt(recipient)[0] for recipient in self._settings.to}
        failed = {recipient: code for recipient, code in answers.items() if code not in (250, 251)}
        if len(failed) == len(answers):
            raise smtplib.SMTPResponseException(min(failed.values()), b"")
        later = [recipient for recipient, code in failed.items() if _passes(code)]
        mail = composed(notices, key=key, settings=self._settings, refused=len(failed) - len(later))
        _expect(client.data(written(mail)), 250)
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        if later:
            what = f"{self._settings.host} put off {len(later)} of {len(answers)} recipients"
            done = [recipient for recipient in answers if recipient not in later]
            raise Partly(what, hint="see what is wrong there", done={"to": done})

    def _log_in(self, client: "_Client", tokens: Tokens) -> None:
        try:
            client.log_in_with(self._settings.user, tokens.access())
        except smtplib.SMTPResponseException:
            tokens.forget()
            raise


def composed(notices: Sequence[Notice], *, key: str, settings: Settings, refused: int = 0) -> EmailMessage:
    """The mail. It says so where the server refused some of the recipients for good."""
    told, more = spelled_out(notices)
    parts = ["\n\n".join(paragraphs(notice)) for notice in told]
    if more:
        parts.append(more)
    if refused:
        parts.append(
            f"The mail server refused {refused} of {len(settings.to)} recipients of this mail: they have not "
            "been told. Mend the addresses of this route."
        )
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"trapstreet <{settings.sender}>"
    mail["To"] = ", ".join(settings.to)
    mail["Subject"] = f"[trapstreet] {subject(notices)}"
    mail["Date"] = formatdate()
    mail["Message-ID"] = _id("message", key, settings)
    if len({notice.case for notice in notices}) == 1:
        mail["References"] = _id("case", notices[0].case, settings)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_BETWEEN.join(parts) + "\n", cte="quoted-printable")
    return mail


def written(mail: EmailMessage) -> bytes:
    """The mail as it goes to the server."""
    # The standard library folds a long subject so that its first line is empty, which filters of spam count
    # against it; one that needs encoding has to be folded, and is folded well.
    return mail.as_bytes(policy=SMTP.clone(max_line_length=250) if mail["Subject"].isascii() else SMTP)


class _Client(smtplib.SMTP):
    """Connects as `plugins._connecting` does, and not beyond its time."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None) -> None:
        name = socket.gethostname()
        super().__init__(local_hostname=name if re.fullmatch(r"[\w-]+(\.[\w-]+)+", name) else "[127.0.0.1]")
        self._host = settings.host  # whom starttls verifies
        self._settings, self._tls = settings, tls
        self._until = time.monotonic() + SECONDS

    def begin(self) -> None:
        """Connect, and speak TLS."""
        _expect(self.connect(self._settings.host, self._settings.port), 220)
        if self._settings.security == "starttls":
            self.ehlo()
            if not self.has_extn("starttls"):
                raise UnusableInput(
                    f"{self._settings.host} offers no STARTTLS", hint='see the port; 465 has security = "tls"'
                )
            _expect(self.starttls(context=self._tls), 220)
        self.ehlo_or_helo_if_needed()

    def log_in(self, user: str, password: Protected[str]) -> None:
        """AUTH PLAIN (RFC 4616), or LOGIN where that alone is offered; smtplib's own knows ASCII alone."""
        offered = self._offered()
        if "PLAIN" in offered:
            answer = self.docmd("AUTH", f"PLAIN {_base64(chr(0).join(('', user, password.reveal())))}")
        elif "LOGIN" in offered:
            _expect(self.docmd("AUTH", f"LOGIN {_base64(user)}"), 334)
            answer = self.docmd(_base64(password.reveal()))
        else:
            raise UnusableInput(
                f"{self._settings.host} offers no login by password", hint="see security and port"
            )
        _expect(answer, 235)

    def log_in_with(self, user: str, token: str) -> None:
        """AUTH by OAuth 2.0: OAUTHBEARER (RFC 7628) where the server has it, else XOAUTH2."""
        offered, bearer = self._offered(), f"auth=Bearer {token}"
        host, port = f"host={self._settings.host}", f"port={self._settings.port}"
        if "OAUTHBEARER" in offered:
            answer = self._says("OAUTHBEARER", f"n,a={user},", host, port, bearer)
        elif "XOAUTH2" in offered:
            answer = self._says("XOAUTH2", f"user={user}", bearer)
        else:
            raise UnusableInput(
                f"{self._settings.host} offers no login by OAuth 2.0", hint="see security and port"
            )
        if answer[0] == 334:  # why it is refused, which we have to acknowledge
            answer = self.docmd(_base64(_END))
        _expect(answer, 235)

    def _says(self, mechanism: str, *parts: str) -> tuple[int, bytes]:
        return self.docmd("AUTH", f"{mechanism} {_base64(_END.join((*parts, '', '')))}")

    def _offered(self) -> list[str]:
        return self.esmtp_features.get("auth", "").upper().split()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the connection is cut when its time is over: smtplib limits each read alone."""
        done = threading.Event()

        def cut() -> None:
            done.wait(max(self._until - time.monotonic(), 0))
            while not done.wait(0.1):
                with suppress(OSError, AttributeError, TypeError):
                    socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # type: ignore[arg-type]

        watching = threading.Thread(target=cut, daemon=True)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()

    def late(self) -> TimeoutError | None:
        """What ended it, if that was its time."""
        return TimeoutError() if time.monotonic() >= self._until else None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        at = addresses(host, port, private=True, until=self._until)
        if self._settings.security == "none" and not all(ip_address(each).is_loopback for each in at):
            raise UnusableInput(
                f"{host} is not this machine, and security is none", hint="use starttls or tls"
            )
        opened = connected(at, port, until=self._until)
        if self._tls and self._settings.security == "tls":
            return self._tls.wrap_socket(opened, server_hostname=host)
        return opened


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _expect(answer: tuple[int, bytes], code: int) -> None:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(answer[0], b"")


def _refusal(code: int, host: str) -> TrapstreetError:
    """What a reply of a mail server means; its words are not shown."""
    what = f"{host} answered {code}"
    if code in (530, 534, 535, 538):
        return AccessDenied(what, hint="see user, and password_file or tokens")
    if _passes(code):
        return Unreachable(what, hint="see what is wrong there")
    return UnusableInput(what, hint="see whether it takes mail from this sender to these recipients")


def _passes(code: int) -> bool:
    """Whether it may go better later; -1 is an answer that is none."""
    return 400 <= code < 500 or code <= 0


def _id(what: str, text: str, settings: Settings) -> str:
    digest = hashlib.sha256(f"{what} {text}".encode()).hexdigest()[:32]
    return f"<{digest}@{settings.sender.rpartition('@')[2]}>"
