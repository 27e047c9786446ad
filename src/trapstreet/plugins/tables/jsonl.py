"""JSON lines: one object to a line."""

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec.structs import astuple

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Batch, Cell, Rejected, Row, cell_text
from trapstreet.plugins.tables import BATCH, Fit, Location, Table, WriteBatch, _lines
from trapstreet.plugins.tables._batches import in_batches
from trapstreet.plugins.tables._cells import exact_number
from trapstreet.plugins.tables._columns import named_columns
from trapstreet.plugins.tables._lines import line_count
from trapstreet.plugins.tables._text import (
    Layout,
    LineWriter,
    TextFile,
    is_text,
    lines_of,
    survey,
    wide_encoding,
)

if TYPE_CHECKING:
    from trapstreet.plugins.tables._ground_files import FileGround

_MOST_COLUMNS = 2000
_SAMPLE = 200
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_SPACINGS = ((", ", ": "), (",", ":"), (",", ": "), (", ", ":"))


class JsonLines:
    """One JSON object to a line; the names of its members are the columns."""

    name = "jsonl"
    title = "JSON lines (.jsonl, .ndjson)"
    suffixes = (".jsonl", ".ndjson")
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if not is_text(head):
            return Fit.NO
        text = head.removeprefix(codecs.BOM_UTF8).decode(wide_encoding(head) or "utf-8", errors="replace")
        first = text.lstrip("\ufeff \t\r\n").partition("\n")[0]
        if first.startswith("{") and _parsed(first) is not None:
            return Fit.CERTAIN
        is_json = suffix in self.suffixes or (first.startswith(("{", "[")) and suffix in (".json", ""))
        return Fit.NAMED if is_json else Fit.NO

    def open(self, location: Location) -> "JsonLinesTable":
        location.only("encoding")
        return JsonLinesTable(survey(location.file, location.options.get("encoding")))

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> "FileGround":
        from trapstreet.plugins.tables._ground_files import FileGround

        return FileGround(location, self.open, key=key, links=links)

    @contextmanager
    def writer(self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path) -> Iterator[WriteBatch]:
        same = isinstance(like, JsonLinesTable)
        style = like.style if isinstance(like, JsonLinesTable) else Style(Layout(), like.columns)
        lines = LineWriter(out, style.layout, where=like.label)

        def write(batch: Batch) -> None:
            lines.write(batch, style.formatted, verbatim=same)

        yield write
        lines.finish()


@dataclass(frozen=True, slots=True)
class Style:
    """How an object becomes a line.

    omitted  columns that are left out where they are None; in the others None is null
    nested   columns whose text is JSON of an object or an array
    """

    layout: Layout
    keys: tuple[str, ...]
    omitted: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    separators: tuple[str, str] = (", ", ": ")
    ascii_only: bool = False

    def formatted(self, row: Row) -> str:
        """The row as one line with its ending."""
        value = {
            key: _nested(cell) if key in self.nested else _member(cell)
            for key, cell in zip(self.keys, row, strict=True)
            if cell is not None or key not in self.omitted
        }
        return _encoder(self.separators, self.ascii_only).encode(value) + self.layout.newline


class JsonLinesTable:
    """A file of JSON lines. Its columns are the members of all its objects, in the order they are first seen.

    A missing member is None, as null is; objects and arrays within a member are compact JSON text. The file
    is read once to know every member: one that first appears in the last line is a column like the others.
    """

    format = "jsonl"

    def __init__(self, file: TextFile) -> None:
        self.label = file.file.label
        self._file = file
        seen = self._survey()
        if not seen.keys:
            raise UnusableInput(
                f"{self.label}: no line holds a JSON object",
                hint='one object to a line; an array becomes that with: jq -c ".[]"',
            )
        keys = tuple(seen.keys)
        self.columns = named_columns(keys, where=self.label)
        self.style = self._observed(keys, seen)

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Rows with their raw text; a line that is no JSON object is rejected."""
        return in_batches(self._read(), size)

    editor = _lines
    losses = ()

    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `_lines.add` takes to add rows in the file's style, each before this line or at the end."""
        added = [(line, self.style.formatted(row)) for line, row in rows]
        self._file.refuse_beyond_encoding(text for _, text in added)
        return {**self.form, "rows": added}

    @property
    def form(self) -> dict[str, Any]:
        """What `_lines` must know to read and cut records."""
        return {**self._file.form(self.style.layout.newline), "members": list(self.style.keys)}

    def _read(self) -> Iterator[Batch]:
        """The rows of each block."""
        decoder = _decoder(dict.fromkeys(self.style.keys, Any))
        first = 1
        for text in self._file.blocks():
            lines = lines_of(text)
            objects = _at_once(text, len(lines), decoder) if self._file.sound(lines) else None
            if objects is None:
                yield self._one_by_one(lines, first)
            else:
                rows = list(map(astuple, objects))
                flat = list(map(_flat, rows)) if self.style.nested else rows
                yield Batch(flat, range(first, first + len(lines)), lines)
            first += len(lines)

    def _one_by_one(self, lines: Iterable[str], first: int) -> Batch:
        """The rows of lines of which some may hold no object."""
        known: list[int] = []
        rows: list[Row] = []
        raw: list[str] = []
        rejected: list[Rejected] = []
        for line, text, value, why in self._objects(lines, first):
            if value is None:
                rejected.append(Rejected(line, why))
            else:
                known.append(line)
                rows.append(_flat(map(value.get, self.style.keys)))
                raw.append(text)
        return Batch(rows, known, raw, rejected)

    def _objects(
        self, lines: Iterable[str], first: int = 1
    ) -> Iterator[tuple[int, str, dict[str, Any] | None, str]]:
        """Line number, text, and the object or why there is none; blank lines are left out."""
        for line, text in enumerate(lines, start=first):
            if not text.strip():
                continue
            why = self._file.fault(text)
            value = None if why else _parsed(text)
            yield line, text, value, why or "is not a JSON object"

    def _survey(self) -> "_Seen":
        seen = _Seen()
        for text in self._file.blocks():
            if seen.knows(text):
                continue
            for _, _, value, _ in self._objects(lines_of(text)):
                if value is not None:
                    seen.take(value)
            if len(seen.keys) > _MOST_COLUMNS:
                raise UnusableInput(
                    f"{self.label}: its objects have more than {_MOST_COLUMNS:,} different members",
                    hint="give the records the same members",
                )
        return seen

    def _observed(self, keys: tuple[str, ...], seen: "_Seen") -> Style:
        objects = self._objects(chain.from_iterable(self._file.lines()))
        sample = list(islice(((text, value) for _, text, value, _ in objects if value is not None), _SAMPLE))

        def agreement(separators: tuple[str, str], ascii_only: bool) -> int:
            return sum(
                _encoder(separators, ascii_only).encode(value) == text.strip() for text, value in sample
            )

        choices = [(spacing, ascii_only) for spacing in _SPACINGS for ascii_only in (False, True)]
        separators, ascii_only = max(choices, key=lambda choice: agreement(*choice))
        return Style(
            layout=self._file.layout(text for text, _ in sample),
            keys=keys,
            omitted=frozenset(keys) - seen.nulls,
            nested=frozenset(seen.nested),
            separators=separators,
            ascii_only=ascii_only,
        )


