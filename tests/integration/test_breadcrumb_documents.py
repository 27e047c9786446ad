"""Documents made from the owner's own: what is put in, and that nothing else changes."""

import io
import random
import struct
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pikepdf
import pytest
import xlsxwriter

from baits import CONTACT, LETTER, LIST, PAGE, PRINT, TERMS, as_word_writes, bait, parts
from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.plugins.breadcrumbs import Made
from trapstreet.plugins.breadcrumbs._pdf import Elsewhere, Plain

pytestmark = pytest.mark.slow


def content(made: Made) -> bytes:
    (data,) = made.files.values()
    return data


def address(made: Made) -> bytes:
    (token,) = made.tokens
    return token.value.encode()


def saved(tmp_path: Path, name: str, data: bytes) -> str:
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


def with_a_drawing() -> bytes:
    """A workbook that has a chart, a table, a comment and a second sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Sales")
    sheet.write_column("A1", ["Quarter", 1, 2, 3])
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Sales!$A$2:$A$4"})
    sheet.insert_chart("C3", chart)
    book.add_worksheet("Notes").write("A1", "see above")
    book.close()
    return out.getvalue()


def with_a_table() -> bytes:
    """A workbook whose sheet has no drawing, but what stands behind one: a table and comments."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.add_table("A1:B3", {"data": [["Quay", 1], ["Pier", 2]]})
    sheet.write_comment("A2", "gold")
    book.close()
    return out.getvalue()


