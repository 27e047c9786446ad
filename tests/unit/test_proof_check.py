"""A proof holds exactly if what it claims is so: by signature, by log, by computing it again."""

import base64
import dataclasses
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import log10
from typing import Any

import cbor2
import msgspec
import numpy as np
import pytest
import siphash24
from msgspec.structs import replace

import proofs
from adr import vectors
from trapstreet.core.fields import Kind
from trapstreet.core.maths.codebits import CERTAIN
from trapstreet.core.maths.decoder import Decoder, Layer, Unique
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.commitment import NO_P_TABLE
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.p_table import MarkClass, MarkCode
from trapstreet.proof import (
    MOST_BYTES,
    Accused,
    Claims,
    Code,
    DataSetClaims,
    DoesNotHold,
    OwnDecoys,
    Positions,
    Proof,
    Spelled,
    check,
    compare,
    digest,
    judge_code,
    read,
    recount,
    write,
)
from trapstreet.proof.format import FieldsTested, LeakText, Reading, step

KEY = proofs.SIGNER.verifier_key
PROOF = proofs.sealed(proofs.claims())
(COPY,) = PROOF.claims.data_sets[0].accused
(POSITIONS,) = PROOF.claims.data_sets[0].positions
assert COPY.own
assert COPY.code
assert COPY.marks
OWN, CODE, MARKS = COPY.own, COPY.code, COPY.marks
((SPELLED,),) = PROOF.claims.data_sets[0].spellings
SHOWN, HIDDEN, ONES, ZEROS = (
    [int.from_bytes(part[at : at + 8], "big") for at in range(0, len(part), 8)]
    for part in (POSITIONS.shown, POSITIONS.hidden, SPELLED.ones, SPELLED.zeros)
)


@dataclass
class Pasted:
    data: bytes = proofs.LEAK

    @property
    def chunks(self) -> Iterator[bytes]:
        yield from (self.data[at : at + 7] for at in range(0, len(self.data), 7))

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def with_leak(data: bytes = proofs.LEAK, **changed: Any) -> Proof:
    leak = (LeakText("paste.txt", sha256(data).hexdigest(), len(data)),)
    return proofs.sealed(replace(proofs.claims(), leak=leak, **changed))


def data_set(**changed: Any) -> Claims:
    """The claims with something of the data set changed, nothing else made to fit."""
    made = proofs.claims()
    return replace(made, data_sets=(replace(made.data_sets[0], **changed),))


def accused(**changed: Any) -> Claims:
    (each,) = proofs.claims().data_sets[0].accused
    return data_set(accused=(replace(each, **changed),))


def own(**changed: Any) -> Claims:
    """Something of the evidence by the copy's own decoys changed."""
    return accused(own=replace(OWN, **changed))


def code(**changed: Any) -> Claims:
    """Something of the evidence by the copy's code changed."""
    return accused(code=replace(CODE, **changed))


def positions(**changed: Any) -> Claims:
    """Something of the positions of the code changed."""
    return data_set(positions=(replace(POSITIONS, **changed),))


def marks(**changed: Any) -> Claims:
    """Something of the evidence by the copy's marks changed."""
    return accused(marks=replace(MARKS, **changed))


def spelled(*cells: dict[str, Any]) -> Claims:
    """Other spellings, each with something of the one there is changed."""
    return data_set(spellings=(tuple(replace(SPELLED, **each) for each in cells),))


def decoys(change: Callable[[Any], Any], at: int = 2) -> Claims:
    changed = list(OWN.decoys)
    changed[at] = change(changed[at])
    return own(decoys=tuple(changed))


def by_one_kind(kind: str) -> Claims:
    """The claims with the evidence of the one kind, `own`, `code` or `marks`, alone."""
    return accused(**dict.fromkeys({"own", "code", "marks"} - {kind}))


