"""Who used which files: from what a real Samba wrote, and lines of one's own, to a plan, by command."""

import json
import os
import pwd
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest

from desk import Desk
from samba import samba
from servers import PASSWORD, _present

pytestmark = pytest.mark.system


@pytest.fixture
def share() -> Iterator[Path]:
    """Files of two folders that all may read."""
    if os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("only root may change the rights on files of others")
        pytest.skip("only root may change the rights on files of others")
    made = Path(tempfile.mkdtemp(prefix="trapstreet-share-", dir="/tmp"))
    made.chmod(0o755)
    for folder in ("hr", "sales"):
        (made / folder).mkdir(mode=0o755)
        for n in range(3):
            path = made / folder / f"{n}.csv"
            path.write_text("x")
            path.chmod(0o644)
    yield made
    rmtree(made)


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two who can log in, whatever this system says."""
    users = pwd.getpwall()
    names = [each.pw_name for each in users if each.pw_uid][:2]
    listed = [
        pwd.struct_passwd((*each[:6], "/bin/sh" if each.pw_name in names else "/usr/sbin/nologin"))
        for each in users
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    return names


def imported(desk: Desk, share: Path, uses: list[tuple[str, str]]) -> None:
    lines = [{"ts": "2026-11-03T10:00:00Z", "user": user, "object": f"{share}/{name}"} for user, name in uses]
    log = desk.write("files.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", share)


def test_what_samba_wrote_is_taken_in_as_uses_of_files(desk: Desk) -> None:
    import smbclient  # type: ignore[import-untyped]

    server = _present(samba)
    shared = server.folder / "audited"  # its log has others' uses, too
    folder = shared / "used"
    (folder / "hr").mkdir(parents=True)
    for name in ("plan.csv", "hr/pay roll.csv", "hr/other.csv"):
        (folder / name).write_text("x")
    began = datetime.now(UTC).timestamp() * 1e6
    shown = {"port": server.port, "username": server.user, "password": PASSWORD}
    unc = r"\\127.0.0.1\audited\used"
    for name in (r"\plan.csv", r"\hr\pay roll.csv"):
        with smbclient.open_file(unc + name, "rb", **shown) as file:
            assert file.read() == b"x"
    smbclient.listdir(rf"{unc}\hr", **shown)
    with smbclient.open_file(rf"{unc}\new.csv", "wb", **shown) as file:
        file.write(b"x")
    with pytest.raises(OSError, match="No such file"):
        smbclient.open_file(rf"{unc}\none.csv", **shown)
    smbclient.reset_connection_cache()
    done = desk.json("access", "import", server.folder / "log", "--place", shared)["logs"][0]
    assert done["kind"] == "samba_audit" and not done["unread"] and not done["elsewhere"]["uses"]
    from trapstreet.app.uses import past_uses
    from trapstreet.app.workspace import Workspace

    known = past_uses(Workspace.open(desk.workspace), str(shared))
    uses = [each for each in known if any(path[0].startswith(str(folder)) for path in each.on)]
    assert all(began - 1e6 <= each.last <= datetime.now(UTC).timestamp() * 1e6 for each in uses)
    assert {each.who for each in uses} == {server.user}
    assert {each.on for each in uses} == {
        ((str(folder), "plan.csv"),),
        ((str(folder / "hr"), "pay roll.csv"),),
        ((str(folder), "hr"),),  # listed
        ((str(folder), "new.csv"),),
    }


def test_rights_on_files_stand_beside_who_used_them(desk: Desk, share: Path, who: list[str]) -> None:
    used, never = who
    imported(
        desk, share, [(used, "sales/1.csv"), (used, "sales/1.csv"), (used, "hr"), ("stranger", "hr/0.csv")]
    )
    found = desk.json("access", "use", share)
    by_folder = {each["what"][0]: each for each in found["resources"]}
    assert (by_folder[f"{share}/sales"]["used"], by_folder[f"{share}/hr"]["used"]) == (1, 0)
    assert not found["gone"]
    assert [each["who"] for each in found["impossible"]] == ["stranger"]
    assert f"{share}/hr/0.csv: 1 use" in desk.do("access", "use", share)
    of = desk.json("access", "use", share, "--of", "sales")["rights"]
    assert {each["who"]: each["status"] for each in of} == {used: "used", never: "never"}
    (share / "finance" / "2025").mkdir(parents=True)
    (share / "finance" / "2025" / "x.csv").write_text("x")
    for name in ("finance", share / "finance", "./finance/"):
        there = desk.json("access", "use", share, "--of", name)["rights"]
        assert {each["what"][0] for each in there} == {f"{share}/finance/2025"}
    assert "nothing is called tmp there" in desk.refused(2, "access", "use", share, "--of", "tmp")
    below = desk.json("access", "use", share / "sales")["resources"]
    assert [each["what"][0] for each in below] == [f"{share}/sales"]


def test_uses_of_other_folders_are_said_when_they_are_imported_and_by_advice(
    desk: Desk, share: Path, who: list[str]
) -> None:
    (desk.folder / "nas").symlink_to(share)
    lines = [
        {"ts": f"2026-11-03T1{n}:00:00Z", "user": who[0], "object": path}
        for n, path in enumerate(
            (f"{share}/sales/1.csv", f"{desk.folder}/nas/hr/0.csv", "/mnt/other/x.csv", "/mnt/other/y.csv")
        )
    ]
    log = desk.write("mixed.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    said = desk.do("access", "import", log, "--place", share, status=6)
    other = f"NOT HERE 2 uses are of nothing below {share}, like /mnt/other/x.csv"
    assert other in said
    again = desk.json("access", "import", log, "--place", share)["logs"][0]
    assert again["elsewhere"] == {"uses": 0, "like": None}
    said = desk.do("access", "advise", share, status=6)
    assert other in said and "0 of 2 past uses" in said
    assert "nothing can be taken away" in said, "what was used through a link counts"
    told = desk.json("access", "advise", share / "sales", status=6)
    assert told["elsewhere"] == {"uses": 2, "like": ["/mnt/other", "x.csv"]}


def test_two_places_for_one_log_are_refused(desk: Desk, share: Path) -> None:
    log = desk.write("files.jsonl", "")
    refused = desk.refused(2, "access", "import", log, "--place", share, "--place", share / "hr")
    assert "--place stands there more than once" in refused


def test_a_place_is_the_same_by_a_link_to_it_everywhere(desk: Desk, share: Path, who: list[str]) -> None:
    link, higher = desk.folder / "my link", desk.folder / "lnk"
    link.symlink_to(share)
    higher.symlink_to(share.parent)
    lines = [{"ts": "2026-11-03T10:00:00Z", "user": who[0], "object": f"{link}/sales/1.csv"}]
    log = desk.write("files.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", link)
    said = desk.do("access", "advise", share)
    assert f"at {share}: 1 right can be taken away." in said
    for way in (link, higher / share.name):
        assert desk.do("access", "advise", way) == said
        used = desk.json("access", "use", way)
        by_folder = {each["what"][0]: each["used"] for each in used["resources"]}
        assert by_folder == {f"{share}/sales": 1, f"{share}/hr": 0} and not used["gone"]
        desk.do("access", "report", way, status=0)


def test_a_plan_for_files_is_written_made_and_taken_back(
    desk: Desk, share: Path, who: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(desk, share, [(who[0], "sales/1.csv"), (who[1], "sales/gone.csv")])
    monkeypatch.chdir(share.parent)
    out = desk.folder / "less"
    said = desk.do("access", "advise", share.name, "--out", out, status=6)
    assert f"at {share}: 1 right can be taken away." in said
    assert f"others may no longer enter {share}/hr" in said
    assert f"{share}/sales/gone.csv: no such file is there" in said
    assert f"{share}/hr: 3 files rw-r--r--: {', '.join(sorted(who))}" in said
    assert (out / "forward.sh").read_text().endswith(f"\nchmod o-x -- '{share}/hr'\n")
    monkeypatch.chdir("/")
    desk.do("access", "apply", out)
    assert (share / "hr").stat().st_mode & 0o777 == 0o754
    assert "was applied already" in desk.refused(2, "access", "apply", out)
    assert "1 right given back" in desk.do("access", "apply", out, "--undo")
    assert (share / "hr").stat().st_mode & 0o777 == 0o755


def test_what_owners_want_to_stay_stays_with_the_way_to_it(share: Path, who: list[str]) -> None:
    from trapstreet.app.advising import advise
    from trapstreet.core.model.access_events import PastUse

    use = PastUse(who[0], "", ((f"{share}/sales", "1.csv"),), "", "", (), 1, 1, 1)
    hr = f"{share}/hr"
    found = advise(str(share), [use], confirmed=frozenset({("PUBLIC", hr, (hr,))}))
    assert not found.advice.changes
    assert f"others may no longer enter {hr}" in {each.says for each in found.spared}
    assert str(share) in {each.on[0] for each in found.spared}, "the way to it"
    assert f"{share}/sales" not in {each.on[0] for each in found.spared}


def test_a_file_is_no_place_and_a_folder_that_is_not_there_is_said_to(desk: Desk, share: Path) -> None:
    imported(desk, share, [("root", "hr/0.csv")])
    assert "is no folder" in desk.refused(2, "access", "advise", share / "hr" / "0.csv")
    assert "no such folder" in desk.refused(4, "access", "advise", share / "nothing")


def test_files_whose_names_are_no_text_are_told_in_json_that_anybody_can_read(
    desk: Desk, share: Path, who: list[str]
) -> None:
    odd = share / "hr" / os.fsdecode(b"latin\xe4.txt")
    odd.write_text("x")
    odd.chmod(0o604)
    imported(desk, share, [(who[0], f"{folder}/{n}.csv") for folder in ("hr", "sales") for n in range(3)])
    out = desk.folder / "less"
    (change,) = desk.json("access", "advise", share, "--out", out)["changes"]
    assert "latin\\udce4.txt" in change["forward"][0]
    (kept,) = json.loads((out / "plan.json").read_text("utf-8"))["changes"]
    assert str(odd) in kept["forward"][0]
    desk.do("access", "apply", out)
    desk.do("access", "apply", out, "--undo")


def test_no_plan_is_written_where_there_is_nothing_to_change(desk: Desk, share: Path, who: list[str]) -> None:
    imported(
        desk,
        share,
        [(each, f"{folder}/{n}.csv") for each in who for folder in ("hr", "sales") for n in range(3)],
    )
    out = desk.folder / "less"
    said = desk.do("access", "advise", share, "--out", out)
    assert "nothing can be taken away." in said
    assert said.endswith("No plan was written, since there is nothing to change.\n")
    assert desk.json("access", "advise", share, "--out", out)["out"] is None
    assert not out.exists()


def test_what_is_taken_away_and_what_is_narrowed_are_counted_apart(
    desk: Desk, share: Path, who: list[str]
) -> None:
    imported(desk, share, [(who[0], "hr/0.csv"), *((each, "sales/0.csv") for each in who)])
    out, again = desk.folder / "less", desk.folder / "again"
    said = desk.do("access", "advise", share, "--narrow", "--out", out)
    assert f"at {share}: 1 right can be narrowed to those who used it." in said
    said = desk.do("access", "apply", out)
    assert said.startswith(f"1 right narrowed to those who used it at {share}; access is now as planned.\n")
    desk.do("access", "apply", out, "--undo")
    (share / "old").mkdir(mode=0o755)
    (share / "old" / "0.csv").write_text("x")
    (share / "old" / "0.csv").chmod(0o644)
    said = desk.do("access", "advise", share, "--narrow", "--out", again)
    assert f"at {share}: 1 right can be taken away, and 1 narrowed to those who used it." in said
    said = desk.do("access", "apply", again)
    assert said.startswith(f"1 right taken away at {share}, and 1 narrowed to those who used it; access is")


def test_what_was_done_with_roots_rights_keeps_no_right_and_is_told_apart(
    desk: Desk, share: Path, who: list[str]
) -> None:
    used, sudoer = who
    names = [(used, f"{folder}/{n}.csv") for folder in ("hr", "sales") for n in (0, 2)]
    imported(desk, share, [*names, (sudoer, "sales/0.csv")])
    (share / "sales" / "1.csv").chmod(0o600)  # lets nobody in but root
    done = ("hr/0.csv", "hr/0.csv", "sales/1.csv", "hr/gone.csv")
    head = "msg=audit(1793700000.103:{}):"
    log = desk.write(
        "audit.log",
        "".join(
            f"type=SYSCALL {head.format(n)} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1"
            " a2=0 a3=0 items=1 ppid=1 pid=2 auid=1 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0"
            f' tty=pts1 ses=3 comm="cat" exe="/bin/cat" key=(null)\x1dARCH=x86_64 AUID="{sudoer}"'
            f' FSUID="root"\ntype=CWD {head.format(n)} cwd="/"\n'
            f'type=PATH {head.format(n)} item=0 name="{share}/{name}" inode=4 dev=fd:00 mode=0100600 ouid=0'
            " ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0\n"
            for n, name in enumerate(done)
        ),
    )
    desk.do("access", "import", log, "--place", share)
    told = desk.json("access", "use", share)
    assert not told["impossible"], "root needs no way of the account's"
    assert [(each["who"], each["what"][1], each["times"]) for each in told["with_root"]] == [
        (sudoer, "0.csv", 2),
        (sudoer, "1.csv", 1),
    ]
    assert told["gone"] == [[f"{share}/hr", "gone.csv"]]
    of = desk.json("access", "use", share, "--of", "hr")
    status = {each["who"]: each["status"] for each in of["rights"]}
    assert status == {used: "used", sudoer: "never"}
    assert {each["what"][1] for each in of["with_root"]} == {"0.csv"}
    assert len(desk.json("access", "use", share, "--who", sudoer)["with_root"]) == 2
    said = desk.do("access", "advise", share, "--narrow")
    assert f"others may no longer enter {share}/hr, but {used} may" in said
    assert "0 of 9 past uses by 2 people would have been blocked." in said, "nor is one not proven"