TEMPLATES: dict[str, tuple[str, Callable[[Path], str]]] = {
    "Word's, by LibreOffice": ("word", lambda _: LETTER),
    "Word's, packed as by Word": (
        "word",
        lambda folder: saved(folder, "w.docx", as_word_writes(parts(Path(LETTER).read_bytes(), folder))),
    ),
    "Excel's, by LibreOffice": ("excel", lambda _: LIST),
    "Excel's, with a drawing": ("excel", lambda folder: saved(folder, "d.xlsx", with_a_drawing())),
    "Excel's, with a table": ("excel", lambda folder: saved(folder, "t.xlsx", with_a_table())),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_every_part_stays_but_those_that_lead_to_the_picture(case: str, tmp_path: Path) -> None:
    kind, template = TEMPLATES[case]
    path = template(tmp_path)
    made = bait(kind, template=path)
    before, after = parts(Path(path).read_bytes(), tmp_path), parts(content(made), tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    added = after.keys() - before.keys()
    assert changed | added <= {
        "word": {"word/document.xml", "word/_rels/document.xml.rels"},
        "excel": {
            "[Content_Types].xml", "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels",
            "xl/drawings/drawing1.xml", "xl/drawings/_rels/drawing1.xml.rels",
        },
    }[kind]  # fmt: skip
    assert [name for name in after if name in before] == list(before)
    (relations,) = (name for name in changed | added if address(made) in after[name])
    assert b'TargetMode="External"' in after[relations] and relations.endswith(".rels")
    for name in changed:  # a line break at the end stays there
        assert (
            after[name].endswith(b"\n" + before[name].rpartition(b"\n")[2])
            or b"\n<" not in before[name][-30:]
        )
    assert len(content(made)) - Path(path).stat().st_size < 2000


@pytest.mark.parametrize("case", TEMPLATES)
def test_the_file_is_packed_as_its_own_program_packs(case: str, tmp_path: Path) -> None:
    """Date, system, versions, flags, the way sizes are given; what is not changed stays bit by bit."""
    kind, template = TEMPLATES[case]
    path = template(tmp_path)
    before, data = Path(path).read_bytes(), content(bait(kind, template=path))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(io.BytesIO(data)) as new:
        styles = {_manner(before, info)[:-1] for info in old.infolist()}
        for info in new.infolist():
            assert _manner(data, info)[:-1] in styles, info.filename
        same = [info for info in old.infolist() if old.read(info) == new.read(info.filename)]
        assert len(same) >= 6
        for info in same:
            assert _raw(before, info) == _raw(data, new.getinfo(info.filename))


def _manner(data: bytes, info: zipfile.ZipInfo) -> tuple[object, ...]:
    described = struct.unpack_from("<H", data, info.header_offset + 6)[0] & 8
    sizes = any(data[info.header_offset + 14 : info.header_offset + 26])
    return (
        info.date_time[:5], info.create_system, info.create_version, info.extract_version, info.flag_bits,
        info.compress_type, info.external_attr, described, sizes, info.filename,
    )  # fmt: skip


def _raw(data: bytes, info: zipfile.ZipInfo) -> bytes:
    name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
    return data[info.header_offset : info.header_offset + 30 + name + extra + info.compress_size]


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_is_changed_in_the_same_way_twice(case: str, tmp_path: Path) -> None:
    """Bait can be bait's template: the second picture takes its own numbers."""
    kind, template = TEMPLATES[case]
    first = bait(kind, template=template(tmp_path))
    second = bait(
        kind, 1, template=saved(tmp_path, f"again{Path(next(iter(first.files))).suffix}", content(first))
    )
    members = parts(content(second), tmp_path)
    relations = b"".join(data for name, data in members.items() if name.endswith(".rels"))
    assert address(first) in relations and address(second) in relations


def test_a_document_whose_names_have_other_prefixes_stays_well_formed(tmp_path: Path) -> None:
    """As some libraries write: <x:worksheet>, <p:Relationship>, <t:Override>."""
    members = parts(Path(LIST).read_bytes(), tmp_path)
    for name, prefix in (
        ("xl/worksheets/sheet1.xml", "x"),
        ("xl/worksheets/_rels/sheet1.xml.rels", "p"),
        ("[Content_Types].xml", "t"),
    ):
        root = ElementTree.fromstring(members[name])
        ElementTree.register_namespace(prefix, root.tag[1:].partition("}")[0])
        members[name] = ElementTree.tostring(root)
    path = saved(tmp_path, "other.xlsx", as_word_writes(members))
    after = parts(content(bait("excel", template=path)), tmp_path)
    for name, data in after.items():
        if name.endswith((".xml", ".rels")):
            root = ElementTree.fromstring(data)
            assert all(each.tag.startswith("{") for each in root.iter()), name
    book = openpyxl.load_workbook(io.BytesIO(content(bait("excel", template=path))))
    assert book.active is not None and book.active["A2"].value == "Quay Foods"


def test_a_workbook_still_holds_its_cells_and_its_chart(tmp_path: Path) -> None:
    path = saved(tmp_path, "sales.xlsx", with_a_drawing())
    book = openpyxl.load_workbook(io.BytesIO(content(bait("excel", template=path))))
    assert [sheet.title for sheet in book] == ["Sales", "Notes"]
    assert [cell.value for cell in book["Sales"]["A"]] == ["Quarter", 1, 2, 3]
    assert len(book["Sales"]._charts) == 1


@pytest.mark.parametrize(("kind", "template"), [("word", LETTER), ("excel", LIST)])
def test_an_address_of_the_template_is_replaced_and_nothing_is_added(
    kind: str, template: str, tmp_path: Path
) -> None:
    made = bait(kind, template=template, replace=CONTACT)
    before, after = parts(Path(template).read_bytes(), tmp_path), parts(content(made), tmp_path)
    assert list(after) == list(before)
    for name, data in before.items():
        assert after[name] == data.replace(CONTACT.encode() + b'"', b"https://" + address(made) + b'"')
    assert CONTACT.encode() not in b"".join(after.values())


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (PAGE, b"</head>"),
        (b"<!doctype html>\r\n<BODY>\r\nx</BODY>", b"<BODY>"),
        (b"<p>x</p>", b"<p>"),
        ("<p>Grüße</p>".encode("latin-1"), b"<p>"),
    ],
)
def test_a_style_sheet_is_put_where_pages_have_it(page: bytes, where: bytes, tmp_path: Path) -> None:
    made = bait("html", template=saved(tmp_path, "page.html", page))
    before, _, after = content(made).partition(
        b'<link rel="stylesheet" href="https://' + address(made) + b'">'
    )
    assert after.lstrip(b"\r\n").startswith(where)
    assert before + after.lstrip(b"\r\n") == page


def test_an_address_of_a_page_is_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path, "page.html", PAGE + b'<img src="https://www.harbour.example/x.png?a=1&amp;b=2">')
    made = bait("html", template=path, replace="https://www.harbour.example/x.png?a=1&b=2")
    assert PAGE in content(made)
    assert b'<img src="https://' + address(made) + b'">' in content(made)


