"""What the yards' own HTTP servers on 127.0.0.1 share."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Answering(BaseHTTPRequestHandler):
    """Requests of which each gets one whole answer."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one go: else each answer waits 40 ms for an acknowledgement

    def log_message(self, *_: object) -> None:
        pass

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the request's address, the first of each."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def say(self, status: int, answer: Any, headers: Mapping[str, str] | None = None) -> None:
        """JSON."""
        self.send(status, json.dumps(answer).encode(), headers)

    def send_part(self, content: bytes) -> None:
        """The bytes, or those of them that are asked for."""
        ranged = self.headers.get("Range")
        if not ranged or not content:
            return self.send(200, content)
        first, _, last = ranged.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content)), len(content) - 1)
        told = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
        return self.send(206, content[start : end + 1], told)

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server:
    """Answers until it is closed, or the process ends; the handler finds what is held as its attributes."""

    def __init__(self, handler: type[Answering], **held: Any) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), held))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
