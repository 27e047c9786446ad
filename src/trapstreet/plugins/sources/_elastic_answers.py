"""What Elasticsearch and OpenSearch answer, as far as it is read."""

from typing import Annotated

import msgspec


class Index(msgspec.Struct):
    """A line of _cat/indices."""

    index: str
    uuid: str = ""
    status: str = "open"


class _Sequence(msgspec.Struct):
    max_seq_no: int


class _Routing(msgspec.Struct):
    primary: bool = False


class _Shard(msgspec.Struct):
    routing: _Routing
    seq_no: _Sequence


class _Documents(msgspec.Struct):
    count: int
    deleted: int


class _Primaries(msgspec.Struct):
    docs: _Documents


class _IndexStats(msgspec.Struct):
    primaries: _Primaries
    shards: dict[str, list[_Shard]]


class Failures(msgspec.Struct):
    total: int = 0
    failed: int = 0


class Stats(msgspec.Struct):
    """Of _stats?level=shards."""

    shards: Failures = msgspec.field(name="_shards", default_factory=Failures)
    indices: dict[str, _IndexStats] = {}

    def version(self, index: Index) -> str:
        """What changes with each operation on an index, and when what was done becomes visible to searches.

        "" where not every shard tells.
        """
        found = self.indices.get(index.index)
        if found is None or self.shards.failed or not index.uuid:
            return ""
        numbers = []
        for name in sorted(found.shards):
            own = [each.seq_no.max_seq_no for each in found.shards[name] if each.routing.primary]
            if not own:
                return ""
            numbers.append(f"{name}:{own[0]}")
        docs = found.primaries.docs
        return f"{index.uuid} {docs.count} {docs.deleted} {' '.join(numbers)}"


class Hit(msgspec.Struct):
    sort: msgspec.Raw = msgspec.Raw(b"null")
    source: msgspec.Raw = msgspec.field(name="_source", default_factory=lambda: msgspec.Raw(b""))


class Total(msgspec.Struct):
    value: int


class Hits(msgspec.Struct):
    hits: list[Hit]
    total: Total | int | None = None


class Found(msgspec.Struct):
    hits: Hits
    shards: Failures = msgspec.field(name="_shards", default_factory=Failures)
    timed_out: bool = False
    pit_id: str = ""
    scroll_id: Annotated[str, msgspec.Meta(max_length=1 << 20)] = msgspec.field(name="_scroll_id", default="")


class Opened(msgspec.Struct):
    id: str
