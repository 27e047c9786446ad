"""Whether a round has shown that it would find our data: by an object that it has to find."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from trapstreet.watch.domain.findings import Finding

NOT_NAMED = "its listing does not name it"
NOT_READ = "it is named and was not read: see --pass-over, --largest and --budget of the source"
ANOTHER = "what lies there is not what was put there"
CHANGED = "what lies there is not what it was"
NOT_FOUND = "it was read, and our data in it was not found"

_CHECKED = "checked"
_BEGAN, _STAMP = datetime.fromtimestamp(0, UTC), "%Y-%m-%d %H:%M:%S.%f"


class Saw(msgspec.Struct):
    """What a round saw of the control object.

    named    the listing named it;  whole  the listing began anew and came to its end
    refused  the round's budget was used up before it
    unread   why it, or a part of it, could not be read
    texts    SHA-256 of each of its texts;  shows  decoys of ours in it, by planting
    strange  something else of ours is in it
    """

    named: bool = False
    whole: bool = False
    refused: bool = False
    unread: str = ""
    texts: list[str] = []
    shows: dict[str, int] = {}
    strange: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """What a round has to see.

    contents  of these one has to lie there; () for any
    shows     plantings whose decoys have to be found there; None: whatever is found the first time
    known     the object is somebody else's
    """

    contents: tuple[str, ...]
    shows: tuple[str, ...] | None
    known: bool = False


def judged(wanted: Wanted, saw: Saw) -> str | None:
    """Why the proof failed, "" where it did not; None where the round cannot say."""
    if saw.texts or saw.unread:
        return _of_read(wanted, saw)
    if saw.named:
        return None if saw.refused else NOT_READ
    return NOT_NAMED if saw.whole else None


def _of_read(wanted: Wanted, saw: Saw) -> str:
    if not saw.texts:
        return f"it cannot be read: {saw.unread}"
    if not wanted.known and not set(saw.texts) & set(wanted.contents):
        return ANOTHER
    if wanted.shows is None:
        return ""
    if wanted.shows:
        return "" if set(wanted.shows) <= set(saw.shows) else NOT_FOUND
    return "" if digest(saw.texts) in wanted.contents else CHANGED


def digest(texts: Sequence[str]) -> str:
    """One SHA-256 for an object's texts: that of the only one, else of all."""
    from hashlib import sha256

    return texts[0] if len(texts) == 1 else sha256("\n".join(texts).encode()).hexdigest()


def shows_only_decoys(finding: Finding, plantings: Mapping[str, object] | Sequence[str] | None) -> bool:
    """Whether a finding is nothing but planted decoys; of these plantings, None for any."""
    others = set() if plantings is None else set(finding.planted) - set(plantings)
    return (
        bool(finding.planted)
        and not others
        and finding.decoys == sum(finding.planted.values())
        and not (finding.records or finding.by_column or finding.singles)
    )


def content(columns: Sequence[str], rows: Sequence[Sequence[str]], *, at: int) -> bytes:
    """A list of people as somebody might have exported it, another one at each time (Unix µs)."""
    return _content(columns, rows, (_BEGAN + timedelta(microseconds=at)).strftime(_STAMP))


def is_content(written: bytes, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether that is `content` of these, of whatever time."""
    last = written.rstrip(b"\r\n").rpartition(b",")[2]
    return written == _content(columns, rows, last.decode("utf-8", "replace"))


def _content(columns: Sequence[str], rows: Sequence[Sequence[str]], stamp: str) -> bytes:
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    checked = _CHECKED
    while checked in columns:
        checked += "_"
    lines.writerow([*columns, checked])
    lines.writerows([*row, stamp] for row in rows)
    return written.getvalue().encode()
