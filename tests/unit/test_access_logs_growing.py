"""Access logs that still grow: read in stretches, they tell what they tell when they are read at once."""

import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs import Lines, Log, kind_of

NOW = 1_795_500_000_000_000
SECOND = 1_000_000


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW / SECOND + seconds, UTC)


def in_csv(message: str, session: str, seconds: float) -> str:
    stamp = at(seconds).isoformat(" ", "milliseconds").replace("+00:00", " UTC")
    quoted = message.replace('"', '""')
    return (
        f'{stamp},"anna","crm",62,"10.0.0.5:4686",{session},3,"SELECT",2026-11-23 05:14:20 UTC,4/2,0,LOG,'
        f'00000,"{quoted}",,,,,,,,,"desk","client backend",,0\n'
    )


def in_json(message: str, session: str, seconds: float) -> str:
    made = {
        "timestamp": at(seconds).isoformat(" ", "milliseconds").replace("+00:00", " UTC"),
        "user": "anna", "dbname": "crm", "session_id": session, "error_severity": "LOG", "ps": "SELECT",
        "message": message,
    }  # fmt: skip
    return json.dumps(made, separators=(",", ":")) + "\n"


Form = Callable[[str, str, float], str]


def audit(table: str, seconds: float, *, session: str = "a", number: int = 1, form: Form = in_csv) -> str:
    statement = f'"select {number}\nfrom a join b using (id)"'
    text = f"AUDIT: SESSION,{number},1,READ,SELECT,TABLE,public.{table},{statement},<none>"
    return form(text, session, seconds)


def audited(what: str, rest: str, seconds: float, *, connection: int = 7, query: int = 9) -> str:
    return f"{at(seconds):%Y%m%d %H:%M:%S},srv,anna,10.0.0.5,{connection},{query},{what},{rest}\n"


def read(text: str, before: Lines | None = None, now: float = 0) -> tuple[list[AccessEvent], Lines]:
    """What one import takes of a log, and how far it came. before: of the import before"""
    _, kind = kind_of(text.encode(), "log")
    lines = Lines(io.BytesIO(text.encode()))
    if before is not None:
        assert lines.pass_over(before.settled, before.first - 1) == before.digest
    found = list(kind.read(lines, Log("log", clock=lambda: NOW + int(now * SECOND))))
    assert not [each for each in found if isinstance(each, Unread)]
    return [each for each in found if isinstance(each, AccessEvent)], lines


def in_stretches(text: str, ends: Sequence[int], now: Callable[[int], float]) -> list[AccessEvent]:
    """What imports take that find the first `ends` characters of the log, one after the other."""
    taken: list[AccessEvent] = []
    lines: Lines | None = None
    for end in ends:
        events, lines = read(text[:end], lines, now(end))
        taken += events
    return taken


@pytest.mark.parametrize("form", [in_csv, in_json])
def test_a_statement_whose_lines_come_between_two_imports_is_one_use(form: Form) -> None:
    first = audit("a", -60, session="b", form=form) + audit("a", -1, form=form)
    whole = first + audit("b", -1, form=form)
    events, lines = read(first)
    assert [each.on for each in events] == [(("crm", "public", "a"),)]
    assert (lines.first - 1, lines.waiting) == (first.count("\n") // 2, first.count("\n") // 2)
    again, _ = read(whole, lines, now=30)
    assert [each.on for each in again] == [(("crm", "public", "a"), ("crm", "public", "b"))]


def test_a_query_whose_line_comes_after_an_import_is_one_use() -> None:
    table = audited("READ", "crm,customers,", -8)
    events, lines = read(table)
    assert (events, lines.settled, lines.waiting) == ([], 0, 1)
    query = audited("QUERY", "crm,'select * from customers',0", 4)
    (event,), lines = read(table + query, lines, now=5)
    assert (event.on, event.statement) == ((("crm", "customers"),), "select * from customers")
    assert (lines.settled, lines.waiting) == (len(table + query), 0)


def test_a_query_that_began_minutes_ago_and_ends_among_what_waits_is_one_use() -> None:
    first = (
        audited("READ", "crm,big,", -100, connection=2, query=2)
        + audited("QUERY", "crm,'select 2',0", -50, connection=1, query=3)
        + audited("READ", "crm,c,", -10, connection=3, query=4)
        + audited("QUERY", "crm,'select 3 from big',0", -5, connection=2, query=2)
    )
    whole = first + audited("QUERY", "crm,'select 4 from c',0", 1, connection=3, query=4)
    taken = in_stretches(whole, [len(first), len(whole)], lambda end: 0 if end == len(first) else 600)
    assert sorted((each.statement, each.on) for each in taken) == [
        ("select 2", ()), ("select 3 from big", (("crm", "big"),)), ("select 4 from c", (("crm", "c"),)),
    ]  # fmt: skip


def test_what_waits_of_the_last_seconds_is_not_less_for_what_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trapstreet.plugins.accesslogs._ending._MOST", 10)
    for count in range(20):
        before = "".join(audited("QUERY", "crm,'select 1',0", -200, query=n + 1) for n in range(count))
        begun = audited("READ", "crm,c,", -10, connection=3, query=99)
        others = "".join(audited("QUERY", "crm,'select 1',0", -9, query=n + 100) for n in range(9))
        _, lines = read(before + begun + others)
        assert (lines.first, lines.waiting) == (count + 1, 10)


@pytest.mark.parametrize("now", [2.5, 3_600, -3_600])
def test_all_is_taken_of_a_log_that_nobody_writes_now(now: float) -> None:
    text = audit("a", -1) + audit("a", 0, number=2)
    events, lines = read(text, now=now)
    assert (len(events), lines.settled, lines.waiting) == (2, len(text), 0)


def test_of_what_others_did_meanwhile_nothing_counts_twice() -> None:
    """Statements of many sessions lie one within the other; the log is imported again and again."""
    draw = random.Random(5)
    made: list[tuple[float, str]] = []
    for number in range(400):
        begin, session = -draw.random() * 20, str(draw.randrange(12))
        made.append((begin, audit("a", begin, session=session, number=number)))
        if draw.random() < 0.5:
            later = begin + draw.random() * 0.01
            made.append((later, audit("b", later, session=session, number=number)))
    made.sort()
    text = "".join(each for _, each in made)
    ends = [sum(len(each) for _, each in made[: n + 1]) for n in range(0, len(made), 9)] + [len(text)]
    when = {
        end: made[min(at, len(made) - 1)][0] for end, at in zip(ends, range(0, len(made), 9), strict=False)
    }
    whole = sorted((each.time, each.statement, each.on) for each in read(text, now=60)[0])
    taken = in_stretches(text, [*ends, len(text)], lambda end: when.get(end, 60) if end < len(text) else 60)
    assert sorted((each.time, each.statement, each.on) for each in taken) == whole
    assert len(whole) >= 400


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.accesslogs._ending._MOST", 10)
    text = "".join(audit("a", -1, number=n, session=str(n)) for n in range(95))
    events, lines = read(text)
    assert len(events) >= 80
    assert lines.waiting <= 2 * 2 * 10
    again, _ = read(text, lines, now=60)
    assert len(events) + len(again) == 95
    odd = audit("a", -1, session="odd")
    events, lines = read(odd + "".join(audit("a", -1e6 + n, number=n, session=str(n)) for n in range(95)))
    assert (len(events), lines.waiting) == (96, 0)
