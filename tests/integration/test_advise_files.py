"""What can be taken away on files, beside the kernel: random folders, real users' processes."""

import grp
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace

import pytest

from crowds import GROUPS, USERS, Crowd, acl
from trapstreet.app.advising import Planned, Wish, advise, draft_of
from trapstreet.app.applying import apply, undo
from trapstreet.app.plans import Plan, plan_in, write_plan
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.changes._posix.making import Hand

pytestmark = pytest.mark.system

_LIST = "system.posix_acl_access"
_DAY = 1_790_000_000_000_000
_NAMES = ("plain", "with 'quotes'", "-rf", "new\nline", "a\\b", "$(date)", "  ", "caf\udce9", "' '")


@dataclass
class Share:
    """A folder with files of random rights, and who could open which of them when it was made."""

    root: Path
    crowd: Crowd
    files: list[Path]
    rng: random.Random

    def opened(self) -> set[tuple[int, Path]]:
        """Who can read which file, by the kernel."""
        return {
            (uid, path)
            for uid in USERS
            for path, can in zip(self.files, self.crowd.can_read(uid, self.files), strict=True)
            if can
        }

    def rights(self) -> dict[str, object]:
        """Every mode, owner and list, to the last bit."""
        found: dict[str, object] = {}
        for folder, _, names in os.walk(os.fsencode(self.root)):
            for path in (folder, *(folder + b"/" + name for name in names)):
                status = os.lstat(path)
                lists = [
                    os.getxattr(path, each, follow_symlinks=False)
                    for each in os.listxattr(path, follow_symlinks=False)
                ]
                found[os.fsdecode(path)] = (status.st_mode, status.st_uid, status.st_gid, lists)
        return found

    def some_uses(self, share: float = 0.25) -> list[PastUse]:
        """Some of what people could open, drawn at random."""
        could = sorted(self.opened())
        return [use_of(uid, path) for uid, path in self.rng.sample(could, round(len(could) * share))]


