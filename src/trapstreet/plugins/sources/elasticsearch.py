"""Indices of Elasticsearch and OpenSearch: each is an object, its documents are lines of JSON."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

from msgspec.structs import replace

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources._elastic import documents, read
from trapstreet.plugins.sources._elastic_answers import Index, Stats
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import Blocks, part

title = "Elasticsearch and OpenSearch"
schemes = ("es+https", "es+http")
reveals = "Whoever runs the cluster sees, where it is audited, that indices are listed and searched."

_INDICES = "/_cat/indices/{}?format=json&h=index,uuid,status&s=index&expand_wildcards=all"
_STATS = (
    "/{}/_stats/docs?level=shards&ignore_unavailable=true&filter_path=_shards,"
    "indices.*.primaries.docs,indices.*.shards.*.routing.primary,indices.*.shards.*.seq_no.max_seq_no"
)
_NAMES = 2500
"""Characters of names: a server takes lines of 4,096."""
_STREAM = ".ds-"
"""How the hidden indices begin that hold a data stream."""


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The path of the URL is a name of indices, several between commas, with * where one likes."""

    api_key_file: Annotated[Path | None, option("Holds an API key, encoded as it was given out", "FILE")] = (
        None
    )


settings = Settings


def source(settings: Settings) -> "_Elasticsearch":
    return _Elasticsearch(replace(settings, url=settings.url.removeprefix("es+")))


class _Elasticsearch:
    def __init__(self, settings: Settings) -> None:
        headers = {}
        if settings.api_key_file:
            if settings.user:
                raise UnusableInput("it says twice how to log in", hint="give user, or api_key_file")
            key = secret(settings.api_key_file, what="the API key").reveal()
            if not key.isascii():
                raise UnusableInput(
                    f"{settings.api_key_file} holds no API key", hint="as it was given out: encoded"
                )
            headers["Authorization"] = f"ApiKey {key}"
        self._client = Client(settings, headers=headers)
        home = self._client.home
        self._base = f"{home.scheme}://{home.authority}"
        self._pattern = urlsplit(home.url).path.strip("/")
        if "/" in self._pattern:
            raise UnusableInput(
                "the address leads into an index", hint="like https://search.example:9200/logs-*"
            )

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Closed indices are listed as what cannot be read; those of the system (".kibana") only by name."""
        host = printable(self._client.home.host)
        pattern = self._pattern or "*"
        try:
            answer = self._client.get(self._base + _INDICES.format(pattern))
        except Missing as error:
            if "*" in pattern:
                raise
            raise Unreachable(
                f"{host} has no such index", hint="check its name, or what we may see"
            ) from error
        found = [each for each in read(answer, list[Index], host) if self._is_wanted(each.index)]
        readers = self._client.readers(self._base)  # known of a host that has answered
        for some in _together(sorted(found, key=lambda index: index.index)):
            stats = self._stats([each.index for each in some if each.status == "open"], host)
            for each in some:
                path = f"{self._base}/{each.index}"
                if each.status != "open":
                    yield Unread(path, "it is closed: open it to have it read")
                else:
                    yield Ref(path, stats.version(each), readers=readers, handle=each.index)
        yield Mark("", whole=True)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        blocks = documents(self._client, self._base, ref.handle)
        first = next(blocks, b"")  # what cannot be read says so now
        return part(cast(BinaryIO, Blocks(_with(first, blocks), close=blocks.close)), start, end)

    def close(self) -> None:
        self._client.close()

    def _is_wanted(self, name: str) -> bool:
        hidden = name.startswith(".") and not name.startswith(_STREAM)
        return not hidden or name in unquote(self._pattern).split(",")

    def _stats(self, names: Sequence[str], host: str) -> Stats:
        """What tells changes; nothing where that may not be asked, and then all is read each time."""
        if not names:
            return Stats()
        asked = _STATS.format(",".join(quote(name, safe="") for name in names))
        try:
            return read(self._client.get(self._base + asked), Stats, host)
        except (AccessDenied, Missing):
            return Stats()


def _together(indices: Iterable[Index]) -> Iterator[Sequence[Index]]:
    """As many at a time as one address may name."""
    some: list[Index] = []
    for each in indices:
        some.append(each)
        if sum(len(quote(one.index)) + 1 for one in some) > _NAMES:
            yield some
            some = []
    yield some


def _with(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from blocks
