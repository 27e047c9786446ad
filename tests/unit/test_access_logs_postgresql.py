"""PostgreSQL's logs without pgaudit: statements, how long they took, their plans, and what broke off.

The forms are those that PostgreSQL 15 wrote.
"""

import io
import json

import pytest

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs import Lines, Log, postgresql_csv

READ = "SELECT name FROM crm.customers WHERE id = 1"
NESTED = "(SELECT count(*) FROM crm.secret)"
SCAN = "Seq Scan on customers  (cost=0.00..25.88 rows=6 width=32)\n  Filter: (id = 1)"


def line(message: str, *, tag: str = "SELECT", state: str = "", of: str = "", session: str = "a") -> str:
    """A line of the log.  state, of  of an error: its SQLSTATE, and the statement"""
    level, text = (f"ERROR,{state}" if state else "LOG,00000"), message.replace('"', '""')
    return (
        f'2026-11-23 05:14:20.096 UTC,"anna","crm",6200,"10.0.0.5:46864",6b.{session},3,"{tag}",'
        f'2026-11-23 05:14:20 UTC,4/2,0,{level},"{text}",,,,,,"{of}",,,"desk","client backend",,0\n'
    )


def plan(statement: str, *, parameters: str = "", nodes: str = SCAN) -> str:
    return line(f"duration: 0.005 ms  plan:\nQuery Text: {statement}\n{parameters}{nodes}")


def told(*text: str) -> tuple[list[str], list[str]]:
    found = [*postgresql_csv.read(Lines(io.BytesIO("".join(text).encode())), Log("log"))]
    statements = [each.statement for each in found if isinstance(each, AccessEvent)]
    return statements, [each.why for each in found if isinstance(each, Unread)]


@pytest.mark.parametrize(
    "text",
    [
        (line(f"statement: {READ}", tag="idle"), line("duration: 0.323 ms")),
        (line(f"statement: {READ}", tag="idle"), plan(READ), line("duration: 0.323 ms")),
        (line(f"duration: 0.323 ms  statement: {READ}"),),
        (plan(READ), line(f"duration: 0.323 ms  statement: {READ}")),
        (plan(READ),),
        (plan(READ), line("duration: 0.323 ms")),
        (
            line("duration: 0.043 ms", tag="PARSE"),
            line("duration: 0.031 ms", tag="BIND"),
            line(f"execute <unnamed>: {READ}"),
            line("duration: 0.004 ms"),
            line(f"execute fetch from <unnamed>: {READ}"),
            line("duration: 0.004 ms"),
        ),
    ],
)
def test_a_statement_that_several_lines_tell_of_is_one_use(text: tuple[str, ...]) -> None:
    assert told(*text) == ([READ], [])


@pytest.mark.parametrize(
    ("message", "statement"),
    [
        ("Query Text: SELECT 1\n FROM a\n" + SCAN, "SELECT 1\n FROM a"),
        ("Query Text: SELECT $1\nQuery Parameters: $1 = '7'\n" + SCAN, "SELECT $1"),
        ("Query Text: SELECT 'x\n  (cost=1' FROM a\nAggregate  (cost=1..2)\n  ->  " + SCAN,
         "SELECT 'x\n  (cost=1' FROM a"),
        ("Query Text: SELECT 1\nResult  (actual time=0.0 rows=1 loops=1)\nTrigger t: time=1", "SELECT 1"),
        (json.dumps({"Query Text": 'SELECT "Id"\nFROM a', "Plan": {}}, indent=2), 'SELECT "Id"\nFROM a'),
    ],
)  # fmt: skip
def test_plans_name_the_statement_that_was_run(message: str, statement: str) -> None:
    assert told(line(f"duration: 0.005 ms  plan:\n{message}")) == ([statement], [])


def test_each_run_of_a_statement_has_a_plan() -> None:
    assert told(plan(READ), plan(READ)) == ([READ, READ], [])


def test_what_a_function_runs_is_a_use_beside_the_statement_that_calls_it() -> None:
    call = "SELECT crm.f()"
    asked = line(f"statement: {call}", tag="idle"), plan(NESTED), plan(call), line("duration: 0.3 ms")
    assert told(*asked) == ([NESTED, call], [])


def test_a_plan_in_another_form_is_not_read_where_nothing_else_names_its_statement() -> None:
    xml = line("duration: 0.005 ms  plan:\n<explain>\n  <Query-Text>SELECT 1</Query-Text>\n</explain>")
    yaml = line('duration: 0.005 ms  plan:\nQuery Text: "SELECT 1"\nPlan: \n  Node Type: "Result"')
    assert told(xml, yaml) == ([], ["a plan of auto_explain that is neither text nor JSON, or torn"] * 2)
    assert told(line("statement: SELECT 1", tag="idle"), xml) == (["SELECT 1"], [])


def test_statements_of_which_only_the_time_is_logged_are_said_to_be_unknown() -> None:
    why = "the log says how long a statement took, and not which one it was"
    time, other = line("duration: 0.323 ms"), line("duration: 0.004 ms", tag="BEGIN")
    assert told(other, time, time) == ([], [why, why])
    assert told(line("duration: 9 ms  statement: SELECT 1"), time) == (["SELECT 1"], [why])


def test_the_time_of_a_statement_that_was_taken_in_before_is_no_other_one() -> None:
    """The log grew, and begins with it for us."""
    text = line("duration: 323 ms"), line(f"statement: {READ}", tag="idle"), line("duration: 1 ms")
    assert told(*text) == ([READ], [])


@pytest.mark.parametrize("before", [(), (line("duration: 1 ms  statement: SELECT 1"),)])
def test_what_broke_off_and_has_no_line_of_its_own_is_a_use(before: tuple[str, ...]) -> None:
    """As where statements are logged when they have ended."""
    broke = line("canceling statement due to statement timeout", state="57014", of=READ)
    refused = line("permission denied for table customers", state="42501", of=READ)
    other = line("duration: 1 ms  statement: SELECT 2", session="b")
    assert READ in told(*before, broke, other)[0]
    assert READ not in told(*before, refused, other)[0]


def test_errors_alone_are_no_log_of_uses() -> None:
    """Every server logs them: else all that was not refused would count as unused."""
    assert told(line("division by zero", state="22012", of="SELECT 1/0 FROM a")) == ([], [])
