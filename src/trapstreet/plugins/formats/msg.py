"""Outlook's .msg files: a message, contact or appointment with its attachments, in an OLE2 file.

olefile reads them in a disposable child.
Format: [MS-OXMSG].
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _mapi
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._stream import Stream

if TYPE_CHECKING:
    from olefile import OleFileIO

title = "Outlook message"
rank = 25
container = True
begins = b"\xd0"

Place = tuple[str, ...]

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMES = tuple(
    name.encode("utf-16-le") for name in ("__properties_version1.0", "__substg1.0_", "__nameid_version1.0")
)
_DIRECTORY = 1 << 16
_PROPERTY = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})(?:-[0-9A-F]{8})?")
_PROPERTIES = "__properties_version1.0"
_CONTENT = f"__substg1.0_{_mapi.CONTENT:04X}0102"
_OBJECT = f"__substg1.0_{_mapi.CONTENT:04X}000D"
_NESTED = 10  # messages in messages


def recognises(data: Stream) -> bool:
    head = data.peek(512)
    if not head.startswith(_MAGIC) or len(head) < 512:
        return False
    shift, first = int.from_bytes(head[30:32], "little"), int.from_bytes(head[48:52], "little")
    if shift not in (9, 12):
        return False
    file = data.file()
    file.seek((first + 1) << shift)
    directory = file.read(_DIRECTORY)
    return any(name in directory for name in _NAMES)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    yield from parsed.parts(f"{__name__}:messages", data, path)


def messages(file: BinaryIO) -> Iterator[object]:
    """In the child: the message, then what is attached to it, messages with what is attached to them."""
    from olefile import OleFileIO
    from olefile.olefile import OleFileError

    try:
        ole = OleFileIO(file)
        yield from _Message(ole).parts((), "")
    except (OleFileError, OSError, ValueError, IndexError) as error:
        raise UnusableInput("the Outlook message is damaged", hint="") from error


class _Message:
    """The messages of an OLE2 file, by the storages that they lie in."""

    def __init__(self, ole: "OleFileIO") -> None:
        self._ole = ole
        self._inside: dict[Place, list[str]] = {}
        for each in ole.listdir(streams=True, storages=True):
            self._inside.setdefault(tuple(each[:-1]), []).append(each[-1])

    def parts(self, storage: Place, place: str) -> Iterator[object]:
        """`place` is the way in, without the message's own attachments."""
        names = self._inside.get(storage, [])
        recipients = [self._properties((*storage, name)) for name in names if name.startswith("__recip")]
        yield from _mapi.message(place, self._properties(storage), recipients)
        attached = [name for name in names if name.startswith("__attach")]
        for number, name in enumerate(attached, 1):
            where = (*storage, name)
            called = self._properties(where).name()
            yield from self._attachment(where, f"{place or '!'}/{called or f'part-{number}'}")

    def _attachment(self, storage: Place, place: str) -> Iterator[object]:
        names = self._inside.get(storage, [])
        if _CONTENT in names:
            yield from parsed.member(place, self._bytes((*storage, _CONTENT)))
        held = (*storage, _OBJECT)
        if _PROPERTIES in self._inside.get(held, []) and len(storage) < 2 * _NESTED:
            yield from self.parts(held, place)
        else:
            for name in self._inside.get(held, []):
                if (*held, name) not in self._inside:
                    yield from parsed.member(f"{place}/{_shown(name)}", self._bytes((*held, name)))

    def _properties(self, storage: Place) -> _mapi.Properties:
        found = _mapi.Properties(codepage=self._codepage(storage) or self._codepage(()))
        for name in sorted(self._inside.get(storage, [])):
            parts = _PROPERTY.fullmatch(name)
            if parts and (*storage, name) not in self._inside:
                number, kind = int(parts[1], 16), int(parts[2], 16)
                if number != _mapi.CONTENT:
                    found.add(number, kind & 0xFFF, self._bytes((*storage, name)))
        return found

    def _codepage(self, storage: Place) -> int:
        if _PROPERTIES not in self._inside.get(storage, []):
            return 0
        raw = self._bytes((*storage, _PROPERTIES))
        for at in range(8, len(raw) - 15, 8):
            if (
                int.from_bytes(raw[at + 2 : at + 4], "little") in _mapi.CODEPAGES
                and raw[at : at + 2] == b"\3\0"
            ):
                return int.from_bytes(raw[at + 8 : at + 12], "little")
        return 0

    def _bytes(self, place: Place) -> bytes:
        with self._ole.openstream(list(place)) as stream:
            content: bytes = stream.read()
            return content


def _shown(name: str) -> str:
    return "".join(character for character in name if character.isprintable())
