"""What Outlook stores, in .msg files, .pst folders and winmail.dat alike: objects with numbered properties.

Reference: [MS-OXPROPS]; [MS-OXRTFCP] for the packed RTF.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._charset import utf8
from trapstreet.plugins.formats.html import both

STRING, UNICODE, BINARY = 0x1E, 0x1F, 0x102
CODEPAGES = (0x3FFD, 0x3FDE)
HTML, RTF, BODY = 0x1013, 0x1009, 0x1000
LONG_NAME, SHORT_NAME, SHOWN_NAME, CONTENT = 0x3707, 0x3704, 0x3001, 0x3701

_HEADERS = 0x007D
_LAST = (_HEADERS, BODY, HTML)
_KINDS = frozenset({0x001A, 0x0064, 0x0075, 0x0C1E, 0x3002, 0x3703, 0x370E})
"""Kinds of messages, addresses and files: words of the program, nobody's data."""


@dataclass(slots=True)
class Properties:
    """Those of a message, recipient or attachment that are text, and its other bodies.

    codepage  of the texts that are not Unicode
    """

    codepage: int = 0
    html: bytes = b""
    rtf: bytes = b""
    texts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, number: int, kind: int, raw: bytes) -> None:
        """A property as it is stored."""
        if number == HTML:
            self.html = raw
        elif number == RTF and kind == BINARY:
            self.rtf = raw
        elif kind == UNICODE:
            self.texts[number].append(raw.decode("utf-16-le", "replace").rstrip("\0"))
        elif kind == STRING:
            text = utf8(raw.rstrip(b"\0"), f"cp{self.codepage}" if self.codepage else "")
            self.texts[number].append(text.decode("utf-8", "replace"))

    def name(self) -> str:
        """What an attachment is called, "" if nothing says so."""
        for number in (LONG_NAME, SHORT_NAME, SHOWN_NAME):
            for text in self.texts.get(number, ()):
                if text.strip():
                    return text.strip()
        return ""

    def line(self) -> str:
        """Everything of a recipient, side by side."""
        return "\t".join(dict.fromkeys(self._values()))

    def written(self) -> Iterator[bytes]:
        """Everything of a message, the properties a line each, then headers and bodies."""
        yield "".join(f"{value}\n" for value in dict.fromkeys(self._values())).encode("utf-8", "replace")
        for number in _LAST:
            for text in self.texts.get(number, ()):
                yield (text + "\n").encode("utf-8", "replace")
        if self.html:
            yield from both(iter([utf8(self.html)]))

    def rtf_alone(self) -> bytes:
        """The body as RTF, where that is the only one."""
        return b"" if self.html or self.texts.get(BODY) else unpacked_rtf(self.rtf)

    def _values(self) -> Iterator[str]:
        for number in sorted(self.texts.keys() - _KINDS - set(_LAST)):
            yield from (value for value in self.texts[number] if value.strip())


def message(place: str, own: Properties, recipients: list[Properties]) -> Iterator[object]:
    """For the child: a message as a text at `place`, and its body as a member if it is RTF alone."""
    yield [parsed.TEXT, place, b""]
    lines = "".join(f"{each.line()}\n" for each in recipients)
    yield from parsed.cut(lines.encode("utf-8", "replace"))
    for block in own.written():
        yield from parsed.cut(block)
    if rtf := own.rtf_alone():
        yield from parsed.member(f"{place}/body.rtf" if place else "!/body.rtf", rtf)


def unpacked_rtf(packed: bytes) -> bytes:
    """LZFu: runs of text, and references into the last 4 KB of it; as much as there is of it."""
    if packed[8:12] == b"MELA":
        return packed[16:]
    if packed[8:12] != b"LZFu":
        return packed if packed.startswith(b"{\\rtf") else b""
    made, at = bytearray(_BEFORE), 16
    while at < len(packed):
        flags, at = packed[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                made += packed[at : at + 1]
                at += 1
                continue
            reference, at = int.from_bytes(packed[at : at + 2]), at + 2
            back = (len(made) - (reference >> 4)) % 4096
            if not back:
                return bytes(made[len(_BEFORE) :])
            for _ in range((reference & 15) + 2):
                made.append(made[-back] if back <= len(made) else 0x20)
    return bytes(made[len(_BEFORE) :])


_BEFORE = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What a reference may point to before anything was written."""
