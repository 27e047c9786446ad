"""Records of text files, read, added and cut out to the byte. Standard library only: scripts carry this file.

A form says how a file is read: "encoding", "mark" (bytes of its byte order mark) and "newline"; "dialect" and
"first" (the line of its header) for delimited text, "members" for JSON lines.
"""

import codecs
import contextlib
import csv
import io
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader

LONGEST_LINE = 1 << 20
"""Characters of the longest line, and of the longest record, that is read."""

_CHUNK = 1 << 18  # bytes: what is made of them stays in the caches
_FEW = 100  # lines that are held although nobody has asked for the last of them yet
_ENDING = re.compile("\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells become a line.

    quote   what a cell is wrapped in, "" where nothing ever is; doubled inside unless there is an escape
    escape  what takes away the meaning of the next character, "" for none
    padded  a space follows every delimiter and is not part of the cell
    """

    delimiter: str
    quote: str = '"'
    escape: str = ""
    padded: bool = False


class Record(NamedTuple):
    """One record: where it begins, its text with the line ending, and its cells or what is wrong with it."""

    line: int
    text: str
    cells: list[str]
    why: str | None


@dataclass(slots=True)
class Waiting:
    """Lines that are about to be read.

    further  lines behind those, some at a time
    number   of the next line
    lines    the next one last
    """

    further: Iterator[list[str]]
    number: int = 1
    lines: list[str] = field(default_factory=list)


def records(lines: Iterable[str], dialect: Dialect, *, first: int = 1) -> Iterator[Record]:
    """Every record, blank lines left out. After a broken one reading goes on with the line after its first.

    So a quote that is never closed costs one record and not the rest of the file. Each stretch between two
    quotes is read at most twice: linear time whatever the text is. About 0.7 µs for a record of six cells.
    """
    source = iter(lines)
    waiting = Waiting(iter(lambda: list(itertools.islice(source, _FEW)), []), first)
    for some in waiting.further:
        waiting.lines = some[::-1]
        yield from one_by_one(waiting, dialect)


def one_by_one(waiting: Waiting, dialect: Dialect) -> Iterator[Record]:
    """The records that begin in the lines that wait, as `records` says; further lines are only taken to end
    one of them, and then begin records too."""
    taken: list[str] = []  # lines of the record that is being read

    def feed() -> Iterator[str]:
        length = 0
        while waiting.lines or taken:
            if not waiting.lines:
                waiting.lines = next(waiting.further, [])[::-1]
                if not waiting.lines:
                    return
            line = waiting.lines.pop()
            length = length + len(line) if taken else 0
            if length > LONGEST_LINE:
                waiting.lines.append(line)
                raise csv.Error("field larger than field limit")
            taken.append(line)
            yield line

    while waiting.lines:
        reader = cells_of(feed(), dialect)
        while True:
            why, cells = None, []
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                why = _why(str(error))
                waiting.lines.extend(reversed(taken[1:]))
                del taken[1:]
            if cells or why:
                yield Record(waiting.number, taken[0] if len(taken) == 1 else "".join(taken), cells, why)
            waiting.number += len(taken)
            taken.clear()


def lenient(encoding: str) -> str:
    """How the codec lets broken bytes through as surrogates, and writes them back as they were."""
    return "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"


def read(path: str, form: dict[str, Any]) -> Iterator[tuple[int, list[str | None]]]:
    """The line and the cells of every record, those of JSON as JSON."""
    with Path(path).open("rb") as file:
        for line, _, cells in _records(file, form):
            yield line, list(cells)


def add(path: str, out: BinaryIO, addition: dict[str, Any]) -> None:
    """Copy the file with records added; every byte of the file stays.

    addition  the form, and "rows": [line, text] each, before the line of that number or at the end (None)
    Raises ValueError if the file's lines cannot be told apart to the byte.
    """
    encoding, newline = addition["encoding"], addition["newline"]
    with Path(path).open("rb") as file:
        numbers = {line for line, _ in addition["rows"] if line is not None}
        starts = line_starts(file, numbers, encoding=encoding, mark=addition["mark"])
        size = file.seek(0, io.SEEK_END)
        unended = size > addition["mark"] and not _break_before(file, size, encoding)
        patches: dict[int, list[bytes]] = {}
        for line, text in addition["rows"]:
            whole = newline + text.removesuffix(newline) if line is None and unended else text
            patches.setdefault(size if line is None else starts[line], []).append(whole.encode(encoding))
        _copy_patched(file, out, [(at, at, b"".join(parts)) for at, parts in sorted(patches.items())])


def cut(path: str, out: BinaryIO, form: dict[str, Any], lines: Collection[int]) -> None:
    """Copy the file without the records that begin on these lines; every other byte stays.

    A file that ends without a line break still does. Raises ValueError as `add` does.
    """
    with Path(path).open("rb") as file:
        bounds = [(at, at + line_count(text)) for at, text, _ in _records(file, form) if at in lines]
        starts = line_starts(
            file, {line for both in bounds for line in both}, encoding=form["encoding"], mark=form["mark"]
        )
        size = file.seek(0, io.SEEK_END)
        gone: list[tuple[int, int]] = []
        for first, after in bounds:
            adjoins = gone and gone[-1][1] == starts[first]
            gone.append((gone.pop()[0] if adjoins else starts[first], starts[after]))
        if gone and gone[-1][1] == size and not _break_before(file, size, form["encoding"]):
            start, end = gone.pop()
            gone.append((start - _break_before(file, start, form["encoding"]), end))
        _copy_patched(file, out, [(start, end, b"") for start, end in gone])


def _records(file: BinaryIO, form: dict[str, Any]) -> Iterator[tuple[int, str, Sequence[str | None]]]:
    """Line, text and cells of every record that can be read, the header left out."""
    file.seek(form["mark"])
    text = io.TextIOWrapper(file, form["encoding"], errors=lenient(form["encoding"]), newline="")
    try:
        if "members" in form:
            for number, line in enumerate(text, start=1):
                with contextlib.suppress(ValueError, RecursionError):
                    value = json.loads(line)
                    if isinstance(value, dict):
                        yield number, line, [_member(value, name) for name in form["members"]]
        else:
            lines = itertools.islice(text, form["first"] - 1, None)
            found = records(lines, Dialect(**form["dialect"]), first=form["first"])
            next(found, None)
            yield from ((line, whole, cells) for line, whole, cells, why in found if not why)
    finally:
        text.detach()


def _member(value: dict[str, Any], name: str) -> str | None:
    return json.dumps(value[name], sort_keys=True) if name in value else None


def line_starts(file: BinaryIO, wanted: Iterable[int], *, encoding: str, mark: int) -> dict[int, int]:
    """The byte offsets at which these lines begin, lines counted from 1; memory does not grow with the file.

    mark  bytes of the byte order mark before the first line
    The line after a last one without an ending begins where the file ends. Raises ValueError if the encoding
    does not give the file's bytes back, or there are fewer lines.
    """
    errors = lenient(encoding)
    starts: dict[int, int] = {}
    waiting = sorted(set(wanted), reverse=True)
    line, offset = 1, mark
    for text in pieces(file, encoding, mark):
        if waiting and waiting[-1] == line:
            starts[waiting.pop()] = offset
        done, before = 0, line
        line += _endings(text)
        if waiting and waiting[-1] <= line:
            for number, ending in enumerate(_ENDING.finditer(text), start=before + 1):
                if waiting and waiting[-1] == number:
                    offset += len(text[done : ending.end()].encode(encoding, errors))
                    done = ending.end()
                    starts[waiting.pop()] = offset
        offset += len(text[done:].encode(encoding, errors))
    if waiting == [line + 1]:
        starts[waiting.pop()] = offset
    if waiting or offset != file.seek(0, io.SEEK_END):
        raise ValueError("the lines do not add up to the file")
    return starts


def pieces(file: BinaryIO, encoding: str, mark: int) -> Iterator[str]:
    """The file's text, cut anywhere but within an ending."""
    decoder = codecs.getincrementaldecoder(encoding)(lenient(encoding))
    file.seek(mark)
    kept = ""
    for chunk in iter(partial(file.read, _CHUNK), b""):
        text = kept + decoder.decode(chunk)
        kept = "\r" if text.endswith("\r") else ""
        yield text.removesuffix(kept)
    yield kept + decoder.decode(b"", True)


def line_count(text: str) -> int:
    """Lines of a record, its last one with or without an ending."""
    return _endings(text) + (not text.endswith(("\n", "\r")))


def _endings(text: str) -> int:
    breaks = text.count("\n")
    return breaks + text.count("\r") - text.count("\r\n") if "\r" in text else breaks


def _copy_patched(file: BinaryIO, out: BinaryIO, patches: Iterable[tuple[int, int, bytes]]) -> None:
    """Copy the bytes, each patch (start, end, bytes) in place of what it names; in their order."""
    done = 0
    for start, end, instead in patches:
        _copy(file, out, done, start)
        out.write(instead)
        done = end
    _copy(file, out, done, file.seek(0, io.SEEK_END))


def _copy(file: BinaryIO, out: BinaryIO, start: int, end: int) -> None:
    file.seek(start)
    while start < end and (chunk := file.read(min(_CHUNK, end - start))):
        out.write(chunk)
        start += len(chunk)


def _break_before(file: BinaryIO, end: int, encoding: str) -> int:
    """Bytes of the line break that stands right before this offset, 0 if there is none."""
    for ending in ("\r\n", "\n", "\r"):
        raw = ending.encode(encoding)
        if end >= len(raw):
            file.seek(end - len(raw))
            if file.read(len(raw)) == raw:
                return len(raw)
    return 0


def cells_of(lines: Iterable[str], dialect: Dialect) -> "Reader":
    """The reader of these lines: raises csv.Error at whatever is not well-formed."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
        doublequote=not dialect.escape,
        skipinitialspace=dialect.padded,
        strict=True,
    )


def _why(fault: str) -> str:
    if "unexpected end" in fault:
        return "a quote is opened and never closed"
    if "field larger" in fault:
        return "a cell is longer than 131,072 characters; perhaps its quote is never closed"
    if "expected after" in fault:
        return "text stands between a closing quote and the delimiter"
    return "is not well-formed"
