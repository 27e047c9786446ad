"""Python's own web server, with a login, on 127.0.0.1."""

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from servers import PASSWORD


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one go: else each answer waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        if self._let_in():
            super().do_GET()

    def do_HEAD(self) -> None:
        if self._let_in():
            super().do_HEAD()

    def _let_in(self) -> bool:
        login = base64.b64encode(f"watcher:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] == f"Basic {login}":
            return True
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="here"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def log_message(self, *_: object) -> None:
        pass


class PlainServer:
    """Serves a folder until it is closed."""

    def __init__(self, folder: Path, handler: type[SimpleHTTPRequestHandler] = Handler) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
