"""What a trap heard, held against all that was planted, baited and handed out."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from trapstreet.app.calling import DOUBTED
from trapstreet.app.planting import decoy_settings
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind, record_forms
from trapstreet.core.fields.kind import Column
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.hit import MAIL, Heard, Swarm
from trapstreet.decoys import owned, tokens
from trapstreet.index import Lookup, fingerprints_of, is_planting
from trapstreet.sightings import Names, Used
from trapstreet.store import catalogue, copies, plantings
from trapstreet.store.models import Copy, Planting, Pool
from trapstreet.trap.swarms import name_hash

if TYPE_CHECKING:
    from django.db.models import QuerySet

_Owner = TypeVar("_Owner", Planting, Copy, Pool)

_PLANTING = re.compile(r"\bp\d{1,9}-[a-z0-9]{10}\b")
_TABLE = GroundTable("", (), (), ())
"""What decoys.tokens has to know of a copy: that its rows are of one table."""


class Decoys:
    """All decoys of a workspace, asked by what was heard. For one process: what a planting or a copy is known
    by never changes, so each is read once.

    Tokens are kept in memory; those of copies, which are made of their cells, from the first web request or
    swarm on. Mail addresses are asked of the index, too, which knows them in any spelling and from former
    settings. Raises UnusableInput where an index cannot be read.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._hosts = owned(decoy_settings(workspace))
        self._names = Names()
        self._read = set[str]()

    def used(self, heard: Sequence[Heard]) -> list[list[Used]]:
        """The decoys that each hit or swarm used, each once; [] for nobody's names."""
        self._read_plantings()
        if any(isinstance(one, Swarm) or one.channel == "http" for one in heard):
            self._read_copies()
        known = {kind: self._indexed(kind, heard) for kind in (Kind.EMAIL, Kind.PHONE)}
        return [list(dict.fromkeys(self._used(one, known))) for one in heard]

    def _used(self, one: Heard, known: Mapping[Kind, Mapping[str, list[Used]]]) -> Iterator[Used]:
        if isinstance(one, Swarm):
            yield from self._names.among(one, name_hash)
            return
        yield from self._names.of(one)
        if one.channel in {"canarytokens", DOUBTED}:
            yield from self._in_memos(one.names)
        if kind := _kind_of(one):
            for name in one.names:
                yield from known[kind].get(name, ())

    def _in_memos(self, memos: Sequence[str]) -> Iterator[Used]:
        """The first decoy of each planting whose id stands in one of the texts."""
        for memo in memos:
            for planting in _PLANTING.findall(memo):
                if planting in self._read:
                    yield Used(planting, 0)

    def _read_plantings(self) -> None:
        for planting in self._unread(Planting.objects.defer("cells", "kin")):
            known = plantings.tokens_of(planting, self._workspace.ring)
            self._names.add({token: Used(planting.id, at[0], at[1:]) for token, at in known.items()})

    def _read_copies(self) -> None:
        for copy in self._unread(Copy.objects.all()):
            self._read_cells(copy)
        for pool in self._unread(Pool.objects.all()):
            self._read_cells(pool)

    def _read_cells(self, owner: Copy | Pool) -> None:
        known = tokens([_TABLE], [copies.rows_of(owner, self._workspace.ring)], self._hosts)
        self._names.add({token: Used(owner.id, at[0], at[1:]) for token, at in known.items()})

    def _unread(self, owners: "QuerySet[_Owner]") -> "Iterator[_Owner]":
        """Those that were not read before; each is once what is made of it did not raise."""
        new = set(owners.values_list("pk", flat=True)) - self._read
        for owner in sorted(new):
            yield owners.get(pk=owner)
            self._read.add(owner)

    def _indexed(self, kind: Kind, heard: Sequence[Heard]) -> dict[str, list[Used]]:
        """The decoys of copies and plantings that have one of the mail addresses, or numbers, that were
        used."""
        names = sorted({name for one in heard if _kind_of(one) is kind for name in one.names})
        found: dict[str, list[Used]] = defaultdict(list)
        if not names:
            return found
        lookup = Lookup(catalogue.all_indexes(shelf_of(self._workspace)))
        column = Column(name="name", kind=kind, why="")
        forms = record_forms([column], [(name,) for name in names])[kind]
        for epoch in sorted({each.epoch for each in lookup.data_sets}):
            key = self._workspace.ring.fingerprint_key(kind, epoch)
            found_there = lookup.find(epoch, fingerprints_of(key, kind, forms.forms))
            for position, table, record in zip(*(each.tolist() for each in found_there), strict=True):
                if used := _owner(lookup, table, record):
                    found[names[forms.rows[position]]].append(used)
        return found


def _owner(lookup: Lookup, number: int, record: int) -> Used | None:
    """The decoy that a record of one of the tables is; None for a real one."""
    table = lookup.tables[number]
    owner = table.owners if isinstance(table.owners, int) else int(table.owners[record])
    name = lookup.owners[owner].copy
    if not name:
        return None
    at = np.flatnonzero(_record_ids(name) == table.record_ids[record])
    return Used(name, int(at[0])) if len(at) else None


def _record_ids(owner: str) -> NDArray[np.uint64]:
    if is_planting(owner):
        return plantings.record_ids_of(plantings.planting_named(owner))
    return copies.record_ids_of(Copy.objects.filter(id=owner).first() or Pool.objects.get(id=owner))


def _kind_of(one: Heard) -> Kind | None:
    """What a hit's names are, of those kinds that the index knows."""
    if isinstance(one, Swarm):
        return None
    if one.channel in MAIL or (one.channel == DOUBTED and any("@" in name for name in one.names)):
        return Kind.EMAIL
    return Kind.PHONE if one.channel in {"phone", DOUBTED} else None
