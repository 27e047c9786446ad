"""Plans of folders where a file takes no change, does not give it back, or is moved meanwhile."""

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from crowds import Crowd
from desk import Desk
from trapstreet.app.advising import Wish, advise, draft_of
from trapstreet.app.applying import apply, undo
from trapstreet.app.plans import Plan, plan_in, write_plan
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.changes._posix.making import Hand
from trapstreet.plugins.changes._posix.statements import read

pytestmark = pytest.mark.system


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folders with files that anybody can read."""
    if os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("only root can ask as other users")
        pytest.skip("only root can ask as other users")
    made = Path(tempfile.mkdtemp(prefix="trapstreet-share-", dir="/tmp"))
    made.chmod(0o755)
    for folder in ("hall", "hall/inner", "attic"):
        (made / folder).mkdir(mode=0o755)
        for n in range(4):
            (made / folder / f"{n}.csv").write_text("x")
            (made / folder / f"{n}.csv").chmod(0o604 if n else 0o644)
    Crowd(made, random.Random(5)).enter(monkeypatch)
    yield made
    rmtree(made)


@pytest.fixture
def plan(root: Path, tmp_path: Path) -> Plan:
    """By what one used: a file of the hall. The others there are shut to others, and so are two folders."""
    use = PastUse("u60001", "", ((str(root / "hall"), "0.csv"),), "", "", (), 3, 1, 1)
    write_plan(tmp_path / "plan", draft_of(advise(str(root), [use]), Wish()))
    return plan_in(tmp_path / "plan")


def rights(root: Path) -> dict[str, int]:
    return {str(each): each.stat().st_mode for each in (root, *root.rglob("*"))}


def paths_of(plan: Plan) -> list[str]:
    return [path for each in plan.changes for line in each.forward for path in read(line)[1]]


def resist(monkeypatch: pytest.MonkeyPatch, error: OSError, paths: list[str], *, after: int = 0) -> None:
    """Paths that take no turn, now and later, once so many turns were made."""
    turn, turns = Hand.turn, []

    def refusing(hand: Hand, what: object, path: str) -> None:
        turns.append(path)
        if path in paths and len(turns) > after:
            raise error
        turn(hand, what, path)  # type: ignore[arg-type]

    monkeypatch.setattr(Hand, "turn", refusing)


def test_a_file_that_takes_no_change_and_never_will_leaves_all_as_it_was(
    root: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, stubborn = rights(root), paths_of(plan)[3]
    resist(monkeypatch, PermissionError(1, "Operation not permitted"), [stubborn])
    with pytest.raises(AccessDenied) as met:
        apply(plan)
    assert met.value.message == f"{stubborn}: Operation not permitted; nothing was changed"
    assert "as root" not in met.value.hint
    assert rights(root) == before and not plan.begun


def test_what_cannot_be_given_back_is_named_and_undone_later(
    root: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it becomes read-only in the middle."""
    before, paths = rights(root), paths_of(plan)
    with monkeypatch.context() as patch:
        resist(patch, OSError(30, "Read-only file system"), paths, after=3)
        with pytest.raises(Unreachable) as met:
            apply(plan)
    assert met.value.message.startswith(f"{paths[3]}: Read-only file system; 3 paths could not be given back")
    assert all(each in met.value.message for each in paths[:3]) and "--undo" in met.value.hint
    assert rights(root) != before and plan.begun
    with pytest.raises(UnusableInput, match="was applied in part"):
        apply(plan)
    undone = undo(plan)
    assert rights(root) == before and not undone.gone and not undone.others and not plan.begun


def test_undo_gives_back_all_but_the_file_that_resists_and_can_be_run_again(
    root: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, stubborn = rights(root), paths_of(plan)[3]
    apply(plan)
    with monkeypatch.context() as patch:
        resist(patch, PermissionError(1, "Operation not permitted"), [stubborn])
        with pytest.raises(TrapstreetError, match=f"1 path could not be given back.*{stubborn}") as met:
            undo(plan)
    assert "--undo" in met.value.hint
    now = rights(root)
    assert {path for path in before if now[path] != before[path]} == {stubborn} and plan.begun
    undo(plan)
    assert rights(root) == before and not plan.begun


def test_a_folder_that_was_moved_meanwhile_is_named_and_given_back_when_it_is_there_again(
    root: Path, plan: Plan, desk: Desk
) -> None:
    inner, before = root / "hall" / "inner", rights(root)
    (change,) = [each for each in plan.changes if each.on[0] == str(inner)]
    apply(plan)
    inner.rename(root / "elsewhere")
    told = desk.do("access", "apply", plan.folder, "--undo", status=6)
    assert f"{len(plan.changes) - 1} rights given back" in told
    assert f"Not given back, since it is gone: {change.says}" in told
    assert f"When it is there again: trapstreet access apply {plan.folder} --undo" in told
    (root / "elsewhere").rename(inner)
    undone = undo(plan)
    assert undone.back == (change,) and not undone.gone
    assert rights(root) == before and not plan.begun


def test_of_some_files_of_which_one_was_moved_the_others_are_given_back(
    root: Path, plan: Plan, tmp_path: Path
) -> None:
    before = rights(root)
    (change,) = [each for each in plan.changes if len(read(each.forward[0])[1]) > 1]
    path = Path(read(change.forward[0])[1][0])
    apply(plan)
    path.rename(tmp_path / "away")
    undone = undo(plan)
    assert undone.gone == (change,) and change in undone.back and plan.begun
    (tmp_path / "away").rename(path)
    assert undo(plan).back == (change,)
    assert rights(root) == before and not plan.begun


def test_a_plan_whose_making_was_stopped_is_not_said_to_be_applied(plan: Plan) -> None:
    apply(plan)
    with pytest.raises(UnusableInput, match="was applied already: "):
        apply(plan)
    plan.begin()
    with pytest.raises(UnusableInput, match="was applied already, or in part: "):
        apply(plan)
