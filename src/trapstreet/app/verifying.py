"""Proofs checked: the file read within bounds, the leak read again where it is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from trapstreet.app.passwords import Passwords
from trapstreet.app.source_text import SourceText, searched
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins.formats import read
from trapstreet.plugins.sources import objects
from trapstreet.proof import MOST_BYTES, Checked, DoesNotHold, Proof, check, compare, missing, recount
from trapstreet.proof import read as read_proof


@dataclass(frozen=True, slots=True)
class Verified:
    """A proof that was read: what was computed, or which claim is not so.

    recounted  the leak was given, and read
    undecided  it was given, but not all that was proved from could be read: the proof holds by itself, and
               was not compared
    """

    proof: Proof
    checked: Checked | None
    why: str
    recounted: bool
    unread: tuple[Unread, ...]
    undecided: bool = False


def verify(path: Path, leak: Sequence[str], *, log_key: str | None, passwords: Passwords = ()) -> Verified:
    """Check the proof in a file, against the leak's files if they are given.

    passwords  are tried where something of the leak is encrypted
    Raises UnusableInput where it is no proof. At most 32 MiB of it are read.
    """
    with path.open("rb") as file:
        proof = read_proof(file.read(MOST_BYTES + 1))
    unread: list[Unread] = []
    try:
        checked = check(proof, log_key=log_key)
        if leak:
            seen = recount(_texts(leak, unread, passwords), proof.claims)
            if unread and missing(proof, seen):
                return Verified(proof, None, _all_of(unread), False, tuple(unread), undecided=True)
            compare(proof, seen)
    except DoesNotHold as error:
        return Verified(proof, None, str(error), bool(leak), tuple(unread))
    return Verified(proof, checked, "", bool(leak), tuple(unread))


def _all_of(unread: Sequence[Unread]) -> str:
    if len(unread) > 1:
        return f"{len(unread):,} parts of it were not read"
    return f"{unread[0].path} was {'only partly' if unread[0].partly else 'not'} read"


def _texts(locations: Sequence[str], unread: list[Unread], passwords: Passwords) -> Iterator[SourceText]:
    for found in chain.from_iterable([objects(location) for location in locations]):
        for text in [found] if isinstance(found, Unread) else _texts_of(found, passwords):
            if isinstance(text, Unread):
                unread.append(text.printable())
            else:
                text.will_tell()
                yield text


def _texts_of(found: SourceObject, passwords: Passwords) -> Iterator[SourceText | Unread]:
    for part in read(found, passwords=passwords):
        yield from [part] if isinstance(part, Unread) else searched(found.source, part)
