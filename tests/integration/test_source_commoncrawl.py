"""Web archives: new crawls alone, single records, indices in files, and indices that lie."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from source_yards import commoncrawl_pywb as pywb
from source_yards.commoncrawl import FILE, Here
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, SourceObject, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.formats import read as texts_of
from trapstreet.plugins.sources import source_of

PAGE = b"<html>Erika Muster, erika@acme.example</html>"


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    yard = Here(request, tmp_path)
    yield yard
    yard.close()


def listed(source: Source, cursor: str = "") -> tuple[dict[str, Ref], Mark]:
    *found, mark = (each for each in source.list(cursor))
    assert isinstance(mark, Mark)
    return {each.path.partition("/")[2]: each for each in found if isinstance(each, Ref)}, mark


def read(source: Source, ref: Ref) -> bytes:
    with source.open(ref) as file:
        return file.read()


def record(url: str, body: bytes) -> bytes:
    """A response as it stands in a WARC file, packed by itself."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + answer + b"\r\n\r\n")


def test_a_record_is_read_as_a_page_without_the_rest_of_its_file(yard: Here) -> None:
    yard.put("other.html", record("https://www.acme.example/other.html", b"other"))
    yard.put("customers.html", record("https://www.acme.example/customers.html", PAGE))
    with closing(yard.source()) as source:
        refs, _ = listed(source)
        ref = refs["https://www.acme.example/customers.html"]
        found = SourceObject("here", ref.path, ref.size, lambda: source.open(ref))
        (text,) = [b"".join(each.chunks) for each in texts_of(found) if not isinstance(each, Unread)]
    assert PAGE in text


@pytest.mark.system
def test_a_page_that_another_program_archived_is_read(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    yard = pywb.Here(request, tmp_path)
    yard.put_many({"other.html": b"other", "customers.html": PAGE})
    with closing(yard.source()) as source:
        refs, _ = listed(source)
        ref = refs["https://www.acme.example/customers.html"]
        found = SourceObject("here", ref.path, ref.size, lambda: source.open(ref))
        (text,) = [b"".join(each.chunks) for each in texts_of(found) if not isinstance(each, Unread)]
    assert PAGE in text
    assert b"other" not in text
    yard.close()


@pytest.mark.system
@pytest.mark.parametrize(
    "pattern",
    [
        "*.acme.example",
        "www.acme.example/shop/*",
        "acme.example/shop/*",
        "acme.example/shop*",
        "www.acme.example/shop",
        "https://www.acme.example/shop/a.html",
        "*.other.example",
    ],
)
def test_a_pattern_means_in_an_index_in_a_file_what_it_means_to_a_server(
    request: pytest.FixtureRequest, tmp_path: Path, pattern: str
) -> None:
    yard = pywb.Here(request, tmp_path)
    yard.put_many(
        dict.fromkeys(("", "shop", "shop/", "shop/a.html", "shop/b?c=d", "shopping", "else/shop/a"), b"x")
    )
    with closing(yard.source(yard.settings() | {"pattern": [pattern]})) as source:
        asked, _ = listed(source)
    index = {"url": str(yard.files.parent / "indexes" / "index.cdxj"), "archive": str(yard.files)}
    with closing(yard.source(index | {"pattern": [pattern]})) as source:
        own, _ = listed(source)
    assert own.keys() == asked.keys()
    assert asked or "other" in pattern
    yard.close()


def test_a_crawl_that_was_listed_is_not_asked_again_and_a_new_one_is(yard: Here) -> None:
    yard.put("a.html", b"a")
    yard.add("old.html", b"old", crawl="CC-TEST-2026-40")
    with closing(yard.source()) as source:
        refs, mark = listed(source)
        assert set(refs) == {"https://www.acme.example/a.html"}
        yard.asked.clear()
        assert listed(source, mark.cursor)[0] == {}
        assert yard.asked == ["/collinfo.json"]
        yard.add("a.html", b"a", crawl="CC-TEST-2026-50", time="20261201103000")
        yard.add("b.html", b"b", crawl="CC-TEST-2026-50")
        after, _ = listed(source, mark.cursor)
    assert set(after) == {f"https://www.acme.example/{each}.html" for each in "ab"}
    same = after["https://www.acme.example/a.html"], refs["https://www.acme.example/a.html"]
    assert len({(each.path, each.version, each.size) for each in same}) == 1


def test_older_crawls_are_listed_the_first_time_where_they_are_asked_for(yard: Here) -> None:
    yard.put("a.html", b"a")
    for number in (30, 35, 40):
        yard.add(f"{number}.html", b"%d" % number, crawl=f"CC-TEST-2026-{number}")
    with closing(yard.source(yard.settings() | {"crawls": 3})) as source:
        refs, _ = listed(source)
    assert [each.rpartition("/")[2] for each in refs] == ["35.html", "40.html", "a.html"]


def test_a_listing_goes_on_at_the_page_and_pattern_where_it_was(yard: Here) -> None:
    yard.put_many({f"p{number:04}.html": b"%d" % number for number in range(1200)})
    settings = yard.settings() | {"pattern": ["www.acme.example/p*", "nothing.example/*"]}
    with closing(yard.source(settings)) as source:
        found = [*source.list("")]
        marks = [each for each in found if isinstance(each, Mark)]
        assert len(marks) == 4
        for mark in marks[:3]:
            rest = [each.path for each in source.list(mark.cursor) if isinstance(each, Ref)]
            behind = found[found.index(mark) :]
            assert rest == [each.path for each in behind if isinstance(each, Ref)]


def test_a_server_without_pages_is_asked_for_all_at_once(yard: Here) -> None:
    yard.paged = False
    yard.put_many({f"{number}.html": b"%d" % number for number in range(700)})
    settings = yard.settings() | {"url": f"{yard.url}/CC-TEST-2026-45-index"}
    with closing(yard.source(settings)) as source:
        refs, mark = listed(source)
    assert len(refs) == 700
    assert mark == Mark("", whole=True)


CDX = """ CDX N b a m s k r M S V g
example,acme)/a.csv 20261101103000 https://acme.example/a.csv text/csv 200 AAAAAAAA - - 5 0 here.warc.gz
example,acme)/b.csv 20261101103000 https://acme.example/b.csv text/csv 200 BBBBBBBB - - 5 5 sub/there.warc.gz
example,acme)/b.csv 20261102103000 https://acme.example/b.csv warc/revisit - BBBBBBBB - - 9 9 here.warc.gz
example,acme)/c.csv 20261102103000 https://acme.example/c.csv text/csv 200 CCCCCCCC - - 5 0 ../outside.gz
example,other)/d.csv 20261102103000 https://other.example/d.csv text/csv 200 DDDDDDDD - - 5 0 here.warc.gz
"""


def cdxj(text: str) -> str:
    """The same as CDXJ."""
    lines = []
    for line in text.splitlines()[1:]:
        key, time, url, mime, _, digest, _, _, length, offset, file = line.split()
        told = {
            "url": url,
            "mime": mime,
            "digest": digest,
            "length": length,
            "offset": offset,
            "filename": file,
        }
        lines.append(f"{key} {time} {json.dumps(told)}\n")
    return '!meta {"format": "cdxj"}\n' + "".join(lines)


@pytest.mark.parametrize("name", ["index.cdx", "index.cdxj", "index.cdx.gz", "index.cdxj.gz"])
def test_an_index_in_a_file_names_records_beside_it_and_none_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    (folder / "here.warc.gz").write_bytes(b"aaaaabbbbb")
    (folder / "sub" / "there.warc.gz").write_bytes(b"00000bbbbb")
    (tmp_path / "outside.gz").write_bytes(b"ccccc")
    text = (cdxj(CDX) if "cdxj" in name else CDX).encode()
    (folder / name).write_bytes(gzip.compress(text[:99]) + gzip.compress(text[99:]) if "gz" in name else text)
    settings = {"url": str(folder / name), "pattern": ["*.acme.example"]}
    with closing(source_of("commoncrawl", settings, folder=tmp_path, where="here")) as source:
        refs, mark = listed(source)
        assert set(refs) == {f"https://acme.example/{each}.csv" for each in "abc"}
        assert mark.whole
        assert refs["https://acme.example/a.csv"].modified == 1_793_529_000_000_000
        assert read(source, refs["https://acme.example/a.csv"]) == b"aaaaa"
        assert read(source, refs["https://acme.example/b.csv"]) == b"bbbbb"
        with pytest.raises(FileNotFoundError):
            source.open(refs["https://acme.example/c.csv"])


def test_a_file_that_is_shorter_than_the_index_says_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "here.warc.gz").write_bytes(b"aaa")
    (tmp_path / "index.cdx").write_text(CDX.splitlines()[1] + "\n")
    settings = {"url": str(tmp_path / "index.cdx"), "pattern": ["acme.example/*"]}
    with closing(source_of("commoncrawl", settings, folder=tmp_path, where="here")) as source:
        refs, _ = listed(source)
        with pytest.raises(OSError, match="ended after 3 of 5 bytes"):
            read(source, refs["https://acme.example/a.csv"])


