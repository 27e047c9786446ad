"""Feeds as a source."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hostile_web import HostileWeb, answer
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import feed, kind_of
from trapstreet.plugins.sources._feed import Entry, NoFeed, Reader

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>new pastes</title><link>http://h.example/</link>
<item><title>A &amp; B</title><link>/1</link><guid isPermaLink="false">id-1</guid>
<pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate><author>jane@h.example (Jane)</author>
<description>short&nbsp;text</description>
<content:encoded><![CDATA[<p>long <b>text</b></p>]]></content:encoded>
<enclosure url="http://files.example/dump.zip" length="12" type="application/zip"/>
<media:content url="http://files.example/p.png"/><comments>http://h.example/1#c</comments></item>
<item><guid>http://h.example/2</guid></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>new</title><link rel="self" href="/feed"/>
<entry><id>urn:1</id><title type="text">A &amp; B</title><link href="1"/>
<link rel="enclosure" href="/dump.zip"/>
<link rel="self" href="/entry/1"/><updated>2026-11-22T10:00:00Z</updated>
<author><name>Jane</name><email>jane@h.example</email></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">long <b>text</b></div></content>
</entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>new</title></channel>
<item rdf:about="http://h.example/1"><title>A</title><link>http://h.example/1</link>
<dc:date>2026-11-22T10:00:00Z</dc:date></item></rdf:RDF>"""


def test_an_rss_feed_is_taken_apart() -> None:
    one, two = _read(RSS)
    assert (one.id, one.updated) == ("id-1", 1_795_341_600.0)
    assert one.links == ["/1", "http://files.example/dump.zip", "http://files.example/p.png"]
    assert one.text.splitlines() == [
        "A & B", "jane@h.example (Jane)", "short\xa0text", "<p>long <b>text</b></p>", "http://h.example/1#c",
    ]  # fmt: skip
    assert (two.links, two.text) == (["http://h.example/2"], "")


def test_an_atom_feed_is_taken_apart() -> None:
    [entry] = _read(ATOM)
    assert (entry.id, entry.updated) == ("urn:1", 1_795_341_600.0)
    assert entry.links == ["1", "/dump.zip"]
    assert entry.text.splitlines() == ["A & B", "Jane", "jane@h.example", "long", "text"]


def test_an_rdf_feed_is_taken_apart() -> None:
    [entry] = _read(RDF)
    assert (entry.links, entry.text, entry.updated) == (["http://h.example/1"], "A", 1_795_341_600.0)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"", "is no well-formed XML"),
        (b"<html><body>hello</body></html>", "is no feed"),
        (b"not even XML", "is no well-formed XML from line 1"),
        (b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>', "declares entities"),
        (b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>', "declares entities"),
        (b"<rss>" + b"<a>" * 100_000, "nests elements more than 200 deep"),
        (b'<?xml version="1.0" encoding="klingon"?><rss/>', "encoding|well-formed"),
    ],
)
def test_what_is_no_feed_or_an_attack_says_so(page: bytes, why: str) -> None:
    with pytest.raises(NoFeed, match=why):
        Reader().read(page)


def test_no_file_and_no_address_is_fetched_for_a_feed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file")
    page = f'<!DOCTYPE rss SYSTEM "{tmp_path}/secret"><rss><item><title>a&b;c</title></item></rss>'
    [entry] = _read(page.encode())
    assert entry.text == "ac"


def test_entries_and_what_they_link_to_are_objects_and_are_read() -> None:
    pages = {"/feed": answer(RSS, ETag='"1"'), "/1": answer(b"the paste itself")}
    with _met(pages) as (server, source):
        found = [*source.list("")]
        refs = [each for each in found if isinstance(each, Ref)]
        assert [each.path for each in refs] == [
            f"{server.url}/feed#id-1", f"{server.url}/1", "http://files.example/dump.zip",
            "http://files.example/p.png", "http://h.example/2",
        ]  # fmt: skip
        assert all(each.version for each in refs)
        assert _content(source, refs[0]).startswith(b"A & B\n")
        assert len(_content(source, refs[0])) == refs[0].size
        assert _content(source, refs[1]) == b"the paste itself"


