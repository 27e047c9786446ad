"""From a use of a breadcrumb to a line that somebody reads: a trap, the worker, the list of sightings."""

import csv
import http.client
import json
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import tomllib
from pathlib import Path

import pytest
from dnslib import DNSRecord

from children import program, ran
from desk import Desk
from hearing import wait_for
from offices import Office
from people import read_csv
from servers import postgres_url
from traps import running, stopped
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Hit, Swarm
from trapstreet.decoys import read_url
from trapstreet.sightings import Client
from trapstreet.sightings.domain import judging
from trapstreet.store import plantings, sightings
from trapstreet.store.models import DamagedRecord, Heard, Sighting
from trapstreet.trap.settings import read_settings
from trapstreet.trap.spool import SpoolReader
from trapstreet.trap.swarms import name_hash
from url_world import with_parcels
from working import DOMAIN, URL, ZONE, customers, loopback, owning, planted_addresses, spooled, token

pytestmark = pytest.mark.slow

__all__ = ["postgres_url"]

PLANTED = 40
AT = 4_000_000_000_000_000  # after everything was planted
BROWSER = b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def company(desk: Desk) -> Desk:
    return owning(desk)


def web(name: str, *, target: str = "", address: str = "198.51.100.7", at: int = AT) -> Hit:
    target = target or f"/{name.partition('/')[2]}"
    facts = (("method", b"GET"), ("target", target.encode()), ("version", b"1.1"), ("header", BROWSER))
    return Hit("http", at, address, 4711, (name,), facts)


def mail(*names: str, at: int = AT) -> Hit:
    facts = (
        ("mail-from", b"<thief@else.example>"),
        ("header", b"Subject: sentinel-4711"),
        ("body", b"hello"),
    )
    return Hit("smtp", at, "198.51.100.9", 4712, names, facts)


def states(desk: Desk, name: str) -> dict[str, int]:
    found = desk.json("decoy", "list")["plantings"]
    return next(each["states"] for each in found if each["planting"].startswith(name))


def left(folder: Path) -> int:
    """How many records are in a spool."""
    reader = SpoolReader(folder)
    try:
        return len(reader.first(1 << 30))
    finally:
        reader.close()


def uses(desk: Desk) -> list[tuple[str, str, int]]:
    """Decoy or copy, channel and number of uses of every incident."""
    found = desk.json("sighting", "list")["incidents"]
    return [(each["decoy"] or each["copy"], each["channel"], each["uses"]) for each in found]


def test_web_mail_and_dns_become_sightings_that_people_can_read(company: Desk) -> None:
    desk = company
    table = customers(desk)
    desk.do("plant", "customers", "--decoys", PLANTED)
    page, address, name = (token(desk, kind) for kind in ("url", "email", "dns"))
    folder = desk.folder / "trap"
    assert "What is next" in desk.do("serve", "--only", "trap", "--folder", folder, "--set-up")
    settings = folder / "trap.toml"
    settings.write_text(loopback(settings.read_text()))
    persona = planted_addresses(desk, table)[3]

    with running(folder) as trap:
        connection = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=10)
        host, _, path = page[1].partition("/")
        connection.request("GET", f"/{path}?utm=1", headers={"Host": host, "User-Agent": "curl/8.5"})
        connection.getresponse().read()
        connection.request("GET", "/robots.txt", headers={"Host": host})
        connection.getresponse().read()
        connection.close()
        with smtplib.SMTP("127.0.0.1", trap.ports["smtp"], timeout=10) as client:
            client.sendmail("me@else.example", [address[1].upper()], "Subject: x\r\n\r\nhello")
            client.sendmail("me@else.example", [persona], "Subject: y\r\n\r\nhello")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(10)
            asking.sendto(DNSRecord.question(f"WWW.{name[1]}").pack(), ("127.0.0.1", trap.ports["dns/udp"]))
            asking.recv(4096)
        taken = desk.json("work", "--once", "--trap", folder)
        assert stopped(trap) == 0

    assert [taken[name] for name in ("hits", "sightings", "background", "damaged")] == [5, 4, 1, 0]
    assert taken["alerts"] > 0
    listed = desk.json("sighting", "list")
    assert listed["background"] == {"http": 1}
    assert {(each["where"], each["channel"]) for each in listed["incidents"]} == {
        ("the url's shelf", "http"),
        ("the email's shelf", "smtp"),
        ("the dns's shelf", "dns"),
        (plantings.planting_named("p1").place, "smtp"),
    }
    (visit,) = [each for each in listed["incidents"] if each["channel"] == "http"]
    assert (visit["planting"], visit["access"]["address"]) == (page[0], "127.0.0.1")
    assert (visit["label"]["kind"], visit["client"]["family"]) == ("tool", "curl 8")
    said = desk.do("sighting", "list")
    assert "4 incidents, 4 uses of decoys" in said
    assert "from 127.0.0.1, no public address: your own network or a proxy" in said
    assert "a program that somebody writes or starts by hand" in said
    assert states(desk, "p1") == {"planted": PLANTED - 1, "touched": 1}
    assert states(desk, page[0]) == {"touched": 1}
    assert desk.json("sighting", "list", "--decoy", "p1/4")["uses"] == 1
    assert desk.json("sighting", "list", "--decoy", "p1/5")["uses"] == 0
    assert desk.json("sighting", "list", "--since", "2999-01-01")["incidents"] == []

    assert desk.json("work", "--once", "--trap", folder)["hits"] == 0
    assert len(desk.json("sighting", "list")["incidents"]) == 4