def test_the_figures_are_those_of_the_formulas() -> None:
    found = check(PROOF, log_key=KEY).accused[proofs.COPY].own
    assert found
    h1, h2 = 20.0 + 30.5, 20.0 + 30.501
    assert (found.hits, found.of) == (2, 7)
    free = (1 - 7 * 2.0**-20) * (1 - 7 * 2.0**-30.5)
    assert found.chance == pytest.approx(40 * 2 * 2.0**-h1 / free, rel=1e-6)
    assert h2 > h1
    assert found.log10_p == pytest.approx(log10_binomial_tail(7, found.chance, 2) + 0.30103, abs=1e-4)


def test_the_code_is_drawn_again_under_the_opened_key() -> None:
    found = check(PROOF, log_key=KEY).accused[proofs.COPY].code
    assert found
    shared, rows = found.layers
    assert (shared.kind, shared.positions, shared.shown, shared.held) == ("shared decoys", 59, 12, 12)
    assert (rows.kind, rows.positions, rows.shown, rows.held) == ("rows", 50, 40, 39)
    assert shared.chance == pytest.approx(0.35)
    assert rows.chance == pytest.approx(0.9)
    decoder = Decoder([Layer(shared.chance, 59, "decoy"), Layer(rows.chance, 50, "real")])
    fit = decoder.fit(np.array([12, 40]), Unique(2, 7))
    counts = np.array([[12, 39]]), np.array([[shared.besides, 0]])
    assert shared.besides == 7, "the copy holds 19 of the pool"
    assert found.log10_p == pytest.approx(fit.log10_p(*counts, log10(1e-6 * 0.15))[0])


def test_the_marks_are_drawn_again_under_the_opened_key() -> None:
    found = check(PROOF, log_key=KEY).accused[proofs.COPY].marks
    assert found
    (mark,) = found.marks
    assert (mark.mark, mark.column, mark.cells, mark.agree) == ("letter-case", "name", 80, 78)
    upper = [each for each in ONES if each >> 63]
    chances = ((0.5, len(ONES) - len(upper)), (0.2, len(upper)))
    assert mark.expected == pytest.approx(sum(p * n + (1 - p) * (40 - n) for p, n in chances))
    decoder = Decoder([Layer(p, 40, "mark") for p, _ in chances])
    shown = np.array([ones for _, ones in chances])
    p = decoder.fit(shown).log10_p(shown[None], np.array([[1, 1]]), log10(1e-6 * 0.15))
    assert found.log10_p == pytest.approx(p[0])


@pytest.mark.parametrize("kind", ["own", "code", "marks"])
def test_each_kind_of_evidence_is_enough_by_itself(kind: str) -> None:
    found = check(proofs.sealed(by_one_kind(kind)), log_key=KEY).accused[proofs.COPY]
    assert [name for name, each in found._asdict().items() if each] == [kind]


def test_the_proof_on_the_page_holds() -> None:
    page = vectors("0009")
    proof = read(page["proof"].encode() + b"\n")
    assert digest(proof.claims).hex() == page["digest"]
    found = check(proof, log_key=page["log_key"]).accused[proof.claims.data_sets[0].accused[0].copy]
    assert found.own
    assert found.code
    assert found.marks
    layers = [[each.shown, each.held, each.besides] for each in found.code.layers]
    assert page["comes_to"] == {
        "own": [found.own.hits, found.own.of, repr(found.own.stated)],
        "code": [*layers, repr(found.code.stated)],
        "marks": [[each.cells, each.agree] for each in found.marks.marks] + [repr(found.marks.stated)],
    }


