"""`trapstreet bait`: a breadcrumb is made, written whole, registered, and belongs to nobody."""

from pathlib import Path

import pytest

from desk import Desk
from handed_out import OWNED
from people import customer_file
from trapstreet.app.workspace import Workspace
from trapstreet.store import plantings

TEMPLATES = Path(__file__).parents[1] / "templates"


@pytest.fixture
def baiting(desk: Desk) -> Desk:
    """A desk whose company owns mail domains, a web address and a DNS zone."""
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text().replace("domains = []", OWNED)
    text = text.replace("urls = []", 'urls = ["https://cdn.harbour.example/"]')
    file.write_text(text.replace("zones = []", 'zones = ["harbour-net.example"]'))
    return desk


def tokens(desk: Desk, planting: str) -> list[tuple[str, str]]:
    opened = Workspace.open(desk.workspace)
    return list(plantings.tokens_of(plantings.planting_named(planting), opened.ring))


def test_a_document_is_written_for_its_place_and_known_by_its_token(baiting: Desk) -> None:
    out = baiting.folder / "Offer.docx"
    template = TEMPLATES / "letter.docx"
    options = ("--template", template, "--place", "finance share", "--owner", "CFO", "--tag", "docs")

    made = baiting.json("bait", "word", *options, "--out", out)

    assert made["files"] == [str(out)]
    assert out.stat().st_mtime_ns == template.stat().st_mtime_ns, "its day is the template's"
    (listed,) = baiting.json("decoy", "list", "--tag", "docs")["plantings"]
    assert (listed["kind"], listed["place"], listed["owner"]) == ("word", "finance share", "CFO")
    assert listed["states"] == {"planted": 1}
    ((channel, value),) = tokens(baiting, made["planting"])
    assert (channel, value.partition("/")[0]) == ("http", "cdn.harbour.example")


def test_no_token_is_readable_in_the_workspace(baiting: Desk) -> None:
    made = baiting.json("bait", "email", "--place", "CRM", "--name", "Maria Zyxwvut")
    ((_, address),) = tokens(baiting, made["planting"])
    kept = b"".join(path.read_bytes() for path in baiting.workspace.rglob("*") if path.is_file())
    assert b"zyxwvut" not in kept.lower()
    assert address.encode() not in kept


def test_an_address_that_a_customer_or_another_bait_has_is_drawn_again(baiting: Desk) -> None:
    rows = [
        (f"T-{n}", "A B", f"{local}@post.harbour.example", "", "", "", "") for n, local in enumerate(_STYLES)
    ]
    baiting.do("register", customer_file(baiting.folder / "c.csv", 0, rows=rows), "--name", "customers")
    names = ("--place", "CRM", "--name", "Maria Keller")
    settings = baiting.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace(', "mail.quay.example"', ""))

    first = baiting.json("bait", "email", *names)["planting"]
    second = baiting.json("bait", "email", *names)["planting"]

    addresses = [tokens(baiting, planting)[0][1] for planting in (first, second)]
    assert len({*addresses, *(row[2] for row in rows)}) == len(rows) + 2


_STYLES = ("maria.keller", "m.keller", "mkeller", "mariakeller", "maria_keller", "maria-keller")


def test_what_the_owner_keeps_is_apart_and_files_are_never_overwritten(baiting: Desk) -> None:
    out = baiting.folder / ".pgpass"
    made = baiting.json("bait", "dblogin", "--place", "build server", "--out", out)
    assert made["files"] == [str(out)]
    assert made["owner_files"] == [f"{out}.create-login.sql"]
    before = out.read_bytes()

    line = baiting.refused(2, "bait", "dblogin", "--place", "build server", "--out", out)
    assert ".pgpass" in line
    assert out.read_bytes() == before
    assert len(baiting.json("decoy", "list")["plantings"]) == 1, "nothing was registered"


def test_a_text_is_not_written_as_a_document_that_nothing_opens(baiting: Desk) -> None:
    line = baiting.refused(2, "bait", "note", "--place", "share", "--out", baiting.folder / "plan.docx")
    assert "it is a .txt file, and plan.docx ends otherwise" in line
    assert not (baiting.folder / "plan.docx").exists()
    assert not baiting.json("decoy", "list")["plantings"], "nothing was registered"


def test_what_is_missing_is_one_clear_line(desk: Desk) -> None:
    assert "urls under [trap]" in desk.refused(2, "bait", "url", "--place", "wiki")
    assert "domains under [decoys]" in desk.refused(2, "bait", "email", "--place", "wiki")
    assert "Missing option '--place'" in desk.refused(2, "bait", "email")
    assert "the file is gone" not in desk.refused(
        2, "bait", "word", "--template", desk.folder / "none.docx", "--place", "x", "--out", desk.folder / "o"
    )
