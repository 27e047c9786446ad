"""Who can read which files: each answer beside the kernel's, asked by a process of that user."""

import os
import random
import stat
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
    """Random owners, modes, lists and folders above: 0 differences among all users and files."""
    rng = random.Random(seed)
    crowd = Crowd(open_folder, rng)
    folders = [open_folder]
    files = []
    for n in range(120):
        above = rng.choice(folders)
        path = above / f"x{n}"
        if n % 4 == 0:
            path.mkdir()
            folders.append(path)
            mode = rng.choice((0o755, 0o750, 0o711, 0o700, 0o705, 0o070))
        else:
            path.write_text("x")
            files.append(path)
            mode = rng.randrange(0o1000)
        os.chown(path, rng.choice(USERS), rng.choice(GROUPS))
        path.chmod(mode)
        if rng.random() < 0.5:
            os.setxattr(path, "system.posix_acl_access", acl(rng, mode))
    crowd.enter(monkeypatch)
    maps = [EffectiveAccess(posix.rights(str(path))) for path in files]
    names = [each.name for each in maps[0].rights.principals]
    differing = []
    for uid in USERS:
        for path, access, theirs in zip(files, maps, crowd.can_read(uid, files), strict=True):
            found = access.nearest(names.index(f"u{uid}"), 0)
            if (found is not None and found.level == Level.AT_ONCE) != theirs:
                differing.append((uid, path, found))
    assert not differing
    assert len(files) == 90


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
    assert "1 file rw-" in desk.out
    assert "/etc" not in desk.out
    assert stat.S_ISFIFO((open_folder / "pipe").stat().st_mode)


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
    assert lines[0] == f"Who can read {open_folder}: 1 file -w-r-----:"
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
    assert desk.out.count("Who can read") == 2
    assert desk.run("access", "map", open_folder, "--who", "/hr/staff.csv") == 2


def test_a_map_of_files_speaks_of_files(open_folder: Path, desk: Desk) -> None:
    (open_folder / "list.csv").write_text("x")
    assert desk.run("access", "map", open_folder) == 0
    assert "files  at once  could grant itself" in desk.out
    assert "SET ROLE" not in desk.out


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
