"""The worker: what traps heard, taken from their spools, resolved, judged and kept in the registry."""

import errno
import hmac
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from trapstreet.app.calling import CHANNELS, Callbacks, as_hit
from trapstreet.app.clock import now
from trapstreet.app.errors import known_error
from trapstreet.app.expecting import Declared
from trapstreet.app.geography import Places
from trapstreet.app.personas import Personas
from trapstreet.app.resolving import Decoys
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.hit import Heard, Hit, Swarm
from trapstreet.core.model.place import Place
from trapstreet.sightings import Client, Judge, Judged, Used
from trapstreet.store import sightings, watching
from trapstreet.store.sightings import Batch, Folded, NewHeard, NewSighting
from trapstreet.trap.sealing import Damaged, Opener, encode
from trapstreet.trap.settings import FILE_NAME as SETTINGS_NAME
from trapstreet.trap.settings import read_settings
from trapstreet.trap.spool import FILE_NAME as SPOOL_NAME
from trapstreet.trap.spool import Sealed, SpoolReader

_RECORDS = 1_000
"""Of a batch at most: of hits that come one by one each has its own."""
_LEAST, _MOST = 1 << 17, 4 << 20
"""Bytes of a batch: 4 MiB of names that are nobody's take 0.4 s, of sightings some 5 s."""
_AIM = 0.5
"""Seconds that a batch should take, so that it does not keep others from writing for long."""
_LATEST = 253_402_300_800_000_000
"""The year 10000 in Unix microseconds: no trap has heard anything then."""


class Seen(msgspec.Struct, frozen=True):
    """What is told of whoever made a hit."""

    place: Place
    client: Client


class Taken(msgspec.Struct, frozen=True):
    """What was taken.

    hits        heard, those of swarms included;  sightings  uses of decoys
    background  hits with nobody's names;  damaged  records that were kept aside
    """

    hits: int = 0
    sightings: int = 0
    background: int = 0
    damaged: int = 0

    def __add__(self, more: "Taken") -> "Taken":
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(more), strict=True)
        return Taken(*(one + other for one, other in pairs))


class Worker:
    """Takes what some traps heard.

    traps  their folders. Raises UnusableInput where none is named, nothing is watched and no rights are
           compared, or a trap is another workspace's; Unreachable for a folder that is no trap's
    """

    def __init__(self, workspace: Workspace, traps: Sequence[Path], places: Places) -> None:
        if not traps and not workspace.settings.access.targets and not watching.any_there():
            raise UnusableInput(
                "which trap?", hint="pass --trap DIR, or set traps under [work] in trapstreet.toml"
            )
        self._workspace, self._places = workspace, places
        self.traps = list(dict.fromkeys(folder.absolute() for folder in traps))
        self._opener = Opener(workspace.ring.trap_key())
        self._decoys, self._personas = Decoys(workspace), Personas(workspace)
        self._callbacks = Callbacks(workspace)
        for folder in self.traps:
            _refuse_others(folder, self._opener.public)

    def take(self, trap: Path) -> Iterator[Taken]:
        """Take all that a trap heard, a batch at a time; each is kept for good before it leaves the spool.

        The workspace is held for writing during each batch. Whatever raises, nothing is lost and nothing
        taken twice. Raises Unreachable, AccessDenied and OSError where the spool cannot be taken from.
        """
        reader, size = _reader(trap), float(_LEAST)
        if reader is None:
            return
        try:
            while records := [_in_type(each) for each in reader.first(_RECORDS, size=int(size))]:
                with self._workspace.writing():
                    began = time.monotonic()
                    taken = self._take_in(records)
                    size *= min(8.0, _AIM / (time.monotonic() - began))
                size = min(max(size, _LEAST), _MOST)
                reader.remove(records)
                yield taken
        finally:
            reader.close()

    def _take_in(self, records: Sequence[Sealed]) -> Taken:
        """Take some records. One that nobody foresaw, since anybody may write a hit, is kept aside with those
        that are damaged, so that the others do not wait behind it for ever."""
        try:
            return self._take(records)
        except Exception as error:
            if known_error(error):
                raise
        if len(records) > 1:
            return sum((self._take_in([record]) for record in records), Taken())
        (record,) = records
        batch = Batch({_name(record.segment): record.number})
        batch.damaged.append((_name(record.segment), record.number, record.sealed))
        sightings.enter(batch, [], ring=self._workspace.ring, at=now())
        return Taken(damaged=1)

    def _take(self, records: Sequence[Sealed]) -> Taken:
        batch = Batch()
        heard = self._called(list(self._opened(records, batch)), batch)
        used = self._decoys.used([one for *_, one in heard])
        judge, hits = self._judge(heard, used), 0
        for (record, position, one), decoys in zip(heard, used, strict=True):
            count = one.count if isinstance(one, Swarm) else 1
            hits += count
            if decoys:
                batch.heard.append(_new(record, position, one, judge.judge(one, decoys)))
            batch.background[one.channel, _day(one)] += max(0, count - len(decoys))
        batch.background = +batch.background
        incidents = judge.folded(sightings.incidents_of(judge.incidents))
        folded = [Folded(**msgspec.structs.asdict(each), counts=each.counts) for each in incidents]
        sightings.enter(batch, folded, ring=self._workspace.ring, at=now())
        uses = sum(len(each.sightings) for each in batch.heard)
        return Taken(hits, uses, batch.background.total(), len(batch.damaged))

    def _judge(self, heard: Sequence[tuple[Sealed, int, Heard]], used: Sequence[Sequence[Used]]) -> Judge:
        """Who judges the uses of a batch, with what the registry knows of their decoys."""
        ring, places = self._workspace.ring, self._places
        pairs = zip(heard, used, strict=True)
        tokens = {each.token(one.channel) for (*_, one), decoys in pairs for each in decoys}
        owners = {each.owner for decoys in used for each in decoys}
        declared = Declared(self._workspace) if owners else None
        key = ring.party_key()
        return Judge(
            place=lambda hit: places.of(hit.address, at=hit.at),
            first=sightings.first_uses(tokens),
            laid=sightings.laid_at(owners),
            personas=self._personas.of,
            declared=declared.of if declared else lambda _: (),
            party=lambda party: hmac.digest(key, party.encode("utf-8", "replace"), "sha256")[:16].hex(),
        )

    def _called(
        self, heard: list[tuple[Sealed, int, Heard]], batch: Batch
    ) -> list[tuple[Sealed, int, Heard]]:
        """What was heard, callbacks as what they tell of; those that count go to the batch."""
        read = {at: found for at, (*_, one) in enumerate(heard) if (found := self._callbacks.read(one))}
        ids = [self._id(callback.name, called.id) for _, callback, called in read.values()]
        known = sightings.taken_callbacks(ids)
        for (at, (hit, callback, called)), sent in zip(read.items(), ids, strict=True):
            doubted = called.signed is False  # forged ones make no true one a repetition
            again = sent in known and not doubted
            if not doubted and not again:
                known.add(sent)
                batch.callbacks.append(sent)
            heard[at] = *heard[at][:2], as_hit(hit, callback, called, again=again)
        return heard

    def _id(self, callback: str, sent: bytes) -> str:
        key = self._workspace.ring.party_key()
        return hmac.digest(key, b"callback " + callback.encode() + b" " + sent, "sha256")[:16].hex()

    def _opened(self, records: Sequence[Sealed], batch: Batch) -> Iterator[tuple[Sealed, int, Heard]]:
        """What the records hold that were not taken before; damaged ones go to the batch as they are."""
        taken = sightings.taken({_name(record.segment) for record in records})
        for record in records:
            segment = _name(record.segment)
            if record.number <= taken.get(segment, -1):
                continue
            batch.taken[segment] = record.number
            try:
                heard = self._opener.open(record.segment, record.number, record.sealed)
            except Damaged:
                heard = None
            if heard is None or not all(map(_plausible, heard)):
                batch.damaged.append((segment, record.number, record.sealed))
                continue
            for position, one in enumerate(heard):
                yield record, position, one


