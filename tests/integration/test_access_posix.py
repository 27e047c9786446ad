"""Who can read which files: each answer beside the kernel's, asked by a process of that user."""

import ast
import os
import random
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from crowds import GROUPS, USERS, Crowd, acl
from desk import Desk
from trapstreet.access import EffectiveAccess
from trapstreet.core.model.rights import Level
from trapstreet.plugins.permissions import posix

pytestmark = pytest.mark.system


@pytest.fixture
def open_folder() -> Iterator[Path]:
    if os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("only root can ask as other users")
        pytest.skip("only root can ask as other users")
    made = Path(tempfile.mkdtemp(prefix="trapstreet-access-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    rmtree(made)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_map_agrees_with_the_kernel(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Random owners, modes, lists and folders above: 0 differences among all users and files, by a map of
    each file and by one of the whole folder."""
    rng = random.Random(seed)
    crowd = Crowd(open_folder, rng)
    files = filled(open_folder, rng)
    crowd.enter(monkeypatch)
    maps = [EffectiveAccess(posix.rights(str(path))) for path in files]
    whole = EffectiveAccess(posix.rights(str(open_folder)))
    at = {
        Path(each.path[0]) / name: n for n, each in enumerate(whole.rights.resources) for name in each.names
    }
    assert set(at) == set(files)
    differing = []
    for uid in USERS:
        for path, access, theirs in zip(files, maps, crowd.can_read(uid, files), strict=True):
            if {at_once(access, uid, 0), at_once(whole, uid, at[path])} != {theirs}:
                differing.append((uid, path))
    assert not differing
    assert len(files) == 90


def filled(top: Path, rng: random.Random) -> list[Path]:
    """The files that folders have now: 120 entries of random owners, modes and lists."""
    folders, files = [top], []
    for n in range(120):
        path = rng.choice(folders) / f"x{n}"
        if n % 4 == 0:
            path.mkdir()
            folders.append(path)
            mode = rng.choice((0o755, 0o750, 0o711, 0o700, 0o705, 0o070, 0o2775, 0o1777))
        else:
            path.write_text("x")
            files.append(path)
            mode = rng.randrange(0o1000)
        os.chown(path, rng.choice(USERS), rng.choice(GROUPS))
        path.chmod(mode)
        if rng.random() < 0.5:
            os.setxattr(path, "system.posix_acl_access", acl(rng, mode))
    return files


def at_once(access: EffectiveAccess, uid: int, number: int) -> bool:
    """Whether a user can read something without more ado, as a map says."""
    who = [each.name for each in access.rights.principals].index(f"u{uid}")
    found = access.nearest(who, number)
    return found is not None and found.level == Level.AT_ONCE


def test_a_whole_folder_says_the_same_as_its_files_one_by_one(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(9)
    crowd = Crowd(open_folder, rng)
    crowd.enter(monkeypatch)
    below = open_folder / "shut"
    below.mkdir()
    for n in range(20):
        path = (below if n % 2 else open_folder) / f"f{n}"
        path.write_text("x")
        os.chown(path, rng.choice(USERS), rng.choice(GROUPS))
        path.chmod(rng.choice((0o640, 0o644, 0o600)))
    below.chmod(0o700)
    whole = EffectiveAccess(posix.rights(str(open_folder)))
    assert sum(each.records or 0 for each in whole.rights.resources) == 20
    for n, each in enumerate(whole.rights.resources):
        if each.path[0].endswith("shut"):
            assert {reading.principal for reading in whole.readers(n)} == {"root"}


def test_links_and_devices_are_not_followed(open_folder: Path, desk: Desk) -> None:
    (open_folder / "list.csv").write_text("x")
    (open_folder / "loop").symlink_to(open_folder)
    (open_folder / "etc").symlink_to("/etc")
    os.mkfifo(open_folder / "pipe")
    assert desk.run("access", "map", open_folder) == 0
    assert f"{open_folder}/list.csv (rw-" in desk.out
    assert "/etc" not in desk.out
    assert stat.S_ISFIFO((open_folder / "pipe").stat().st_mode)


def test_who_takes_a_link_for_what_it_leads_to(open_folder: Path, desk: Desk) -> None:
    (open_folder / "hr").mkdir(mode=0o755)
    (open_folder / "hr" / "list.csv").write_text("x")
    for name, target in (("file", "hr/list.csv"), ("folder", "hr"), ("away", "/etc/passwd")):
        (open_folder / name).symlink_to(target)
    for name in ("file", f"{open_folder}/file", "folder", "folder/list.csv"):
        assert desk.run("access", "map", open_folder, "--who", name) == 0, name
        assert desk.out.startswith(f"Who can read {open_folder}/hr/list.csv")
    assert desk.run("access", "map", open_folder, "--who", f"{open_folder}/away") == 2
    assert "away leads to /etc/passwd, of which nothing is in this map" in desk.err
    assert desk.err.endswith(": trapstreet access map /etc/passwd\n")


def test_the_report_names_the_group_by_which_people_get_in(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    crowd = Crowd(open_folder, random.Random(1))
    crowd.groups = {uid: [] for uid in USERS}
    crowd.own = {uid: GROUPS[n % 2] for n, uid in enumerate(USERS)}
    crowd.enter(monkeypatch)
    path = open_folder / "list.csv"
    path.write_text("name,email\nAnn Ash,ann@you.example\nBo Birk,bo@you.example\n")
    os.chown(path, USERS[0], GROUPS[1])
    path.chmod(0o640)
    desk.do("discover", open_folder)
    (widest,) = desk.json("access", "report", open_folder)["widest"]
    assert {each["by"]: each["accounts"] for each in widest["opened_by"]} == {
        "its group may read (g61002)": 6, f"owner: may read (u{USERS[0]})": 1, "root": 1
    }  # fmt: skip
    said = desk.do("access", "report", open_folder)
    assert f"{path} (rw-r-----)" in said


def test_who_names_the_rule_that_decides(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    crowd = Crowd(open_folder, random.Random(1))
    crowd.groups = {uid: [] for uid in USERS}
    crowd.own = {uid: GROUPS[n % 2] for n, uid in enumerate(USERS)}
    crowd.enter(monkeypatch)
    path = open_folder / "list\x1b.csv"
    path.write_text("x")
    os.chown(path, USERS[0], GROUPS[1])
    path.chmod(0o240)
    assert desk.run("access", "map", open_folder, "--who", open_folder) == 0
    lines = desk.out.splitlines()
    assert lines[0] == f"Who can read {open_folder}/list?.csv (-w-r-----):"
    (at,) = (n for n, line in enumerate(lines) if "u60002" in line)
    assert lines[at].endswith(": all of it, at once")
    assert lines[at + 1] == "    member of g61002; its group may read"
    assert (
        lines[lines.index("u60001: all of it, could grant it itself") + 1] == "    owner: can change its mode"
    )


def test_who_takes_a_file_or_a_part_of_a_path(open_folder: Path, desk: Desk) -> None:
    (open_folder / "hr").mkdir(mode=0o755)
    for name, mode in (("staff.csv", 0o644), ("pay.csv", 0o600), ("plan.csv", 0o600)):
        (open_folder / "hr" / name).write_text("x")
        (open_folder / "hr" / name).chmod(mode)
    for name in ("staff.csv", "hr/staff.csv", "./hr/staff.csv", f"{open_folder}/hr/staff.csv"):
        assert desk.run("access", "map", open_folder, "--who", name) == 0
        heads = [line for line in desk.out.splitlines() if line.startswith("Who")]
        assert heads == [f"Who can read {open_folder}/hr/staff.csv:"]
    assert desk.run("access", "map", open_folder, "--who", "hr/pay.csv") == 0
    assert f"Who can read {open_folder}/hr/pay.csv, one of 2 files rw-------:" in desk.out
    assert desk.run("access", "map", open_folder, "--who", "hr") == 0
    assert desk.out.startswith("Who can read hr:\nroot: all 3 files, at once\n")
    assert desk.run("access", "map", open_folder, "--who", "hr", "--all") == 0
    assert desk.out.count("Who can read") == 2
    assert desk.run("access", "map", open_folder, "--who", "/hr/staff.csv") == 2


def test_a_map_of_files_speaks_of_files(open_folder: Path, desk: Desk) -> None:
    (open_folder / "list.csv").write_text("x")
    assert desk.run("access", "map", open_folder) == 0
    assert "files  at once  could grant itself" in desk.out
    assert "SET ROLE" not in desk.out


def test_who_is_in_a_group_that_can_act_as_root_is_noted_by_the_systems_own_lists(open_folder: Path) -> None:
    """Asked of the C library, which is given other lists than this system's."""
    if not any(Path("/usr/lib").glob("*/libnss_wrapper.so")):
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("libnss_wrapper.so is missing")
        pytest.skip("libnss_wrapper.so is missing")
    users = (("root", 0, 0), ("anna", 1001, 1001), ("bert", 1002, 27), ("carl", 1003, 1001))
    (open_folder / "passwd").write_text(
        "".join(f"{name}:x:{uid}:{gid}::/:/bin/sh\n" for name, uid, gid in users)
    )
    (open_folder / "group").write_text(
        "root:x:0:\nsudo:x:27:anna,root\nwheel:x:10:carl\ndisk:x:6:root\nstaff:x:1001:carl\n"
    )
    asked = (
        "import sys; from trapstreet.plugins.permissions import posix; print(posix.rights(sys.argv[1]).notes)"
    )
    lists = {f"NSS_WRAPPER_{each.upper()}": str(open_folder / each) for each in ("passwd", "group")}
    answer = subprocess.run(
        [sys.executable, "-c", asked, open_folder],
        env=os.environ | lists | {"LD_PRELOAD": "libnss_wrapper.so"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ast.literal_eval(answer.stdout) == [
        "members of sudo (anna, bert) can usually act as root",
        "members of wheel (carl) can usually act as root",
    ]


def test_no_place_at_all_is_not_the_folder_one_is_in(desk: Desk) -> None:
    assert desk.run("access", "map", "") == 2
    assert "no place is given" in desk.err


def test_what_cannot_be_looked_into_is_not_called_unreadable(open_folder: Path) -> None:
    (open_folder / "shut").mkdir(mode=0o700)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(60_001)
            found = posix.rights(str(open_folder))
            status = 0 if found.unknown == [f"{open_folder}/shut: Permission denied"] else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
