"""The file of a proof: what it holds, its one spelling, and the limits that a hostile one meets.

The format is in docs/adr/0009-proofs.md, with test vectors.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import printable

FORMAT: Final = "ts-proof-2"
DECODER: Final = "decoys-and-code-1"
MOST_BYTES = 32 << 20
MOST_ROWS = 50_000
"""Leaked rows that a proof shows: 0.5 MB of it."""
_OLDER = b'"format":"ts-proof-1"'

Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
Thousandths = Annotated[int, Meta(ge=0, le=1_000_000)]
Position = Annotated[int, Meta(ge=0, lt=64)]
Number = Annotated[str, Meta(pattern=r"\A-?[0-9][0-9.e+-]{0,30}\Z")]
"""A number that is not whole, as the shortest decimal text that reads as the same double."""
Text = Annotated[str, Meta(max_length=4096)]
Hex = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{2}){0,4096}\Z")]
Hex8 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
Hex16 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
RecordIds = Annotated[bytes, Meta(max_length=8_000_000)]
"""RecordIds, ascending, 8 bytes big-endian each: base64 in the file."""
Fields = Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=2)]


class DoesNotHold(Exception):
    """A claim of a proof that is not so. The message says which, and shows nothing of the file unescaped."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Cell(_Part, frozen=True):
    """A cell of a decoy as its commitment binds it; `form` is there where it is opened."""

    column: Text
    hash: Hex32
    draws: Annotated[tuple[Position, ...], Meta(max_length=64)]
    form: Hex | None = None


class Decoy(_Part, frozen=True):
    """A decoy of an accused copy: RecordId, cells, bits of its draws in thousandths."""

    id: Hex8
    cells: Annotated[tuple[Cell, ...], Meta(max_length=1000)]
    bits: Annotated[tuple[Thousandths, ...], Meta(max_length=64)]


class OwnDecoys(_Part, frozen=True):
    """The decoys that are a copy's alone, what the leak shows of them, and what that comes to.

    decoys  by ascending id
    fields  what they were found by; one of the tested sets
    hits    ids of the decoys that the leak shows, ascending, by what is opened of each
    others  decoys of all other copies of the data set, and those that copies share
    of      decoys of the copy that have all of the fields;  chance  q0 of each
    share   of the bound
    """

    decoys: tuple[Decoy, ...]
    fields: Fields
    hits: tuple[Hex8, ...]
    others: Count
    of: Count
    chance: Number
    log10_p: Number
    share: Number


class Code(_Part, frozen=True):
    """What the code of a copy, or its marks, come to, drawn again under its code key.

    at      number of the data set's `positions`, or `spellings`, that it is judged by
    share   of the bound
    beside  accused copies whose codes split the positions: what this copy adds to them is judged
    """

    at: Count
    log10_p: Number
    share: Number
    beside: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=5)] = ()


class Accused(_Part, frozen=True):
    """A copy that took part: its commitment opened, and the evidence, each kind enough by itself.

    decoy_root  what the commitment binds of the decoys that are the copy's alone
    """

    copy: Annotated[str, Meta(max_length=64)]
    version: Count
    issued: Count
    nonce: Hex32
    code_key: Hex16
    p_table: Hex
    decoy_root: Hex32
    own: OwnDecoys | None = None
    code: Code | None = None
    marks: Code | None = None


class Positions(_Part, frozen=True):
    """What the leak shows of the positions of copies whose codes follow one law.

    shown, hidden  the shared decoys that are in the leak, and those that are not
    rows    leaked records that the copies could hold: every k-th where there are more than MOST_ROWS
    leaked  how many there are;  alive  records that the copies could hold in all
    hits    decoys of one copy's own that the leak shows, of these copies together
    decoys  how many such decoys a copy has
    """

    shown: RecordIds
    hidden: RecordIds
    rows: RecordIds
    leaked: Count
    alive: Count
    hits: Count
    decoys: Count


class Spelled(_Part, frozen=True):
    """How the leak spells the cells of a mark, which the p-table names by its slot: the records whose cell
    shows 1, and those whose cell shows 0."""

    slot: Count
    ones: RecordIds
    zeros: RecordIds


class FieldsTested(_Part, frozen=True):
    """Fields by which decoys were judged: candidates in the leak, and how many real records show them."""

    fields: Fields
    candidates: Count
    records: Count


class ColumnKind(_Part, frozen=True):
    name: Text
    kind: Kind


