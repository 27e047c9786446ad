"""Reviews of rights: what owners are asked, and what they decided. Times are Unix microseconds, UTC."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from django.db import transaction

from trapstreet.core.model.encoding import Plain
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log
from trapstreet.store.models import Review, ReviewDecision, ReviewItem, ReviewReminder

CONFIRM, REMOVE = "confirm", "remove"


class Why(msgspec.Struct, frozen=True, array_like=True):
    """Who decided, and why, as it is kept."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision; `digest` is what the log has of it, in hexadecimal."""

    at: int
    decision: str
    by: str
    reason: str
    digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An item with all decisions about it, the last of which holds."""

    number: int
    content: bytes
    decision: str
    decisions: tuple[Decided, ...]


def begin(
    name: str, place: str, items: Sequence[tuple[str, bytes]], *, due: int | None, ring: KeyRing, at: int
) -> Review:
    """A new review of items, each with who is asked. Raises UnusableInput for a name that is taken."""
    with transaction.atomic():
        if Review.objects.filter(name=name).exists():
            raise UnusableInput(
                f"there is a review {name!r}", hint="take another name; trapstreet access review list"
            )
        review = Review.objects.create(name=name, place=place, begun_at=at, due_at=due)
        digest = sha256()
        rows = []
        for number, (owner, content) in enumerate(items, start=1):
            sealed = seal(_key(ring), content, aad=_aad("item", review, number))
            digest.update(sha256(sealed).digest())
            rows.append(
                ReviewItem(review=review, number=number, owner=owner_mark(owner, ring), content=sealed)
            )
        ReviewItem.objects.bulk_create(rows, batch_size=500)
        entry: dict[str, Plain] = {"event": "review begun", "review": review.id, "items": len(rows)}
        _note({**entry, "digest": digest.digest()}, ring, at)
    return review


def review_named(name: str) -> Review:
    """The review. Raises UnusableInput where there is none of that name."""
    found = Review.objects.filter(name=name).first()
    if found is None:
        raise UnusableInput(f"no review is called {name!r}", hint="trapstreet access review list shows all")
    return found


def reviews() -> list[Review]:
    """All reviews, the newest first."""
    return list(Review.objects.order_by("-id"))


def items_of(
    review: Review, ring: KeyRing, *, owner: str | None = None, undecided: bool = False
) -> list[Kept]:
    """The items of a review in their order: those of an owner, those that are not decided yet."""
    found = ReviewItem.objects.filter(review=review)
    if owner is not None:
        found = found.filter(owner=owner_mark(owner, ring))
    if undecided:
        found = found.filter(decision="")
    decisions: dict[int, list[Decided]] = {}
    for row in ReviewDecision.objects.filter(item__review=review).select_related("item"):
        decisions.setdefault(row.item.number, []).append(_decided(row, review, ring))
    return [
        Kept(
            row.number,
            open_sealed(_key(ring), bytes(row.content), aad=_aad("item", review, row.number)),
            row.decision,
            tuple(decisions.get(row.number, ())),
        )
        for row in found.order_by("number")
    ]


def counts(review: Review) -> dict[str, int]:
    """How many of its items are decided in which way; "" not yet."""
    found: dict[str, int] = {"": 0, CONFIRM: 0, REMOVE: 0}
    for decision in ReviewItem.objects.filter(review=review).values_list("decision", flat=True):
        found[decision] += 1
    return found


def decide(
    review: Review, numbers: Sequence[int], decision: str, why: Why, *, ring: KeyRing, at: int
) -> None:
    """Somebody decided about some items: on record for good, in the log by the items and a hash of who and
    why. A later decision takes the place of an earlier one."""
    sealed = seal(_key(ring), msgspec.msgpack.encode(why), aad=_aad("decision", review, at))
    entry: dict[str, Plain] = {"event": "review", "review": review.id, "items": _ranges(numbers)}
    with transaction.atomic():
        items = dict(ReviewItem.objects.filter(review=review).values_list("number", "id"))
        rows = [
            ReviewDecision(item_id=items[number], at=at, decision=decision, content=sealed)
            for number in sorted(set(numbers))
        ]
        ReviewDecision.objects.bulk_create(rows, batch_size=500)
        ids = [row.item_id for row in rows]
        for start in range(0, len(ids), 500):
            ReviewItem.objects.filter(id__in=ids[start : start + 500]).update(decision=decision)
        left = ReviewItem.objects.filter(review=review, decision="").exists()
        if not left and review.ended_at is None:
            Review.objects.filter(id=review.id).update(ended_at=at)
        _note({**entry, "decision": decision, "digest": sha256(sealed).digest()}, ring, at)


def under_way() -> list[Review]:
    """Reviews that have to be done by a time and are not."""
    return list(Review.objects.filter(ended_at__isnull=True, due_at__isnull=False))


def waiting_for(review: Review, stage: str) -> list[str]:
    """Those, by their marks, who have undecided items and were not reminded of this stage."""
    asked = ReviewItem.objects.filter(review=review, decision="").values_list("owner", flat=True)
    told = ReviewReminder.objects.filter(review=review, stage=stage).values_list("owner", flat=True)
    return sorted({*asked} - {*told})


def was_reminded(review: Review, owner: str, stage: str) -> bool:
    """Whether somebody, by his mark, was reminded of a stage."""
    return ReviewReminder.objects.filter(review=review, owner=owner, stage=stage).exists()


def reminded(review: Review, owner: str, stage: str, *, at: int) -> None:
    """Somebody, by his mark, was reminded."""
    ReviewReminder.objects.get_or_create(review=review, owner=owner, stage=stage, defaults={"at": at})


def owner_mark(owner: str, ring: KeyRing) -> str:
    """What stands for an owner in the registry; "" for nobody."""
    return hmac.digest(_key(ring), b"owner " + owner.encode(), "sha256")[:16].hex() if owner else ""


def _decided(row: ReviewDecision, review: Review, ring: KeyRing) -> Decided:
    sealed = bytes(row.content)
    opened = open_sealed(_key(ring), sealed, aad=_aad("decision", review, row.at))
    why = msgspec.msgpack.decode(opened, type=Why)
    return Decided(row.at, row.decision, why.by, why.reason, sha256(sealed).hexdigest())


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as people write them: "3, 7-9"."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in found)


def _note(entry: Mapping[str, Plain], ring: KeyRing, at: int) -> None:
    log.append({**entry, "time": at})
    log.checkpoint(ring.log_signer())


def _key(ring: KeyRing) -> bytes:
    return ring.derive("access")


def _aad(what: str, review: Review, number: int) -> bytes:
    return f"review {review.id} {what} {number}".encode()
