"""A cluster that answers as the REST APIs of Elasticsearch and OpenSearch are documented to."""

import base64
import fnmatch
import json
import re
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from servers import PASSWORD
from source_yards._answers import Answering, Server

BASIC = "Basic " + base64.b64encode(f"watcher:{PASSWORD}".encode()).decode()
API_KEY = "aWQ6a2V5"
_SHARDS = 2


class Index:
    """docs: what was indexed, None where it was deleted;  seen: what searches find since the last refresh."""

    def __init__(self) -> None:
        self.uuid, self.status = uuid.uuid4().hex, "open"
        self.docs: list[dict[str, Any] | None] = []
        self.operations = self.deleted = 0
        self.seen: list[dict[str, Any]] = []
        self.source = True

    def index(self, *documents: dict[str, Any], refresh: bool = True) -> None:
        self.docs += documents
        self.operations += len(documents)
        if refresh:
            self.refresh()

    def refresh(self) -> None:
        self.seen = [each for each in self.docs if each is not None]
        self.deleted = self.docs.count(None)

    def delete(self, at: int) -> None:
        self.docs[at] = None
        self.operations += 1
        self.refresh()


class Cluster:
    """dialect: "elasticsearch" or "opensearch";  refuses: statuses by the last word of a request's path;
    failed: shards that no search gets an answer from;  kept: moments that searches go on in."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.indices: dict[str, Index] = {}
        self.refuses: dict[str, int] = {}
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.scrolls: dict[str, tuple[int, int]] = {}
        self.failed = 0
        self.timed_out = False
        self.asked: list[str] = []

    def matching(self, pattern: str) -> list[str]:
        names: list[str] = []
        for each in pattern.split(","):
            names += fnmatch.filter(self.indices, each) if "*" in each else [each] * (each in self.indices)
        return sorted(set(names))


@cache
def server(dialect: str) -> tuple[Cluster, int]:
    cluster = Cluster(dialect)
    return cluster, Server(_Handler, cluster=cluster).port


class _Handler(Answering):
    cluster: Cluster

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wanted = json.loads(body) if body else {}
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        way = [unquote(each) for each in parts.path.strip("/").split("/")]
        self.cluster.asked.append(f"{method} {parts.path}")
        if self.headers.get("Authorization") not in (BASIC, f"ApiKey {API_KEY}"):
            return self.say(401, {"error": {"type": "security_exception"}, "status": 401})
        if status := self.cluster.refuses.get(way[-1]):
            return self.say(status, {"error": {"type": "refused"}, "status": status})
        match method, way:
            case "GET", ["_cat", "indices", pattern] if asked["format"] == "json":
                return self._listed(pattern)
            case "GET", [pattern, "_stats", "docs"] if asked["level"] == "shards":
                return self._stats(pattern)
            case "POST", [name, "_pit"] if self.cluster.dialect == "elasticsearch":
                return self._begun(name, lambda key: {"id": key})
            case "POST", ["_search"] if "pit" in wanted:
                return self._sought(wanted)
            case "POST", [name, "_search"] if "scroll" in asked:
                return self._begun(name, lambda key: self._scrolled(key, wanted["size"]))
            case "POST", ["_search", "scroll"]:
                return self.say(200, self._scrolled(wanted["scroll_id"]))
            case "DELETE", ["_pit"]:
                self.cluster.kept.pop(wanted["id"])
                return self.say(200, {"succeeded": True})
            case "DELETE", ["_search", "scroll"]:
                self.cluster.kept.pop(wanted["scroll_id"][0])
                return self.say(200, {"succeeded": True})
            case _:
                return self.say(405 if way[-1] == "_pit" else 404, {"error": "no handler found for uri"})

    def _listed(self, pattern: str) -> None:
        names = self.cluster.matching(pattern)
        if not names and not re.search(r"[*]", pattern):
            self.say(404, {"error": {"type": "index_not_found_exception"}, "status": 404})
            return
        found = [(name, self.cluster.indices[name]) for name in names]
        self.say(200, [{"index": name, "uuid": each.uuid, "status": each.status} for name, each in found])

    def _stats(self, pattern: str) -> None:
        indices = {}
        for name in self.cluster.matching(pattern):
            index = self.cluster.indices[name]
            if index.status != "open":
                continue
            shards = {
                str(shard): [
                    {"routing": {"primary": primary}, "seq_no": {"max_seq_no": index.operations - 1 + shard}}
                    for primary in (False, True)
                ]
                for shard in range(_SHARDS)
            }
            docs = {"count": len(index.seen), "deleted": index.deleted}
            indices[name] = {"primaries": {"docs": docs}, "shards": shards}
        self.say(200, {"_shards": {"total": 4, "successful": 4, "failed": 0}, "indices": indices})

    def _begun(self, name: str, answer: Any) -> None:
        index = self.cluster.indices.get(name)
        if index is None:
            return self.say(404, {"error": {"type": "index_not_found_exception"}, "status": 404})
        key = uuid.uuid4().hex
        self.cluster.kept[key] = list(index.seen) if index.source else [{} for _ in index.seen]
        return self.say(200, answer(key))

    def _sought(self, wanted: dict[str, Any]) -> None:
        assert wanted["sort"] == ["_shard_doc"]
        key = wanted["pit"]["id"]
        if key not in self.cluster.kept:
            return self.say(404, {"error": {"type": "search_context_missing_exception"}, "status": 404})
        (after,) = wanted.get("search_after", [-1])
        return self.say(200, self._page(key, after + 1, wanted["size"]) | {"pit_id": key})

    def _scrolled(self, key: str, size: int = 0) -> dict[str, Any]:
        at, size = self.cluster.scrolls.get(key, (0, size))
        self.cluster.scrolls[key] = at + size, size
        return self._page(key, at, size) | {"_scroll_id": key}

    def _page(self, key: str, start: int, size: int) -> dict[str, Any]:
        docs = self.cluster.kept[key]
        hits = [
            {"_index": "x", "_id": str(at), "sort": [at]} | ({"_source": docs[at]} if docs[at] else {})
            for at in range(start, min(start + size, len(docs)))
        ]
        return {
            "timed_out": self.cluster.timed_out,
            "_shards": {"total": _SHARDS, "failed": self.cluster.failed},
            "hits": {"total": {"value": len(docs), "relation": "eq"}, "hits": hits},
        }

    def say(self, status: int, answer: Any, headers: Mapping[str, str] | None = None) -> None:
        text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
        self.send(status, text.encode(), {"Content-Type": "application/json", **(headers or {})})
