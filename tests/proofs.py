"""A small proof made by hand: no registry, no leak, every number known."""

import base64
from collections.abc import Sequence
from functools import cache
from math import log10

import numpy as np
from msgspec.structs import replace

from trapstreet.core.fields import Kind
from trapstreet.core.maths.codebits import PRESENCE, code_bits
from trapstreet.core.maths.merkle import inclusion_proof, leaf_hash, merkle_root
from trapstreet.core.model.commitment import (
    CommittedCell,
    CommittedDecoy,
    CopyFacts,
    cell_hash,
    commitment,
    decoy_root,
)
from trapstreet.core.model.p_table import MarkClass, MarkCode, PoolCode, PTable, pool_digest, threshold
from trapstreet.keys.notes import NoteSigner
from trapstreet.proof import (
    Accused,
    Claims,
    Code,
    DataSetClaims,
    Log,
    OwnDecoys,
    Positions,
    Proof,
    Spelled,
    judge_code,
    judge_marks,
    judge_own,
)
from trapstreet.proof.format import (
    Cell,
    ColumnKind,
    Decoy,
    Entry,
    FieldsTested,
    LeakText,
    Reading,
    Search,
    copy_entry,
    proof_entry,
)

SIGNER = NoteSigner("trapstreet/abcdefghijklmnop", bytes(range(32)))
STRANGER = NoteSigner("trapstreet/abcdefghijklmnop", bytes(32))
COPY = "1-abcdefghjk"
CODE_KEY, NONCE = bytes(range(16)), bytes(range(100, 132))
DATA_SET, VERSION, ISSUED, MADE = "d-abcdefghjkmn", 1, 1_795_204_800_000_000, 1_795_291_200_000_000
COLUMNS = {"ticket": Kind.REFERENCE, "login": Kind.EMAIL, "email": Kind.EMAIL, "name": Kind.NAME}
HITS = (3, 5)
LEAK = (
    b"B4, Ann Byrne3 <byrne3@post.harbour.example> 10003; Ann Byrne5 <byrne5@post.harbour.example>, 10005\n"
)


def decoy(number: int) -> CommittedDecoy:
    """A decoy whose login repeats its address, and whose name is of the draw behind the address."""
    address = b"byrne%d@post.harbour.example" % number
    cells = (
        CommittedCell("ticket", b"%d" % (10_000 + number), (0,)),
        CommittedCell("login", address),
        CommittedCell("email", address, (1, 2)),
        CommittedCell("name", b"byrne%d" % number, (1,)),
    )
    return CommittedDecoy(number, cells, (20_000, 9_000 + number % 2, 21_500))


DECOYS = tuple(map(decoy, range(1, 8)))
POOL = tuple(range(1 << 40, 60 << 40, 1 << 40))
MARK = MarkCode(7, "name", "letter-case", tuple(MarkClass(1 << 31, threshold(p)) for p in (0.5, 0.2)))
TABLE = PTable(PoolCode(threshold(0.35), len(POOL), pool_digest(POOL)), threshold(0.9), (MARK,))
FACTS = CopyFacts(NONCE, COPY, CODE_KEY, DECOYS, DATA_SET, VERSION, ISSUED, TABLE.encoded())
BOUND = 1e-6


def held(record_ids: Sequence[int], threshold: int, *, slot: int = PRESENCE) -> list[int]:
    """Those of the records that the copy holds by its code, or that have another bit of 1."""
    ids = np.array(record_ids, dtype=np.uint64)
    bits = code_bits(CODE_KEY, ids, slot=slot, threshold=threshold)
    return [each for each, bit in zip(record_ids, bits.tolist(), strict=True) if bit]


def packed(record_ids: Sequence[int]) -> bytes:
    return b"".join(each.to_bytes(8, "big") for each in sorted(record_ids))


def positions() -> Positions:
    """Twelve of the shared decoys that the copy holds are in the leak, and forty of fifty rows: it holds all
    of them but one."""
    assert TABLE.pool
    shown = held(POOL, TABLE.pool.threshold)[:12]
    rows = range(1 << 50, 100 << 50, 1 << 50)
    leaked = held(rows, TABLE.rows)[:39]
    leaked.append(next(each for each in rows if each not in held(rows, TABLE.rows)))
    return Positions(
        shown=packed(shown),
        hidden=packed(sorted(set(POOL) - set(shown))),
        rows=packed(leaked),
        leaked=len(leaked),
        alive=50,
        hits=2,
        decoys=7,
    )


