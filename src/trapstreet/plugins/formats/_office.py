"""What office documents have in common that are ZIP archives of XML: one text, and the files inside.

Every XML part of the document is read, for people put data into headers, comments, notes, charts, text boxes
and properties too. Pictures, embedded files and whatever else is in the archive are members.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from zipfile import ZipFile, ZipInfo

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import CHUNK, Damaged, Refused, Stream
from trapstreet.plugins.formats._tags import CELL, Dialect, as_written, plain

_ENCRYPTED = 0x1
_DIGITS = 10
_NUMBER = re.compile(r"(\d+)")

OOXML = Dialect(
    begins={
        b"tab": b"\t",
        b"br": b"\n",
        b"cr": b"\n",
        b"nobreakhyphen": b"-",
        b"instrtext": b" ",
        b"txbxcontent": b"\n",
    },
    ends={b"tc": CELL, b"c": CELL, b"instrtext": b" "}
    | dict.fromkeys(
        b"p tr v text cm comment si row relationship creator lastmodifiedby title subject description"
        b" keywords category company manager lpwstr lpstr".split(),
        b"\n",
    ),
    shown=frozenset(b"descr title alt author target href instr string displaytext".split()),
    inside=frozenset(
        b"ins del movefrom moveto r rprchange pprchange sectprchange tblprchange trprchange".split()
    ),
    formal=frozenset(b"w:p w:r w:tr a:p a:r".split()),
    loose=True,
)
"""Word, PowerPoint and Excel since 2007 (ECMA-376)."""


def holds(data: Stream, *names: str) -> bool:
    """True if the stream is a ZIP archive with members whose names begin so, or are so if they end in .xml;
    nearly free for any other."""
    if data.peek(4) not in zipped.MAGIC or not all(zipped.may_hold(data, name) for name in names):
        return False
    try:
        with zipped.directory(data) as archive:
            members = archive.NameToInfo
            return all(name in members or _begins_one(name, members) for name in names)
    except Refused:
        return False


def _begins_one(name: str, members: Iterable[str]) -> bool:
    return not name.endswith(".xml") and any(member.startswith(name) for member in members)


def document(
    data: Stream,
    path: str,
    dialect: Dialect,
    *,
    first: str,
    read: Callable[[str], bool],
    done: frozenset[str] = frozenset(),
) -> Iterator[Text | Member | Unread]:
    """One text of all XML parts that are to be read, then the other members.

    first  how the name of the part that comes first begins; the others follow by name
    read   whether the part of that name is such a one
    done   names of parts that were read already
    """
    with zipped.directory(data) as archive:
        infos = [i for i in archive.infolist() if read(i.filename) and i.filename not in done]
        infos = [i for i in infos if not i.flag_bits & _ENCRYPTED]
        infos.sort(key=lambda info: (not info.filename.startswith(first), _by_number(info.filename)))
        unread: list[Unread] = []
        texts = (part(archive, info, data, path, dialect) for info in infos)
        yield Text(path, _one_after_the_other(texts, unread), hashed(data))
        yield from unread
        done |= {info.filename for info in infos}
        yield from zipped.members(archive, data, path, wanted=lambda name: name not in done)


def part(archive: ZipFile, info: ZipInfo, data: Stream, path: str, dialect: Dialect) -> Text:
    """The text of one XML part."""
    content = Stream(data.budget.unpack(zipped.unpacked(archive, info)), data.budget)
    text = as_written(content, f"{path}!/{info.filename}")
    return Text(text.path, plain(text.chunks, dialect), text.hash)


def hashed(data: Stream) -> LateHash:
    """Of all the bytes: what a text goes by that is made of several parts."""
    digest = LateHash()
    file = data.file()
    while block := file.read(CHUNK):
        digest.update(block)
    return digest


def until_damage(chunks: Iterator[bytes], path: str, unread: list[Unread]) -> Iterator[bytes]:
    """The chunks, an Unread added to the list where they cannot be read any further."""
    begun = False
    try:
        for chunk in chunks:
            begun = True
            yield chunk
    except Damaged as error:
        unread.append(Unread(path, str(error), partly=begun))


def _one_after_the_other(texts: Iterator[Text], unread: list[Unread]) -> Iterator[bytes]:
    for text in texts:
        yield from until_damage(text.chunks, text.path, unread)
        yield b"\n\f\n"


def _by_number(name: str) -> list[str]:
    return [piece.rjust(_DIGITS, "0") if piece.isdecimal() else piece for piece in _NUMBER.split(name)]
