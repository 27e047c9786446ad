"""Office documents of 1997 to 2003 (.xls, .doc, .ppt), encrypted ones since, and what else is an OLE2 file.

Read in a disposable child: workbooks by calamine, texts by their piece table, presentations by their records;
every other stream (embedded files, macros, properties) is a member.
"""

from collections.abc import Iterator

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _parsed
from trapstreet.plugins.formats._stream import Stream

title = "old office document"
rank = 26  # after Outlook's messages, which are such files too
container = True
begins = b"\xd0"

_PARSER = "trapstreet.plugins.formats._ole2:contents"
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def recognises(data: Stream) -> bool:
    return data.peek(8) == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    passwords = [password.reveal() for password in data.budget.passwords]
    return _parsed.parts(_PARSER, data, path, *passwords, digest=_parsed.file_hash(data))
