"""One connection to an FTP server, with limits that ftplib does not know."""

import ftplib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from trapstreet.plugins._connecting import addresses, connected, left
from trapstreet.plugins.sources._flow import paced
from trapstreet.plugins.sources._kept import Refused

_CONNECT_SECONDS = 20.0
_SILENT_SECONDS = 60.0
_LINE = 1 << 16
_LINES = 1000
_BLOCK = 1 << 18


class Busy(ConnectionError):
    """The server has too many users, or enough of us (421)."""


class _Nonsense(ftplib.Error):
    """The server does not keep to the protocol."""


class Transfer:
    """What a command sends over a connection of its own. It may be closed before the end."""

    def __init__(self, control: "Control", data: socket.socket) -> None:
        self._control, self._data, self._under_way = control, data, True

    def blocks(self) -> Iterator[bytes]:
        yield from paced(lambda: self._data.recv(_BLOCK))
        self._data.close()
        self._under_way = False
        self._control.ended()

    def close(self) -> None:
        self._data.close()
        if self._under_way:
            self._under_way = False
            self._control.let_go()


class Control(ftplib.FTP_TLS):
    """The control connection, logged in by `enter`. Names go as bytes: as text they are Latin-1.

    Raises OSError and ftplib.Error where the connection is lost or answers nonsense.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context, timeout=_SILENT_SECONDS, encoding="latin-1")
        self._ahead = b""
        self._until, self._lines = 0.0, 0
        self._used = 0.0
        self._transfer: Transfer | None = None

    def meet(self, host: str, port: int, *, implicit: bool) -> None:
        """Connects, with TLS from the beginning or none yet."""
        until = time.monotonic() + _CONNECT_SECONDS
        self.sock = connected(addresses(host, port, private=True, until=until), port, until=until)
        self.host, self.port, self.af = host, port, self.sock.family
        if implicit:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=host)
        with _refusals():
            self.getresp()

    def secure(self) -> None:
        """TLS from now on. What came before it under its name is forgotten."""
        self.ask("AUTH TLS")
        self._ahead = b""
        self.sock = self.context.wrap_socket(self._socket(), server_hostname=self.host)

    def enter(self, user: str, password: str) -> None:
        """Logs in; a server that asks for an account, too, refuses. Raises Refused."""
        reply = self.ask(f"USER {wire(user)}")
        if reply.startswith("3"):
            reply = self.ask(f"PASS {wire(password)}")
        if not reply.startswith("2"):
            raise Refused("it wants more than a password")
        if isinstance(self.sock, ssl.SSLSocket):
            self.ask("PBSZ 0")
            self.ask("PROT P")
            self._prot_p = True
        self.ask("TYPE I")

    def ask(self, command: str) -> str:
        """The whole reply; a transfer that is under way is broken off. Raises Refused where it is a no."""
        if self._transfer:
            self._transfer.close()
        with _refusals():
            return self.sendcmd(command)

    def alive(self) -> bool:
        """Whether it still answers. Asked only where it was idle for a while."""
        if self._transfer or time.monotonic() - self._used < _SILENT_SECONDS / 4:
            return True
        try:
            self.ask("NOOP")
        except (OSError, EOFError, ftplib.Error):
            return False
        return True

    def leave(self) -> None:
        """Ends the connection, however it is."""
        with suppress(OSError, EOFError, ftplib.Error):
            self.putcmd("QUIT")
        self.close()

    def receive(self, command: str, *, start: int = 0) -> Transfer:
        self._transfer = Transfer(self, self._begun(command, start))
        return self._transfer

    def send(self, command: str, content: bytes) -> None:
        """Sends a file's content over a connection of its own."""
        with self._begun(command, 0) as data:
            data.sendall(content)
            if isinstance(data, ssl.SSLSocket):
                with suppress(OSError):
                    data.unwrap()
        self.ended()

    def lines(self, command: str) -> Iterator[bytes]:
        """The lines that a command sends."""
        transfer, ahead = self.receive(command), b""
        try:
            for block in transfer.blocks():
                *whole, ahead = (ahead + block).split(b"\n")
                for line in whole:
                    yield line.removesuffix(b"\r")
                if len(ahead) > _LINE:
                    raise _Nonsense("a line that does not end")
        finally:
            transfer.close()
        if ahead:
            yield ahead

    def ended(self) -> None:
        """Takes the reply to a transfer that came to its end. Raises Refused."""
        self._transfer = None
        with _refusals():
            self.voidresp()

    def let_go(self) -> None:
        """Takes the reply to a transfer that was broken off, whatever it is."""
        self._transfer = None
        try:
            self.getresp()
        except ftplib.Error:
            return
        except (OSError, EOFError):
            self.close()

    def _begun(self, command: str, start: int) -> socket.socket:
        if self._transfer:
            self._transfer.close()
        with _refusals():
            data, _ = self.ntransfercmd(command, start or None)
        data.settimeout(_SILENT_SECONDS)
        return data

    def ntransfercmd(self, cmd: str, rest: Any = None) -> tuple[socket.socket, int | None]:
        """As ftplib's, with the TLS session of the control connection, which many servers insist on. An
        address that the server names is not used: data comes from the host that was asked."""
        self._begin()
        data, size = super(ftplib.FTP_TLS, self).ntransfercmd(cmd, rest)
        if self._prot_p and isinstance(self.sock, ssl.SSLSocket):
            data = self.context.wrap_socket(data, server_hostname=self.host, session=self.sock.session)
        return data, size

    def getresp(self) -> str:
        self._begin()
        reply = super().getresp()
        self._used = time.monotonic()
        return reply

    def getline(self) -> str:
        """One line of a reply, in time: ftplib's own limits are on silence, and it reads on for ever."""
        self._lines += 1
        if self._lines > _LINES:
            raise _Nonsense("a reply that does not end")
        while b"\n" not in self._ahead:
            if len(self._ahead) > _LINE:
                raise _Nonsense("a line that does not end")
            sock = self._socket()
            sock.settimeout(left(self._until))
            block = sock.recv(4096)
            if not block:
                raise EOFError
            self._ahead += block
        line, _, self._ahead = self._ahead.partition(b"\n")
        return line.removesuffix(b"\r").decode("latin-1")

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise ConnectionAbortedError
        return self.sock

    def _begin(self) -> None:
        self._until, self._lines = time.monotonic() + _SILENT_SECONDS, 0


def wire(text: str) -> str:
    """UTF-8, surrogates as the bytes that they are, in the form that ftplib sends."""
    return text.encode(errors="surrogateescape").decode("latin-1")


def unwired(text: str) -> str:
    """A text of the server's: the other way round."""
    return text.encode("latin-1").decode(errors="surrogateescape")


def quoted(reply: str) -> str:
    """The path in a reply to PWD, "" where there is none."""
    found = re.match(r'257 "((?:[^"]|"")*)"', reply)
    return unwired(found[1].replace('""', '"')) if found else ""


@contextmanager
def _refusals() -> Iterator[None]:
    """A server's no becomes an OSError."""
    try:
        yield
    except (ftplib.error_perm, ftplib.error_temp) as error:
        code = str(error)[:3]
        if code == "421":
            raise Busy from None
        raise Refused(f"the server refuses it ({code})") from None
    except ValueError as error:  # ftplib's word on line breaks in a command
        raise Refused("its name has a line break, which FTP cannot carry") from error
