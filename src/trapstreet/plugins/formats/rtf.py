r"""Rich Text Format: what is shown, the targets of links, comments, notes, and embedded objects.

Read by its grammar alone (Rich Text Format Specification 1.9.1, "RTF Syntax"): control words, groups and
characters of the code page that the current font has. Linear in the size of the file; memory for the embedded
objects, up to 64 MiB altogether.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Hash, Member, Text
from trapstreet.plugins.formats._digest import LateHash
from trapstreet.plugins.formats._stream import Stream

title = "RTF document"
rank = 25
container = True
begins = b"\xef\xbb\xbf \t\r\n{"

_LONGEST = 48  # bytes of a token other than text
_BLOCK = 1 << 18  # characters
_DEEPEST = 10_000  # groups in groups; what lies deeper is read as if it were in that one
_OBJECTS = 64 << 20  # bytes of all embedded objects
_FILES = re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|PK\x03\x04|%PDF-|\{\\rtf")

_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet themedata colorschememapping latentstyles datastore pict listtable"
    b" listoverridetable rsidtbl xmlnstbl filetbl mmathPr generator panose fname blipuid objclass oleclsid"
    b" wgrffmtfilter pnseclvl passwordhash bkmkstart bkmkend atrfstart atrfend atnref atntime atndate".split()
)
_WRITTEN = {
    **dict.fromkeys(b"par line row nestrow sect page column softline".split(), "\n"),
    **dict.fromkeys(b"cell nestcell tab".split(), "\t"),
    **dict(zip(b"endash emdash lquote rquote ldblquote rdblquote bullet".split(), "–—‘’“”•", strict=True)),
    **dict.fromkeys(b"footnote annotation fldinst fldrslt header footer shptxt info".split(), " "),
    b"\\": "\\",
    b"{": "{",
    b"}": "}",
    b"~": "\N{NO-BREAK SPACE}",
    b"_": "-",
    b"\n": "\n",
    b"\r": "\n",
}
_CODE_PAGES = {0: 1252, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255}
_CODE_PAGES |= {178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250, 254: 437, 255: 850}
"""By the number of a font's character set."""

_WORDS = [word for word in {*_SKIPPED, *_WRITTEN} if word.isalpha() and len(word) > 1]
_WORDS += b"u uc bin ansicpg f fcharset objdata".split()
_TOKEN = re.compile(
    rb"([^\\{}\r\n\0]+)"  # text
    rb"|([{}])"
    rb"|\\'([0-9A-Fa-f]{2})"
    rb"|\\((?:%b)(?![A-Za-z]))(-?\d{1,10})? ?"  # words that matter
    rb"|(?:\\[A-Za-z]{1,32}(?:-?\d{1,10})? ?|[\r\n\0]+)"
    rb"|\\\*\s*\\([A-Za-z]{1,32})(?:-?\d{1,10})? ?"  # a destination that readers may not know
    rb"|\\(.)|\\" % b"|".join(_WORDS),
    re.DOTALL,
)
_TEXT, _BRACE, _HEX, _WORD, _NUMBER, _STARRED, _SYMBOL = range(1, 8)


def recognises(data: Stream) -> bool:
    return data.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rt")


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    digest = LateHash()
    reader = _Reader()
    yield Text(path, _chunks(data, reader, digest), digest)
    if reader.left_out:
        yield Unread(path, f"holds embedded objects of more than {_OBJECTS >> 20} MB")
    for number, content in enumerate(reader.objects, start=1):
        yield Member(f"{path}!/object{number}", Stream(data.budget.unpack([content]), data.budget))


def _chunks(data: Stream, reader: "_Reader", digest: Hash) -> Iterator[bytes]:
    rest = b""
    for block in data:
        digest.update(block)
        rest = reader.read(rest + block)
        if reader.size >= _BLOCK:
            yield reader.taken()
    reader.read(rest + bytes(_LONGEST))
    reader.end_object()
    yield reader.taken()


class _Group(NamedTuple):
    """What holds until the group ends.

    page       code page of its bytes
    fallback   characters that stand behind each Unicode character for readers that know none
    skipped    its text is not for people
    hexadecimal  its text is an object
    """

    page: int = 1252
    fallback: int = 1
    skipped: bool = False
    hexadecimal: bool = False
    fonts: bool = False


