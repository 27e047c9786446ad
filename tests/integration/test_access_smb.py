"""Who can read which files of shares: each answer beside Samba's own, asked by opening them as that user."""

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from desk import Desk
from discovering import line_to
from servers import PASSWORD, _present
from trapstreet.access import EffectiveAccess, Reading
from trapstreet.core.model.rights import How, Level
from trapstreet.plugins._smb import answers, knowledge, login
from trapstreet.plugins._smb.names import Policy
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins._smb.walk import Folder, Reader
from trapstreet.plugins.permissions import smb
from vault import ALLOW, DENY, FULL, READ, USERS, Ace, Setting, Vault, descriptor, vault
from vault_yard import (
    ASKING,
    CREATOR,
    DANGLING,
    GUEST,
    INHERITED,
    INTERACTIVE,
    ONLY_BELOW,
    OWNER_RIGHTS,
    Yard,
    differing,
    fill,
    fill_with_modes,
)

pytestmark = pytest.mark.system


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    return _present(vault)


@pytest.fixture
def yard(server: Vault, root: Setting) -> Yard:
    return Yard(server, root)


@pytest.fixture
def sessions(server: Vault) -> Iterator[dict[str, SmbSession]]:
    made = {user or GUEST: server.session(user) for user in ASKING}
    yield made
    for each in made.values():
        each.close()


@pytest.fixture
def root(server: Vault) -> Iterator[Setting]:
    with server.as_root() as session:
        yield session


def test_every_trap_is_answered_as_the_server_does(yard: Yard, sessions: dict[str, SmbSession]) -> None:
    sid = yard.server.sids
    everyone, anna = sid["Everyone"], sid["u0"]
    to_all, to_anna = (ALLOW, 0, READ, everyone), (ALLOW, 0, READ, anna)
    cases: dict[str, tuple[str, list[Ace] | None, set[str]]] = {
        "no list": ("root", None, {*USERS[:7], "root"}),
        "empty list": ("root", [], {"root"}),
        "to one": ("root", [to_anna], {"u0", "root"}),
        "denied before": ("root", [(DENY, 0, READ, anna), to_all], {*USERS[1:7], "root"}),
        "denied behind": ("root", [to_all, (DENY, 0, READ, anna)], {*USERS[:7], "root"}),
        "a group denied": ("root", [(DENY, 0, READ, sid["g0"]), to_all], {"u3", "u4", "u5", "u6", "root"}),
        "only for what is below": ("root", [(ALLOW, ONLY_BELOW, READ, everyone)], {"root"}),
        "inherited": ("root", [(ALLOW, INHERITED, READ, sid["g1"])], {"u2", "u3", "root"}),
        "alias of group": ("root", [(ALLOW, 0, READ, sid["a0"])], {"u0", "u1", "u2", "u4", "root"}),
        "write alone": ("root", [(ALLOW, 0, 0x2, everyone)], {"root"}),
        "users": ("root", [(ALLOW, 0, READ, "S-1-5-11")], {*USERS[:7], "root"}),
        "network": ("root", [(ALLOW, 0, READ, "S-1-5-2")], {*USERS[:7], "root"}),
        "seated there": ("root", [(ALLOW, 0, FULL, INTERACTIVE)], {"root"}),
        "creator": ("u0", [(ALLOW, 0, READ, CREATOR)], {"root"}),
        "owner alone": ("u0", [], {"root"}),
        "owner rights": ("u0", [(ALLOW, 0, READ, OWNER_RIGHTS)], {"u0", "root"}),
        "owner rights denied": ("u0", [(DENY, 0, READ, OWNER_RIGHTS), to_all], {*USERS[1:7], "root"}),
        "of unix": ("root", [(ALLOW, 0, READ, "S-1-22-1-70003")], {"u3", "root"}),
    }
    for name, (owner, entries, _) in cases.items():
        yard.put(name, sid[owner], entries)
    access = yard.access()
    for name, (_, _, expected) in cases.items():
        assert yard.readers(access, name) == (expected, set()), name
    assert differing(yard, sessions) == []


