"""Advice takes nothing from the logins that trapstreet itself asks a server with."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from access_worlds import World, world
from desk import Desk
from mariadb_offices import Office
from servers import Audited, mariadb_clone_url, mariadb_office, postgres_url

__all__ = ["mariadb_clone_url", "mariadb_office", "postgres_url"]


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna", "reader", "watchers")
        made.do(
            "CREATE ROLE {anna} LOGIN; CREATE ROLE {watchers}; CREATE ROLE {reader} LOGIN IN ROLE {watchers}"
        )
        made.do("CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO {anna}, {reader}, PUBLIC")
        made.do("CREATE TABLE public.log (id int); GRANT SELECT ON public.log TO {watchers}")
        made.do(f"GRANT CONNECT ON DATABASE {made.database} TO {{anna}}")
        yield made


def targeted(desk: Desk, url: str, user: str) -> str:
    """The settings name a login at the server."""
    there = f"{urlsplit(url).scheme}://{user}@{urlsplit(url).netloc.rpartition('@')[2]}/"
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("targets = []", f'targets = ["{there}"]'))
    return there


def used(desk: Desk, crm: World) -> None:
    use = {"ts": "2026-11-20T09:00:00Z", "user": crm.names["anna"], "database": crm.database}
    text = json.dumps(use | {"statement": "SELECT id FROM public.t"})
    desk.do("access", "import", desk.write("uses.jsonl", f"{text}\n"), "--place", crm.url)


def taken(desk: Desk, *asked: object) -> set[tuple[str, str, str]]:
    found = desk.json("access", "advise", *asked)
    return {(each["right"], each["on"][-1], each["of"]) for each in found["changes"]}


def test_the_login_that_compares_rights_keeps_what_it_was_given_and_its_groups(
    desk: Desk, crm: World
) -> None:
    used(desk, crm)
    reader, watchers = crm.names["reader"], crm.names["watchers"]
    own = {("SELECT", "t", reader), ("SELECT", "log", watchers)}
    before = taken(desk, crm.url)
    assert own <= before
    targeted(desk, crm.url, reader)
    assert taken(desk, crm.url) == before - own


@pytest.mark.slow
def test_the_login_that_compares_rights_still_comes_in_by_what_everybody_has(
    desk: Desk, crm: World, tmp_path: Path
) -> None:
    used(desk, crm)
    reader, asked = crm.names["reader"], (crm.url, "--role", "PUBLIC")
    door, table = ("CONNECT", crm.database, "PUBLIC"), ("SELECT", "t", "PUBLIC")
    assert {door, table} <= taken(desk, *asked)
    there = targeted(desk, crm.url, reader)
    assert table in taken(desk, *asked)
    said = desk.do("access", "advise", *asked, "--out", tmp_path / "less").splitlines()
    heading = said.index(f"Left alone, since trapstreet itself logs in as {reader}:")
    assert said[heading + 1] == f"  CONNECT on database {crm.database} from PUBLIC"
    assert "0 of 1 past uses by 1 person would have been blocked." in said
    assert desk.run("access", "apply", tmp_path / "less", "--workspace", desk.workspace) == 0, desk.err
    desk.do("access", "diff", f"{there}{crm.database}")


def test_a_right_that_another_rests_on_is_needed_and_no_login_of_ours(desk: Desk, crm: World) -> None:
    anna, watchers, url = crm.names["anna"], crm.names["watchers"], crm.url
    crm.do("REVOKE SELECT ON public.t FROM PUBLIC, {anna}")
    crm.do("GRANT SELECT ON public.t TO {watchers} WITH GRANT OPTION")
    crm.do("SET ROLE {watchers}; GRANT SELECT ON public.t TO {anna}; RESET ROLE")
    used(desk, crm)
    said = desk.do("access", "advise", url, "--all")
    assert "trapstreet itself" not in said
    for each in (anna, watchers):
        assert f"  SELECT on table {crm.database}.public.t from {each}: {anna}\n" in said


def test_what_everybody_has_goes_once_the_login_has_it_by_itself(desk: Desk, crm: World) -> None:
    used(desk, crm)
    targeted(desk, crm.url, crm.names["reader"])
    crm.do(f"GRANT CONNECT ON DATABASE {crm.database} TO {{reader}}")
    assert ("CONNECT", crm.database, "PUBLIC") in taken(desk, crm.url, "--role", "PUBLIC")


@pytest.mark.system
def test_the_login_that_reads_the_grant_tables_goes_on_reading_them(
    mariadb_office: Audited, mariadb_clone_url: str, desk: Desk
) -> None:
    office = Office(mariadb_office)
    try:
        office.do("CREATE DATABASE crm", "CREATE TABLE crm.t (id int)", "CREATE USER anna@'%', reader@'%'")
        office.do(
            "CREATE ROLE auditors", "GRANT SELECT ON mysql.* TO auditors", "GRANT auditors TO reader@'%'"
        )
        office.do("GRANT SELECT ON mysql.proc TO reader@'%'", "GRANT SHOW VIEW ON *.* TO reader@'%'")
        office.do("GRANT SELECT ON crm.* TO anna@'%', reader@'%'", "GRANT DELETE ON crm.* TO anna@'%'")
        use = '"ts": 1795000000, "user": "anna", "client": "10.1.2.3", "database": "crm"'
        log = desk.write("uses.jsonl", f'{{{use}, "statement": "SELECT id FROM t"}}\n')
        desk.do("access", "import", log, "--place", office.url)
        asked = (office.url, "--clone", mariadb_clone_url)
        before = taken(desk, *asked)
        assert {("SELECT", "mysql", "auditors"), ("SELECT", "crm", "reader@%")} <= before
        targeted(desk, office.url, "reader")
        assert taken(desk, *asked) == {("DELETE", "crm", "anna@%")}
    finally:
        office.close()
