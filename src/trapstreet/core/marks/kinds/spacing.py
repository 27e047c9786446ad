"""One blank or two between words, at the last place where a blank divides two letters.

Inside the text, since blanks at its ends are the first thing that any import takes off. Beside digits there
is no such place, so dates, times and numbers in a text stay readable to programs.
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import NAMES, TextMark

_GAP = re.compile(r"(?<=[^\W\d_]) {1,2}(?=[^\W\d_])")


class Spacing(TextMark):
    """0: one blank; 1: two."""

    name = "spacing"
    title = "blanks between words"
    suits = NAMES | {Kind.TEXT, Kind.ADDRESS}

    def pair(self, text: str) -> tuple[str, str] | None:
        gaps = list(_GAP.finditer(text))
        if not gaps:
            return None
        before, after = text[: gaps[-1].start()], text[gaps[-1].end() :]
        return f"{before} {after}", f"{before}  {after}"


MARK = Spacing()