def test_the_traps_settings_are_the_workspaces_and_are_never_overwritten(company: Desk) -> None:
    folder = company.folder / "trap"
    company.do("serve", "--only", "trap", "--folder", folder, "--set-up")
    text = (folder / "trap.toml").read_text()
    assert read_settings(folder).worker.hex() in text
    given = tomllib.loads(text)
    assert given["smtp"]["host"] == f"mail.{DOMAIN}"
    assert given["dns"] == {**given["dns"], "zones": [ZONE], "addresses": []}
    assert "cdn.harbour.example" in text
    (folder / "trap.toml").write_text(text.replace("addresses = []", 'addresses = ["192.0.2.7"]'))
    assert set(read_settings(folder).listeners) == {"http", "smtp", "dns"}

    arguments = [
        "serve", "--only", "trap", "--folder", folder, "--set-up", "--workspace", company.workspace,
    ]  # fmt: skip
    assert company.run(*arguments) == 2
    assert "is there already and stays as it is: edit it" in company.err
    assert "192.0.2.7" in (folder / "trap.toml").read_text()


def test_a_workspace_that_names_nothing_to_hear_gets_one_clear_line(desk: Desk) -> None:
    folder = desk.folder / "trap"
    line = desk.run("serve", "--only", "trap", "--folder", folder, "--set-up", "--workspace", desk.workspace)
    assert line == 2
    assert "names nothing that a trap could hear" in desk.err
    assert not folder.exists()


_KILLED = {
    "before the registry has them": (
        "from trapstreet.store import log; log.checkpoint = lambda signer: os.kill(os.getpid(), 9)"
    ),
    "before the spool drops them": (
        "from trapstreet.trap.spool import SpoolReader as S; S.remove = lambda *_: os.kill(os.getpid(), 9)"
    ),
}


@pytest.mark.parametrize("before", _KILLED.values(), ids=_KILLED)
def test_killed_anywhere_nothing_is_lost_and_nothing_is_there_twice(company: Desk, before: str) -> None:
    planting, page = token(company, "url")
    hits = [[web(page, at=AT + n), web("cdn.harbour.example/nobody", at=AT)] for n in range(3)]
    folder = spooled(company, company.folder / "trap", *hits)
    arguments = ("work", "--once", "--trap", folder, "--workspace", company.workspace)

    assert ran(company.folder, arguments, before=f"import os; {before}").status == -signal.SIGKILL
    assert left(folder) == 3
    company.json("work", "--once", "--trap", folder)

    assert left(folder) == 0
    assert uses(company) == [("p1/1", "http", 3)]
    assert company.json("sighting", "list")["background"] == {"http": 3}
    assert Heard.objects.count() == 3
    assert states(company, planting) == {"touched": 1}


