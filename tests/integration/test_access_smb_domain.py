"""Who can read which files of shares in a real domain: groups in groups, asked of its controller."""

from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest

from controller import Controller, controller
from servers import PASSWORD, _present
from trapstreet.access import EffectiveAccess
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.rights import Level
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.names import Policy
from trapstreet.plugins._smb.rpc import NAMES, Calls
from trapstreet.plugins.permissions import smb
from vault import ALLOW, DENY, READ, Ace, Setting, descriptor, reads, vault

pytestmark = [pytest.mark.system, pytest.mark.slow]

PEOPLE = ("anna", "bert", "carl")


@pytest.fixture(scope="module")
def domain() -> Controller:
    return _present(controller)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)


def session(domain: Controller, user: str) -> Setting:
    return Setting(Server(domain.address, 445, f"CORP\\{user}", Protected(PASSWORD)))


@pytest.fixture
def sid(domain: Controller) -> dict[str, str]:
    """Of the domain's accounts, as its controller names them; "domain" is what they begin with."""
    with closing(session(domain, "root")) as asking, asking.pipe(NAMES.pipe) as (write, read):
        policy = Policy(domain.address, Calls(NAMES, write, read))
        _, own = policy.own_accounts()
        names = policy.names([f"{own}-{number}" for number in range(1000, 1200)])
    return {each.name: sid for sid, each in names.items()} | {"domain": own}


def surely(access: EffectiveAccess, number: int) -> set[str]:
    return {
        each.principal.rpartition("\\")[2]
        for each in access.readers(number)
        if each.sure and each.level == Level.AT_ONCE
    } & {*PEOPLE}


def test_groups_of_a_domain_are_followed_as_its_controller_does(
    domain: Controller, sid: dict[str, str]
) -> None:
    cases: dict[str, list[Ace]] = {
        "sales": [(ALLOW, 0, READ, sid["Sales"])],
        "teams": [(ALLOW, 0, READ, sid["Teams"])],
        "board": [(ALLOW, 0, READ, sid["Board"])],
        "all": [(ALLOW, 0, READ, f"{sid['domain']}-513")],
        "users": [(ALLOW, 0, READ, "S-1-5-32-545")],
        "all but teams": [(DENY, 0, READ, sid["Teams"]), (ALLOW, 0, READ, "S-1-5-11")],
    }
    place = domain.folder / "files" / token_hex(4)
    with closing(session(domain, "administrator")) as root:
        for name, entries in cases.items():
            _file(place / name)
            root.rights("files", f"{place.name}/{name}/x", descriptor(f"{sid['domain']}-500", entries))
    access = EffectiveAccess(smb.rights(f"smb://CORP;administrator@{domain.address}/files/{place.name}"))
    assert access.rights.unknown == []
    found = {
        each.path[0].rpartition("/")[2]: surely(access, n) for n, each in enumerate(access.rights.resources)
    }
    everybody = {*PEOPLE}
    assert found == {
        "sales": {"anna"}, "teams": {"anna"}, "board": {"anna", "bert"}, "all": everybody, "users": everybody,
        "all but teams": {"bert", "carl"},
    }  # fmt: skip
    for user in PEOPLE:
        with closing(session(domain, user)) as one:
            opened = {name for name in cases if reads(one, "files", f"{place.name}/{name}/x")}
        assert opened == {name for name in cases if user in found[name]}


def test_a_server_in_a_domain_asks_its_controller_who_is_in_a_group(
    domain: Controller, sid: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own word of what domain it is in is put in its mouth; all else is as it is."""
    server = _present(vault)
    place = server.folder / "files" / token_hex(4)
    _file(place / "board")
    with server.as_root() as root:
        path = f"{place.name}/board/x"
        root.rights("files", path, descriptor(server.sids["root"], [(ALLOW, 0, READ, sid["Board"])]))
    monkeypatch.setattr(Policy, "domain", lambda _: ("CORP", sid["domain"]))
    monkeypatch.setattr(Policy, "domain_in_dns", lambda _: domain.address)
    access = EffectiveAccess(smb.rights(f"{server.url}/files/{place.name}"))
    names = {each.principal for each in access.readers(0) if each.sure and each.level == Level.AT_ONCE}
    assert names == {"CORP\\anna", "CORP\\bert", "root"}
    (way,) = (each.way for each in access.readers(0) if each.principal == "CORP\\anna")
    assert way[-4:] == (
        "member of CORP\\Sales", "member of CORP\\Teams", "member of CORP\\Board", "CORP\\Board may read",
    )  # fmt: skip


def test_a_domain_that_does_not_answer_is_not_known(
    domain: Controller, sid: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _present(vault)
    place = server.folder / "files" / token_hex(4)
    _file(place / "board")
    with server.as_root() as root:
        path = f"{place.name}/board/x"
        root.rights("files", path, descriptor(server.sids["root"], [(ALLOW, 0, READ, sid["Board"])]))
    monkeypatch.setattr(Policy, "domain", lambda _: ("CORP", sid["domain"]))
    monkeypatch.setattr(Policy, "domain_in_dns", lambda _: "127.0.0.1")  # nobody listens there at port 445
    access = EffectiveAccess(smb.rights(f"{server.url}/files/{place.name}"))
    assert (
        "the accounts and groups of domain CORP: no server of the domain tells them" in access.rights.unknown
    )
    at_once = {
        each.principal for each in access.readers(0) if not each.sure and each.way[-1].endswith("may read")
    }
    assert at_once == {sid["Board"]}
    # Who administers the domain administers the server, and could take the file over.
    assert f"{sid['domain']}-512" in {each.principal for each in access.readers(0)}


def _file(folder: Path) -> None:
    """A file x that modes keep nobody from, in a folder of this name."""
    folder.mkdir(parents=True)
    (folder / "x").write_text("x")
    for each in (folder.parent, folder, folder / "x"):
        each.chmod(0o777)
