"""Advice on MariaDB: proved on an empty clone, and by what the server itself lets past uses do afterwards."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mariadb_offices import DESK, Office, past
from servers import Audited, mariadb_clone_url, mariadb_office, mariadb_url
from trapstreet.app.advising import Planned, Wish, advise
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.changes._mariadb.clone import Clone
from trapstreet.plugins.changes.mariadb import MariadbPlace
from trapstreet.render.advice import needed_lines

__all__ = ["mariadb_clone_url", "mariadb_office", "mariadb_url"]

pytestmark = pytest.mark.system


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    yield made
    made.close()


SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, name text, email text)",
    "INSERT INTO crm.customers VALUES (1, 'x', 'y')",
    "CREATE TABLE crm.tickets (id int, customer int)",
    "INSERT INTO crm.tickets VALUES (1, 1)",
    "CREATE USER anna@'%'",
    "CREATE USER bert@'%'",
)


def advised(office: Office, clone: str, uses: Sequence[PastUse], *, role: str = "") -> Planned:
    return advise(office.url, uses, wish=Wish(role), clone=clone)


def taken(planned: Planned) -> set[str]:
    return {each.says for each in planned.advice.changes}


def none(*_: object) -> None:
    pass


TRAPS: dict[str, tuple[tuple[str, ...], tuple[PastUse, ...], set[str], set[str]]] = {
    "of a grant on a table and one on its database, the narrower stays": (
        ("GRANT SELECT ON crm.* TO anna@'%'", "GRANT SELECT ON crm.customers TO anna@'%'"),
        (past("anna", "SELECT name FROM customers WHERE id = ?"),),
        {"SELECT on table crm.customers from anna@%"},
        {"SELECT on database crm from anna@%"},
    ),
    "a grant for a pattern of hosts is needed by who comes from there, whatever account lets them in": (
        (
            "CREATE USER anna@'10.1.2.3'",
            "CREATE USER anna@'10.%'",
            "GRANT SELECT ON crm.* TO anna@'10.%'",
            "CREATE USER anna@'192.168.%'",
            "GRANT SELECT ON crm.* TO anna@'192.168.%'",
        ),
        (past("anna", "SELECT * FROM customers"),),
        {"SELECT on database crm from anna@10.%"},
        {"SELECT on database crm from anna@192.168.%"},
    ),
    "the most specific of two grants on databases decides alone": (
        (
            "CREATE DATABASE crm2",
            "CREATE TABLE crm2.t (a int)",
            "GRANT SELECT, CREATE ON crm2.* TO anna@'%'",
            "GRANT SELECT, INSERT ON `crm%`.* TO anna@'%'",
        ),
        (past("anna", "SELECT a FROM t", "crm2"),),
        {"SELECT on database crm2 from anna@%"},
        {"SELECT on databases like crm% from anna@%", "INSERT on databases like crm% from anna@%"},
    ),
    "what hides a grant that gives more is left alone": (
        (
            "CREATE DATABASE crm2",
            "CREATE TABLE crm2.t (a int)",
            "GRANT INSERT ON `crm2%`.* TO anna@'%'",
            "GRANT SELECT ON `crm%`.* TO anna@'%'",
            "CREATE USER bert@'10.%'",
            "GRANT INSERT ON crm.tickets TO bert@'10.%'",
            "GRANT SELECT ON crm.tickets TO bert@'%'",
        ),
        (past("anna", "SELECT name FROM customers"),),
        {"INSERT on databases like crm2% from anna@%", "INSERT on table crm.tickets from bert@10.%"},
        {"SELECT on table crm.tickets from bert@%"},
    ),
    "an escaped wildcard is a name": (
        ("CREATE DATABASE c_m", "CREATE TABLE c_m.t (a int)", r"GRANT SELECT ON `c\_m`.* TO anna@'%'"),
        (past("anna", "SELECT a FROM t", "c_m"),),
        {"SELECT on database c_m from anna@%"},
        set(),
    ),
    "a role in a role is needed by who acts as the outer one": (
        (
            "CREATE ROLE readers",
            "CREATE ROLE agents",
            "GRANT SELECT ON crm.* TO readers",
            "GRANT readers TO agents",
            "GRANT agents TO anna@'%'",
            "SET DEFAULT ROLE agents FOR anna@'%'",
            "GRANT readers TO bert@'%'",
        ),
        (past("anna", "SELECT * FROM customers"),),
        {
            "membership of readers from agents",
            "membership of agents from anna@%",
            "SELECT on database crm from readers",
        },
        {"membership of readers from bert@%"},
    ),
    "a role that was taken on with SET ROLE stays": (
        (
            "CREATE ROLE agents",
            "GRANT SELECT ON crm.* TO agents",
            "GRANT agents TO anna@'%'",
            "GRANT agents TO bert@'%'",
        ),
        (past("anna", "SET ROLE agents", ""), past("anna", "SELECT * FROM crm.customers", "")),
        {"membership of agents from anna@%", "SELECT on database crm from agents"},
        {"membership of agents from bert@%"},
    ),
    "a view is read with its definer's rights, which stay": (
        (
            "CREATE DATABASE front",
            "CREATE USER keeper@'%'",
            "GRANT SELECT, INSERT ON crm.customers TO keeper@'%'",
            "CREATE DEFINER=keeper@'%' VIEW front.names AS SELECT name FROM crm.customers",
            "GRANT SELECT ON front.names TO anna@'%'",
            "GRANT SELECT ON crm.* TO anna@'%'",
        ),
        (past("anna", "SELECT * FROM names", "front"),),
        {"SELECT on table crm.customers from keeper@%", "SELECT on table front.names from anna@%"},
        {"SELECT on database crm from anna@%", "INSERT on table crm.customers from keeper@%"},
    ),
    "EXPLAIN of a view needs what the view shows, and SHOW VIEW": (
        (
            "CREATE DATABASE front",
            "CREATE VIEW front.names AS SELECT name FROM crm.customers",
            "GRANT SELECT, SHOW VIEW ON front.names TO anna@'%'",
            "GRANT SELECT ON crm.customers TO anna@'%'",
            "GRANT SELECT, SHOW VIEW ON front.names TO bert@'%'",
            "GRANT SELECT ON crm.customers TO bert@'%'",
        ),
        (past("anna", "EXPLAIN SELECT * FROM names", "front"), past("bert", "SELECT * FROM names", "front")),
        {"SELECT on table crm.customers from anna@%", "SELECT on table front.names from bert@%"},
        {"SELECT on table crm.customers from bert@%"},
    ),
    "what everybody has is needed by one": (
        ("GRANT SELECT ON crm.* TO PUBLIC", "GRANT INSERT ON crm.* TO PUBLIC"),
        (past("bert", "SELECT * FROM customers"),),
        {"SELECT on database crm from PUBLIC"},
        {"INSERT on database crm from PUBLIC"},
    ),
    "of columns those stay that were read or written": (
        (
            "GRANT SELECT (id, name, email), UPDATE (name, email), INSERT (id) ON crm.customers TO anna@'%'",
            "GRANT SELECT (customer), DELETE ON crm.tickets TO bert@'%'",
        ),
        (
            past("anna", "UPDATE customers SET email = ? WHERE id = ?"),
            past("bert", "DELETE FROM tickets WHERE customer = ?"),
        ),
        {
            "SELECT (id) on table crm.customers from anna@%",
            "UPDATE (email) on table crm.customers from anna@%",
            "SELECT (customer) on table crm.tickets from bert@%",
            "DELETE on table crm.tickets from bert@%",
        },
        {
            "SELECT (name) on table crm.customers from anna@%",
            "SELECT (email) on table crm.customers from anna@%",
            "UPDATE (name) on table crm.customers from anna@%",
            "INSERT (id) on table crm.customers from anna@%",
        },
    ),
    "a right on a table goes, and those on its columns stay": (
        ("GRANT SELECT, SELECT (id) ON crm.customers TO anna@'%'",),
        (past("anna", "SELECT id FROM customers"),),
        {"SELECT (id) on table crm.customers from anna@%"},
        {"SELECT on table crm.customers from anna@%"},
    ),
    "columns that are shown under a condition stay, whichever it was": (
        (
            "CREATE TABLE crm.`where` (id int, name text)",
            "GRANT SELECT (id, name) ON crm.`where` TO anna@'%'",
            "GRANT INSERT ON crm.tickets TO anna@'%'",
        ),
        (past("anna", "SHOW COLUMNS FROM `where` where Field = ?"),),
        {"SELECT (id) on table crm.where from anna@%", "SELECT (name) on table crm.where from anna@%"},
        {"INSERT on table crm.tickets from anna@%"},
    ),
    "REPLACE needs DELETE": (
        ("GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customers TO anna@'%'",),
        (past("anna", "REPLACE INTO customers VALUES (?, ?, ?)"),),
        {"INSERT on table crm.customers from anna@%", "DELETE on table crm.customers from anna@%"},
        {"SELECT on table crm.customers from anna@%", "UPDATE on table crm.customers from anna@%"},
    ),
    "rights on the whole server go where narrower ones do": (
        ("GRANT SELECT, INSERT, FILE ON *.* TO anna@'%'", "GRANT SELECT ON crm.customers TO anna@'%'"),
        (past("anna", "SELECT * FROM customers"),),
        {"SELECT on table crm.customers from anna@%"},
        {"SELECT on every database *.* from anna@%", "INSERT on every database *.* from anna@%"},
    ),
    "to be in a database takes some right there": (
        ("CREATE DATABASE other", "GRANT SELECT ON other.* TO anna@'%'", "GRANT SELECT ON crm.* TO anna@'%'"),
        (past("anna", "SELECT * FROM crm.customers", "other"),),
        {"SELECT on database other from anna@%", "SELECT on database crm from anna@%"},
        set(),
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap(office: Office, mariadb_clone_url: str, trap: str) -> None:
    """What stays and what goes; with the plan made, the uses run as before, and it can be taken back."""
    setup, uses, stays, goes = TRAPS[trap]
    office.do(*SHOP, *setup)
    before, ran = office.grants(), [again(office, each) for each in uses]
    planned = advised(office, mariadb_clone_url, uses)
    assert planned.advice.proof.blocked == planned.advice.proof.unproven == ()
    assert not taken(planned) & stays
    assert goes <= taken(planned)
    assert planned.advice.largest
    with place_at(office.url) as place:
        place.make(planned.advice.changes, none)
        assert [again(office, each) for each in uses] == ran
        assert {*place.made(planned.advice.changes)} == {*planned.advice.changes}
        assert place.take_back(planned.advice.changes) == []
    assert office.grants() == before


def again(office: Office, use: PastUse) -> list[int]:
    """What the server says to a past use from each of its clients, with rows in the tables."""
    role = "agents" if use.who == "anna" and not use.database else ""
    return [
        office.code(use.who, use.statement, client=client, database=use.database, role=role)
        for client in use.clients
    ]


HOSTS = ("%", "10.%", DESK, "192.168.%")
CLIENTS = (DESK, "10.9.9.9", "192.168.0.7")
DONE = (
    "SELECT * FROM {t}",
    "SELECT a FROM {t} WHERE b = ?",
    "SELECT x.a, y.b FROM {t} x JOIN {u} y ON x.a = y.a",
    "INSERT INTO {t} (a) VALUES (?)",
    "REPLACE INTO {t} (a) SELECT a FROM {u}",
    "UPDATE {t} SET a = ? WHERE b = ?",
    "DELETE FROM {t} WHERE a = ?",
    "DELETE FROM {t}",
    "EXPLAIN SELECT a FROM {t}",
)


@pytest.mark.parametrize("seed", range(4))
def test_in_random_offices_no_past_use_fails_afterwards_and_nobody_may_do_more(
    office: Office, mariadb_clone_url: str, seed: int
) -> None:
    rng = random.Random(seed)
    tables = random_office(office, rng)
    tried = [
        past(user, done.format(t=rng.choice(tables), u=rng.choice(tables)), database, clients=[client])
        for user in ("u0", "u1", "u2", "u3")
        for client in CLIENTS
        for done, database in zip(rng.choices(DONE, k=3), rng.choices(("", "s0", "s1"), k=3), strict=True)
    ]
    now = {each: again(office, each)[0] for each in tried}
    uses = [each for each in tried if rng.random() < 0.6]
    before = office.grants()
    planned = advised(office, mariadb_clone_url, uses)
    assert planned.advice.proof.blocked == ()
    assert {each.use for each in planned.advice.proof.unproven} <= {each for each in uses if now[each]}
    with place_at(office.url) as place:
        place.make(planned.advice.changes, none)
        then = {each: again(office, each)[0] for each in tried}
        failed = [(each, now[each], then[each]) for each in uses if not now[each] and then[each]]
        assert not failed
        gained = [(each, now[each], then[each]) for each in tried if now[each] and not then[each]]
        assert not gained
        assert planned.advice.changes
        place.take_back(planned.advice.changes)
    assert office.grants() == before


def random_office(office: Office, rng: random.Random) -> list[str]:
    """Databases, accounts and roles with rights on them; the names of tables and views."""
    office.do(*(f"CREATE DATABASE s{n}" for n in range(3)))
    tables = [f"s{n}.t{m}" for n in range(3) for m in range(3)]
    office.do(*(f"CREATE TABLE {each} (a int, b int)" for each in tables))
    office.do(*(f"INSERT INTO {each} VALUES (1, 2)" for each in tables))
    accounts = [f"u{n}@'{host}'" for n in range(4) for host in rng.sample(HOSTS, rng.choice((1, 2, 3)))]
    roles = [f"r{n}" for n in range(4)]
    office.do(*(f"CREATE USER {each}" for each in accounts), *(f"CREATE ROLE {each}" for each in roles))
    for n in range(4):
        definer, shown = rng.choice(accounts), rng.choice(tables)
        security = rng.choice(("DEFINER", "INVOKER"))
        name = f"s{n % 3}.v{n}"
        if office.may(
            f"CREATE DEFINER={definer} SQL SECURITY {security} VIEW {name} AS SELECT a, b FROM {shown}"
        ):
            tables.append(name)
    for n, role in enumerate(roles[1:], 1):
        if rng.random() < 0.7:
            office.do(f"GRANT {rng.choice(roles[:n])} TO {role}")
    for account in accounts:
        if rng.random() < 0.7:
            role = rng.choice(roles)
            office.do(f"GRANT {role} TO {account}")
            if rng.random() < 0.7:
                office.do(f"SET DEFAULT ROLE {role} FOR {account}")
    for holder in [*accounts, *roles, "PUBLIC", *accounts, *roles, *accounts]:
        for _ in range(2):
            right = rng.choice(("SELECT", "SELECT", "INSERT", "UPDATE", "DELETE"))
            on = rng.choice(
                (
                    rng.choice(tables), rng.choice(tables), f"s{rng.randrange(3)}.*",
                    rng.choice(("`s%`.*", "`s_`.*", "`_1`.*")), "*.*" if rng.random() < 0.2 else "s0.*",
                )
            )  # fmt: skip
            if holder == "PUBLIC" and on == "*.*":
                continue
            columns = "" if "*" in on or right == "DELETE" or rng.random() < 0.6 else f" ({rng.choice('ab')})"
            office.may(f"GRANT {right}{columns} ON {on} TO {holder}")
    office.do("FLUSH PRIVILEGES")
    return tables


def test_advice_leaves_the_server_as_it_was_and_the_clone_empty(
    office: Office, mariadb_clone_url: str
) -> None:
    office.do(
        *SHOP,
        "CREATE USER carl@'%' IDENTIFIED BY 'S3NTINEL'",
        "GRANT SELECT, INSERT ON crm.* TO carl@'%'",
        "CREATE TABLE crm.far (a int) ENGINE=MyISAM CONNECTION='mysql://x:S3NTINEL@far/db'",
        "CREATE DATABASE later",
        "CREATE TABLE later.notes (id int REFERENCES crm.customers (id))",
    )
    before = office.sums()
    for _ in range(2):
        planned = advised(office, mariadb_clone_url, [past("carl", "SELECT * FROM customers")])
        assert taken(planned) == {"INSERT on database crm from carl@%"}
    assert office.sums() == before
    with closing(clone_of(mariadb_clone_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        assert {name for (name,) in cursor.fetchall()} == {
            "information_schema", "mysql", "performance_schema", "sys", "test",
        }  # fmt: skip
        cursor.execute("SELECT User, Host FROM mysql.global_priv WHERE User NOT IN ('root', '', 'PUBLIC')")
        assert cursor.fetchall() == (("mariadb.sys", "localhost"),)
        cursor.execute("SELECT @@GLOBAL.proxy_protocol_networks, @@GLOBAL.max_statement_time")
        assert cursor.fetchall() == (("", 0),)


def test_no_secret_of_the_server_is_on_the_clone(office: Office, mariadb_clone_url: str) -> None:
    office.do(*SHOP, "CREATE USER carl@'%' IDENTIFIED BY 'S3NTINEL'")
    ((hashed,),) = office.do("SELECT PASSWORD('S3NTINEL')")
    ((kept,),) = office.do("SELECT Priv FROM mysql.global_priv WHERE User = 'carl'")
    assert hashed in kept
    with place_at(office.url, mariadb_clone_url) as place:
        place.changes()
        assert isinstance(place, MariadbPlace)
        assert place._clone is not None
        with place._clone.cursor as cursor:
            cursor.execute("SELECT Priv FROM mysql.global_priv WHERE User = 'carl'")
            ((copied,),) = cursor.fetchall()
            assert hashed not in copied
            cursor.execute("SELECT COUNT(*) FROM crm.customers")
            assert cursor.fetchall() == ((0,),)


def test_a_clone_that_is_not_empty_or_the_server_itself_is_refused(
    office: Office, mariadb_clone_url: str
) -> None:
    office.do(*SHOP)
    before = office.sums()
    uses = [past("anna", "SELECT 1")]
    with pytest.raises(UnusableInput, match=r"is the same server as"):
        advised(office, office.url, uses)
    with closing(clone_of(mariadb_clone_url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE precious")
        try:
            with pytest.raises(UnusableInput, match=r"is not empty: it has a database, precious"):
                advised(office, mariadb_clone_url, uses)
        finally:
            cursor.execute("DROP DATABASE precious")
    assert office.sums() == before


def test_a_clone_that_looks_names_up_is_refused(office: Office, mariadb_url: str) -> None:
    with pytest.raises(UnusableInput, match="looks names of hosts up") as refused:
        advised(office, f"{mariadb_url.rpartition('/')[0]}/", [past("anna", "SELECT 1")])
    assert refused.value.hint == "start it with --skip-name-resolve"


def test_without_a_clone_it_says_what_is_missing(office: Office) -> None:
    office.do(*SHOP)
    with pytest.raises(UnusableInput, match="it is tried out on an empty server") as refused:
        advise(office.url, [past("anna", "SELECT 1")])
    assert "--clone mariadb://root@127.0.0.1:3307/" in refused.value.hint


def test_other_places_need_no_clone() -> None:
    with pytest.raises(UnusableInput, match="no clone is needed"):
        place_at("postgresql://nowhere.invalid/", "mariadb://root@127.0.0.1:3307/")


def clone_of(url: str) -> "pymysql.Connection[Any]":
    port = urlsplit(url).port or 3306
    return pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True, ssl_disabled=True)


UNSEEN: dict[str, tuple[tuple[str, ...], PastUse, str]] = {
    "a routine": (
        (
            "CREATE USER keeper@'%'",
            "GRANT SELECT ON crm.customers TO keeper@'%'",
            "CREATE DEFINER=keeper@'%' FUNCTION crm.people() RETURNS int RETURN (SELECT 1 FROM customers)",
            "GRANT EXECUTE ON FUNCTION crm.people TO anna@'%'",
        ),
        past("anna", "SELECT crm.people()"),
        "nobody can see what people does",
    ),
    "a trigger": (
        (
            "CREATE USER keeper@'%'",
            "GRANT SELECT, INSERT, TRIGGER ON crm.* TO keeper@'%'",
            "CREATE DEFINER=keeper@'%' TRIGGER crm.watch AFTER INSERT ON crm.tickets FOR EACH ROW SET @x = 1",
            "GRANT INSERT ON crm.tickets TO anna@'%'",
        ),
        past("anna", "INSERT INTO tickets VALUES (?, ?)"),
        "nobody can see what watch does",
    ),
    "a statement that is not asked for": (
        ("GRANT SELECT ON crm.customers TO anna@'%'",),
        past("anna", "HANDLER customers OPEN", on=[("crm", "customers")]),
        "such a statement cannot be asked for",
    ),
    "a statement that nobody could read": (
        ("GRANT SELECT ON crm.customers TO anna@'%'",),
        past("anna", "", on=[("crm", "customers")]),
        "the statement is not known",
    ),
    "one of which the log says no more than that it calls something": (
        (
            "CREATE USER keeper@'%'",
            "GRANT SELECT ON crm.tickets TO keeper@'%'",
            "CREATE DEFINER=keeper@'%' FUNCTION crm.people() RETURNS int RETURN 1",
            "GRANT SELECT ON crm.customers TO anna@'%'",
        ),
        past("anna", "", on=[("mysql", "proc")]),
        "the statement is not known",
    ),
    "a name of a host, where patterns tell hosts apart": (
        (
            "CREATE USER bert@'10.%'",
            "GRANT SELECT ON crm.* TO bert@'%'",
            "GRANT SELECT ON crm.* TO bert@'10.%'",
        ),
        past("bert", "SELECT * FROM customers", clients=["pc7.example.com"]),
        "it depends on the address from where it came, and the log has a name",
    ),
    "a function that does something by itself": (
        ("GRANT UPDATE ON crm.customers TO anna@'%'",),
        past("anna", "UPDATE customers SET name = LOAD_FILE(?)"),
        "it names a function that is never run",
    ),
}


@pytest.mark.parametrize("sort", UNSEEN)
def test_of_what_cannot_be_asked_for_no_right_goes_that_it_may_need(
    office: Office, mariadb_clone_url: str, sort: str
) -> None:
    setup, use, why = UNSEEN[sort]
    office.do(*SHOP, *setup, "CREATE USER other@'%'", "GRANT SELECT, INSERT ON crm.* TO other@'%'")
    planned = advised(office, mariadb_clone_url, [use])
    ((unproven,), blocked) = planned.advice.proof.unproven, planned.advice.proof.blocked
    assert unproven.why == why
    assert not blocked
    assert taken(planned) == {f"{right} on database crm from other@%" for right in ("SELECT", "INSERT")}


DUMPED = ("SELECT table_name FROM information_schema.tables", "")


@pytest.mark.parametrize("statement", DUMPED)
def test_who_dumps_everything_keeps_no_rights_of_those_who_made_things(
    office: Office, mariadb_clone_url: str, statement: str
) -> None:
    office.do(
        *SHOP,
        "CREATE VIEW crm.names AS SELECT name FROM crm.customers",
        "CREATE ROLE agents",
        "GRANT INSERT ON crm.* TO agents",
        "GRANT agents TO anna@'%'",
        "CREATE USER keeper@'%'",
        "GRANT SELECT, DELETE ON crm.customers TO keeper@'%'",
        "CREATE DEFINER=keeper@'%' VIEW crm.ids AS SELECT id FROM crm.customers",
        "CREATE USER backup@'%'",
        "GRANT SELECT ON *.* TO backup@'%'",
    )
    planned = advised(office, mariadb_clone_url, [past("backup", statement), past("anna", "SELECT 1", "")])
    kept = {"SELECT on every database *.* from backup@%", "SELECT on table crm.customers from keeper@%"}
    kept |= set() if statement else {"DELETE on table crm.customers from keeper@%"}
    assert {each.change.says for each in planned.advice.needed} == kept
    assert "INSERT on database crm from agents" in taken(planned)
    title, *told = [*needed_lines(planned.advice.needed, whole=True)][1:]
    assert title == "Kept, since nobody knows what uses that could not be checked need:"
    assert told == [f"  {each}: backup" for each in sorted(kept)]


def test_to_find_out_what_one_needs_the_rights_of_others_are_not_taken_away(
    office: Office, mariadb_clone_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each statement on the clone takes time: with hundreds of accounts it is hours else."""
    names = [f"u{number}" for number in range(12)]
    office.do(*SHOP, "CREATE DATABASE hr", "CREATE TABLE hr.staff (id int)")
    for name in names:
        office.do(f"CREATE USER {name}@'%'", f"GRANT SELECT, INSERT, UPDATE ON crm.* TO {name}@'%'")
        office.do(f"GRANT SELECT, INSERT ON hr.* TO {name}@'%'")
    made: list[int] = []
    put = Clone.put

    def counted(clone: Clone, changes: Sequence[Change], **how: Any) -> None:
        made.append(len({each.of for each in changes}))
        put(clone, changes, **how)

    monkeypatch.setattr(Clone, "put", counted)
    did = ("SHOW TABLES FROM hr", "SHOW CREATE DATABASE hr")
    planned = advised(office, mariadb_clone_url, [past(name, each) for name in names for each in did])
    assert len([each for each in made if each > 1]) < 20
    assert len(planned.advice.changes) == 3 * len(names)


