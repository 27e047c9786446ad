"""The Linux audit log: who opened which file, whatever it was done with.

Several records make one event; those of different events may be mixed. Of a file that is named from an open
folder the records say neither that folder's path nor its inode, but the file's inode, by which it is found in
the place. The name of a PARENT is the folder that was worked in even where it is not the parent; its inode is
right.
"""

import os
import posixpath
import pwd
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._auditd_calls import call_of, is_told, opened
from trapstreet.plugins.accesslogs._ending import Ending, Said
from trapstreet.plugins.accesslogs._files import file_path
from trapstreet.plugins.accesslogs._inodes import Inodes

title = "Linux' audit.log"
schemes = ("",)

_RECORD = re.compile(r"(?:node=(\S+) )?type=(SYSCALL|CWD|PATH|OPENAT2) msg=audit\((\d+\.\d{3}:\d+)\): ?")
_ANY = re.compile(r"(?:node=\S+ )?type=[A-Z_]+\d* msg=audit\(\d+\.\d{3}:\d+\):")
_CALL = re.compile(
    r"arch=([0-9a-f]+) syscall=(\w+) success=(yes|no) .*?a0=([0-9a-f]+) a1=([0-9a-f]+) a2=([0-9a-f]+) "
    r".*?items=(\d+) .*?auid=(\d+) uid=\d+ .*?fsuid=(\d+) "
)
_COMM = re.compile(r" comm=(\"[^\"]*\"|[0-9A-F]+)")
_CWD = re.compile(r"cwd=(\"[^\"]*\"|[0-9A-F]+)")
_PATH = re.compile(
    r"name=(\"[^\"]*\"|[0-9A-F]+|\(null\))(?: inode=(\d+) dev=([0-9a-f]{2,3}:[0-9a-f]{2,5}) mode=([0-7]+))? "
    r"(?:.*? )?nametype=([A-Z]+)"
)
_FLAGS = re.compile(r"oflag=(\d+)")
_NAMES = re.compile(r' (AUID|FSUID)="([^"]*)"')
_CALLED = re.compile(r"[ \x1d]SYSCALL=(\w+)")
_BY_PROCESS = re.compile(
    r"/proc/[^/]+/(?:task/[^/]+/)?(?:fd|cwd|root|exe|map_files)(?:/|$)|/dev/(?:fd/|std(?:in|out|err)$)"
)
"""Where a name means what a process has open, or its own view of the system."""

_UNSET = "4294967295"
_MOST_OPEN = 1_000
_MOST_HOSTS = 1_000
"""Whose events are waited for at once."""
_MOST_SEEN = 100_000
_YOUNG = 2_000_000
"""Microseconds within which all records of an event come."""
_KIND, _REGULAR, _FOLDER = 0o170000, 0o100000, 0o040000


class _Item(NamedTuple):
    """A record of a path. device, inode, mode: "", 0, 0 where it has none"""

    name: str
    inode: int
    device: str
    mode: int
    kind: str

    @property
    def is_used(self) -> bool:
        """Whether it is what the call was for, and not the folder that it is in, or no file."""
        if self.kind in ("CREATE", "DELETE"):
            return True
        return self.kind == "NORMAL" and (not self.inode or self.mode & _KIND in (_REGULAR, _FOLDER))


@dataclass(slots=True)
class _Event:
    """Records of one event, as far as they came.

    line, last  of the first and the last of them;  due  how many paths it has, of which `seen` came
    """

    line: int
    time: int
    last: int = 0
    call: re.Match[str] | None = None
    text: str = ""
    cwd: str = ""
    seen: int = 0
    due: int = sys.maxsize
    flags: int = 0
    odd: bool = False
    items: list[_Item] = field(default_factory=list)

    def given_up(self) -> Said:
        other = self.text and self.call is None
        why = "a system call of another form" if other else "the rest of an event is missing"
        return Said(self.line, self.last, (Unread(self.line, why),), self.time)


def knows(line: str) -> bool:
    return _ANY.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    hosts: dict[str, dict[str, _Event]] = {}
    ending = Ending(lines, log.clock, young=_YOUNG)
    said = _said(lines, hosts, ending, _Teller(log.place))
    yield from ending.over(
        said, lambda: [each.given_up() for opened in hosts.values() for each in opened.values()]
    )


def _said(
    lines: Lines, hosts: dict[str, dict[str, _Event]], ending: Ending, teller: "_Teller"
) -> Iterator[Said]:
    """hosts: by host, time and number the events of which more is to come; each host counts and times its
    own"""
    for text in lines:
        record, number = _RECORD.match(text), lines.number
        if record is None:
            if not _ANY.match(text):
                yield Said(number, number, (Unread(number, "torn, or no line of an audit.log"),))
        else:
            node, what, stamp = record.groups("")
            opened = hosts.get(node)
            if opened is None:
                if len(hosts) >= _MOST_HOSTS:
                    yield from (each.given_up() for each in hosts.pop(next(iter(hosts))).values())
                opened = hosts[node] = {}
            event = opened.get(stamp)
            if event is None:
                event = opened[stamp] = _Event(number, _time(stamp))
                ending.reached(event.time)
                yield from _late(opened, event.time)
            event.last = number
            _add(event, what, text)
            if event.seen >= event.due:
                del opened[stamp]
                yield Said(event.line, number, tuple(teller.told(event)))
                if not opened:
                    del hosts[node]
        lines.settle()