def links(data: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [str(each.A.URI) for page in pdf.pages for each in page.get("/Annots", ())]


def test_a_pdf_gets_a_link_and_keeps_every_other_byte() -> None:
    before = Path(PRINT).read_bytes()
    made = bait("pdf")
    assert links(content(made)) == [f"https://{address(made).decode()}", *links(before)]
    table = before.index(b"\nxref\n")
    grown = content(made)
    assert _is_within(before[:table], grown)
    trailer = before[before.index(b"trailer") : before.index(b"startxref")]
    assert trailer.replace(b"/Size 23", b"/Size 24") in grown
    assert len(grown) - len(before) < 260


def _is_within(old: bytes, new: bytes) -> bool:
    """Whether the new bytes are the old ones but for at most three places where something was put in."""
    at = 0
    for _ in range(4):
        same = next((n for n, (a, b) in enumerate(zip(old, new[at:], strict=False)) if a != b), len(old))
        old = old[same:]
        if not old:
            return True
        at = new.find(old[:60], at + same)
        if at < 0:
            return False
    return False


def test_a_link_of_a_pdf_is_readdressed_and_its_objects_stay() -> None:
    before = Path(PRINT).read_bytes()
    made = bait("pdf", replace=TERMS)
    assert links(content(made)) == [
        f"https://{address(made).decode()}" if x == TERMS else x for x in links(before)
    ]
    shift = len(address(made)) + 8 - len(TERMS)
    assert len(content(made)) == len(before) + shift
    with pikepdf.open(io.BytesIO(content(made))) as new, pikepdf.open(PRINT) as old:
        assert len(new.objects) == len(old.objects)
        assert new.docinfo == old.docinfo
        assert new.pages[0].Contents.read_raw_bytes() == old.pages[0].Contents.read_raw_bytes()


@pytest.mark.parametrize("how", ["object streams", "linearized", "annotations apart", "on open"])
def test_a_pdf_of_another_make_keeps_its_pages_and_what_it_says_of_itself(how: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    with pikepdf.open(PRINT) as pdf:
        if how == "annotations apart":
            pdf.pages[0].Annots = pdf.make_indirect(pdf.pages[0].Annots)
        pdf.save(
            path,
            linearize=how == "linearized",
            object_stream_mode=pikepdf.ObjectStreamMode.generate
            if how == "object streams"
            else pikepdf.ObjectStreamMode.disable,
        )
    for replace in ("", TERMS):
        made = bait("pdf", template=str(path), replace=replace, on_open=how == "on open")
        with pikepdf.open(io.BytesIO(content(made))) as new, pikepdf.open(path) as old:
            assert new.docinfo == old.docinfo
            assert new.is_linearized == old.is_linearized
            assert len(new.pages) == len(old.pages)
            assert new.pages[0].Contents.read_raw_bytes() == old.pages[0].Contents.read_raw_bytes()
            action = new.Root.get("/OpenAction")
            assert (how == "on open") == (isinstance(action, pikepdf.Dictionary) and "/URI" in action)
        assert f"https://{address(made).decode()}" in links(content(made))
        assert content(made)[:20] == path.read_bytes()[:20]
        assert content(made).count(b"%%EOF") == path.read_bytes().count(b"%%EOF")


def changed(template: str, name: str, new: bytes | None, tmp_path: Path) -> bytes:
    members = parts(Path(template).read_bytes(), tmp_path)
    if new is not None:
        members[name] = new
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, data in members.items():
            archive.writestr(each, data)
    return out.getvalue()


def with_flag(data: bytes, bit: int) -> bytes:
    """The first member's flags with a bit more, in the header and in the directory."""
    at = data.index(b"PK\1\2")
    return data[:6] + bytes([data[6] | bit]) + data[7 : at + 8] + bytes([data[at + 8] | bit]) + data[at + 9 :]


def locked(**permissions: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(PRINT) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="x", **permissions))
    return out.getvalue()


def signed() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(PRINT) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[], SigFlags=3)
        pdf.save(out)
    return out.getvalue()


