"""Rights on shares taken away and given back: beside a real Samba, which is asked as each user."""

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from smbprotocol.open import SMB2SetInfoRequest

from desk import Desk
from servers import PASSWORD, _present
from smb_worlds import BELOW, SmbWorld, some_entries
from trapstreet.app.advising import Wish, advise, draft_of
from trapstreet.app.applying import apply, undo
from trapstreet.app.plans import Plan, plan_in, write_plan
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.plugins._smb.accounts import Directory
from trapstreet.plugins._smb.descriptors import Entry, descriptor_of
from trapstreet.plugins._smb.lists import Rights, handed_down, rights_of
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.changes._smb.making import Elsewise, Writer
from vault import ALLOW, CHANGE, FULL, READ, USERS, Setting, Vault, vault
from vault_yard import Yard, fill_with_modes

pytestmark = pytest.mark.system


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    return _present(vault)


@pytest.fixture
def root(server: Vault) -> Iterator[Setting]:
    with server.as_root() as session:
        yield session


@pytest.fixture
def world(server: Vault, root: Setting) -> Iterator[SmbWorld]:
    with closing(SmbWorld(server, root)) as made:
        yield made


@pytest.fixture
def sessions(server: Vault) -> Iterator[dict[str, SmbSession]]:
    made = {user: server.session(user) for user in USERS[:7]}
    yield made
    for each in made.values():
        each.close()


def planned(world: SmbWorld, uses: list[PastUse], folder: Path, *, narrow: bool = False) -> Path:
    wish = Wish(narrow=narrow)
    write_plan(folder, draft_of(advise(world.url, uses, wish=wish), wish))
    return folder


def opened(world: SmbWorld, sessions: dict[str, SmbSession]) -> set[tuple[str, str]]:
    return {
        (who, each) for who, session in sessions.items() for each in world.files if world.opens(session, each)
    }


