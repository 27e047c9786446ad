"""What was kept of a folder while it was called by a link to it, from before all go by whole paths."""

import json
import os
import pwd
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from shutil import rmtree

import pytest

from desk import Desk
from trapstreet.app.discovered import holdings_at, place_of
from trapstreet.app.kept_names import re_rooted
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.rights import Rights
from trapstreet.plugins.permissions import rights_at

_CALLED = ("discovered", "discovering_files", "logged_places")
"""The modules by which names of places come into a workspace."""

_BEFORE = (*_CALLED, "access_report", "drift", "log_imports", "own_logins", "reviews", "unused", "uses")
"""Those that take a name from them, and would keep the one of `before` if they were loaded in it."""


@pytest.fixture
def share() -> Iterator[Path]:
    """A folder that all may read, with somebody's customers."""
    made = Path(tempfile.mkdtemp(prefix="trapstreet-share-", dir="/tmp")).resolve()
    made.chmod(0o755)
    (made / "hr").mkdir(mode=0o755)
    for name in ("staff.csv", "left.csv"):
        rows = "".join(f"Anna Byrne,anna.{n}@harbour.example\n" for n in range(30))
        (made / "hr" / name).write_text(f"full_name,email\n{rows}")
        (made / "hr" / name).chmod(0o644)
    yield made
    rmtree(made)


@pytest.fixture
def link(share: Path) -> Iterator[Path]:
    """Another way to it, which all may go."""
    made = share.with_name(f"{share.name}-link")
    made.symlink_to(share)
    yield made
    made.unlink()


@pytest.fixture
def second(link: Path) -> Iterator[Path]:
    """And a third."""
    made = link.with_name(f"{link.name}-2")
    made.symlink_to(link.resolve())
    yield made
    made.unlink()


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> str:
    """The only one who logs in, whatever this system says."""
    users = pwd.getpwall()
    name = next(each.pw_name for each in users if each.pw_uid)
    shells = {True: "/bin/sh", False: "/usr/sbin/nologin"}
    listed = [pwd.struct_passwd((*each[:6], shells[each.pw_name == name])) for each in users]
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    return name


def before(desk: Desk, *command: object, status: int = 0) -> None:
    """Run a command as versions did that called a folder as the user does."""

    def called(location: str) -> str:
        return place_of(location) if "://" in location else os.path.abspath(location)  # noqa: PTH100

    for each in _BEFORE:
        import_module(f"trapstreet.app.{each}")
    with pytest.MonkeyPatch.context() as patch:
        for each in _CALLED:
            patch.setattr(f"trapstreet.app.{each}.place_of", called)
        patch.setattr("trapstreet.app.drift.resolved", called)
        patch.setattr("trapstreet.app.log_imports.imports_of", lambda place: _own(called(place)))
        desk.do(*map(str, command), status=status)


def _own(place: str) -> list[object]:
    from trapstreet.store import imports

    return [*imports.of_place(place)]


