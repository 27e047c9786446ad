"""What a decoy is, what it proves, and whom the generator asks before it makes one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.table import Row
from trapstreet.decoys.order import SortOrder


class Taken(Protocol):
    """What belongs to somebody already: a real row of any version, or a living decoy of any other copy."""

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> Sequence[bool]:
        """For each normal form of the kind, whether somebody owns it."""
        ...

    def keys(self, keys: Sequence[Row]) -> Sequence[bool]:
        """For each tuple of key cells, whether somebody has that key."""
        ...


@dataclass(frozen=True, slots=True)
class DecoySettings:
    """What the user owns and decoys may use.

    domains  mail domains, like "post.example.ie"; none: the reserved example.com, example.net and example.org
    phones   ranges in international form, like "+353 1 900 0100-0199"; none: numbers reserved for fiction
    urls     web addresses below which the trap answers, like "https://cdn.your.domain/"
    """

    domains: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


class Aim(Enum):
    """What the identities of decoys are drawn for.

    PROVE  to be evidence: names, addresses and numbers as improbable as the table allows
    HIDE   to be overlooked: as frequent and as rare as the table's own
    """

    PROVE = "prove"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Draw:
    """One random choice that a decoy rests on; `bits` is −log2 of its likeliest outcome."""

    name: str
    bits: float


@dataclass(frozen=True, slots=True)
class Decoy:
    """A row that nobody has honest use for.

    cells    in the order of the table's columns, of the types that the table has there
    draws    the choices it rests on
    columns  for each column that shows some of the choices, the positions of those in `draws`
    after    how many rows of the source come before it; None where the file is sorted and its cells say it
    """

    cells: Row = field(repr=False)
    draws: tuple[Draw, ...]
    columns: Mapping[str, tuple[int, ...]]
    after: int | None


@dataclass(frozen=True, slots=True)
class Decoys:
    """The decoys of one copy.

    order       how the file is sorted, None where it is not
    strippable  in plain words, by what the decoys can be picked out; () where nothing obvious gives them away
    notes       in plain words, what else the owner should know
    donors      the real row that each was made after, in their order
    shared      web addresses that colleagues among them share, by what a visit shows (`Url.visited`)
    """

    decoys: tuple[Decoy, ...]
    order: SortOrder | None = None
    strippable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    donors: tuple[Row, ...] = field(default=(), repr=False)
    shared: frozenset[str] = field(default=frozenset(), repr=False)


def joint_bits(decoy: Decoy, columns: Collection[str]) -> float:
    """Min-entropy of the named columns together: the draws that any of them shows, each counted once."""
    shown = {draw for column in columns for draw in decoy.columns.get(column, ())}
    return sum(decoy.draws[draw].bits for draw in shown)
