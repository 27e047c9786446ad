"""What shares hold about people, by a real Samba."""

from pathlib import Path

import pytest

from desk import Desk
from discovering import found, kinds_of, person
from servers import PASSWORD
from source_yards.smb import Here

pytestmark = pytest.mark.system


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Here:
    return Here(request, tmp_path)


def test_files_of_a_share_are_looked_at_and_again_only_where_they_changed(
    desk: Desk, yard: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    rows = "".join(f"{name};{email}\n" for name, email, _ in map(person, range(80)))
    yard.put("hr/people.csv", f"full_name;email\n{rows}".encode())
    yard.put("plain.txt", b"nothing\n")
    place, unknown = found(desk, yard.url)
    assert unknown == []
    held = {each["path"][-1]: each for each in place["holdings"]}
    assert held["people.csv"]["path"][0] == yard.name("hr")
    assert kinds_of(held["people.csv"])["email"] == "email"
    assert held["people.csv"]["people"] == 80
    assert found(desk, yard.url)[0]["unchanged"] == 2
    yard.remove("hr/people.csv")
    gone, _ = found(desk, yard.url)
    assert (gone["gone"], len(gone["holdings"])) == (1, 1)


def test_one_file_of_a_share_is_looked_at_as_it_is_in_its_folder(
    desk: Desk, yard: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    rows = "".join(f"{name};{email}\n" for name, email, _ in map(person, range(80)))
    for name in ("hr list/people.csv", "hr list/old.csv"):
        yard.put(name, f"full_name;email\n{rows}".encode())
    for url in (f"{yard.url}/hr list/people.csv", f"{yard.url}/hr%20list/people.csv"):
        place, unknown = found(desk, url)
        assert unknown == []
        assert [each["path"] for each in place["holdings"]] == [[yard.name("hr list"), "people.csv"]]
        assert place["holdings"][0]["people"] == 80
    folder, _ = found(desk, f"{yard.url}/hr%20list/")
    assert [each["path"][-1] for each in folder["holdings"]] == ["old.csv", "people.csv"]
    assert desk.run("discover", "--workspace", desk.workspace, f"{yard.url}/none.csv") == 4
    assert desk.err == f"trapstreet: {yard.name('none.csv')}: there is none: check the path\n"