def _late(opened: dict[str, _Event], time: int) -> Iterator[Said]:
    """Those events of a host of which nothing more will come. time  of the one that has begun now"""
    while (first := opened[next(iter(opened))]).time < time - _YOUNG or len(opened) > _MOST_OPEN:
        del opened[next(iter(opened))]
        yield first.given_up()


def _time(stamp: str) -> int:
    """Unix microseconds of seconds.thousandths:number."""
    seconds, _, rest = stamp.partition(".")
    return int(seconds) * 1_000_000 + int(rest[:3]) * 1_000


def _add(event: _Event, what: str, text: str) -> None:
    if what == "SYSCALL":
        event.call, event.text = _CALL.search(text), text
        event.due = int(event.call[7]) if event.call else sys.maxsize
    elif what == "CWD":
        found = _CWD.search(text)
        event.cwd = _plain(found[1]) if found else ""
    elif what == "OPENAT2":
        found = _FLAGS.search(text)
        event.flags = int(found[1], 8) if found else 0
    else:
        event.seen += 1
        if found := _PATH.search(text):
            name, inode, device, mode, kind = found.groups("")
            name = "" if name == "(null)" else _plain(name)
            event.items.append(_Item(name, int(inode or 0), device, int(mode or "0", 8), kind))
        else:
            event.odd = True


class _Teller:
    """Makes uses of events. place: the folder in which inodes are looked for"""

    def __init__(self, place: str) -> None:
        self._inodes = Inodes(place)
        self._seen: dict[tuple[str, int], str] = {}

    def told(self, event: _Event) -> Iterator[AccessEvent | Unread]:
        """What one event says: only calls that name a file, and went well."""
        call = event.call
        if call is None or call[3] != "yes":
            return
        what = call[2]
        if not is_told(call[1], what):
            name = _CALLED.search(event.text)
            if name is None:
                yield Unread(
                    event.line, "a system call of a kind of machine that is not known, without its name"
                )
                return
            what = name[1]
        does = call_of(call[1], what)
        if does is None:
            return
        if event.odd:
            yield Unread(event.line, "the record of a path has another form")
        arguments = call[4], call[5], call[6]
        act = opened(event.flags) if event.flags else does.done(arguments)
        (who, as_root), program = _who(event.text, call), _program(event.text)
        cwd = "" if does.is_from_folder(arguments) else event.cwd
        for item in (each for each in event.items if each.is_used):
            wholes = self._wholes(item, cwd, event.items)
            if not wholes:
                yield Unread(
                    event.line, "a file is named from a folder that is not told, and is not there now"
                )
            if len(wholes) == 1 and item.inode and item.mode & _KIND == _FOLDER:
                self._see(item, wholes[0])
            for path in filter(None, map(file_path, wholes)):
                yield AccessEvent(event.time, who, act, (path,), program=program, as_root=as_root)

    def _wholes(self, item: _Item, cwd: str, items: list[_Item]) -> list[str]:
        """The whole path of what was used; some, where it is in one of several folders; [] if it is not told.

        cwd    the folder in which names begin, "" where that is not told
        items  all records of the event: the folders above are among them
        """
        name = item.name
        is_whole = name.startswith("/")
        if name and (is_whole or cwd) and not _BY_PROCESS.match(name):
            return [name if is_whole else f"{cwd}/{name}"]
        last = "" if is_whole else name.rstrip("/").rpartition("/")[2]
        last = "" if last in (".", "..") else last
        if item.inode and (found := self._inodes.path(item.device, item.inode, last)):
            return [found]
        above = [folder for each in items if each.kind == "PARENT" for folder in self._folders(each)]
        return [f"{each}/{last}" for each in dict.fromkeys(above)] if last else []

    def _folders(self, item: _Item) -> list[str]:
        """Where a folder is, and where it was when the log last named it: it may be gone, or have moved."""
        if not item.inode:
            return []
        found = self._inodes.folder(item.device, item.inode), self._seen.get((item.device, item.inode), "")
        return [*dict.fromkeys(filter(None, found))]

    def _see(self, item: _Item, whole: str) -> None:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[item.device, item.inode] = posixpath.normpath(whole)


def _who(text: str, call: re.Match[str]) -> tuple[str, bool]:
    """Whose rights were used; where those were root's, who it was that logged in, and that it was so."""
    login, used = call[8], call[9]
    names = dict(_NAMES.findall(text))
    if used == "0" and login != _UNSET:
        return names.get("AUID") or _name(login), login != "0"
    return names.get("FSUID") or _name(used), False


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
    return os.fsdecode(bytes.fromhex(text)) if not len(text) % 2 else ""