def test_lines_that_say_nothing_are_told_and_what_is_no_index_is_an_error(tmp_path: Path) -> None:
    index = tmp_path / "index.cdxj"
    settings = {"url": str(index), "pattern": ["*.acme.example"]}
    with closing(source_of("commoncrawl", settings, folder=tmp_path, where="here")) as source:
        index.write_text(cdxj(CDX) + "example,acme)/x 20261101 {}\n")
        assert ["index" in each.why for each in source.list("") if isinstance(each, Unread)] == [True]
        for nonsense in ("<html>\n", "x" * 100_000, "\n".join("y" * 2000)):
            index.write_text(nonsense)
            with pytest.raises(Unreachable):
                listed(source)
        index.unlink()
        with pytest.raises(Unreachable, match="there is none"):
            listed(source)
    packed = tmp_path / "index.cdxj.gz"
    packed.write_bytes(gzip.compress(cdxj(CDX).encode())[:-20])
    with (
        closing(
            source_of("commoncrawl", settings | {"url": str(packed)}, folder=tmp_path, where="here")
        ) as source,
        pytest.raises(Unreachable, match="ends in the middle"),
    ):
        listed(source)


def test_what_an_index_says_of_files_elsewhere_is_not_followed(yard: Here, tmp_path: Path) -> None:
    line = CDX.splitlines()[1].replace("here.warc.gz", f"{yard.url}/data/{FILE.replace(' ', '')}")
    (tmp_path / "index.cdx").write_text(line + "\n")
    settings = {"url": str(tmp_path / "index.cdx"), "pattern": ["*.acme.example"]}
    with closing(source_of("commoncrawl", settings, folder=tmp_path, where="here")) as source:
        assert [type(each) for each in source.list("")] == [Unread, Mark]
    assert not yard.asked


@pytest.mark.parametrize(
    "given",
    [
        {"pattern": []},
        {"url": "http://127.0.0.1/crawl-index", "archive": ""},
        {"url": "/srv/archive"},
        {"archive": "files"},
    ],
)
def test_settings_that_do_not_do_are_refused_with_what_to_do(given: dict[str, Any]) -> None:
    settings = {"url": "https://index.example", "pattern": ["*.acme.example"]} | given
    with pytest.raises(UnusableInput) as refused:
        source_of("commoncrawl", settings, folder=Path(), where="here")
    assert refused.value.hint
