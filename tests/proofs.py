"""A small proof made by hand: no registry, no leak, every number known."""

import base64
from collections.abc import Sequence

from msgspec.structs import replace

from trapstreet.core.fields import Kind
from trapstreet.core.maths.merkle import inclusion_proof, leaf_hash, merkle_root
from trapstreet.core.model.commitment import CommittedCell, CommittedDecoy, CopyFacts, cell_hash, commitment
from trapstreet.keys.notes import NoteSigner
from trapstreet.proof import Accused, Claims, DataSetClaims, Log, Proof, judge
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
FACTS = CopyFacts(NONCE, COPY, CODE_KEY, DECOYS, DATA_SET, VERSION, ISSUED)


def claims() -> Claims:
    """Two of seven decoys are in the leak, by address and number."""
    shown = Accused(
        copy=COPY,
        version=VERSION,
        issued=ISSUED,
        nonce=NONCE.hex(),
        code_key=CODE_KEY.hex(),
        p_table=FACTS.p_table.hex(),
        decoys=tuple(map(_opened, DECOYS)),
        fields=(Kind.EMAIL, Kind.REFERENCE),
        hits=tuple(f"{number:016x}" for number in HITS),
        others=7,
        of=7,
        chance="0.0",
        log10_p="0.0",
        share="0.5",
    )
    data_set = DataSetClaims(
        id=DATA_SET,
        columns=tuple(ColumnKind(name, kind) for name, kind in COLUMNS.items()),
        records=10,
        tested=(FieldsTested((Kind.EMAIL,), 30, 10), FieldsTested((Kind.EMAIL, Kind.REFERENCE), 40, 9)),
        accused=(),
    )
    return Claims(
        by="trapstreet 0.1.0",
        decoder="unique-decoys-1",
        time=MADE,
        bound="1e-06",
        copies=2,
        leak=(LeakText("paste.txt", "26" * 32, len(LEAK)),),
        search=Search((Reading(Kind.REFERENCE, "", ("D5",)),), (7,), False),
        data_sets=(figured(shown, data_set),),
    )


def figured(shown: Accused, data_set: DataSetClaims) -> DataSetClaims:
    """The data set with the copy accused, its figures those that its claims come to."""
    found = judge(shown, data_set)
    accused = replace(shown, of=found.of, chance=repr(found.stated_chance), log10_p=repr(found.stated))
    return replace(data_set, accused=(accused,))


def sealed(made: Claims, *, signer: NoteSigner = SIGNER, facts: Sequence[CopyFacts] = (FACTS,)) -> Proof:
    """The claims on record in a log of five entries, signed."""
    copies = [copy_entry(each.copy_id, commitment(each), each.issued_us) for each in facts]
    leaves = [b"init", b"kit", *copies, b"another copy", proof_entry(made)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    root = base64.b64encode(merkle_root(leaves)).decode()

    def entry(index: int) -> Entry:
        return Entry(index, tuple(each.hex() for each in inclusion_proof(hashes, index)))

    return Proof(
        "ts-proof-1",
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
