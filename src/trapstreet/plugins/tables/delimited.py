"""CSV, TSV and every other table in delimited text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import dropwhile, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Batch, Rejected, Row, cell_text
from trapstreet.plugins.tables import BATCH, Fit, Location, Table, WriteBatch, _lines
from trapstreet.plugins.tables._batches import in_batches
from trapstreet.plugins.tables._columns import named_columns
from trapstreet.plugins.tables._dialect import decide
from trapstreet.plugins.tables._lines import Dialect, Record, line_count, records
from trapstreet.plugins.tables._quoting import Quoting, learn, written
from trapstreet.plugins.tables._stretches import Stretch, stretches
from trapstreet.plugins.tables._text import Layout, LineWriter, TextFile, is_text, survey

if TYPE_CHECKING:
    from trapstreet.plugins.tables._ground_files import FileGround

_DELIMITER_OF = {".csv": ",", ".tsv": "\t"}
_NAMES = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class Delimited:
    """Text with one record to a line, quoted line breaks excepted, and the column names in the first."""

    name = "csv"
    title = "delimited text (.csv, .tsv)"
    suffixes = (".csv", ".tsv")
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if not is_text(head):
            return Fit.NO
        return Fit.NAMED if suffix in self.suffixes else Fit.POSSIBLE

    def open(self, location: Location) -> "DelimitedTable":
        """Decides encoding and dialect; `?encoding=` and `?delimiter=` overrule what is seen."""
        location.only("encoding", "delimiter")
        delimiter = location.options.get("delimiter")
        delimiter = _NAMES.get(delimiter or "", delimiter)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise UnusableInput(
                f"{location.place}: the delimiter must be one character",
                hint="for example ?delimiter=tab or ?delimiter=|",
            )
        return DelimitedTable(survey(location.file, location.options.get("encoding")), delimiter)

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> "FileGround":
        from trapstreet.plugins.tables._ground_files import FileGround

        return FileGround(location, self.open, key=key, links=links)

    @contextmanager
    def writer(self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path) -> Iterator[WriteBatch]:
        style = _style(like, suffix)
        lines = LineWriter(out, style.layout, where=like.label)
        lines.append([style.opening])

        def write(batch: Batch) -> None:
            lines.write(batch, lambda row: _formatted(row, style, like.label), verbatim=style.verbatim)

        yield write
        lines.finish()


@dataclass(frozen=True, slots=True)
class Style:
    """How a delimited file looks beside its cells.

    opening   everything before the first row
    verbatim  rows that came from the source are written as they stand there
    """

    layout: Layout
    opening: str
    dialect: Dialect
    quoting: Quoting
    verbatim: bool = True


class DelimitedTable:
    """A delimited file. Cells are text as stored; an empty cell is the empty text."""

    format = "csv"

    def __init__(self, file: TextFile, delimiter: str | None = None) -> None:
        self.label = file.file.label
        self._file = file
        sample = file.sample()
        self._hint = sample.pop(0) if sample and _separator_hint(sample[0]) else ""
        if not any(line.strip() for line in sample):
            raise UnusableInput(
                f"{self.label}: the file is empty", hint="a table has at least a row of column names"
            )
        written_on = list(dropwhile(str.isspace, sample))
        self._dialect = decide(written_on, delimiter=delimiter or _separator_hint(self._hint))
        known = records(sample, self._dialect, first=2 if self._hint else 1)
        header = next(known)
        if why := header.why or file.fault(header.text):
            raise UnusableInput(
                f"{self.label}: the first row {why}", hint="the first row must name the columns"
            )
        self.columns = named_columns(header.cells, where=self.label, guessed=True)
        self._begins = header.line + line_count(header.text)
        self.style = self._observed(header, [record.text for record in known if not record.why])

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Rows with their raw text; one of another width or with NULs, bad bytes or quotes is rejected."""
        found = stretches(_beyond(self._begins - 1, self._file.lines()), self._dialect, first=self._begins)
        return in_batches(map(self._judged, found), size)

    editor = _lines
    losses = ()

    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `_lines.add` takes to add rows in the file's style, each before this line or at the end."""
        added = [(line, _formatted(row, self.style, self.label)) for line, row in rows]
        self._file.refuse_beyond_encoding(text for _, text in added)
        return {**self.form, "rows": added}

    @property
    def form(self) -> dict[str, Any]:
        """What `_lines` must know to read and cut records."""
        records = {"dialect": asdict(self._dialect), "first": 2 if self._hint else 1}
        return {**self._file.form(self.style.layout.newline), **records}

    def _judged(self, found: Stretch) -> Batch:
        """The rows of a stretch that are sound, and why the others are not."""
        batch, width = Batch(found.rows, found.lines, found.texts), len(self.columns)
        if found.why is None and set(map(len, found.rows)) == {width} and self._file.sound(found.texts):
            return batch
        faults = [
            why or self._file.fault(text) or (len(row) != width and f"{len(row)} cells instead of {width}")
            for text, row, why in zip(found.texts, found.rows, found.why or repeat(None), strict=False)
        ]
        kept = [at for at, fault in enumerate(faults) if not fault]
        rejected = [Rejected(line, why) for line, why in zip(found.lines, faults, strict=True) if why]
        return replace(batch.only(kept), rejected=rejected)

    def _observed(self, header: Record, texts: list[str]) -> Style:
        return Style(
            layout=self._file.layout([header.text, *texts]),
            opening=self._hint + header.text,
            dialect=self._dialect,
            quoting=learn(texts or [header.text], self._dialect, len(self.columns)),
        )


def _beyond(count: int, blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    """The lines of all blocks but the first `count`."""
    for lines in blocks:
        if count < len(lines):
            yield lines[count:]
        count = max(0, count - len(lines))


def _formatted(row: Row, style: Style, where: str) -> str:
    text = written([cell_text(cell) for cell in row], style.dialect, style.quoting)
    if text is None:
        raise UnusableInput(
            f"{where}: a cell holds the delimiter or a line break, and this file has no quotes",
            hint="write another format, for example .jsonl",
        )
    return text + style.layout.newline


def _style(like: Table, suffix: str) -> Style:
    """The style of `like` if it is delimited text, with another delimiter if the files' names ask for one."""
    usual = _DELIMITER_OF[suffix]
    if not isinstance(like, DelimitedTable):
        never = (False,) * len(like.columns)
        plain = Quoting(always=never, if_empty=(True,) * len(never))  # so that "" and NULL stay apart
        return Style(
            Layout(), _header(like.columns, Dialect(usual), "\n"), Dialect(usual), plain, verbatim=False
        )
    style = like.style
    named_otherwise = suffix == ".tsv" or Path(like.label).suffix.lower() == ".tsv"
    if style.dialect.delimiter == usual or not named_otherwise:
        return style
    opening = _header(like.columns, Dialect(usual), style.layout.newline)
    return replace(style, opening=opening, dialect=Dialect(usual), verbatim=False)


def _header(columns: Sequence[str], dialect: Dialect, newline: str) -> str:
    never = (False,) * len(columns)
    return f"{written(columns, dialect, Quoting(never, never))}{newline}"


def _separator_hint(line: str) -> str:
    """The delimiter that a first line `sep=;` names for spreadsheets, "" if the line is none."""
    hint = re.fullmatch(r"sep=(.)\r?\n?", line, re.IGNORECASE)
    return hint[1] if hint else ""


FORMAT = Delimited()
