"""Plantings, written together with their leaf of the append-only log."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from django.db import transaction
from django.db.models import Count, Max, Q
from numpy.typing import NDArray

from trapstreet.core.maths.entropy import Profile
from trapstreet.core.model.encoding import Plain, canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Kinship, Link
from trapstreet.core.model.p_table import pool_digest
from trapstreet.core.model.packing import pack, unpack
from trapstreet.core.model.table import Row
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log
from trapstreet.store.models import DataSet, Decoy, Planting

U64 = NDArray[np.uint64]

PLANNED, PLANTED, TOUCHED, RETIRED = "planned", "planted", "touched", "retired"
"""The states of a decoy. Retired ones are still recognised wherever they are met."""

RECORD, CONTROL = "record", "control"
"""Kinds of plantings: rows in a table, and rows in an object of their own at a watched source."""

Token = tuple[str, str]
"""By what a use is known: channel, and value in its normal form."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What people say of a planting."""

    owner: str = ""
    purpose: str = ""
    tags: tuple[str, ...] = ()
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """The rows of a planting, table by table, the root first; `columns` and `names` of these tables.

    kinships  of the tables but the root, in their order
    """

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    rows: Sequence[Sequence[Row]] = field(repr=False)
    kinships: tuple[Kinship, ...]


@dataclass(frozen=True, slots=True)
class NewPlanting:
    """Where decoys go, and which. The rows and tokens are protected: they are kept sealed.

    record_ids, profiles  of the root's rows; () for breadcrumbs that are no records
    tokens                by what a use is known, and the positions of the decoys that it names
    """

    kind: str
    place: str
    particulars: Particulars
    decoys: int
    at: int
    data_set: DataSet | None = None
    location: str = ""
    links: tuple[Link, ...] = ()
    laid: Laid = field(default=Laid((), (), (), ()))
    record_ids: tuple[int, ...] = ()
    profiles: tuple[Profile, ...] = ()
    strippable: bool = False
    tokens: Mapping[Token, tuple[int, ...]] = field(default_factory=dict, repr=False)


