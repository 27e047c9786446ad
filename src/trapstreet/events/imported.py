"""What becomes of a log that is taken in."""

from dataclasses import dataclass

from trapstreet.core.model.access_events import Strays


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one log.

    kind      a kind of access log;  before  bytes of it that had been imported already
    events    how many are new;  first, last  times of the first and last of them, None where there is none
    unparsed  statements that nothing could parse, or that may not be what was asked: they count as uses of
              what the log itself names;  cut  those of them whose end the log may have left out
    unread    lines of no use, and `line`, the number of the first, with `why`
    torn      it ends within a line, which the next import will read when it is whole
    damaged   what it is packed in breaks off
    strays    those of its new uses that are of nothing in the place; None where there are none
    piece_of  the number of a log that was imported before, begins alike, and has all of this one; 0 for none
    waiting   lines at its end that are left to the next import, since what they tell may go on
    """

    label: str
    kind: str
    before: int
    events: int
    first: int | None
    last: int | None
    unparsed: int
    unread: int
    line: int | None
    why: str
    torn: bool
    damaged: bool
    strays: Strays | None = None
    waiting: int = 0
    cut: int = 0
    piece_of: int = 0

    @classmethod
    def nothing(
        cls, label: str, kind: str, *, before: int = 0, damaged: bool = False, piece_of: int = 0
    ) -> "Imported":
        """Nothing new came of it."""
        return cls(
            label, kind, before, 0, None, None, 0, 0, None, "", torn=False, damaged=damaged, piece_of=piece_of
        )
