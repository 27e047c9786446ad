"""Text files: the encoding they are in, and their lines.

The encoding is decided on the whole file before a row is read, because a file that is UTF-8 for its first
megabytes may hold a cp1252 byte later. Either such bytes are the exception: then the file is UTF-8 and the
rows that hold them are rejected with their line numbers. Or they are the rule: then the file is cp1252, which
is Latin-1 with letters and signs where Latin-1 has control characters. Reading all of it as cp1252 because of
one stray byte would turn every other accented name to rubbish, silently.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, repeat
from typing import BinaryIO, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Row
from trapstreet.plugins.tables._files import TableFile, open_regular, reading
from trapstreet.plugins.tables._lines import LONGEST_LINE, lenient, pieces

_CHUNK = 1 << 20
_SAMPLE_LINES = 2000
_SAMPLE_CHARACTERS = 1 << 19
_MARKS = {  # the marks of UTF-32 begin like those of UTF-16 and stand before them
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BREAKS = ("\n", "\r")
_OTHER_BREAKS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where `splitlines` divides, and no text file does
_ENDING = re.compile("\r\n|\n|\r")
_UNREADABLE = re.compile("[\ud800-\udfff]")
_CONTROLS = bytes([0, *range(2, 9), *range(0x0E, 0x1B)])  # 1 and 0x1C to 0x1F separate fields in some dumps


@dataclass(frozen=True, slots=True)
class Layout:
    """What surrounds the lines of a text file: how they are encoded and how they end.

    mark     the byte order mark it begins with, b"" for none
    newline  the ending of most lines
    ends     the last line has an ending too
    """

    encoding: str = "utf-8"
    mark: bytes = b""
    newline: str = "\n"
    ends: bool = True


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file whose encoding is known.

    mark     the byte order mark it begins with, b"" for none
    dubious  some line holds a NUL or bytes that are not of the encoding: `fault` finds which
    ends     it ends with a line break
    """

    file: TableFile
    encoding: str
    mark: bytes
    dubious: bool
    ends: bool

    def blocks(self) -> Iterator[str]:
        """The text, some thousand whole lines at a time; `lines_of` has them with their own endings.

        A line beyond LONGEST_LINE comes by itself, cut off after it and without its ending.
        """
        with reading(self.file.label), open_regular(self.file.path) as file:
            try:
                yield from _whole_lines(pieces(file, self.encoding, len(self.mark)))
            except UnicodeError:
                raise _undecodable(self.file.label, self.encoding) from None

    def lines(self) -> Iterator[list[str]]:
        """The lines of each block."""
        return map(lines_of, self.blocks())

    def sample(self) -> list[str]:
        """The first lines, some hundred kilobytes at most."""
        lines, size = [], 0
        for line in islice(chain.from_iterable(self.lines()), _SAMPLE_LINES):
            lines.append(line)
            size += len(line)
            if size > _SAMPLE_CHARACTERS:
                break
        return lines

    def layout(self, lines: Iterable[str]) -> Layout:
        """The layout of the file, its usual line ending taken from these lines."""
        endings = Counter(ending for ending in map(ending_of, lines) if ending)
        newline = endings.most_common(1)[0][0] if endings else "\n"
        return Layout(self.encoding, self.mark, newline, self.ends)

    def form(self, newline: str) -> dict[str, object]:
        """What `_lines` must know to add and cut records."""
        return {"encoding": self.encoding, "mark": len(self.mark), "newline": newline}

    def refuse_beyond_encoding(self, texts: Iterable[str]) -> None:
        """Raises UnusableInput if a character is not in the encoding."""
        try:
            for text in texts:
                text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnusableInput(
                f"{self.file.label}: a row has characters that {self.encoding} does not have",
                hint="save the table as UTF-8 first",
            ) from None

    def sound(self, texts: Sequence[str]) -> bool:
        """Nothing is wrong with any of these texts, as `fault` sees it."""
        if max(map(len, texts), default=0) > LONGEST_LINE:
            return False
        if not self.dubious:
            return True
        text = "".join(texts)
        return "\0" not in text and _readable(text)

    def fault(self, text: str) -> str | None:
        """What is wrong with the text of a row, None if nothing is."""
        if len(text) > LONGEST_LINE:
            return f"longer than {LONGEST_LINE:,} characters"
        if not self.dubious:
            return None
        if "\0" in text:
            return "holds a NUL character"
        return f"holds bytes that are not {self.encoding}" if _UNREADABLE.search(text) else None


