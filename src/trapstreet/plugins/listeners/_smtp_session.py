"""One SMTP connection: aiosmtpd reads, and what it would say of itself is said as an ordinary MTA says it."""

# ruff: noqa: N802, N815 — aiosmtpd finds the method of a command by its name

import asyncio
import logging
import secrets
from contextlib import suppress
from email.errors import HeaderParseError
from typing import Any, NoReturn

from aiosmtpd.smtp import SMTP

from trapstreet.core.model.hit import Hit
from trapstreet.core.model.words import printable
from trapstreet.plugins.listeners import Done
from trapstreet.plugins.listeners._connections import Connection
from trapstreet.plugins.listeners._smtp_mail import Content
from trapstreet.plugins.listeners._smtp_post import Named, Post, raw
from trapstreet.plugins.listeners._tls import HANDSHAKE_SECONDS, Certificate, handshake_facts

LINE = 2048
"""Bytes of a command."""

PATH = 320
"""Bytes of an address; reading one takes time that grows with the square of its length, here 3 ms at most."""

ERRORS = 20
"""Replies of refusal after which a connection is closed."""

LONGEST = 1800.0
"""Seconds of a connection, however busy: who named somebody is heard when it ends."""

_FAREWELL = 5.0
_GREETINGS = 16
_STEADY = 256 << 10
"""Bytes of a mail that have to come within a timeout."""

