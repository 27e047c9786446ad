"""What yards in databases have in common: what is put is a table of pieces of the content."""

import csv
import io
import itertools
from base64 import b64encode
from collections.abc import Sequence
from typing import ClassVar

from source_yards import AWKWARD, Yard

numbers = itertools.count()
_PIECE = 1000


class Tables(Yard):
    kind: ClassVar[str] = "database"
    many: ClassVar[int] = 500
    nested: ClassVar[bool] = False
    sizes: ClassVar[bool] = False
    awkward: ClassVar[tuple[str, ...]] = tuple(name for name in AWKWARD if len(name.encode()) < 60)

    def reads(self, path: str, content: bytes) -> bytes:
        written = io.StringIO(newline="")
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(["n", "content"])
        writer.writerows((number, self.cell(piece)) for number, piece in pieces(content))
        return written.getvalue().encode()

    def cell(self, piece: bytes) -> str:
        """How a piece is read."""
        try:
            return piece.decode()
        except UnicodeDecodeError:
            return b64encode(piece).decode()


def pieces(content: bytes) -> Sequence[tuple[int, bytes]]:
    return [(at, content[at : at + _PIECE]) for at in range(0, len(content), _PIECE)]
