"""Rows added to and cut out of a sheet of an XLSX workbook. Standard library only: scripts carry this file.

The XML of the sheet is edited, and what counts its rows or its texts with it: ranges, tables, names, shared
strings. All else in the workbook stays as it is. A form is {"sheet": name, "header": its row, "first": the
first column, from 0, "width": columns}.
"""

import bisect
import copy
import re
import zipfile
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape, unescape

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ROW = re.compile(r"<(?:\w+:)?row\b[^>]*?(?:/>|>.*?</(?:\w+:)?row>)", re.DOTALL)
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_SHARED = re.compile(r'(<(?:\w+:)?c\b[^>]*?\bt="s"[^>]*>\s*<(?:\w+:)?v>)(\d+)(?=</)')
_STRING = re.compile(r"<(?:\w+:)?si\b[^>]*?(?:/>|>.*?</(?:\w+:)?si>)", re.DOTALL)
_FORMULA = re.compile(r"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(r"<(?:\w+:)?v>(.*?)</", re.DOTALL)
_TEXT = re.compile(r"<(?:\w+:)?t(?:\s[^>]*)?>(.*?)</", re.DOTALL)
_NUMBER = re.compile(r'(<(?:\w+:)?(?:row|c)\b[^>]*?\br="[A-Z]*)(\d+)(?=")')
_RANGES = re.compile(r'(<(?:\w+:)?(\w+)\b[^>]*?\b(?:ref|sqref)=")([^"]*)(?=")')
_RANGE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+)(?::(\$?[A-Z]{1,3}\$?)(\d+))?")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MOST_ROWS = 1 << 20
_NEIGHBOURS = 20
_ALONE = ("mergeCell", "hyperlink")  # what belongs to its rows and to none that are put between

Move = Callable[[int], int]


def read(path: str, form: dict[str, Any]) -> Iterator[tuple[int, list[str | None]]]:
    """The row and the cells of every row below the header that has some, as texts that tell their type."""
    with zipfile.ZipFile(path) as archive:
        book = _Book(archive, form["sheet"])
        texts = list(map(_text_in, book.strings.entries))
        for row in book.rows():
            number = _number(row)
            if number > form["header"] and _has_value(row):
                found = {
                    column: _value(attributes, inside, texts) for column, attributes, inside in _cells(row)
                }
                yield number, [found.get(form["first"] + at) for at in range(form["width"])]


def add(path: str, out: BinaryIO, addition: dict[str, Any]) -> None:
    """Copy the workbook with rows added, in the looks of the rows around them.

    addition  the form, and "rows": [row, cells] each, before the row of that number or at the end (None); a
              cell is None or [kind, value]: "s" a text, "n" a number, "b" 0 or 1, "d" a date and "h" a time
    Raises ValueError if the sheet has what cannot be edited.
    """
    with zipfile.ZipFile(path) as archive:
        book = _Book(archive, addition["sheet"])
        last = max((_number(row) for row in book.rows() if _has_value(row)), default=addition["header"])
        new = deque((last + 1 if line is None else line, cells) for line, cells in addition["rows"])
        before = [line for line, _ in new]
        if new and last + len(new) > _MOST_ROWS:
            raise ValueError("a sheet holds no more rows")
        parts: list[str] = []
        above: deque[str] = deque(maxlen=_NEIGHBOURS)  # rows passed, the nearest first
        top = [row for row in book.rows(_NEIGHBOURS) if _number(row) > addition["header"]]
        for row in chain(book.rows(), [""]):
            number = _number(row) if row else _MOST_ROWS
            while new and new[0][0] <= number:
                line, cells = new.popleft()
                at = line + len(before) - len(new) - 1
                parts.append(book.made(at, cells, addition["first"], [*above, *top]))
            parts.append(_moved(row, bisect.bisect_right(before, number)))
            if addition["header"] < number and row:
                above.appendleft(row)
        book.finish(
            out,
            "".join(parts),
            first=lambda row: row + bisect.bisect_left(before, row),
            last=lambda row: row + bisect.bisect_right(before, row + (row == last)),
            alone=lambda row: row + bisect.bisect_right(before, row),
        )


