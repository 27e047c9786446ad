"""Windows' Security log: who opened which file of a share (event 5145, Audit Detailed File Share), as XML.

Written after Microsoft's description of the event. It is logged when the share lets somebody in; what the
file's own list said then, it does not tell.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from html import unescape

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._files import Repeats, act_of, share_path

title = "Windows' Security log as XML"
schemes = ("smb",)

_SPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_BEGIN, _END = "<Event ", "</Event>"
_DETAILED_FILE_SHARE = ">5145</EventID>"
_SUCCESS = 0x20000000000000
"""Of the keywords of an audit event."""
_DELETE = 0x10000
_PIPES = "IPC$"
_NOBODY = "S-1-5-7"
"""Who comes without an account."""
_LONGEST = 1 << 20
_KEYWORDS = re.compile(r"<Keywords>(0x[0-9a-fA-F]+)<")
_TIME = re.compile(r"<TimeCreated SystemTime=[\"'](\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z?[\"']")
_FIELDS = (
    "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "IpAddress", "ShareName", "RelativeTargetName",
    "AccessMask",
)  # fmt: skip
_DATA = re.compile(".*?".join(rf"<Data Name=[\"']{each}[\"']>([^<]*)<" for each in _FIELDS), re.DOTALL)
"""In the order that the event's description has them."""


def knows(line: str) -> bool:
    return _BEGIN in line and _SPACE in line


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    repeats = Repeats()
    waiting: list[str] = []
    first = size = 0
    for line in lines:
        end = line.find(_END)
        if waiting and (_BEGIN in line[: end if end >= 0 else None] or size > _LONGEST):
            yield Unread(first, "torn: the event has no end")
            waiting.clear()
        if waiting or _BEGIN in line:
            if not waiting:
                first, size = lines.number, 0
            waiting.append(line)
            size += len(line)
        if waiting and end >= 0:
            *events, rest = "".join(waiting).split(_END)
            for event in events:
                try:
                    yield from _told(event, log.place, repeats)
                except ValueError:
                    yield Unread(first, "torn, or no event of Windows")
                first = lines.number
            waiting = [rest] if _BEGIN in rest else []
        if not waiting:
            lines.settle()


def _told(xml: str, place: str, repeats: Repeats) -> Iterator[AccessEvent]:
    """What one event says. Raises ValueError for one that lacks what it should have."""
    system, _, rest = xml[xml.index(_BEGIN) :].partition("</System>")
    if _DETAILED_FILE_SHARE not in system:
        if not rest:
            raise ValueError("no head")
        return
    keywords, time = _KEYWORDS.search(system), _TIME.search(system)
    if not keywords or not time:
        raise ValueError("no keywords, or no time")
    if not (data := _DATA.search(rest)):
        raise ValueError("fields are missing")
    sid, user, domain, client, share, file, mask = data.groups()
    share, asked = _plain(share).rpartition("\\")[2], int(mask, 16)
    if not int(keywords[1], 16) & _SUCCESS or sid == _NOBODY or share.upper() == _PIPES:
        return
    act = Act.WRITE if asked & _DELETE else act_of(asked)
    name = _plain(file).replace("\\", "/").partition(":")[0]  # a stream of it is in it
    if act is None or not (path := share_path(f"{place.rstrip('/')}/{share}", name)):
        return
    who, when = _plain(f"{domain}\\{user}").removeprefix("\\"), _microseconds(*time.groups(""))
    if repeats.is_new(when, who, client, path, act):
        yield AccessEvent(when, who, act, (path,), client=client)


def _plain(text: str) -> str:
    return unescape(text) if "&" in text else text


def _microseconds(whole: str, rest: str) -> int:
    """Unix microseconds; Windows has hundreds of nanoseconds."""
    return _seconds(whole) * 1_000_000 + int(f"{rest[:6]:0<6}")


@lru_cache(maxsize=64)
def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())