def test_the_page_can_be_followed_without_this_program() -> None:
    """The digest, the commitment and the root in other words: what an outsider writes who read the page."""
    page = vectors("0009")
    document = json.loads(page["proof"])
    claims, log = document["claims"], document["log"]
    spelled = json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert sha256(spelled).hexdigest() == page["digest"]

    def node(left: bytes, right: bytes) -> bytes:
        return sha256(b"\x01" + left + right).digest()

    def tree(hashes: list[bytes]) -> bytes:
        if len(hashes) == 1:
            return hashes[0]
        split = 1 << (len(hashes) - 1).bit_length() - 1
        return node(tree(hashes[:split]), tree(hashes[split:]))

    (copy,) = claims["data_sets"][0]["accused"]
    key = bytes.fromhex(copy["code_key"])
    leaves = []
    for decoy in copy["own"]["decoys"]:
        cells = [[cell["column"], bytes.fromhex(cell["hash"]), cell["draws"]] for cell in decoy["cells"]]
        leaves.append(cbor2.dumps([int(decoy["id"], 16), cells, decoy["bits"]], canonical=True))
        for cell in decoy["cells"]:
            if "form" in cell:
                parts = [cell["column"].encode(), bytes.fromhex(cell["form"])]
                message = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
                assert hmac.digest(key, message, "sha256").hex() == cell["hash"]
    root = tree([sha256(b"\x00" + leaf).digest() for leaf in leaves])
    assert root.hex() == copy["decoy_root"]
    parts = [
        b"ts-copy-1",
        bytes.fromhex(copy["nonce"]),
        copy["copy"].encode(),
        key,
        sha256(bytes.fromhex(copy["p_table"])).digest(),
        root,
        claims["data_sets"][0]["id"].encode(),
        str(copy["version"]).encode(),
        str(copy["issued"]).encode(),
    ]
    commitment = sha256(b"".join(len(part).to_bytes(4, "little") + part for part in parts)).digest()
    entry = {"copy": copy["copy"], "time": copy["issued"], "event": "copy", "commitment": commitment}
    top = sha256(b"\x00" + cbor2.dumps(entry, canonical=True)).digest()
    below = [bytes.fromhex(each) for each in log["copies"][0]["path"]]
    top = node(node(below[1], node(top, below[0])), below[2])  # entry 2 of 5
    assert base64.b64encode(top).decode() == log["checkpoint"].split("\n")[2]

    table = {name: entry for name, *entry in cbor2.loads(bytes.fromhex(copy["p_table"]))}
    (positions,) = claims["data_sets"][0]["positions"]
    ((spelled,),) = claims["data_sets"][0]["spellings"]

    def record_ids(packed: str) -> list[bytes]:
        ids = base64.b64decode(packed)
        return [ids[at : at + 8] for at in range(0, len(ids), 8)]

    def bit(record_id: bytes, threshold: int, slot: int = 0) -> bool:
        message = record_id[::-1] + slot.to_bytes(4, "little")
        return int.from_bytes(siphash24.siphash24(message, key=key).digest(), "little") < threshold

    def held(ids: list[bytes], threshold: int) -> int:
        return sum(bit(each, threshold) for each in ids)

    shown, hidden, rows = (record_ids(positions[name]) for name in ("shown", "hidden", "rows"))
    assert table["pool"][1:] == [len(shown + hidden), sha256(b"".join(sorted(shown + hidden))).digest()]
    (threshold,) = table["rows"]
    shared = [len(shown), held(shown, table["pool"][0]), held(hidden, table["pool"][0])]
    assert page["comes_to"]["code"][:2] == [shared, [len(rows), held(rows, threshold), 0]]

    slot, *_, ((share, even), (_, biased)) = table["mark"]
    cells = [
        (each, shows) for shows, name in enumerate(("zeros", "ones")) for each in record_ids(spelled[name])
    ]
    agree = [
        bit(each, even if int.from_bytes(each[:4], "big") < share else biased, slot) == shows
        for each, shows in cells
    ]
    assert spelled["slot"] == slot
    assert page["comes_to"]["marks"][0] == [len(agree), sum(agree)]


