"""Those whom notifiers tell: real receivers on loopback, and such as hang, break off or answer nonsense."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from traps import certificate
from trapstreet.core.model.notice import Notice, Severity

NOTICE = Notice(
    id="a17",
    case="k4",
    at=1_795_000_000_123_456,
    raised=1_795_000_003_000_000,
    kind="sighting",
    severity=Severity.HIGH,
    headline="Somebody wrote to a decoy of the data set customers",
    happened=("A mail came to the address of a decoy.", "It names the decoy's person."),
    lay="in the table customers of the support desk, planted on 3 May 2026",
    stake="68,000 customers",
    steps=("Look at the case.", "Keep the logs of the support desk."),
    facts=(("address", "192.0.2.1"), ("country", "IE"), ("channel", "smtp")),
)
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="
PASSWORD = "pässword-of-the-route"
PATH = "/services/T000/B000/path-that-gives-access"
WORDS = "words-of-the-receiver"
"""What receivers answer beside their status."""


class Request(NamedTuple):
    """What an HTTP receiver was sent; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Web:
    """An HTTP receiver on 127.0.0.1.

    requests  what came, in order;  status, headers  what it answers
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.status, self.headers = 200, dict[str, str]()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): text for name, text in self.headers.items()}
                web.requests.append(Request(self.path, headers, body))
                self.send_response(web.status)
                for name, text in web.headers.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(WORDS.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def __enter__(self) -> "Web":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Post:
    """A mail server on localhost with STARTTLS, or TLS from the first byte, and a login.

    mails   envelopes that it took;  logins  user and password of each login
    refuse  replies to recipients that it refuses;  data  the reply to each mail
    """

    def __init__(self, folder: Path, *, login: bool = True, tls: bool = True, implicit: bool = False) -> None:
        self.mails: list[Envelope] = []
        self.logins: list[tuple[str, str]] = []
        self.refuse: dict[str, str] = {}
        self.data = "250 taken"
        self._server = Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            ssl_context=server_tls(folder) if implicit else None,
            tls_context=server_tls(folder) if tls and not implicit else None,
            require_starttls=tls and not implicit,
            auth_required=login,
            auth_require_tls=tls and not implicit,
            authenticator=self._authenticate,
        )

    def __enter__(self) -> "Post":
        # Controller.start connects to the port that it was given, and cannot do so to port 0.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = self._server.port = free.getsockname()[1]
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.mails.append(envelope)
        return self.data

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


class Collector:
    """A collector of logs on 127.0.0.1. `received` is all that came, a connection or datagram each."""

    def __init__(self, transport: str, folder: Path) -> None:
        self.received: list[bytes] = []
        self._transport = transport
        self._tls = server_tls(folder) if transport == "tls" else None

    def __enter__(self) -> "Collector":
        self._stack = ExitStack()
        if self._transport == "udp":
            self._port = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._port.bind(("127.0.0.1", 0))
            self.port = self._port.getsockname()[1]
            threading.Thread(target=self._take_datagrams, daemon=True).start()
        else:
            self.port = self._stack.enter_context(port(self._take))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _take(self, client: socket.socket) -> None:
        if self._tls:
            client = self._tls.wrap_socket(client, server_side=True)
        kept = b""
        while part := client.recv(65536):
            kept += part
        self.received.append(kept)
        if isinstance(client, ssl.SSLSocket):
            client.unwrap()
        client.close()

    def _take_datagrams(self) -> None:
        with suppress(OSError):
            while True:
                self.received.append(self._port.recv(65536))


@contextmanager
def port(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP port on 127.0.0.1 that speaks so with each client."""
    clients: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    clients.append(client)
                    threading.Thread(target=speaking, args=(client,), daemon=True).start()

        def speaking(client: socket.socket) -> None:
            with suppress(OSError):
                speak(client)

        threading.Thread(target=take, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            for client in clients:
                client.close()


def hang(client: socket.socket) -> None:
    """Takes the connection, and says nothing."""
    while client.recv(65536):
        pass


def drop(client: socket.socket) -> None:
    """Resets the connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def gibber(client: socket.socket) -> None:
    """Answers what is of no protocol, for as long as it is heard."""
    client.recv(16)
    while True:
        client.sendall(f"{WORDS}\x00\xff\r\n\r\n".encode("latin-1") * 100)


def drip(client: socket.socket) -> None:
    """Sends a byte now and then, of an answer that is not whole for 20 seconds."""
    for letter in b"220-" + b"x" * 400:
        client.sendall(bytes([letter]))
        time.sleep(0.05)


def drip_headers(client: socket.socket) -> None:
    """Sends the headers of an HTTP answer a byte at a time."""
    client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    drip(client)


def private_file(folder: Path, name: str, text: str) -> Path:
    """A file that its owner alone may read."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def server_tls(folder: Path) -> ssl.SSLContext:
    """What a receiver called localhost speaks TLS with; its certificate is chain.pem in the folder."""
    made = certificate(folder, name="localhost", alternative="localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made["certificate"], made["key"])
    return context


def options(kind: str, folder: Path, port: int) -> dict[str, object]:
    """The section of a route of the kind to a receiver without TLS at a port of 127.0.0.1."""
    base = f"http://127.0.0.1:{port}"
    match kind:
        case "mail":
            return {
                "host": "127.0.0.1",
                "port": port,
                "from": "trap@you.example",
                "to": ["security@you.example"],
                "security": "none",
            }
        case "webhook":
            private_file(folder, "webhook.secret", SECRET)
            return {"url": f"{base}{PATH}", "private": True, "secret_file": "webhook.secret"}
        case "ocsf":
            private_file(folder, "ocsf.url", base + PATH)
            return {"url_file": "ocsf.url", "private": True}
        case "slack" | "teams":
            private_file(folder, f"{kind}.url", base + PATH)
            return {"url_file": f"{kind}.url", "private": True}
        case "apprise":
            private_file(folder, "apprise.urls", f"json://127.0.0.1:{port}{PATH}\n")
            return {"urls_file": "apprise.urls"}
        case "syslog" | "cef":
            return {"host": "127.0.0.1", "port": port, "transport": "tcp"}
    raise AssertionError(f"no receiver for {kind}: tests/receivers.py needs one")


@contextmanager
def listening(kind: str, folder: Path) -> Iterator[tuple[int, Callable[[int], list[bytes]]]]:
    """A receiver without TLS of the kind's protocol: its port, and what it was told, once there are so many
    messages."""
    match kind:
        case "mail":
            with Post(folder, login=False, tls=False) as post:
                yield post.port, lambda _: [bytes(mail.content or b"") for mail in post.mails]
        case "syslog" | "cef":
            with Collector("tcp", folder) as collector:
                yield collector.port, lambda count: waited(collector.received, count)
        case _:
            with Web() as web:
                yield web.port, lambda _: [request.body for request in web.requests]


def waited(received: list[bytes], count: int) -> list[bytes]:
    """What came, once there is so much; less after some seconds."""
    until = time.monotonic() + 10
    while len(received) < count and time.monotonic() < until:
        time.sleep(0.01)
    return received


def readable(message: bytes) -> str:
    """A message as whoever gets it reads it, whatever it is wrapped in."""
    from email import message_from_bytes
    from email.policy import default

    if message[:1] in b"[{":
        return "\n".join(_texts(json.loads(message)))
    if b"\r\nMIME-Version" in message:
        mail = message_from_bytes(message, policy=default)
        return f"{mail['subject']}\n{mail.get_content()}"
    return message.decode()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)
