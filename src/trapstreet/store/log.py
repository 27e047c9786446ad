"""The append-only log: what was done, in an order that nobody can change afterwards without its being seen.

A Merkle tree (RFC 6962) over deterministic CBOR entries; its root is signed as a C2SP checkpoint. An entry
holds hashes, ids and ciphertext, never a protected value: it can't be taken back. Format and vectors:
docs/adr/0005-log.md.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction

from trapstreet.core.maths.merkle import Frontier, leaf_hash
from trapstreet.core.model.encoding import Plain, canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.notes import NoteSigner, read_verifier_key, signed_text
from trapstreet.store.models.log import Checkpoint, LogHead, LogLeaf

_HASH = 32


@dataclass(frozen=True, slots=True)
class LogState:
    """A log that holds: its number of entries, their root, how many of them the last checkpoint signs."""

    size: int
    root: bytes
    signed: int


def append(entry: Mapping[str, Plain]) -> int:
    """The entry's number in the log; it is there if the caller's transaction is.

    O(log n). Raises TypeError for an entry that deterministic CBOR does not hold.
    """
    data = canonical_cbor(dict(entry))
    with transaction.atomic():
        head = _head(lock=True)
        frontier = _frontier(head).add(leaf_hash(data))
        LogLeaf.objects.create(index=head.size, entry=data)
        head.size, head.roots = frontier.size, b"".join(frontier.roots)
        head.save()
    return frontier.size - 1


def checkpoint(signer: NoteSigner) -> str:
    """The signed note over the log as it stands, kept beside it."""
    with transaction.atomic():
        frontier = _frontier(_head(lock=True))
        note = signer.sign(checkpoint_text(signer.name, frontier.size, frontier.root()))
        Checkpoint.objects.update_or_create(size=frontier.size, defaults={"note": note})
    return note


def is_signed() -> bool:
    """Whether the last checkpoint signs all that the log holds; nothing is read through."""
    size = _head().size
    return not size or Checkpoint.objects.filter(size=size).exists()


def entries(size: int) -> list[bytes]:
    """The first `size` entries, for inclusion proofs. O(size)."""
    found = LogLeaf.objects.filter(index__lt=size).order_by("index").values_list("entry", flat=True)
    return [bytes(entry) for entry in found]


def checkpoint_at(size: int) -> str:
    """The signed note over the first `size` entries, which was made when that was the whole log."""
    return Checkpoint.objects.get(size=size).note


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """A checkpoint before it is signed (C2SP tlog-checkpoint): origin, size, root in base64, a line each."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def verify(verifier_key: str) -> LogState:
    """The log, read from its first entry to its last, agrees with its tree and with every checkpoint.

    Raises UnusableInput, saying at which entry, where it does not. O(n).
    """
    origin, _ = read_verifier_key(verifier_key)
    notes = dict(Checkpoint.objects.values_list("size", "note"))
    frontier = Frontier()
    signed = 0
    for index, entry in LogLeaf.objects.order_by("index").values_list("index", "entry").iterator():
        if index != frontier.size:
            raise _broken(f"entry {frontier.size} is missing")
        frontier = frontier.add(leaf_hash(bytes(entry)))
        if note := notes.get(frontier.size):
            if signed_text(note, verifier_key) != checkpoint_text(origin, frontier.size, frontier.root()):
                raise _broken(f"the entries up to {index} are not the ones that were signed")
            signed = frontier.size
    if max(notes, default=0) != signed or _frontier(_head()) != frontier:
        raise _broken(f"it does not end at entry {frontier.size - 1}")
    return LogState(frontier.size, frontier.root(), signed)


def all_entries() -> Iterator[Mapping[str, Plain]]:
    """Every entry, read, in order."""
    import cbor2

    for entry in LogLeaf.objects.order_by("index").values_list("entry", flat=True).iterator():
        yield cbor2.loads(bytes(entry))


def _head(*, lock: bool = False) -> LogHead:
    heads = LogHead.objects.select_for_update() if lock else LogHead.objects
    return heads.filter(id=1).first() or LogHead(id=1, size=0, roots=b"")


def _frontier(head: LogHead) -> Frontier:
    roots = bytes(head.roots)
    return Frontier(head.size, tuple(roots[at : at + _HASH] for at in range(0, len(roots), _HASH)))


def _broken(what: str) -> UnusableInput:
    return UnusableInput(
        f"the log does not hold: {what}",
        hint="somebody changed the database; keep it as evidence and restore a backup elsewhere to compare",
    )
