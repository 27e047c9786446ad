"""Logs of who opened which file: what Samba and auditd write, torn, mixed, with odd names."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log, auditd, kind_of, own

SHARE = "/srv/share"
DONE = f"anna|10.0.0.5|desk7|sales|{SHARE}|"
READ = f"{DONE}create_file|ok|0x120089|file|open|{SHARE}/2026/plan.csv"
SMBD = "../../source3/modules/vfs_full_audit.c:643(do_log)\n  "
CALL = (
    "type=SYSCALL msg=audit({at}): arch=c000003e syscall={call} success={well} exit=3 a0={a0} a1={a1} a2={a2}"
    " a3=0 items={items} pid=2 auid={auid} uid={uid} gid=5 euid={uid} suid={uid} fsuid={uid}"
    ' fsgid=5 tty=pts0 ses=1 comm="cat" exe="/bin/cat" subj=unconfined key="share"\x1dARCH=x86_64'
    ' SYSCALL=openat AUID="{login}" UID="{name}" GID="staff" FSUID="{name}"\n'
)
AT, LATER = "1795410860.103:24287", "1795410861.000:24288"


def told(text: str, zone: str = "") -> tuple[list[AccessEvent], list[Unread]]:
    data = text.encode("utf-8", "surrogateescape")
    _, kind = kind_of(data, "log")
    lines = Lines(io.BytesIO(data))
    found = list(kind.read(lines, Log("log", ZoneInfo(zone) if zone else None, SHARE)))
    assert lines.settled == len(data)
    return [each for each in found if isinstance(each, AccessEvent)], [
        each for each in found if isinstance(each, Unread)
    ]


@pytest.mark.parametrize(
    ("head", "zone"),
    [
        ("2026-11-23T06:14:20.000000+01:00 files smbd_audit[812]: ", ""),
        ("2026-11-23T05:14:20Z files smbd_audit: ", ""),
        (f"[2026/11/23 06:14:20.000000,  1] {SMBD}", "Europe/Berlin"),
        (f"[2026/11/23 05:14:20.000000,  1, pid=7] {SMBD}", ""),
    ],
)  # fmt: skip
def test_samba_tells_who_read_what_in_each_of_its_forms(head: str, zone: str) -> None:
    events, unread = told(f"{head}{READ}\n", zone)
    assert not unread
    assert events == [
        AccessEvent(
            1_795_410_860_000_000, "anna", Act.READ, ((f"{SHARE}/2026", "plan.csv"),), client="10.0.0.5"
        )
    ]


def test_a_syslog_without_years_means_the_last_one_that_was() -> None:
    events, _ = told(
        f"Jan  2 10:00:00 files smbd_audit[1]: {READ}\nJan  2 10:00:00 files cron[3]: nothing of ours\n"
    )
    (event,) = events
    now = datetime.now(UTC)
    assert (
        now - timedelta(days=367)
        < datetime.fromtimestamp(event.time // 1_000_000, UTC)
        <= now + timedelta(days=1)
    )


@pytest.mark.parametrize(
    ("done", "act"),
    [
        ("create_file|ok|0x120089|file|open|{}", Act.READ),
        ("create_file|ok|0x120116|file|overwrite_if|{}", Act.WRITE),
        ("create_file|ok|0x20|file|open|{}", Act.READ),
        ("create_file|ok|0x80|file|open|{}", None),  # its size and dates
        ("create_file|fail (Permission denied)|0x120089|file|open|{}", None),
        ("openat|ok|r|{}", None),  # each file of a folder that is listed
        ("openat|ok|w|{}", Act.WRITE),
        ("open|ok|r|{}", Act.READ),  # Samba before 4.15
        ("pread_recv|ok|{}", Act.READ),
        ("unlinkat|ok|{}", Act.WRITE),
        ("connect|ok|sales", None),
    ],
)
def test_what_samba_did_is_a_use_or_none(done: str, act: Act | None) -> None:
    name = f"{SHARE}/a|b 'c'.csv"
    events, unread = told(f"2026-11-23T05:14:20Z files smbd_audit: {DONE}{done.format(name)}\n")
    assert not unread
    assert [(each.act, each.on) for each in events] == ([(act, ((SHARE, "a|b 'c'.csv"),))] if act else [])


def test_paths_within_a_share_are_placed_by_its_folder() -> None:
    line = "2026-11-23T05:14:20Z files smbd_audit: {}|create_file|ok|0x1|file|open|hr/a.csv\n"
    for prefix, folder in (
        ("anna|10.0.0.5", f"{SHARE}/hr"),
        ("anna|10.0.0.5|sales|/data/sales", "/data/sales/hr"),
    ):
        events, _ = told(line.format(prefix))
        assert [each.on for each in events] == [((folder, "a.csv"),)]


def test_one_read_is_one_use_however_many_lines_tell_of_it() -> None:
    head = "2026-11-23T05:14:2{}Z files smbd_audit: "
    events, _ = told(
        f"{head.format(0)}{READ}\n{head.format(0)}{DONE}pread_recv|ok|{SHARE}/2026/plan.csv\n{head.format(9)}{READ}\n"
    )
    assert len(events) == 2


def test_a_torn_line_of_samba_is_said_and_the_next_is_read() -> None:
    head = "2026-11-23T05:14:20Z files smbd_audit: "
    events, unread = told(f"{head}anna|10.0\n{head}{READ}\n{head}{DONE}create_file|ok|0xZZ|file|open|/x\n")
    assert len(events) == 1
    assert [each.line for each in unread] == [1, 3]


def call(at: str = AT, **of: str) -> str:
    usual = {
        "call": "257", "well": "yes", "a0": "ffffff9c", "a1": "7ffe", "a2": "0", "items": "1", "auid": "1001",
        "uid": "1001", "login": "anna", "name": "anna",
    }  # fmt: skip
    return CALL.format(at=at, **usual | of)


def path(name: str, at: str = AT, mode: str = "0100640", kind: str = "NORMAL", item: int = 0) -> str:
    return (
        f"type=PATH msg=audit({at}): item={item} name={name} inode=4 dev=fd:00 mode={mode} ouid=0 ogid=0"
        f" rdev=00:00 nametype={kind} cap_fp=0\n"
    )


def cwd(folder: str = "/home/anna", at: str = AT) -> str:
    return f'type=CWD msg=audit({at}): cwd="{folder}"\n'


def test_records_of_two_events_that_are_mixed_are_told_apart() -> None:
    text = (
        call() + call(LATER, uid="1002", auid="1002", name="bert", login="bert")
        + cwd(at=LATER) + cwd() + path('"/srv/share/b.csv"', LATER) + path('"notes/a.csv"')
        + f"type=PROCTITLE msg=audit({AT}): proctitle=636174\n"
    )  # fmt: skip
    events, unread = told(text)
    assert not unread
    assert [(each.who, each.on, each.time, each.program) for each in events] == [
        ("bert", (("/srv/share", "b.csv"),), 1_795_410_861_000_000, "cat"),
        ("anna", (("/home/anna/notes", "a.csv"),), 1_795_410_860_103_000, "cat"),
    ]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({}, ("anna", Act.READ)),
        ({"a2": "8241"}, ("anna", Act.WRITE)),  # O_WRONLY
        ({"call": "2", "a1": "2"}, ("anna", Act.WRITE)),  # open, O_RDWR
        ({"call": "87"}, ("anna", Act.WRITE)),  # unlink
        ({"well": "no"}, None),
        ({"call": "59"}, ("anna", Act.READ)),  # execve
        ({"call": "264", "a2": "ffffff9c"}, ("anna", Act.WRITE)),  # renameat
        ({"call": "84"}, ("anna", Act.WRITE)),  # rmdir
        ({"call": "268"}, None),  # fchmodat
        ({"uid": "0", "name": "root"}, ("anna", Act.READ)),  # by sudo
        ({"uid": "33", "name": "www-data", "auid": "4294967295", "login": "unset"}, ("www-data", Act.READ)),
        ({"uid": "33", "name": "www-data"}, ("www-data", Act.READ)),  # by su: its rights were used
    ],
)
def test_a_call_is_a_use_by_whose_rights_it_was(of: dict[str, str], expected: tuple[str, Act] | None) -> None:
    events, unread = told(call(**of) + cwd() + path('"/srv/share/a.csv"'))
    assert not unread
    assert [(each.who, each.act) for each in events] == ([expected] if expected else [])


def test_names_with_odd_characters_stand_in_hexadecimal() -> None:
    name = b"/srv/share/a b\n'\xe4.csv".hex().upper()
    events, _ = told(call() + cwd() + path(name))
    assert [each.on for each in events] == [(("/srv/share", "a b\n'\udce4.csv"),)]


def test_what_is_made_is_a_use_and_not_the_folder_above_it() -> None:
    text = call(items="3") + cwd() + path('"/srv/share"', kind="PARENT", mode="040755", item=0)
    text += path('"/srv/share/new.csv"', kind="CREATE", item=1) + path('"/dev/tty"', mode="020620", item=2)
    events, unread = told(text)
    assert [each.on for each in events] == [(("/srv/share", "new.csv"),)] and not unread


def test_to_list_a_folder_is_a_use_of_it() -> None:
    events, unread = told(call(a2="90800") + cwd("/srv/share/hr") + path('"."', mode="042770"))
    assert [(each.on, each.act) for each in events] == [((("/srv/share", "hr"),), Act.READ)] and not unread


def test_calls_of_other_machines_count_where_the_log_has_their_names() -> None:
    text = call().replace("c000003e", "80000016") + cwd() + path('"/srv/share/a.csv"')
    events, _ = told(text)
    assert [each.on for each in events] == [(("/srv/share", "a.csv"),)]
    events, unread = told(text.replace(" SYSCALL=openat", ""))
    assert not events
    assert [each.why for each in unread] == [
        "a system call of a kind of machine that is not known, without its name"
    ]


def test_what_openat2_is_for_is_in_a_record_of_its_own() -> None:
    flags = f"type=OPENAT2 msg=audit({AT}): oflag=0100001 mode=0600 resolve=0x4\n"
    events, _ = told(call(call="437") + flags + cwd() + path('"a.csv"'))
    assert [each.act for each in events] == [Act.WRITE]


def test_what_cannot_be_told_of_the_audit_log_is_said() -> None:
    text = (
        call(a0="5")
        + cwd()
        + path('"a.csv"')
        + "nonsense\n"
        + call(LATER)
        + cwd(at=LATER)
        + path('"/x/y"', LATER)
    )
    events, unread = told(text)
    assert [each.on for each in events] == [(("/x", "y"),)]
    assert [each.why for each in unread] == [
        "a file is named from a folder that is not told, and is not there now",
        "torn, or no line of an audit.log",
    ]


def test_an_event_of_which_records_are_missing_costs_itself_alone() -> None:
    """A log may begin within an event, where it was rotated."""
    whole = call(LATER) + cwd(at=LATER) + path('"/x/y"', LATER)
    for torn in (path('"/srv/share/a.csv"'), call() + cwd()):
        for text in (torn + whole, whole + torn):
            events, unread = told(text)
            assert [each.on for each in events] == [(("/x", "y"),)]
            assert [each.why for each in unread] == ["the rest of an event is missing"]
    other = call().replace("arch=c000003e ", "") + cwd() + path('"/srv/share/a.csv"')
    events, unread = told(other + whole)
    assert [each.on for each in events] == [(("/x", "y"),)]
    assert [each.why for each in unread] == ["a system call of another form"]


def test_hosts_in_one_audit_log_have_their_own_times_and_numbers() -> None:
    early, late = "1795410860.000:7", "1795410863.000:7"
    b = [f"node=b {each}" for each in (call(early), cwd(at=early) + "node=b " + path('"/srv/b"', early))]
    a = [f"node=a {each}" for each in (call(late), cwd(at=late) + "node=a " + path('"/srv/a"', late))]
    events, unread = told(b[0] + a[0] + b[1] + a[1])
    assert [each.on[0][1] for each in events] == ["b", "a"] and not unread
    events, unread = told(b[0] + a[0] + a[1])
    assert [each.on[0][1] for each in events] == ["a"]
    assert [each.line for each in unread] == [1]


def test_of_many_hosts_that_go_silent_the_first_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditd, "_MOST_HOSTS", 3)
    lines = Lines(io.BytesIO("".join(f"node=n{n} {call()}" for n in range(5)).encode()))
    found = auditd.read(lines, Log("log"))
    assert isinstance(first := next(found), Unread)
    assert (first.line, lines.number) == (1, 4)
    assert [each.line for each in found if isinstance(each, Unread)] == [2, 3, 4, 5]


def test_an_event_that_is_being_written_waits_and_nothing_counts_twice() -> None:
    first = call() + cwd() + path('"/srv/share/a.csv"')
    mixed = call(LATER) + first + cwd(at=LATER)
    soon = Log("log", clock=lambda: 1_795_410_861_500_000)
    lines = Lines(io.BytesIO(mixed.encode()))
    taken = list(auditd.read(lines, soon))
    assert (lines.first, lines.settled) == (1, 0)
    again = Lines(io.BytesIO((mixed + path('"/x/y"', LATER)).encode()))
    taken += auditd.read(again, Log("log"))
    assert [each.on[0][1] for each in taken if isinstance(each, AccessEvent)] == ["a.csv", "y"]


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ('"/srv/share/finance/x.csv"', ("/srv/share/finance", "x.csv")),
        ('["/srv/share/finance", "x.csv"]', ("/srv/share/finance", "x.csv")),
        ('["/srv/share/finance/x.csv"]', ("/srv/share/finance", "x.csv")),
        ('"/srv//share/./a.b/c.d.csv"', ("/srv/share/a.b", "c.d.csv")),
        ('"/top.csv"', ("/", "top.csv")),
        ('"crm.public.customers"', ("crm", "public", "customers")),
        ('["crm", "a/b"]', ("crm", "a/b")),
    ],
)
def test_lines_of_ones_own_name_files_by_their_path(named: str, path: tuple[str, ...]) -> None:
    events, _ = told(f'{{"ts": 1795410860, "user": "anna", "object": {named}}}\n')
    assert [each.on for each in events] == [(path,)]


def test_names_of_any_bytes_stay_what_they_are() -> None:
    """As maps and plans have them: a file of another name would be taken for one that is gone."""
    lines = Lines(io.BytesIO(b'{"ts": 1795410860, "user": "anna\xe9", "object": "/srv/share/caf\xe9"}\n'))
    (raw,) = list(own.read(lines, Log("log")))
    assert isinstance(raw, AccessEvent) and (raw.who, raw.on) == (
        "anna\ufffd",
        (("/srv/share", "caf\udce9"),),
    )
    (escaped,), _ = told('{"ts": 1795410860, "user": "anna", "object": "/srv/share/caf\\udce9"}\n')
    assert escaped.on == raw.on
    (event,), _ = told(f"2026-11-23T05:14:20Z files smbd_audit: {READ.replace('plan', chr(0xDCE9))}\n")
    assert event.on == (("/srv/share/2026", "\udce9.csv"),)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"ts": 1795410860, "user": 5}', "the field user is of another kind"),
        ('{"ts": 1795410860, "user": "anna", "records": [1.5]}', "the field records is of another kind"),
        ('{"ts": 1795410860}', "without the field user"),
        ('{"ts": 1795410860, "user": ""}', "the field user is empty"),
        ('{"ts": "yesterday", "user": "anna"}', "the field ts is no time"),
        ('{"ts": 1795410860, "user": "anna", "rows": 1e99}', "the field rows is of another kind"),
        (
            '{"ts": 1795410860, "user": "anna", "rows": 9223372036854775808}',
            "the field rows is of another kind",
        ),
        ("[1]", "no JSON object with the fields ts and user"),
        ('{"ts": 1795410860, "us', "torn, or no JSON"),
        ('{"ts": 1795410860, "user": "anna", "action": "look"}', "an action that is not known"),
    ],
)
def test_why_a_line_of_ones_own_is_no_use_is_said(line: str, why: str) -> None:
    events, unread = told(f'{{"ts": 1795410860, "user": "anna"}}\n{line}\n')
    assert len(events) == 1
    assert [(each.line, each.why) for each in unread] == [(2, why)]
