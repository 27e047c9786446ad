"""Events in the Common Event Format (CEF:0), for SIEMs that read it from syslog: one for each alert."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from trapstreet import __version__
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins.notifiers._syslog import Collector, Settings, cut, header, short
from trapstreet.plugins.notifiers._words import line

title = "CEF over syslog"
reveals = (
    "Every alert with its facts goes to the collector; over UDP and TCP whoever is on the way reads it, too."
)
settings = Settings

_SEVERITIES = {Severity.INFO: 1, Severity.LOW: 3, Severity.MEDIUM: 5, Severity.HIGH: 8, Severity.CRITICAL: 10}


def notifier(settings: Settings) -> "Cef":
    return Cef(Collector(settings))


class Cef:
    """Sends alerts to one collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        self._collector.send([message(notice, key=key, most=self._collector.most) for notice in notices])


def message(notice: Notice, *, key: str, most: int) -> bytes:
    """One event of at most so many bytes; what does not fit is left out, whole pairs of key and value."""
    names = ("trapstreet", "trapstreet", __version__, short(notice.kind), short(notice.headline, 256))
    told = header(notice) + "- CEF:0|" + "|".join(_in_header(name) for name in names)
    told += f"|{_SEVERITIES[notice.severity]}|"
    for name, text in _extension(notice, key):
        pair = f"{name}={_in_extension(text)} "
        if len((told + pair).encode()) <= most:
            told += pair
    return cut(told.rstrip(" "), most).encode()


def _extension(notice: Notice, key: str) -> Iterator[tuple[str, str]]:
    """Pairs of CEF's dictionary, the most needed first; facts under names of our own at the end."""
    yield "externalId", short(notice.id)
    yield "cat", short(notice.kind)
    yield "rt", str(notice.at // 1000)
    yield "reason", short(notice.reason)
    yield from (("cs1Label", "case"), ("cs1", short(notice.case)))
    yield from (("cs2Label", "key"), ("cs2", short(key, 128)))
    address = dict(notice.facts).get("address", "")
    if version := _version(address):
        yield from (
            [("src", address)] if version == 4 else [("c6a2Label", "Source IPv6 Address"), ("c6a2", address)]
        )
    words = (*notice.happened, notice.lay, notice.stake, *notice.steps)
    yield "msg", cut("\n".join(line(text) for text in words if text.strip()), 1023)
    for label, text in notice.facts:
        name = "".join(word.capitalize() for word in re.findall("[a-z0-9]+", label.lower()))
        yield f"trapstreet{name[:50]}", line(text, most=200)


def _version(address: str) -> int:
    try:
        return ip_address(address).version
    except ValueError:
        return 0


def _in_header(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n")
