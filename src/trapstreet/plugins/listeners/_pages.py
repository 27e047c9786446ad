"""What a web server of no interest shows: a sign-in page wherever one looks, pictures, nginx's own errors."""

import mimetypes
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from http import HTTPStatus
from pathlib import Path

from trapstreet.core.model.errors import UnusableInput

MOST_SITE = 32 << 20
"""Bytes of the owner's own pages, which are held in memory."""

_SIGN_IN = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #f4f5f7; color: #222; margin: 0 }}
form {{ max-width: 20rem; margin: 12vh auto; padding: 2rem; background: #fff; border: 1px solid #ddd }}
label, input, button {{ display: block; width: 100%; box-sizing: border-box }}
input {{ margin: .25rem 0 1rem; padding: .5rem; border: 1px solid #bbb }}
button {{ padding: .6rem; border: 0; background: #2b5797; color: #fff }}
</style>
</head>
<body>
<form method="post">
<h1>{title}</h1>
<label for="user">User name</label>
<input id="user" name="username" autocomplete="username" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password">
<button type="submit">Sign in</button>
</form>
</body>
</html>
"""
_ERROR = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n{1}"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGklEQVR42mP8/uMXAymAiYFEMKphVMPQ0QAAGFIDCUf03woAAAAASUVORK"
    "5CYII="
)
_GIF = (
    "R0lGODdhEAAQAIIAAP/MzMz/zP//zMzM///M/8z//////wAAACwAAAAAEAAQAEAIZgANCBxIsOBAAgIDIDQgYIDAAgIIOhRIoIDAiQEeRiRY"
    "YOHFhwsBULQo0sBEiBQPPjS40CLHghUZGiAQkaRBlwZw4iRYc+BGmBx/qhy406UAjxolAp2Zk+LGAiVZ7lz5VOZKpgQDAgA7"
)
_JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCN"
    "l4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAAR"
    "CAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAA"
    "AP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/ALAAH//Z"
)
_ICO = (
    "AAABAAEAEBAAAAAAIABSAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAQAAAAEAgCAAAAkJFoNgAAABlJREFUeJxj/P7jFwMpgIkk1aMaRjUM"
    "KQ0AGFIDCeLOqbIAAAAASUVORK5CYII="
)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status line, type and body."""

    status: int
    kind: str
    body: bytes
    head: bytes = b""

    def __post_init__(self) -> None:
        kind, length = self.kind.encode(), len(self.body)
        object.__setattr__(self, "head", b"\r\nContent-Type: %b\r\nContent-Length: %d\r\n" % (kind, length))


def error_page(status: int, title: str = "", more: str = "") -> Page:
    """nginx's page for an error; `title` where it is not the status' own."""
    text = _ERROR.format(
        f"{status} {title or _REASONS[status]}", f"<center>{more}</center>\r\n" if more else ""
    )
    return Page(status, "text/html", text.encode())


_REASONS = {status.value: status.phrase for status in HTTPStatus} | {
    405: "Not Allowed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    503: "Service Temporarily Unavailable",
}
_SUFFIXES = {
    suffix: Page(200, kind, body)
    for suffixes, kind, body in (
        ("png", "image/png", b64decode(_PNG)),
        ("gif", "image/gif", b64decode(_GIF)),
        ("jpg jpeg", "image/jpeg", b64decode(_JPEG)),
        ("ico", "image/x-icon", b64decode(_ICO)),
        ("svg", "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"/>\n'),
        ("css", "text/css", b"body{margin:0}\n"),
        ("js", "application/javascript", b"void 0;\n"),
    )
    for suffix in suffixes.split()
}
_ROBOTS = Page(200, "text/plain", b"User-agent: *\nDisallow: /\n")


class Pages:
    """Which page answers which path.

    title  of the built-in sign-in page
    site   a folder of the owner's own files, each served under its own name; its index.html takes the
           sign-in page's place everywhere. Raises UnusableInput if it cannot be read or is too large
    """

    def __init__(self, title: str, site: Path | None) -> None:
        self._own: dict[str, Page] = {"/robots.txt": _ROBOTS} | (_read(site) if site else {})
        sign_in = Page(200, "text/html; charset=utf-8", _SIGN_IN.format(title=escape(title)).encode())
        self._anywhere = self._own.get("/index.html", sign_in)
        self._own.setdefault("/", self._anywhere)

    def page(self, path: str) -> Page:
        """What lies at a path; there is something everywhere."""
        found = self._own.get(path)
        if found is None:
            found = _SUFFIXES.get(path[path.rfind(".") + 1 :].lower(), self._anywhere)
        return found


class Answers:
    """Writes answers the way nginx does."""

    def __init__(self) -> None:
        self._second = -1
        self._heads: Mapping[int, bytes] = {}

    def answer(self, page: Page, *, second: int, keep: bool, body: bool = True) -> bytes:
        """The bytes of an answer, sent in that second of Unix time."""
        if second != self._second:
            date = formatdate(second, usegmt=True)
            self._second = second
            self._heads = {
                status: f"HTTP/1.1 {status} {reason}\r\nServer: nginx\r\nDate: {date}".encode()
                for status, reason in _REASONS.items()
            }
        return b"".join(
            (
                self._heads[page.status],
                page.head,
                b"Connection: keep-alive\r\n\r\n" if keep else b"Connection: close\r\n\r\n",
                page.body if body else b"",
            )
        )


def _read(site: Path) -> dict[str, Page]:
    pages, size = dict[str, Page](), 0
    try:
        files = sorted(path for path in site.rglob("*") if path.is_file())
        for path in files:
            size += path.stat().st_size
            if size > MOST_SITE:
                raise UnusableInput(
                    f"{site} holds more than {MOST_SITE >> 20} MiB", hint="leave some of its files out"
                )
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            pages[f"/{path.relative_to(site).as_posix()}"] = Page(200, kind, path.read_bytes())
    except OSError as error:
        raise UnusableInput(
            f"{site} cannot be read: {error.strerror}", hint="give a folder of files"
        ) from error
    if not pages:
        raise UnusableInput(f"{site} holds no files", hint="give a folder with an index.html")
    return pages
