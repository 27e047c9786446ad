"""What changed on a share of a real Samba, and what its owners are asked."""

from collections.abc import Iterator

import pytest

from desk import Desk
from drifts import diff
from servers import PASSWORD, _present
from vault import ALLOW, READ, Vault, vault
from vault_yard import Yard

pytestmark = pytest.mark.system


@pytest.fixture
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    """Three files that u0 alone may read."""
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    server: Vault = _present(vault)
    with server.as_root() as root:
        made = Yard(server, root)
        made.put_many("hr", ["a.csv", "b.csv", "c.csv"], [(ALLOW, 0, READ, server.sids["u0"])])
        yield made


def test_a_file_of_a_share_made_readable_to_all_is_an_alert_and_one_more_reader_is_none(
    yard: Yard, desk: Desk
) -> None:
    desk.do("access", "diff", yard.url)
    assert diff(desk, yard.url, status=0) == []
    sids = yard.server.sids
    yard.put_many("hr", ["a.csv"], [(ALLOW, 0, READ, sids["u0"]), (ALLOW, 0, READ, sids["Everyone"])])
    yard.put_many("hr", ["b.csv"], [(ALLOW, 0, READ, sids["u0"]), (ALLOW, 0, READ, sids["u1"])])
    told = diff(desk, yard.url)
    alarming = [each for each in told if each["alert"]]
    assert [(each["everybody"], each["files"]) for each in alarming] == [(True, 1)]
    assert "became readable by everybody" in alarming[0]["text"]
    (other,) = [each for each in told if not each["alert"]]
    assert (other["who"], other["files"], other["things"]) == (["u1"], 1, 1)
    yard.put_many("hr", ["a.csv"], [(ALLOW, 0, READ, sids["u0"])])
    lost = diff(desk, yard.url)
    assert lost
    assert not any(each["alert"] for each in lost)


def test_the_owner_of_a_share_is_asked_what_each_may_read_there(yard: Yard, desk: Desk) -> None:
    owners = desk.write("owners.csv", f"what,who,owner\n*/{yard.name}/hr*,u0,people@you.example\n")
    desk.do("access", "review", "start", yard.url, "--name", "Q4", "--owners", owners)
    found = desk.json("access", "review", "show", "Q4")["items"]
    (asked,) = [each for each in found if each["sort"] == "reads" and each["who"] == "u0"]
    assert asked["owner"] == "people@you.example"
    desk.do("access", "review", "confirm", "Q4", asked["item"], "--by", "Dee", "--reason", "daily work")
    said = desk.do("access", "review", "show", "Q4", "--all")
    (line,) = [each for each in said.splitlines() if "u0 can read" in each]
    assert line.split(maxsplit=1)[1].startswith("confirm u0 can read files in smb://127.0.0.1:")
    assert line.endswith(f"/files/{yard.name}/hr; 1 person [people@you.example]")


def test_the_owner_of_a_share_is_asked_about_groups_and_not_about_the_files_of_each_maker(
    yard: Yard, desk: Desk
) -> None:
    """Twelve files of six makers, who may all read them by Everyone and g1, too."""
    sids, everyone = yard.server.sids, yard.server.sids["Everyone"]
    for n in range(6):
        own = (ALLOW, 0, READ, sids[f"u{n}"])
        all_ = [(ALLOW, 0, READ, each) for each in (sids["g1"], everyone)]
        yard.put_many("sales", [f"{n}.csv"], [own, *all_], owner=f"u{n}")
        yard.put_many("board", [f"{n}.csv"], [own, (ALLOW, 0, READ, sids["g1"])], owner=f"u{n}")
    yard.put_many("board", ["outlier.csv"], [(ALLOW, 0, READ, sids["u6"])])
    desk.do("access", "review", "start", yard.url, "--name", "Q4")
    found = desk.json("access", "review", "show", "Q4")["items"]
    asked = sorted(
        (each["who"], each["what"][0][0].rpartition("/")[2]) for each in found if each["sort"] == "reads"
    )
    groups = [("Everyone", "sales"), ("g1", "board"), ("g1", "sales")]
    assert asked == [*groups, ("u0", "hr"), ("u6", "board")]
    assert {each["group"] for each in found if each["sort"] == "member"} == {"g1"}