def test_a_sid_that_is_nobodys_any_more_opens_nothing_and_one_of_another_domain_is_unknown(
    yard: Yard, sessions: dict[str, SmbSession]
) -> None:
    sid = yard.server.sids
    deleted, stranger = f"{sid['u0'].rpartition('-')[0]}-987654", "S-1-5-21-1-2-3-1000"
    for name, each in (("of a deleted account", deleted), ("of another domain", stranger)):
        yard.put(name, sid["root"], [(ALLOW, 0, READ, each), (ALLOW, 0, READ, sid["u1"])])
    assert differing(yard, sessions) == []
    access = yard.access()
    assert yard.readers(access, "of a deleted account") == ({"u1", "root"}, set())
    assert yard.readers(access, "of another domain")[0] == {"u1", "root"}
    counted = {each.name: each.note for each in access.rights.principals if each.logs_in}
    assert deleted not in counted
    assert counted[stranger] == "unknown"


@pytest.mark.parametrize("inside", ["", "/deep"])
def test_a_folder_that_a_link_shows_within_itself_is_looked_into_once(yard: Yard, inside: str) -> None:
    """Asked of the folder above, and of the one that the links lie in."""
    yard.put_many("deep", ["a.csv"], [(ALLOW, 0, READ, "S-1-1-0")])
    (yard.place / "deep" / "up").symlink_to("..")
    (yard.place / "deep" / "here").symlink_to(".")
    (yard.place / "beside").symlink_to("deep")
    rights = smb.rights(yard.url + inside)
    found = sorted(each.path[0].partition(yard.name)[2] for each in rights.resources)
    assert found == (["/deep"] if inside else ["/beside", "/deep"])
    assert rights.unknown == []


@pytest.mark.parametrize("whole", [False, True])
def test_what_every_account_reads_is_everybodys_whether_the_guest_comes_in_or_not(
    yard: Yard, server: Vault, *, whole: bool
) -> None:
    """Asked of one share, which no guest comes to, and of a server with another one to which one comes."""
    for name, who in (("all", "Everyone"), ("users", "Authenticated Users"), ("some", "g0")):
        yard.put(name, server.sids["root"], [(ALLOW, 0, READ, server.sids[who])])
    access = EffectiveAccess(smb.rights(server.url if whole else yard.url))
    people = {each.name for each in access.rights.principals if each.logs_in}
    assert (GUEST in people) == whole
    by_name = {
        each.path[0].rpartition("/")[2]: access.exposure(number).everybody
        for number, each in enumerate(access.rights.resources)
        if f"/{yard.name}/" in each.path[0]
    }
    assert by_name == {"all": True, "users": True, "some": False}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_map_agrees_with_the_server(yard: Yard, sessions: dict[str, SmbSession], seed: int) -> None:
    """Random owners, entries in any order, flags and folders: 0 differences among all users and files."""
    rng = random.Random(seed)
    fill(yard, rng, 40)
    assert differing(yard, sessions) == []
    access = yard.access()
    settled = [yard.readers(access, name) for name in yard.names]
    assert sum(len(surely) for surely, _ in settled) > 60
    assert sum(len(perhaps) for _, perhaps in settled) < 120


@pytest.mark.parametrize("seed", [1, 2])
def test_lists_that_samba_makes_of_modes_are_no_more_than_the_modes(
    server: Vault, root: Setting, sessions: dict[str, SmbSession], seed: int
) -> None:
    """Whom a mode shuts out as owner or member of the group is not let in as anybody else."""
    yard = Yard(server, root, "modes")
    fill_with_modes(yard, random.Random(seed), 40)
    assert differing(yard, sessions) == []
    access = yard.access()
    assert sum(len(yard.readers(access, name)[0]) for name in yard.names) > 60