def _new(record: Sealed, position: int, one: Heard, judged: Judged) -> NewHeard:
    """What is kept of a hit or swarm that used decoys."""
    return NewHeard(
        segment=_name(record.segment),
        number=record.number,
        position=position,
        channel=judged.hit.channel,
        at=judged.hit.at,
        count=one.count if isinstance(one, Swarm) else 1,
        sightings=[
            NewSighting(
                owner=each.used.owner,
                decoy=each.used.at,
                label=each.label.kind.value,
                score=each.label.score,
                token=each.token,
                party=each.party,
                touches=each.touches,
                why=msgspec.msgpack.encode(each.label),
                named=each.named,
                expected=each.expected,
                colleagues=each.used.colleagues,
            )
            for each in judged.uses
        ],
        seen=msgspec.msgpack.encode(Seen(judged.place, judged.client)),
        content=encode(one),
    )


def _name(segment: bytes) -> str:
    """A segment's id in 64 hexadecimal digits, whatever stands in its place."""
    return segment.hex() if len(segment) == 32 else sha256(segment).hexdigest()


def _in_type(record: Sealed) -> Sealed:
    """The record in the types that it should have: SQLite holds whatever is put into a column."""
    number = record.number if isinstance(record.number, int) else -1
    return replace(record, segment=_bytes(record.segment), number=number, sealed=_bytes(record.sealed))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode("utf-8", "backslashreplace")


def _plausible(one: Heard) -> bool:
    """Whether a trap writes such a thing: whoever breaks into one can seal anything."""
    times = (one.at,) if isinstance(one, Hit) else (one.first, one.last)
    counts = () if isinstance(one, Hit) else (one.count, one.unnamed)
    return (
        re.fullmatch("[a-z0-9-]{1,16}", one.channel) is not None
        and one.channel not in CHANNELS
        and all(0 <= time < _LATEST for time in times)
        and list(times) == sorted(times)
        and all(0 <= count < 1 << 48 for count in counts)
        and (isinstance(one, Hit) or len(one.key) <= 64)
    )


def _day(one: Heard) -> str:
    at = one.at if isinstance(one, Hit) else one.first
    return datetime.fromtimestamp(at // 1_000_000, UTC).date().isoformat()


def _refuse_others(folder: Path, public: bytes) -> None:
    if not (folder / SETTINGS_NAME).is_file() and not (folder / SPOOL_NAME).is_file():
        raise Unreachable(
            f"{folder} is no trap's folder",
            hint="it has no trap.toml and no spool; look at its name, or mount it",
        )
    if (folder / SETTINGS_NAME).is_file() and read_settings(folder).worker != public:
        raise UnusableInput(
            f"the trap in {folder} seals to another workspace's key",
            hint="name that workspace, or write the trap's settings anew: trapstreet serve --set-up",
        )


def _reader(folder: Path) -> SpoolReader | None:
    """The trap's spool, opened; None where nothing was heard yet."""
    path = folder / SPOOL_NAME
    if not folder.is_dir():
        raise Unreachable(f"{folder} is gone", hint="mount it, or look at its name")
    if not path.is_file():
        return None
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(folder, os.W_OK):
        raise AccessDenied(f"{path} may not be taken from", hint="run as the trap's user")
    try:
        return SpoolReader(folder)
    except OSError as error:
        raise Unreachable(f"{path} cannot be opened", hint=os.strerror(error.errno or errno.EIO)) from error
