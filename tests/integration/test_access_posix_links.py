"""Who can read what lies behind a link, and under two names of one number: beside the kernel's answer."""

import os
import pwd
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace

import pytest

from crowds import GROUPS, USERS, Crowd
from desk import Desk
from trapstreet.access import EffectiveAccess
from trapstreet.core.model.rights import Level
from trapstreet.plugins.permissions import posix

pytestmark = pytest.mark.system


@pytest.fixture
def folder() -> Iterator[Path]:
    if os.geteuid() != 0:
        if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1":
            pytest.fail("only root can ask as other users")
        pytest.skip("only root can ask as other users")
    made = Path(tempfile.mkdtemp(prefix="trapstreet-access-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    rmtree(made)


def behind_links(folder: Path) -> list[Path]:
    """Names of files, most of them through links, out of and into folders that not all may enter."""
    for name, mode in (
        ("shut", 0o700),
        ("shut/inner", 0o755),
        ("open", 0o755),
        ("shy", 0o711),
        ("hops", 0o755),
    ):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    for name in ("shut/inner/a", "open/b", "shy/c"):
        (folder / name).write_text("x")
        (folder / name).chmod(0o644)
    links = {
        "to_shut": "shut/inner",
        "to_open": folder / "open",
        "shut/out": "../open",
        "hops/one": "../to_shut",
        "hops/two": "../shy/c",
        "shy/up": "..",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    return [
        folder / name
        for name in (
            "shut/inner/a", "open/b", "to_shut/a", "to_open/b", "shut/out/b", "hops/one/a", "hops/two",
            "shy/up/open/b", "shy/up/shut/inner/a",
        )
    ]  # fmt: skip


def test_every_folder_on_the_way_has_to_let_one_enter_those_behind_links_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, files = Crowd(folder, random.Random(1)), behind_links(folder)
    crowd.enter(monkeypatch)
    wrong = []
    for path in files:
        access = EffectiveAccess(posix.rights(str(path)))
        names = [each.name for each in access.rights.principals]
        for uid in USERS:
            reading = access.nearest(names.index(f"u{uid}"), 0)
            (theirs,) = crowd.can_read(uid, [path])
            if (reading is not None and reading.level == Level.AT_ONCE) != theirs:
                wrong.append((uid, path))
    assert not wrong


def test_a_link_that_is_asked_for_is_what_it_leads_to(folder: Path, desk: Desk) -> None:
    behind_links(folder)
    assert desk.run("access", "map", folder / "to_shut") == 0
    assert f"{folder}/to_shut/a (rw-r--r--)" in desk.out
    assert "everybody" not in desk.out
    (folder / "gone").symlink_to("nowhere")
    (folder / "round").symlink_to("round")
    assert desk.run("access", "map", folder / "gone") == 4
    assert desk.run("access", "map", folder / "round") == 4


def test_two_names_of_one_number_are_one_to_the_kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(folder, random.Random(1))
    crowd.enter(monkeypatch)
    file = folder / "list"
    file.write_text("x")
    os.chown(file, USERS[0], GROUPS[0])
    file.chmod(0o400)
    also = SimpleNamespace(pw_name=f"x{USERS[0]}", pw_uid=USERS[0], pw_gid=GROUPS[0], pw_shell="/bin/sh")
    every = [*pwd.getpwall(), also]
    monkeypatch.setattr(pwd, "getpwall", lambda: every)
    access = EffectiveAccess(posix.rights(str(file)))
    assert {each.principal for each in access.readers(0)} == {"root", f"u{USERS[0]}", also.pw_name}
