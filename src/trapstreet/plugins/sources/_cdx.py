"""Indices of web archives: which pages were captured, and where in which file each record is.

Formats: CDXJ (pywb; as servers answer it, JSON lines), and CDX with the fields that its first line names
("CDX File Format", Internet Archive).
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

_LONGEST = 1 << 16
_NONSENSE = 1000
"""Lines in a row that are none of an index, after which it is none."""
_USUAL = tuple("NbamskrMSVg")
_STEP = 1 << 16


class NoIndex(ValueError):
    """It is not the index of a web archive."""


class Capture(NamedTuple):
    """A record: `length` bytes at `offset` in a file.

    digest  of what was captured;  time: like 20260115103000;  kind: "text/html" …
    """

    url: str
    digest: str
    time: str
    kind: str
    file: str
    offset: int
    length: int

    @property
    def at(self) -> int | None:
        """When, in Unix microseconds; None where that is no time."""
        try:
            found = datetime.strptime(self.time[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None
        return int(found.timestamp()) * 1_000_000

    @property
    def name(self) -> str:
        """What is the same for all captures of the same content at an address, and for no others."""
        if re.fullmatch(r"[A-Za-z0-9:._-]{8,100}", self.digest):
            return f"{self.digest}/{self.url}"
        place = blake2b(f"{self.offset} {self.file}".encode("utf-8", "replace"), digest_size=16)
        return f"{place.hexdigest()}/{self.url}"


def captures(blocks: Iterable[bytes]) -> Iterator[Capture | None]:
    """The captures in an index, without those that say only that nothing has changed; None for a line that
    says not where its record is. Raises NoIndex, and what the blocks raise."""
    fields: Sequence[str] = _USUAL
    strange, any_found = 0, False
    for line in _lines(blocks):
        if line.lstrip().startswith(b"CDX "):
            fields = line.decode("latin-1").split()[1:]
            continue
        found = _of_json(line) if b"{" in line else _of_fields(line, fields)
        if found is None:
            if line.startswith(b"!meta"):
                continue
            strange += 1
            if strange >= _NONSENSE:
                break
            yield None
        else:
            strange, any_found = 0, True
            if found.kind != "warc/revisit":
                yield found
    if strange >= _NONSENSE or (strange and not any_found):
        raise NoIndex("it is no index of a web archive")


def unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip packed, in any number of members. Raises NoIndex."""
    unpacking, begun = zlib.decompressobj(31), False
    try:
        for block in blocks:
            rest = block
            while rest:
                yield unpacking.decompress(rest, _STEP)
                rest, begun = unpacking.unconsumed_tail, not unpacking.eof
                if unpacking.eof:
                    rest, unpacking = unpacking.unused_data, zlib.decompressobj(31)
    except zlib.error as error:
        raise NoIndex("what is packed there is damaged") from error
    if begun:
        raise NoIndex("what is packed there ends in the middle")


class _Told(msgspec.Struct):
    """A line of JSON; numbers may stand there as texts."""

    url: str
    filename: str
    offset: int | str
    length: int | str
    digest: str = ""
    timestamp: str = ""
    mime: str = ""


def _of_json(line: bytes) -> Capture | None:
    key, _, rest = line.partition(b"{")
    try:
        told = msgspec.json.decode(b"{" + rest, type=_Told)
        offset, length = int(told.offset), int(told.length)
    except (msgspec.MsgspecError, ValueError):
        return None
    time = told.timestamp or (key.split()[1:] or [b""])[0].decode("latin-1")
    return _sound(Capture(told.url, told.digest, time, told.mime, told.filename, offset, length))


def _of_fields(line: bytes, fields: Sequence[str]) -> Capture | None:
    told = dict(zip(fields, line.decode("utf-8", "surrogateescape").split(), strict=False))
    try:
        offset, length = int(told["V"]), int(told["S"])
        return _sound(Capture(told["a"], told["k"], told["b"], told["m"], told["g"], offset, length))
    except (KeyError, ValueError):
        return None


def _sound(capture: Capture) -> Capture | None:
    return capture if capture.offset >= 0 and capture.length >= 0 and capture.file else None


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for block in blocks:
        *whole, left = (left + block).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(left) > _LONGEST:
            raise NoIndex("it has a line that does not end")
    if left.strip():
        yield left


def wanted(url: str, patterns: Sequence[str]) -> bool:
    """Whether an address is meant by one of the patterns, as the servers of indices understand them:
    "*.acme.example" (it and all below it), "acme.example/shop/*", "acme.example/page"."""
    plain = _plain(url)
    host = re.split(r"[/:?]", plain, maxsplit=1)[0]
    for each in patterns:
        pattern = _plain(each)
        if each.startswith("*."):
            domain = pattern.removeprefix("*.").partition("/")[0]
            if host == domain or host.endswith(f".{domain}"):
                return True
        elif plain == pattern or (pattern.endswith("*") and plain.startswith(pattern[:-1])):
            return True
    return False


def _plain(url: str) -> str:
    host, slash, path = url.partition("://")[2].partition("/") if "://" in url else url.partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}".rstrip("/")