def cut(path: str, out: BinaryIO, form: dict[str, Any], lines: Collection[int]) -> None:
    """Copy the workbook without these rows. Raises ValueError as `add` does."""
    gone = sorted(lines)
    with zipfile.ZipFile(path) as archive:
        book = _Book(archive, form["sheet"])
        parts = [
            _moved(row, -bisect.bisect_left(gone, _number(row)))
            for row in book.rows()
            if _number(row) not in lines
        ]
        book.finish(
            out,
            "".join(parts),
            first=lambda row: row - bisect.bisect_left(gone, row),
            last=lambda row: row - bisect.bisect_right(gone, row),
            alone=lambda row: row - bisect.bisect_left(gone, row),
        )


class _Book:
    """A workbook of which one sheet is edited."""

    def __init__(self, archive: zipfile.ZipFile, sheet: str) -> None:
        self._archive = archive
        self._name = sheet
        relations = _relations(archive, "xl/workbook.xml")
        self._book = _decoded(archive, "xl/workbook.xml")
        nodes = [node for node in _tree(self._book.encode()).iter() if node.tag.endswith("}sheet")]
        members = {node.attrib["name"]: relations[node.attrib[_RELATION]] for node in nodes}
        if sheet not in members:
            raise ValueError("it has no such sheet any more")
        self._member = members[sheet][1]
        self._xml = {
            member: _decoded(archive, member)
            for kind, member in members.values()
            if kind.endswith("/worksheet")
        }
        if self._member not in self._xml:
            raise ValueError("its sheet is no worksheet")
        self._related = _relations(archive, self._member)
        texts = [member for kind, member in relations.values() if kind.endswith("/sharedStrings")]
        self.strings = _Strings(texts[0] if texts else "", _decoded(archive, texts[0]) if texts else "")
        self.strings.observe(self._xml.values())
        found = re.search(
            r"(<(?:\w+:)?sheetData\b[^>]*?>)(.*)(</(?:\w+:)?sheetData>)", self._xml[self._member], re.DOTALL
        )
        if found is None:
            raise ValueError("its sheet has no rows")
        self._span = found.span(2)
        self._since_1904 = re.search(r'\bdate1904="(1|true)"', self._book) is not None

    def rows(self, most: int = _MOST_ROWS) -> Iterator[str]:
        found = _ROW.finditer(self._xml[self._member], *self._span)
        return (row[0] for row, _ in zip(found, range(most), strict=False))

    def made(self, number: int, cells: Sequence[Any], first: int, neighbours: Sequence[str]) -> str:
        """A new row that looks like those around it, the nearest first."""
        opened = re.match(r"<((?:\w+:)?)row\b[^>]*?(?=/?>)", neighbours[0] if neighbours else "<row")
        prefix = opened[1] if opened else ""
        attributes = re.sub(
            r'\s(r|hidden|collapsed)="[^"]*"', "", opened[0].partition("row")[2] if opened else ""
        )
        looks: dict[int, tuple[str, str]] = {}
        for row in neighbours[::-1]:
            looks.update({column: (_attribute(a, "s"), _attribute(a, "t")) for column, a, _ in _cells(row)})
        made = []
        for at, cell in enumerate(cells, start=first):
            if cell is not None:
                style, kind = looks.get(at, ("", ""))
                made.append(self._cell(prefix, f"{_letters(at)}{number}", cell, style, kind))
        return f'<{prefix}row r="{number}"{attributes}>{"".join(made)}</{prefix}row>'

    def _cell(self, prefix: str, place: str, cell: Sequence[str], style: str, usual: str) -> str:
        kind, value = cell
        head = f'<{prefix}c r="{place}"' + (f' s="{style}"' if style else "")
        if kind == "s":
            if self.strings.used and usual != "inlineStr":
                return f'{head} t="s"><{prefix}v>{self.strings.number_of(value)}</{prefix}v></{prefix}c>'
            return f'{head} t="inlineStr"><{prefix}is>{_text_element(value, prefix)}</{prefix}is></{prefix}c>'
        number = self._serial(kind, value) if kind in "dh" else value
        told = ' t="b"' if kind == "b" else ' t="n"' if usual == "n" else ""
        return f"{head}{told}><{prefix}v>{number}</{prefix}v></{prefix}c>"

    def _serial(self, kind: str, value: str) -> str:
        """Days since the workbook's first day, as spreadsheets count."""
        moment = datetime.combine(date(1904, 1, 1) if self._since_1904 else date(1899, 12, 30), time())
        if kind == "h":
            passed = datetime.combine(moment, time.fromisoformat(value)) - moment
        else:
            passed = datetime.fromisoformat(value) - moment
        days = passed.days + (passed.seconds + passed.microseconds / 1e6) / 86400
        return repr(int(days) if days == int(days) else days)

    def finish(self, out: BinaryIO, rows: str, *, first: Move, last: Move, alone: Move) -> None:
        """Write the workbook with other rows; ranges move with the rows that they begin and end with."""
        self._refuse()
        sheet = self._xml[self._member]

        def ranges(xml: str) -> str:
            return _RANGES.sub(
                lambda found: (
                    found[1]
                    + _ranges(found[3], *((alone, alone) if found[2] in _ALONE else (first, last)), alone)
                ),
                xml,
            )

        start, end = self._span
        head = re.sub(r"<(?:\w+:)?dimension\b[^>]*>", lambda found: ranges(found[0]), sheet[:start])
        self._xml[self._member] = head + rows + ranges(sheet[end:])
        changed = self.strings.renumbered(self._xml)
        for kind, member in self._related.values():
            if kind.endswith("/table"):
                changed[member] = ranges(_decoded(self._archive, member))
        changed["xl/workbook.xml"] = self._names(lambda text: _ranges(text, first, last, alone))
        with zipfile.ZipFile(out, "w") as target:
            for info in self._archive.infolist():
                name = info.filename
                data = changed[name].encode() if name in changed else self._archive.read(name)
                target.writestr(copy.copy(info), data, compress_type=info.compress_type)

    def _names(self, move: Callable[[str], str]) -> str:
        """The workbook's part, its names moved where they are of this sheet."""
        own = escape(self._name.replace("'", "''"))
        of_sheet = re.compile(rf"((?:'{re.escape(own)}'|{re.escape(own)})!)([$A-Z0-9:]+)")
        return re.sub(
            r"<(?:\w+:)?definedName\b.*?</(?:\w+:)?definedName>",
            lambda name: of_sheet.sub(lambda found: found[1] + move(found[2]), name[0]),
            self._book,
            flags=re.DOTALL,
        )

    def _refuse(self) -> None:
        if any(map(_FORMULA.search, self._xml.values())):
            raise ValueError("its workbook has formulas, which would count other rows")
        if any("omments" in kind or "omment" in kind for kind, _ in self._related.values()):
            raise ValueError("its sheet has comments, which would stand at other rows")


