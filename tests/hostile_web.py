"""A web server on loopback that does what a test tells it to, down to the byte."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class HostileWeb:
    """Speaks with each client as `speak` says.

    speak  is given the connection and the path that was asked for, and may answer anything, or nothing
    asked  the heads of all requests, in order
    """

    def __init__(self, speak: Callable[[socket.socket, str], None]) -> None:
        self.speak = speak
        self.asked: list[str] = []
        self._clients: list[socket.socket] = []
        self._ended = False

    def __enter__(self) -> "HostileWeb":
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        for each in (self._listening, *self._clients):
            each.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._clients.append(client)
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            while not self._ended:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = client.recv(65536)
                    if not part:
                        return
                    head += part
                text = head.decode("latin-1")
                self.asked.append(text)
                self.speak(client, text.split(" ")[1])


def answer(body: bytes = b"", status: str = "200 OK", **headers: object) -> bytes:
    """An honest answer; headers by their names with _ for -."""
    given = {"Content-Length": len(body)} | {name.replace("_", "-"): text for name, text in headers.items()}
    lines = "".join(f"{name}: {text}\r\n" for name, text in given.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body