def use_of(uid: int | str, path: Path) -> PastUse:
    who = uid if isinstance(uid, str) else f"u{uid}"
    return PastUse(who, "", ((str(path.parent), path.name),), "", "", (), 3, _DAY, _DAY)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("only root can ask as other users")
        pytest.skip("only root can ask as other users")
    made = Path(tempfile.mkdtemp(prefix="trapstreet-share-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    rmtree(made)


@pytest.fixture
def share(root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Share:
    rng = random.Random(getattr(request, "param", 5))
    crowd = Crowd(root, rng)
    folders, files = [root], []
    for n in range(150):
        above = rng.choice(folders)
        path = above / f"{n}{rng.choice(_NAMES)}"
        if n % 5 == 0:
            path.mkdir()
            folders.append(path)
            mode = rng.choice((0o755, 0o755, 0o2775, 0o751, 0o750, 0o711, 0o1777))
        else:
            path.write_text("x")
            files.append(path)
            mode = rng.choice((0o644, 0o644, 0o664, 0o640, 0o604, 0o4755, 0o600, rng.randrange(0o1000)))
        os.chown(path, rng.choice(USERS), rng.choice(GROUPS))
        path.chmod(mode)
        if rng.random() < 0.3:
            os.setxattr(path, _LIST, acl(rng, mode))
    os.link(files[0], root / "second name")
    (root / "link").symlink_to("/etc/shadow")
    crowd.enter(monkeypatch)
    return Share(root, crowd, files, rng)


def planned(
    share: Share,
    uses: list[PastUse],
    out: Path,
    wish: Wish = Wish(),  # noqa: B008 - it is frozen
) -> tuple[Planned, Plan]:
    found = advise(str(share.root), uses, wish=wish)
    write_plan(out, draft_of(found, wish))
    json.loads((out / "plan.json").read_text("utf-8"))
    return found, plan_in(out)


@pytest.mark.parametrize("share", [1, 2, 3, 4], indirect=True)
def test_every_past_use_opens_still_and_others_do_not(share: Share, tmp_path: Path) -> None:
    before, could, uses = share.rights(), share.opened(), share.some_uses()
    found, plan = planned(share, uses, tmp_path / "plan")
    assert not found.advice.proof.blocked and not found.advice.proof.unproven
    assert share.rights() == before, "advice changes nothing"
    apply(plan)
    can = share.opened()
    used = {(uid, path) for uid, path in could if use_of(uid, path) in uses}
    assert used <= can < could
    by_name = {(name, f"{each.resource.path[0]}") for each in found.moved for name in each.lost}
    assert {f"u{uid}" for uid, _ in could - can} <= {name for name, _ in by_name}
    undone = undo(plan)
    assert share.rights() == before and not undone.gone and not undone.others


@pytest.mark.parametrize("share", [11, 12, 13], indirect=True)
def test_what_few_used_goes_to_those_few_and_to_nobody_new(share: Share, tmp_path: Path) -> None:
    before, could, uses = share.rights(), share.opened(), share.some_uses(0.1)
    plain = advise(str(share.root), uses)
    found, plan = planned(share, uses, tmp_path / "plan", Wish(narrow=True))
    assert share.rights() == before
    handed = [each for each in found.advice.changes if each.to]
    assert handed and not found.advice.proof.blocked and not found.advice.proof.unproven
    apply(plan)
    can = share.opened()
    assert {(uid, path) for uid, path in could if use_of(uid, path) in uses} <= can < could
    lost = sum(len(each.lost) * (each.resource.records or 0) for each in found.moved)
    assert lost > sum(len(each.lost) * (each.resource.records or 0) for each in plain.moved)
    undone = undo(plan)
    assert share.rights() == before and not undone.gone and not undone.others


def test_it_goes_to_the_group_of_all_who_used_it_though_each_user_has_a_group_of_their_name(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (root / "plan.txt").write_text("x")
    crowd = Crowd(root, random.Random(1))
    crowd.own = {uid: uid for uid in USERS}
    crowd.groups = {uid: [GROUPS[n % 3]] for n, uid in enumerate(USERS)}
    crowd.enter(monkeypatch)
    listed = [*grp.getgrall(), *(SimpleNamespace(gr_name=f"u{uid}", gr_gid=uid, gr_mem=[]) for uid in USERS)]
    monkeypatch.setattr(grp, "getgrall", lambda: listed)
    uses = [use_of(uid, root / "plan.txt") for uid in [*USERS[::3], USERS[1]]]
    share = Share(root, crowd, [root / "plan.txt"], random.Random(1))
    found, plan = planned(share, uses, tmp_path / "plan", Wish(narrow=True))
    assert {each.to for each in found.advice.changes} == {(f"g{GROUPS[0]}", f"u{USERS[1]}")}
    apply(plan)
    assert {uid for uid, _ in share.opened()} == {*USERS[::3], USERS[1]}


def test_it_is_maximal_each_right_that_stays_is_needed(share: Share, tmp_path: Path) -> None:
    """What is left to those who used nothing comes by a right that somebody needs, by owning, or by a file
    with two names."""
    uses = share.some_uses()
    found, _ = planned(share, uses, tmp_path / "plan")
    with place_at(str(share.root)) as place:
        all_ = place.changes()
        replay = place.replay(uses, all_)
        taken = [*found.advice.changes]
        keys = {each.key for each in taken}
        for each in all_:
            if each.key not in keys and not replay.blocked([*taken, each]):
                assert each.key not in {one.key for one in place.lean([*taken, each])}, each.says


def test_nobody_uses_a_folder_so_its_door_is_shut_and_not_each_file(root: Path, share: Share) -> None:
    attic = root / "attic"
    for n in range(40):
        (attic / f"deep{n % 4}").mkdir(parents=True, exist_ok=True)
        (attic / f"deep{n % 4}" / f"{n}.csv").write_text("x")
    hall = root / "hall"
    hall.mkdir()
    (hall / "list.csv").write_text("x")
    share.files += [hall / "list.csv"]
    uses = [use_of(uid, hall / "list.csv") for uid in USERS]
    found = advise(str(root), uses)
    inside = [each for each in found.advice.changes if each.on[0].startswith(str(attic))]
    assert [each.says for each in inside] == [f"others may no longer enter {attic}"]


@pytest.mark.parametrize(
    ("share", "narrow"), [(6, False), (7, False), (8, True), (9, True)], indirect=["share"]
)
def test_the_scripts_do_what_apply_does(share: Share, tmp_path: Path, narrow: bool) -> None:
    if not shutil.which("setfacl"):
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("setfacl is missing: apt-get install acl")
        pytest.skip("setfacl is missing")
    before = share.rights()
    _, plan = planned(share, share.some_uses(0.1), tmp_path / "plan", Wish(narrow=narrow))
    subprocess.run(["/bin/sh", plan.folder / "forward.sh"], check=True)
    by_script = share.rights()
    subprocess.run(["/bin/sh", plan.folder / "rollback.sh"], check=True)
    assert share.rights() == before
    apply(plan)
    assert share.rights() == by_script != before


def test_a_script_changes_nothing_through_a_link(share: Share, tmp_path: Path, root: Path) -> None:
    _, plan = planned(share, share.some_uses(), tmp_path / "plan")
    victim = tmp_path / "victim"
    victim.write_text("x")
    victim.chmod(0o777)
    path = next(
        Path(each.on[0]) for each in plan.changes if each.kind == "folder" and Path(each.on[0]) != root
    )
    path.rename(tmp_path / "away")
    path.symlink_to(victim)
    done = subprocess.run(["/bin/sh", plan.folder / "forward.sh"], check=False, capture_output=True)
    assert done.returncode == 1 and b"now a link" in done.stderr
    with pytest.raises(UnusableInput), place_at(str(root)) as place:
        place.make(plan.changes, lambda _: None)
    assert victim.stat().st_mode & 0o777 == 0o777


def test_a_plan_is_refused_when_a_right_changed_since(share: Share, tmp_path: Path) -> None:
    _, plan = planned(share, share.some_uses(), tmp_path / "plan")
    share.files[7].chmod(0o741)
    now = share.rights()
    with pytest.raises(UnusableInput, match="changed since the plan was made"):
        apply(plan)
    assert share.rights() == now


def test_a_failure_in_the_middle_gives_everything_back(
    share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = share.rights()
    _, plan = planned(share, share.some_uses(), tmp_path / "plan")
    turns = 0
    turn = Hand.turn

    def breaks(hand: Hand, *of: object) -> None:
        nonlocal turns
        turns += 1
        if turns == 12:
            raise PermissionError(1, "Operation not permitted")
        turn(hand, *of)  # type: ignore[arg-type]

    monkeypatch.setattr(Hand, "turn", breaks)
    with pytest.raises(TrapstreetError):
        apply(plan)
    assert share.rights() == before and not plan.begun


def test_what_was_killed_in_the_middle_is_taken_back(share: Share, tmp_path: Path) -> None:
    """The process ends between two files as by kill -9: nothing is cleaned up."""
    before = share.rights()
    _, plan = planned(share, share.some_uses(), tmp_path / "plan")
    child = os.fork()
    if child == 0:
        turn, turns = Hand.turn, []

        def dies(hand: Hand, *of: object) -> None:
            turns.append(of)
            if len(turns) == 15:
                os._exit(0)
            turn(hand, *of)  # type: ignore[arg-type]

        Hand.turn = dies  # type: ignore[assignment,method-assign]
        try:
            apply(plan)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert share.rights() != before and plan.begun
    undone = undo(plan)
    assert share.rights() == before and undone.back and not undone.others


def test_what_others_changed_since_is_told_by_owner_and_mode(share: Share, tmp_path: Path) -> None:
    _, plan = planned(share, share.some_uses(), tmp_path / "plan")
    apply(plan)
    file = share.files[0].with_name("came since")
    file.write_text("x")
    file.chmod(0o640)
    os.chown(file, USERS[0], GROUPS[0])
    others = undo(plan).others
    assert f"new in {file.parent}: 1 file u{USERS[0]}:g{GROUPS[0]} rw-r-----" in others
    assert not any(re.search("[0-9a-f]{16}", each) for each in others)


def test_where_it_is_not_known_who_it_was_nothing_changes(share: Share, root: Path) -> None:
    path = share.files[10]
    folders = {str(each) for each in path.parents}
    found = advise(str(root), [use_of("CORP\\somebody", path), *share.some_uses()])
    (unproven,) = found.advice.proof.unproven
    assert unproven.why == "this system lists no such user"
    touched = {path for each in found.advice.changes for path in paths_of(each.forward)}
    assert touched and not touched & {str(path), *folders}


def test_who_read_a_file_that_is_gone_can_read_what_comes_after_it(share: Share, root: Path) -> None:
    could = share.opened()
    uid, path = sorted(could)[3]
    gone = path.parent / "of last month.csv"
    found = advise(str(root), [use_of(uid, gone)])
    assert [each.why for each in found.advice.proof.unproven] == ["no such file is there"]
    with place_at(str(root)) as place:
        replay = place.replay([use_of(uid, path)], place.changes())
        assert not replay.blocked(found.advice.changes)


def test_who_used_a_file_through_a_link_reads_it_still_by_that_way(share: Share, root: Path) -> None:
    """A link to a file, one to a folder on the way, one out of the place and in again, one from outside."""
    for name in ("hrdocs", "hrdocs/pay roll", "n", "shy", "other", "idle"):
        (root / name).mkdir()
        (root / name).chmod(0o755)
    files = [root / "hrdocs" / "f1", root / "hrdocs" / "pay roll" / "x.csv", root / "other" / "y.csv"]
    for path in (*files, root / "idle" / "z.csv"):
        path.write_text("x")
        path.chmod(0o644)
    outside = Path(tempfile.mkdtemp(prefix="trapstreet-outside-", dir="/tmp"))
    outside.chmod(0o755)
    (outside / "in").symlink_to(root)
    (root / "n" / "current").symlink_to("../hrdocs/f1")
    (root / "shy" / "hrlink").symlink_to(outside / "in" / "hrdocs")
    named = [
        root / "n" / "current",
        root / "shy" / "hrlink" / "pay roll" / "x.csv",
        outside / "in" / "other" / "y.csv",
    ]
    share.files += [*files, *named, root / "idle" / "z.csv"]
    uses = [use_of(uid, path) for uid, path in zip(USERS, named, strict=False)]
    gone = use_of(USERS[0], root / "n" / "none.csv")
    found = advise(str(root), [*uses, gone], wish=Wish(narrow=True))
    assert [each.use for each in found.advice.proof.unproven] == [gone]
    before = share.opened()
    with place_at(str(root)) as place:
        place.make(found.advice.changes, lambda _: None)
    try:
        can = share.opened()
        assert can < before and not {path for _, path in can} & {root / "idle" / "z.csv"}
        for uid, way in zip(USERS, zip(named, files, strict=True), strict=False):
            assert (uid, way[0]) in can and (uid, way[1]) in can
    finally:
        rmtree(outside)


def test_nothing_changes_on_either_side_of_a_link_that_somebody_unknown_used(
    share: Share, root: Path
) -> None:
    for name in ("n", "hrdocs"):
        (root / name).mkdir(mode=0o755)
    (root / "hrdocs" / "f1").write_text("x")
    (root / "n" / "f2").write_text("x")
    (root / "n" / "current").symlink_to("../hrdocs/f1")
    found = advise(str(root), [use_of("CORP\\somebody", root / "n" / "current"), *share.some_uses()])
    touched = {path for each in found.advice.changes for path in paths_of(each.forward)}
    assert touched and not touched & {str(root / each) for each in ("n", "hrdocs", "hrdocs/f1")}


def test_a_file_with_two_names_is_left_alone(share: Share, root: Path) -> None:
    found = advise(str(root), share.some_uses(0.05))
    touched = {path for each in found.advice.changes for path in paths_of(each.forward)}
    assert str(share.files[0]) not in touched and str(root / "second name") not in touched


def test_the_kernel_has_the_last_word(share: Share, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that say what the kernel does not are found out before anybody is kept from work."""
    from trapstreet.plugins.changes._posix.replay import PosixReplay

    monkeypatch.setattr(PosixReplay, "blocked", lambda *_: {})
    with pytest.raises(UnusableInput, match="the kernel would refuse"):
        advise(str(root), share.some_uses())


def test_where_nobody_else_comes_into_the_temporary_folder_the_rules_alone_are_claimed(
    share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    with place_at(str(share.root)) as place:
        assert place.edition == "Files (by the rules and the kernel)"
    monkeypatch.setattr(tempfile, "tempdir", str(shut))
    with place_at(str(share.root)) as place:
        assert place.edition == "Files (by the rules alone)"


def paths_of(lines: tuple[str, ...]) -> list[str]:
    from trapstreet.plugins.changes._posix.statements import read

    return [path for line in lines for path in read(line)[1]]
