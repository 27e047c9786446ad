"""The worker: what traps heard, taken from their spools, resolved, judged and kept in the registry."""

import errno
import hmac
import os
import re
import time
from collections.abc import Collection, Iterator, Sequence
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
from trapstreet.app.weighing import counts
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.hit import Heard, Hit, Swarm
from trapstreet.sightings import (
    Client,
    Earlier,
    Incident,
    Kind,
    Label,
    Place,
    Said,
    Used,
    client_of,
    expected,
    fold,
    incident_of,
    label_of,
    said,
)
from trapstreet.store import sightings
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
_COMPARED = 64
"""Decoys of one hit whose personas are looked for in what it says: a mail can go to a thousand."""
_KNEW = 8.0
"""Bits against an honest automaton where somebody knew more of a decoy than what was used."""
_OWN_TRAFFIC = 2.0
"""Bits for one where the decoy was heard before it lay anywhere."""
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

    traps  their folders. Raises UnusableInput where none is named, or a trap is another workspace's;
           Unreachable for a folder that is no trap's
    """

    def __init__(self, workspace: Workspace, traps: Sequence[Path], places: Places) -> None:
        if not traps:
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
        tokens = {
            _token(one.channel, each)
            for (*_, one), decoys in zip(heard, used, strict=True)
            for each in decoys
        }
        owners = {each.owner for decoys in used for each in decoys}
        judge = _Judge(self._workspace, self._places, self._personas, tokens=tokens, owners=owners)
        hits = 0
        for (record, position, one), decoys in zip(heard, used, strict=True):
            count = one.count if isinstance(one, Swarm) else 1
            hits += count
            if decoys:
                batch.heard.append(judge.judged(record, position, one, decoys))
            batch.background[one.channel, _day(one)] += max(0, count - len(decoys))
        batch.background = +batch.background
        sightings.enter(batch, judge.folded(), ring=self._workspace.ring, at=now())
        uses = sum(len(each.sightings) for each in batch.heard)
        return Taken(hits, uses, batch.background.total(), len(batch.damaged))

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


class _Judge:
    """Opinions on the uses of one batch, and the incidents that they make.

    tokens  of its incidents, by which earlier uses are looked up;  owners  of the decoys
    """

    def __init__(
        self,
        workspace: Workspace,
        places: Places,
        personas: Personas,
        *,
        tokens: Collection[str],
        owners: Collection[str],
    ) -> None:
        self._places, self._personas = places, personas
        self._key = workspace.ring.party_key()
        self._first = sightings.first_uses(tokens)
        self._laid = sightings.laid_at(owners)
        self._declared = Declared(workspace) if owners else None
        self._incidents: list[Incident] = []

    def judged(self, record: Sealed, position: int, one: Heard, decoys: Sequence[Used]) -> NewHeard:
        """What is kept of a hit or swarm that used decoys."""
        hit = one if isinstance(one, Hit) else _stand_in(one)
        seen = Seen(self._places.of(hit.address, at=hit.at), client_of(hit))
        words = said(hit)
        text = Said(words, used=hit.names, channel=hit.channel)
        known = [self._named(each, text) for each in decoys[:_COMPARED]] if words.strip() else []
        known += [()] * (len(decoys) - len(known))
        uses = [
            self._use(each, one, hit, seen, names=names) for each, names in zip(decoys, known, strict=True)
        ]
        return NewHeard(
            segment=_name(record.segment),
            number=record.number,
            position=position,
            channel=hit.channel,
            at=hit.at,
            count=one.count if isinstance(one, Swarm) else 1,
            sightings=uses,
            seen=msgspec.msgpack.encode(seen),
            content=encode(one),
        )

    def folded(self) -> list[Folded]:
        """The incidents, with those that were known and go on in them."""
        new = self._incidents
        known = sightings.incidents_of({(each.token, each.party) for each in new})
        joined = fold([*(msgspec.convert(each, Incident, from_attributes=True) for each in known), *new])
        return [Folded(**msgspec.structs.asdict(each), counts=counts(each)) for each in joined]

    def _named(self, used: Used, text: Said) -> tuple[str, ...]:
        found = (name for who in self._personas.of(used) for name in text.names(who))
        return tuple(dict.fromkeys(found))

    def _use(self, used: Used, one: Heard, hit: Hit, seen: Seen, *, names: tuple[str, ...]) -> NewSighting:
        token = _token(hit.channel, used)
        first = self._first.setdefault(token, hit.at)
        label = self._label(used, one, hit, seen, first=min(first, hit.at))
        declared, why = expected(hit, self._declared.of(used)) if self._declared else (False, "")
        label = _weighed(label, names=names, why=why, colleagues=len(used.colleagues))
        incident = incident_of(token, hit, seen.place, label)
        party = hmac.digest(self._key, incident.party.encode("utf-8", "replace"), "sha256")[:16].hex()
        last = one.last if isinstance(one, Swarm) else hit.at
        named = bool(names)
        self._incidents.append(
            msgspec.structs.replace(incident, party=party, last=last, named=named, expected=declared)
        )
        return NewSighting(
            owner=used.owner,
            decoy=used.at,
            label=label.kind.value,
            score=label.score,
            token=token,
            party=party,
            touches=not label.spares and not declared,
            why=msgspec.msgpack.encode(label),
            named=named,
            expected=declared,
            colleagues=used.colleagues,
        )

    def _label(self, used: Used, one: Heard, hit: Hit, seen: Seen, *, first: int) -> Label:
        """What the hit looks like by itself, and by what is known of the decoy."""
        laid = self._laid.get(used.owner)
        if isinstance(one, Swarm):
            words = f"one of {one.count:,} hits of its network, which came too fast to be kept one by one"
            label = Label(Kind.UNKNOWN, 0, (words,))
        else:
            sent = None if laid is None else (hit.at - laid) / 1e6
            earlier = Earlier(sent=sent, heard=max(0, hit.at - first) / 1e6)
            label = label_of(hit, seen.place, seen.client, earlier)
        if laid is None or first < laid:
            words = "it was heard before it was known to lie anywhere: it has traffic of its own"
            label = msgspec.structs.replace(label, score=label.score + _OWN_TRAFFIC, why=(*label.why, words))
        return label


def _weighed(label: Label, *, names: Sequence[str], why: str, colleagues: int) -> Label:
    """The label with what was said, what was declared, and whose it may be as well."""
    words = list(label.why)
    if names:
        words.insert(0, f"knows the decoy's {' and '.join(names)}, which did not stand in what was used")
    if why:
        words.append(why)
    if colleagues:
        words.append(f"the site of {1 + colleagues} decoys of one company: it may be any of them")
    score = min(label.score, 0) - _KNEW if names else label.score
    return msgspec.structs.replace(label, score=score, why=tuple(words))


def _token(channel: str, used: Used) -> str:
    """What incidents are told by: a decoy and the channel by which it was used."""
    return f"{channel} {used.owner}/{used.at}"


def _stand_in(swarm: Swarm) -> Hit:
    """A hit of the swarm's network at its first time, of which nothing else is known."""
    return Hit(swarm.channel, swarm.first, swarm.network.partition("/")[0], 0, (), ())


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
