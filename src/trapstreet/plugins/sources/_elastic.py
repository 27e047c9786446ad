"""How an index of Elasticsearch or OpenSearch is read to its end.

Source: the REST APIs of Elasticsearch 7.10 and later (point in time, search_after) and of OpenSearch 1 to 3,
which is read by scrolling: its points in time cannot be sorted by shard before 3.3.
"""

import errno
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.plugins.sources._elastic_answers import Found, Opened
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_open import as_oserror
from trapstreet.plugins.sources._http_status import good

BODY = 64 << 20
"""Bytes of one answer."""
AT_ONCE = 1000
"""Documents that are asked for together, as long as these are small."""

_SCROLLED = 100
_KEPT = "10m"
_NO_PIT = (400, 404, 405)


_Kind = TypeVar("_Kind")


def read(answer: Answer, kind: type[_Kind], host: str) -> _Kind:
    """What an answer holds. Raises Unreachable."""
    try:
        return msgspec.json.decode(answer.body(most=BODY), type=kind)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreachable(f"{host} broke off or answered nonsense", hint="see what answers there") from error


def documents(client: Client, base: str, index: str) -> Generator[bytes, None, None]:
    """Every document of an index as one moment has them, each a line of JSON, in blocks of some megabytes.

    Raises OSError, also at the end: where fewer came than there are, or some are kept without their source.
    """
    reading = _Reading(client, base, index)
    try:
        yield from reading.blocks()
    finally:
        reading.close()


class _Reading:
    def __init__(self, client: Client, base: str, index: str) -> None:
        self._client, self._base, self._name = client, base, quote(index, safe="")
        self._pit = self._scroll = ""
        self._size, self._after = AT_ONCE, msgspec.Raw(b"")
        self._came = self._bare = 0
        self._total: int | None = None

    def blocks(self) -> Generator[bytes, None, None]:
        self._begin()
        while found := self._page():
            lines = [_line(bytes(hit.source)) for hit in found.hits.hits]
            self._came += len(lines)
            self._bare += sum(not line for line in lines)
            if lines:
                yield b"".join(lines)
        if self._total is not None and self._came < self._total:
            raise OSError(errno.EIO, f"ended after {self._came:,} of {self._total:,} documents")
        if self._bare:
            raise OSError(errno.ENODATA, f"{self._bare:,} documents are kept without their source")

    def close(self) -> None:
        """The server need not keep the moment any longer."""
        with suppress(OSError):
            if self._pit:
                self._asked("DELETE", "/_pit", {"id": self._pit}).close()
            if self._scroll:
                self._asked("DELETE", "/_search/scroll", {"scroll_id": [self._scroll]}).close()

    def _begin(self) -> None:
        answer = self._asked("POST", f"/{self._name}/_pit?keep_alive={_KEPT}", None)
        if answer.status in _NO_PIT:
            answer.skip()
        else:
            self._pit = self._read(answer, Opened).id

    def _page(self) -> Found | None:
        """The next documents; None behind the last."""
        found = self._sought() if self._pit else self._scrolled()
        shards = found.shards
        if shards.failed:
            raise OSError(errno.EIO, f"{shards.failed} of {shards.total} shards failed: it is not all there")
        if found.timed_out:
            raise OSError(errno.ETIME, "the search took too long: it is not all there")
        total = found.hits.total
        if self._total is None:
            if total is None:
                raise OSError(errno.EIO, "the server does not say how many documents there are")
            self._total = total if isinstance(total, int) else total.value
        if self._came + len(found.hits.hits) > self._total:
            raise OSError(
                errno.EIO, f"the server sends more than the {self._total:,} documents that it told of"
            )
        return found if found.hits.hits else None

    def _sought(self) -> Found:
        while True:
            wanted: dict[str, Any] = {
                "size": self._size,
                "pit": {"id": self._pit, "keep_alive": _KEPT},
                "sort": ["_shard_doc"],
                "track_total_hits": self._total is None,
            }
            if bytes(self._after):
                wanted["search_after"] = self._after
            answer = self._asked("POST", "/_search?allow_partial_search_results=false", wanted)
            try:
                found = self._read(answer, Found)
            except _TooLarge:
                if self._size == 1:
                    raise
                self._size = max(1, self._size // 10)
                continue
            self._pit = found.pit_id or self._pit
            if found.hits.hits:
                last = found.hits.hits[-1].sort
                if bytes(last) in (b"null", bytes(self._after)):
                    raise OSError(errno.EIO, "the server answers the same again and again")
                self._after = last
            return found

    def _scrolled(self) -> Found:
        if self._scroll:
            answer = self._asked("POST", "/_search/scroll", {"scroll": _KEPT, "scroll_id": self._scroll})
        else:
            asked = f"/{self._name}/_search?scroll={_KEPT}&allow_partial_search_results=false"
            wanted = {"size": _SCROLLED, "sort": ["_doc"], "track_total_hits": True}
            answer = self._asked("POST", asked, wanted)
        found = self._read(answer, Found)
        if not found.scroll_id:
            raise OSError(errno.EIO, "the server answered nonsense")
        self._scroll = found.scroll_id
        return found

    def _asked(self, method: str, target: str, wanted: Mapping[str, Any] | None) -> Answer:
        content = b"" if wanted is None else msgspec.json.encode(wanted)
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if content else {})
        try:
            return self._client.ask(method, f"{self._base}{target}", headers=headers, content=content)
        except TrapstreetError as error:
            raise as_oserror(error) from error

    def _read(self, answer: Answer, kind: type[_Kind]) -> _Kind:
        try:
            body = good(answer).body(most=BODY)
        except TrapstreetError as error:
            raise as_oserror(error) from error
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise _TooLarge(errno.EFBIG, f"a document of more than {BODY >> 20} MB") from error
            raise
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise OSError(errno.EIO, "the server answered nonsense") from error


class _TooLarge(OSError):
    """An answer has more bytes than are taken."""


def _line(source: bytes) -> bytes:
    """A document on one line, as its server has it; b"" where it has none."""
    if b"\n" in source or b"\r" in source:
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            source = msgspec.json.encode(msgspec.json.decode(source))
    return source + b"\n" if source else b""
