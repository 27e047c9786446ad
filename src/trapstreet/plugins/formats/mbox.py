"""Mailboxes of the mbox family: mboxo, mboxrd, mboxcl, mboxcl2.

A message begins with a line "From " that headers follow. Where the message before says how long it is
(Content-Length) and such a line stands right there, none before counts: it is quoted mail.
Format: RFC 4155; Qmail's mbox(5).
"""

import re
from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _mail
from trapstreet.plugins.formats._mail_headers import HEADER, is_mail, split
from trapstreet.plugins.formats._stream import CHUNK, FormatError, Stream

title = "mailbox"
rank = 50
container = True
begins = b" \t\n\r\v\fF"

_BEGINNING = 8192
_FROM = b"\nFrom "
_LINE = 1200  # bytes from a line "From " into the first header
_STEP = 8 << 20
_STARTS = re.compile(rb"From [^\n]{0,1000}\n(?:>?From [^\n]{0,100}\n)?" + HEADER.pattern)
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,10})[ \t]*\r?\n", re.IGNORECASE)
_NOTHING, _ANOTHER, _MORE_OF_IT = range(3)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def recognises(data: Stream) -> bool:
    beginning = data.peek(_BEGINNING)
    return beginning.lstrip()[:5] == b"From " and is_mail(beginning)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    """The messages by their numbers; one that is alone goes by the path itself, as if it were no mailbox."""
    for number, (raw, rest) in enumerate(_messages(data), 1):
        alone = number == 1 and rest == _NOTHING
        inner = path if alone else f"{path}!/{number}"
        if rest == _MORE_OF_IT:
            why = f"a mail of more than {_mail.LARGEST >> 20} MB: the rest was read as plain text"
            yield Unread(inner, why, partly=True)
        yield from _mail.parts(
            _unquoted(raw), inner, data.budget, inside=f"{path}!/" if alone else f"{inner}/"
        )


def _messages(data: Stream) -> Iterator[tuple[bytes, int]]:
    """Each message, and what follows it: nothing, another one, or more of the same, which was too long."""
    held, at, searched, ended = b"", 0, 0, False
    damage: list[Exception] = []
    while True:
        have = len(held) - at
        if end := _end(held, at, searched, ended=ended):
            yield held[at:end], _NOTHING if ended and end == len(held) else _ANOTHER
            at = searched = end
        elif have > _mail.LARGEST:
            yield held[at:], _MORE_OF_IT
            held, at, searched = b"", 0, 0
        elif damage:
            raise damage[0]
        elif ended:
            return
        else:
            try:
                block = data.read(min(max(CHUNK, have), _STEP))
            except (FormatError, OSError) as error:  # what came of the last message is read before it is told
                block = b""
                damage.append(error)
            searched = max(0, have - _LINE)
            held, at, ended = held[at:] + block, 0, not block


def _end(held: bytes, start: int, searched: int, *, ended: bool) -> int:
    """Where the message that begins at `start` ends, 0 if that is not there yet."""
    stated = _stated_end(held, start)
    if stated:
        if stated + _LINE > len(held) and stated - start < _mail.LARGEST and not ended:
            return 0
        for end in (stated, stated + 1, stated + 2):
            if held[end - 1 : end] == b"\n" and _STARTS.match(held, end):
                return end
    at = max(start, searched)
    while (at := held.find(_FROM, at)) >= 0:
        if at + _LINE > len(held) and not ended:
            return 0
        if _STARTS.match(held, at + 1):
            return at + 1
        at += 1
    return len(held) if ended and len(held) > start else 0


def _stated_end(held: bytes, start: int) -> int:
    """Where the message says that it ends, 0 if it does not."""
    first = held.find(b"\n", start) + 1
    following = held.find(
        _FROM, first
    )  # no header goes on behind it; to look further for each would be quadratic
    body = split(held, first, following + 1 if following >= 0 else len(held))
    length = _LENGTH.search(held, start, body)
    return body + int(length[1]) if length else 0


def _unquoted(raw: bytes) -> bytes:
    return _QUOTED.sub(rb"\1", raw) if b">From " in raw else raw
