"""Where the files of a web archive are, of which single records are read."""

import errno
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, cast
from urllib.parse import quote

from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._parts import Blocks

DATA = "https://data.commoncrawl.org"
"""Where Common Crawl's files are."""
_STEP = 1 << 16


class Archive(Protocol):
    def open(self, file: str, start: int, end: int) -> BinaryIO:
        """The bytes [start, end) of a file. Raises OSError, here or when they are read."""
        ...

    @property
    def readers(self) -> str:
        """Who may read it, in words."""
        ...


class OfServer:
    """Files below a web address, of which parts are asked for."""

    def __init__(self, client: Client, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")

    def open(self, file: str, start: int, end: int) -> BinaryIO:
        return opened(self._client, f"{self._url}/{quote(file)}", start=start, end=end)

    @property
    def readers(self) -> str:
        return "everybody" if self._url == DATA else self._client.readers(self._url)


class OfFolder:
    """Files in a folder of this machine: whatever an index names, none that lies outside."""

    readers = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def open(self, file: str, start: int, end: int) -> BinaryIO:
        if "\0" in file:
            raise OSError(errno.EINVAL, "the index names no file")
        path = (self._folder / file).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise OSError(errno.ENOENT, "the index names a file that is not there")
        found = path.open("rb")
        found.seek(start)
        return cast(BinaryIO, Blocks(_pieces(found, end - start), size=end - start, close=found.close))


def _pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    for block in iter(partial(file.read, _STEP), b""):
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return
