"""The decoys of a planting before they are anywhere: persons in the planted table, and what belongs to them
in the tables that refer to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.decoys import Aim, Decoys, DecoySettings, generate, owned
from trapstreet.decoys.kin import grow
from trapstreet.index import Shelf
from trapstreet.keys.ring import KeyRing
from trapstreet.registered import LiveRows, Source, TakenValues
from trapstreet.store import catalogue, plantings

DECOYS_LABEL, KIN_LABEL = 1, 2
"""Labels of the draws under a planting's key: persons, and what belongs to them."""


@dataclass(frozen=True, slots=True)
class Made:
    """Decoys as they would be planted: the rows of each table of the ground, the root's first."""

    decoys: Decoys
    rows: Sequence[Sequence[Row]] = field(repr=False)
    notes: tuple[str, ...]


def make(
    source: Source,
    ground: Ground,
    planting: str,
    *,
    settings: DecoySettings,
    count: int,
    ring: KeyRing,
    shelf: Shelf,
) -> Made:
    """So many decoys under a planting's key, with what belongs to them; nothing is written.

    One pass over each table that refers to the root. Raises UnusableInput as `decoys.generate` does, and
    where the ground's root is another table than the source.
    """
    _refuse_other_columns(source, ground)
    key = ring.siphash_key("planting", planting)
    decoys = generate(
        source.model,
        settings,
        draws=KeyedDraws(key, DECOYS_LABEL),
        count=count,
        taken=taken(source, ring=ring, shelf=shelf),
        aim=Aim.HIDE,
        visited={value for channel, value in plantings.all_tokens(ring) if channel == "http"},
    )
    family = grow(
        ground,
        source.model,
        decoys.donors,
        [decoy.cells for decoy in decoys.decoys],
        draws=KeyedDraws(key, KIN_LABEL),
        owned=owned(settings),
    )
    lived = tuple(replace(decoy, cells=row) for decoy, row in zip(decoys.decoys, family.rows[0], strict=True))
    strippable = (*decoys.strippable, *family.strippable)
    made = replace(decoys, decoys=lived, strippable=strippable)
    return Made(made, family.rows, (*decoys.notes, *family.notes))


def taken(source: Source, *, ring: KeyRing, shelf: Shelf) -> TakenValues:
    """What decoys may not be: what is registered, and what was met in the table since."""
    live = source.rows if isinstance(source.rows, LiveRows) else None
    indexes = catalogue.all_indexes(shelf)
    return TakenValues(indexes, source.data_set.id, epoch=source.data_set.epoch, keys=ring, live=live)


def _refuse_other_columns(source: Source, ground: Ground) -> None:
    if tuple(column.name for column in source.columns) != ground.tables[0].columns:
        raise UnusableInput(
            f"{ground.label} has other columns than {source.data_set.name!r}",
            hint="register the table itself, not a query or a view of it",
        )