def test_a_proof_is_read_as_it_was_written() -> None:
    assert read(write(PROOF)) == PROOF


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"nothing",
        b"\x1b]0;owned\x07",
        b"\xff\xfe{",
        b"[" * 100_000,
        b'{"format":' * 50_000,
        b'{"format":"ts-proof-3"}',
        b'{"\\u001b[31m":1}',
        write(PROOF)[:-1],
        write(PROOF) + b" ",
        write(PROOF)[: len(write(PROOF)) // 2],
        write(PROOF).replace(b'{"claims":{', b'{"claims":{"bound":"1.0",'),
        write(PROOF).replace(b'"format":', b'"format" :'),
        write(PROOF).replace(b'"copies":2', b'"copies":2.0'),
        b" " * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_proof_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(UnusableInput) as refused:
        read(data)
    assert refused.value.hint
    assert str(refused.value).isprintable()


def test_a_proof_of_the_format_before_is_refused_in_one_clear_line() -> None:
    older = write(PROOF).replace(b'"format":"ts-proof-2"', b'"format":"ts-proof-1"')
    with pytest.raises(UnusableInput, match="older format than ts-proof-2") as refused:
        read(older)
    assert refused.value.hint


def test_a_proof_sealed_anew_under_another_key_is_refused_where_the_key_is_known() -> None:
    forged = proofs.sealed(proofs.claims(), signer=proofs.STRANGER)
    with pytest.raises(DoesNotHold, match="another log key"):
        check(forged, log_key=KEY)
    under_its_name = replace(forged, log=replace(forged.log, key=KEY))
    with pytest.raises(DoesNotHold, match="not signed"):
        check(under_its_name)


def test_claims_that_are_not_on_record_are_refused() -> None:
    altered = replace(PROOF, claims=replace(PROOF.claims, copies=1))
    with pytest.raises(DoesNotHold, match="not those on record"):
        check(altered)


def test_a_copy_that_the_log_does_not_have_is_refused() -> None:
    other = dataclasses.replace(proofs.FACTS, copy_id="2-other")
    with pytest.raises(DoesNotHold, match="as it is opened here"):
        check(proofs.sealed(proofs.claims(), facts=[other]))


def unformed(decoy: Any) -> Any:
    return replace(decoy, cells=tuple(replace(cell, form=None) for cell in decoy.cells))


KEY_HOLDER = {
    "of": (own(of=8), "has 7 decoys"),
    "chance": (own(chance="5.02433e-15"), "chance of a coincidence"),
    "log10_p": (own(log10_p="-25.974"), "log10 p"),
    "spelling": (own(share="0.50"), "one spelling"),
    "no number": (own(share="1e5.5"), "no number"),
    "too large a share": (own(share="1.5"), "share of the bound"),
    "no share": (own(share="0.0"), "share of the bound"),
    "bound": (replace(proofs.claims(), bound="1e-30"), "bound is not kept"),
    "no bound": (replace(proofs.claims(), bound="1.0"), "no probability"),
    "more copies than entries": (replace(proofs.claims(), copies=5), "number of copies"),
    "no copies": (replace(proofs.claims(), copies=0), "number of copies"),
    "made before the copy": (replace(proofs.claims(), time=proofs.ISSUED - 1), "only after"),
    "fewer hits": (own(hits=OWN.hits[:1]), "log10 p"),
    "no hit": (own(hits=()), "log10 p"),
    "a hit twice": (own(hits=(f"{3:016x}", f"{3:016x}")), "each once"),
    "hits turned": (own(hits=(f"{5:016x}", f"{3:016x}")), "ascending order"),
    "a hit more": (own(hits=(f"{1:016x}", f"{3:016x}", f"{5:016x}")), "not opened"),
    "a hit of nobody": (own(hits=("f" * 16,)), "no decoy of the copy"),
    "decoys turned": (own(decoys=OWN.decoys[::-1]), "ascending order"),
    "other fields": (own(fields=(Kind.REFERENCE,)), "not tested"),
    "weaker fields": (own(fields=(Kind.EMAIL,)), "by the fields that the copy"),
    "candidates": (
        data_set(
            tested=(FieldsTested((Kind.EMAIL,), 30, 40), FieldsTested((Kind.EMAIL, Kind.REFERENCE), 4, 39))
        ),
        "chance of a coincidence",
    ),
    "a test less": (data_set(tested=(FieldsTested((Kind.EMAIL, Kind.REFERENCE), 40, 39),)), "log10 p"),
    "tests that real records do not ask for": (data_set(records=900), "less than 5 %"),
    "more records show it than there are": (data_set(records=8), "less than 5 %"),
    "a test by names": (
        data_set(tested=(FieldsTested((Kind.NAME,), 1, 40), *proofs.claims().data_sets[0].tested)),
        "no decoy is found by",
    ),
    "a test twice": (data_set(tested=2 * proofs.claims().data_sets[0].tested), "not in order"),
    "a column of another kind": (
        data_set(
            columns=tuple(replace(each, kind=Kind.PHONE) for each in proofs.claims().data_sets[0].columns)
        ),
        "by the fields that the copy",
    ),
    "a column less": (
        data_set(columns=proofs.claims().data_sets[0].columns[1:]),
        "columns that the data set",
    ),
    "a column twice": (data_set(columns=2 * proofs.claims().data_sets[0].columns), "column is there twice"),
    "another data set": (data_set(id="d-other"), "as it is opened here"),
    "nonce": (accused(nonce="00" * 32), "as it is opened here"),
    "code key": (accused(code_key="00" * 16), "as it is opened here"),
    "version": (accused(version=2), "as it is opened here"),
    "time of issue": (accused(issued=proofs.ISSUED - 1), "as it is opened here"),
    "copy": (accused(copy="2-other"), "as it is opened here"),
    "p-table": (accused(p_table="81"), "as it is opened here"),
    "decoy root": (accused(decoy_root="00" * 32), "as it is opened here"),
    "a decoy less": (own(decoys=OWN.decoys[1:]), "as they are opened here"),
    "a decoy's id": (decoys(lambda decoy: replace(decoy, id="2" * 16), at=6), "as they are opened here"),
    "a decoy's bits": (decoys(lambda decoy: replace(decoy, bits=(60_000, 1, 1))), "as they are opened here"),
    "a repeated column not opened": (decoys(unformed, at=0), "chance of a coincidence"),
    "a decoy accused twice": (
        data_set(accused=2 * proofs.claims().data_sets[0].accused),
        "entry of every accused copy",
    ),
    "no evidence": (accused(own=None, code=None, marks=None), "without evidence"),
    "what the code comes to": (code(log10_p="-8.656"), "log10 p"),
    "too small a share for the code": (code(share="0.01"), "bound is not kept"),
    "no share for the code": (code(share="0.0"), "share of the bound"),
    "one kind has what is the other's": (code(share="0.8"), "more than the whole"),
    "positions of nobody": (code(at=1), "does not show"),
    "a shared decoy less": (positions(hidden=POSITIONS.hidden[8:]), "committed to"),
    "another shared decoy": (positions(hidden=bytes(8) + POSITIONS.hidden[8:]), "committed to"),
    "a shared decoy more in the leak": (
        positions(shown=proofs.packed([*proofs.POOL[:1], *SHOWN]), hidden=proofs.packed(HIDDEN[1:])),
        "log10 p",
    ),
    "shared decoys turned": (positions(shown=proofs.packed(SHOWN)[::-1]), "ascending order"),
    "half a RecordId": (positions(shown=POSITIONS.shown[:-4]), "whole numbers"),
    "a shared decoy as a row": (positions(rows=POSITIONS.shown[:8] + POSITIONS.rows[8:]), "there twice"),
    "a row less": (positions(rows=POSITIONS.rows[8:]), "every leaked row"),
    "a leak less by the row that speaks for the copy": (
        positions(rows=POSITIONS.rows[:-8], leaked=39),
        "log10 p",
    ),
    "what the marks come to": (marks(log10_p="-16.342"), "log10 p"),
    "too small a share for the marks": (marks(share="1e-13", log10_p="-14.971"), "bound is not kept"),
    "spellings of nobody": (marks(at=1), "does not show"),
    "no spellings": (spelled(), "nothing is shown"),
    "a cell spelled as the copy does": (
        spelled({"ones": proofs.packed([*ONES, ZEROS[0]]), "zeros": proofs.packed(ZEROS[1:])}),
        "log10 p",
    ),
    "a cell spelled both ways": (spelled({"ones": proofs.packed([*ONES, ZEROS[0]])}), "there twice"),
    "spellings of another mark": (spelled({"slot": 8}), "marks that the copy does not have"),
    "the same spellings twice": (spelled({}, {}), "each once"),
    "more leaked than there is": (positions(alive=39), "than the copy could hold"),
    "more leaked of the copy than of the data set": (
        data_set(records=39, tested=(FieldsTested((Kind.EMAIL, Kind.REFERENCE), 40, 39),)),
        "log10 p|than of its data set",
    ),
}


@pytest.mark.parametrize("name", KEY_HOLDER)
def test_what_can_be_computed_is_refused_even_if_whoever_has_the_key_altered_it(name: str) -> None:
    altered, why = KEY_HOLDER[name]
    with pytest.raises(DoesNotHold, match=why):
        check(proofs.sealed(altered), log_key=KEY)


def with_p_table(table: bytes, evidence: dict[str, None] | None = None, **changed: Any) -> Proof:
    """A copy that was committed to with another p-table, and nothing else made to fit it; judged by its code
    where nothing else is said."""
    facts = dataclasses.replace(proofs.FACTS, p_table=table)
    (each,) = positions(**changed).data_sets
    accused = replace(COPY, p_table=table.hex(), **(evidence or {"own": None, "marks": None}))
    claims = replace(proofs.claims(), data_sets=(replace(each, accused=(accused,)),))
    return proofs.sealed(claims, facts=[facts])


EMPTY = {"shown": b"", "hidden": b"", "rows": b"", "leaked": 0, "alive": 0}


@pytest.mark.parametrize(
    ("table", "changed", "why"),
    [
        (NO_P_TABLE, EMPTY, "a code that it does not have"),
        (NO_P_TABLE, {}, "shared decoys for a copy that has none"),
        (proofs.TABLE._replace(pool=None).encoded(), {}, "shared decoys for a copy that has none"),
        (proofs.TABLE._replace(rows=CERTAIN).encoded(), {}, "none is withheld"),
        (proofs.TABLE._replace(rows=CERTAIN - 1).encoded(), {}, "no chance"),
        (proofs.TABLE._replace(rows=-1).encoded(), {}, "is none"),
        (proofs.TABLE._replace(rows=-(1 << 30_000)).encoded(), {}, "is none"),
        (proofs.TABLE._replace(rows=0).encoded(), {}, "is none"),
        (proofs.TABLE._replace(rows=1 << 63).encoded(), {}, "log10 p"),
        (b"\x81", {}, "p-table of a copy is none"),
        (b"\x81" * 4096, {}, "p-table of a copy is none"),
        (b"\x9b" + b"\xff" * 8, {}, "p-table of a copy is none"),
    ],
)
def test_a_code_is_judged_by_the_p_table_that_was_committed_to(
    table: bytes, changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(DoesNotHold, match=why):
        check(with_p_table(table, **changed))


def mark(*numbers: tuple[Any, Any], slot: int = proofs.MARK.slot) -> MarkCode:
    return proofs.MARK._replace(slot=slot, classes=tuple(MarkClass(*each) for each in numbers))


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ([], "marks that the copy does not have"),
        ([proofs.MARK, proofs.MARK], "slots of their own"),
        ([proofs.MARK._replace(slot=0)], "slots of their own"),
        ([proofs.MARK._replace(slot=1 << 32)], "slots of their own"),
        ([proofs.MARK._replace(slot=8)], "marks that the copy does not have"),
        ([mark()], "p-table of a copy is none"),
        ([mark(("a", 1))], "p-table of a copy is none"),
        ([mark((1, [1]))], "p-table of a copy is none"),
        ([mark((1, {"a": 1}))], "p-table of a copy is none"),
        ([mark((0.5, 1))], "p-table of a copy is none"),
        ([mark((-1, 1))], "p-table of a copy is none"),
        ([mark((1 << 33, 1))], "p-table of a copy is none"),
        ([mark((1 << 32, 0))], "is none"),
        ([mark((1 << 32, CERTAIN))], "is none"),
        ([mark((1 << 32, 1 << 30_000))], "is none"),
        ([mark((1 << 32, 1 << 62))], "log10 p"),
    ],
)
def test_marks_are_judged_by_the_p_table_that_was_committed_to(marks: list[MarkCode], why: str) -> None:
    entries = [["mark", each.slot, each.column, each.mark, each.classes] for each in marks]
    table = cbor2.dumps([*cbor2.loads(proofs.TABLE.encoded())[:2], *entries], canonical=True)
    with pytest.raises(DoesNotHold, match=why):
        check(with_p_table(table, {"own": None, "code": None}))


