"""What file servers write, taken apart: listings of FTP, rights of SMB, answers of WebDAV."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.plugins._smb.shares import Share, shares
from trapstreet.plugins._smb.wire import Facts, Nonsense, entries_of
from trapstreet.plugins.sources._dav_answers import NotDav, Resource, names_of, resources
from trapstreet.plugins.sources._ftp_listing import facts_entry, listed_entry, time_of
from trapstreet.plugins.sources._smb_readers import readers_of
from trapstreet.plugins.sources._tree import OUTWARD, Entry


@pytest.mark.parametrize(
    ("line", "name", "size"),
    [
        ("-rw-r--r--   1 owner    group        1803 Nov 22  2025 welcome.msg", "welcome.msg", 1803),
        ("-rw-r--r-- 1 1000 1000 12 Nov 22 21:55  leading space", " leading space", 12),
        ("-rw-r--r--+ 1 me Domain Users 5 Jan  1 00:00 a  b.txt", "a  b.txt", 5),
        ("-rwxr-xr-x 1 0 0 7 2026-11-22 21:55 iso.txt", "iso.txt", 7),
        ("-rw-r--r-- 1 group 99999999999 Nov 2 2024 no owner", "no owner", 99999999999),
        ("11-22-26  09:55PM                 1,803 dos name.txt", "dos name.txt", 1803),
        ("2026-11-22 not this form", "2026-11-22 not this form", None),
        ("11/22/2026 21:55      0 empty.txt", "empty.txt", 0),
    ],
)
def test_lines_of_list_become_entries(line: str, name: str, size: int | None) -> None:
    found = listed_entry(line)
    assert found
    assert (found[0].name, found[0].size) == (name, size)
    assert bool(found[0].version) != bool(found[0].why)


def test_folders_links_and_devices_of_list_are_what_they_are() -> None:
    assert listed_entry("drwxr-xr-x 2 0 0 4096 Nov 22 21:55 dir") == (Entry("dir", folder=True), "")
    assert listed_entry("11-22-26  09:55PM  <DIR>  a dir") == (Entry("a dir", folder=True), "")
    assert listed_entry("lrwxrwxrwx 1 0 0 7 Nov 22 21:55 a -> ../b") == (Entry("a", why=OUTWARD), "../b")
    junction = listed_entry("11-22-26  09:55PM  <JUNCTION>  j")
    assert junction
    assert junction[0].why == OUTWARD
    device = listed_entry("crw-rw-rw- 1 0 0 1, 3 Nov 22 21:55 null")
    assert device
    assert device[0].why == "a character device, not a file"
    assert listed_entry("total 12") is None
    assert listed_entry("") is None


def test_lines_of_mlsd_become_entries() -> None:
    found = facts_entry("Type=file;Size=12;Modify=20261122215501.25;UNIX.mode=0644;Unique=fe; a b; c.txt")
    expected = Entry("a b; c.txt", False, "12 20261122215501.25 fe", 12, 1795384501250000)
    assert found == (expected, "")
    folder = facts_entry("type=dir;size=4096;modify=20261122215501; d")
    assert folder
    assert (folder[0].name, folder[0].folder, folder[0].size) == ("d", True, None)
    assert facts_entry("type=cdir; .") is None
    link = facts_entry("type=OS.unix=slink:/etc; e")
    assert link == (Entry("e", why=OUTWARD), "/etc")
    broken = facts_entry("the rest of a name")
    assert broken
    assert "cannot be read" in broken[0].why
    assert time_of("20269922215501") is None


@given(st.text(max_size=200))
def test_no_line_breaks_the_listing(line: str) -> None:
    for parse in (listed_entry, facts_entry):
        found = parse(line)
        assert found is None or isinstance(found[0], Entry)


def sid(text: str) -> bytes:
    _, revision, high, *parts = map(int, f"0{text[1:]}".split("-"))
    return struct.pack(">BBHI", revision, len(parts), 0, high) + struct.pack(f"<{len(parts)}I", *parts)


def descriptor(*entries: tuple[int, int, int, str]) -> bytes:
    aces = b"".join(
        struct.pack("<BBHI", kind, flags, 8 + len(sid(who)), rights) + sid(who)
        for kind, flags, rights, who in entries
    )
    header = struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20)
    return header + struct.pack("<BBHHH", 2, 0, 8 + len(aces), len(entries), 0) + aces


READ, WRITE = 0x1200A9, 0x2
DOMAIN = "S-1-5-21-1-2-3"


@pytest.mark.parametrize(
    ("entries", "readers"),
    [
        ([(0, 0, READ, "S-1-1-0")], "everybody"),
        ([(0, 0, 0x10000000, "S-1-5-7")], "everybody"),
        ([(0, 0, READ, "S-1-5-11")], "everybody at the company"),
        ([(0, 0, READ, f"{DOMAIN}-513")], "everybody at the company"),
        ([(0, 0, READ, f"{DOMAIN}-1513")], ""),
        ([(0, 0, WRITE, "S-1-1-0")], ""),
        ([(1, 0, READ, "S-1-1-0"), (0, 0, READ, "S-1-1-0")], ""),
        ([(1, 0, READ, "S-1-1-0"), (0, 0, READ, "S-1-5-11")], ""),
        ([(0, 0, READ, f"{DOMAIN}-1513"), (0, 0, READ, "S-1-5-32-545")], "everybody at the company"),
        ([], ""),
    ],
)
def test_who_may_read_a_file_is_said_in_words(entries: list[tuple[int, int, int, str]], readers: str) -> None:
    assert readers_of(descriptor(*entries), of_files_in_it=False) == readers


def test_of_a_folder_counts_what_it_passes_on_to_files() -> None:
    given = descriptor((0, 0, READ, "S-1-1-0"), (0, 0x1 | 0x8, READ, "S-1-5-11"))
    assert readers_of(given, of_files_in_it=True) == "everybody at the company"
    assert readers_of(given, of_files_in_it=False) == "everybody"
    assert readers_of(struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 0), of_files_in_it=True) == "everybody"


@given(st.binary(max_size=120))
def test_no_descriptor_and_no_listing_breaks_us(given: bytes) -> None:
    assert readers_of(given, of_files_in_it=True) in ("", "everybody", "everybody at the company")
    with suppress(Nonsense):
        assert len(list(entries_of(given))) <= len(given)


def test_links_are_told_from_files_in_a_form_of_their_own() -> None:
    assert Facts(0, 0x410, 0, 0, 0xA000000C).leads_elsewhere
    assert Facts(0, 0x410, 0, 0, 0xA0000003).leads_elsewhere
    assert Facts(0, 0x410, 0, 0, 0x8000000A).leads_elsewhere
    assert not Facts(5, 0x420, 0, 0, 0x80000013).leads_elsewhere
    assert Facts(0, 0, 133_773_120_000_000_000, 0).modified == 1_732_838_400_000_000


def test_shares_are_read_with_what_they_are() -> None:
    def text(name: str) -> bytes:
        encoded = f"{name}\0".encode("utf-16-le")
        count = len(encoded) // 2
        return struct.pack("<III", count, 0, count) + encoded + bytes(-len(encoded) % 4)

    told = [("Verträge", 0), ("C$", 0x80000000), ("IPC$", 0x80000003), ("printer", 1)]
    body = struct.pack("<IIIIII", 1, 1, 1, len(told), 1, len(told))
    body += b"".join(struct.pack("<III", 1, kind, number % 2) for number, (_, kind) in enumerate(told))
    body += b"".join(
        text(name) + (text("a comment") if number % 2 else b"") for number, (name, _) in enumerate(told)
    )
    body += struct.pack("<III", len(told), 0, 0)
    sent: list[bytes] = []
    head = struct.pack("<BBBBI", 5, 0, 2, 0, 0x10)
    parts = [head[:3] + bytes([flags]) + head[4:] for flags in (1, 2)]
    half = len(body) // 2
    answers = iter(
        [struct.pack("<BBBBIHHI", 5, 0, 12, 3, 0x10, 16, 0, 1)]
        + [
            part + struct.pack("<HHI", 24 + len(piece), 0, 1) + bytes(8) + piece
            for part, piece in zip(parts, (body[:half], body[half:]), strict=True)
        ]
    )
    assert shares("host", sent.append, lambda: next(answers)) == [
        Share("Verträge", is_disk=True, is_special=False),
        Share("C$", is_disk=True, is_special=True),
        Share("IPC$", is_disk=False, is_special=True),
        Share("printer", is_disk=False, is_special=False),
    ]
    assert len(sent) == 2


def test_answers_about_shares_that_are_none_are_refused() -> None:
    def asked(*answers: bytes) -> list[Share]:
        coming = iter(answers)
        return shares("host", lambda _: None, lambda: next(coming, b""))

    def fragment(kind: int, body: bytes) -> bytes:
        return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body

    bound = fragment(12, b"")
    for answers in (
        [b""],
        [fragment(13, b"")],
        [bound],
        [bound, fragment(2, b"")],
        [bound, fragment(2, bytes(40))],
    ):
        with pytest.raises(ValueError, match=r"shares|cut short"):
            asked(*answers)
    for answers in ([bound, fragment(3, b"")], [bound, fragment(2, bytes(8 + 24) + struct.pack("<I", 5))]):
        with pytest.raises(PermissionError):
            asked(*answers)
    many = struct.pack("<8xIIIIIII", 1, 1, 1, 1 << 30, 1, 1 << 30, 0)
    with pytest.raises(ValueError, match=r"shares|cut short"):
        asked(bound, fragment(2, many))


def dav(*responses: str) -> list[Resource]:
    text = (
        f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:x="x">{"".join(responses)}</d:multistatus>'
    )
    return list(resources([text.encode()]))


def test_answers_of_webdav_are_read_whatever_their_prefixes_and_statuses() -> None:
    (found,) = dav(
        "<d:response><d:href>https://other.example/a%20b/%C3%BC%2Fx</d:href><d:propstat><d:prop>"
        "<d:getetag>1</d:getetag>"
        "<d:resourcetype><d:collection/></d:resourcetype></d:prop>"
        "<d:status>HTTP/1.1 404 No</d:status></d:propstat>"
        "<d:propstat><d:prop><d:getcontentlength> 12 </d:getcontentlength><x:getetag>no</x:getetag></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
    assert found.names == ("a b", "ü/x")
    assert not found.folder
    assert found.properties["getcontentlength"] == "12"
    assert "getetag" not in found.properties
    (folder,) = dav(
        "<d:response><d:href>/f/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>"
        "</d:propstat></d:response>"
    )
    assert folder.folder
    (closed,) = dav(
        "<d:response><d:href>/f/</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>"
    )
    assert closed.status == 403


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>not this</html>",
        "<a><b></a>",
        '<!DOCTYPE d [<!ENTITY x "xxxxxxxxxx">]><d:multistatus xmlns:d="DAV:">&x;</d:multistatus>',
        '<d:multistatus xmlns:d="DAV:">' + "<a>" * 50,
        '<d:multistatus xmlns:d="DAV:"><d:response><d:href>' + "x" * 100_000,
    ],
)
def test_what_is_no_answer_of_webdav_is_refused(text: str) -> None:
    with pytest.raises(NotDav):
        list(resources([text.encode()]))


def test_names_in_paths_keep_what_was_quoted() -> None:
    assert names_of("/a/b%2Fc/../%E4/") == ("a", "b/c", "..", "\udce4")
    assert names_of("http://h/x?y") == ("x",)
