"""Web pages, files and open folders as a source."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hostile_web import HostileWeb, answer
from servers import PASSWORD
from trapstreet.app.search import texts
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, SourceObject, Unread
from trapstreet.plugins.sources import _http, kind_of, objects, source_of
from trapstreet.plugins.sources._listing import entries, is_listing
from trapstreet.plugins.sources._robots import fits, rules_in

NOW = 1_795_000_000.0
NGINX = (
    b"<html>\r\n<head><title>Index of /dump/</title></head>\r\n<body>\r\n<h1>Index of /dump/</h1><hr><pre>"
    b'<a href="../">../</a>\r\n<a href="old/">old/</a>            01-Nov-2026 09:15                   -\r\n'
    b'<a href="a%20b.csv">a b.csv</a>           02-Nov-2026 10:20                1234\r\n</pre><hr></body>'
)
APACHE = (
    b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head><title>Index of /dump</title></head>'
    b'<body><h1>Index of /dump</h1><table><tr><th><a href="?C=N;O=D">Name</a></th></tr>\n<tr><td>'
    b'<a href="/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>\n<tr><td>'
    b'<a href="old/">old/</a></td><td align="right">2026-11-01 09:15  </td><td>  - </td></tr>\n'
    b'<tr><td><a href="a%20b.csv">a b.csv</a></td><td align="right">2026-11-02 10:20  </td>'
    b'<td align="right">1.2K</td></tr>\n</table><address>Apache/2.4.57 (Debian)</address></body></html>'
)
LIGHTTPD = (
    b"<html><head><title>Index of /dump/</title></head><body><h2>Index of /dump/</h2><table><tbody>"
    b'<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td><td>- &nbsp;</td></tr>'
    b'<tr class="d"><td class="n"><a href="old/">old</a>/</td><td class="m">2026-Nov-01 09:15:22</td>'
    b'<td class="s">- &nbsp;</td></tr><tr><td class="n"><a href="a%20b.csv">a b.csv</a></td>'
    b'<td class="m">2026-Nov-02 10:20:30</td><td class="s">1.2K</td></tr></tbody></table></body></html>'
)
PYTHON = (
    b"<!DOCTYPE HTML><html><head><title>Directory listing for /dump/</title></head><body><ul>"
    b'<li><a href="old/">old/</a></li><li><a href="a%20b.csv">a b.csv</a></li></ul></body></html>'
)
IIS = (
    b"<html><head><title>h.example - /dump/</title></head><body><H1>h.example - /dump/</H1><pre>"
    b'<A HREF="/">[To Parent Directory]</A><br> 11/1/2026  9:15 AM  &lt;dir&gt; <A HREF="/dump/old/">old</A>'
    b'<br>11/2/2026 10:20 AM         1234 <A HREF="/dump/a%20b.csv">a b.csv</A><br></pre></body></html>'
)


@pytest.mark.parametrize(
    ("page", "size", "dated"),
    [
        (NGINX, 1234, True),
        (APACHE, None, True),
        (LIGHTTPD, None, True),
        (PYTHON, None, False),
        (IIS, None, False),
    ],
    ids=["nginx", "Apache", "lighttpd", "Python", "IIS"],
)
def test_the_listings_of_servers_are_known(page: bytes, size: int | None, dated: bool) -> None:
    url = "http://h.example/dump/"
    assert is_listing(page, url)
    folder, file = entries(page, url, now=NOW)
    assert (folder.url, folder.folder) == (url + "old/", True)
    assert (file.url, file.folder, file.size) == (url + "a%20b.csv", False, size)
    assert bool(file.shown) == dated
    assert not file.fresh


@pytest.mark.parametrize(
    "page",
    [b"", b"<title>Welcome</title><a href='a.csv'>a</a>", b"<title></title>", b"Index of /", b"<title>Index"],
)
def test_other_pages_are_not_taken_for_listings(page: bytes) -> None:
    assert not is_listing(page, "http://h.example/dump/")
    assert not is_listing(NGINX, "http://h.example/dump.html")


def test_a_file_that_may_change_within_the_same_minute_has_another_version_later() -> None:
    now = 1_793_614_800.0  # 2 November 2026, 10:20
    versions = []
    for at in (now + 10, now + 600):
        [file] = [each for each in entries(NGINX, "http://h.example/dump/", now=at) if not each.folder]
        versions.append(file.fresh)
    assert versions == [True, False]


def test_a_page_alone_is_one_object_and_its_links_are_not_followed() -> None:
    page = b"<title>News</title><a href='/a.csv'>a</a>"
    said = answer(page, Content_Type="text/html", ETag='"v1"')
    with _served({"/news.html": said}) as server, closing(_source(f"{server.url}/news.html")) as source:
        [ref, mark] = source.list("")
        assert ref == Ref(f"{server.url}/news.html", '"v1"', len(page), None, "everybody in the network")
        assert mark == Mark("", whole=True)
        with source.open(ref) as file:
            assert file.read(1000) == page
    assert len(server.asked) == 2


def test_a_location_that_begins_with_http_is_scanned() -> None:
    assert kind_of("https://h.example/dump/") == kind_of("HTTP://h.example") == "web"
    page = b"<title>Index of /dump/</title><a href='a.txt'>a</a> 02-Nov-2026 10:20 3\n"
    with _served({"/dump/": answer(page, Content_Type="text/html"), "/dump/a.txt": answer(b"abc")}) as server:
        [found] = objects(f"{server.url}/dump/")
        assert not isinstance(found, Unread)
        assert (found.path, found.size) == (f"{server.url}/dump/a.txt", 3)
        with found.open() as file:
            assert file.read(10) == b"abc"


@pytest.mark.parametrize(
    ("status", "why"),
    [("404 Gone", "answered 404"), ("403 No", "answered 403"), ("500 Oops", "answered 500"), ("405 No", "")],
)
def test_a_file_whose_size_a_server_will_not_tell_is_unread_and_the_others_go_on(
    status: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "PAUSE", 0.01)
    page = b"<title>Index of /</title><a href='a.txt'>a</a>\n<a href='b.txt'>b</a> 02-Nov-2026 10:20 3\n"
    with _served({"/": answer(page, Content_Type="text/html"), "/a.txt": answer(status=status)}) as server:
        first, second, _ = _listed(server.url)
    assert second.path == f"{server.url}/b.txt"
    assert (first.why if isinstance(first, Unread) else first.version).endswith(why)


def test_a_scan_that_breaks_off_keeps_what_it_found_and_shows_no_password() -> None:
    page = b"<title>Index of /</title><a href='a.txt'>a</a> 02-Nov-2026 10:20 3\n<a href='b.txt'>b</a>\n"
    pages = {"/": answer(page, Content_Type="text/html"), "/b.txt": answer(status="429 Slow down")}
    with _served(pages) as server:
        url = server.url.replace("http://", f"http://me:{quote(PASSWORD, safe='')}@")
        found, broken = objects(url)
    assert isinstance(found, SourceObject)
    assert (found.path, found.source) == (f"{server.url}/a.txt", server.url.replace("//", "//me@"))
    assert isinstance(broken, Unread)
    assert broken.why == "its listing broke off: 127.0.0.1 asks to be left alone for 900 seconds"
    assert PASSWORD not in repr(broken)
    assert quote(PASSWORD, safe="") not in repr((found, broken))


def test_a_scan_that_shows_its_progress_asks_no_server_twice() -> None:
    class Seen:
        watched = True

        def __call__(self, done: int, total: int | None = None) -> None:
            assert total is None

    with _served({"/a.txt": answer(b"abc")}) as server:
        found = [each.path for each in texts([f"{server.url}/a.txt"], Seen()) if list(each.chunks)]
    assert found == [f"{server.url}/a.txt"]
    assert len(server.asked) == 2


def test_what_robots_txt_asks_to_leave_alone_is_unread_unless_it_is_ones_own() -> None:
    page = b"<title>Index of /</title><a href='a.txt'>a</a> 02-Nov-2026 10:20 3\n<a href='private/'>p</a>\n"
    inner = b"<title>Index of /private/</title><a href='b.txt'>b</a> 02-Nov-2026 10:20 3\n"
    robots = b"User-agent: Googlebot\nDisallow: /a.txt\n\nUser-agent: *\nDisallow: /private/\n"
    pages = {
        "/": answer(page, Content_Type="text/html"),
        "/private/": answer(inner, Content_Type="text/html"),
        "/robots.txt": answer(robots),
    }
    with _served(pages) as server:
        with closing(_source(server.url)) as source:
            found = [*source.list("")]
        assert [each.path for each in found if isinstance(each, Unread)] == [f"{server.url}/private/"]
        assert [each.path for each in found if isinstance(each, Ref)] == [f"{server.url}/a.txt"]
        with closing(_source(server.url, ignore_robots=True)) as source:
            assert sum(isinstance(each, Ref) for each in source.list("")) == 2


def test_the_longest_rule_counts_and_our_own_name_before_everybodys() -> None:
    rules = rules_in(b"User-agent: *\nDisallow: /\nAllow: /open/\nDisallow: /open/*.zip$\n")
    assert [rules.allow(path) for path in ("/", "/open/", "/open/a.csv", "/open/a.zip", "/open/a.zip?x")] == [
        False, True, True, False, True,
    ]  # fmt: skip
    ours = rules_in(b"user-agent: a\nuser-agent: TrapStreet\ndisallow: /x\n\nuser-agent: *\ndisallow: /\n")
    assert (ours.allow("/x1"), ours.allow("/y")) == (False, True)
    assert rules_in(b"Disallow: /\n\xff\xfe nonsense\nUser-agent\n").allow("/")


def test_a_rule_that_was_made_to_be_slow_is_not() -> None:
    begun = time.monotonic()
    assert not fits("/" + "*a" * 500 + "b", "/" + "a" * 10_000)
    assert time.monotonic() - begun < 0.5


def test_a_password_is_read_from_its_file_and_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(PASSWORD)
    (tmp_path / "pw").chmod(0o600)
    with _served({"/": answer(status="401 Who are you")}) as server:
        refused = pytest.raises(AccessDenied, match="answered 401: it wants a login")
        login = {"user": "w", "password_file": str(tmp_path / "pw")}
        with closing(_source(server.url, **login)) as source, refused as caught:
            [*source.list("")]
        assert "Authorization: Basic " in server.asked[0]
    assert PASSWORD not in str(caught.value)


def test_a_login_in_the_address_is_used_and_not_repeated() -> None:
    with _served({"/a": answer(b"a")}) as server:
        url = server.url.replace("http://", "http://me:se%3Acret@")
        with closing(_source(f"{url}/a")) as source:
            [ref, _] = source.list("")
    assert ref.path == f"{server.url}/a"
    assert ref.readers == ""
    assert "Authorization: Basic bWU6c2U6Y3JldA==" in server.asked[0]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "http:///a"}, "no web address"),
        ({"url": "http://h.example:99999/"}, "no web address"),
        ({"url": "http://h.example/", "password_file": "pw"}, "password_file is given, but no user"),
        ({"url": "http://h.example/", "proxy": "socks5://p.example"}, "no web address"),
        ({"url": "http://h.example/", "proxy": "https://p.example"}, "proxy does not begin with http://"),
        ({"url": "http://h.example/", "agent": "a\nb"}, "agent holds what no header may"),
        ({"url": "http://h.example/", "rate": -1.0}, "rate"),
        ({"url": "http://h.example/", "follow": "all"}, "unknown key 'follow'"),
    ],
)
def test_settings_that_do_not_do_are_refused_before_anything_is_asked(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusableInput, match=why):
        source_of("web", options, folder=tmp_path, where="here")


def test_a_proxy_is_asked_for_every_address_with_its_own_login(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("me:pr0xy")
    (tmp_path / "login").chmod(0o600)
    with _served({"http://dump.example/a.txt": answer(b"abc")}) as proxy:
        options = {"proxy": proxy.url, "proxy_login_file": str(tmp_path / "login"), "rate": 1000.0}
        with closing(_source("http://dump.example/a.txt", **options)) as source:
            [ref, _] = source.list("")
    assert (ref.path, ref.size, ref.readers) == ("http://dump.example/a.txt", 3, "everybody")
    assert "Proxy-Authorization: Basic bWU6cHIweHk=" in proxy.asked[0]
    assert "\r\nHost: dump.example\r\n" in proxy.asked[0]


def test_a_proxy_that_refuses_is_an_error_that_names_it() -> None:
    refused = pytest.raises(AccessDenied, match=r"the proxy does not lead to dump\.example")
    with _served({"dump.example:443": answer(status="407 Login")}) as proxy, refused:
        [*_source("https://dump.example/", proxy=proxy.url).list("")]


def _listed(url: str) -> list[Any]:
    with closing(_source(url)) as source:
        return list(source.list(""))


def _source(url: str, **options: Any) -> Any:
    return source_of("web", {"url": url, **options}, folder=Path(), where="here")


class _served(HostileWeb):  # noqa: N801 - a context manager
    """A server of these answers; 404 for every other path."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__(lambda client, path: client.sendall(pages.get(path, answer(status="404 Not Found"))))
