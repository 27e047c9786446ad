"""What buckets of every provider have in common: pages of names that are listed, and objects that are opened
as they were listed.

Names are what their owner made them: "a//b", "../c" and line breaks are names like any other.
"""

import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple, cast

from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._bucket_requests import Endpoint
from trapstreet.plugins.sources._flow import exactly
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_open import as_oserror
from trapstreet.plugins.sources._parts import Blocks, part

_EMPTY = 1000
"""Pages without a name that may follow one upon the other."""


class Item(NamedTuple):
    """An object of a page. tag: what its provider calls this state of it."""

    name: str
    tag: str
    size: int
    modified: int | None


class Page(NamedTuple):
    """Items in the order of their names. after: what the next page is asked for by, "" where there is none;
    cursor: what a later listing may go on from.
    """

    items: Sequence[Item]
    after: str
    cursor: str


class Bucket(ABC):
    """A source: the objects of a bucket, or those below a prefix of it.

    shown  the bucket's address, with which the paths of its objects begin
    """

    _at: Endpoint

    def __init__(self, shown: str, prefix: str) -> None:
        self._shown, self._prefix = shown.rstrip("/"), prefix

    @abstractmethod
    def page(self, after: str, cursor: str) -> Page:
        """The page that follows another one, or else a cursor. Raises TrapstreetError."""

    @abstractmethod
    def asked(
        self, method: str, name: str, headers: Mapping[str, str], tag: str = "", content: bytes = b""
    ) -> Answer:
        """The answer to a request for one object, whatever its status; of that very state where a tag is
        given: 412 where it is another one by now. Raises TrapstreetError."""

    @abstractmethod
    def as_stranger(self) -> Answer | None:
        """The answer to a stranger who lists it; None where we are one. Raises TrapstreetError."""

    def readers(self) -> str:
        """Who may list the bucket, in words."""
        answer = self.as_stranger()
        if answer is not None:
            answer.close()
            if answer.status != 200:
                return ""
        return self._at.readers()

    def close(self) -> None:
        self._at.close()

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput and Later as the provider answers."""
        page, readers = self.page("", cursor), self.readers()
        last, empty = "", 0
        while True:
            for name, tag, size, modified in page.items:
                if _lies_below(name, self._prefix):
                    yield Ref(f"{self._shown}/{name}", f"{tag} {size}", size, modified, readers, name)
            if not page.after:
                break
            empty = 0 if page.items else empty + 1
            if (page.items and page.items[-1].name <= last) or empty > _EMPTY:
                raise Unreachable(
                    f"{self._shown} lists the same again and again", hint="see what answers there"
                )
            last = page.items[-1].name if page.items else last
            yield Mark(page.cursor)
            page = self.page(page.after, page.cursor)
        yield Mark("", whole=True)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        """The state that was listed, or `Changed`."""
        size = ref.size or 0
        end = size if end is None else min(end, size)
        if start >= end:
            return cast(BinaryIO, Blocks(iter(())))
        ranged = {"Range": f"bytes={start}-{end - 1}"} if (start, end) != (0, size) else {}
        try:
            answer = self.asked("GET", ref.handle, ranged, tag=ref.version.rpartition(" ")[0])
        except TrapstreetError as error:
            raise as_oserror(error) from error
        if answer.status not in (200, 206):
            answer.close()
            raise _unopened(answer.status)
        whole = answer.status == 200
        expected = size if whole else end - start
        blocks = exactly(answer.blocks(most=1 << 62), expected, more=False)
        file = cast(BinaryIO, Blocks(blocks, size=expected, close=answer.close))
        return part(file, start, end) if whole and ranged else file

    def put(self, path: str, content: bytes) -> str:
        name = self._named(path)
        headers = {"If-None-Match": "*"}
        if self._done("HEAD", name, {}) == 200:  # not every server knows the header
            raise FileExistsError(errno.EEXIST, "there is one already")
        status = self._done("PUT", name, headers, content)
        if status in (409, 412):
            raise FileExistsError(errno.EEXIST, "there is one already")
        if not 200 <= status < 300:
            raise _unopened(status)
        return f"{self._shown}/{name}"

    def remove(self, path: str) -> None:
        name = self._named(path)
        if (status := self._done("HEAD", name, {})) != 200:
            raise _unopened(status)
        if not 200 <= (status := self._done("DELETE", name, {})) < 300:
            raise _unopened(status)

    def _named(self, path: str) -> str:
        return f"{self._prefix.rstrip('/')}/{path}" if self._prefix else path

    def _done(self, method: str, name: str, headers: Mapping[str, str], content: bytes = b"") -> int:
        try:
            answer = self.asked(method, name, headers, content=content)
        except TrapstreetError as error:
            raise as_oserror(error) from error
        answer.close()
        return answer.status


def _lies_below(name: str, prefix: str) -> bool:
    """Whether a name is a prefix, or lies in the folder of that name: what only begins alike does not."""
    return not prefix or prefix.endswith("/") or name == prefix or name.startswith(f"{prefix}/")


def _unopened(status: int) -> OSError:
    match status:
        case 412:
            return Changed(errno.ESTALE, "has changed since it was listed")
        case 404:
            return OSError(errno.ENOENT, "vanished before it was read")
        case 401 | 403:
            return OSError(errno.EACCES, "may not be read")
        case _:
            return OSError(errno.EIO, f"cannot be read: the server answered {status}")