def test_what_cannot_be_copied_is_named(office: Office, mariadb_clone_url: str) -> None:
    office.do(
        *SHOP,
        "CREATE USER keeper@'%'",
        "GRANT SELECT ON crm.* TO keeper@'%'",
        "CREATE DEFINER=keeper@'%' VIEW crm.one AS SELECT id FROM crm.tickets",
        "CREATE VIEW crm.two AS SELECT id FROM crm.one",
        "GRANT SELECT ON crm.two TO anna@'%'",
        "DROP USER keeper@'%'",
    )
    planned = advised(office, mariadb_clone_url, [past("anna", "SELECT * FROM two")])
    ((unproven,), _) = planned.advice.proof.unproven, planned.advice.proof.blocked
    assert unproven.why.startswith("crm.two could not be copied: ")
    assert taken(planned) == set()


def test_who_takes_part_from_any_host_is_proved_whatever_the_log_calls_it(
    office: Office, mariadb_clone_url: str
) -> None:
    office.do(*SHOP, "GRANT SELECT, INSERT ON crm.* TO bert@'%'")
    uses = [past("bert", "SELECT * FROM customers", clients=["pc7.example.com", "localhost", "::1"])]
    planned = advised(office, mariadb_clone_url, uses)
    assert planned.advice.proof.unproven == ()
    assert taken(planned) == {"INSERT on database crm from bert@%"}


def test_where_grants_for_two_hosts_fit_equally_neither_is_touched(
    office: Office, mariadb_clone_url: str
) -> None:
    """Which of them counts, the server finds anew whenever it reads its grants."""
    office.do(
        *SHOP,
        "CREATE DATABASE hr",
        "CREATE TABLE hr.staff (id int)",
        f"CREATE USER carl@'{DESK}'",
        "CREATE USER carl@'10.0.0.0/255.0.0.0'",
        f"GRANT SELECT ON crm.* TO carl@'{DESK}'",
        "GRANT SELECT, DELETE ON crm.* TO carl@'10.0.0.0/255.0.0.0'",
        f"GRANT SELECT ON hr.* TO carl@'{DESK}'",
    )
    planned = advised(office, mariadb_clone_url, [past("carl", "SELECT * FROM customers")])
    ((unproven,), _) = planned.advice.proof.unproven, planned.advice.proof.blocked
    assert unproven.why == "grants for two hosts fit equally from where it came, and the server takes either"
    assert taken(planned) == {f"SELECT on database hr from carl@{DESK}"}
