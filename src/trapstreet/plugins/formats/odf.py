"""OpenDocument texts, sheets, presentations and drawings (ODF, and OpenOffice.org's files before it).

A sheet's cells are read as they are shown and as the value that they hold; of a workbook each sheet is a text
of its own.
"""

import html
import re
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from zipfile import ZipFile

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _office
from trapstreet.plugins.formats import _odf_locked as locked_odf
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._stream import Damaged, Stream
from trapstreet.plugins.formats._tags import CELL, Dialect, as_written, plain, unfinished

title = "OpenDocument file"
rank = 10
container = True
begins = b"P"

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_MIMETYPE = 200  # bytes within which the archive says what it is
_LARGEST_MANIFEST = 16  # MiB
_SHEET = re.compile(rb"<table:table\s(?:[^<>]*\s)?table:name=\"([^\"<>]{0,200})\"")
_DIALECT = Dialect(
    begins={
        b"tab": b"\t",
        b"s": b" ",
        b"line-break": b"\n",
        b"annotation": b"\n",
        b"note": b"\n",
        b"text-box": b"\n",
    },
    ends={b"table-cell": CELL, b"covered-table-cell": CELL}
    | dict.fromkeys(
        b"p h table-row note annotation creator initial-creator printed-by date title subject description"
        b" keyword user-defined desc config-item".split(),
        b"\n",
    ),
    formal=frozenset(b"text:p text:h text:span".split()),
    shown=frozenset(b"value date-value time-value string-value href formula".split()),
)


def recognises(data: Stream) -> bool:
    return _office.holds(data, _CONTENT, _MANIFEST)


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    apart = b"opendocument.spreadsheet" in data.peek(_MIMETYPE)
    with zipped.directory(data) as archive:
        if _encrypted(archive):
            yield from locked_odf.parts(archive, data, path, manifest=_MANIFEST)
            return
        if apart:
            yield from _sheets(archive, data, path)
    yield from _office.document(
        data,
        path,
        _DIALECT,
        first=_CONTENT,
        read=lambda name: name.endswith((".xml", ".rdf")),
        done=frozenset({_CONTENT}) if apart else frozenset(),
    )


def _encrypted(archive: ZipFile) -> bool:
    manifest = zipped.unpacked(archive, archive.getinfo(_MANIFEST))
    try:
        return any(b"encryption-data" in block for block in islice(manifest, _LARGEST_MANIFEST))
    except Damaged:
        return False


def _sheets(archive: ZipFile, data: Stream, path: str) -> Iterator[Text | Unread]:
    content = f"{path}!/{_CONTENT}"
    unread: list[Unread] = []
    packed = Stream(data.budget.unpack(zipped.unpacked(archive, archive.getinfo(_CONTENT))), data.budget)
    chunks = _office.until_damage(as_written(packed, content).chunks, content, unread)
    digest = _office.hashed(data)
    for name, blocks in groupby(_by_sheet(chunks), key=itemgetter(0)):
        where = f"{path}!{name}" if name else content
        yield Text(where, plain((block for _, block in blocks), _DIALECT), digest)
    yield from unread


def _by_sheet(chunks: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """Pieces of markup, each with the name of the sheet it belongs to, "" before the first."""
    name, rest = "", b""
    for chunk in chunks:
        whole = rest + chunk
        rest = whole[unfinished(whole) :]
        whole = whole[: len(whole) - len(rest)]
        at = 0
        for match in _SHEET.finditer(whole):
            yield name, whole[at : match.start()]
            name, at = html.unescape(match[1].decode("utf-8", "replace")), match.start()
        yield name, whole[at:]
    yield name, rest