def test_a_spool_that_was_copied_and_comes_again_adds_what_is_new_alone(company: Desk) -> None:
    _, page = token(company, "url")
    folder = spooled(company, company.folder / "trap", [web(page)])
    shutil.copytree(folder, company.folder / "again")
    assert company.json("work", "--once", "--trap", folder)["sightings"] == 1
    again = spooled(company, company.folder / "again", [web(page, at=AT + 1)])
    assert company.json("work", "--once", "--trap", again)["sightings"] == 1
    assert uses(company) == [("p1/1", "http", 2)]


def test_a_damaged_record_is_kept_aside_and_stops_nothing(company: Desk) -> None:
    _, page = token(company, "url")
    insane = [Hit("http", 1 << 63, "192.0.2.1", 1, (page,), ())]
    folder = spooled(company, company.folder / "trap", [web(page)], [web(page)], insane, [web(page)])
    with sqlite3.connect(folder / "spool.sqlite") as database:
        database.execute("UPDATE record SET sealed = zeroblob(99) WHERE number = 1")
        database.execute("INSERT INTO segment VALUES (7, zeroblob(999)), (8, 'text')")
        database.execute(
            "INSERT INTO record VALUES (7, 10, zeroblob(9)), (7, 11, 'x'), (8, 12, 1.5), (8, 'n', 2)"
        )
    said = company.do("work", "--once", "--trap", folder)
    assert "DAMAGED: 5 records" in said
    assert left(folder) == 0
    assert uses(company) == [("p1/1", "http", 2)]
    assert "DAMAGED" in company.do("sighting", "list")
    kept = list(DamagedRecord.objects.order_by("number"))
    assert [bytes(each.sealed)[:9] == bytes(9) for each in kept] == [True, False, True, False, False]


def test_a_hit_that_nobody_foresaw_is_kept_aside_and_stops_nothing(
    company: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, page = token(company, "url")
    seen = judging.client_of

    def broken(hit: Hit) -> Client:
        if hit.address == "192.0.2.66":
            raise ZeroDivisionError
        return seen(hit)

    monkeypatch.setattr(judging, "client_of", broken)
    odd = Hit("http", AT, "192.0.2.66", 1, (page,), ())
    folder = spooled(company, company.folder / "trap", [web(page)], [odd], [web(page, at=AT + 1)])
    assert "DAMAGED: 1 record" in company.do("work", "--once", "--trap", folder)
    assert left(folder) == 0
    assert uses(company) == [("p1/1", "http", 2)]


def test_a_token_in_a_swarm_is_found(company: Desk) -> None:
    _, page = token(company, "url")
    key = bytes(range(16))
    known = [name_hash(key, name) for name in ("cdn.harbour.example/x", page, "cdn.harbour.example/y")]
    swarm = Swarm("http", "203.0.113.0/24", 500, AT, AT + 9, key, b"".join(sorted(known)))
    folder = spooled(company, company.folder / "trap", [swarm])
    taken = company.json("work", "--once", "--trap", folder)
    assert (taken["hits"], taken["sightings"], taken["background"]) == (500, 1, 499)
    (shown,) = company.json("sighting", "list")["incidents"]
    assert shown["access"]["network"] == "203.0.113.0/24"
    assert "one of 500 hits" in shown["label"]["why"][0]


def test_a_decoy_of_a_copy_names_the_copy_and_not_its_recipient(company: Desk) -> None:
    customers(company)
    out = company.folder / "copy.csv"
    copy = company.json("share", "customers", "--to", "Call centre Cork", "--out", out)["copy"]
    ring = Workspace.open(company.workspace).ring
    from trapstreet.store import copies
    from trapstreet.store.models import Copy

    row = copies.rows_of(Copy.objects.get(id=copy), ring)[0]
    (address,) = [cell for cell in row if isinstance(cell, str) and "@" in cell]
    key = bytes(16)
    swarm = Swarm("smtp", "203.0.113.0/24", 2, AT, AT, key, name_hash(key, address))
    heard = [mail(address.upper(), "other@post.harbour.example"), swarm]
    folder = spooled(company, company.folder / "trap", heard)
    company.do("work", "--once", "--trap", folder)
    assert uses(company) == [(copy, "smtp", 1), (copy, "smtp", 1)]
    said = company.do("sighting", "list")
    assert f"copy {copy}, a copy of customers" in said
    assert "Cork" not in said


def test_a_visit_of_a_web_address_in_a_copy_names_the_copy(desk: Desk) -> None:
    domains = [f"fern-post{number}.ie" for number in range(20)]
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("domains = []", f"domains = {json.dumps(domains)}"))
    world, table = with_parcels(), desk.folder / "crm.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([world.tables[0].columns, *world.rows[0]])
    desk.do("register", table, "--name", "customers", "--key", "id")
    out = desk.folder / "copy.csv"
    copy = desk.json("share", "customers", "--to", "Cork", "--out", out, "--decoys", 60)["copy"]
    pages = [url for row in read_csv(out) if (url := read_url(row["website"])) and url.site in domains]
    assert pages
    folder = spooled(desk, desk.folder / "trap", [web(pages[0].visited), web(f"{pages[0].host}/x/y/z")])
    assert desk.json("work", "--once", "--trap", folder)["background"] == 1
    assert uses(desk) == [(copy, "http", 1)]


