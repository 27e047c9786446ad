"""Samba's vfs_full_audit: who opened which file of a share, out of syslog or smbd's own log."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._files import Repeats, act_of, file_path, share_path, shown
from trapstreet.plugins.accesslogs._times import Times

title = "Samba's vfs_full_audit"
schemes = ("", "smb")

_ISO = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?) \S+ smbd_audit(?:\[\d+\])?: ")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_BSD = re.compile(rf"({'|'.join(_MONTHS)}) ([ \d]\d) (\d\d:\d\d:\d\d) \S+ smbd_audit(?:\[\d+\])?: ")
_OWN = re.compile(r"\[(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?), .*vfs_full_audit\.c:\d+\(do_log\)\n")
_SMBD = re.compile(r"\[\d{4}/\d\d/\d\d .*\] \S*source\d/")
_DONE = re.compile(r"\|([a-z_]+)\|(ok|fail \([^|]*\))(?:\||\n)")
_READS = frozenset({"pread", "pread_send", "pread_recv", "read", "sendfile", "offload_read_send"})
_WRITES = frozenset("pwrite pwrite_send pwrite_recv write recvfile unlink unlinkat ftruncate".split())
_MOVES = frozenset({"rename", "renameat", "linkat"})


def knows(line: str) -> bool:
    return any(each.match(line) for each in (_ISO, _BSD, _SMBD))


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    lines.errors = "surrogateescape"
    teller = _Teller(log)
    waiting: int | None = None
    for text in lines:
        try:
            if waiting is not None and text.startswith("  "):
                yield from teller.told(waiting, text[2:])
                waiting = None
            elif found := _OWN.match(text):
                waiting = teller.times.at(f"{found[1]}-{found[2]}-{found[3]} {found[4]}")
                continue  # what it says is in the next line
            elif found := _ISO.match(text):
                yield from teller.told(teller.iso(found[1]), text[found.end() :])
            elif found := _BSD.match(text):
                yield from teller.told(teller.this_year(*found.groups()), text[found.end() :])
        except ValueError:
            yield Unread(lines.number, "torn, or no line of vfs_full_audit")
            waiting = None
        lines.settle()


class _Teller:
    """Makes uses of what was done."""

    def __init__(self, log: Log) -> None:
        self.times = Times(log.zone, where=log.label)
        self._place, self._zone = log.place, log.zone or UTC
        self._repeats = Repeats()
        self._now = datetime.now(UTC) + timedelta(days=1)

    def told(self, time: int, text: str) -> Iterator[AccessEvent]:
        """What one line says. Raises ValueError where it says nothing in a form that is known."""
        done = _DONE.search(text)
        if done is None:
            raise ValueError("torn")
        if done[2] != "ok":
            return
        prefix, rest = text[: done.start()].split("|"), text[done.end() :].rstrip("\n").split("|")
        who = shown(prefix[0])
        act, named = _done(done[1], rest)
        for name in named if act else ():
            path = self._path(prefix, name)
            client = next(filter(_is_address, prefix[1:]), "")
            if path and act and self._repeats.is_new(time, who, client, path, act):
                yield AccessEvent(time, who, act, (path,), client=client)

    def iso(self, text: str) -> int:
        """A time that mostly says its zone."""
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return round(moment.timestamp() * 1_000_000)

    def this_year(self, month: str, day: str, clock: str) -> int:
        """A time without a year: the last one that is not to come."""
        for year in (self._now.year, self._now.year - 1):
            time = self.times.at(f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02} {clock}")
            if time <= self._now.timestamp() * 1_000_000:
                break
        return time

    def _path(self, prefix: list[str], name: str) -> tuple[str, ...]:
        """A file's folder and name; of a server, as its clients name them: %S is what stands before %P."""
        root = self._root(prefix)
        if "://" not in self._place:
            return file_path(name if name.startswith("/") else f"{root}/{name}")
        known = root in prefix
        share = prefix[prefix.index(root) - 1] if known else prefix[-1]
        whole = name if name.startswith("/") or not known else f"{root}/{name}"
        return share_path(f"{self._place}/{share}", shown(whole), root if known else "")

    def _root(self, prefix: list[str]) -> str:
        """The folder that paths are relative to: the share's, where the prefix has %P, else the place."""
        return next((each for each in prefix[1:] if each.startswith("/")), self._place)


def _done(operation: str, rest: list[str]) -> tuple[Act | None, list[str]]:
    """What an operation did, and to which files."""
    if operation == "create_file" and len(rest) > 3:
        return act_of(int(rest[0], 16)), ["|".join(rest[3:])]
    if operation == "open" or (operation == "openat" and rest[0] == "w"):  # with r: whoever lists the folder
        return Act.WRITE if rest[0] == "w" else Act.READ, ["|".join(rest[1:])]
    if operation in _READS:
        return Act.READ, ["|".join(rest)]
    if operation in _MOVES:
        return Act.WRITE, rest
    return (Act.WRITE, ["|".join(rest)]) if operation in _WRITES else (None, [])


@lru_cache(maxsize=4_096)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
