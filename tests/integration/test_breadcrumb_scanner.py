"""A public scanner for bait, canary-scan, says no more of it than of any file with such a reference.

Each bait is compared with the owner's template, all addresses taken for one.
"""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from baits import CONTACT, LETTER, LIST, PAGE, PRINT, bait
from readers import scanner
from trapstreet.plugins.breadcrumbs import Made

pytestmark = pytest.mark.system

HOST = re.compile(r"https?://[^/\s\"')>]+[^\s\"')>]*")
Said = set[tuple[str, str, str, str]]


@cache
def said_of(data: bytes, name: str) -> Said:
    """What the scanner says of a file alone: stage, category, severity, words; every address is the same."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "in").mkdir()
        (folder / "in" / name).write_bytes(data)
        return {
            (found["stage"], found["category"], found["severity"], _words(found, folder))
            for found in scanner(folder / "in", folder / "out")
        }


def _words(found: dict[str, str], folder: Path) -> str:
    words = found["evidence"] if found["category"] != "active_url" else HOST.sub(_host, found["evidence"])
    return f"{found['subcategory']}: {words}".replace(str(folder), "")


def _host(address: re.Match[str]) -> str:
    """Addresses of specifications stay, all others are one."""
    return address[0] if re.match(r"https?://(schemas|purl|www\.w3)", address[0]) else "ADDRESS"


def content(made: Made) -> bytes:
    (data,) = made.files.values()
    return data


@pytest.mark.parametrize(("kind", "template"), [("word", LETTER), ("excel", LIST), ("pdf", PRINT)])
def test_an_address_in_the_place_of_another_is_nothing_new(kind: str, template: str) -> None:
    name = Path(template).name
    clean = said_of(Path(template).read_bytes(), name)
    baited = said_of(content(bait(kind, template=template, replace=CONTACT)), name)
    assert baited == clean
    assert any(severity == "critical" for _, _, severity, _ in clean)  # so much for its alarms


def test_a_link_in_a_pdf_is_said_of_like_those_that_it_has() -> None:
    clean = said_of(Path(PRINT).read_bytes(), "letter.pdf")
    assert said_of(content(bait("pdf")), "letter.pdf") == clean


def test_going_to_an_address_on_opening_is_flagged_no_more_than_any_opening() -> None:
    """The letter opens at a page, which the scanner takes for the same thing."""
    clean = said_of(Path(PRINT).read_bytes(), "letter.pdf")
    assert said_of(content(bait("pdf", on_open=True)), "letter.pdf") <= clean


@pytest.mark.parametrize(("kind", "template"), [("word", LETTER), ("excel", LIST)])
def test_a_picture_that_lies_elsewhere_is_flagged_as_any_is(kind: str, template: str) -> None:
    """It is the one thing that the scanner says: an external reference, critical as every link is."""
    name = Path(template).name
    clean = said_of(Path(template).read_bytes(), name)
    more = said_of(content(bait(kind, template=template)), name) - clean
    assert {(stage, category) for stage, category, _, _ in more} <= {("remote-refs", "active_url")}
    loud = {words for _, _, severity, words in more if severity != "info"}
    assert loud <= {"external_rel: ADDRESS"}


@pytest.mark.parametrize("address", ["", "https://www.harbour.example/x"])
def test_a_page_is_flagged_as_any_page_that_loads_something(address: str, tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(PAGE)
    own = PAGE.replace(
        b"</head>", b'<link rel="stylesheet" href="https://www.harbour.example/main.css"></head>'
    )
    baited = content(bait("html", template=str(tmp_path / "p.html"), replace=address))
    clean = said_of(PAGE if address else own, "p.html")
    assert said_of(baited, "p.html") == clean


@pytest.mark.parametrize("form", ["png", "svg", "image"])
def test_a_code_is_a_picture_like_others(form: str) -> None:
    made = bait("url", form=form)
    (name,) = made.files
    loud = {each for each in said_of(content(made), name) if each[2] != "info"}
    assert loud <= ({("remote-refs", "active_url", "critical", "img: ADDRESS")} if form == "image" else set())


@pytest.mark.parametrize("kind", ["apikey", "awskey", "dblogin"])
def test_of_logins_and_keys_it_says_nothing(kind: str) -> None:
    for name, data in bait(kind).files.items():
        assert {each[2] for each in said_of(data, name)} <= {"info"}


def test_a_folder_tells_no_more_together_than_its_templates_do(tmp_path: Path) -> None:
    """Files that are near-duplicates of each other would be reported: each template is used once."""
    for name, files in (
        ("clean", {Path(each).name: Path(each).read_bytes() for each in (LETTER, LIST, PRINT)}),
        ("bait", bait("folder").files),
    ):
        (tmp_path / name).mkdir()
        for file, data in files.items():
            (tmp_path / name / file).write_bytes(data)
    alike = [
        {found["category"] for found in scanner(tmp_path / name, tmp_path / f"out-{name}")} - {"hyperlink"}
        for name in ("clean", "bait")
    ]
    assert alike[0] == alike[1]
    assert "unique_fingerprint" not in alike[1]
