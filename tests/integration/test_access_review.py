"""Reviews of the rights of a real server: asked, decided, reminded of, and on record."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access_worlds import World, world
from alarms import seconds_from_now
from desk import Desk
from receivers import Post
from servers import postgres_url
from trapstreet.app.reviews import removals
from trapstreet.app.workspace import Workspace
from trapstreet.store import log
from trapstreet.store.models import Review, ReviewReminder

__all__ = ["postgres_url"]

BASE = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE ROLE {bert} LOGIN;
CREATE SCHEMA crm; GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.customers (id int); CREATE TABLE crm.tickets (id int); CREATE TABLE crm.pay (id int);
CREATE TABLE crm.news (id int);
GRANT SELECT ON crm.customers, crm.tickets TO {agents};
GRANT SELECT ON crm.pay TO {bert};
GRANT SELECT ON crm.news TO PUBLIC
"""
OWNERS = """what,who,owner
*.pay,,pay@you.example
,agents_*,desk@you.example
agents_*,,desk@you.example
"""


@pytest.fixture(scope="module")
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("agents", "anna", "bert")
        for statement in BASE.split(";\n"):
            made.do(statement)
        yield made


def begin(desk: Desk, crm: World, *more: object) -> list[dict[str, Any]]:
    """A review Q4 whose items about this world are returned."""
    owners = desk.write("owners.csv", OWNERS)
    desk.do("access", "review", "start", crm.url, "--name", "Q4", "--owners", owners, *more)
    return items(desk, crm)


def items(desk: Desk, crm: World) -> list[dict[str, Any]]:
    names = {*crm.names.values(), "everybody"}
    found = desk.json("access", "review", "show", "Q4")["items"]
    return [each for each in found if each["who"] in names]


def test_an_item_is_what_one_is_given_in_one_place_or_a_membership_with_its_owner(
    desk: Desk, crm: World
) -> None:
    found = {(each["sort"], each["who"]): each for each in begin(desk, crm)}
    agents, anna, bert = (crm.names[each] for each in ("agents", "anna", "bert"))
    tables = {
        key: [path[-1] for path in each["what"]] for key, each in found.items() if each["sort"] == "reads"
    }
    assert tables == {
        ("reads", agents): ["customers", "tickets"],
        ("reads", bert): ["pay"],
        ("reads", "everybody"): ["news"],
    }
    assert found["member", anna]["group"] == agents
    assert found["reads", bert]["owner"] == "pay@you.example"
    assert found["reads", agents]["owner"] == found["member", anna]["owner"] == "desk@you.example"
    assert found["reads", "everybody"]["owner"] is None
    assert found["reads", agents]["people"] == 1
    shown = desk.do("access", "review", "show", "Q4", "--owner", "pay@you.example")
    (line,) = [each for each in shown.splitlines() if bert in each]
    assert line.split(maxsplit=2)[1:] == [
        "open",
        f"{bert} can read {crm.database}.crm.pay; 1 person [pay@you.example]",
    ]


def test_an_item_says_when_it_was_used_last_where_logs_tell(desk: Desk, crm: World) -> None:
    use = {"ts": "2026-11-20T09:30:00Z", "user": crm.names["anna"], "action": "read"}
    line = json.dumps(use | {"object": [crm.database, "crm", "customers"]})
    desk.do("access", "import", desk.write("uses.jsonl", f"{line}\n"), "--place", crm.url)
    found = {each["who"]: each for each in begin(desk, crm) if each["sort"] == "reads"}
    assert found[crm.names["agents"]]["last_used"] == 1_795_167_000_000_000
    assert found[crm.names["bert"]]["last_used"] is None
    shown = desk.do("access", "review", "show", "Q4", "--all")
    assert "(customers, tickets); 1 person; last used 2026-11-20" in shown
    assert f"{crm.database}.crm.pay; 1 person; no use is known" in shown


