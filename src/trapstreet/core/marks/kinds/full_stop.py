"""The full stop at the end of a note of three words and more."""

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_FEWEST_WORDS = 3


class FullStop(TextMark):
    """0: no stop; 1: one."""

    name = "full-stop"
    title = "full stop at the end of notes"
    suits = frozenset({Kind.TEXT})

    def pair(self, text: str) -> tuple[str, str] | None:
        note = text.removesuffix(".")
        words = note.split()
        if len(words) < _FEWEST_WORDS or not words[-1].isalpha() or not note.endswith(words[-1]):
            return None
        return note, f"{note}."


MARK = FullStop()
