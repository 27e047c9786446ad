"""Standard input, given as "-": one object of unknown size that can be read once."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import Mark, Ref
from trapstreet.plugins.sources import Place

title = "standard input"
schemes = ()
reveals = "Nothing."
settings = Place


def source(settings: Place) -> "_Stdin":
    return _Stdin()


class _Stdin:
    def list(self, _cursor: str) -> Iterator[Ref | Mark]:
        """Raises Unreachable if standard input was closed when the program began: by now 0 may be the number
        of another file."""
        if sys.__stdin__ is None:
            raise Unreachable("standard input is closed", hint="pipe something into it")
        yield Ref("-")
        yield Mark("")

    def open(self, _ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        if start or end is not None:
            raise OSError("standard input is read from its beginning to its end")
        os.set_blocking(0, True)  # else a slow writer would look like the end
        return open(0, "rb", buffering=0, closefd=False)

    def close(self) -> None:
        """Nothing was opened here."""