def test_an_honest_automaton_alone_touches_no_decoy(company: Desk) -> None:
    planting, page = token(company, "url")
    agent = b"User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    crawler = Hit("http", AT, "66.249.66.1", 1, (page,), (("method", b"GET"), ("header", agent)))
    folder = spooled(company, company.folder / "trap", [crawler])
    company.do("work", "--once", "--trap", folder)
    (shown,) = company.json("sighting", "list")["incidents"]
    assert (shown["label"]["kind"], shown["label"]["automaton"]) == ("crawler", "Googlebot")
    assert states(company, planting) == {"planted": 1}
    spooled(company, folder, [web(page)])
    company.do("work", "--once", "--trap", folder)
    assert states(company, planting) == {"touched": 1}


def test_late_hits_join_incidents_that_they_stand_between(company: Desk) -> None:
    _, page = token(company, "url")
    day = 86_400_000_000
    folder = spooled(company, company.folder / "trap", [web(page), web(page, at=AT + 2 * day)])
    company.do("work", "--once", "--trap", folder)
    assert uses(company) == [("p1/1", "http", 1), ("p1/1", "http", 1)]
    spooled(company, folder, [web(page, at=AT + day)], [web(page, at=AT, address="203.0.113.1")])
    company.do("work", "--once", "--trap", folder)
    assert uses(company) == [("p1/1", "http", 3), ("p1/1", "http", 1)]


def test_what_was_heard_is_readable_with_the_keys_alone(company: Desk) -> None:
    address = token(company, "email")[1]
    folder = spooled(company, company.folder / "trap", [mail(address)])
    company.do("work", "--once", "--trap", folder)
    opened = Workspace.open(company.workspace)
    content = sightings.content_of(Heard.objects.get(), opened.ring)
    assert b"sentinel-4711" in content
    kept = b"".join(path.read_bytes() for path in company.workspace.rglob("*") if path.is_file())
    for secret in (b"198.51.100.9", b"sentinel-4711", b"thief@", address.encode()):
        assert secret in content
        assert secret not in kept
    shutil.move(company.folder / "keys", company.folder / "away")
    assert "key" in company.refused(2, "sighting", "list")