@pytest.mark.parametrize(
    ("share", "seed", "narrow"), [("files", 1, False), ("files", 12, True), ("both", 3, False)]
)
def test_what_was_used_still_opens_and_undo_brings_back_every_list(
    server: Vault,
    root: Setting,
    sessions: dict[str, SmbSession],
    tmp_path: Path,
    share: str,
    seed: int,
    narrow: bool,
) -> None:
    rng = random.Random(seed)
    with closing(SmbWorld(server, root, share)) as world:
        world.fill(rng)
        before, lists = opened(world, sessions), world.all()
        used = {each for each in sorted(before) if rng.random() < 0.3} or {("u0", world.files[0])}
        uses = [world.use(*each) for each in sorted(used)]
        plan = planned(world, uses, tmp_path / "less", narrow=narrow)
        assert world.all() == lists, "advice changes nothing"
        apply(plan_in(plan))
        after = opened(world, sessions)
        assert world.all() != lists
        assert used & before <= after <= before
        assert after < before or share == "both", "where modes count, too, few could open anything"
        assert undo(plan_in(plan)).others == ()
        assert world.all() == lists
        assert opened(world, sessions) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_handed_down_is_what_the_server_hands_down(world: SmbWorld, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(12):
        flags = tuple(rng.choice((0, 1, 2, 3, 7, 0xB, 0x9, 0xA, 0xF)) for _ in range(3))
        entries = some_entries(rng, world.server, flags)
        entries += [(ALLOW, rng.choice(flags), rng.choice((READ, 0x80000000, 0xA0000000)), "S-1-3-0")]
        top = world.folder(f"t{number}")
        world.give(top, *entries)
        listed = descriptor_of(world.told(top)).entries or ()
        for inside, is_folder in ((world.folder(f"{top}/d"), True), (world.file(f"{top}/f"), False)):
            told = world.told(inside)
            expected = handed_down(listed, owner=descriptor_of(told).owner, folder=is_folder)
            rights = rights_of(told)
            assert rights is not None
            assert rights.inherited == expected, (inside, entries)


def test_a_change_reaches_what_inherits_and_stops_where_nothing_is_inherited(
    world: SmbWorld, sessions: dict[str, SmbSession], tmp_path: Path
) -> None:
    sid = world.server.sids
    world.give("", (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"]))
    for each in ("hr", "hr/deep", "own"):
        world.folder(each)
    world.give("own", (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"]))
    for each in ("hr/deep/x", "own/x"):
        world.file(each)
    plan = planned(world, [world.use("u0", "own/x")], tmp_path / "less")
    # u0 still lists the folder above: what everybody has there stays, and so it is with what inherits.
    assert {each.on[0] for each in plan_in(plan).changes} == set()


def test_who_listed_what_is_asked_for_goes_on_listing_it(world: SmbWorld, tmp_path: Path) -> None:
    """Logs name it by the folder above, which is not asked for; of a share that is the server."""
    sid = world.server.sids
    world.give("", (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"]))
    world.file("x")
    above, _, name = world.shown("").rstrip("/").rpartition("/")
    use = replace(world.use("u0", "x"), on=((above, name),))
    assert plan_in(planned(world, [use], tmp_path / "used")).changes == ()
    other = replace(use, who="root")
    (change,) = plan_in(planned(world, [other], tmp_path / "less")).changes
    assert change.of == "Everyone"


def test_a_folder_is_changed_where_its_rights_come_from(
    world: SmbWorld, sessions: dict[str, SmbSession], tmp_path: Path
) -> None:
    sid = world.server.sids
    to_all, to_root = (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"])
    world.give("", to_all, (ALLOW, BELOW, READ, sid["u0"]), to_root)
    for each in ("hr", "hr/deep", "own"):
        world.folder(each)
    world.give("own", to_all, to_root)
    for each in ("hr/deep/x", "own/x"):
        world.file(each)
    plan = planned(world, [world.use("u0", "hr/deep/x"), world.use("u0", "own/x")], tmp_path / "less")
    (change,) = plan_in(plan).changes
    assert (change.of, change.on) == ("Everyone", (world.shown(""),))
    apply(plan_in(plan))
    assert {who for who, each in opened(world, sessions) if each == "hr/deep/x"} == {"u0"}
    assert {who for who, each in opened(world, sessions) if each == "own/x"} == {*USERS[:7]}
    assert "S-1-1-0" not in world.text("hr/deep") + world.text("hr/deep/x")


def test_rights_to_write_an_owners_and_administrators_are_left_alone(world: SmbWorld) -> None:
    sid = world.server.sids
    mine = [
        (ALLOW, BELOW, rights, sid[who]) for who, rights in (("u0", CHANGE), ("g0", READ), ("root", READ))
    ]
    world.give("", *mine, (ALLOW, BELOW, READ, "S-1-5-18"), (ALLOW, BELOW, READ, "S-1-5-32-544"))
    world.file("x")
    with place_at(world.url) as place:
        assert [each.of for each in place.changes()] == ["g0"]


def test_where_something_below_inherits_what_its_folder_does_not_give_the_folder_is_left_alone(
    world: SmbWorld,
) -> None:
    sid = world.server.sids
    to_all = (ALLOW, BELOW, READ, sid["Everyone"])
    world.give("", to_all, (ALLOW, BELOW, FULL, sid["root"]))
    world.folder("moved")
    with place_at(world.url) as place:
        assert len(place.changes()) == 1
    world.give("", to_all, (ALLOW, BELOW, FULL, sid["root"]), (ALLOW, BELOW, READ, sid["u0"]))
    with place_at(world.url) as place:
        assert place.changes() == []


def test_a_plan_is_refused_when_a_list_has_changed_since(world: SmbWorld, tmp_path: Path) -> None:
    plan = readable(world, tmp_path)
    world.give("x", (ALLOW, 0, READ, world.server.sids["u3"]), keeps=True)
    lists = world.all()
    with pytest.raises(UnusableInput, match="changed since the plan was made"):
        apply(plan_in(plan))
    assert world.all() == lists


def test_a_new_file_that_inherits_does_not_make_a_plan_useless(world: SmbWorld, tmp_path: Path) -> None:
    plan = readable(world, tmp_path)
    with place_at(world.url) as place:
        before = place.standing()
        world.file("later")
        assert place.standing() == before
    assert plan.exists()


def readable(world: SmbWorld, tmp_path: Path, folders: int = 1) -> Path:
    """A folder that everybody reads, and a plan to take that away; u0 keeps it."""
    sid = world.server.sids
    everybody = (ALLOW, BELOW, READ, sid["Everyone"])
    world.give("", everybody, (ALLOW, BELOW, READ, sid["u0"]), (ALLOW, BELOW, FULL, sid["root"]))
    world.file("x")
    for number in range(folders - 1):
        world.folder(f"d{number}")
        world.file(f"d{number}/x")
    return planned(world, [world.use("u0", each) for each in world.files], tmp_path / "less")


def test_a_list_that_somebody_else_writes_meanwhile_is_not_written_over(world: SmbWorld) -> None:
    world.file("x")
    now = rights_of(world.told("x"))
    assert now is not None
    then = now._replace(own=(Entry(*(ALLOW, 0, READ, world.server.sids["u1"])),))
    with closing(Writer(world.server.login("root"))) as writer:
        other = Rights((), (), protected=True)
        with pytest.raises(Elsewise):
            writer.write(world.share, world.path("x"), other, then)
        assert rights_of(world.told("x")) == now
        assert writer.write(world.share, world.path("x"), now, then)
        assert not writer.write(world.share, world.path("x"), now, then), "it is so already"


def test_on_the_first_failure_all_is_as_before(
    world: SmbWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = readable(world, tmp_path, folders=4)
    lists, written = world.all(), []
    write = Writer.write

    def failing(self: Writer, share: str, path: str, before: Rights, then: Rights) -> bool:
        written.append(path)
        if len(written) == 4:
            raise PermissionError
        return write(self, share, path, before, then)

    monkeypatch.setattr(Writer, "write", failing)
    with pytest.raises(Exception, match="permission denied; nothing was changed"):
        apply(plan_in(plan))
    assert len(written) > 4
    assert world.all() == lists
    assert not plan_in(plan).begun


def test_a_list_that_the_server_does_not_take_back_is_named_and_all_others_come_back(
    world: SmbWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that it lies in stays as it is, too: what is handed down to the list is told of that one."""
    plan, lists = readable(world, tmp_path, folders=4), world.all()
    write, stubborn = Writer.write, world.path("d1/x")

    def refusing(self: Writer, share: str, path: str, before: Rights, then: Rights) -> bool:
        if path == stubborn:
            raise PermissionError
        return write(self, share, path, before, then)

    apply(plan_in(plan))
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", refusing)
        with pytest.raises(AccessDenied, match=f"{stubborn} at .*permission denied; not everything"):
            undo(plan_in(plan))
    now = world.all()
    assert {each for each in lists if now[each] != lists[each]} == {"", "d1", "d1/x"}
    undo(plan_in(plan))
    assert world.all() == lists and not plan_in(plan).begun


def test_a_file_that_goes_while_lists_are_given_back_keeps_no_folder_shut(
    world: SmbWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, lists = readable(world, tmp_path, folders=4), world.all()
    write, lost = Writer.write, world.path("d1/x")

    def losing(self: Writer, share: str, path: str, before: Rights, then: Rights) -> bool:
        if path == lost:
            raise FileNotFoundError
        return write(self, share, path, before, then)

    apply(plan_in(plan))
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", losing)
        with pytest.raises(UnusableInput, match=f": {world.share}/{lost} is gone; not everything"):
            undo(plan_in(plan))
    now = world.all()
    assert {each for each in lists if now[each] != lists[each]} == {"d1/x"}


def test_what_was_killed_in_between_is_given_back_by_undo(world: SmbWorld, tmp_path: Path) -> None:
    plan = readable(world, tmp_path, folders=4)
    lists = world.all()
    _killed(apply, plan, at=4)
    assert world.all() != lists
    with pytest.raises(UnusableInput, match="was applied already"):
        apply(plan_in(plan))
    _killed(undo, plan, at=3)
    assert undo(plan_in(plan)).others == ()
    assert world.all() == lists


@pytest.mark.parametrize("at", [1, 3, 5])
@pytest.mark.parametrize("answered", [False, True])
def test_a_list_that_was_sent_when_somebody_stopped_it_is_written_back(
    world: SmbWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, *, answered: bool
) -> None:
    plan = readable(world, tmp_path, folders=4)
    lists, sent = world.all(), []
    ask = Writer._ask

    def stopping(self: Writer, share: str, message: Any, *, tolerated: int = 0) -> tuple[int, bytes]:
        if isinstance(message, SMB2SetInfoRequest):
            sent.append(message)
            if len(sent) == at:
                _ = ask(self, share, message) if answered else self._send(share, message)
                signal.raise_signal(signal.SIGINT)
        return ask(self, share, message, tolerated=tolerated)

    monkeypatch.setattr(Writer, "_ask", stopping)
    with pytest.raises(KeyboardInterrupt):
        apply(plan_in(plan))
    assert len(sent) == 2 * at, "each is written back, and nothing else"
    assert world.all() == lists
    assert not plan_in(plan).begun


def _killed(does: Callable[[Plan], object], plan: Path, *, at: int) -> None:
    """In a process of its own, before a list is written.  at: which, from 1"""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        return
    write, written = Writer.write, []

    def killing(self: Writer, share: str, path: str, before: Rights, then: Rights) -> bool:
        written.append(path)
        if len(written) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(self, share, path, before, then)

    Writer.write = killing  # type: ignore[method-assign]
    does(plan_in(plan))
    os._exit(0)


def test_a_server_that_keeps_other_rights_than_it_is_given_keeps_its_own(
    server: Vault, root: Setting
) -> None:
    """Where Samba makes modes of lists, not every list can be kept."""
    with closing(SmbWorld(server, root, "modes")) as world, closing(Writer(server.login("root"))) as writer:
        lists, now = world.all(), rights_of(world.told(""))
        assert now is not None
        then = now._replace(own=(*now.own, Entry(ALLOW, 0, 0x100, server.sids["u1"])))
        with pytest.raises(Elsewise):
            writer.write(world.share, world.path(""), now, then)
        assert world.all() == lists


def test_lists_that_samba_makes_of_modes_are_left_alone(server: Vault, root: Setting) -> None:
    yard = Yard(server, root, "modes")
    fill_with_modes(yard, random.Random(1), 12)
    with place_at(yard.url) as place:
        assert place.changes() == []


def test_what_everybody_had_goes_to_those_who_used_it(
    world: SmbWorld, sessions: dict[str, SmbSession], tmp_path: Path
) -> None:
    sid = world.server.sids
    world.give("", (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"]))
    world.folder("d")
    world.file("d/x")
    lists = world.all()
    uses = [world.use(who, "d/x") for who in ("u2", "u3", "u6")]
    assert plan_in(planned(world, uses, tmp_path / "less")).changes == ()
    plan = planned(world, uses, tmp_path / "fewer", narrow=True)
    (change,) = plan_in(plan).changes
    assert change.to in {("g1", "u6"), ("a1", "u6")}, "all of a1 are those of g1"
    apply(plan_in(plan))
    assert {who for who, _ in opened(world, sessions)} == {"u2", "u3", "u6"}
    undo(plan_in(plan))
    assert world.all() == lists


@pytest.fixture
def halls(world: SmbWorld, desk: Desk) -> SmbWorld:
    """Folders that everybody reads, all but one, with folders in them; of two somebody's uses are known."""
    sid = world.server.sids
    to_all, to_root = (ALLOW, BELOW, READ, sid["Everyone"]), (ALLOW, BELOW, FULL, sid["root"])
    world.give("", (ALLOW, 0, READ, sid["Everyone"]), to_root)
    for each in ("hr", "hr/sick", "hr/shut", "pub", "own"):
        world.folder(each)
        if each != "hr/sick":
            world.give(each, *([] if each == "hr/shut" else [to_all]), to_root)
        world.file(f"{each}/x")
    world.give("own/x", (ALLOW, 0, READ, sid["u1"]), keeps=True)
    lines = [
        {"ts": "2026-11-01T10:00:00Z", "user": "u0", "object": f"{world.shown(each)}/x"}
        for each in ("pub", "own")
    ]
    log = desk.write("log.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", world.url)
    return world


def test_a_page_says_what_can_be_taken_away_of_what_inherits_and_what_stays_since_it_was_used(
    halls: SmbWorld, desk: Desk
) -> None:
    answer = desk.json("access", "report", halls.url, "--html", desk.folder / "page.html")
    assert "Yes: everybody of 8 accounts that can log in can read 4 sets of files" in answer["answer"]
    fixes = {each["what"][0].removeprefix(halls.shown("")): each["fix"] for each in answer["widest"]}
    entry = f"-0 (A;OICI;0x1200a9;;;S-1-1-0) \\\\127.0.0.1\\{halls.share}\\{halls.name}\\hr"
    assert {each: (fix["statements"], fix["keeps"]) for each, fix in fixes.items()} == {
        "/hr": ([entry], 0),
        "/hr/sick": ([entry], 0),
        "/hr/shut": ([], 0),
        "/pub": ([], 1),
        "/own": ([], 1),
    }
    page = (desk.folder / "page.html").read_text()
    assert "/<wbr>hr/<wbr>sick/<wbr>x</th>" in page, "long names do not end at the edge"


def test_files_that_fewer_read_are_told_by_the_address_of_the_folder_above(
    halls: SmbWorld, desk: Desk
) -> None:
    said = desk.do("access", "advise", halls.url)
    assert f"\n  {halls.shown('hr')}: 2 files in 2 folders: u0, u1, u2" in said


def test_what_others_changed_is_told_by_its_name(halls: SmbWorld, desk: Desk) -> None:
    less, sid = desk.folder / "less", halls.server.sids
    desk.do("access", "advise", halls.url, "--out", less)
    desk.do("access", "apply", less)
    halls.give("hr/shut", (ALLOW, 0, READ, sid["u1"]), (ALLOW, BELOW, FULL, sid["root"]))
    halls.root.remove(halls.share, halls.path("own/x"))
    said = desk.do("access", "apply", less, "--undo").splitlines()[1:]
    assert said == [
        f"Not as before the plan, by others: changed in files: {halls.path('hr/shut')}",
        f"Not as before the plan, by others: gone from files: {halls.path('own')}: x",
    ]
    refused = desk.refused(2, "access", "apply", less)
    assert f"2 rights changed since the plan was made: changed in files: {halls.path('hr/shut')}: " in refused


def test_who_is_in_a_log_of_a_server_that_tells_no_accounts_is_not_said_to_be_unknown_there(
    halls: SmbWorld, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(Directory, "domains", closed)
    assert desk.run("access", "advise", halls.url, "--workspace", desk.workspace) == 6
    assert "the server did not tell all its accounts, and not this one" in desk.out
    assert "no such account" not in desk.out


def test_from_the_log_to_the_plan_and_back(
    world: SmbWorld, desk: Desk, sessions: dict[str, SmbSession]
) -> None:
    sid = world.server.sids
    mine = (ALLOW, BELOW, READ, sid["u0"])
    world.give("", (ALLOW, BELOW, READ, sid["Everyone"]), mine, (ALLOW, BELOW, FULL, sid["root"]))
    world.file("x")
    lists, folder, log = world.all(), desk.folder / "less", desk.folder / "log.jsonl"
    lines = [
        {"ts": "2026-11-01T10:00:00Z", "user": user, "object": f"{world.shown('')}/{name}"}
        for user, name in (("VAULT\\U0", "x"), ("u0", "gone.csv"))
    ]
    log.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", world.url)
    said = desk.do("access", "advise", world.url, "--out", folder)
    assert "0 of 2 past uses by 2 people would have been blocked." in said
    assert f"Everyone may no longer read {world.shown('')}" in said
    assert {each.name for each in folder.iterdir()} >= {"forward.cmd", "rollback.cmd", "plan.json"}
    assert "/remove:g *S-1-1-0 || exit /b 1" in (folder / "forward.cmd").read_text()
    assert "/grant *S-1-1-0:(OI)(CI)(RX) || exit /b 1" in (folder / "rollback.cmd").read_text()
    assert world.all() == lists
    assert "access is now as planned" in desk.do("access", "apply", folder)
    assert opened(world, sessions) == {("u0", "x")}
    desk.do("access", "apply", folder, "--undo")
    assert world.all() == lists