def test_the_rights_on_the_share_bound_those_on_its_files(
    server: Vault, root: Setting, sessions: dict[str, SmbSession]
) -> None:
    server.on_share("few", "u0:ALLOWED/0x0/READ", "g1:ALLOWED/0x0/FULL", "root:ALLOWED/0x0/FULL")
    yard = Yard(server, root, "few")
    everyone = server.sids["Everyone"]
    yard.put("open", server.sids["root"], [(ALLOW, 0, FULL, everyone)])
    yard.put("shut", server.sids["u0"], [(ALLOW, 0, FULL, server.sids["g2"])])
    yard.put("own", server.sids["u3"], [])
    access = yard.access()
    assert yard.readers(access, "open") == ({"u0", "u2", "u3", "root"}, set())
    assert yard.readers(access, "shut") == ({"root"}, set())
    assert differing(yard, sessions) == []
    levels = {each.principal: each.level for each in readings(access, "own")}
    assert levels == {"u3": Level.GRANTS_ITSELF, "root": Level.AT_ONCE}
    # u0 owns the file, but may only read in the share: it cannot change the rights from there.
    assert {each.principal for each in readings(access, "shut")} == {"root"}
    (way,) = (each.way for each in readings(access, "open") if each.principal == "u3")
    assert way == ("member of g1", "g1 may read in the share", "member of Everyone", "Everyone may read")


def readings(access: EffectiveAccess, name: str) -> list[Reading]:
    (number,) = (n for n, each in enumerate(access.rights.resources) if each.path[0].endswith(f"/{name}"))
    return [*access.readers(number)]


def test_a_share_that_asks_for_no_password_is_read_by_the_guest(
    server: Vault, root: Setting, sessions: dict[str, SmbSession]
) -> None:
    yard = Yard(server, root, "open")
    yard.put("all", server.sids["root"], [(ALLOW, 0, READ, server.sids["Everyone"])])
    yard.put("accounts", server.sids["root"], [(ALLOW, 0, READ, server.sids["Authenticated Users"])])
    access = yard.access()
    assert GUEST in yard.readers(access, "all")[0]
    assert GUEST not in yard.readers(access, "accounts")[0]
    assert differing(yard, sessions) == []


def test_who_could_change_the_rights_could_grant_itself_the_right(
    yard: Yard, sessions: dict[str, SmbSession]
) -> None:
    sid = yard.server.sids
    yard.put("owned", sid["u0"], [])
    yard.put("ruled", sid["u0"], [(ALLOW, 0, 0x1, sid["u1"]), (ALLOW, 0, 0x20000, OWNER_RIGHTS)])
    yard.put("changed", sid["root"], [(ALLOW, 0, 0x40000, sid["u2"]), (ALLOW, 0, 0x80000, sid["u3"])])
    access = yard.access()
    could = {
        name: {each.principal for each in readings(access, name) if each.level == Level.GRANTS_ITSELF}
        for name in yard.names
    }
    assert could == {"owned": {"u0"}, "ruled": set(), "changed": {"u2", "u3"}}
    path = f"{yard.name}/%s/x"
    for user, name in (("u0", "owned"), ("u2", "changed")):
        with closing(Setting(yard.server.login(user))) as session:
            assert not yard.opened(name, session)
            session.rights("files", path % name, descriptor("", [(ALLOW, 0, READ, sid[user])]))
            assert yard.opened(name, session)
    with closing(Setting(yard.server.login("u0"))) as session, pytest.raises(PermissionError):
        session.rights("files", path % "ruled", descriptor("", [(ALLOW, 0, READ, sid["u0"])]))


def test_who_may_take_files_over_could_grant_itself_the_right(yard: Yard) -> None:
    sid, server = yard.server.sids, yard.server
    yard.put("closed", sid["root"], [])
    path = f"{yard.name}/closed/x"
    with server.privileged("u6", "SeTakeOwnershipPrivilege"):
        found = {each.principal: each for each in readings(yard.access(), "closed")}
        assert set(found) == {"u6", "root"}
        assert (found["u6"].how, found["u6"].level) == (How.PRIVILEGE, Level.GRANTS_ITSELF)
        assert found["u6"].way[-1] == "u6 may take over anything, or set its rights"
        with closing(Setting(server.login("u6"))) as session:
            session.owner("files", path, sid["u6"])
            session.rights("files", path, descriptor("", [(ALLOW, 0, READ, sid["u6"])]))
            assert yard.opened("closed", session)
        with closing(Setting(server.login("u4"))) as session, pytest.raises(PermissionError):
            session.owner("files", path, sid["u4"])


