"""What lies in an OLE2 compound file: Word, Excel and PowerPoint of 1997 to 2003, and encrypted documents.

In the child. Source: [MS-CFB], [MS-DOC] 2.4.1 (piece table), [MS-PPT] 2.3.1 (records), [MS-OLEDS] 2.2.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.formats import _calamine
from trapstreet.plugins.formats._locked import locked
from trapstreet.plugins.formats._parsed import BLOCK, MEMBER, TEXT, UNREAD

if TYPE_CHECKING:
    from olefile import OleFileIO

_WORD, _SLIDES, _PACKAGE = "WordDocument", "PowerPoint Document", "EncryptedPackage"
_BOOKS = ("Workbook", "Book")
_LARGEST = 512 << 20  # bytes of one stream
_INFLATED = 256 << 20  # bytes of one embedded object of a presentation
_GLOBALS = 1 << 16  # bytes of a workbook within which it says whether it is encrypted
_FILE_PASS, _SHEET = 0x2F, 0x85
_ENCRYPTED_USER = b"\xdf\xc4\xd1\xf3"
_ANYBODYS = "VelvetSweatshop"
"""Excel's own password, by which it opens workbooks that are only protected from being changed."""

_NEWER = 0x00C1  # nFib of Word 97
_BREAKS = str.maketrans(
    {
        **{chr(code): None for code in range(32)},
        **dict.fromkeys("\r\n\x0b\x0c\x0e", "\n"),
        **dict.fromkeys("\t\x07", "\t"),
        **dict.fromkeys("\x13\x14\x15", " "),  # around a field: its instruction, its result
        "\x1e": "-",
    }
)


def contents(file: BinaryIO, *passwords: str) -> Iterator[object]:
    """The document's text, then every other stream as a member."""
    import olefile

    try:
        ole = olefile.OleFileIO(file)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise UnusableInput(f"its directory is damaged ({type(error).__name__})") from None
    names = ["/".join(entry) for entry in ole.listdir(streams=True, storages=False)]
    if not names:
        raise UnusableInput("its directory is damaged or missing")
    if _PACKAGE in names or _is_encrypted(ole, names):
        yield from _decrypted(file, passwords)
        return
    read: set[str] = set()
    for main, reader in ((_BOOKS[0], _sheets), (_BOOKS[1], _sheets), (_WORD, _word), (_SLIDES, _slides)):
        if main in names:
            yield from reader(ole, file)
            if (
                main not in _BOOKS
            ):  # comments, headers and links of a workbook are only found as they lie there
                read |= {main, "0Table", "1Table"}
            break
    for name in names:
        if name not in read:
            yield from _member(ole, name)


def _is_encrypted(ole: "OleFileIO", names: list[str]) -> bool:
    """Whether a document of 1997 to 2003 is, as far as it can be read."""

    def beginning(name: str, size: int) -> bytes:
        try:
            return bytes(ole.openstream(name).read(size)) if name in names else b""
        except (OSError, IndexError, struct.error):
            return b""

    if _WORD in names:
        return bool((beginning(_WORD, 12).ljust(12, b"\0"))[11] & 1)
    if _SLIDES in names:
        return "EncryptedSummary" in names or _ENCRYPTED_USER in beginning("Current User", 64)
    return any(_has_password(beginning(book, _GLOBALS)) for book in _BOOKS)


def _has_password(records: bytes) -> bool:
    """Whether the record of a password is among the first of a workbook."""
    at = 0
    while at + 4 <= len(records):
        kind, size = struct.unpack_from("<2H", records, at)
        if kind in (_FILE_PASS, _SHEET):
            return bool(kind == _FILE_PASS)
        at += 4 + size
    return False


def _decrypted(file: BinaryIO, passwords: tuple[str, ...]) -> Iterator[object]:
    """An encrypted document as a member in its own place if a password opens it."""
    import tempfile

    import msoffcrypto
    from msoffcrypto.format.ooxml import OOXMLFile

    tempfile.TemporaryFile = io.BytesIO  # type: ignore[assignment]  # what it needs some for; this process has none
    for password in (_ANYBODYS, *passwords):
        plain = io.BytesIO()
        file.seek(0)
        try:
            document = msoffcrypto.OfficeFile(file)
            surely = {"verify_password": True} if isinstance(document, OOXMLFile) else {}
            document.load_key(password=password, **surely)
            document.decrypt(plain)
        except (msoffcrypto.exceptions.DecryptionError, msoffcrypto.exceptions.InvalidKeyError):
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error):
            yield [UNREAD, "", "encrypted in a way that is not known here, or damaged"]
            return
        yield [MEMBER, "", b""]
        yield from _blocks(plain.getvalue())
        return
    yield [UNREAD, "", locked(len(passwords))]


def _sheets(ole: "OleFileIO", file: BinaryIO) -> Iterator[object]:
    file.seek(0)
    yield from _calamine.sheets(file)