def new_planting_id() -> str:
    """The next number, and letters that no other registry, and no restored state of this one, gives
    again."""
    number = (Planting.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return f"p{number}-{''.join(secrets.choice('abcdefghjkmnpqrstuvwxyz23456789') for _ in range(10))}"


def add(planting: str, new: NewPlanting, *, ring: KeyRing) -> Planting:
    """Enter a planting whose decoys are planned, and the log's signed leaf, in one transaction."""
    with transaction.atomic():
        row = Planting.objects.create(
            id=planting,
            number=int(planting[1:].partition("-")[0]),
            kind=new.kind,
            data_set=new.data_set,
            place=new.place,
            location=new.location,
            links=msgspec.to_builtins(list(new.links)),
            tables=_tables(zip(new.laid.names, new.laid.columns, strict=True), new.laid.kinships),
            owner=new.particulars.owner,
            purpose=new.particulars.purpose,
            tags=list(new.particulars.tags),
            created_at=new.at,
            expires_at=new.particulars.expires_at,
            decoys=new.decoys,
            strippable=new.strippable,
            profiles=msgspec.to_builtins(new.profiles),
            record_ids=np.array(new.record_ids, dtype="<u8").tobytes(),
            tokens=_sealed(planting, "tokens", [[*token, *at] for token, at in new.tokens.items()], ring),
            **_sealed_rows(planting, new.laid.rows, ring),
        )
        Decoy.objects.bulk_create(
            [Decoy(planting=row, at=at, state=PLANNED, since=new.at) for at in range(new.decoys)],
            batch_size=1000,
        )
        _note("planting", row, ring, new.at, digest=pool_digest(new.record_ids))
    return row


def planted(planting: Planting, *, ring: KeyRing, at: int) -> None:
    """The decoys that were planned are in their place."""
    with transaction.atomic():
        Planting.objects.filter(id=planting.id).update(planted_at=at, removed_at=None)
        planting.each.filter(state=PLANNED).update(state=PLANTED, since=at)
        _note("planted", planting, ring, at)


def found_in_place(planting: Planting, decoys: Sequence[Decoy], *, ring: KeyRing, at: int) -> None:
    """Decoys that were planned are in their place after all."""
    with transaction.atomic():
        if planting.planted_at is None:
            Planting.objects.filter(id=planting.id).update(planted_at=at)
        change_state(decoys, PLANTED, ring=ring, at=at)


def touch(planting: str, record_ids: U64, *, ring: KeyRing, at: int) -> None:
    """Decoys of a planting were used or found; those that are retired stay retired."""
    row = planting_named(planting)
    touch_at(row, np.flatnonzero(np.isin(record_ids_of(row), record_ids)).tolist(), ring=ring, at=at)


def touch_at(planting: Planting, positions: Collection[int], *, ring: KeyRing, at: int) -> None:
    """The same, of decoys by their positions."""
    decoys = list(planting.each.filter(at__in=positions, state__in=(PLANNED, PLANTED)))
    if decoys:
        change_state(_of(planting, decoys), TOUCHED, ring=ring, at=at)


def removed(planting: Planting, *, left: Collection[int], ring: KeyRing, at: int) -> None:
    """The decoys were taken out, but for those at some positions. They are retired, and still recognised;
    those that were touched stay touched: that somebody used them is not over."""
    with transaction.atomic():
        if not left:
            Planting.objects.filter(id=planting.id).update(removed_at=at)
        out = planting.each.exclude(at__in=list(left))
        out.filter(state=TOUCHED).update(removed_at=at)
        out.exclude(state=TOUCHED).update(state=RETIRED, since=at, removed_at=at)
        _note("removed", planting, ring, at)


def change_state(decoys: Sequence[Decoy], state: str, *, ring: KeyRing, at: int) -> None:
    """Each of the decoys comes to be in a state; the log has their numbers by planting."""
    with transaction.atomic():
        by_planting: dict[Planting, list[int]] = {}
        for decoy in decoys:
            by_planting.setdefault(decoy.planting, []).append(decoy.at)
        for planting, positions in by_planting.items():
            planting.each.filter(at__in=positions).update(state=state, since=at)
            _note(state, planting, ring, at, decoys=sorted(positions))


def _note(event: str, planting: Planting, ring: KeyRing, at: int, **more: bytes | list[int]) -> None:
    log.append({"event": event, "planting": planting.id, "time": at, **more})
    log.checkpoint(ring.log_signer())


def plantings_of(data_sets: Collection[str]) -> list[Planting]:
    """All plantings in the tables of these data sets, in their order; without what is sealed."""
    return list(
        Planting.objects.filter(data_set__in=data_sets)
        .select_related("data_set")
        .defer("cells", "kin", "tokens")
    )


def chosen(
    *, tag: str | None = None, owner: str | None = None, expired_at: int | None = None
) -> list[Planting]:
    """The plantings with a tag, of an owner, whose day was over at a time (Unix µs); None for all."""
    found = Planting.objects.select_related("data_set").defer("cells", "kin", "tokens")
    if owner is not None:
        found = found.filter(owner=owner)
    if expired_at is not None:
        found = found.filter(expires_at__lte=expired_at)
    return [each for each in found if tag is None or tag in each.tags]


def elsewhere(ids: Collection[str]) -> dict[str, str]:
    """Those of these plantings that are control records, and lie in no table, with their places."""
    found = Planting.objects.filter(id__in=list(ids), kind=CONTROL)
    return dict(found.values_list("id", "place"))


def in_tables() -> list[Planting]:
    """Every planting that lies in a table."""
    return list(Planting.objects.filter(kind=RECORD).select_related("data_set"))


def count_in_tables() -> int:
    """How many plantings there ever were in tables, of any data set."""
    return Planting.objects.filter(data_set__isnull=False).count()


def planting_named(text: str) -> Planting:
    """The planting of that id, or of that number: `p3` or `3`. Raises UnusableInput that says where they are
    listed."""
    found = Planting.objects.select_related("data_set")
    planting = found.filter(id=text).first()
    number = text.removeprefix("p")
    if planting is None and number.isdecimal():
        planting = found.filter(number=int(number)).first()
    if planting is None:
        raise UnusableInput(f"no planting {text!r}", hint="trapstreet decoy list shows them")
    return planting


def decoys_named(text: str) -> list[Decoy]:
    """The decoys that `p3`, `p3/17` or `p3/5-9` means, in order. Raises UnusableInput for none."""
    name, _, positions = text.partition("/")
    planting = planting_named(name)
    asked = Q()
    if positions:
        first, _, last = positions.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise UnusableInput(f"{text!r} names no decoy", hint="write it like p3, p3/17 or p3/5-9")
        asked = Q(at__gte=int(first) - 1, at__lt=int(last or first))
    found = list(planting.each.filter(asked))
    if not found:
        raise UnusableInput(f"{planting.id} has no decoy {positions}", hint=f"it has {planting.decoys:,}")
    return _of(planting, found)


def decoys_of(planting: Planting) -> list[Decoy]:
    """All decoys of a planting, in order."""
    return _of(planting, list(planting.each.all()))


def states_of(planting: Planting) -> dict[str, int]:
    """How many decoys of a planting are in which state."""
    counted = planting.each.order_by().values_list("state").annotate(Count("id"))
    return dict(sorted(counted))


def _of(planting: Planting, decoys: list[Decoy]) -> list[Decoy]:
    """The decoys with their planting at hand: joined to each of them it would be read as often."""
    for each in decoys:
        each.planting = planting
    return decoys


def record_ids_of(planting: Planting) -> U64:
    """The RecordIds of the root's rows, in their order."""
    return np.frombuffer(bytes(planting.record_ids), dtype="<u8").astype(np.uint64)


def profiles_of(planting: Planting) -> tuple[Profile, ...]:
    """How the decoys rest on their draws."""
    return msgspec.convert(planting.profiles, tuple[Profile, ...])


def laid_of(planting: Planting) -> list[tuple[str, list[str]]]:
    """Names and columns of the tables that its rows are of, the root first."""
    return [(name, columns) for name, columns, *_ in planting.tables]


def kinships_of(planting: Planting) -> tuple[Kinship, ...] | None:
    """How the rows of its tables but the root are told, in their order; None where nobody noted it."""
    noted = [kinship for _, _, *each in planting.tables[1:] for kinship in each]
    if len(noted) < len(planting.tables) - 1:
        return None
    return msgspec.convert(noted, tuple[Kinship, ...])


def note_kinships(planting: Planting, kinships: Sequence[Kinship]) -> None:
    """Add to a planting that was entered without how the rows of its tables but the root are told."""
    planting.tables = _tables(laid_of(planting), kinships)
    Planting.objects.filter(id=planting.id).update(tables=planting.tables)


def _tables(laid: Iterable[tuple[str, Sequence[str]]], kinships: Sequence[Kinship]) -> list[list[Any]]:
    tables = list(laid)
    noted = [[], *([msgspec.to_builtins(each)] for each in kinships)][: len(tables)]  # bait lies in none
    return [[name, list(columns), *kinship] for (name, columns), kinship in zip(tables, noted, strict=True)]


def links_of(planting: Planting) -> tuple[Link, ...]:
    """The files that refer to the table."""
    return tuple(Link(**each) for each in planting.links)


def particulars_of(planting: Planting) -> Particulars:
    """What people say of it."""
    return Particulars(planting.owner, planting.purpose, tuple(planting.tags), planting.expires_at)


def rows_of(planting: Planting, ring: KeyRing) -> list[list[Row]]:
    """The rows of every table, the root's first. Protected."""
    root = _opened(planting.id, "cells", bytes(planting.cells), ring)
    kin = _opened(planting.id, "kin", bytes(planting.kin), ring)
    return [[tuple(map(unpack, row)) for row in table] for table in [root, *kin]]


def tokens_of(planting: Planting, ring: KeyRing) -> dict[Token, tuple[int, ...]]:
    """By what a use of the decoys is known, with the positions of those that it names: of several where
    colleagues share a web address. Protected."""
    opened = _opened(planting.id, "tokens", bytes(planting.tokens), ring)
    return {(str(channel), str(value)): tuple(at) or (0,) for channel, value, *at in opened}


def channels_of(decoys: Sequence[Decoy], ring: KeyRing) -> dict[int, list[str]]:
    """By the position of each decoy of one planting, the channels that a use of it is heard by."""
    found: dict[int, set[str]] = {decoy.at: set() for decoy in decoys}
    for (channel, _), named in tokens_of(decoys[0].planting, ring).items() if decoys else ():
        for at in found.keys() & set(named):
            found[at].add(channel)
    return {at: sorted(channels) for at, channels in found.items()}


def all_tokens(ring: KeyRing) -> dict[Token, tuple[str, tuple[int, ...]]]:
    """The tokens of all decoys, with the planting's id and the decoys' positions. Protected."""
    return {
        token: (planting.id, at)
        for planting in Planting.objects.defer("cells", "kin")
        for token, at in tokens_of(planting, ring).items()
    }


def _sealed_rows(planting: str, rows: Sequence[Sequence[Row]], ring: KeyRing) -> dict[str, bytes]:
    packed: list[Plain] = [[[pack(cell) for cell in row] for row in table] for table in rows] or [[]]
    return {
        "cells": _sealed(planting, "cells", packed[0], ring),
        "kin": _sealed(planting, "kin", packed[1:], ring),
    }


def _sealed(planting: str, what: str, content: Plain, ring: KeyRing) -> bytes:
    return seal(ring.storage_key(planting), canonical_cbor(content), aad=f"{what} {planting}".encode())


def _opened(planting: str, what: str, sealed: bytes, ring: KeyRing) -> Any:
    import cbor2

    content = open_sealed(ring.storage_key(planting), sealed, aad=f"{what} {planting}".encode())
    return cbor2.loads(content)
