"""An ordinary mailbox: which servers it probably has, whether they let us in, and a mail sent through it."""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.listeners import mailbox

_SECONDS = 15.0
_MX_SECONDS = 3.0

ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(\.[\w-]+)*", re.ASCII)


class Server(NamedTuple):
    """A mail server; security is "tls", "starttls" or "plain"."""

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]


class Provider(NamedTuple):
    """What a provider of mailboxes has.

    mx     how its mail exchangers are called
    passwords  what kind it wants; "" for the mailbox's own
    token_url, scope  of OAuth 2.0
    """

    domains: tuple[str, ...]
    mx: str
    imap: str
    smtp: Server
    passwords: str = ""
    token_url: str = ""
    scope: str = ""


_APP = "an app password: make one in your account's security settings"
NONE = "none at all, but OAuth 2.0"
_PROVIDERS = (
    Provider(("gmail.com", "googlemail.com"), "google.com", "imap.gmail.com",
             Server("smtp.gmail.com", 587, "starttls"), _APP, "https://oauth2.googleapis.com/token"),
    Provider(("outlook.com", "hotmail.com", "live.com", "msn.com"), "outlook.com", "outlook.office365.com",
             Server("smtp.office365.com", 587, "starttls"), NONE,
             "https://login.microsoftonline.com/common/oauth2/v2.0/token",
             "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"),
    Provider(("yahoo.com", "ymail.com", "aol.com"), "yahoodns.net", "imap.mail.yahoo.com",
             Server("smtp.mail.yahoo.com", 465, "tls"), _APP),
    Provider(("icloud.com", "me.com", "mac.com"), "icloud.com", "imap.mail.me.com",
             Server("smtp.mail.me.com", 587, "starttls"), _APP),
    Provider(("fastmail.com", "fastmail.fm"), "messagingengine.com", "imap.fastmail.com",
             Server("smtp.fastmail.com", 465, "tls"), _APP),
    Provider(("zoho.com", "zoho.eu"), "zoho.com", "imap.zoho.com", Server("smtp.zoho.com", 465, "tls"), _APP),
    Provider(("gmx.de", "gmx.net", "gmx.at", "gmx.ch"), "gmx.net", "imap.gmx.net",
             Server("mail.gmx.net", 465, "tls")),
    Provider(("gmx.com",), "gmx.com", "imap.gmx.com", Server("mail.gmx.com", 465, "tls")),
    Provider(("web.de",), "web.de", "imap.web.de", Server("smtp.web.de", 587, "starttls")),
    Provider(("mailbox.org",), "mailbox.org", "imap.mailbox.org", Server("smtp.mailbox.org", 465, "tls")),
    Provider(("posteo.de", "posteo.net"), "posteo.de", "posteo.de", Server("posteo.de", 465, "tls")),
    Provider((), "ionos.de", "imap.ionos.de", Server("smtp.ionos.de", 465, "tls")),
    Provider((), "ionos.co.uk", "imap.ionos.co.uk", Server("smtp.ionos.co.uk", 465, "tls")),
    Provider((), "ovh.net", "ssl0.ovh.net", Server("ssl0.ovh.net", 465, "tls")),
    Provider((), "gandi.net", "mail.gandi.net", Server("mail.gandi.net", 465, "tls")),
    Provider((), "emailsrvr.com", "secure.emailsrvr.com", Server("secure.emailsrvr.com", 465, "tls")),
)  # fmt: skip


def provider_of(domain: str) -> Provider | None:
    """Who runs the mailboxes of a domain: known by name, else by the names of its mail exchangers (a look-up
    of the domain at the resolvers of this machine)."""
    domain = domain.lower()
    for each in _PROVIDERS:
        if domain in each.domains:
            return each
    exchangers = _exchangers(domain)
    for each in _PROVIDERS:
        if any(name == each.mx or name.endswith(f".{each.mx}") for name in exchangers):
            return each
    return None


def imap_servers(domain: str, provider: Provider | None) -> list[Server]:
    """Where a domain's mailboxes probably are read, the likeliest first."""
    hosts = [provider.imap] if provider else [f"imap.{domain}", f"mail.{domain}", domain]
    return [*(Server(host, 993, "tls") for host in hosts), *(Server(host, 143, "starttls") for host in hosts)]


def smtp_servers(domain: str, provider: Provider | None, *, imap: str) -> list[Server]:
    """Where mail from a domain's mailboxes probably is sent, the likeliest first."""
    if provider:
        return [provider.smtp]
    hosts = list(dict.fromkeys((f"smtp.{domain}", f"mail.{domain}", imap)))
    return [*(Server(host, 465, "tls") for host in hosts), *(Server(host, 587, "starttls") for host in hosts)]


def named_servers(text: str, *, tls: int, starttls: int) -> list[Server]:
    """The server that a person named, as "host" or "host:port", with TLS in either way; without it only on
    this machine. Raises UnusableInput."""
    found = re.fullmatch(r"([\w.-]+)(?::(\d{1,5}))?", text.strip(), re.ASCII)
    if not found:
        raise UnusableInput(f"{text!r} is no mail server", hint="write it like imap.you.example or host:993")
    host, port = found[1], int(found[2] or 0)
    ways = [Server(host, port or tls, "tls"), Server(host, port or starttls, "starttls")]
    return [*ways, Server(host, port or starttls, "plain")] if is_here(host) else ways