def test_a_feed_that_did_not_change_is_not_taken_apart_again() -> None:
    def speak(client: Any, _: str) -> None:
        known = 'If-None-Match: "1"\r\n' in server.asked[-1]
        client.sendall(answer(status="304 Same", ETag='"1"') if known else answer(RSS, ETag='"1"'))

    with HostileWeb(speak) as server, closing(feed.source(feed.Settings(url=f"{server.url}/feed"))) as source:
        *refs, mark = source.list("")
        assert len(refs) == 5
        assert isinstance(mark, Mark)
        assert [*source.list(mark.cursor)] == [mark]
        assert "If-None-Match" not in server.asked[0]


def test_an_entry_that_changed_is_another_version_and_the_others_are_not() -> None:
    pages = {"/feed": answer(RSS)}
    with _met(pages) as (_, source):
        before = {each.path: each.version for each in source.list("") if isinstance(each, Ref)}
        pages["/feed"] = answer(RSS.replace(b"long <b>", b"longer <b>"))
        after = {each.path: each.version for each in source.list("") if isinstance(each, Ref)}
    changed = [path.rpartition("/")[2] for path in before if after[path] != before[path]]
    assert changed == ["feed#id-1", "1", "dump.zip", "p.png"]


def test_a_feed_that_is_broken_in_the_middle_gives_what_came_before_and_is_asked_for_again() -> None:
    with _met({"/feed": answer(RSS.removesuffix(b"</channel></rss>"), ETag='"1"')}) as (server, source):
        *found, mark = source.list("")
        assert sum(isinstance(each, Ref) for each in found) == 5
        assert [each.why for each in found if isinstance(each, Unread)] == [
            "is no well-formed XML from line 12"
        ]
        [*_, again] = source.list(mark.cursor)
        assert again == mark
    assert not any("If-None-Match" in each for each in server.asked)


def test_a_page_that_is_no_feed_is_an_error_that_says_so() -> None:
    page = b"<html><body>words of the page</body></html>"
    with (
        _met({"/feed": answer(page)}) as (_, source),
        pytest.raises(UnusableInput, match="is no feed") as caught,
    ):
        [*source.list("")]
    assert "words" not in str(caught.value)


def test_a_link_into_a_private_network_is_unread() -> None:
    page = b"<rss><item><link>http://169.254.169.254/meta</link></item></rss>"
    with _met({"/feed": answer(page)}) as (_, source):
        [ref, _] = source.list("")
        assert isinstance(ref, Ref)
        with pytest.raises(OSError, match="leads into a private network"):
            source.open(ref)


def test_a_linked_page_that_its_site_asks_to_leave_alone_is_not_read() -> None:
    pages = {"/feed": answer(RSS), "/1": answer(b"a"), "/robots.txt": answer(b"User-agent: *\nDisallow: /1")}
    with _met(pages) as (server, source):
        [_, ref, *_] = source.list("")
        with pytest.raises(OSError, match=r"robots\.txt asks to leave it alone"):
            source.open(ref)
    with _met(pages, ignore_robots=True) as (server, source):
        [_, ref, *_] = source.list("")
        assert _content(source, ref) == b"a"
        assert not any("robots" in each for each in server.asked)


def test_a_feed_is_scanned_by_an_address_that_says_that_it_is_one() -> None:
    assert kind_of("feed+https://h.example/new.xml") == "feed"
    with _met({"/feed": answer(RSS)}, prefix="feed+") as (_, source):
        assert sum(isinstance(each, Ref) for each in source.list("")) == 5


@pytest.mark.slow
def test_a_feed_of_a_hundred_thousand_entries_is_read_in_time() -> None:
    page = b"<rss>" + b"<item><title>t</title><link>/a</link></item>" * 100_000 + b"</rss>"
    begun = time.monotonic()
    assert len(_read(page)) == 100_000
    assert time.monotonic() - begun < 5


def _read(page: bytes) -> list[Entry]:
    reader = Reader()
    reader.read(page)
    return reader.entries


def _content(source: Any, ref: Any) -> bytes:
    with source.open(ref) as file:
        return b"".join(iter(lambda: file.read(1000), b""))


@contextmanager
def _met(pages: dict[str, bytes], *, prefix: str = "", **options: Any) -> Iterator[tuple[HostileWeb, Any]]:
    missing = answer(status="404 Not Found")
    with HostileWeb(lambda client, path: client.sendall(pages.get(path, missing))) as server:
        settings = feed.Settings(url=f"{prefix}{server.url}/feed", **options)
        with closing(feed.source(settings)) as source:
            yield server, source