_SENDER = {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"}
_RECIPIENT = {"NOTIFY", "ORCPT"}
_ORDINARY = {
    "500 Error: bad syntax": "500 5.5.2 Error: bad syntax",
    "500 Command line too long": "500 5.5.2 Error: line too long",
}
"""What the library says where no method of ours is asked."""

_log = logging.getLogger("trapstreet.trap")

# The library logs addresses and commands, which are nobody's business but the worker's.
logging.getLogger("mail.log").disabled = True


class Session(SMTP):
    """Hears each mail before it says that it took it, and what else was named when the connection ends.

    Facts of both: "local", "connected", "helo" (with the command), those of TLS, "mail-from", "rcpt-to",
    "rcpt-refused" and "vrfy" as they were sent with their parameters, each in the order in which it came.
    Of a mail also what `Content` says and "answer", with the queue id that the sender's own log has; of one
    that broke off, "unfinished".
    """

    line_length_limit = LINE
    command_size_limit = LINE

    def __init__(self, post: Post) -> None:
        super().__init__(
            None,
            hostname=post.host,
            ident="ESMTP Postfix",
            enable_SMTPUTF8=True,
            timeout=post.timeout,
            loop=asyncio.get_running_loop(),
        )
        self._smtp_methods = _Commands(self._smtp_methods, unknown=self._unknown, other=self._not_smtp)
        self._post = post
        self._place: Connection | None = None
        self._greeting: list[tuple[str, bytes]] = []
        self._peer: tuple[str, int] = ("", 0)
        self._mail: Named | None = None
        self._content: Content | None = None
        self._probes = Named()
        self._errors = 0
        self._until = self.loop.time() + LONGEST
        self._secure = False

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._handler_coroutine:
            self._handler_coroutine.add_done_callback(_ended)
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._peer = (peer[0], peer[1]) if peer else ("", 0)
        if local:
            self._greeting.append(("local", f"{local[0]} {local[1]}".encode()))
        self._greeting.append(("connected", b"%d" % self._post.now()))
        self._post.sessions.add(self)
        self._place = self._post.connections.enter(self._peer[0], transport.abort)  # type: ignore[attr-defined]

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._place:
            self._post.connections.leave(self._place)
        self._post.sessions.discard(self)
        self._leave()

    def eof_received(self) -> bool | None:
        """Who says all at once and then listens is answered: only reading ends here, not the session."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def dismiss(self) -> None:
        """Say good-bye: the listener is closed."""
        self._last_words(f"421 4.3.2 {self._post.host} Service shutting down")

    def _timeout_cb(self) -> None:
        self._last_words(f"421 4.4.2 {self._post.host} Error: timeout exceeded")

    def _last_words(self, text: str) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(text.encode() + b"\r\n")
            self._close()

    def _close(self) -> None:
        """Close once all is sent, or when nobody reads it for too long."""
        if self.transport is not None:
            self.transport.close()
            self.loop.call_later(_FAREWELL, self.transport.abort)  # type: ignore[attr-defined]

    def _reset_timeout(self, duration: float | None = None) -> None:
        left = max(self._until - self.loop.time(), 0.001)
        super()._reset_timeout(min(left, duration or self._post.timeout))
        if self._place:
            self._post.connections.heard(self._place)

    async def push(self, status: str | bytes | None) -> None:
        if status is None:
            return
        # Of commands that come at once each waits its turn among all connections. Not after the reply to
        # STARTTLS is written: what comes from then on is the handshake.
        await asyncio.sleep(0)
        text = status.decode(errors="surrogateescape") if isinstance(status, bytes) else status
        text = _ORDINARY.get(text, text)
        self._errors += text[0] in "45"
        self._writer.write(raw(text) + b"\r\n")
        await self._writer.drain()
        if self._errors >= ERRORS:
            self._last_words(f"421 4.7.0 {self._post.host} Error: too many errors")
            self._end()

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, asyncio.IncompleteReadError | OSError):
            self._end()
        _log.error("an SMTP session met %s", type(error).__name__)
        return "451 4.3.0 Error: queue file write error"

    def _end(self) -> NoReturn:
        self._close()
        raise asyncio.CancelledError

    # Hearing

    def _hear(self, named: Named, *more: tuple[str, bytes]) -> Done:
        facts = (*self._greeting, *named.facts, *more)
        return self._post.keep(Hit("smtp", self._post.now(), *self._peer, tuple(named.names), facts))

    async def _hear_probes(self) -> None:
        """Those who named somebody and sent nothing."""
        probes, self._probes = self._probes, Named()
        if probes.names:
            with suppress(OSError):
                await self._hear(probes)

    def _abandon(self) -> None:
        if self._mail:
            self._probes.absorb(self._mail)
        self._mail = None

    def _leave(self) -> None:
        if self._content and self._mail:
            self._content.add(bytes(self._reader._buffer))  # type: ignore[attr-defined]
            self._content.end()
            self._hear(self._mail, *self._content.facts(), ("unfinished", b""))
            self._mail = self._content = None
        self._abandon()
        if self._probes.names:
            self._hear(self._probes)
        self._probes = Named()

    # Commands, with the replies of Postfix

    async def smtp_HELO(self, arg: str | None) -> None:
        if not arg:
            await self.push("501 Syntax: HELO hostname")
            return
        self._greet("HELO", arg)
        await self.push(f"250 {self._post.host}")

    async def smtp_EHLO(self, arg: str | None) -> None:
        if not arg:
            await self.push("501 Syntax: EHLO hostname")
            return
        self._greet("EHLO", arg)
        words = ["PIPELINING", f"SIZE {self._post.largest}", "VRFY", "ETRN"]
        if self._post.certificate and not self._secure:
            words.append("STARTTLS")
        words += ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8"]
        lines = [f"250-{line}" for line in (self._post.host, *words[:-1])]
        await self.push("\r\n".join([*lines, f"250 {words[-1]}"]))

    def _greet(self, command: str, arg: str) -> None:
        self._abandon()
        if len(self._greeting) < _GREETINGS:
            self._greeting.append(("helo", raw(f"{command} {arg}")))

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        if arg:
            await self.push("501 5.5.4 Syntax: STARTTLS")
        elif self._secure:
            await self.push("554 5.5.1 Error: TLS already active")
        elif not self._post.certificate:
            await self.push("502 5.5.1 Error: command not implemented")
        else:
            await self.push("220 2.0.0 Ready to start TLS")
            await self._start_tls(self._post.certificate)

    async def _start_tls(self, certificate: Certificate) -> None:
        # What was sent ahead of the handshake may be somebody else's (RFC 3207, section 6).
        self._reader._buffer.clear()  # type: ignore[attr-defined]
        try:
            await self._writer.start_tls(certificate.context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
        except OSError:
            self._end()
        self.transport = self._writer.transport
        self._reader._transport = self.transport  # type: ignore[attr-defined]
        self._abandon()
        self._secure = True
        self._greeting += handshake_facts(self.transport)

    async def smtp_MAIL(self, arg: str | None) -> None:
        said = self._strip_command_keyword("FROM:", arg or "")
        if self._mail:
            await self.push("503 5.5.1 Error: nested MAIL command")
        elif not said:
            await self.push("501 5.5.4 Syntax: MAIL FROM:<address>")
        else:
            address, options = self._getaddr(said)
            if address is None:
                await self.push("501 5.1.7 Bad sender address syntax")
            elif unknown := _unknown_option(options, _SENDER):
                await self.push(f"555 5.5.4 Unsupported option: {unknown}")
            else:
                self._mail = Named()
                self._mail.add("mail-from", said)
                await self.push("250 2.1.0 Ok")

    async def smtp_RCPT(self, arg: str | None) -> None:
        said = self._strip_command_keyword("TO:", arg or "") or ""
        address, options = self._getaddr(said) if said else ("", "")
        name, domain = self._post.name(address or said.strip("<>"))
        if not said:
            reply = "501 5.5.4 Syntax: RCPT TO:<address>"
        elif address in (None, "<>"):
            reply = "501 5.1.3 Bad recipient address syntax"
        else:
            reply = self._recipient_reply(address or "", domain, options)
        taken = reply.startswith("250")
        place = self._mail if self._mail and not self._mail.full else self._probes
        place.add("rcpt-to" if taken else "rcpt-refused", said, name if said.strip("<>") else "")
        place.accepted += taken
        if self._probes.full:
            await self._hear_probes()
        await self.push(reply)

    def _recipient_reply(self, address: str, domain: str, options: str | None) -> str:
        if not self._mail:
            return "503 5.5.1 Error: need MAIL command"
        if unknown := _unknown_option(options, _RECIPIENT):
            return f"555 5.5.4 Unsupported option: {unknown}"
        if domain not in self._post.domains:
            return f"554 5.7.1 <{printable(address)}>: Relay access denied"
        return "452 4.5.3 Error: too many recipients" if self._mail.full else "250 2.1.5 Ok"

    async def smtp_DATA(self, arg: str | None) -> None:
        mail = self._mail
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif not mail or not mail.accepted:
            refused = mail and len(mail.facts) > 1
            what = "554 5.5.1 Error: no valid recipients" if refused else "503 5.5.1 Error: need RCPT command"
            await self.push(what)
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            self._content = content = Content(self._post.now())
            await self._receive(content)
            self._mail = self._content = None
            await self.push(await self._reply_to(mail, content))

    async def _receive(self, content: Content) -> None:
        """Take a mail piece by piece, whatever its lines are like. Raises IncompleteReadError."""
        # The line of DATA ended with the CRLF of a dot that comes at once.
        self._reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]
        mark = _STEADY
        while True:
            try:
                last = await self._reader.readuntil(b"\r\n.\r\n")
            except asyncio.LimitOverrunError as overrun:
                content.add(await self._reader.read(overrun.consumed))
            except asyncio.IncompleteReadError as end:
                content.add(end.partial)
                raise
            else:
                content.add(last[:-3])
                content.end()
                return
            if content.size >= mark:
                mark = content.size + _STEADY
                self._reset_timeout()

    async def _reply_to(self, mail: Named, content: Content) -> str:
        """What is said of a mail once it is kept."""
        reply = (
            f"250 2.0.0 Ok: queued as {self._post.now() % 1_000_000:05X}{secrets.randbits(24) | 0x100000:X}"
        )
        if content.size > self._post.largest:
            reply = "552 5.3.4 Error: message file too big"
        try:
            await self._hear(mail, *content.facts(), ("answer", reply.encode()))
        except OSError:
            return "451 4.3.0 Error: queue file write error"
        return reply

    async def smtp_RSET(self, arg: str | None) -> None:
        self._abandon()
        if self._probes.full:
            await self._hear_probes()
        await self.push("250 2.0.0 Ok")

    async def smtp_NOOP(self, arg: str | None) -> None:
        await self.push("250 2.0.0 Ok")

    async def smtp_VRFY(self, arg: str | None) -> None:
        if not arg:
            await self.push("501 5.5.4 Syntax: VRFY address [SMTPUTF8]")
            return
        address, _ = self._getaddr(arg)
        name, domain = self._post.name(address or arg.strip("<>"))
        self._probes.add("vrfy", arg, name)
        if self._probes.full:
            await self._hear_probes()
        if not address:
            await self.push("501 5.1.3 Bad recipient address syntax")
        elif domain in self._post.domains:
            await self.push(f"252 2.0.0 {printable(arg)}")
        else:
            await self.push(f"554 5.7.1 <{printable(address)}>: Relay access denied")

    async def smtp_ETRN(self, arg: str | None) -> None:
        await self.push(f"459 <{printable(arg)}>: service unavailable" if arg else "500 Syntax: ETRN domain")

    async def smtp_AUTH(self, arg: str | None) -> None:
        await self.push("503 5.5.1 Error: authentication not enabled")

    async def smtp_QUIT(self, arg: str | None) -> None:
        self._abandon()
        await self._hear_probes()
        await self.push("221 2.0.0 Bye")
        self._end()

    async def _unknown(self, arg: str | None) -> None:
        await self.push("500 5.5.2 Error: command not recognized")

    async def smtp_BDAT(self, arg: str | None) -> None:
        await self.push("521 5.5.1 Error: command not implemented")
        self._end()

    async def _not_smtp(self, arg: str | None) -> None:
        await self.push("221 2.7.0 Error: I can break rules, too. Goodbye.")
        self._end()

    smtp_HELP = smtp_EXPN = _unknown
    smtp_GET = smtp_POST = smtp_CONNECT = _not_smtp

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address and what stands behind it, read by the standard library; None where it cannot."""
        if arg.startswith("<") and ">" not in arg:
            return None, None
        path, end, behind = arg.partition(">") if len(arg) > PATH else (arg, "", "")
        if len(path) > PATH:
            return None, None
        path = path.replace(".>", ">", 1)  # a domain may end with a dot, the library knows none that does
        try:
            address, options = super()._getaddr(path + end)
        except (HeaderParseError, ValueError, LookupError, AttributeError, RecursionError):
            return None, None
        return address, (options or "") + behind


def _ended(task: "asyncio.Task[None]") -> None:
    """Connections are lost all the time: nobody need hear of it."""
    if not task.cancelled():
        task.exception()


class _Commands(dict[str, Any]):
    """Methods by command; what is no command of SMTP, or of anything, has a method, too."""

    def __init__(self, methods: dict[str, Any], *, unknown: Any, other: Any) -> None:
        super().__init__(methods)
        self._unknown, self._other = unknown, other

    def get(self, command: str, default: Any = None) -> Any:
        return super().get(command, self._unknown if command[:1].isalpha() or not command else self._other)


def _unknown_option(options: str | None, known: set[str]) -> str:
    """The first option that is not known, printable; "" if there is none."""
    for option in (options or "").split():
        if option.partition("=")[0].upper() not in known:
            return printable(option)
    return ""
