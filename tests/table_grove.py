"""A shape as a ground in memory, decoys planted on it as `plant` does, and linked rows made for real ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from table_shapes import LinkedTable, Shape, seen
from trapstreet.core.fields import record_forms
from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.decoys import Aim, DecoySettings, TableModel, TableModelBuilder, generate, insert
from trapstreet.decoys.audit import Seen
from trapstreet.decoys.kin import Family, grow


@dataclass
class Grove:
    """A shape with all that is learnt from it once: it is also the ground on which linked rows grow."""

    shape: Shape
    label: str = "memory"
    remarks: tuple[str, ...] = ()
    known: dict[Kind, set[bytes]] = field(default_factory=dict, repr=False)

    @cached_property
    def tables(self) -> tuple[GroundTable, ...]:
        names = tuple(column.name for column in self.shape.columns)
        root = GroundTable("root", names, (True,) * len(names), tuple(map(names.index, self.shape.key)))
        return root, *(
            GroundTable(
                one.name, one.columns, (True,) * len(one.columns), (0,), 0,
                (one.columns.index(one.refers),), (names.index(one.referred),),
            )
            for one in self.shape.linked
        )  # fmt: skip

    def table(self, number: int) -> "Held":
        rows = self.shape.linked[number - 1].rows if number else self.shape.rows
        return Held(self.tables[number].columns, rows)

    def kin(self, number: int, keys: Sequence[Row]) -> Iterator[Batch]:
        wanted = {tuple(map(cell_text, key)) for key in keys}
        refers = self.tables[number].refers
        rows = [
            row for row in self.table(number).rows if tuple(cell_text(row[at]) for at in refers) in wanted
        ]
        yield Batch(rows, range(len(rows)))

    @cached_property
    def model(self) -> TableModel:
        builder = TableModelBuilder(self.shape.columns, self.shape.key)
        for batch in self.table(0).batches():
            builder.observe(batch)
            for kind, (forms, _, _) in record_forms(self.shape.columns, batch.rows).items():
                self.known.setdefault(kind, set()).update(forms)
        return builder.finish()

    @cached_property
    def keys_known(self) -> set[Row]:
        at = self.tables[0].key
        return {tuple(cell_text(row[n]) for n in at) for row in self.shape.rows}

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        known = self.known.get(kind, set())
        return [form in known for form in forms]

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        return [tuple(map(cell_text, key)) in self.keys_known for key in keys]

    def own(self, settings: DecoySettings, count: int, recipient: int) -> list[Row]:
        """Decoys that a copy for one recipient has alone, as `share` makes them."""
        draws = KeyedDraws(recipient.to_bytes(16, "big"), 0)
        return [
            one.cells for one in generate(self.model, settings, draws=draws, count=count, taken=self).decoys
        ]

    def planted(self, settings: DecoySettings, count: int, seed: int) -> Seen:
        """The table as its buyer sees it, with decoys and what belongs to them."""
        draws = KeyedDraws(seed.to_bytes(16, "little"), 0)
        made = generate(self.model, settings, draws=draws, count=count, taken=self, aim=Aim.HIDE)
        family = grow(self, self.model, made.donors, [one.cells for one in made.decoys], draws=draws)
        fitted = tuple(replace(one, cells=row) for one, row in zip(made.decoys, family.rows[0], strict=True))
        batches = list(insert(replace(made, decoys=fitted), self.table(0).batches()))
        rows = [row for batch in batches for row in batch.rows]
        decoys = np.array([line == 0 for batch in batches for line in batch.lines])
        return seen(_with_kin(self.shape, family), rows, decoys)


@dataclass(frozen=True)
class Held:
    """A table in memory."""

    columns: tuple[str, ...]
    rows: Sequence[Row] = field(repr=False)
    label: str = "memory"

    def batches(self, size: int = 4096) -> Iterator[Batch]:
        for start in range(0, len(self.rows), size):
            part = self.rows[start : start + size]
            yield Batch(part, range(start + 1, start + 1 + len(part)))


def only_linked_made(shape: Shape, count: int, seed: int) -> Seen:
    """The table with so many of its own rows called decoys, and linked rows made for these in place of their
    own, after those of rows that stand near: nothing but linked rows can betray them."""
    rng = np.random.default_rng([seed, 7])
    decoys = np.zeros(len(shape.rows), bool)
    decoys[rng.choice(len(decoys), count, replace=False)] = True
    chosen, rest = ([row for row, one in zip(shape.rows, decoys, strict=True) if one == of] for of in (1, 0))
    near = len(rest) // 32
    place = np.flatnonzero(decoys) - np.arange(count) + rng.integers(-near, near + 1, count)
    donors = [rest[at] for at in np.clip(place, 0, len(rest) - 1).tolist()]
    ground = Grove(replace(shape, rows=rest, linked=_without_kin(shape, chosen)))
    family = grow(ground, ground.model, donors, chosen, draws=KeyedDraws(seed.to_bytes(16, "little"), 0))
    fresh = iter(family.rows[0])
    rows = [next(fresh) if one else row for row, one in zip(shape.rows, decoys, strict=True)]
    return seen(_with_kin(ground.shape, family), rows, decoys)


def _with_kin(shape: Shape, family: Family) -> Shape:
    """The shape with the family's rows among its linked ones, in the order of their numbers."""
    both = zip(shape.linked, family.rows[1:], strict=True)
    ordered = (replace(one, rows=sorted([*one.rows, *more], key=lambda row: row[0])) for one, more in both)
    return replace(shape, linked=tuple(ordered))


def _without_kin(shape: Shape, gone: Sequence[Row]) -> tuple[LinkedTable, ...]:
    """The linked tables without what refers to these rows."""
    names = [column.name for column in shape.columns]
    kept = []
    for one in shape.linked:
        keys = {row[names.index(one.referred)] for row in gone}
        at = one.columns.index(one.refers)
        kept.append(replace(one, rows=[row for row in one.rows if row[at] not in keys]))
    return tuple(kept)
