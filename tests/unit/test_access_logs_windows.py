"""Windows' event 5145 as XML: who opened which file of a share. The form is of Microsoft's description."""

import io

import pytest

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log, kind_of

SERVER = "smb://files.internal"
LISTS = "%%1541\n\t\t\t\t%%4416\n\t\t\t\t%%4423\n\t\t\t\t"


def event(**of: str) -> str:
    usual = {
        "id": "5145", "keywords": "0x8020000000000000", "time": "2026-11-23T05:14:20.941761700Z",
        "sid": "S-1-5-21-3457937927-2839227994-823803824-1104", "user": "anna", "domain": "CORP",
        "client": "10.0.0.5", "share": r"\\*\finance", "name": r"2026\plan &amp; pay.csv", "mask": "0x120089",
    }  # fmt: skip
    made = usual | of
    data = {
        "SubjectUserSid": made["sid"], "SubjectUserName": made["user"], "SubjectDomainName": made["domain"],
        "SubjectLogonId": "0x38d34", "ObjectType": "File", "IpAddress": made["client"], "IpPort": "56926",
        "ShareName": made["share"], "ShareLocalPath": r"\??\C:\finance", "RelativeTargetName": made["name"],
        "AccessMask": made["mask"], "AccessList": LISTS, "AccessReason": "-",
    }  # fmt: skip
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/>"
        f"<EventID>{made['id']}</EventID><Version>0</Version><Level>0</Level><Task>12811</Task>"
        f"<Opcode>0</Opcode><Keywords>{made['keywords']}</Keywords><TimeCreated SystemTime='{made['time']}'/>"
        "<EventRecordID>267092</EventRecordID><Channel>Security</Channel><Computer>FILES</Computer></System>"
        f"<EventData>{''.join(f'<Data Name={key!r}>{text}</Data>' for key, text in data.items())}</EventData>"
        "</Event>\n"
    )


def told(text: str | bytes) -> tuple[list[AccessEvent], list[Unread], Lines]:
    data = text.encode() if isinstance(text, str) else text
    name, kind = kind_of(data, "log")
    assert name == "windows"
    lines = Lines(io.BytesIO(data))
    found = list(kind.read(lines, Log("log", place=SERVER)))
    events = [each for each in found if isinstance(each, AccessEvent)]
    return events, [each for each in found if isinstance(each, Unread)], lines


def test_who_opened_which_file_of_a_share_is_told() -> None:
    events, unread, lines = told(b"\xef\xbb\xbf" + event().encode())
    assert not unread
    assert events == [
        AccessEvent(
            1_795_410_860_941_761,
            r"CORP\anna",
            Act.READ,
            ((f"{SERVER}/finance/2026", "plan & pay.csv"),),
            client="10.0.0.5",
        )
    ]
    assert lines.settled == 3 + len(event().encode())


@pytest.mark.parametrize(
    ("of", "act"),
    [
        ({"mask": "0x120116"}, Act.WRITE),
        ({"mask": "0x10080"}, Act.WRITE),  # to delete it
        ({"mask": "0x100020"}, Act.READ),  # to run it
        ({"mask": "0x100080"}, None),  # its size and dates
        ({"keywords": "0x8010000000000000"}, None),  # refused
        ({"id": "5140"}, None),
        ({"share": r"\\*\IPC$", "name": "srvsvc"}, None),
        ({"sid": "S-1-5-7", "user": "ANONYMOUS LOGON"}, None),
    ],
)
def test_what_was_done_is_a_use_or_none(of: dict[str, str], act: Act | None) -> None:
    events, unread, _ = told(event(**of))
    assert not unread
    assert [each.act for each in events] == ([act] if act else [])


def test_a_stream_is_its_file_and_a_shares_own_folder_is_named() -> None:
    text = (
        event(name="a.docx:Zone.Identifier") + event(name="\\", user="bert") + event(name="hr", user="cleo")
    )
    events, unread, _ = told(text)
    assert not unread
    assert [each.on for each in events] == [
        ((f"{SERVER}/finance", "a.docx"),),
        ((SERVER, "finance"),),
        ((f"{SERVER}/finance", "hr"),),
    ]


def test_one_read_is_one_use_however_many_events_tell_of_it() -> None:
    events, _, _ = told(event() + event() + event(time="2026-11-23T05:14:29Z"))
    assert len(events) == 2


def test_events_between_an_element_or_without_line_breaks_are_read() -> None:
    text = f"<Events>{event().strip()}{event(user='bert').strip()}\n{event(user='cleo')}</Events>\n"
    assert [each.who for each in told(text)[0]] == [r"CORP\anna", r"CORP\bert", r"CORP\cleo"]


def test_torn_events_are_said_and_the_next_are_read() -> None:
    cut = event().partition("<EventData>")[0] + "\n"
    bad = event(mask="none")
    less = event().replace("AccessMask", "Mask")
    events, unread, _ = told(cut + event() + bad + less + event(user="bert"))
    assert [each.who for each in events] == [r"CORP\anna", r"CORP\bert"]
    lines = event().count("\n")
    assert [each.line for each in unread] == [1, 2 + lines, 2 + 2 * lines]


def test_an_event_that_is_still_being_written_waits_for_the_next_run() -> None:
    head, tail = event().split("%%4416", 1)
    events, unread, lines = told(event(user="bert") + head + "\n")
    assert len(events) == 1 and not unread
    assert lines.settled == len(event(user="bert").encode())
    assert [each.who for each in told(head + tail)[0]] == [r"CORP\anna"]


def test_an_event_without_an_end_takes_no_memory_without_bounds() -> None:
    endless = event().partition("</Event>")[0] + "\n" + ("x" * 1000 + "\n") * 1_100
    events, unread, _ = told(endless + event())
    assert [each.why for each in unread] == ["torn: the event has no end"]
    assert len(events) == 1


def test_entities_that_a_log_declares_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + event(user="&b;")
    assert [each.who for each in told(bomb)[0]] == [r"CORP\&b;"]