class LineWriter:
    """Lines on their way into a file, in its layout.

    A line keeps the ending it has, which is written when the next line, or the end, asks for it: so the last
    line of a file without a final line break can move up, and another can take its place.
    """

    def __init__(self, out: BinaryIO, layout: Layout, *, where: str) -> None:
        self._out = out
        self._layout = layout
        self._where = where
        self._owed = ""
        out.write(layout.mark)

    def write(self, batch: Batch, formatted: Callable[[Row], str], *, verbatim: bool) -> None:
        """Write the batch's rows, those that have a raw text as it stands if they are to be `verbatim`."""
        raw = batch.raw if verbatim else None
        if raw is None:
            self.append(map(formatted, batch.rows))
        elif all(raw):
            self.append(cast(Sequence[str], raw))
        else:
            self.append(
                formatted(row) if text is None else text for row, text in zip(batch.rows, raw, strict=True)
            )

    def append(self, lines: Iterable[str]) -> None:
        """Write the lines; one without an ending gets the usual one.

        Raises UnusableInput if a character is not in the encoding.
        """
        texts = list(lines)
        if not texts:
            return
        if not all(map(str.endswith, texts, repeat(_BREAKS))):
            texts = [text if text.endswith(_BREAKS) else text + self._layout.newline for text in texts]
        owed, self._owed = self._owed, ending_of(texts[-1])
        texts[-1] = texts[-1].removesuffix(self._owed)
        try:
            self._out.write("".join([owed, *texts]).encode(self._layout.encoding))
        except UnicodeEncodeError:
            raise UnusableInput(
                f"{self._where}: a row has characters that {self._layout.encoding} does not have",
                hint="save the table as UTF-8 first",
            ) from None

    def finish(self) -> None:
        """Write the last line's ending, if the layout has one."""
        if self._layout.ends:
            self._out.write(self._owed.encode(self._layout.encoding))


def ending_of(line: str) -> str:
    """The line ending: CRLF, LF, CR or nothing."""
    return "\r\n" if line.endswith("\r\n") else line[-1:] if line.endswith(_BREAKS) else ""


def survey(table: TableFile, encoding: str | None = None) -> TextFile:
    """The file's encoding: as given, by its byte order mark, or decided on all of its bytes.

    One pass, some 0.7 s per GB of ASCII; two for cp1252. Raises UnusableInput if it cannot be decoded at all.
    """
    with reading(table.label), open_regular(table.path) as file:
        head = file.read(_CHUNK)
        mark, marked = next(((m, e) for m, e in _MARKS.items() if head.startswith(m)), (b"", None))
        seen = marked or wide_encoding(head)
        codec = _codec(encoding, table.label, seen) if encoding else seen or "utf-8"
        found = _pass_over(file, mark, codec, table.label)
        if not (encoding or mark) and codec == "utf-8" and found.broken and found.broken >= found.multibyte:
            codec = "cp1252"
            found = _pass_over(file, mark, codec, table.label)
    return TextFile(table, codec, mark, dubious=bool(found.broken or found.nul), ends=found.last in _BREAKS)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by the NULs that stand at every other byte where it has none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _MARKS[head[:2]]
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high * 10 > len(head) and high > 10 * low:
        return "utf-16-le"
    if low * 10 > len(head) and low > 10 * high:
        return "utf-16-be"
    return None


def is_text(head: bytes) -> bool:
    """The bytes may begin a text file: hardly any control characters once UTF-16 is allowed for."""
    if wide_encoding(head):
        return True
    return sum(map(head.count, _CONTROLS)) * 50 <= len(head) + 100


@dataclass(slots=True)
class _Found:
    """What one pass found: undecodable bytes, continuation bytes of UTF-8, a NUL, the last character."""

    broken: int = 0
    multibyte: int = 0
    nul: bool = False
    last: str = ""


def _pass_over(file: BinaryIO, mark: bytes, codec: str, label: str) -> _Found:
    file.seek(len(mark))
    decode = codecs.getincrementaldecoder(codec)(lenient(codec)).decode
    found = _Found()
    try:
        for chunk in iter(partial(file.read, _CHUNK), b""):
            text = decode(chunk)
            found.multibyte += len(chunk) - len(text)
            found.nul = found.nul or "\0" in text
            found.last = text[-1:] or found.last
            if not _readable(text):
                found.broken += len(_UNREADABLE.findall(text))
        found.broken += len(_UNREADABLE.findall(decode(b"", True)))
    except UnicodeError:
        raise _undecodable(label, codec) from None
    return found


def _readable(text: str) -> bool:
    """No surrogate stands for a broken byte: far quicker than a search for one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole_lines(pieces: Iterable[str]) -> Iterator[str]:
    """A text that comes in pieces, none cut within an ending, in blocks that end where a line does."""
    kept, overlong = "", False  # the beginning of a line; the rest of one is being passed over
    for piece in pieces:
        text = kept + piece
        if overlong or len(text) > LONGEST_LINE:
            ending = _ENDING.search(text)
            first = ending.end() if ending else len(text)
            if not overlong and first > LONGEST_LINE:
                yield text[: LONGEST_LINE + 1]
                overlong = True
            if overlong:
                text, overlong = text[first:], not ending
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        if end:
            yield text[:end]
        kept = text[end:]
    if kept:
        yield kept


def lines_of(text: str) -> list[str]:
    """The lines of a text with their endings."""
    return text.splitlines(keepends=True) if splits_alike(text) else list(io.StringIO(text, newline=""))


def splits_alike(text: str) -> bool:
    """`splitlines` divides the text where its lines end and nowhere else."""
    return not any(sign in text for sign in _OTHER_BREAKS)


def _codec(encoding: str, label: str, seen: str | None) -> str:
    """The codec of that name; one that leaves the order of bytes open gets the order that is seen."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding)  # a look-up alone finds codecs that are not of text
        codec = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise UnusableInput(f"{label}: no such encoding", hint="for example ?encoding=cp1252") from None
    if codec in ("utf-16", "utf-32"):
        return seen if seen and seen.startswith(codec) else f"{codec}-le"
    return codec


def _undecodable(label: str, codec: str) -> UnusableInput:
    return UnusableInput(
        f"{label}: this is not {codec} throughout", hint="save it as UTF-8, or pass ?encoding="
    )
