"""Documents that name an address: of all else in a template not a byte changes."""

import io
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from baits import LETTER, LIST, bait
from trapstreet.core.model.errors import UnusableInput

ADDRESS = rb"m\+[a-z0-9]{12}@you\.example"


def with_address(template: str, part: str, path: Path) -> Path:
    """A template in whose part an address stands."""
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == part:
                data, count = re.subn(
                    rb"(<(?:w:)?t(?: [^>]*)?>)", rb"\1ask It.Desk@corp.example or ", data, count=1
                )
                assert count
            new.writestr(member, data)
    return path


@pytest.mark.parametrize(
    ("template", "part", "name"),
    [(LETTER, "word/document.xml", "a.docx"), (LIST, "xl/sharedStrings.xml", "a.xlsx")],
)
def test_an_office_document_keeps_all_but_the_address(
    template: str, part: str, name: str, tmp_path: Path
) -> None:
    source = with_address(template, part, tmp_path / name)
    made = bait("note", template=str(source), plus="M@you.example")
    (content,) = made.files.values()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(io.BytesIO(content)) as new:
        assert new.testzip() is None
        assert old.namelist() == new.namelist()
        changed = [each for each in old.namelist() if old.read(each) != new.read(each)]
        assert changed == [part]
        (address,) = re.findall(ADDRESS, new.read(part))
        assert new.read(part).replace(address, b"It.Desk@corp.example") == old.read(part)
    assert [token.value.encode() for token in made.tokens] == [address]


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0desk@you.example")
    with pytest.raises(UnusableInput, match="is no text"):
        bait("note", template=str(tmp_path / "a.bin"))
    with pytest.raises(UnusableInput, match="does not have that address"):
        (tmp_path / "a.txt").write_bytes(b"desk@you.example.org")
        bait("note", template=str(tmp_path / "a.txt"), replace="desk@you.example")


@pytest.mark.parametrize(
    "plus", ["you.example", "a@b@you.example", "a+b@you.example", "a b@you.example", "a@you"]
)
def test_a_mailbox_that_is_none_is_refused(plus: str) -> None:
    with pytest.raises(UnusableInput, match="--plus is no address"):
        bait("email", plus=plus)


@pytest.mark.slow
def test_short_notes_are_worded_in_many_ways() -> None:
    notes = Counter(next(iter(bait("note", number).files.values())).split(b"\n")[0] for number in range(200))
    assert len(notes) == 6
    texts = {
        re.sub(rb"\S+@\S+", b"", next(iter(bait("note", number).files.values()))) for number in range(200)
    }
    assert len(texts) > 150
