"""Buckets on loopback: objects listed a second, and how fast objects are read, next to obstore alone.

The server is a process of ours that is no bottleneck: its pages of 1,000 names are made in advance, and what
it serves is zeros. obstore is in requirements/bench.in (make bench-deps).
"""

import os
import re
import socket
import threading
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from measuring import best_of, desk, timed
from trapstreet.core.model.objects import Ref
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import source_of

PAGES = 200
SIZE = 256 << 20
LISTED = 10_000
"""Objects a second that are promised."""
SHARE = 0.8
"""Of obstore's speed that is promised for reading."""
_ITEM = (
    "<Contents><Key>exports/2026/11/customers-{0:09d}.csv</Key>"
    "<LastModified>2026-11-22T21:55:00.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>68000</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
)


def main() -> None:
    with desk() as at:
        listening = socket.create_server(("127.0.0.1", 0))
        server = get_context("fork").Process(target=serve, args=(listening,), daemon=True)
        server.start()
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        objects, times = PAGES * 1000, 3 if at.quick else 15
        cost = best_of(3, partial(timed, partial(listed, endpoint)))
        at.say("listing", cost, items=objects, seconds=objects / LISTED)
        cost = best_of(3, partial(timed, partial(listed_by_obstore, endpoint)))
        at.say("  by obstore", cost, items=objects)
        turns = [[timed(partial(each, endpoint)) for each in (read, read_by_obstore)] for _ in range(times)]
        ours, theirs = (min(costs, key=lambda cost: cost.wall) for costs in zip(*turns, strict=True))
        at.say("reading", ours, megabytes=SIZE / 1e6, seconds=theirs.wall / SHARE)
        at.say("  by obstore", theirs, megabytes=SIZE / 1e6)
        server.terminate()


def listed(endpoint: str) -> None:
    source = _source(endpoint)
    assert sum(isinstance(each, Ref) for each in source.list("")) == PAGES * 1000
    source.close()


def listed_by_obstore(endpoint: str) -> None:
    import obstore

    assert sum(len(chunk) for chunk in obstore.list(_store(endpoint), chunk_size=1000)) == PAGES * 1000


def read(endpoint: str) -> None:
    """In steps of 1 MB, as the formats read."""
    source, came = _source(endpoint), 0
    with source.open(Ref("s3://bucket/big.bin", f'"e" {SIZE}', SIZE, handle="big.bin")) as file:
        while piece := file.read(1 << 20):
            came += len(piece)
    assert came == SIZE
    source.close()


def read_by_obstore(endpoint: str) -> None:
    import obstore

    pieces = obstore.get(_store(endpoint), "big.bin").stream(1 << 20)
    assert sum(len(bytes(piece)) for piece in pieces) == SIZE


def _source(endpoint: str) -> Source:
    return source_of("s3", {"url": "s3://bucket", "endpoint": endpoint}, folder=Path(), where="bench")


def _store(endpoint: str) -> Any:
    from obstore.store import S3Store

    options: Any = {"allow_http": True}
    return S3Store("bucket", endpoint=endpoint, region="x", skip_signature=True, client_options=options)


def serve(listening: socket.socket) -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    answer = partial(_answer, [_page(number) for number in range(PAGES)], memoryview(bytes(1 << 20)))
    while True:
        met, _ = listening.accept()
        threading.Thread(target=answer, args=(met,), daemon=True).start()


def _page(number: int) -> bytes:
    items = "".join(_ITEM.format(number * 1000 + each) for each in range(1000))
    more = number + 1 < PAGES
    end = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{number + 1}</NextContinuationToken>"
    head = "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult><EncodingType>url</EncodingType>"
    return f"{head}{items}{end if more else '<IsTruncated>false</IsTruncated>'}</ListBucketResult>".encode()


def _answer(pages: list[bytes], zeros: memoryview, met: socket.socket) -> None:
    met.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reading = met.makefile("rb")
    try:
        while request := reading.readline():
            lines = [line.decode().strip().lower() for line in iter(reading.readline, b"\r\n")]
            asked = parse_qs(urlsplit(request.split(b" ")[1].decode()).query)
            if "list-type" in asked:
                body = pages[int(asked.get("continuation-token", ["0"])[0])]
                met.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            else:
                _send(met, zeros, next((each for each in lines if each.startswith("range:")), ""))
    except ConnectionError:
        return


def _send(met: socket.socket, zeros: memoryview, ranged: str) -> None:
    size, status = SIZE, b"200 OK"
    if found := re.search(r"bytes=(\d+)-(\d+)", ranged):
        size, status = int(found[2]) - int(found[1]) + 1, b"206 Partial Content"
    met.sendall(
        b'HTTP/1.1 %s\r\nContent-Length: %d\r\nETag: "e"\r\n'
        b"Last-Modified: Sun, 22 Nov 2026 21:55:00 GMT\r\n\r\n" % (status, size)
    )
    for at in range(0, size, len(zeros)):
        met.sendall(zeros[: min(len(zeros), size - at)])


if __name__ == "__main__":
    main()