def test_of_a_large_leak_every_so_manieth_row_is_shown() -> None:
    assert [step(leaked) for leaked in (0, 1, 50_000, 50_001, 1_000_000)] == [1, 1, 1, 2, 20]
    rows = proofs.held(range((1 << 40) + 1, 130_000 << 40, 1 << 40), proofs.TABLE.rows)[:100_000]
    shown = positions(rows=proofs.packed(rows[::2]), leaked=len(rows), alive=120_000)
    large = replace(shown.data_sets[0], records=len(rows))
    found = judge_code(COPY, CODE, large, -7.0)
    assert found.leaked == 100_000
    assert found.layers[1].shown == found.layers[1].held == 50_000
    assert found.log10_p < 50_000 * log10(0.9) / 2
    unsorted = replace(large.positions[0], rows=proofs.packed(rows[1::3]))
    with pytest.raises(DoesNotHold, match="so-manieth"):
        judge_code(COPY, CODE, replace(large, positions=(unsorted,)), -7.0)


def test_an_opened_value_that_was_not_committed_to_is_refused() -> None:
    def other_value(decoy: Any) -> Any:
        first, *rest = decoy.cells
        return replace(decoy, cells=(replace(first, form=b"10009".hex()), *rest))

    with pytest.raises(DoesNotHold, match="an opened value is not"):
        check(proofs.sealed(decoys(other_value)))