@dataclass(slots=True)
class _Reader:
    """Where the reading stands. `size` counts characters that were not taken yet."""

    objects: list[bytes] = field(default_factory=list)
    left_out: bool = False
    size: int = 0
    _out: list[str] = field(default_factory=list)
    _bytes: bytearray = field(default_factory=bytearray)
    _hex: bytearray = field(default_factory=bytearray)
    _digits: int = 0  # of all objects
    _group: _Group = field(default_factory=_Group)
    _stack: list[_Group] = field(default_factory=list)
    _deeper: int = 0  # groups below the deepest
    _default: int = 1252
    _fonts: dict[int, int] = field(default_factory=dict)
    _font: int = 0
    _pass: int = 0  # characters to leave out
    _raw: int = 0  # bytes of binary data to leave out

    def read(self, block: bytes) -> bytes:
        """Reads all but what may go on behind the block, and returns that."""
        at = min(self._raw, len(block))
        self._raw -= at
        last = len(block) - _LONGEST
        while at < len(block):
            for match in _TOKEN.finditer(block, at):
                kind = match.lastindex
                if kind == _TEXT:
                    self._text(match[_TEXT])
                    continue
                if match.start() > last:
                    return block[match.start() :]
                if kind:
                    self._token(kind, match)
                    if self._raw:
                        break
            at = match.end() + min(self._raw, len(block) - match.end())
            self._raw -= at - match.end()
        return b""

    def taken(self) -> bytes:
        """The text so far, as UTF-8."""
        self._decode()
        text = "".join(self._out)
        self._out.clear()
        self.size = 0
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()

    def end_object(self) -> None:
        """Takes the embedded object that was read last; what stands before the file in it is of no use."""
        if not self._hex:
            return
        digits = bytes(self._hex)
        self._hex.clear()
        content = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
        match = _FILES.search(content)
        self.objects.append(content[match.start() :] if match else content)

    def _token(self, kind: int, match: re.Match[bytes]) -> None:
        match kind:
            case 2:
                self._brace(match[_BRACE])
            case 3:
                self._text(bytes.fromhex(match[_HEX].decode()))
            case 4 | 5:
                self._word(match[_WORD], int(match[_NUMBER] or 0), has_number=kind == _NUMBER)
            case 6:
                if match[_STARRED] not in _SKIPPED:  # its text begins anew
                    self._write(" ")
                self._word(match[_STARRED], 0, has_number=False)
            case 7:
                self._symbol(match[_SYMBOL])

    def _text(self, raw: bytes) -> None:
        if self._pass:
            passed = min(self._pass, len(raw))
            self._pass -= passed
            raw = raw[passed:]
        if self._group.hexadecimal:
            self._object(raw)
        elif not self._group.skipped:
            self._bytes += raw
            self.size += len(raw)

    def _object(self, raw: bytes) -> None:
        digits = raw.translate(None, _NOT_HEX)
        if self._digits + len(digits) > 2 * _OBJECTS:
            self.left_out = True
        else:
            self._digits += len(digits)
            self._hex += digits

    def _brace(self, brace: bytes) -> None:
        self._pass = 0
        if brace == b"{":
            if len(self._stack) < _DEEPEST:
                self._stack.append(self._group)
            else:
                self._deeper += 1
        elif self._deeper:
            self._deeper -= 1
        elif self._stack:
            if self._group.hexadecimal and not self._stack[-1].hexadecimal:
                self.end_object()
            self._change(self._stack.pop())

    def _symbol(self, symbol: bytes) -> None:
        if self._pass:
            self._pass -= 1
        elif symbol in _WRITTEN:
            self._write(_WRITTEN[symbol])

    def _word(self, word: bytes, number: int, *, has_number: bool) -> None:
        if word == b"u" and has_number:
            self._write(chr(number % 0x10000))
            self._pass = self._group.fallback
        elif word == b"bin":
            self._raw = max(0, number)
        elif word == b"uc":
            self._group = self._group._replace(fallback=min(max(0, number), 8))
        elif word == b"ansicpg":
            self._default = number
            self._change(self._group._replace(page=number))
        elif word in {b"f", b"fcharset"}:
            self._set_font(word, number)
        elif word == b"objdata":
            self._change(self._group._replace(hexadecimal=True))
        elif word in _SKIPPED:
            self._change(self._group._replace(skipped=True, fonts=word == b"fonttbl"))
        elif word in _WRITTEN:
            self._write(_WRITTEN[word])

    def _set_font(self, word: bytes, number: int) -> None:
        if not self._group.fonts:
            self._change(self._group._replace(page=self._fonts.get(number, self._default)))
        elif word == b"f":
            self._font = number
        elif len(self._fonts) < 10_000:
            self._fonts[self._font] = _CODE_PAGES.get(number, self._default)

    def _write(self, text: str) -> None:
        if not self._group.skipped and not self._group.hexadecimal:
            self.size += 1
            if text.isascii():  # as every code page has it
                self._bytes += text.encode()
            else:
                self._decode()
                self._out.append(text)

    def _change(self, group: _Group) -> None:
        if group.page != self._group.page:
            self._decode()
        self._group = group

    def _decode(self) -> None:
        if self._bytes:
            try:
                text = self._bytes.decode(f"cp{self._group.page}", "replace")
            except LookupError:
                text = self._bytes.decode("cp1252", "replace")
            self._out.append(text)
            self._bytes.clear()


_NOT_HEX = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
