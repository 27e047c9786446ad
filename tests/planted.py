"""People planted in a file, and which of them are not found again in its texts."""

import re
from collections import defaultdict

from taken_apart import source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins import formats

NEAR = 120

NAMES = [
    f"{first} {last}"
    for first in ("Maria", "Jürgen", "Zoë", "Ann & Bob", "Karl <K>")
    for last in ("Huber", "Muster", "Groß", "Meyer")
]
ROWS = [
    [name, f"person{number}@example.com", f"0151 {2345000 + number}", f"{70000 + number}"]
    for number, name in enumerate(NAMES)
]


def lost(text: bytes, rows: list[list[str]] = ROWS) -> list[str]:
    """The addresses of the rows whose cells are not all found near each other."""
    written = text.decode()
    missing = []
    for row in rows:
        places = (match.start() for match in re.finditer(re.escape(row[1]), written))
        around = (written[max(0, at - NEAR) : at + NEAR] for at in places)
        if not any(all(cell in window for cell in row) for window in around):
            missing.append(row[1])
    return missing


def everything(data: bytes, path: str) -> tuple[dict[str, bytes], list[Unread]]:
    """All that is read of a file, and what is not; of what was read twice, by two formats, both."""
    texts: dict[str, list[bytes]] = defaultdict(list)
    unread = []
    for found in formats.read(source(data, path)):
        if isinstance(found, Unread):
            assert found.why.isprintable()
            unread.append(found)
        else:
            texts[found.path] += found.chunks
    return {name: b"".join(chunks) for name, chunks in texts.items()}, unread