def test_the_number_of_copies_is_on_trust_only_where_it_matters() -> None:
    """Five entries could be five copies, each put to four tests at 99 % of the bound."""
    assert check(PROOF).any_number
    made = by_one_kind("own")
    found = check(proofs.sealed(made)).accused[proofs.COPY]
    assert 5 * 4 * 10**found.log10_p == pytest.approx(2.1204e-24, rel=1e-4)
    assert check(proofs.sealed(replace(made, bound="2.15e-24"))).any_number
    assert not check(proofs.sealed(replace(made, bound="2.13e-24"))).any_number
    with pytest.raises(DoesNotHold, match="bound is not kept"):
        check(proofs.sealed(replace(made, bound="5e-324")))


def two_copies(share: str) -> Proof:
    """Copies of two data sets in one proof, alike but for their names."""
    made = proofs.claims()
    (first,) = made.data_sets
    (copy,) = first.accused
    copy = replace(copy, own=replace(OWN, share=share))
    second = replace(first, id="d-2", accused=(replace(copy, copy="2-other"),))
    facts = dataclasses.replace(proofs.FACTS, copy_id="2-other", data_set_id="d-2")
    claims = replace(made, data_sets=(replace(first, accused=(copy,)), second))
    return proofs.sealed(claims, facts=[proofs.FACTS, facts])