BOMB = b"<a>" + b" " * (40 << 20) + b"</a>"
LAUGHS = b'<!DOCTYPE a [<!ENTITY b "lol">]><a>&b;</a>'
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)
WEST = b'<?xml version="1.0" encoding="latin-1"?><a/>'
BODY, SHEETS = "word/document.xml", "xl/workbook.xml"
HOSTILE: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "no zip": ("word", lambda _: b"Dear partners", "is no office document"),
    "an old format": ("word", lambda _: OLD, "encrypted or of an old format"),
    "a workbook as a document": ("word", lambda _: Path(LIST).read_bytes(), "is no document of this kind"),
    "cut off": ("word", lambda _: Path(LETTER).read_bytes()[:3000], "is damaged"),
    "two ends": (
        "excel",
        lambda _: Path(LIST).read_bytes() + b"PK\5\6" + bytes(18),
        "is no document|is damaged",
    ),
    "a bomb": ("word", lambda p: changed(LETTER, BODY, BOMB, p), "unpacks to too much"),
    "entities": ("word", lambda p: changed(LETTER, BODY, LAUGHS, p), "entities of its own"),
    "no XML": ("excel", lambda p: changed(LIST, SHEETS, b"<workbook", p), "is no XML"),
    "no worksheet": ("excel", lambda p: changed(LIST, SHEETS, b"<workbook/>", p), "has no worksheet"),
    "no paragraph": ("word", lambda p: changed(LETTER, BODY, b"<document/>", p), "has no paragraph"),
    "other letters": ("word", lambda p: changed(LETTER, BODY, WEST, p), "not UTF-8"),
    "macros": ("word", lambda p: changed(LETTER, "word/vbaProject.bin", b"x", p), "has macros"),
    "a signature": ("excel", lambda p: changed(LIST, "_xmlsignatures/sig1.xml", b"<s/>", p), "is signed"),
    "a password": ("word", lambda p: with_flag(changed(LETTER, "", None, p), 1), "is encrypted"),
    "no PDF": ("pdf", lambda _: b"Dear partners", "is damaged, or no PDF"),
    "a PDF cut off": ("pdf", lambda _: Path(PRINT).read_bytes()[:700], "is damaged, or no PDF|has no pages"),
    "a PDF with a password": ("pdf", lambda _: locked(user="secret"), "is encrypted"),
    "a PDF with restrictions": ("pdf", lambda _: locked(user=""), "is encrypted"),
    "a signed PDF": ("pdf", lambda _: signed(), "is signed"),
    "a page in UTF-16": ("html", lambda _: PAGE.decode().encode("utf-16"), "is no HTML"),
    "a picture": ("html", lambda _: b"\x89PNG\r\n\x1a\n\x00", "is no HTML"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_template_that_will_not_do_is_one_clear_line(case: str, tmp_path: Path) -> None:
    kind, make, words = HOSTILE[case]
    path = saved(tmp_path, "template", make(tmp_path))
    with pytest.raises((UnusableInput, PluginFailed), match=words) as said:
        bait(kind, template=path)
    assert said.value.status == 2 and said.value.hint
    assert "template" in said.value.message and "\n" not in str(said.value)


@pytest.mark.parametrize(("kind", "template"), [("word", LETTER), ("excel", LIST)])
def test_a_damaged_template_is_refused_or_used(kind: str, template: str, tmp_path: Path) -> None:
    """150 copies with three bytes changed each."""
    whole, chance, refused = Path(template).read_bytes(), random.Random(7), 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            made = bait(kind, template=saved(tmp_path, "torn", bytes(data)))
            with zipfile.ZipFile(io.BytesIO(content(made))) as archive:
                assert archive.read("[Content_Types].xml")
        except UnusableInput:
            refused += 1
    assert 0 < refused < 150


def test_a_damaged_pdf_is_changed_in_place_only_if_its_table_still_fits() -> None:
    whole, chance, done = Path(PRINT).read_bytes(), random.Random(7), 0
    for _ in range(2000):
        data = bytearray(whole)
        data[chance.randrange(len(data) - 1500, len(data))] = chance.randrange(256)
        try:
            made = Plain(bytes(data)).with_annotation(1, b"<<>>")
        except Elsewhere:
            continue
        done += 1
        assert made.count(b"%%EOF") == 1
        assert int(made[made.rindex(b"startxref") :].split()[1]) == made.rindex(b"\nxref\n") + 1
    assert 0 < done < 2000


def test_many_members_are_read_to_a_limit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.breadcrumbs._zip._MOST_TOGETHER", 1 << 20)
    members = parts(Path(LIST).read_bytes(), tmp_path)
    path = saved(tmp_path, "few.xlsx", as_word_writes(members))
    assert bait("excel", template=path, replace=CONTACT)
    members |= {f"xl/x{n}.xml": b" " * (1 << 17) for n in range(9)}
    path = saved(tmp_path, "many.xlsx", as_word_writes(members))
    with pytest.raises(UnusableInput, match="unpacks to too much"):
        bait("excel", template=path, replace=CONTACT)


def test_a_member_that_lies_about_its_size_is_read_to_a_limit(tmp_path: Path) -> None:
    data = bytearray(changed(LETTER, "word/document.xml", BOMB, tmp_path))
    at = data.index(b"word/document.xml", data.index(b"PK\1\2")) - 46
    data[at + 24 : at + 28] = struct.pack("<L", 100)
    with pytest.raises(UnusableInput, match=r"damaged|too much"):
        bait("word", template=saved(tmp_path, "liar.docx", bytes(data)))