def test_decisions_are_on_record_with_who_and_why_and_in_the_log(desk: Desk, crm: World) -> None:
    found = {(each["sort"], each["who"]): each["item"] for each in begin(desk, crm)}
    pay, agents = found["reads", crm.names["bert"]], found["reads", crm.names["agents"]]
    decide = ("--by", "Pat Pay", "--reason", "left the team")
    desk.do("access", "review", "remove", "Q4", pay, *decide)
    assert desk.out.startswith("1 item to be removed.\nQ4: the rights at ")
    desk.do("access", "review", "confirm", "Q4", agents, "--by", "Dee", "--reason", "=needed")
    desk.do("access", "review", "confirm", "Q4", pay, "--by", "Dee", "--reason", "came back")
    (item,) = [each for each in items(desk, crm) if each["item"] == pay]
    assert item["decision"] == "confirm"
    assert [(each["by"], each["decision"]) for each in item["decisions"]] == [
        ("Pat Pay", "remove"),
        ("Dee", "confirm"),
    ]
    opened = Workspace.open(desk.workspace)
    logged = {each["digest"].hex() for each in log.all_entries() if each["event"] == "review"}
    assert logged >= {each["log"] for each in item["decisions"]}
    about = [each["items"] for each in log.all_entries() if each["event"] == "review"]
    assert about == [f"{pay}", f"{agents}", f"{pay}"]
    assert log.verify(opened.settings.keys.log).signed == log.verify(opened.settings.keys.log).size
    out = desk.folder / "q4.csv"
    desk.do("access", "review", "export", "Q4", "--out", out)
    rows = [
        each
        for each in csv.DictReader(out.read_text().splitlines())
        if each["item"] in (str(pay), str(agents))
    ]
    assert [(each["decision"], each["by"], each["reason"]) for each in rows if each["item"] == str(pay)] == [
        ("remove", "Pat Pay", "left the team"),
        ("confirm", "Dee", "came back"),
    ]
    assert "'=needed" in {each["reason"] for each in rows}
    desk.refused(2, "access", "review", "export", "Q4", "--out", out)
    document = desk.folder / "q4.json"
    desk.do("access", "review", "export", "Q4", "--out", document)
    assert json.loads(document.read_text())["confirmed"] == 2


def test_names_and_reasons_are_not_in_the_registry_in_plain(desk: Desk, crm: World) -> None:
    begin(desk, crm)
    desk.do("access", "review", "remove", "Q4", "1", "--by", "Pat Sentinel", "--reason", "sentinel words")
    registry = b"".join(each.read_bytes() for each in desk.workspace.glob("registry.sqlite3*"))
    for sentinel in (b"Sentinel", b"sentinel words", b"pay@you.example", crm.names["bert"].encode()):
        assert sentinel not in registry


def test_what_is_to_be_removed_is_given_on_and_what_nobody_decided_is_not(desk: Desk, crm: World) -> None:
    found = {(each["sort"], each["who"]): each["item"] for each in begin(desk, crm)}
    opened = Workspace.open(desk.workspace)
    assert removals(opened, crm.url) == []
    bert, agents = crm.names["bert"], crm.names["agents"]
    why = ("--by", "Pat", "--reason", "x")
    desk.do("access", "review", "remove", "Q4", found["reads", bert], found["reads", agents], *why)
    given = removals(opened, crm.url)
    assert {each.item.who.decode() for each in given} == {bert, agents}
    assert {(each.by, each.review) for each in given} == {("Pat", "Q4")}
    desk.do("access", "review", "start", crm.url, "--name", "Q5")
    (again,) = [
        each["item"]
        for each in desk.json("access", "review", "show", "Q5")["items"]
        if each["who"] == bert and each["sort"] == "reads"
    ]
    desk.do("access", "review", "confirm", "Q5", again, *why)
    assert {each.item.who.decode() for each in removals(opened, crm.url)} == {agents}


def test_advice_says_of_what_owners_want_removed_whether_its_plan_does_so(desk: Desk, crm: World) -> None:
    found = {(each["sort"], each["who"]): each["item"] for each in begin(desk, crm)}
    use = {"ts": "2026-11-20T09:30:00Z", "user": crm.names["anna"], "database": crm.database}
    line = json.dumps(use | {"statement": "SELECT id FROM crm.news"})
    desk.do("access", "import", desk.write("uses.jsonl", f"{line}\n"), "--place", crm.url)
    bert, everybody = found["reads", crm.names["bert"]], found["reads", "everybody"]
    desk.do("access", "review", "remove", "Q4", bert, everybody, "--by", "Pat", "--reason", "x")
    assert desk.run("access", "advise", crm.url, "--workspace", desk.workspace, "--json") in (0, 6)
    wanted = {each["item"]: each["done"] for each in json.loads(desk.out)["wanted"]}
    assert wanted == {bert: True, everybody: False}
    desk.run("access", "advise", crm.url, "--workspace", desk.workspace)
    text = f"- {crm.names['bert']} can read {crm.database}.crm.pay; 1 person (Q4, item {bert}): in this plan"
    assert text in desk.out.splitlines()