def test_copies_of_several_data_sets_share_one_bound() -> None:
    assert set(check(two_copies("0.2")).accused) == {proofs.COPY, "2-other"}
    with pytest.raises(DoesNotHold, match="more than the whole"):
        check(two_copies("0.3"))


def test_the_leak_is_read_again() -> None:
    proof = with_leak()
    seen = recount([Pasted()], proof.claims)
    assert seen.found == {(proofs.COPY, f"{number:016x}") for number in proofs.HITS}
    assert seen.candidates[frozenset((Kind.EMAIL,))] == 2
    compare(proof, seen)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"nothing at all", "2 of the 2 hits"),
        (proofs.LEAK.replace(b"10003", b"10004"), "1 of the 2 hits"),
        (
            proofs.LEAK.replace(b"; Ann", b" " * 500 + b"; Ann").replace(b" 10003", b" " * 450 + b"10003"),
            "1 of the 2 hits",
        ),
        (proofs.LEAK + b" ".join(b"x%d@a.example" % n for n in range(40)), "more candidates"),
    ],
)
def test_a_leak_that_does_not_show_what_is_claimed_is_refused(data: bytes, why: str) -> None:
    proof = with_leak(data)
    check(proof)
    with pytest.raises(DoesNotHold, match=why):
        compare(proof, recount([Pasted(data)], proof.claims))


