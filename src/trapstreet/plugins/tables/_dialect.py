"""Which delimiter and quotes a table in delimited text was written with."""

import re
from collections.abc import Iterable, Iterator, Sequence

from trapstreet.plugins.tables._lines import Dialect, records

_USUAL = (",", ";", "\t", "|")
_LEAST_AGREEMENT = 0.2
_EVIDENCE = 3  # cells that begin with a quote: fewer may be broken rows, and say nothing about the file
_NEVER_A_DELIMITER = re.compile(r"[\w \r\n\"'.@/\\()\[\]{}+-]")


def decide(lines: Sequence[str], *, delimiter: str | None = None) -> Dialect:
    """The dialect in which the most records have as many cells as the first one.

    lines  the beginning of the file, header first. A sample that ends within a record does no harm.
    """
    if delimiter:
        return _best(lines, [delimiter])[1]
    agreement, best = _best(lines, _USUAL)
    if agreement < 0.5:
        unusual = sorted({mark for mark in lines[0] if not _NEVER_A_DELIMITER.match(mark)} - set(_USUAL))
        agreement, best = max((agreement, best), _best(lines, unusual), key=lambda found: found[0])
    return best if agreement >= _LEAST_AGREEMENT else Dialect(",")


def _best(lines: Sequence[str], delimiters: Iterable[str]) -> tuple[float, Dialect]:
    """The candidate with the most agreement; among equals the wider one, then the more usual one."""
    best, score = Dialect(","), (0.0, 0)
    text = "".join(lines)
    for delimiter in (each for each in delimiters if each in text):
        for dialect in _ways_to_quote(lines, text, delimiter):
            agreement = _agreement(lines, dialect)
            if agreement > score:
                best, score = dialect, agreement
    return score[0], best


def _ways_to_quote(lines: Sequence[str], text: str, delimiter: str) -> Iterator[Dialect]:
    header = lines[0].rstrip("\r\n").split(delimiter)
    padded = delimiter != " " and len(header) > 1 and all(cell.startswith(" ") for cell in header[1:])
    (doubles, whole_doubles), (singles, whole_singles) = (_wrapped(text, delimiter, quote) for quote in "\"'")
    yield Dialect(delimiter, padded=padded)
    if '\\"' in text:
        yield Dialect(delimiter, escape="\\", padded=padded)
    if not doubles and singles >= _EVIDENCE and whole_singles > 0.9 * singles:
        yield Dialect(delimiter, quote="'", padded=padded)
    if not doubles or (doubles >= _EVIDENCE and whole_doubles < 0.5 * doubles):
        if '"' in text:  # else it reads the same as above
            yield Dialect(delimiter, quote="", padded=padded)
        if "\\" + delimiter in text:
            yield Dialect(delimiter, quote="", escape="\\", padded=padded)


def _wrapped(text: str, delimiter: str, quote: str) -> tuple[int, int]:
    """How many cells begin with the quote, and how many end with it."""
    if quote not in text:
        return 0, 0
    edge = f"[{re.escape(delimiter)}\r\n]"
    opened = len(re.findall(f"(?:^|{edge}) ?{quote}", text))
    return opened, len(re.findall(f"{quote}(?:$|(?={edge}))", text))


def _agreement(lines: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """The share of the records as wide as the first, and that width; (0, 0) if there is only one column."""
    found = records(lines, dialect)
    header = next(found, None)
    if header is None or len(header.cells) < 2:
        return 0.0, 0
    width = len(header.cells)
    widths = [len(record.cells) for record in found]
    return (round(widths.count(width) / len(widths), 3) if widths else 1.0), width
