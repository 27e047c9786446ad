"""Places that are asked for under several names, or are not there; and who everybody is."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from access_worlds import World
from desk import Desk
from drifts import crm, diff, folder, own
from servers import postgres_url

__all__ = ["crm", "folder", "postgres_url"]


def server(made: World) -> str:
    return urlunsplit(urlsplit(made.url)._replace(path="/"))


def mapped(desk: Desk, *arguments: object, status: int = 0) -> str:
    assert desk.run("access", "map", *arguments) == status, desk.err
    return desk.out


def alerts(desk: Desk) -> list[str]:
    return [each["headline"] for each in desk.json("alert", "list")["alerts"]]


@pytest.mark.slow
@pytest.mark.parametrize("first", ["server", "database"])
def test_a_change_seen_at_a_server_and_at_its_database_is_one_alert(
    desk: Desk, crm: World, first: str
) -> None:
    places = [server(crm), crm.url] if first == "server" else [crm.url, server(crm)]
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC")
    for each in places:
        desk.do("access", "diff", each)
    crm.do("GRANT SELECT ON crm.customers TO PUBLIC")
    crm.do("ALTER ROLE {dora} SUPERUSER")
    seen = [own(crm, diff(desk, each)) for each in places]
    told = [{each["text"]: each["alert"] for each in changes if each["alert"]} for changes in seen]
    assert len(told[0]) == 2
    assert told[0] == told[1]
    mine = [each for each in alerts(desk) if each in told[0]]
    assert sorted(mine) == sorted(told[0])
    crm.do("REVOKE SELECT ON crm.customers FROM PUBLIC")
    diff(desk, places[0])
    crm.do("GRANT SELECT ON crm.customers TO PUBLIC")  # once more, since: another change
    (again,) = [each for each in own(crm, diff(desk, places[0])) if each["alert"]]
    assert again["alert"] not in told[0].values()


def test_a_folder_and_one_in_it_tell_one_change_once(desk: Desk, folder: Path) -> None:
    inner = folder / "hr"
    inner.mkdir(mode=0o755)
    for name in ("a", "b"):
        (inner / name).write_text("x")
        (inner / name).chmod(0o600)
    for each in (folder, inner):
        desk.do("access", "diff", each)
    (inner / "a").chmod(0o644)
    (one,), (other,) = diff(desk, inner), diff(desk, folder)
    assert (one["text"], one["alert"]) == (other["text"], other["alert"])
    assert len(alerts(desk)) == 1
    (inner / "b").chmod(0o644)
    (folder / "list1.csv").chmod(0o644)
    wider = [each["alert"] for each in diff(desk, folder)]
    (inside,) = diff(desk, inner)
    assert inside["alert"] not in ("", one["alert"])
    assert set(wider) | {inside["alert"], one["alert"]} == {f"a{n + 1}" for n in range(len(alerts(desk)))}


def test_what_everybody_can_read_is_asked_for_by_the_name_public(desk: Desk, crm: World) -> None:
    assert "Nothing that the rights tell of." in mapped(desk, crm.url, "--reach", "PUBLIC")
    crm.do("GRANT SELECT ON crm.customers, crm.tickets TO PUBLIC")
    assert "Nothing that the rights tell of." in mapped(desk, crm.url, "--reach", "PUBLIC")
    crm.do("GRANT USAGE ON SCHEMA crm TO PUBLIC")
    assert crm.rows_seen(crm.names["dora"], "SELECT * FROM crm.customers") == 0
    readings = json.loads(mapped(desk, crm.url, "--reach", "public", "--json"))["readings"]
    found = {each["what"][-1]: each for each in readings}
    assert found.keys() == {"customers"}  # of the tickets, row security leaves most of them nothing
    assert (found["customers"]["who"], found["customers"]["level"]) == ("PUBLIC", "at_once")
    assert found["customers"]["way"][-1] == "SELECT on table customers to PUBLIC"
    crm.do("CREATE POLICY all_ ON crm.tickets FOR SELECT TO PUBLIC USING (id > 0)")
    readings = json.loads(mapped(desk, crm.url, "--reach", "PUBLIC", "--json"))["readings"]
    assert {each["what"][-1] for each in readings} == {"customers", "tickets"}


def test_what_everybody_can_read_is_asked_of_files_too(desk: Desk, folder: Path) -> None:
    """Whoever owns a file, and whatever their groups: all who have an account."""
    (folder / "open.csv").write_text("x")
    (folder / "open.csv").chmod(0o644)
    (folder / "list1.csv").chmod(0o640)
    readings = json.loads(mapped(desk, folder, "--reach", "everybody", "--json"))["readings"]
    assert [(each["who"], each["what"][0], each["level"]) for each in readings] == [
        ("everybody", str(folder), "at_once")
    ] * len(readings)
    open_to_all = [path for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o4]
    assert sum(int(each["what"][1].split()[0]) for each in readings) == len(open_to_all) > 0
    folder.chmod(0o700)
    assert "Nothing that the rights tell of." in mapped(desk, folder, "--reach", "everybody")


def test_nobody_is_called_public_among_files(desk: Desk, folder: Path) -> None:
    mapped(desk, folder, "--reach", "PUBLIC", status=2)
    assert "nobody is called PUBLIC" in desk.err


@pytest.mark.parametrize(
    "command",
    [
        ("access", "diff"), ("access", "hygiene"), ("discover",), ("access", "report"),
        ("access", "review", "start", "--name", "Q4"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_cannot_be_opened_whatever_is_asked_of_it(
    desk: Desk, command: tuple[str, ...]
) -> None:
    said = desk.refused(4, *command, "/no/such/place")
    assert "/no/such/place" in said
    mapped(desk, "/no/such/place", status=4)


def test_a_log_that_is_not_there_cannot_be_opened_either(desk: Desk, folder: Path) -> None:
    assert "no file" in desk.refused(4, "access", "import", "/no/log", "--place", folder)


def test_a_page_that_cannot_be_written_is_named_as_it_was_asked_for(desk: Desk, folder: Path) -> None:
    said = desk.refused(4, "access", "report", folder, "--html", "/proc/page.html")
    assert said.count("/proc/page.html") == 1
    assert "/proc/." not in said


def test_jobs_of_the_settings_are_no_people(desk: Desk, crm: World) -> None:
    crm.do("GRANT USAGE ON SCHEMA crm TO {dora}")
    crm.do("GRANT SELECT ON crm.customers TO {dora}")
    use = {
        "ts": "2026-11-01T10:00:00Z", "user": crm.names["dora"], "program": "billing",
        "object": [crm.database, "crm", "customers"],
    }  # fmt: skip
    log = desk.folder / "own.jsonl"
    log.write_text(json.dumps(use) + "\n")
    desk.do("access", "import", log, "--place", crm.url)

    def by_jobs() -> int:
        used = desk.json("access", "use", crm.url)["resources"]
        (found,) = [each for each in used if each["what"][-1] == "customers"]
        return int(found["by_jobs"])

    assert by_jobs() == 0
    settings = desk.workspace / "trapstreet.toml"
    text = settings.read_text()
    assert "\njobs = []\n" in text
    settings.write_text(text.replace("\njobs = []\n", '\njobs = ["Billing"]\n'))
    assert by_jobs() == 1
    settings.write_text(text.replace("\njobs = []\n", "\njobs = [7]\n"))
    assert "jobs" in desk.refused(2, "access", "use", crm.url)


def test_a_use_that_says_a_table_and_no_database_is_one_there(desk: Desk, crm: World) -> None:
    """Without a statement nobody can ask for it again: what it may have needed stays."""
    uses = [
        {"ts": "2026-11-01T10:00:00Z", "user": crm.names["anna"], "object": f"{crm.database}.crm.customers"},
        {"ts": "2026-11-01T10:00:00Z", "user": crm.names["anna"], "statement": "SELECT id FROM crm.customers",
         "object": f"{crm.database}.crm.customers"},
    ]  # fmt: skip
    log = desk.folder / "own.jsonl"
    log.write_text("".join(f"{json.dumps(each)}\n" for each in uses))
    desk.do("access", "import", log, "--place", crm.url)
    said = desk.json("access", "advise", server(crm), "--role", crm.names["agents"], status=6)
    assert "unknown" not in json.dumps(said["proof"])
    taken = [each["right"] for each in said["changes"] if each["on"] == [crm.database, "crm", "customers"]]
    assert taken == []


def test_a_name_that_cannot_be_kept_is_refused(desk: Desk, folder: Path) -> None:
    hostile = Path(os.fsdecode(os.fsencode(folder) + b"/\xff"))
    hostile.mkdir()
    log = desk.folder / "own.jsonl"
    log.write_text('{"ts": "2026-11-01T10:00:00Z", "user": "anna", "object": "/srv/a"}\n')
    said = desk.refused(2, "access", "import", log, "--place", hostile)
    assert "does not print" in said


@pytest.mark.parametrize("command", ["access diff", "access hygiene", "discover", "access advise"])
def test_a_url_that_is_none_is_said_to(desk: Desk, command: str) -> None:
    said = desk.refused(2, *command.split(), "postgresql://reader:S3cret@[::1/crm")
    assert "the URL cannot be read" in said
    assert "S3cret" not in said