def answering(servers: Sequence[Server]) -> list[Server]:
    """Those at which something answers."""
    found, known = [], dict[tuple[str, int], bool]()
    for each in servers:
        place = each.host, each.port
        if place not in known:
            known[place] = _answers(*place)
        if known[place]:
            found.append(each)
    return found


def reach_imap(servers: Sequence[Server], login: mailbox.Settings) -> mailbox.Settings:
    """Settings with which the mailbox can be read: those of the first server that lets us in, and its junk.

    login  how to log in
    Raises Unreachable where none answers, AccessDenied where one refuses.
    """
    worst: TrapstreetError | None = None
    for each in servers:
        given = replace(login, host=each.host, port=each.port, security=each.security)
        try:
            found = mailbox.look(given)
        except AccessDenied:
            raise
        except TrapstreetError as error:
            worst = worst or error
            continue
        return replace(given, folders=("INBOX", found.junk)) if found.junk else given
    raise worst or Unreachable("no IMAP server answers", hint="name it")


class Sender(NamedTuple):
    """A mailbox's way out: where mails are given to, and by whom; `address` is the sender's."""

    server: Server
    user: str
    address: str
    password: Protected[str]
    ca: Path | None = None

    def check(self) -> None:
        """Log in, and nothing more. Raises Unreachable, AccessDenied, UnusableInput."""
        with _explained(self.server), self._client():
            pass

    def send(self, mail: EmailMessage) -> None:
        """Give a mail to the server. Raises as `check` does."""
        with _explained(self.server), self._client() as client:
            client.send_message(mail, from_addr=self.address)

    @contextmanager
    def _client(self) -> Iterator[smtplib.SMTP]:
        host, port, security = self.server
        context = ssl.create_default_context(cafile=self.ca)
        name = "[127.0.0.1]"
        if security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=_SECONDS, context=context)
        else:
            client = smtplib.SMTP(host, port, name, timeout=_SECONDS)
        try:
            if security == "starttls":
                client.starttls(context=context)
            client.ehlo()
            self._log_in(client)
            yield client
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()

    def _log_in(self, client: smtplib.SMTP) -> None:
        """AUTH PLAIN, or LOGIN where that alone is offered (RFC 4954); smtplib's own takes ASCII alone."""
        offered = client.esmtp_features.get("auth", "").upper().split()
        password = self.password.reveal()
        if "PLAIN" in offered or not offered:
            code, _ = client.docmd("AUTH", f"PLAIN {_base64(chr(0).join(('', self.user, password)))}")
        else:
            client.docmd("AUTH", f"LOGIN {_base64(self.user)}")
            code, _ = client.docmd(_base64(password))
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, b"")


def reach_smtp(senders: Sequence[Sender]) -> Sender:
    """The first that lets us in. Raises AccessDenied where one refuses, Unreachable where none answers."""
    worst: TrapstreetError | None = None
    for each in senders:
        try:
            each.check()
        except AccessDenied:
            raise
        except TrapstreetError as error:
            worst = worst or error
            continue
        return each
    raise worst or Unreachable("no SMTP server answers", hint="name it")


def trial_mail(sender: str, recipient: str) -> EmailMessage:
    """A mail such as anybody may write, to try an address with."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, "Hello"
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    mail.set_content("This mail tries whether mails to this address are heard.\n")
    return mail


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


@contextmanager
def _explained(server: Server) -> Iterator[None]:
    host, port, _ = server
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        hint = "look at the password; many providers want one made for programs (app password)"
        raise AccessDenied(f"{host} refuses the login ({error.smtp_code})", hint=hint) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise UnusableInput(f"{host} refuses the recipient ({code})", hint="see whether it exists") from None
    except smtplib.SMTPResponseException as error:
        raise UnusableInput(f"{host} answers {error.smtp_code}", hint="see what it lets you send") from None
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message or "not valid"
        what = f"{host} shows a certificate that is not trusted ({why})"
        raise UnusableInput(what, hint="name its authority with --ca") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(
            f"{host} port {port} cannot be reached", hint="look at the server's name"
        ) from error


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_SECONDS / 3).close()
    except (OSError, UnicodeError):
        return False
    return True


def _exchangers(domain: str) -> list[str]:
    """The names of the mail exchangers, lower case; [] where nobody knows."""
    from dnslib import DNSRecord

    try:
        found = re.search(r"^nameserver\s+(\S+)", Path("/etc/resolv.conf").read_text(), re.MULTILINE)
        if not found:
            return []
        asked = DNSRecord.question(domain.encode("idna").decode(), "MX")
        answer = DNSRecord.parse(asked.send(found[1], 53, timeout=_MX_SECONDS))
        return [str(each.rdata.label).lower().rstrip(".") for each in answer.rr if each.rtype == 15]
    except Exception:  # noqa: BLE001  a guess: whatever went wrong, the server is asked for instead
        return []


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
