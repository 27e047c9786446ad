"""What real programs do with bait: they fetch it from a web server on loopback, or they do not."""

from dataclasses import replace
from pathlib import Path

import pytest

from baits import CONTACT, LETTER, LIST, OWN, PAGE, PRINT, bait
from readers import camera, chromium, libreoffice, trap
from trapstreet.plugins.breadcrumbs import Made

pytestmark = pytest.mark.system


def placed(made: Made, folder: Path) -> Path:
    (name,) = made.files
    (folder / name).write_bytes(made.files[name])
    return folder / name


@pytest.mark.parametrize(
    ("kind", "template", "to"),
    [("word", LETTER, "pdf"), ("word", LETTER, "odt"), ("excel", LIST, "pdf"), ("excel", LIST, "ods")],
)
def test_libreoffice_fetches_a_documents_picture(kind: str, template: str, to: str, tmp_path: Path) -> None:
    with trap() as server:
        made = bait(kind, template=template, own=replace(OWN, urls=(server.url,)))
        libreoffice(placed(made, tmp_path), to, tmp_path)
        assert {token.value for token in made.tokens} == server.taken()


@pytest.mark.parametrize(("kind", "template"), [("word", LETTER), ("excel", LIST)])
def test_a_link_in_a_document_waits_for_a_click(kind: str, template: str, tmp_path: Path) -> None:
    with trap() as server:
        made = bait(kind, template=template, replace=CONTACT, own=replace(OWN, urls=(server.url,)))
        printed = libreoffice(placed(made, tmp_path), "pdf", tmp_path)
        assert server.taken() == set()
        assert next(iter(made.tokens)).value.partition("/")[2].encode() in printed.read_bytes()


@pytest.mark.parametrize("template", [None, PAGE])
def test_a_browser_loads_the_style_sheet_of_a_page(template: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "terms.html").write_bytes(template or b"")
    path = str(tmp_path / "terms.html") if template else None
    with trap() as server:
        made = bait("html", template=path, own=replace(OWN, urls=(server.url,)))
        chromium(placed(made, tmp_path), tmp_path)
        assert {token.value for token in made.tokens} == server.taken()


def test_a_browser_fetches_an_address_that_is_shown_as_a_picture(tmp_path: Path) -> None:
    with trap() as server:
        made = bait("url", form="image", own=replace(OWN, urls=(server.url,)))
        chromium(placed(made, tmp_path), tmp_path)
        assert {token.value for token in made.tokens} == server.taken()


@pytest.mark.parametrize("on_open", [False, True])
def test_a_browser_that_shows_a_pdf_asks_nobody(on_open: bool, tmp_path: Path) -> None:
    """Nor does it with --on-open, which is why docs/breadcrumbs.md does not count on that."""
    with trap() as server:
        made = bait("pdf", template=PRINT, on_open=on_open, own=replace(OWN, urls=(server.url,)))
        chromium(placed(made, tmp_path), tmp_path, f"--screenshot={tmp_path}/shown.png")
        assert (tmp_path / "shown.png").stat().st_size > 1000
        assert server.taken() == set()


def test_a_camera_reads_the_code(tmp_path: Path) -> None:
    for number in range(5):
        url = bait("url", number).text.splitlines()[0]
        assert camera(placed(bait("url", number, form="png"), tmp_path)) == url
    drawing = placed(bait("url", 4, form="svg"), tmp_path)
    chromium(drawing, tmp_path, f"--screenshot={tmp_path}/shown.png")
    assert camera(tmp_path / "shown.png") == url


def test_a_pdf_printed_by_a_browser_gets_its_link_in_place(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE)
    chromium(tmp_path / "page.html", tmp_path, f"--print-to-pdf={tmp_path}/page.pdf")
    before = (tmp_path / "page.pdf").read_bytes()
    for address in ("", "https://www.harbour.example/x"):
        (after,) = bait("pdf", template=str(tmp_path / "page.pdf"), replace=address).files.values()
        assert after[:200] == before[:200]
        assert 0 < len(after) - len(before) < 300
