"""What a server_audit.log leaves open: which statements may not say what was asked, and names in it."""

import io

import pytest

from trapstreet.core.model.access_events import AccessEvent, Act, Doubt
from trapstreet.plugins.accesslogs import Lines, Log, kind_of

BEGINS = "20261123 13:18:05,srv,anna,10.0.0.5"


def events_in(text: str) -> list[AccessEvent]:
    _, kind = kind_of(text.encode(), "log")
    found = list(kind.read(Lines(io.BytesIO(text.encode())), Log("log", None)))
    assert all(isinstance(each, AccessEvent) for each in found)
    return [each for each in found if isinstance(each, AccessEvent)]


def session(*statements: str, number: int = 8, came: bool = True, status: int = 0) -> str:
    """A connection's lines."""
    lines = [f"{BEGINS},{number},0,CONNECT,crm,,0"] if came else []
    escaped = (each.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") for each in statements)
    lines += [f"{BEGINS},{number},{n},QUERY,crm,'{each}',{status}" for n, each in enumerate(escaped, 10)]
    return "".join(f"{each}\n" for each in lines)


def doubts(text: str) -> dict[str, Doubt]:
    return {each.statement: each.doubt for each in events_in(text) if each.statement}


@pytest.mark.parametrize(
    ("statement", "doubt"),
    [
        ("SET NAMES utf8mb4", Doubt.NONE),
        ("SELECT @@sql_mode", Doubt.NONE),
        ("SET sql_mode='ANSI_QUOTES'", Doubt.QUOTES),
        ('set session sql_mode="ANSI,TRADITIONAL"', Doubt.QUOTES),
        ("SET @@SESSION.sql_mode := 'NO_BACKSLASH_ESCAPES'", Doubt.QUOTES),
        ("SET autocommit=1, sql_mode=ORACLE", Doubt.QUOTES),
        ("SET sql_mode=4", Doubt.QUOTES),
        ("SET sql_mode=@mine", Doubt.QUOTES),
        ("SET sql_mode=CONCAT(@@sql_mode, @more)", Doubt.QUOTES),
        ("SET sql_mode='TRADITIONAL,NO_ENGINE_SUBSTITUTION'", Doubt.NONE),
        ("SET sql_mode=''", Doubt.NONE),
        ("SET SESSION sql_mode=STRICT_ALL_TABLES, autocommit=0", Doubt.NONE),
        ("SET @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), ',X'), a=0", Doubt.NONE),
        ("SET sql_mode=(SELECT REPLACE(@@sql_mode,'ONLY_FULL_GROUP_BY',''))", Doubt.NONE),
        ("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", Doubt.NONE),
        ("/*!40101 SET SQL_MODE=@OLD_SQL_MODE */", Doubt.NONE),
    ],
)
def test_a_session_that_reads_quotes_in_another_way_is_told_from_what_it_set(
    statement: str, doubt: Doubt
) -> None:
    assert doubts(session(statement, "SELECT 1"))["SELECT 1"] == doubt


def test_a_mode_holds_for_its_session_until_it_is_set_anew() -> None:
    told = doubts(
        session("SELECT 1", "SET sql_mode='ANSI'", "SELECT 2", "SET sql_mode='TRADITIONAL'", "SELECT 3")
        + session("SELECT 4", number=9)
        + session("SET GLOBAL sql_mode='ANSI'", number=10)
        + session("SELECT 5", number=11)
    )
    assert [told[f"SELECT {n}"] for n in range(1, 6)] == [
        Doubt.NONE, Doubt.QUOTES, Doubt.NONE, Doubt.NONE, Doubt.QUOTES,
    ]  # fmt: skip


def test_of_a_session_that_began_before_the_log_nobody_knows_what_it_set() -> None:
    told = doubts(session("SELECT 1", "SET sql_mode='TRADITIONAL'", "SELECT 2", came=False))
    assert (told["SELECT 1"], told["SELECT 2"]) == (Doubt.QUOTES, Doubt.NONE)


def of_size(size: int, name: str) -> str:
    return f"SELECT {name}".ljust(size)


def test_statements_as_long_as_any_may_be_cut_and_shorter_ones_are_not() -> None:
    sizes = {"a": 600, "b": 1022, "c": 1023, "d": 700, "e": 1024, "f": 1024, "g": 1022}
    told = doubts(session(*(of_size(size, name) for name, size in sizes.items())))
    cut = {text.split()[1] for text, doubt in told.items() if doubt == Doubt.CUT}
    assert cut == {"c", "e", "f"}
    assert len(told) == len(sizes)


def test_what_counts_is_bytes_as_the_log_has_them() -> None:
    told = doubts(session(of_size(1000, "'\\n'"), of_size(1003, "x"), of_size(900, "ü" * 52)))
    assert [*told.values()].count(Doubt.CUT) == 2


def test_short_statements_are_not_cut_and_many_of_one_length_are_told_at_once() -> None:
    assert Doubt.CUT not in doubts(session(of_size(400, "a"), of_size(399, "b"))).values()
    many = doubts(session(*(of_size(800, f"a{n}") for n in range(500)), of_size(2000, "z")))
    assert len(many) == 501
    assert of_size(2000, "z") in {text for text, doubt in many.items() if doubt == Doubt.CUT}


def test_names_with_commas_are_told_from_what_stands_around_them() -> None:
    begins = "20261123 13:18:05,srv,co,mma,10.0.0.5,8"
    log = (
        f"{begins},0,CONNECT,a,b,,0\n{begins},7,READ,a,b,t,\n{begins},7,QUERY,a,b,'SELECT * FROM t',0\n"
        f"{begins},0,DISCONNECT,a,b,,0\n"
    )
    assert [(each.who, each.act, each.database, each.on) for each in events_in(log)] == [
        ("co,mma", Act.CONNECT, "a,b", ()),
        ("co,mma", Act.READ, "a,b", (("a", "b,t"), ("a,b", "t"))),
    ]


def test_what_an_event_does_is_its_definers_and_its_list_is_nobodys() -> None:
    log = (
        "20261123 13:18:05,srv,event_scheduler,,1,0,WRITE,mysql,event,\n"
        "20261123 13:18:05,srv,event_scheduler,,6,0,READ,mysql,event,\n"
        "20261123 13:18:05,srv,root,%,6,61,WRITE,crm,t,\n"
        "20261123 13:18:05,srv,event_scheduler,,6,61,QUERY,mysql,'INSERT INTO t VALUES (7)',0\n"
    )
    assert [(each.who, each.statement) for each in events_in(log)] == [("root", "INSERT INTO t VALUES (7)")]
