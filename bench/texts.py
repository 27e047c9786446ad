"""The texts that are searched: prose, and dense customer tables with more or less of ours in them."""

import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from measuring import SEED
from trapstreet.app.demo.people import customers

DOCUMENTATION = Path("/usr/share/doc")
ENDINGS = (".txt", ".md", ".html", ".rst")


def prose(size: int) -> bytes:
    """The first `size` bytes of this machine's package documentation."""
    parts: list[bytes] = []
    for path in sorted(DOCUMENTATION.rglob("*")):
        if path.is_file() and path.name.endswith(ENDINGS):
            parts.append(path.read_bytes())
            if sum(map(len, parts)) >= size:
                return b"".join(parts)[:size]
    sys.exit(f"{DOCUMENTATION} holds less than {size:,} bytes of text: there is no prose to search")


def dense(size: int, ours: list[tuple[str, ...]], *, every: int) -> bytes:
    """A CSV table of customers in which every so-many-th row is one of ours, and the others are nobody's."""
    rows = _mixed(cycle(ours), _strangers(size), every)
    text = bytearray()
    while len(text) < size:
        text += (",".join(next(rows)) + "\r\n").encode()
    return bytes(text)


def _mixed(
    ours: Iterator[tuple[str, ...]], strangers: Iterator[tuple[str, ...]], every: int
) -> Iterator[tuple[str, ...]]:
    while True:
        yield next(ours)
        for _ in range(every - 1):
            yield next(strangers)


def _strangers(size: int) -> Iterator[tuple[str, ...]]:
    domains = ("bigpost.example", "mailhub.example")
    return customers(size // 50, seed=SEED + 1, first=71_000_000, domains=domains)
