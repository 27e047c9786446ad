"""Reference numbers of decoys: in the grammar of their column, and free."""

from collections.abc import Sequence

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.decoy import Draw
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import Codes, Running, pool_bits, retyped
from trapstreet.decoys.sampling import Pool, draw_from_pool, remaining_bits


class References:
    """Draws the reference numbers of one copy, column by column."""

    def __init__(self, model: TableModel, *, owners: Ownership, draws: KeyedDraws) -> None:
        self._model = model
        self._owners = owners
        self._draws = draws
        self.given: set[str] = set()
        self.notes: list[str] = []

    def fillings(self, at: int, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor, in the grammar of the donor's number; empty where the donor has none.

        Raises UnusableInput where the column has no room for so many numbers.
        """
        numbering, name = self._model.numberings[at], self._model.columns[at].name
        empty = Filling({at: self._model.blanks[at]})
        has = [at in self._model.key or donor[at] not in (None, "") for donor in donors]
        groups = [
            self._draws.weighted(range(len(numbering.groups)), numbering.shares)
            if (own := numbering.group_of(donor[at])) is None
            else own
            for donor in donors
        ]
        filled = [empty] * len(donors)
        for number, group in enumerate(numbering.groups):
            members = [i for i in range(len(donors)) if has[i] and groups[i] == number]
            if members:
                texts, bits = self._texts(at, group, len(members))
                drawn = (Draw(f"number in {name}", bits),)
                for i, text in zip(members, texts, strict=True):
                    cell = self._typed(text, donors[i][at], numbering.typical)
                    filled[i] = Filling({at: cell}, drawn, {at: (0,)})
        return filled

    def _typed(self, text: str, donated: Cell, typical: Cell) -> Cell:
        return retyped(text, typical if donated in (None, "") else donated)

    def _texts(self, at: int, group: Running | Codes, count: int) -> tuple[list[str], float]:
        """Free texts of a grammar and the bits of each: between the numbers in use, else beyond the last."""
        name = self._model.columns[at].name
        for pool, beyond in group.pools(count):
            found = self._free(at, pool, count)
            if found:
                note = f"{name} has no free numbers between the existing ones: decoys were put beyond the end"
                if beyond and note not in self.notes:
                    self.notes.append(note)
                return found
        raise UnusableInput(f"no {count} free numbers are left in {name}", hint="ask for fewer with --decoys")

    def _free(self, at: int, pool: Pool, count: int) -> tuple[list[str], float] | None:
        right = self._model.numberings[at].check or (lambda _: True)

        def free(texts: Sequence[str]) -> list[bool]:
            unowned = self._owners.free([at], [(text,) for text in texts], (Kind.REFERENCE,))
            return [
                one and right(text) and text not in self.given
                for one, text in zip(unowned, texts, strict=True)
            ]

        kept = draw_from_pool(pool, count, free=free, draws=self._draws)
        if len(kept.values) < count:
            return None
        return kept.values, remaining_bits(pool_bits(pool), taken=kept.taken, others=count)
