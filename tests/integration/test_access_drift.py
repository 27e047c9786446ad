"""What changed in the rights of real servers and folders, on record and told."""

import json

import pytest

from access_worlds import World
from desk import Desk
from drifts import answered, crm, diff, own, texts
from servers import postgres_url
from trapstreet.app.drift import taken_away
from trapstreet.app.workspace import Workspace

__all__ = ["crm", "postgres_url"]


def test_the_first_time_is_kept_and_what_does_not_change_is_not_told(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    assert "its rights are kept from now on" in desk.out
    assert own(crm, diff(desk, crm.url, status=0)) == []
    assert desk.json("access", "diff", crm.url)["changes"] == []


def test_a_grant_to_everybody_is_one_change_with_its_grant_and_an_alert(desk: Desk, crm: World) -> None:
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC")
    desk.do("access", "diff", crm.url)
    crm.do("GRANT SELECT ON crm.customers TO PUBLIC")
    (change,) = own(crm, diff(desk, crm.url))
    what = f"{crm.database}.crm.customers"
    assert change["text"].startswith(f"{what} became readable by everybody (")
    assert change["text"].endswith("): SELECT on table customers to everybody")
    assert (change["sort"], change["everybody"], change["alert"]) == ("gained", True, "a1")
    assert crm.rows_seen(crm.names["dora"], "SELECT * FROM crm.customers") == 0
    (alert,) = desk.json("alert", "list")["alerts"]
    assert (alert["severity"], alert["headline"]) == ("high", change["text"])


def test_a_repeated_look_tells_nothing_again_and_the_record_stays(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("GRANT SELECT ON crm.customers TO {bert}")
    (seen,) = own(crm, diff(desk, crm.url))
    assert own(crm, diff(desk, crm.url, status=0)) == []
    crm.connection.execute(b"SELECT 1")
    (kept,) = own(crm, desk.json("access", "diff", crm.url, "--since", "2020-01-01")["changes"])
    assert kept == seen
    assert kept["who"] == [crm.names["bert"]]
    assert desk.json("access", "diff", crm.url, "--since", "2090-01-01")["changes"] == []


def test_a_membership_is_named_as_the_cause_for_all_it_opens(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("GRANT {agents} TO {carl}")
    changes = own(crm, diff(desk, crm.url))
    agents, carl = crm.names["agents"], crm.names["carl"]
    assert {each["cause"] for each in changes} == {f"{carl} is now member of {agents}"}
    assert {each["sort"] for each in changes} == {"gained"}
    assert sum(each["things"] for each in changes) == 2
    crm.do("REVOKE {agents} FROM {carl}")
    lost = own(crm, diff(desk, crm.url))
    assert {(each["sort"], each["cause"]) for each in lost} == {("lost", f"{carl} was member of {agents}")}
    assert not any(each["alert"] for each in lost)


def test_a_membership_that_opens_nothing_yet_is_told_since_it_keeps_what_everybody_loses(
    desk: Desk, crm: World
) -> None:
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON crm.customers, crm.tickets TO PUBLIC")
    crm.do("ALTER TABLE crm.tickets DISABLE ROW LEVEL SECURITY")
    desk.do("access", "diff", crm.url)
    crm.do("GRANT {agents} TO {dora}, {owner}")
    (change,) = own(crm, diff(desk, crm.url))
    dora, owner = sorted((crm.names["dora"], crm.names["owner"]))
    assert (change["sort"], change["alert"]) == ("joined", None)
    assert change["text"] == f"{dora}, {owner} are now member of {crm.names['agents']}"
    crm.do("REVOKE SELECT ON crm.customers FROM PUBLIC")
    (lost,) = [each for each in own(crm, diff(desk, crm.url)) if each["sort"] == "lost"]
    assert crm.names["dora"] not in lost["who"]


def test_a_grant_to_everybody_that_is_taken_back_is_lost_by_those_who_had_no_other(
    desk: Desk, crm: World
) -> None:
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON crm.customers TO PUBLIC")
    desk.do("access", "diff", crm.url)
    crm.do("REVOKE SELECT ON crm.customers FROM PUBLIC")
    (lost,) = [each for each in own(crm, diff(desk, crm.url)) if each["sort"] == "lost"]
    assert not lost["everybody"]
    assert {crm.names["anna"], crm.names["owner"], "postgres"}.isdisjoint(lost["who"])
    assert {crm.names["bert"], crm.names["dora"]} <= {*lost["who"]}


def test_a_new_table_that_everybody_may_read_is_an_alert_though_the_schema_is_not_everybodys(
    desk: Desk, crm: World
) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("CREATE MATERIALIZED VIEW crm.copy AS TABLE crm.customers; GRANT SELECT ON crm.copy TO PUBLIC")
    (new,) = [each for each in own(crm, diff(desk, crm.url)) if each["sort"] == "new"]
    assert not new["everybody"]
    assert new["text"].endswith(": SELECT on materialized view copy to everybody")
    assert new["alert"]


def test_many_grants_alike_are_one_sentence(desk: Desk, crm: World) -> None:
    for n in range(12):
        crm.do(f"CREATE TABLE crm.t{n} (id int)")
    desk.do("access", "diff", crm.url)
    crm.do("GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {bert}")
    gained = [each for each in own(crm, diff(desk, crm.url)) if each["degree"] == "whole"]
    (change,) = gained
    assert change["things"] == 13
    bert = crm.names["bert"]
    assert change["text"].startswith(
        f"13 tables in {crm.database}.crm (customers, t0, t1, …) became readable"
    )
    assert change["text"].endswith(f"by {bert}: SELECT to {bert}")


def test_changes_of_one_cause_share_an_alert_and_causes_beyond_twenty_do(desk: Desk, crm: World) -> None:
    crm.do("GRANT SELECT ON crm.customers TO PUBLIC; GRANT SELECT (id) ON crm.tickets TO PUBLIC")
    crm.do("ALTER TABLE crm.tickets DISABLE ROW LEVEL SECURITY")
    for n in range(22):
        crm.do(f"CREATE SCHEMA s{n}; GRANT USAGE ON SCHEMA s{n} TO PUBLIC; CREATE TABLE s{n}.t (id int)")
    desk.do("access", "diff", crm.url)
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC")
    changes = own(crm, diff(desk, crm.url))
    assert {each["sort"] for each in changes} == {"gained"}
    assert len(changes) > 1
    assert {each["alert"] for each in changes} == {"a1"}
    (alert,) = desk.json("alert", "list")["alerts"]
    assert sum(each.startswith("By the same cause: ") for each in alert["happened"]) == len(changes) - 1
    for n in range(22):
        crm.do(f"GRANT SELECT ON s{n}.t TO PUBLIC")
    changes = own(crm, diff(desk, crm.url))
    assert len(changes) == 22
    assert len({each["alert"] for each in changes}) == 21
    assert desk.json("alert", "list", "--all")["alerts"][0]["headline"]
    assert "2 further changes of rights like these" in desk.do("alert", "list", "--all")


def test_a_new_superuser_is_an_alert_and_not_ten_thousand_lines(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("ALTER ROLE {dora} SUPERUSER")
    (change,) = own(crm, diff(desk, crm.url))
    assert (change["sort"], change["who"]) == ("privileged", [crm.names["dora"]])
    assert "superuser" in change["cause"]
    assert change["alert"]
    crm.do("ALTER ROLE {dora} NOSUPERUSER; GRANT pg_read_all_data TO {bert}")
    changes = own(crm, diff(desk, crm.url))
    assert [(each["sort"], each["who"]) for each in changes if each["alert"]] == [
        ("privileged", [crm.names["bert"]])
    ]
    assert "dismissed" in {each["sort"] for each in changes}


def test_row_security_that_is_switched_off_is_an_alert(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("ALTER TABLE crm.tickets DISABLE ROW LEVEL SECURITY")
    (change,) = own(crm, diff(desk, crm.url))
    anna, what = crm.names["anna"], f"{crm.database}.crm.tickets"
    assert change["text"] == f"row security no longer keeps rows of {what} from {anna}"
    assert change["alert"]


def test_a_column_that_is_added_to_a_grant_is_told(desk: Desk, crm: World) -> None:
    crm.do("GRANT SELECT (id) ON crm.customers TO {bert}")
    desk.do("access", "diff", crm.url)
    crm.do("GRANT SELECT (email) ON crm.customers TO {bert}")
    (change,) = own(crm, diff(desk, crm.url))
    assert change["columns"] == ["email"]
    assert change["text"].startswith(f"{crm.database}.crm.customers, columns email, became readable by")


def test_new_people_and_tables_come_with_what_they_can(desk: Desk, crm: World) -> None:
    desk.do("access", "diff", crm.url)
    crm.do("CREATE ROLE {eve} LOGIN IN ROLE {agents}; CREATE TABLE crm.leads (id int)")
    crm.do("ALTER TABLE crm.leads OWNER TO {owner}")
    said = texts(own(crm, diff(desk, crm.url)))
    eve, agents, owner = (crm.names[each] for each in ("eve", "agents", "owner"))
    reach = f"within reach: 2 tables in {crm.database}.crm (customers, tickets)"
    assert f"new: {eve} can log in, member of {agents}; {reach}" in said
    (new,) = [each for each in said if "leads" in each]
    assert new.startswith(f"new: {crm.database}.crm.leads, readable by ")
    assert owner in new


def test_what_was_taken_away_on_purpose_and_given_back_is_said(desk: Desk, crm: World) -> None:
    crm.do("REVOKE SELECT ON crm.customers FROM {agents}")
    desk.do("access", "diff", crm.url)
    path = (crm.database, "crm", "customers")
    taken_away(Workspace.open(desk.workspace), crm.url, [(crm.names["agents"], path)])
    crm.do("GRANT SELECT ON crm.customers TO {agents}")
    (change,) = own(crm, diff(desk, crm.url))
    assert change["given_back"]
    assert "again, which had been taken away on purpose" in change["text"]
    assert change["alert"]


@pytest.mark.parametrize(
    ("take", "give", "who", "what"),
    [
        ("REVOKE {agents} FROM {anna}", "GRANT {agents} TO {anna}", "anna", "agents"),
        ("REVOKE USAGE ON SCHEMA crm FROM {agents}", "GRANT USAGE ON SCHEMA crm TO {agents}", "agents", ""),
        ("SELECT 1", "GRANT SELECT ON crm.customers TO PUBLIC", "PUBLIC", "customers"),
    ],
)
def test_a_membership_a_schema_and_what_everybody_had_come_back(
    desk: Desk, crm: World, take: str, give: str, who: str, what: str
) -> None:
    crm.do(take)
    desk.do("access", "diff", crm.url)
    paths = {"": (crm.database, "crm"), "customers": (crm.database, "crm", "customers")}
    path = paths.get(what) or (crm.names[what],)
    taken_away(Workspace.open(desk.workspace), crm.url, [(crm.names.get(who, who), path)])
    crm.do(give)
    changes = own(crm, diff(desk, crm.url))
    assert changes
    assert all(each["given_back"] and each["alert"] for each in changes)


def test_what_access_apply_took_away_is_an_alert_when_somebody_gives_it_back(desk: Desk, crm: World) -> None:
    crm.do("GRANT SELECT ON crm.customers TO {bert}")
    use = {"ts": "2026-11-20T09:30:00Z", "user": crm.names["anna"], "action": "read"}
    lines = json.dumps(use | {"database": crm.database, "statement": "SELECT id FROM crm.customers"})
    desk.do("access", "import", desk.write("uses.jsonl", f"{lines}\n"), "--place", crm.url)
    plan = desk.folder / "less"
    assert desk.run("access", "advise", crm.url, "--out", plan, "--workspace", desk.workspace) in (0, 6)
    desk.do("access", "apply", plan)
    desk.do("access", "diff", crm.url)
    crm.do("GRANT USAGE ON SCHEMA crm TO {bert}; GRANT SELECT ON crm.customers TO {bert}")
    (change,) = own(crm, diff(desk, crm.url))
    assert change["given_back"]
    (alert,) = desk.json("alert", "list")["alerts"]
    assert "It had been taken away on purpose, and was given back." in alert["happened"]
    crm.do("REVOKE SELECT ON crm.customers FROM {bert}; REVOKE USAGE ON SCHEMA crm FROM {bert}")
    desk.run("access", "diff", crm.url, "--workspace", desk.workspace)
    desk.do("access", "apply", plan, "--undo")
    assert not any(each["given_back"] for each in own(crm, diff(desk, crm.url)))


def test_a_new_table_that_looks_like_a_known_one_is_an_alert_once_discover_has_seen_it(
    desk: Desk, crm: World
) -> None:
    crm.do(
        "INSERT INTO crm.customers SELECT n, (ARRAY['Anna','Bert','Maria','Peter'])[1 + n % 4] || ' Murphy',"
        " 'user' || n || '@mail.example' FROM generate_series(1, 300) n"
    )
    crm.connection.execute(b"ANALYZE crm.customers")
    desk.do("discover", crm.url, "--per-second", 10_000)
    desk.do("access", "diff", crm.url)
    crm.do("CREATE TABLE crm.tmp_export AS SELECT name, email FROM crm.customers")
    crm.connection.execute(b"ANALYZE crm.tmp_export")
    (new,) = [each for each in own(crm, diff(desk, crm.url)) if each["sort"] == "new"]
    assert new["alert"] is None
    desk.do("discover", crm.url, "--per-second", 10_000)
    (copy,) = own(crm, diff(desk, crm.url))
    assert (copy["sort"], copy["like"]) == ("copied", [crm.database, "crm", "customers"])
    what = f"{crm.database}.crm.tmp_export"
    assert copy["text"].startswith(f"{what} is new and looks like a copy of {crm.database}.crm.customers")
    assert copy["alert"]
    assert own(crm, diff(desk, crm.url, status=0)) == []
    crm.do("GRANT SELECT ON crm.tmp_export TO PUBLIC; GRANT USAGE ON SCHEMA crm TO PUBLIC")
    (everybody,) = [each for each in own(crm, diff(desk, crm.url)) if each["everybody"]]
    assert everybody["weight"] > 1
    alerts = {each["alert"]: each["severity"] for each in desk.json("alert", "list")["alerts"]}
    assert alerts[everybody["alert"]] == "critical"


def test_what_cannot_be_read_now_is_not_lost_and_what_could_not_be_is_not_gained(
    desk: Desk, crm: World, postgres_url: str
) -> None:
    """A change made in the dark is seen when there is light again: the rights before it are still kept."""
    whole = f"{postgres_url.rpartition('/')[0]}/"
    desk.run("access", "diff", whole, "--workspace", desk.workspace)
    crm.connection.close()
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {crm.database} ALLOW_CONNECTIONS false".encode())
        answer = answered(desk, whole)
        assert crm.database in answer["not_compared"]
        assert f"{crm.database}: takes no connections" in answer["unknown"]
        assert not any(crm.database in path for each in answer["changes"] for path in each["what"])
        connection.execute(f"ALTER DATABASE {crm.database} ALLOW_CONNECTIONS true".encode())
    with psycopg.connect(crm.url, autocommit=True) as connection:
        connection.execute(f"GRANT SELECT ON crm.customers TO {crm.names['bert']}".encode())
        crm.connection = connection
        (change,) = own(crm, answered(desk, whole)["changes"])
        assert (change["sort"], change["who"]) == ("gained", [crm.names["bert"]])
        assert own(crm, answered(desk, whole)["changes"]) == []