class DataSetClaims(_Part, frozen=True):
    """What the leak shows of a data set: real records, the tested sets of fields, the positions of codes, the
    spellings of marks; and the accused copies."""

    id: Annotated[str, Meta(max_length=64)]
    columns: Annotated[tuple[ColumnKind, ...], Meta(max_length=1000)]
    records: Count
    tested: Annotated[tuple[FieldsTested, ...], Meta(min_length=1, max_length=100)]
    positions: Annotated[tuple[Positions, ...], Meta(max_length=100)]
    spellings: Annotated[
        tuple[Annotated[tuple[Spelled, ...], Meta(max_length=1000)], ...], Meta(max_length=100)
    ]
    accused: Annotated[tuple[Accused, ...], Meta(min_length=1)]


class Reading(_Part, frozen=True):
    """How a kind is read: region of national numbers, shapes of codes."""

    kind: Kind
    region: Annotated[str, Meta(max_length=8)]
    grammar: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=100)]


class Search(_Part, frozen=True):
    """By what candidates are found in the leak, so that they can be counted again."""

    readings: Annotated[tuple[Reading, ...], Meta(max_length=200)]
    phone_lengths: Annotated[tuple[Annotated[int, Meta(ge=1, le=15)], ...], Meta(max_length=15)]
    unicode_emails: bool


class LeakText(_Part, frozen=True):
    name: Text
    sha256: Hex32
    size: Count


class Claims(_Part, frozen=True):
    """All that is claimed.

    time    Unix µs;  by  the program and its version
    copies  all that the workspace had handed out, and its plantings
    bound   on P(any innocent copy is accused)
    """

    by: Annotated[str, Meta(max_length=100)]
    decoder: Literal["decoys-and-code-1"]
    time: Count
    bound: Number
    copies: Count
    leak: Annotated[tuple[LeakText, ...], Meta(min_length=1)]
    search: Search
    data_sets: Annotated[tuple[DataSetClaims, ...], Meta(min_length=1, max_length=1000)]


class Entry(_Part, frozen=True):
    """Where an entry stands in the log, and the path from it to the root, lowest sibling first."""

    index: Count
    path: Annotated[tuple[Hex32, ...], Meta(max_length=64)]


class Log(_Part, frozen=True):
    """The log's C2SP key, a signed checkpoint, and the entries in it.

    proof   the entry that fixes the claims
    copies  those of the accused copies, in the order of the claims
    """

    key: Annotated[str, Meta(max_length=300)]
    checkpoint: Annotated[str, Meta(max_length=2000)]
    proof: Entry
    copies: tuple[Entry, ...]


class Proof(_Part, frozen=True):
    format: Literal["ts-proof-2"]
    claims: Claims
    log: Log


def step(leaked: int) -> int:
    """Of so many leaked rows, ascending, every k-th is in a proof, from the first: k."""
    return max(1, -(-leaked // MOST_ROWS))


def write(proof: Proof) -> bytes:
    """The proof as a file: JSON with sorted keys and no blanks, and a line break."""
    return _spelled(proof) + b"\n"


def read(data: bytes) -> Proof:
    """The proof in a file. Linear in its size; says nothing of whether it holds.

    Raises UnusableInput where it is no proof, is larger than 32 MiB, or is not spelled as `write` does: two
    readers of the same bytes must not see different claims.
    """
    if len(data) > MOST_BYTES:
        raise UnusableInput(
            "it is larger than 32 MiB", hint="proofs are smaller: a few hundred kB for a copy"
        )
    try:
        proof = msgspec.json.decode(data, type=Proof)
        spelled = write(proof)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if _OLDER in data:
            raise UnusableInput(
                f"it is of an older format than {FORMAT}",
                hint="ask the one who made it to trace the leak again",
            ) from error
        why = printable(str(error))[:200]
        raise UnusableInput(
            f"it is no proof that can be read ({why})",
            hint="get the whole file again, from the one who made it",
        ) from error
    if spelled != data:
        raise UnusableInput(
            "it is not spelled as proofs are: it was edited or written by something else",
            hint="get the file again, from the one who made it",
        )
    return proof


def digest(claims: Claims) -> bytes:
    """SHA-256 over the claims as they stand in the file: what the log has on record."""
    return hashlib.sha256(_spelled(claims)).digest()


def proof_entry(claims: Claims) -> bytes:
    """The log's entry that fixes the claims."""
    return canonical_cbor({"event": "proof", "digest": digest(claims), "time": claims.time})


def copy_entry(copy: str, commitment: bytes, issued: int) -> bytes:
    """The log's entry of a copy."""
    return canonical_cbor({"event": "copy", "copy": copy, "commitment": commitment, "time": issued})


def _spelled(part: Proof | Claims) -> bytes:
    return msgspec.json.encode(part, order="sorted")
