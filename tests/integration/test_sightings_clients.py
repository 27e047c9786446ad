"""Real programs fire a breadcrumb at the trap's own listeners, and get the label that is theirs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearing import Ear, heard
from readers import libreoffice, needs
from trapstreet.app.geography import Places
from trapstreet.plugins.listeners import dns, http
from trapstreet.sightings import Kind, Label
from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import client_of
from trapstreet.sightings.domain.label import Earlier

pytestmark = pytest.mark.system

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/147.0.0.0 Safari/537.36"
)
LETTER = """\
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
  xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
  xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
  xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2"
  office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>
  <draw:frame svg:width="1cm" svg:height="1cm" text:anchor-type="as-char">
  <draw:image xlink:href="URL" xlink:type="simple"/></draw:frame>
  </text:p></office:text></office:body></office:document>
"""


@pytest.fixture
def web() -> Iterator[Ear]:
    with heard(http, http.Settings(listen=("127.0.0.1:0",))) as ear:
        yield ear


def url(ear: Ear) -> str:
    return f"http://127.0.0.1:{ear.ports['http']}/a"


def labels(ear: Ear) -> list[Label]:
    with Places(inside=["127.0.0.0/8"]) as places:
        found = [(hit, places.of(hit.address, at=hit.at)) for hit in ear.wait(1)]
    assert all(place.inside for _, place in found)
    return [label_of(hit, place, client_of(hit), Earlier()) for hit, place in found]


def run(*command: str | Path) -> None:
    needs(str(command[0]))
    subprocess.run(command, check=False, capture_output=True, timeout=90)


@pytest.mark.parametrize(
    "command",
    [
        ("curl", "-s"),
        ("curl", "-sI"),
        ("curl", "-s", "-A", CHROME),
        ("wget", "-qO-"),
        ("wget", "-q", "--spider", "-U", CHROME),
        (sys.executable, "-c", "import sys, urllib.request as u; u.urlopen(sys.argv[1])"),
    ],
    ids=["curl", "curl -I", "curl as Chrome", "wget", "wget as Chrome", "Python"],
)
def test_what_somebody_starts_by_hand_is_a_tool(command: tuple[str, ...], web: Ear):
    run(*command, url(web))
    assert {label.kind for label in labels(web)} == {Kind.TOOL}


def test_a_browser_is_taken_for_a_person_and_a_headless_one_for_a_tool(web: Ear, tmp_path: Path):
    chromium = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    run(*chromium, "--dump-dom", url(web))
    run(*chromium, "--dump-dom", f"--user-agent={CHROME}", url(web))
    found = labels(web)
    assert found[0].kind is Kind.TOOL
    assert found[-1].kind is Kind.PERSON


def test_whoever_opens_a_document_in_libreoffice_is_a_person(web: Ear, tmp_path: Path):
    letter = tmp_path / "letter.fodt"
    letter.write_text(LETTER.replace("URL", f"{url(web)}.png"))
    libreoffice(letter, "pdf", tmp_path)
    assert {label.kind for label in labels(web)} == {Kind.PERSON}


@pytest.mark.parametrize(
    ("qtype", "kind"), [("A", Kind.UNKNOWN), ("NS", Kind.ECHO), ("CAA", Kind.ECHO), ("HTTPS", Kind.PERSON)]
)
def test_a_lookup_is_labelled_by_what_it_asks(qtype: str, kind: Kind):
    given = dns.Settings(listen=("127.0.0.1:0",), zones=("cdn.example",), addresses=("192.0.2.1",))
    with heard(dns, given) as ear:
        run("dig", "@127.0.0.1", "-p", str(ear.ports["dns/udp"]), "+tries=1", "q7.cdn.example", qtype)
        assert [label.kind for label in labels(ear)] == [kind]
