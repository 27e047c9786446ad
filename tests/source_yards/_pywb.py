"""pywb, which plays web archives back, run as a process of its own: .cache/pywb/bin/python _pywb.py PORT.

Pages that are posted to /put are recorded by warcio and added to a collection's index by pywb's indexer, at
once; whatever else is asked is pywb's to answer. The collections are in the folder where it is started.
"""

import base64
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_numbers = itertools.count()


def recording(inner: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/put":
            return inner(environ, start)
        collection, pages = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        lines = _recorded(Path("collections") / collection, pages)
        start("200 OK", [("Content-Length", str(len(lines)))])
        return [lines]

    return answer


def _recorded(place: Path, pages: list[tuple[str, str]]) -> bytes:
    """The lines of the index of a new file with these pages."""
    from pywb.indexer.cdxindexer import write_cdx_index  # type: ignore[import-not-found]
    from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-not-found]
    from warcio.warcwriter import WARCWriter  # type: ignore[import-not-found]

    number, index = next(_numbers), place / "indexes" / "index.cdxj"
    file = place / "archive" / f"{number} é.warc.gz"
    for each in (file, index):
        each.parent.mkdir(parents=True, exist_ok=True)
    told = {"WARC-Date": f"{_BEGIN + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"}
    with file.open("wb") as out:
        writer = WARCWriter(out)
        for url, content in pages:
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            payload = io.BytesIO(base64.b64decode(content))
            record = writer.create_warc_record(
                url, "response", payload=payload, http_headers=headers, warc_headers_dict=dict(told)
            )
            writer.write_record(record)
    made = io.BytesIO()
    with file.open("rb") as read:
        write_cdx_index(made, read, file.name, sort=True, cdxj=True)
    known = index.read_bytes() if index.exists() else b""
    part = index.with_suffix(".part")
    part.write_bytes(b"".join(sorted((known + made.getvalue()).splitlines(keepends=True))))
    part.rename(index)
    return made.getvalue()


if __name__ == "__main__":
    from gevent import monkey  # type: ignore[import-not-found]

    monkey.patch_all()

    from gevent.pywsgi import WSGIServer  # type: ignore[import-not-found]
    from pywb.apps.frontendapp import FrontEndApp  # type: ignore[import-not-found]

    WSGIServer(("127.0.0.1", int(sys.argv[1])), recording(FrontEndApp()), log=None).serve_forever()
