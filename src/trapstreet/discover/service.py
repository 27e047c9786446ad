"""Taking stock of a place: what is new or has changed is looked at, what vanished is forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import msgspec
from django.db import transaction

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.holdings import HeldColumn, Holding
from trapstreet.core.model.inventories import Inventory, Listed, Passage, ShownTable, Whole, lies_in
from trapstreet.core.model.mentions import Mention, Reader
from trapstreet.core.model.objects import Unread
from trapstreet.discover.domain.people import TELLS_PEOPLE_APART, people_in
from trapstreet.discover.domain.policy import Policy
from trapstreet.discover.domain.recognise import SampledColumn, recognise
from trapstreet.discover.domain.spoken import cells_to_read, lines_to_read, people_told_apart, said_in
from trapstreet.discover.domain.texts import held_in
from trapstreet.store import holdings as store
from trapstreet.store.holdings import Found
from trapstreet.store.models import DiscoveredPlace

STAND = 3
"""One more when what columns and texts are taken for has changed: all is looked at again."""

_AT_ONCE = 100
"""Objects that are looked at before what was found is on disk."""


@dataclass(slots=True)
class Stock:
    """What taking stock of a place came to.

    within             the database, folder or file that was asked for, "" for all
    looked, unchanged  objects that were sampled, and that were not since their version is the same
    gone               objects that were there the last time;  unknown  what was not looked at, and why
    """

    place: str
    edition: str
    within: str
    looked: int = 0
    unchanged: int = 0
    gone: int = 0
    unknown: list[str] = field(default_factory=list)


def take_stock(
    inventory: Inventory,
    policy: Policy,
    *,
    clock: Callable[[], int],
    told: Callable[[int], None] = lambda _: None,
    reader: Reader | None = None,
) -> Stock:
    """The registry has what the place holds now. What was found is kept as it is found, so that whoever
    interrupts it loses little; nothing raises about the place.

    clock   Unix microseconds;  told  how many objects were met so far
    reader  of free text; None: it is searched for what is sure by itself
    """
    mark = digest_of(policy)
    place = store.place_named(inventory.place, edition=inventory.edition, policy=mark)
    store.classify_again(place, mark, lambda each: classed(each, policy))
    stock = _Stocktaking(inventory, policy, place, clock, reader).run(told)
    store.ended(place, edition=inventory.edition, at=clock())
    return stock


def digest_of(policy: Policy) -> str:
    """What a policy is known by."""
    text = msgspec.json.encode((sorted(policy.weights.items()), sorted(policy.classes.items())))
    return blake2b(text, digest_size=16).hexdigest()


def classed(holding: Holding, policy: Policy) -> Holding:
    """The same under a policy: kinds stay, their sensitivity is another."""
    columns = tuple(replace(each, sensitivity=policy.class_of(each.kind)) for each in holding.columns)
    sensitivity, weight = policy.heaviest({each.sensitivity for each in columns if each.sensitivity})
    return replace(holding, columns=columns, sensitivity=sensitivity, weight=weight)


class _Stocktaking:
    def __init__(
        self,
        inventory: Inventory,
        policy: Policy,
        place: DiscoveredPlace,
        clock: Callable[[], int],
        reader: Reader | None,
    ) -> None:
        self._inventory, self._policy, self._place, self._clock = inventory, policy, place, clock
        self._reader = reader
        self._stand = f"{STAND}, {reader.name}" if reader else f"{STAND}"
        self._known = store.states(place)
        self._stock = Stock(inventory.place, inventory.edition, inventory.within)
        self._seen: set[bytes] = set()
        self._unchanged: set[bytes] = set()
        self._wholes: dict[tuple[str, ...], Sequence[Holding]] = {}
        self._waiting: list[Found] = []

    def run(self, told: Callable[[int], None]) -> Stock:
        try:
            for each in self._inventory.walk():
                self._take(each)
                told(len(self._seen))
        except TrapstreetError as error:
            self._stock.unknown.append(f"{error.message}; the rest was not looked at")
        finally:
            self._flush()
        self._stock.unknown += [f"{path}: {why}" for path, why in store.unread(self._place, self._unchanged)]
        return self._stock

    def _take(self, each: Listed | Unread | Whole) -> None:
        match each:
            case Unread():
                self._stock.unknown.append(f"{each.path}: {each.why}")
            case Whole():
                self._flush()
                self._stock.gone += store.drop(
                    self._place, but=self._seen, within=lambda path: _gone_from(path, each)
                )
            case Listed():
                self._look(each)
                if len(self._waiting) >= _AT_ONCE:
                    self._flush()

    def _look(self, listed: Listed) -> None:
        key, state = store.key_of(listed.path), store.state_of(listed.version, self._stand)
        self._seen.add(key)
        if state and not listed.part_of and self._known.get(key) == state:
            self._unchanged.add(key)
            self._stock.unchanged += 1
            return
        at = self._clock()
        if listed.part_of:
            self._waiting.append(Found(listed.path, 0, self._as_part(listed), at))
            return
        found: list[Holding] = []
        left: list[Unread] = []
        try:
            for shown in self._inventory.look(listed):
                if isinstance(shown, Unread):
                    left.append(shown)
                else:
                    found.append(self._holding(shown, at, left))
        finally:
            self._stock.unknown += [f"{each.path}: {each.why}" for each in left]
        if not all(each.partly for each in left):
            state = 0  # a right may be given, and a lock be gone, and its version is the same
        self._stock.looked += 1
        unread = [(each.path, each.why) for each in left]
        self._waiting.append(Found(listed.path, state, found, at, unread))

    def _as_part(self, listed: Listed) -> list[Holding]:
        """What the whole holds of which this is a part."""
        whole = self._wholes.get(listed.part_of)
        if whole is None:
            self._flush()
            whole = self._wholes[listed.part_of] = store.found_in(self._place, listed.part_of)
        records = listed.records
        return [
            replace(each, path=listed.path, records=records, people=_at_most(each.people, records))
            for each in whole
        ]

    def _holding(self, shown: ShownTable | Passage, at: int, left: list[Unread]) -> Holding:
        held: Sequence[HeldColumn]
        people: int | None
        if isinstance(shown, Passage):
            held, people = self._passage(shown, left)
            kind, records = "text", None
        else:
            sampled = [SampledColumn(each.name, each.declared, each.values) for each in shown.columns]
            known = recognise(sampled, table=shown.path[-1], policy=self._policy)
            columns = [self._column(*each, shown, left) for each in zip(known, sampled, strict=True)]
            held = [each for column in columns for each in column]
            kind, records = shown.kind, shown.records
            people = people_in(shown.columns, [column[0] for column in columns], records=records)
        classes = {each.sensitivity for each in held if each.sensitivity}
        sensitivity, weight = self._policy.heaviest(classes)
        return Holding(
            self._place.name, shown.path, kind, records, people, tuple(held), sensitivity, weight, at
        )

    def _passage(self, shown: Passage, left: list[Unread]) -> tuple[list[HeldColumn], int]:
        held, people = held_in(shown.text, self._policy)
        lines = lines_to_read(shown.text) if self._reader else []
        mentions = self._read(lines, "/".join(shown.path), left)
        known = {each.kind for each in held}
        said = said_in("", lines, mentions, self._policy, but=known)
        telling = [each for each in said if each.kind in TELLS_PEOPLE_APART]
        told = people_told_apart(lines, mentions, said if not people else telling)
        return held + said, max(people, told)

    def _column(
        self, held: HeldColumn, sampled: SampledColumn, shown: ShownTable, left: list[Unread]
    ) -> list[HeldColumn]:
        """What a column holds, and behind it what else its texts say."""
        texts = cells_to_read(held, sampled.values) if self._reader else []
        mentions = self._read(texts, ".".join((*shown.path, sampled.name)), left)
        said = said_in(sampled.name, texts, mentions, self._policy, but={held.kind})
        return said if said and not held.kind else [held, *said]

    def _read(self, texts: Sequence[str], path: str, left: list[Unread]) -> Sequence[Sequence[Mention]]:
        if not (self._reader and texts):
            return ()
        reading = self._reader.read(texts)
        if reading.why:
            read = f"{len(reading.mentions):,} of {len(texts):,} texts were read"
            left.append(Unread(path, f"{read}: {reading.why}", partly=True))
        return reading.mentions

    def _flush(self) -> None:
        if self._waiting:
            with transaction.atomic():
                store.keep(self._place, self._waiting)
            self._waiting.clear()


def _gone_from(path: tuple[str, ...], whole: Whole) -> bool:
    """Whether what was there, and was not named, is gone."""
    unread = any(lies_in(path, store.legible(each)) for each in whole.unread)
    return lies_in(path, store.legible(whole.within)) and not unread


def _at_most(number: int | None, most: int | None) -> int | None:
    return number if most is None or number is None else min(number, most)
