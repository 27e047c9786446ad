"""Alerts in words: plain lines without anything that a mail program, a chat or a log could take for more."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from trapstreet.core.model.notice import Notice

LONGEST = 600
"""Characters of one line."""
MOST_NOTICES = 40
"""That a message for people spells out; of more it says how many there are."""

_SPACE = {"Cc", "Zl", "Zp", "Zs"}
_NOTHING = {"Cf", "Cs", "Co", "Cn"}
"""Categories of Unicode: controls and separators become a space; what is invisible, turns the direction of
writing round or is no character is left out."""

_LINK = re.compile(r"(?i)(?<=[a-z])://")
_WWW = re.compile(r"(?i)\b(www)\.")
_DOMAIN = re.compile(r"(?<=[\w-])\.(?=[^\W\d_])")


def line(text: str, *, most: int = LONGEST) -> str:
    """A text as one line of printable characters, at most so many."""
    letters = ((letter, unicodedata.category(letter)) for letter in text[: 4 * most])
    kept = (" " if kind in _SPACE else letter for letter, kind in letters if kind not in _NOTHING)
    found = " ".join("".join(kept).split())
    return found if len(found) <= most else f"{found[: most - 1]}…"


def unlinked(text: str, *, most: int = LONGEST) -> str:
    """`line` in which nothing becomes a link by itself.

    Scanners of mail and previews of chats visit whatever looks like a link, so that an alert with a decoy's
    address would set off the next one.
    """
    return _WWW.sub(r"\1[.]", _LINK.sub("[:]//", line(text, most=most)))


def value(text: str) -> str:
    """A fact's value for people: `unlinked`, and no host name in it can be clicked at."""
    return _DOMAIN.sub("[.]", unlinked(text))


def instant(micros: int) -> str:
    """A time in UTC as ISO 8601 has it, to the microsecond."""
    seconds, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def subject(notices: Sequence[Notice]) -> str:
    """What a message is about, in one line of our own words."""
    worst = max(notices, key=lambda notice: notice.severity)
    headline = unlinked(worst.headline, most=160)
    if len(notices) > 1:
        return f"{len(notices)} alerts, the worst {worst.severity.word}: {headline}"
    again = "" if worst.reason == "new" else f", {unlinked(worst.reason, most=20)}"
    return f"{worst.severity.word}{again}: {headline}"


def paragraphs(notice: Notice) -> list[str]:
    """An alert for people: the heading, then what happened, where, what is at stake, what to do, the facts.
    Only between its lines has a paragraph a line feed."""
    happened = f"{instant(notice.at)[:19].replace('T', ' ')} UTC"
    name = f"Alert {unlinked(notice.id, most=40)}, case {unlinked(notice.case, most=40)}"
    sort = f"{unlinked(notice.kind, most=40)}, {unlinked(notice.reason, most=40)}"
    steps = [f"{number}. {unlinked(step)}" for number, step in enumerate(notice.steps, start=1)]
    each = [
        [f"{notice.severity.word.upper()}: {unlinked(notice.headline)}"],
        [unlinked(sentence) for sentence in notice.happened],
        [f"Where it lay: {unlinked(notice.lay)}"] if notice.lay else [],
        [f"At stake: {unlinked(notice.stake)}"] if notice.stake else [],
        ["What to do next:", *steps] if steps else [],
        [f"{value(label)}: {value(text)}" for label, text in notice.facts],
        [f"{name} ({sort}). It happened on {happened}."],
    ]
    return ["\n".join(lines) for lines in each if lines]


def spelled_out(notices: Sequence[Notice]) -> tuple[list[Notice], str]:
    """The alerts that a message for people spells out, the worst first, and a sentence on the others."""
    worst_first = sorted(notices, key=lambda notice: -notice.severity)
    more = len(notices) - MOST_NOTICES
    return worst_first[:MOST_NOTICES], f"And {more} more: trapstreet alert list has all." if more > 0 else ""