def test_what_a_plan_leaves_readable_is_not_said_to_be_removed_by_it(desk: Desk, postgres_url: str) -> None:
    with world(postgres_url) as made:
        made.named("staff", "cara", "dan")
        made.do("CREATE ROLE {staff}; CREATE ROLE {cara} LOGIN IN ROLE {staff}; CREATE ROLE {dan} LOGIN")
        made.do("CREATE SCHEMA hr; GRANT USAGE ON SCHEMA hr TO {staff}, PUBLIC; CREATE TABLE hr.pay (id int)")
        made.do("GRANT SELECT ON hr.pay TO {staff}, {dan}")
        use = {"ts": "2026-11-20T09:30:00Z", "user": made.names["cara"], "database": made.database}
        line = json.dumps(use | {"statement": "SELECT id FROM hr.pay"})
        desk.do("access", "import", desk.write("uses.jsonl", f"{line}\n"), "--place", made.url)
        desk.do("access", "review", "start", made.url, "--name", "Q4")
        number = {(each["sort"], each["who"]): each["item"] for each in items(desk, made)}
        staff, dan = number["reads", made.names["staff"]], number["reads", made.names["dan"]]
        desk.do("access", "review", "remove", "Q4", staff, dan, "--by", "Pat", "--reason", "x")
        found = desk.json("access", "advise", made.url, "--role", made.names["staff"])
        assert ("USAGE", made.names["staff"]) in [(each["right"], each["of"]) for each in found["changes"]]
        assert {each["item"]: each["done"] for each in found["wanted"]} == {staff: False, dan: False}
        found = desk.json("access", "advise", made.url)
        assert {each["item"]: each["done"] for each in found["wanted"]} == {staff: False, dan: True}


def test_advice_leaves_alone_what_owners_confirmed_and_says_so(desk: Desk, crm: World) -> None:
    found = {(each["sort"], each["who"]): each["item"] for each in begin(desk, crm)}
    use = {"ts": "2026-11-20T09:30:00Z", "user": crm.names["anna"], "database": crm.database}
    line = json.dumps(use | {"statement": "SELECT id FROM crm.news"})
    desk.do("access", "import", desk.write("uses.jsonl", f"{line}\n"), "--place", crm.url)
    bert = found["reads", crm.names["bert"]]
    pay = ([crm.database, "crm", "pay"], crm.names["bert"])
    before = desk.json("access", "advise", crm.url)
    assert pay in [(each["on"], each["of"]) for each in before["changes"]]
    desk.do("access", "review", "confirm", "Q4", bert, "--by", "Pat", "--reason", "x")
    after = desk.json("access", "advise", crm.url)
    assert pay not in [(each["on"], each["of"]) for each in after["changes"]]
    assert [each["item"] for each in after["confirmed"]] == [bert]
    assert len(after["changes"]) == len(before["changes"]) - 1
    said = desk.do("access", "advise", crm.url)
    heading = said.splitlines().index("Left alone, since owners confirmed it:")
    assert f"(Q4, item {bert})" in said.splitlines()[heading + 1]


def test_a_review_ends_when_all_is_decided(desk: Desk, crm: World) -> None:
    begin(desk, crm)
    desk.do("access", "review", "confirm", "Q4", "all", "--by", "Pat", "--reason", "x")
    (listed,) = desk.json("access", "review", "list")["reviews"]
    assert listed["open"] == 0
    assert listed["ended"]
    assert "all decided" in desk.do("access", "review", "list")


@pytest.mark.parametrize("named", ["0", "99999", "3-", "x", "2-1", "1-999999999999999999999"])
def test_an_item_that_there_is_not_is_refused_and_nothing_is_decided(
    desk: Desk, crm: World, named: str
) -> None:
    begin(desk, crm)
    desk.refused(2, "access", "review", "remove", "Q4", "1", named, "--by", "Pat", "--reason", "x")
    assert "say why" in desk.refused(
        2, "access", "review", "remove", "Q4", "1", "--by", "Pat", "--reason", ""
    )
    assert not any(each["decisions"] for each in items(desk, crm))


def test_bad_owners_and_taken_names_are_refused(desk: Desk, crm: World) -> None:
    begin(desk, crm)
    start = ("access", "review", "start", crm.url, "--name")
    assert "there is a review 'Q4'" in desk.refused(2, *start, "Q4")
    wrong = desk.write("wrong.csv", "table,mail\nx,y\n")
    assert "what,who,owner" in desk.refused(2, *start, "Q5", "--owners", wrong)
    empty = desk.write("empty.csv", "what,owner\nx,\n")
    assert "line 2: no owner" in desk.refused(2, *start, "Q5", "--owners", empty)
    desk.refused(2, *start, "Q5", "--owners", desk.folder / "gone.csv")
    desk.refused(2, "access", "review", "show", "Q5")