class _Strings:
    """The texts that the sheets of a workbook share."""

    def __init__(self, member: str, xml: str) -> None:
        self._member = member
        self._xml = xml
        self.entries = [found[0] for found in _STRING.finditer(xml)]
        self.used = bool(self.entries)
        self._numbers: dict[str, int] = {}

    def observe(self, sheets: Iterable[str]) -> None:
        """Remember which are used, and whether they stand in the order in which the sheets use them."""
        used = [int(found[2]) for sheet in sheets for found in _SHARED.finditer(sheet)]
        self._count = len(used)
        self._before = dict.fromkeys(used)
        self._in_order = list(self._before) == list(range(len(self.entries)))

    def number_of(self, text: str) -> int:
        """The number of a text, a new one if none has it."""
        if not self._numbers:
            plain = (
                number for number, entry in enumerate(self.entries) if "<t" in entry and ":r>" not in entry
            )
            self._numbers = {_text_in(self.entries[number]): number for number in plain}
        if text not in self._numbers:
            prefix = re.match(r"<(\w+:)?", self.entries[0])
            name = (prefix and prefix[1]) or ""
            self._numbers[text] = len(self.entries)
            self.entries.append(f"<{name}si>{_text_element(text, name)}</{name}si>")
        return self._numbers[text]

    def renumbered(self, sheets: dict[str, str]) -> dict[str, str]:
        """The changed parts: texts that came stand where their writer would have put them, others are gone.

        Texts at the end of a list that is in the order of use would give the new rows away.
        """
        if not self.entries:
            return dict(sheets)
        used = [int(found[2]) for sheet in sheets.values() for found in _SHARED.finditer(sheet)]
        now = dict.fromkeys(used)
        dropped = self._before.keys() - now.keys()
        order = list(now) if self._in_order else [at for at in range(len(self.entries)) if at not in dropped]
        new = {old: number for number, old in enumerate(order)}
        changed = {
            member: _SHARED.sub(lambda found: f"{found[1]}{new[int(found[2])]}", sheet)
            for member, sheet in sheets.items()
        }
        bounds = [found.span() for found in _STRING.finditer(self._xml)]
        between = self._xml[bounds[0][1] : bounds[1][0]] if len(bounds) > 1 else ""
        more = len(used) - self._count
        head = re.sub(
            r'(\scount=")(\d+)', lambda found: f"{found[1]}{int(found[2]) + more}", self._xml[: bounds[0][0]]
        )
        head = re.sub(r'(\suniqueCount=")\d+', rf"\g<1>{len(order)}", head)
        entries = between.join(self.entries[old] for old in order)
        return {**changed, self._member: head + entries + self._xml[bounds[-1][1] :]}


