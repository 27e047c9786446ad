"""What row security would hide from those who used the rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from trapstreet.core.model.changes import Change


@dataclass(frozen=True, slots=True)
class Hidden:
    """One account that used a table, and what a rule would leave it.

    uses      all its uses of the table;  proved  of how many the records are known and were looked at
    records   how many of them there still are;  hidden  how many of these would be hidden, in part or whole
    fails     why every use would fail; "" it would not
    why       why the other uses could not be checked; "" there are none
    """

    who: str
    uses: int
    proved: int
    records: int
    hidden: int
    fails: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule by which fewer rows of a table are seen, and what that does to everybody who used the table."""

    place: str
    edition: str
    change: Change
    people: tuple[Hidden, ...]

    @property
    def records(self) -> int:
        """How many records were looked at, counted once for each who used them."""
        return sum(each.records for each in self.people)

    @property
    def hidden(self) -> int:
        """How many of them would be hidden from those who used them."""
        return sum(each.records if each.fails else each.hidden for each in self.people)

    @property
    def unproved(self) -> int:
        """How many uses could not be checked."""
        return sum(each.uses - each.proved for each in self.people)


def hidden_from(
    who: str, uses: int, looked_at: Mapping[str, Hidden], why: str, *, untouched: int = 0
) -> Hidden:
    """What is hidden from somebody, of what was looked at by column.

    untouched  how many more uses named no record, but rows of which nothing would be hidden
    Uses that named records by several columns are counted by the column that most did: some named both.
    """
    most = max((each.proved for each in looked_at.values()), default=0) + untouched
    fails = next((each.fails for each in looked_at.values() if each.fails), "")
    return Hidden(
        who,
        uses,
        uses if fails else min(uses, most),
        sum(each.records for each in looked_at.values()),
        sum(each.hidden for each in looked_at.values()),
        fails,
        "" if fails or most >= uses else why,
    )
