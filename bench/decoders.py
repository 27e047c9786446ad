"""Decoders: how many planted values are found in each encoding, with them and without; what they cost where
nothing is encoded."""

import base64
import html
import io
import json
import quopri
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from statistics import median
from urllib.parse import quote, quote_plus

from measuring import SEED, Desk, desk
from texts import made
from trapstreet.app.demo.people import HEADER, customers, write_rows
from trapstreet.app.search import matcher_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.index import Matcher
from trapstreet.plugins import formats
from trapstreet.plugins.decoders import decoded

RECORDS = 20_000
KINDS = (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE)
NOT_ASCII = 0.16
"""Share of the e-mail addresses with a letter that is not ASCII."""

ACCENTS = str.maketrans("aeouc", "äéöüç")
PLAIN = ("prose", "logs", "JSON", "SQL", "source code", "customers, 1 % ours", "numbers")
ROUNDS = 7

Row = tuple[str, ...]


def main() -> None:
    with desk() as at:
        at.begin()
        rows = list(people(RECORDS // (10 if at.quick else 1)))
        table = at.folder / "people.csv"
        write_rows(table, rows)
        at.run("register", table, "--name", "people")
        _, matcher = matcher_of(Workspace.open(at.workspace))
        print("\nshare found: e-mail, phone, ticket    with decoders              without")
        for name, write in ENCODINGS.items():
            _recall(at, name, write(rows), len(rows), matcher)
        print("\nns a byte, one core, medians                 decoders   reading   search   share of all")
        for sort in PLAIN:
            _cost(sort, made(sort, (4 if at.quick else 16) << 20, rows), matcher)


def people(count: int) -> Iterator[Row]:
    """Customers (people.HEADER), some with a letter in their address that is not ASCII."""
    random = Random(SEED)
    for row in customers(count, seed=SEED):
        local, _, domain = row[2].partition("@")
        accented = local.translate(ACCENTS) if random.random() < NOT_ASCII else local
        yield (*row[:2], f"{accented}@{domain}", *row[3:])


def _recall(at: Desk, name: str, data: bytes, count: int, matcher: Matcher) -> None:
    with_, without = (_found(data, matcher, how) for how in (decoded, iter))
    kept = all(with_[kind] == count for kind in KINDS)
    shares = ["  ".join(f"{found[kind] / count:7.2%}" for kind in KINDS) for found in (with_, without)]
    print(f"{name:38}{shares[0]}    {shares[1]}  {'' if kept else 'MISSED'}", flush=True)
    if not kept:
        at.missed.append(name)


def _found(data: bytes, matcher: Matcher, how: Callable[[Iterator[bytes]], Iterator[bytes]]) -> Counter[Kind]:
    """How many different records are met by each kind."""
    met = set()
    for part in formats.read(SourceObject("bench", "f", len(data), partial(io.BytesIO, data))):
        if isinstance(part, Unread):
            sys.exit(f"{part.path}: {part.why}")
        for matches in matcher.matches(how(part.chunks)):
            met |= {(match.kind, match.record) for match in matches}
    return Counter(kind for kind, _ in met)


def _cost(sort: str, text: bytes, matcher: Matcher) -> None:
    """What the stages take of a text that lies in memory."""
    chunks = list(_read(text))
    stages: dict[str, Callable[[], Iterable[object]]] = {
        "decoders": lambda: decoded(iter(chunks)),
        "reading": lambda: _read(text),
        "search": lambda: matcher.matches(iter(chunks)),
    }
    times: dict[str, list[float]] = {stage: [] for stage in stages}
    for _ in range(ROUNDS):
        for stage, work in stages.items():
            began = time.process_time()
            for _ in work():
                pass
            times[stage].append((time.process_time() - began) * 1e9 / len(text))
    spent = {stage: median(each) for stage, each in times.items()}
    more = sum(map(len, decoded(iter(chunks)))) / len(text) - 1
    figures = "".join(f"{each:10.2f}" for each in spent.values())
    print(
        f"{sort:40}{figures}{spent['decoders'] / sum(spent.values()):10.0%}  {more:.1%} more to search",
        flush=True,
    )


def _read(text: bytes) -> Iterator[bytes]:
    for part in formats.read(SourceObject("bench", "f", len(text), partial(io.BytesIO, text))):
        if not isinstance(part, Unread):
            yield from part.chunks


def _text(rows: Iterable[Row]) -> str:
    return "".join(",".join(row) + "\r\n" for row in rows)


def _cells(rows: Iterable[Row], write: Callable[[str], str], between: str = ",") -> bytes:
    return "".join(between.join(map(write, row)) + "\n" for row in rows).encode()


def _lines(rows: Iterable[Row], write: Callable[[bytes], bytes]) -> bytes:
    return b"".join(write(",".join(row).encode()) + b"\n" for row in rows)


def _json(rows: Iterable[Row], again: int = 1) -> bytes:
    def said(row: Row) -> str:
        value: object = dict(zip(HEADER, row, strict=True))
        for _ in range(again):
            value = json.dumps(value)
        return str(value)

    return "".join(said(row) + "\n" for row in rows).encode()


def _named(cell: str) -> str:
    return html.escape(cell).translate(
        {
            ord("@"): "&commat;",
            ord("ä"): "&auml;",
            ord("é"): "&eacute;",
            ord("ö"): "&ouml;",
            ord("ü"): "&uuml;",
        }
        | {ord("ç"): "&ccedil;"}
    )


def _numbered(cell: str, form: str) -> str:
    return "".join(form.format(ord(c)) if c == "@" or ord(c) > 126 else c for c in cell)


def _quoted_printable(rows: Iterable[Row]) -> bytes:
    """One paragraph, so that lines end in the middle of values."""
    return quopri.encodestring(_text(rows).replace("\r\n", "; ").encode())


def _escaped(cell: str, form: str) -> str:
    return "".join(form.format(byte) for byte in cell.encode())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bare(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


Encoding = Callable[[list[Row]], bytes]

ENCODINGS: dict[str, Encoding] = {
    "UTF-8": lambda rows: _text(rows).encode(),
    "Latin-1": lambda rows: _text(rows).encode("latin-1"),
    "UTF-16 LE, mark": lambda rows: b"\xff\xfe" + _text(rows).encode("utf-16-le"),
    "UTF-16 BE, mark": lambda rows: b"\xfe\xff" + _text(rows).encode("utf-16-be"),
    "UTF-16 LE": lambda rows: _text(rows).encode("utf-16-le"),
    "UTF-16 BE": lambda rows: _text(rows).encode("utf-16-be"),
    "UTF-32": lambda rows: _text(rows).encode("utf-32"),
    "JSON \\u": _json,
    "JSON in JSON": partial(_json, again=2),
    "HTML names": lambda rows: _cells(rows, _named),
    "HTML decimal": lambda rows: _cells(rows, partial(_numbered, form="&#{};")),
    "HTML hexadecimal": lambda rows: _cells(rows, partial(_numbered, form="&#x{:x};")),
    "percent, cells": lambda rows: _cells(rows, partial(quote, safe="")),
    "percent, forms": lambda rows: _cells(rows, quote_plus, "&f="),
    "percent, every byte": lambda rows: _cells(rows, partial(_escaped, form="%{:02X}")),
    "percent, Latin-1": lambda rows: _cells(rows, partial(quote, safe="", encoding="latin-1")),
    "quoted-printable, one line a row": lambda rows: quopri.encodestring(_text(rows).encode()),
    "quoted-printable, one paragraph": _quoted_printable,
    "quoted-printable, Latin-1": lambda rows: quopri.encodestring(_text(rows).encode("latin-1")),
    "\\x, every byte": lambda rows: _cells(rows, partial(_escaped, form="\\x{:02x}")),
    "octal, every byte": lambda rows: _cells(rows, partial(_escaped, form="\\{:03o}")),
    "base64, MIME lines": lambda rows: base64.encodebytes(_text(rows).encode()),
    "base64, MIME lines, CRLF": lambda rows: base64.encodebytes(_text(rows).encode()).replace(b"\n", b"\r\n"),
    "base64, lines of 70": lambda rows: re.sub(b".{70}", b"\\g<0>\n", base64.b64encode(_text(rows).encode())),
    "base64, one line": lambda rows: base64.b64encode(_text(rows).encode()),
    "base64, one line, UTF-16": lambda rows: base64.b64encode(_text(rows).encode("utf-16-le")),
    "base64, one line, Latin-1": lambda rows: base64.b64encode(_text(rows).encode("latin-1")),
    "base64, a row a line": lambda rows: _lines(rows, base64.b64encode),
    "base64, cells": lambda rows: _cells(rows, lambda cell: _b64(cell.encode())),
    "base64, URL-safe cells, no padding": lambda rows: _cells(rows, lambda cell: _bare(cell.encode())),
    "base64, cells of UTF-16": lambda rows: _cells(rows, lambda cell: _b64(cell.encode("utf-16-le"))),
    "base64, cells in PHP's JSON": lambda rows: _cells(
        rows, lambda cell: '"' + _b64(cell.encode()).replace("/", "\\/") + '"'
    ),
    "hexadecimal, one line": lambda rows: _text(rows).encode().hex().encode(),
    "hexadecimal, cells": lambda rows: _cells(rows, lambda cell: cell.encode().hex()),
    "hexadecimal, upper, 0x": lambda rows: _cells(rows, lambda cell: "0x" + cell.encode().hex().upper()),
    "hexadecimal, in pairs": lambda rows: _cells(rows, lambda cell: cell.encode().hex(" ")),
    "hexadecimal, pairs of 16 a line": lambda rows: re.sub(
        b".{47} ", b"\\g<0>\n", _text(rows).encode().hex(" ").encode()
    ),
    "hexadecimal, UTF-16": lambda rows: _cells(rows, lambda cell: cell.encode("utf-16-le").hex()),
    "hexadecimal, UTF-32": lambda rows: _cells(rows, lambda cell: cell.encode("utf-32-be").hex()),
    "base64 of base64": lambda rows: base64.b64encode(base64.encodebytes(_text(rows).encode())),
    "base64 of quoted-printable": lambda rows: base64.encodebytes(_quoted_printable(rows)),
    "base64 of JSON": lambda rows: _lines(
        rows, lambda line: base64.b64encode(json.dumps(line.decode()).encode())
    ),
    "hexadecimal of base64": lambda rows: _lines(rows, lambda line: base64.b64encode(line).hex().encode()),
    "percent of percent": lambda rows: _cells(rows, lambda cell: quote(quote(cell, safe=""), safe="")),
    "percent of base64": lambda rows: _cells(rows, lambda cell: quote(_b64(cell.encode()), safe="")),
    "JSON of percent": lambda rows: _cells(
        rows, lambda cell: json.dumps(quote(cell)).replace("%", "\\u0025")
    ),
    "HTML of HTML": lambda rows: _cells(rows, lambda cell: html.escape(_numbered(cell, "&#{};"))),
    "quoted-printable of HTML": lambda rows: quopri.encodestring(_cells(rows, _named)),
}


if __name__ == "__main__":
    main()
