"""Suppression over HTTP: a registered job posts its rows and gets them back without decoys.

POST /suppress/JOB        Authorization: Bearer TOKEN        CSV or JSON lines, of any length
200 and the rows, once all of them went through; else one line of text that says what to do, with
400 rows that cannot be read or told apart · 401 no token · 403 refused · 404, 405 not such a request ·
429 too many were refused · 503 the registry or the disk · 500 a bug
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote
from wsgiref.types import StartResponse
from wsgiref.util import FileWrapper

from trapstreet.app.errors import known_error
from trapstreet.app.suppressing import admit, streamed, tell
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.suppress import of_token

ROUTE = "/suppress/"

REFUSED_AT_ONCE, REFUSED_EVERY = 20, 6.0
"""Refusals are entries of the log: so many at once, and one more after so many seconds each."""

_PIECE = 1 << 18
_TYPES = {".csv": "text/csv", ".jsonl": "application/x-ndjson"}
_STATUS = {2: "400 Bad Request", 3: "403 Forbidden", 4: "503 Service Unavailable"}
_HEADERS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]

Environ = dict[str, Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class _Declined(Exception):
    """A request that is none for rows."""

    def __init__(self, status: str, line: str) -> None:
        super().__init__(line)
        self.status = status


def suppression(workspace: Workspace) -> Application:
    """The WSGI application of a workspace. It may be called by several threads at once."""
    refusals = _Refusals()

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            rows, kind = _rows(workspace, environ, refusals)
        except Exception as error:  # noqa: BLE001  the outermost edge: one line for the caller, whatever it is
            return _declined(error, start_response)
        finally:
            _leave_the_registry()
        size = os.fstat(rows.fileno()).st_size
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(size)), *_HEADERS])
        return FileWrapper(rows, _PIECE)

    return application


def _rows(workspace: Workspace, environ: Environ, refusals: "_Refusals") -> tuple[BinaryIO, str]:
    """The rows that are no decoys, in a file that has no name any more, and their media type."""
    name, token = _asked(environ)
    by = f"http from {environ.get('REMOTE_ADDR', '')}"[:200]
    if not refusals.may_be_noted() and not of_token(name, token):
        raise _Declined("429 Too Many Requests", "too many calls were refused; come again in a minute")
    try:
        job = admit(workspace, name, token, by=by)
    except AccessDenied:
        refusals.count()
        raise
    with streamed(workspace, job, _Body(environ), source_name="the request", by=by) as (ran, cleaned):
        tell(ran.alerts)
        return cleaned.open("rb"), _TYPES[cleaned.suffix]


def _asked(environ: Environ) -> tuple[str, Protected[str]]:
    """The job and the token of a request."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(ROUTE) or not path.removeprefix(ROUTE):
        raise _Declined("404 Not Found", f"rows are posted to {ROUTE}JOB")
    if environ["REQUEST_METHOD"] != "POST":
        raise _Declined("405 Method Not Allowed", "rows are posted")
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _Declined("401 Unauthorized", "a job has a token; send it as Authorization: Bearer TOKEN")
    return unquote(path.removeprefix(ROUTE)), Protected(token)


class _Body:
    """What a request holds, of which nothing may be missing."""

    def __init__(self, environ: Environ) -> None:
        self._input: BinaryIO = environ["wsgi.input"]
        self._missing = int(environ.get("CONTENT_LENGTH") or 0)

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, b"" at the end. Raises UnusableInput where it ends too early."""
        piece = self._input.read(size)
        self._missing -= len(piece)
        if not piece and self._missing > 0:
            raise UnusableInput("the request broke off", hint="send it again")
        return piece


class _Refusals:
    """How many calls were refused lately; each is an entry of the log, which strangers must not fill."""

    def __init__(self) -> None:
        self._left, self._last = float(REFUSED_AT_ONCE), time.monotonic()

    def may_be_noted(self) -> bool:
        """Whether one more may be put on record."""
        now = time.monotonic()
        self._left = min(REFUSED_AT_ONCE, self._left + (now - self._last) / REFUSED_EVERY)
        self._last = now
        return self._left >= 1

    def count(self) -> None:
        self._left -= 1


def _declined(error: Exception, start_response: StartResponse) -> Iterable[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), *_HEADERS]
    if isinstance(error, _Declined):
        status, line = error.status, str(error)
        if status.startswith("401"):
            headers.append(("WWW-Authenticate", "Bearer"))
    elif known := known_error(error):
        status, line = _STATUS.get(known.status, "500 Internal Server Error"), str(known)
    else:
        # The place in the program alone: neither the message nor a value leaves it.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(frame.filename).name} line {frame.lineno}"
        sys.stderr.write(f"trapstreet: a bug: {where}; please report it\n")
        status, line = "500 Internal Server Error", "a bug; the server's log says where"
    start_response(status, headers)
    return [f"{line}\n".encode()]


def _leave_the_registry() -> None:
    """Close this thread's connection: the registry may be another by the next request."""
    from django.db import connection

    connection.close()