def logged(desk: Desk, user: str, *paths: Path) -> Path:
    lines = ({"ts": "2026-11-03T10:00:00Z", "user": user, "object": str(each)} for each in paths)
    return desk.write("files.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))


def times(desk: Desk, place: Path) -> int:
    """How many uses of files like the staff's are known."""
    rights = desk.json("access", "use", place, "--of", "staff.csv")["rights"]
    return sum(each["times"] for each in rights)


def test_logs_that_were_imported_by_a_link_are_found_by_either_name(
    desk: Desk, share: Path, link: Path, user: str
) -> None:
    log = logged(desk, user, link / "hr" / "staff.csv", share / "hr" / "staff.csv")
    before(desk, "access", "import", log, "--place", link)
    (kept,) = desk.json("access", "log", "list")["logs"]
    assert kept["place"] == str(link)
    for place in (share, link):
        assert times(desk, place) == 2
        assert desk.json("access", "log", "list", "--place", place)["logs"] == [kept]
    assert {each.who for each in past_uses(Workspace.open(desk.workspace), f"{share}/hr")} == {user}


def test_a_log_that_was_imported_by_a_link_adds_only_what_came_behind(
    desk: Desk, share: Path, link: Path, user: str
) -> None:
    staff = share / "hr" / "staff.csv"
    before(desk, "access", "import", logged(desk, user, staff), "--place", link)
    assert (
        desk.json("access", "import", logged(desk, user, staff, staff), "--place", share)["logs"][0]["events"]
        == 1
    )
    assert times(desk, share) == 2
    (grown,) = desk.json("access", "log", "list")["logs"]
    assert grown["events"] == 2
    desk.do("access", "log", "remove", grown["log"])
    assert desk.json("access", "log", "list")["logs"] == []


def test_a_log_that_was_imported_under_both_names_counts_once(
    desk: Desk, share: Path, link: Path, user: str
) -> None:
    log = logged(desk, user, share / "hr" / "staff.csv")
    before(desk, "access", "import", log, "--place", link)
    before(desk, "access", "import", log, "--place", share)
    assert len(desk.json("access", "log", "list", "--place", share)["logs"]) == 2
    assert times(desk, share) == 1


def test_a_log_that_was_imported_under_two_links_counts_once_and_goes_on(
    desk: Desk, share: Path, link: Path, second: Path, user: str
) -> None:
    staff = share / "hr" / "staff.csv"
    for place in (link, second):
        before(desk, "access", "import", logged(desk, user, staff), "--place", place)
    assert times(desk, share) == 1
    before(desk, "access", "import", logged(desk, user, staff, staff, staff), "--place", second)
    assert times(desk, share) == 3


def test_another_log_that_begins_alike_counts_with_all_its_uses(
    desk: Desk, share: Path, link: Path, user: str
) -> None:
    staff, left = share / "hr" / "staff.csv", share / "hr" / "left.csv"
    before(desk, "access", "import", logged(desk, user, left, staff), "--place", link)
    before(desk, "access", "import", logged(desk, user, left, left, left), "--place", share)
    assert times(desk, share) == 5


def test_a_link_that_leads_elsewhere_now_names_another_place(
    desk: Desk, share: Path, link: Path, user: str
) -> None:
    before(desk, "access", "import", logged(desk, user, share / "hr" / "staff.csv"), "--place", link)
    link.unlink()
    link.symlink_to(desk.folder)
    assert desk.json("access", "log", "list", "--place", share)["logs"] == []
    assert "no log of" in desk.refused(2, "access", "use", share)


def found_in(desk: Desk, place: Path) -> dict[tuple[str, ...], int | None]:
    Workspace.open(desk.workspace)
    return {each.path: each.people for each in holdings_at(str(place))}


def test_what_was_found_by_a_link_is_known_of_the_folder_until_that_is_looked_at_again(
    desk: Desk, share: Path, link: Path
) -> None:
    before(desk, "discover", link)
    staff, left = ((str(share / "hr"), name) for name in ("staff.csv", "left.csv"))
    assert found_in(desk, share) == found_in(desk, share / "hr") == {staff: 30, left: 30}
    assert found_in(desk, link / "hr") == {}
    report = desk.json("access", "report", link)
    assert [(each["what"][0], each["people"]) for each in report["widest"]] == [(str(share / "hr"), 60)]
    (share / "hr" / "left.csv").unlink()
    desk.do("discover", share)
    assert found_in(desk, share) == found_in(desk, share / "hr") == {staff: 30}


def test_one_file_that_was_looked_at_by_a_link_is_known_by_its_own_name(desk: Desk, share: Path) -> None:
    link = desk.folder / "people.csv"
    link.symlink_to(share / "hr" / "staff.csv")
    before(desk, "discover", link)
    assert found_in(desk, share / "hr" / "staff.csv") == {(str(share / "hr"), "staff.csv"): 30}


def test_rights_that_were_kept_by_a_link_are_what_the_next_look_is_compared_with(
    desk: Desk, share: Path, link: Path
) -> None:
    (share / "hr" / "left.csv").chmod(0o600)
    before(desk, "access", "diff", link)
    (share / "hr" / "left.csv").chmod(0o644)
    (first,) = desk.json("access", "diff", share, status=1)["changes"]
    assert first["text"].startswith(f"1 file in {share}/hr became readable by everybody")
    assert first["alert"]
    assert desk.json("access", "diff", link)["changes"] == []
    (share / "hr" / "staff.csv").chmod(0o600)
    (second,) = desk.json("access", "diff", link, status=1)["changes"]
    for place in (share, link):
        told = desk.json("access", "diff", place, "--since", "2026-01-01")["changes"]
        assert [each["text"] for each in told] == [first["text"], second["text"]]


def test_what_was_seen_to_change_by_a_link_is_on_record_for_the_folder(
    desk: Desk, share: Path, link: Path
) -> None:
    before(desk, "access", "diff", link)
    (share / "hr" / "left.csv").chmod(0o600)
    before(desk, "access", "diff", link, status=1)
    assert "no longer readable" in desk.do("access", "diff", share, "--since", "2026-01-01")


def test_of_looks_by_several_links_the_newest_is_compared_with(
    desk: Desk, share: Path, link: Path, second: Path
) -> None:
    before(desk, "access", "diff", link)
    (share / "hr" / "left.csv").chmod(0o600)
    before(desk, "access", "diff", second)
    assert desk.json("access", "diff", share)["changes"] == []
    (share / "hr" / "left.csv").chmod(0o644)
    before(desk, "access", "diff", link)
    assert desk.json("access", "diff", share)["changes"] == []


def test_what_no_look_by_its_own_name_could_tell_is_compared_with_one_by_a_link(
    desk: Desk, share: Path, link: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (share / "open").mkdir()
    (share / "open" / "news.csv").write_text("x")
    (share / "hr" / "left.csv").chmod(0o600)
    before(desk, "access", "diff", link)
    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.app.drift.rights_at", lambda place: without(rights_at(place), share / "hr"))
        desk.do("access", "diff", share, status=6)
    (share / "hr" / "left.csv").chmod(0o644)
    (told,) = desk.json("access", "diff", share, status=1)["changes"]
    assert told["text"].startswith(f"1 file in {share}/hr became readable by everybody")
    assert desk.json("access", "diff", share)["changes"] == []


def without(rights: Rights, folder: Path) -> Rights:
    """The same of somebody who is not let into a folder."""
    kept = [n for n, each in enumerate(rights.resources) if each.path[0] != str(folder)]
    doors = [each for each in rights.doors if each.resource is None or each.resource in kept]
    return replace(
        rights,
        resources=[rights.resources[n] for n in kept],
        doors=[
            each if each.resource is None else replace(each, resource=kept.index(each.resource))
            for each in doors
        ],
        unread=[(str(folder),)],
        unknown=[f"{folder}: nobody let us in"],
    )


@pytest.mark.parametrize(
    ("path", "now"),
    [
        ("/srv/link", "/data/share"),
        ("/srv/link/hr", "/data/share/hr"),
        ("/srv/link-2/hr", "/srv/link-2/hr"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_what_lies_beside_a_link_is_not_taken_for_what_it_leads_to(path: str, now: str) -> None:
    assert re_rooted(path, "/srv/link", "/data/share") == now