@pytest.mark.slow
def test_owners_are_reminded_by_a_real_mail_once_and_what_is_overdue_is_an_alert(
    desk: Desk, crm: World, tmp_path: Path
) -> None:
    begin(desk, crm, "--due", "2099-12-31")
    with Post(tmp_path, login=False, tls=False) as post:
        file = desk.workspace / "trapstreet.toml"
        text = file.read_text().replace("targets = []", f'targets = ["{tmp_path}"]\nreminders = "desk"')
        route = (
            f'[notify.desk]\nkind = "mail"\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\n'
            'from = "trapstreet@you.example"\nto = ["security@you.example"]\n'
        )
        file.write_text(f"{text}\n{route}")
        desk.do("work", "--once")
        assert post.mails == []
        Review.objects.update(due_at=seconds_from_now(5 * 86_400))
        desk.do("work", "--once")
        assert "0 alerts, 0 messages, 2 reminders of reviews sent." in desk.out
        desk.do("work", "--once")
        assert "reminder" not in desk.out
        to = sorted(each.rcpt_tos for each in post.mails)
        assert to == [["desk@you.example"], ["pay@you.example"]]
        (mail,) = [bytes(each.content) for each in post.mails if each.rcpt_tos == ["pay@you.example"]]
        assert b"Review Q4: 1 item to decide" in mail.replace(b"=\r\n", b"")
        Review.objects.update(due_at=seconds_from_now(-60))
        desk.do("work", "--once")
        desk.do("work", "--once")
        told = [each.rcpt_tos for each in post.mails[2:]]
    assert sorted(told) == [["desk@you.example"], ["pay@you.example"], ["security@you.example"]]
    (alert,) = [each for each in desk.json("alert", "list")["alerts"] if each["kind"] == "access"]
    assert alert["headline"].startswith("The review Q4 is not done: ")


def test_a_review_that_is_overdue_is_an_alert_even_if_no_owner_can_be_reminded(
    desk: Desk, crm: World, tmp_path: Path
) -> None:
    everybody = desk.write("all.csv", "owner,what\npay@you.example,\n")
    desk.do(
        "access", "review", "start", crm.url, "--name", "Q4", "--owners", everybody, "--due", "2099-12-31"
    )
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text().replace("targets = []", f'targets = ["{tmp_path}"]\nreminders = "desk"')
    route = (
        '[notify.desk]\nkind = "mail"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
        'from = "trapstreet@you.example"\nto = ["security@you.example"]\n'
    )
    file.write_text(f"{text}\n{route}")
    Review.objects.update(due_at=seconds_from_now(-60))
    desk.run("work", "--once", "--workspace", desk.workspace)
    assert [each.owner for each in ReviewReminder.objects.all()] == [""]
    (alert,) = [each for each in desk.json("alert", "list")["alerts"] if each["kind"] == "access"]
    assert alert["headline"].startswith("The review Q4 is not done: ")


def test_a_reminder_that_could_not_be_sent_is_sent_the_next_time_and_so_is_that_of_the_last_day(
    desk: Desk, crm: World, tmp_path: Path
) -> None:
    begin(desk, crm, "--due", "2099-12-31")
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text().replace("targets = []", f'targets = ["{tmp_path}"]\nreminders = "desk"')

    def by_port(port: int) -> None:
        route = (
            f'[notify.desk]\nkind = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
            'from = "trapstreet@you.example"\nto = ["security@you.example"]\n'
        )
        file.write_text(f"{text}\n{route}")

    by_port(9)
    Review.objects.update(due_at=seconds_from_now(5 * 86_400))
    desk.run("work", "--once", "--workspace", desk.workspace)
    with Post(tmp_path, login=False, tls=False) as post:
        by_port(post.port)
        desk.do("work", "--once")
        assert sorted(each.rcpt_tos for each in post.mails) == [["desk@you.example"], ["pay@you.example"]]
        Review.objects.update(due_at=seconds_from_now(3_600))
        desk.do("work", "--once")
        desk.do("work", "--once")
        told = [each.rcpt_tos for each in post.mails[2:]]
    assert sorted(told) == [["desk@you.example"], ["pay@you.example"]]
