"""What AIL's feeders send, from wherever it comes."""

import base64
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins.formats import read


def _item(data: bytes, **others: Any) -> dict[str, Any]:
    packed = base64.b64encode(gzip.compress(data)).decode()
    return {"data": packed, "data-sha256": "00", "meta": {"by": "jané"}, "source": "pastes"} | others


ONE, TWO = b"jane@h.example\n" * 5, bytes(range(256)) * 2000 + b"bob@h.example"


@pytest.mark.parametrize(
    "written",
    [
        lambda items: "\n".join(json.dumps(each) for each in items),
        json.dumps,
        lambda items: json.dumps(items, indent=2, ensure_ascii=False),
        lambda items: json.dumps([dict(reversed(each.items())) for each in items], separators=(",", ":")),
        lambda items: json.dumps(items).replace("/", "\\/"),
    ],
    ids=["lines", "list", "indented", "data last", "escaped"],
)
def test_each_item_is_unpacked_and_what_is_said_of_it_is_read(written: Callable[[Any], str]) -> None:
    found = _read(written([_item(ONE), _item(TWO, source="tele/gram")]).encode())
    assert found["drop!/1"] == ONE
    assert found["drop!/2"].endswith(b"bob@h.example")
    assert b"tele" in found["drop"]
    assert b"H4sI" not in found["drop"]


def test_an_item_may_be_an_archive_or_a_page() -> None:
    inner = gzip.compress(b"packed twice: jane@h.example")
    assert b"jane@h.example" in _read(json.dumps(_item(inner)).encode())["drop!/1!/1"]


def test_many_items_come_one_after_the_other() -> None:
    lines = "\n".join(json.dumps(_item(f"item {number}".encode())) for number in range(2000))
    found = _read(lines.encode())
    assert [found[f"drop!/{number + 1}"] for number in range(2000)] == [
        f"item {number}".encode() for number in range(2000)
    ]


@pytest.mark.parametrize("cut", [50, 150, 1000])
def test_what_is_cut_short_is_said_and_what_came_before_is_read(cut: int) -> None:
    whole = json.dumps(_item(ONE)) + "\n" + json.dumps(_item(TWO[:200_000] + bytes(5000)))
    found = list(_parts(whole.encode()[:cut]))
    assert any(isinstance(each, Unread) for each in found)


def test_a_damaged_item_is_said_and_the_next_is_read() -> None:
    bad = _item(ONE) | {"data": "H4sIAAAA////////" * 20}
    found = list(_parts("\n".join(json.dumps(each) for each in (bad, _item(ONE))).encode()))
    assert [each.path for each in found if isinstance(each, Unread)] == ["drop!/1"]
    assert "drop!/2" in [each.path for each in found]


def test_a_bomb_is_stopped() -> None:
    bomb = json.dumps(_item(bytes(100 << 20))).encode()
    assert any("stopped after" in each.why for each in _parts(bomb) if isinstance(each, Unread))


@pytest.mark.parametrize("page", [b'{"data": "plain"}', b'[{"name": "H4sI"}]', b'text "data": "H4sI'])
def test_other_json_is_read_as_it_was(page: bytes) -> None:
    assert _read(page) == {"drop": page}


def _parts(content: bytes) -> Any:
    for part in read(SourceObject("s", "drop", len(content), lambda: io.BytesIO(content))):
        if not isinstance(part, Unread):
            part.chunks = iter([b"".join(part.chunks)])
        yield part


def _read(content: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in _parts(content):
        assert not isinstance(part, Unread), part
        found[part.path] = found.get(part.path, b"") + b"".join(part.chunks)
    return found
