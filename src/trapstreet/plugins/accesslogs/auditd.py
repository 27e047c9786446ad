"""The Linux audit log: who opened which file, whatever it was done with.

Several records make one event; those of different events may be mixed. Written after auditd's documentation.
"""

import pwd
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._ending import Ending, Said
from trapstreet.plugins.accesslogs._files import file_path

title = "Linux' audit.log"
schemes = ("",)

_RECORD = re.compile(r"(?:node=(\S+) )?type=(SYSCALL|CWD|PATH) msg=audit\((\d+)\.(\d{3}):(\d+)\): ?")
_ANY = re.compile(r"(?:node=\S+ )?type=[A-Z_]+\d* msg=audit\(\d+\.\d{3}:\d+\):")
_CALL = re.compile(
    r"arch=([0-9a-f]+) syscall=(\w+) success=(yes|no) .*?a0=([0-9a-f]+) a1=([0-9a-f]+) a2=([0-9a-f]+) "
    r".*?items=(\d+) .*?auid=(\d+) uid=\d+ .*?fsuid=(\d+) "
)
_COMM = re.compile(r" comm=(\"[^\"]*\"|[0-9A-F]+)")
_CWD = re.compile(r"cwd=(\"[^\"]*\"|[0-9A-F]+)")
_PATH = re.compile(r"name=(\"[^\"]*\"|[0-9A-F]+) .*?mode=(\d+) .*?nametype=([A-Z]+)")
_NAMES = re.compile(r' (AUID|FSUID)="([^"]*)"')

_X86_64, _AARCH64 = "c000003e", "c00000b7"
_FLAGS_OF = {
    (_X86_64, "2"): 1, (_X86_64, "257"): 2, (_AARCH64, "56"): 2,
    (_X86_64, "open"): 1, (_X86_64, "openat"): 2, (_AARCH64, "openat"): 2,
}  # fmt: skip
"""Of calls that open a file: which argument says whether to read or to write."""
_OPENS = {(_X86_64, "437"), (_AARCH64, "437"), (_X86_64, "openat2"), (_AARCH64, "openat2")}
_WRITES = {
    *((_X86_64, each) for each in ("76", "82", "85", "87", "263", "264", "316")),
    *((_AARCH64, each) for each in ("35", "38", "45", "276")),
}
"""truncate, rename, creat, unlink and their like."""
_AT_WORK_FOLDER = ("ffffff9c", "ffffffffffffff9c")
_BY_FOLDER = {
    (_X86_64, "257"),
    (_X86_64, "437"),
    (_X86_64, "263"),
    (_AARCH64, "56"),
    (_AARCH64, "437"),
    (_AARCH64, "35"),
}
_UNSET = "4294967295"
_MOST_OPEN = 1_000
_MOST_HOSTS = 1_000
"""Whose events are waited for at once."""
_YOUNG = 2_000_000
"""Microseconds within which all records of an event come."""
_REGULAR = 0o100000


@dataclass(slots=True)
class _Event:
    """Records of one event, as far as they came. line, last: of the first and the last of them"""

    line: int
    time: int
    last: int = 0
    call: re.Match[str] | None = None
    text: str = ""
    cwd: str = ""
    seen: int = 0
    paths: list[tuple[str, int, str]] = field(default_factory=list)

    def given_up(self) -> Said:
        other = self.text and self.call is None
        why = "a system call of another form" if other else "the rest of an event is missing"
        return Said(self.line, self.last, (Unread(self.line, why),), self.time)


def knows(line: str) -> bool:
    return _ANY.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    hosts: dict[str, dict[str, _Event]] = {}
    ending = Ending(lines, log.clock, young=_YOUNG)
    said = _said(lines, hosts, ending)
    yield from ending.over(
        said, lambda: [each.given_up() for opened in hosts.values() for each in opened.values()]
    )


def _said(lines: Lines, hosts: dict[str, dict[str, _Event]], ending: Ending) -> Iterator[Said]:
    """hosts: by host and number the events of which more is to come; each host counts and times its own"""
    for text in lines:
        record, number = _RECORD.match(text), lines.number
        if record is None:
            if not _ANY.match(text):
                yield Said(number, number, (Unread(number, "torn, or no line of an audit.log"),))
        else:
            node, what, seconds, thousandths, serial = record.groups("")
            time = int(seconds) * 1_000_000 + int(thousandths) * 1_000
            ending.reached(time)
            opened = hosts.setdefault(node, {})
            event = opened.get(serial)
            if event is None:
                event = opened[serial] = _Event(number, time)
            event.last = number
            _add(event, what, text)
            if event.call is not None and event.seen >= int(event.call[7]):
                del opened[serial]
                yield Said(event.line, number, tuple(_told(event)))
            while opened and _is_late(first := next(iter(opened)), opened, time):
                yield opened.pop(first).given_up()
            if not opened:
                del hosts[node]
            elif len(hosts) > _MOST_HOSTS:
                yield from (each.given_up() for each in hosts.pop(next(iter(hosts))).values())
        lines.settle()


def _is_late(first: str, opened: dict[str, _Event], time: int) -> bool:
    """Whether nothing more will come of the event of a host that has waited longest."""
    return len(opened) > _MOST_OPEN or opened[first].time < time - _YOUNG


def _add(event: _Event, what: str, text: str) -> None:
    if what == "SYSCALL":
        event.call, event.text = _CALL.search(text), text
    elif what == "CWD":
        found = _CWD.search(text)
        event.cwd = _plain(found[1]) if found else ""
    else:
        event.seen += 1
        if found := _PATH.search(text):
            event.paths.append((_plain(found[1]), int(found[2], 8), found[3]))


def _told(event: _Event) -> Iterator[AccessEvent | Unread]:
    """What one event says: only calls that name a file, and went well."""
    call = event.call
    if call is None or call[3] != "yes" or (act := _act(call)) is None:
        return
    elsewhere = (call[1], call[2]) in _BY_FOLDER and call[4] not in _AT_WORK_FOLDER
    for name, mode, kind in event.paths:
        if kind in ("PARENT", "UNKNOWN") or mode & 0o170000 != _REGULAR:
            continue
        if not name.startswith("/") and (elsewhere or not event.cwd):
            yield Unread(event.line, "a file is named from a folder that is not told")
        elif path := file_path(name if name.startswith("/") else f"{event.cwd}/{name}"):
            yield AccessEvent(event.time, _who(event.text, call), act, (path,), program=_program(event.text))


def _act(call: re.Match[str]) -> Act | None:
    what = call[1], call[2]
    if what in _FLAGS_OF:
        return Act.WRITE if int(call[4 + _FLAGS_OF[what]], 16) & 3 else Act.READ
    if what in _OPENS:
        return Act.READ
    return Act.WRITE if what in _WRITES else None


def _who(text: str, call: re.Match[str]) -> str:
    """Whose rights were used; where those were root's, who it was that logged in."""
    login, used = call[8], call[9]
    names = dict(_NAMES.findall(text))
    if used == "0" and login != _UNSET:
        return names.get("AUID") or _name(login)
    return names.get("FSUID") or _name(used)


def _program(text: str) -> str:
    found = _COMM.search(text)
    return _plain(found[1]) if found else ""


@lru_cache(maxsize=4_096)
def _name(uid: str) -> str:
    """What this system calls a user; the number where it lists none."""
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except (KeyError, OverflowError):
        return uid


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    """A text that stands in quotes, or in hexadecimal where it has odd characters."""
    if text[0] == '"':
        return text[1:-1]
    return bytes.fromhex(text).decode("utf-8", "replace") if not len(text) % 2 else ""