def _word(ole: "OleFileIO", file: BinaryIO) -> Iterator[object]:
    main = _stream(ole, _WORD)
    if len(main) < 0x1AA:
        raise UnusableInput("its header is cut off")
    version, flags = struct.unpack_from("<H", main, 2)[0], struct.unpack_from("<H", main, 10)[0]
    yield [TEXT, "", b""]
    if version < _NEWER:
        first, end = struct.unpack_from("<2I", main, 0x18)
        yield from _blocks(_plain(main[first:end].decode("cp1252", "replace")))
        return
    start, size = struct.unpack_from("<2I", main, 0x1A2)
    table = _stream(ole, "1Table" if flags & 0x0200 else "0Table")[start : start + size]
    for text in pieces(main, table):
        yield from _blocks(_plain(text))


def pieces(main: bytes, table: bytes) -> Iterator[str]:
    """The text of a Word document in its order.

    main   the stream "WordDocument", where its pieces lie
    table  the CLX: property changes, then the piece table
    """
    at = 0
    while table[at : at + 1] == b"\1":
        at += 3 + struct.unpack_from("<H", table, at + 1)[0]
    if table[at : at + 1] != b"\2":
        raise UnusableInput("it has no table of its text's pieces")
    count = (struct.unpack_from("<I", table, at + 1)[0] - 4) // 12
    count = min(count, (len(table) - at - 9) // 12)
    ends = struct.unpack_from(f"<{count + 1}I", table, at + 5)
    for number in range(count):
        length = ends[number + 1] - ends[number]
        (place,) = struct.unpack_from("<I", table, at + 5 + 4 * (count + 1) + 8 * number + 2)
        if place & 0x40000000:
            begin = (place & 0x3FFFFFFF) // 2
            yield main[begin : begin + max(0, length)].decode("cp1252", "replace")
        else:
            yield main[place : place + max(0, 2 * length)].decode("utf-16-le", "replace")


def _plain(text: str) -> bytes:
    return text.replace("\x07\x07", "\t\n").translate(_BREAKS).encode("utf-8", "replace")


def _slides(ole: "OleFileIO", file: BinaryIO) -> Iterator[object]:
    records = _stream(ole, _SLIDES)
    yield [TEXT, "", b""]
    objects = []
    block = bytearray()
    for kind, content in _atoms(records):
        match kind:
            case 0x0FA0 | 0x0FBA:  # TextCharsAtom, CString
                block += _plain(bytes(content).decode("utf-16-le", "replace")) + b"\n"
            case 0x0FA8:  # TextBytesAtom
                block += _plain(bytes(content).decode("cp1252", "replace")) + b"\n"
            case 0x1011:  # ExOleObjStg
                objects.append(content)
        if len(block) > BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)
    for number, content in enumerate(objects, start=1):
        yield [MEMBER, f"!/object{number}", b""]
        yield from _inflated(bytes(content[4:]))


def _atoms(records: bytes) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(records)
    at = 0
    while at + 8 <= len(view):
        version, kind, size = struct.unpack_from("<2HI", view, at)
        at += 8
        if version & 0xF != 0xF:  # a container's records follow its header
            yield kind, view[at : at + size]
            at += size


def _inflated(packed: bytes) -> Iterator[bytes]:
    inflater, done = zlib.decompressobj(), 0
    while packed and done < _INFLATED:
        try:
            block = inflater.decompress(packed, BLOCK)
        except zlib.error:
            return
        packed = inflater.unconsumed_tail
        done += len(block)
        yield block


def _member(ole: "OleFileIO", name: str) -> Iterator[object]:
    """A stream; of one that wraps a file ("Ole10Native") the file."""
    place = "!/" + name.replace("\x01", "").replace("\x05", "")
    try:
        content = _stream(ole, name)
    except UnusableInput as error:
        yield [UNREAD, place, error.message]
        return
    yield [MEMBER, place, b""]
    yield from _blocks(native(content) if name.endswith("\x01Ole10Native") else content)


def native(content: bytes) -> bytes:
    """The file in an "Ole10Native" stream: behind label, path, two numbers, a path again, and its size."""
    at = content.find(b"\0", 6) + 1
    at = content.find(b"\0", at) + 1
    if at > 6 and at + 8 <= len(content):
        at += 8 + struct.unpack_from("<I", content, at + 4)[0]
        if at + 4 <= len(content):
            size = struct.unpack_from("<I", content, at)[0]
            if 0 < size <= len(content) - at - 4:
                return content[at + 4 : at + 4 + size]
    return content


def _stream(ole: "OleFileIO", name: str) -> bytes:
    if not ole.exists(name):
        raise UnusableInput("a part of it is missing")
    if ole.get_size(name) > _LARGEST:
        raise UnusableInput(f"a part of it is larger than {_LARGEST >> 20} MB")
    try:
        return bytes(ole.openstream(name).read())
    except (OSError, IndexError, struct.error) as error:
        raise UnusableInput(f"a part of it is damaged ({type(error).__name__})") from None


def _blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), BLOCK):
        yield content[start : start + BLOCK]