def test_who_may_read_as_a_backup_does_is_perhaps_where_samba_keeps_the_files(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samba gives the privilege and heeds it in some versions only; Windows always does."""
    yard.put("closed", yard.server.sids["root"], [])
    with yard.server.privileged("u5", "SeBackupPrivilege"):
        assert yard.readers(yard.access(), "closed") == ({"root"}, {"u5"})
        monkeypatch.setattr(knowledge, "edition_of", lambda *_: ("Windows 10.0", False))
        access = yard.access()
    assert "u5" in yard.readers(access, "closed")[0]
    (found,) = (each for each in readings(access, "closed") if each.principal == "u5")
    assert (found.how, found.way[-1]) == (How.PRIVILEGE, "u5 may read all, as a backup does")


def test_folders_above_stop_on_windows_who_may_not_pass_through(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samba keeps rights in two ways, of which one stops them: perhaps. On Windows the privilege decides."""
    sid = yard.server.sids
    closed = [(DENY, 0, FULL, sid["u1"]), (ALLOW, 3, FULL, sid["Everyone"])]
    yard.put("deep", sid["root"], [(ALLOW, 0, READ, sid["Everyone"])], folder=closed)
    assert yard.readers(yard.access(), "deep") == ({*USERS[:7], "root"} - {"u1"}, {"u1"})
    monkeypatch.setattr(knowledge, "edition_of", lambda *_: ("Windows 10.0", False))
    for holders, expected in (([], set()), ([sid["g0"]], {"u1"}), (["S-1-1-0"], {"u1"})):
        monkeypatch.setattr(Policy, "holders", lambda _, privilege, found=holders: (
            found if privilege == "SeChangeNotifyPrivilege" else []
        ))  # fmt: skip
        surely, perhaps = yard.readers(yard.access(), "deep")
        assert (surely & {"u1"}, perhaps) == (expected, set())


def test_who_is_in_a_group_that_nobody_tells_is_perhaps(yard: Yard, sessions: dict[str, SmbSession]) -> None:
    sid = yard.server.sids
    yard.put("unix", sid["root"], [(ALLOW, 0, READ, sid["unmapped"])])
    yard.put("not unix", sid["root"], [(DENY, 0, READ, sid["unmapped"]), (ALLOW, 0, READ, sid["Everyone"])])
    yard.put("gone", sid["root"], [(ALLOW, 0, READ, f"{yard.server.domain}-4711")])
    yard.put("stranger", sid["root"], [(ALLOW, 0, READ, DANGLING)])
    access = yard.access()
    assert yard.readers(access, "unix") == ({"root"}, {*USERS[:7], DANGLING})
    assert yard.readers(access, "not unix") == ({"root"}, {*USERS[:7], DANGLING})
    assert yard.readers(access, "gone") == ({"root"}, set())
    assert yard.readers(access, "stranger") == ({"root"}, {DANGLING})
    (note,) = (each.note for each in access.rights.principals if each.name == DANGLING)
    assert note == "unknown"
    assert differing(yard, sessions) == []


def test_files_of_a_folder_with_the_same_rights_are_one_line(yard: Yard, desk: Desk) -> None:
    everyone, anna = yard.server.sids["Everyone"], yard.server.sids["u0"]
    yard.put_many("reports", [f"r{n}.csv" for n in range(12)], [(ALLOW, 0, READ, everyone)])
    yard.put_many("reports", ["salariesä.csv"], [(ALLOW, 0, READ, anna)])
    (yard.server.folder / "files" / yard.name / "elsewhere").symlink_to("/etc")
    assert desk.run("access", "map", yard.url) == 0
    shown = f"smb://127.0.0.1:{yard.server.port}/files/{yard.name}/reports"
    assert f"{shown}: 12 files" in desk.out
    assert f"{shown}/salariesä.csv " in desk.out
    assert "/etc" not in desk.out
    assert "Samba" in desk.out
    assert PASSWORD not in desk.out
    assert desk.run("access", "map", f"{yard.url}/reports/salaries%C3%A4.csv", "--reach", "u0") == 0
    assert desk.out.splitlines()[1] == f"{shown}/salariesä.csv: all of it, at once"


def test_what_was_found_in_files_of_a_share_is_joined_to_those_who_can_read_them(
    yard: Yard, desk: Desk
) -> None:
    everyone, anna = yard.server.sids["Everyone"], yard.server.sids["u0"]
    for name, count, who in (("staff.csv", 30, everyone), ("payä.csv", 50, anna)):
        yard.put_many("hr", [name], [(ALLOW, 0, READ, who)])
        rows = "".join(f"Anna Byrne,anna.{n}@harbour.example\n" for n in range(count))
        (yard.place / "hr" / name).write_text(f"full_name,email\n{rows}")
    desk.do("discover", yard.url)
    widest = desk.json("access", "report", yard.url)["widest"]
    able = {each["people"]: each["can_read"] for each in widest}
    assert sorted(able) == [30, 50]
    assert able[30] > able[50]
    assert desk.run("access", "map", yard.url, "--who", "hr/payä.csv") == 0
    assert f"Who can read smb://127.0.0.1:{yard.server.port}/files/{yard.name}/hr/payä.csv:" in desk.out


def test_what_may_not_be_looked_at_is_not_known(yard: Yard, desk: Desk) -> None:
    everyone, sid = yard.server.sids["Everyone"], yard.server.sids
    yard.put("seen", sid["root"], [(ALLOW, 0, FULL, everyone)])
    yard.put("hidden", sid["root"], [(DENY, 0, 0x20000, sid["u6"]), (ALLOW, 0, FULL, everyone)])
    yard.put("closed", sid["root"], [], folder=[(DENY, 0, FULL, sid["u6"]), (ALLOW, 3, FULL, everyone)])
    assert desk.run("access", "map", yard.url.replace("root@", "u6@")) == 6
    shown = f"smb://127.0.0.1:{yard.server.port}/files/{yard.name}"
    assert f"NOT KNOWN {shown}/hidden/x: its rights may not be read" in desk.out
    assert f"NOT KNOWN {shown}/closed: its rights may not be read" in desk.out
    assert f"{shown}/seen/x " in desk.out
    assert f"{shown}/hidden/x " not in desk.out


def test_what_cannot_be_asked_is_said_in_one_line(
    server: Vault, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.run("access", "map", f"{server.url}/nothing") == 2
    assert "no such share, file or folder: check the path" in desk.err
    assert desk.run("access", "map", f"smb://u7@127.0.0.1:{server.port}/") == 3
    assert "the account is switched off" in desk.err
    assert desk.run("access", "map", "smb://u0@127.0.0.1:1/") == 4
    assert desk.run("access", "map", f"smb://u0:{PASSWORD[:6]}@127.0.0.1:{server.port}/") == 2
    assert "the address holds a password: take it out, and set TRAPSTREET_SMB_PASSWORD" in desk.err
    assert PASSWORD[:6] not in desk.err
    monkeypatch.delenv("TRAPSTREET_SMB_PASSWORD")
    assert desk.run("access", "map", server.url) == 2
    assert "give smb://user@server/ and set TRAPSTREET_SMB_PASSWORD" in desk.err


def test_a_server_that_goes_silent_leaves_what_was_read(
    yard: Yard, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line stays open and nothing comes through it while files are read: what came before is told, the
    rest is not known."""
    sid = yard.server.sids
    for n in range(3):
        yard.put(f"d{n}", sid["root"], [(ALLOW, 0, READ, sid["Everyone"])])
    looked, look = [0], Reader._look_into
    with line_to(yard.server.port) as line:

        def then_silent(reader: Reader, folder: Folder) -> list[Folder]:
            looked[0] += 1
            if looked[0] == 3:
                line.silent.set()
                monkeypatch.setattr(answers, "SILENT_SECONDS", 0.5)
                monkeypatch.setattr(login, "_CONNECT_SECONDS", 0.5)
            return look(reader, folder)

        monkeypatch.setattr(Reader, "_look_into", then_silent)
        url = yard.url.replace(f":{yard.server.port}/", f":{line.port}/")
        assert desk.run("access", "map", url) == 6
    assert f"NOT KNOWN smb://127.0.0.1:{line.port}/files/{yard.name}: not read to its end" in desk.out
    assert sum(line.startswith("smb://") for line in desk.out.splitlines()) == 1
