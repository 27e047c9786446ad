"""Messages for a collector of logs, as RFC 5424 has them: one for each alert.

What a machine needs stands in the structured data, element trapstreet@32473 (the enterprise number that RFC
5612 keeps for examples); the message itself is the alert in words.
"""

import re
from collections.abc import Sequence

from trapstreet.core.model.notice import Notice
from trapstreet.plugins.notifiers._syslog import Collector, Settings, cut, header, short
from trapstreet.plugins.notifiers._words import line

title = "syslog"
reveals = (
    "Every alert with its facts goes to the collector; over UDP and TCP whoever is on the way reads it, too."
)
settings = Settings

_ELEMENT = "trapstreet@32473"


def notifier(settings: Settings) -> "Syslog":
    return Syslog(Collector(settings))


class Syslog:
    """Sends alerts to one collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        self._collector.send([message(notice, key=key, most=self._collector.most) for notice in notices])


def message(notice: Notice, *, key: str, most: int) -> bytes:
    """One message of at most so many bytes: facts take half of it at most, the words give way."""
    told = {
        "alert": short(notice.id),
        "case": short(notice.case),
        "severity": notice.severity.word,
        "kind": short(notice.kind),
        "reason": short(notice.reason),
        "key": short(key, 128),
    }
    start = f"{header(notice)}[{_ELEMENT}" + "".join(_parameter(name, text) for name, text in told.items())
    for label, text in notice.facts:
        name = f"fact-{re.sub(r'[^a-z0-9-]', '-', label.lower())}"[:32]
        fact = _parameter(name, line(text, most=200))
        if len((start + fact).encode()) < most // 2:
            start += fact
    words = _words(notice)
    mark = "" if words.isascii() else "\ufeff"  # RFC 5424, section 6.4: UTF-8 begins with it
    return cut(f"{start}] {mark}{words}", most).encode()


def _parameter(name: str, text: str) -> str:
    r"""A parameter; in its value stand `"`, `\` and `]` behind a backslash (RFC 5424, section 6.3.3)."""
    escaped = re.sub(r'(["\\\]])', r"\\\1", text)
    return f' {name}="{escaped}"'


def _words(notice: Notice) -> str:
    steps = " ".join(f"{number}. {step}" for number, step in enumerate(notice.steps, start=1))
    each = (notice.headline, *notice.happened, notice.lay, notice.stake, steps)
    return " | ".join(line(text) for text in each if text.strip())