def test_the_worker_goes_on_until_it_is_told_to_stop(company: Desk) -> None:
    _, page = token(company, "url")
    folder = spooled(company, company.folder / "trap")
    settings = company.workspace / "trapstreet.toml"
    gone = spooled(company, company.folder / "gone")
    settings.write_text(settings.read_text().replace("traps = []", f'traps = ["{gone}", "{folder}"]'))
    out = company.folder / "out"
    with out.open("wb") as file:
        command = program(company.folder / "peak", "work", "--workspace", company.workspace, "--json")
        worker = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        for number in range(2):
            spooled(company, folder, [web(page, at=AT + number)])
            assert wait_for(lambda: not left(folder))
            if not number:
                gone.rename(company.folder / "away")
                assert wait_for(lambda: "is gone" in out.read_text())
        assert wait_for(lambda: out.read_text().count("1 use of decoys") == 2)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
    assert out.read_text().count("is gone") == 1
    assert json.loads(out.read_text()[out.read_text().index("{") :])["sightings"] == 2


def test_a_folder_that_is_no_traps_is_one_clear_line(company: Desk) -> None:
    assert "is no trap's folder" in company.refused(4, "work", "--once", "--trap", company.folder / "none")
    assert "which trap?" in company.refused(2, "work", "--once")
    assert "is no date" in company.refused(2, "sighting", "list", "--since", "yesterday")
    foreign = company.folder / "foreign"
    company.do("serve", "--only", "trap", "--folder", foreign, "--set-up")
    file = foreign / "trap.toml"
    own = read_settings(foreign).worker.hex()
    file.write_text(file.read_text().replace(own, "0" * 64))
    assert "another workspace's key" in company.refused(2, "work", "--once", "--trap", foreign)


@pytest.mark.server("postgresql")
def test_sightings_are_kept_in_postgresql_and_move_to_sqlite(office: Office, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS work_test WITH (FORCE)")
        connection.execute("CREATE DATABASE work_test")
    url = f"{postgres_url.rpartition('/')[0]}/work_test"
    office.run("init", "ws", "--database", url, "--kit", office.folder / "k.txt", "--kit-confirmed")
    desk = Desk(office.folder, office.capsys)
    (office.folder / "ws").rename(desk.workspace)
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("urls = []", f'urls = ["{URL}"]'))
    _, page = token(desk, "url")
    folder = spooled(desk, desk.folder / "trap", [web(page), web("x/y")], [web(page, at=AT + 1)])
    assert desk.json("work", "--once", "--trap", folder)["sightings"] == 2
    assert uses(desk) == [("p1/1", "http", 2)]
    assert Sighting.objects.count() == 2
    listed = desk.json("sighting", "list")
    office.run("backup", "b.tar", "--workspace", desk.workspace)
    office.run("restore", "b.tar", "again", "--database", "sqlite")
    assert office.json("sighting", "list", "--workspace", "again") == listed


def test_a_use_from_ones_own_networks_is_said_to_be(company: Desk) -> None:
    settings = company.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("inside = []", 'inside = ["198.51.100.0/24"]'))
    _, page = token(company, "url")
    folder = spooled(company, company.folder / "trap", [web(page), web(page, address="203.0.113.1")])
    company.do("work", "--once", "--trap", folder)
    found = company.json("sighting", "list")["incidents"]
    assert {(each["access"]["address"], each["access"]["inside"]) for each in found} == {
        ("198.51.100.7", True),
        ("203.0.113.1", False),
    }
    assert "inside (a network of yours)" in company.do("sighting", "list")
    settings.write_text(settings.read_text().replace("geography = []", 'geography = ["none.mmdb"]'))
    assert "none.mmdb cannot be opened" in company.refused(4, "work", "--once", "--trap", folder)


def test_nothing_that_a_trap_was_sent_reaches_the_terminal_as_it_is(company: Desk) -> None:
    _, page = token(company, "url")
    wild = "\x1b]0;x\x07\x1b[2J\u202e"
    facts = (("method", wild.encode()), ("header", f"User-Agent: Mozilla/5.0 {wild}".encode()))
    forged = Hit("http", AT, wild, 1, (page, wild), facts)
    folder = spooled(company, company.folder / "trap", [forged])
    company.do("work", "--once", "--trap", folder)
    said = company.do("sighting", "list")
    assert "1 use of decoys" in said
    assert all(letter.isprintable() or letter == "\n" for letter in said)