@dataclass(slots=True)
class _Seen:
    """Members in the order they appeared, and those that were ever null, or ever an object or array."""

    keys: dict[str, None] = field(default_factory=dict)
    nulls: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    _decoder: msgspec.json.Decoder[Any] | None = None

    def knows(self, text: str) -> bool:
        """Nothing about these lines is new: an object to each, whose members are known and as they were."""
        if self._decoder is None:
            self._decoder = _decoder({key: self._type(key) for key in self.keys})
        return _at_once(text, line_count(text), self._decoder) is not None

    def take(self, value: dict[str, Any]) -> None:
        self._decoder = None
        if not value.keys() <= self.keys.keys():
            self.keys.update(dict.fromkeys(value))
        for key, member in value.items():
            if member is None:
                self.nulls.add(key)
            elif type(member) in (dict, list):
                self.nested.add(key)

    def _type(self, key: str) -> Any:
        kind: Any = str | int | float | bool
        if key in self.nulls:
            kind |= None
        if key in self.nested:
            kind |= dict[str, Any] | list[Any]
        return kind


def _decoder(members: Mapping[str, Any]) -> msgspec.json.Decoder[Any] | None:
    """Reads objects without other members than these, of these types, as structs; a missing one is None.

    They take half the time that dictionaries take. None where a name is none that a struct can have.
    """
    try:
        struct = msgspec.defstruct(
            "Members",
            [(f"member{at}", kind, None) for at, kind in enumerate(members.values())],
            rename={f"member{at}": name for at, name in enumerate(members)},
            forbid_unknown_fields=True,
            gc=False,
        )
    except ValueError:
        return None
    return msgspec.json.Decoder(struct)


def _at_once(text: str, lines: int, decoder: msgspec.json.Decoder[Any] | None) -> list[Any] | None:
    """The objects of so many lines, each of them one from its first character to its last; None where that is
    not sure.

    Between a brace that closes and one that opens, with nothing but a line break between them, no JSON goes
    on: as many objects as there are such lines are one to a line.
    """
    between = "}\r\n{" if "\r" in text else "}\n{"
    if not (decoder and text.startswith("{") and text[-3:].rstrip("\r\n").endswith("}")):
        return None
    try:
        objects: list[Any] = decoder.decode_lines(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return objects if len(objects) == lines == text.count(between) + 1 else None


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


@cache
def _encoder(separators: tuple[str, str], ascii_only: bool) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=ascii_only, separators=separators)


def _flat(members: Iterable[Any]) -> Row:
    return tuple(
        json.dumps(each, ensure_ascii=False, separators=(",", ":")) if isinstance(each, dict | list) else each
        for each in members
    )


def _member(cell: Cell) -> str | int | float | bool | None:
    """The cell as JSON has it: what JSON has no type for becomes text."""
    match cell:
        case None | str():
            return cell
        case int() | float() | Decimal() if (number := exact_number(cell)) is not None:
            return number
    return cell_text(cell)


def _nested(cell: Cell) -> object:
    """The object or array whose text the cell is, or the cell itself where it is neither."""
    if isinstance(cell, str) and cell.startswith(("{", "[")):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return _member(cell)


FORMAT = JsonLines()
