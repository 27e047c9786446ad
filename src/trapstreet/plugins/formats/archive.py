"""Archives of other kinds: 7z, RAR, cabinets, cpio, ar and Debian packages, RPM, LHA, xar, ISO images; and
files packed by compress, lzip or LZ4.

libarchive takes them apart in a disposable child. Of its formats only these are allowed: one of the others
opens files that an archive names. Links, devices and directories hold nothing and are passed over.
"""

import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _libarchive as library
from trapstreet.plugins.formats import _packed as packed
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats import _rar as rar
from trapstreet.plugins.formats import _seven_zip as seven_zip
from trapstreet.plugins.formats._locked import UNTRIED, locked
from trapstreet.plugins.formats._stream import Stream

if TYPE_CHECKING:
    from trapstreet.sandbox import Limits

title = "archive"
rank = 22  # before formats that may begin anywhere in the first bytes, as those of a stored member do
container = True
begins = b""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How it begins, and how libarchive calls what it needs to read it."""

    begins: bytes
    formats: str
    filters: str = "none"


_RAW = "raw empty"
_SEVEN_ZIP = "7zip"
_RAR, _RAR_5 = "rar", "rar5"
_ISO = _Kind(rb"CD001", "iso9660")
_KINDS = [
    _Kind(rb"7z\xbc\xaf\x27\x1c", _SEVEN_ZIP),
    _Kind(rb"Rar!\x1a\x07\x00", _RAR),
    _Kind(rb"Rar!\x1a\x07\x01\x00", _RAR_5),
    _Kind(rb"MSCF\0\0\0\0", "cab"),
    _Kind(rb"07070[12][0-9a-fA-F]{104}", "cpio"),
    _Kind(rb"070707[0-7]{70}", "cpio"),
    _Kind(rb"!<arch>\n", "ar"),
    _Kind(rb"\xed\xab\xee\xdb", "cpio", "rpm gzip bzip2 xz lzma zstd"),
    _Kind(rb"[\0-\xff]{2}-l(?:h[0-7d]|z[s45])-", "lha"),
    _Kind(rb"xar!\0", "xar"),
    _Kind(rb"\x1f\x9d[\x89-\x90]", _RAW, "compress"),
    _Kind(rb"LZIP\x01", _RAW, "lzip"),
    _Kind(rb"\x04\x22\x4d\x18", _RAW, "lz4"),
]
_BEGINNING = re.compile(b"|".join(b"(%s)" % kind.begins for kind in _KINDS))
_VOLUME = 32769  # where an ISO image says that it is one
_PATIENCE, _SLOW = 120, 1 << 20  # seconds, and bytes a second


def recognises(data: Stream) -> bool:
    return _kind(data) is not None


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    kind = _kind(data)
    if kind is None:
        return
    name = packed.inner_name(path) if kind.formats == _RAW else ""
    arguments = kind.formats, kind.filters, name, *_words(data)
    yield from parsed.parts(f"{__name__}:members", data, path, *arguments, limits=_limits(data))


def encrypted(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    """The encrypted members of a ZIP archive, opened by whichever of the passwords does."""
    yield from parsed.parts(f"{__name__}:decrypted", data, path, *_words(data), limits=_limits(data))


def _words(data: Stream) -> list[str]:
    return [each.reveal() for each in data.budget.passwords]


def _limits(data: Stream) -> "Limits":
    """Time for the slowest methods, which unpack 1 MB/s of the file, and as much again to wait."""
    from trapstreet.sandbox import Limits

    size = data.file().seek(0, os.SEEK_END)
    seconds = _PATIENCE + size // _SLOW
    return Limits(cpu=seconds, waiting=5.0 * seconds)


def _kind(data: Stream) -> _Kind | None:
    head = data.peek(_VOLUME + len(_ISO.begins))
    found = _BEGINNING.match(head)
    if found and found.lastindex:
        return _KINDS[found.lastindex - 1]
    return _ISO if head.startswith(_ISO.begins, _VOLUME) else None


def members(file: BinaryIO, formats: str, filters: str, name: str, *passwords: str) -> Iterator[object]:
    """In the child: every entry that is a file, called `name` if that is not empty.

    Raises UnusableInput where the archive cannot be taken apart any further.
    """
    if formats in (_RAR, _RAR_5) and (yield from rar.parts(file, passwords)):
        return
    begun = shut = False
    tries = formats == _SEVEN_ZIP
    try:
        for entry in library.entries(file, formats, filters):
            begun = True
            if not entry.encrypted:
                yield from _sent(entry, name or entry.name)
                continue
            shut = True
            if not tries:  # a stored one would come out as it is encrypted
                yield [parsed.UNREAD, f"!/{entry.name}", UNTRIED]
    except library.Broken as broken:
        if str(broken) != UNTRIED and not shut:
            raise UnusableInput(str(broken), hint="") from broken
        shut = True
        if not tries:
            yield [parsed.UNREAD, "", UNTRIED]
    if shut and tries:
        yield from seven_zip.decrypted(file, passwords)
    if not begun and not shut and not name:
        raise UnusableInput("no file was found in it", hint="")


def decrypted(file: BinaryIO, *passwords: str) -> Iterator[object]:
    """In the child: the encrypted members of a ZIP archive.

    Each password is tried alone: of wrong ones one in 256 seems to be right, and the right one must get its
    turn.
    """
    opened: set[int] = set()
    shut: dict[int, str] = {}
    none = locked(len(passwords))
    for password in library.spellings(passwords):
        try:
            for number, entry in enumerate(library.entries(file, "zip", password=password)):
                if entry.encrypted and number not in opened:
                    if (yield from _sent(entry, entry.name, quiet=True)):
                        opened.add(number)
                    else:
                        shut[number] = entry.name
        except library.Broken as broken:
            yield [parsed.UNREAD, "", none if str(broken) == UNTRIED else str(broken)]
        if not shut.keys() - opened:
            return
    for number in shut.keys() - opened:
        yield [parsed.UNREAD, f"!/{shut[number]}", none]


def _sent(entry: library.Entry, name: str, *, quiet: bool = False) -> Generator[object, None, bool]:
    """The entry as a part; says whether it is whole.

    quiet  of one that gives nothing at all it is not said why
    """
    place = f"!/{name}"
    blocks = entry.blocks()
    begun = False
    try:
        first = next(blocks, b"")
        begun = True
        yield [parsed.MEMBER, place, first]
        yield from blocks
    except library.Broken as broken:
        if begun or not quiet:
            yield [parsed.UNREAD, place, str(broken)]
        return False
    return True