def _relations(archive: zipfile.ZipFile, member: str) -> dict[str, tuple[str, str]]:
    """By its id the type of a relation and the part that it leads to."""
    folder, _, name = member.rpartition("/")
    part = f"{folder}/_rels/{name}.rels"
    if part not in archive.namelist():
        return {}
    found = {}
    for node in _tree(archive.read(part)):
        target = node.attrib["Target"]
        path = target[1:] if target.startswith("/") else f"{folder}/{target}"
        while "/../" in path:
            path = re.sub(r"[^/]+/\.\./", "", path, count=1)
        found[node.attrib["Id"]] = node.attrib["Type"], path
    return found


def _tree(xml: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(xml)  # noqa: S314 - small parts of the owner's file; expat bounds entities


def _decoded(archive: zipfile.ZipFile, member: str) -> str:
    try:
        return archive.read(member).decode()
    except (KeyError, UnicodeDecodeError):
        raise ValueError("it has a part that cannot be read") from None


def _number(row: str) -> int:
    found = re.match(r'<(?:\w+:)?row\b[^>]*?\br="(\d+)"', row)
    if found is None:
        raise ValueError("its rows do not say their numbers")
    return int(found[1])


def _moved(row: str, by: int) -> str:
    return _NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + by}", row) if by else row


def _ranges(text: str, first: Move, last: Move, alone: Move) -> str:
    """Ranges after the move; a single cell moves alone, and the last row of all stays."""

    def row(number: str, move: Move) -> int:
        return int(number) if int(number) == _MOST_ROWS else min(move(int(number)), _MOST_ROWS)

    def moved(found: re.Match[str]) -> str:
        if found[4] is None:
            return f"{found[1]}{row(found[2], alone)}"
        return f"{found[1]}{row(found[2], first)}:{found[3]}{row(found[4], last)}"

    return _RANGE.sub(moved, text)


def _has_value(row: str) -> bool:
    return bool(_VALUE.search(row) or _TEXT.search(row))


def _cells(row: str) -> Iterator[tuple[int, str, str]]:
    """The column, from 0, the attributes and the inside of each cell."""
    for found in _CELL.finditer(row):
        letters = re.match("[A-Z]+", _attribute(found[1], "r"))
        if letters is None:
            raise ValueError("its cells do not say where they stand")
        column = 0
        for letter in letters[0]:
            column = column * 26 + ord(letter) - 64
        yield column - 1, found[1], found[2] or ""


def _value(attributes: str, inside: str, texts: Sequence[str]) -> str | None:
    kind = _attribute(attributes, "t")
    if kind == "inlineStr":
        return "s:" + _text_in(inside)
    value = _VALUE.search(inside)
    if value is None or not value[1]:
        return None
    if kind == "s":
        return "s:" + texts[int(value[1])]
    return f"s:{unescape(value[1])}" if kind == "str" else f"{kind or 'n'}:{value[1]}"


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf'(?:^|\s){name}="([^"]*)"', attributes)
    return found[1] if found else ""


def _text_in(entry: str) -> str:
    """The text of an entry, without how it is pronounced."""
    spoken = re.sub(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", "", entry, flags=re.DOTALL)
    text = unescape("".join(_TEXT.findall(spoken)), {"&quot;": '"', "&apos;": "'"})
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def _text_element(text: str, prefix: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("a sheet cannot hold a control character of a new row")
    written = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text).replace("\r", "_x000D_")
    space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f"<{prefix}t{space}>{escape(written)}</{prefix}t>"


def _letters(column: int) -> str:
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