def spellings() -> tuple[Spelled, ...]:
    """Forty cells of either class, of which all but one of each are spelled as the copy does."""
    ones, zeros = [], []
    for number, each in enumerate(MARK.classes):
        cells = range((number << 63) + 1, (number << 63) + 41)
        own = held(cells, each.threshold, slot=MARK.slot)
        ones += own[1:]
        zeros += [own[0], *(cell for cell in cells if cell not in own)]
    return (Spelled(MARK.slot, packed(ones), packed(zeros)),)


@cache
def claims() -> Claims:
    """Two of seven decoys are in the leak, by address and number; the copy's code and marks agree with it."""
    own = OwnDecoys(
        decoys=tuple(map(_opened, DECOYS)),
        fields=(Kind.EMAIL, Kind.REFERENCE),
        hits=tuple(f"{number:016x}" for number in HITS),
        others=7,
        of=0,
        chance="0.0",
        log10_p="0.0",
        share="0.2",
    )
    shown = Accused(
        copy=COPY,
        version=VERSION,
        issued=ISSUED,
        nonce=NONCE.hex(),
        code_key=CODE_KEY.hex(),
        p_table=FACTS.p_table.hex(),
        decoy_root=decoy_root(CODE_KEY, DECOYS).hex(),
        own=own,
        code=Code(at=0, log10_p="0.0", share="0.15"),
        marks=Code(at=0, log10_p="0.0", share="0.15"),
    )
    data_set = DataSetClaims(
        id=DATA_SET,
        columns=tuple(ColumnKind(name, kind) for name, kind in COLUMNS.items()),
        records=40,
        tested=(FieldsTested((Kind.EMAIL,), 30, 40), FieldsTested((Kind.EMAIL, Kind.REFERENCE), 40, 39)),
        positions=(positions(),),
        spellings=(spellings(),),
        accused=(),
    )
    return Claims(
        by="trapstreet 0.1.0",
        decoder="decoys-and-code-1",
        time=MADE,
        bound=repr(BOUND),
        copies=2,
        leak=(LeakText("paste.txt", "26" * 32, len(LEAK)),),
        search=Search((Reading(Kind.REFERENCE, "", ("D5",)),), (7,), False),
        data_sets=(figured(shown, data_set),),
    )


def figured(shown: Accused, data_set: DataSetClaims) -> DataSetClaims:
    """The data set with the copy accused, its figures those that its claims come to."""
    if shown.own:
        own = judge_own(shown, shown.own, data_set)
        figures = {"of": own.of, "chance": repr(own.stated_chance), "log10_p": repr(own.stated)}
        shown = replace(shown, own=replace(shown.own, **figures))
    if shown.code:
        needed = log10(BOUND) + log10(float(shown.code.share))
        code = judge_code(shown, shown.code, data_set, needed)
        shown = replace(shown, code=replace(shown.code, log10_p=repr(code.stated)))
    if shown.marks:
        needed = log10(BOUND) + log10(float(shown.marks.share))
        marks = judge_marks(shown, shown.marks, data_set, needed)
        shown = replace(shown, marks=replace(shown.marks, log10_p=repr(marks.stated)))
    return replace(data_set, accused=(shown,))


def sealed(made: Claims, *, signer: NoteSigner = SIGNER, facts: Sequence[CopyFacts] = (FACTS,)) -> Proof:
    """The claims on record in a log of five entries, signed."""
    copies = [copy_entry(each.copy_id, commitment(each), each.issued_us) for each in facts]
    leaves = [b"init", b"kit", *copies, b"another copy", proof_entry(made)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    root = base64.b64encode(merkle_root(leaves)).decode()

    def entry(index: int) -> Entry:
        return Entry(index, tuple(each.hex() for each in inclusion_proof(hashes, index)))

    return Proof(
        "ts-proof-2",
        made,
        Log(
            key=signer.verifier_key,
            checkpoint=signer.sign(f"{signer.name}\n{len(leaves)}\n{root}\n"),
            proof=entry(len(leaves) - 1),
            copies=tuple(entry(2 + at) for at in range(len(copies))),
        ),
    )


def _opened(each: CommittedDecoy) -> Decoy:
    shown = ("ticket", "login", "email") if each.record_id in HITS else ("login", "email")
    cells = tuple(
        Cell(
            cell.column,
            cell_hash(CODE_KEY, cell.column, cell.form).hex(),
            cell.draws,
            cell.form.hex() if cell.form is not None and cell.column in shown else None,
        )
        for cell in each.cells
    )
    return Decoy(f"{each.record_id:016x}", cells, each.draw_bits)
