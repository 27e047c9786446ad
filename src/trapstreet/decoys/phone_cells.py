"""Phone cells of decoys: numbers of the user, or numbers that nobody has, in the table's layouts."""

from collections.abc import Sequence

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import pool_bits, retyped
from trapstreet.decoys.phones import PhoneNumbers, PhoneStyle, fictional_numbers, owned_numbers
from trapstreet.decoys.sampling import draw_from_pool, remaining_bits

_SHARE = (
    8  # a copy takes at most this part of the numbers that are still free, so that later copies find some
)


class PhoneCells:
    """Draws the phone numbers of one copy, column by column."""

    def __init__(
        self, model: TableModel, ranges: Sequence[str], *, owners: Ownership, draws: KeyedDraws
    ) -> None:
        self._model = model
        self._owned = owned_numbers(ranges) if ranges else None
        self._owners = owners
        self._draws = draws
        self._given: set[str] = set()
        self.notes: list[str] = []
        self.strippable: list[str] = []

    def fillings(self, at: int, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor: empty where the donor's is, or where no more numbers are to be had."""
        style = self._model.phones[at]
        pool = self._owned or fictional_numbers(style)
        needed = not self._model.positions(Kind.EMAIL) or at in self._model.key
        members = [i for i, donor in enumerate(donors) if needed or donor[at] not in (None, "")]
        numbers, bits = self._numbers(at, pool, style, len(members))
        drawn = (Draw(f"number in {self._model.columns[at].name}", bits),)
        filled = [Filling({at: self._model.blanks[at]})] * len(donors)
        for i, number in zip(members, numbers, strict=False):
            filled[i] = Filling({at: self._written(number, style, donors[i][at])}, drawn, {at: (0,)})
        self._say(at, pool, missing=len(members) - len(numbers), given=len(numbers))
        return filled

    def _numbers(self, at: int, pool: PhoneNumbers, style: PhoneStyle, count: int) -> tuple[list[str], float]:
        def free(numbers: Sequence[str]) -> list[bool]:
            rows = [("+" + number.replace(" ", ""),) for number in numbers]
            unowned = self._owners.free([at], rows, (Kind.PHONE,))
            return [one and number not in self._given for one, number in zip(unowned, numbers, strict=True)]

        if not pool.size or not count:
            return [], 0.0
        kept = draw_from_pool(pool, count, free=free, draws=self._draws)
        most = max(1, int(pool.size * (1 - kept.taken) / _SHARE))
        numbers = kept.values[: min(count, most)]
        self._given.update(numbers)
        later = sum(
            column > at for column in self._model.phones
        )  # columns whose numbers these do not have either
        others = len(self._given) + later * min(count, most)
        return numbers, remaining_bits(pool_bits(pool), taken=kept.taken, others=others)

    def _written(self, number: str, style: PhoneStyle, donated: Cell) -> Cell:
        code, national = number.split(" ")
        text = style.write(code, national, self._draws)
        like = donated if donated not in (None, "") else ""
        return text if isinstance(like, str) else retyped("".join(filter(str.isdigit, text)), like)

    def _say(self, at: int, pool: PhoneNumbers, *, missing: int, given: int) -> None:
        name = self._model.columns[at].name
        if not pool.size:
            self.notes.append(f"decoys have nothing in {name}: no numbers are known there that nobody has")
        elif missing:
            self.notes.append(
                f"{missing} decoys have nothing in {name}: too few of the numbers are still free"
            )
        if given and self._owned is None:
            self.strippable.append(
                f"decoys have numbers reserved for fiction in {name}: name a range of yours in the settings"
            )
        if missing and not any(row[at] in (None, "") for row in self._model.sample):
            self.strippable.append(f"{name} is empty in decoys only")