def test_hits_are_found_whatever_stands_between_and_across_stretches() -> None:
    data = b"." * ((1 << 17) - 40) + b"\n" + proofs.LEAK
    proof = with_leak(data)
    compare(proof, recount([Pasted(data)], proof.claims))


def test_other_files_are_not_its_leak() -> None:
    proof = with_leak()
    with pytest.raises(DoesNotHold, match="not in the files given"):
        compare(proof, recount([], proof.claims))
    with pytest.raises(DoesNotHold, match="not of its leak"):
        compare(proof, recount([Pasted(), Pasted(b"more")], proof.claims))


def test_shapes_that_cannot_be_are_refused() -> None:
    search = replace(proofs.claims().search, readings=(Reading(Kind.REFERENCE, "", ("D0(",)),))
    proof = with_leak(search=search)
    with pytest.raises(DoesNotHold, match="how its leak was read"):
        recount([Pasted()], proof.claims)


def test_hostile_sizes_are_not_computed() -> None:
    """Thousands of columns of two kinds would make millions of choices."""
    columns = tuple(
        msgspec.convert({"name": f"{kind}{n}", "kind": kind}, type(proofs.claims().data_sets[0].columns[0]))
        for kind in ("email", "reference")
        for n in range(400)
    )
    wide = data_set(columns=(*proofs.claims().data_sets[0].columns, *columns))
    with pytest.raises(DoesNotHold, match="too many columns"):
        check(proofs.sealed(wide))


@pytest.mark.parametrize(
    ("copies", "table", "pool"),
    [(101, 0, 0), (20, 4_000, 0), (6, 0, 999_000)],
    ids=["copies", "marks", "pool"],
)
def test_hostile_codes_are_not_computed(copies: int, table: int, pool: int) -> None:
    """Many copies, many classes of marks, large pools: seconds, then an end, whatever they come to."""
    one = replace(
        COPY, own=None, marks=None, code=replace(CODE, share="0.001"), p_table=COPY.p_table + "00" * table
    )
    facts = [
        dataclasses.replace(proofs.FACTS, copy_id=f"{n}-x", p_table=bytes.fromhex(one.p_table))
        for n in range(copies)
    ]
    many = replace(
        proofs.claims().data_sets[0],
        positions=(replace(POSITIONS, hidden=bytes(8 * pool)),),
        accused=tuple(replace(one, copy=each.copy_id) for each in facts),
    )
    claims = replace(proofs.claims(), copies=copies, data_sets=(many,))
    with pytest.raises(DoesNotHold, match="too many codes"):
        check(proofs.sealed(claims, facts=facts))


def test_types_are_those_of_the_page() -> None:
    """The names that other readers rely on."""
    assert set(Claims.__struct_fields__) == {
        "by", "decoder", "time", "bound", "copies", "leak", "search", "data_sets",
    }  # fmt: skip
    assert set(DataSetClaims.__struct_fields__) == {
        "id", "columns", "records", "tested", "positions", "spellings", "accused",
    }  # fmt: skip
    assert set(Accused.__struct_fields__) == {
        "copy", "version", "issued", "nonce", "code_key", "p_table", "decoy_root", "own", "code", "marks",
    }  # fmt: skip
    assert set(Spelled.__struct_fields__) == {"slot", "ones", "zeros"}
    assert set(OwnDecoys.__struct_fields__) == {
        "decoys", "fields", "hits", "others", "of", "chance", "log10_p", "share",
    }  # fmt: skip
    assert set(Code.__struct_fields__) == {"at", "log10_p", "share", "beside"}
    assert set(Positions.__struct_fields__) == {
        "shown", "hidden", "rows", "leaked", "alive", "hits", "decoys",
    }  # fmt: skip
