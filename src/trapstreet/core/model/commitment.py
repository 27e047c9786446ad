"""Commitments: what a copy was when it was handed out, fixed in 32 bytes that tell nothing until they are
opened.

The format is in docs/adr/0004-copies-and-commitments.md, with test vectors.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from trapstreet.core.maths.merkle import merkle_root
from trapstreet.core.model.encoding import Plain, canonical_cbor, prefixed

FORMAT = "ts-copy-1"

NO_P_TABLE = canonical_cbor([])
"""The p-table of a copy that holds every row unmarked, and decoys that are its alone."""


@dataclass(frozen=True, slots=True)
class CommittedCell:
    """One cell of a decoy: its column, its first normal form (None: no value), and the draws that it shows.

    draws  positions in the decoy's `draw_bits`, ascending
    """

    column: str
    form: bytes | None
    draws: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CommittedDecoy:
    """One decoy of a copy.

    draw_bits  min-entropy of each independent draw in thousandths of a bit, rounded down
    """

    record_id: int
    cells: tuple[CommittedCell, ...]
    draw_bits: tuple[int, ...]


class HashedCell(NamedTuple):
    """One cell as the commitment binds it: column, keyed hash of the form, draws that it shows."""

    column: str
    hash: bytes
    draws: tuple[int, ...]


class HashedDecoy(NamedTuple):
    """One decoy as the commitment binds it: what a proof shows of those that the leak does not."""

    record_id: int
    cells: tuple[HashedCell, ...]
    draw_bits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """Everything that a commitment binds.

    nonce       32 random bytes: without them nobody can test a guess
    code_key    the copy's 16-byte code key
    p_table     deterministic CBOR; `NO_P_TABLE` where a copy is told by its own decoys alone
    issued_us   Unix time in microseconds, UTC
    """

    nonce: bytes
    copy_id: str
    code_key: bytes
    decoys: tuple[CommittedDecoy, ...]
    data_set_id: str
    version: int
    issued_us: int
    p_table: bytes = NO_P_TABLE


def commitment(facts: CopyFacts) -> bytes:
    """The 32-byte commitment to a copy: SHA-256 over its facts, each behind its length.

    Raises ValueError if the nonce is not 32 or the code key not 16 bytes long.
    """
    return commitment_over(facts, decoy_root(facts.code_key, facts.decoys))


def commitment_over(facts: CopyFacts, root: bytes) -> bytes:
    """The commitment to a copy of whose decoys only the root is known: `facts.decoys` does not count.

    Raises ValueError as `commitment` does.
    """
    if len(facts.nonce) != 32 or len(facts.code_key) != 16:
        raise ValueError("a nonce is 32 bytes, a code key 16")
    return sha256(
        prefixed(
            FORMAT,
            facts.nonce,
            facts.copy_id,
            facts.code_key,
            sha256(facts.p_table).digest(),
            root,
            facts.data_set_id,
            facts.version,
            facts.issued_us,
        )
    ).digest()


def decoy_root(code_key: bytes, decoys: Iterable[CommittedDecoy]) -> bytes:
    """The RFC 6962 root over the decoys' leaves, by ascending RecordId."""
    return hashed_root(hashed(code_key, decoy) for decoy in decoys)


def hashed_root(decoys: Iterable[HashedDecoy]) -> bytes:
    """The same root, from the hashes of the decoys' cells."""
    ordered = sorted(decoys, key=lambda decoy: decoy.record_id)
    return merkle_root(_leaf(decoy) for decoy in ordered)


def decoy_leaf(code_key: bytes, decoy: CommittedDecoy) -> bytes:
    """One decoy as deterministic CBOR: [RecordId, [[column, keyed hash, draws] …], [bits …]]."""
    return _leaf(hashed(code_key, decoy))


def hashed(code_key: bytes, decoy: CommittedDecoy) -> HashedDecoy:
    """A decoy with the keyed hashes of its forms in their place."""
    cells = tuple(
        HashedCell(cell.column, cell_hash(code_key, cell.column, cell.form), cell.draws)
        for cell in decoy.cells
    )
    return HashedDecoy(decoy.record_id, cells, decoy.draw_bits)


def cell_hash(code_key: bytes, column: str, form: bytes | None) -> bytes:
    """HMAC-SHA256: a 64-bit hash would let whoever chooses the key prepare two decoys for one leaf."""
    return hmac.digest(code_key, prefixed(column, form), "sha256")


def _leaf(decoy: HashedDecoy) -> bytes:
    cells: list[Plain] = [[cell.column, cell.hash, cell.draws] for cell in decoy.cells]
    return canonical_cbor([decoy.record_id, cells, decoy.draw_bits])
