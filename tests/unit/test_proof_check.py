"""A proof holds exactly if what it claims is so: by signature, by log, by computing it again."""

import base64
import dataclasses
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import cbor2
import msgspec
import pytest
from msgspec.structs import replace

import proofs
from adr import vectors
from trapstreet.core.fields import Kind
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.errors import UnusableInput
from trapstreet.proof import (
    MOST_BYTES,
    Accused,
    Claims,
    DataSetClaims,
    DoesNotHold,
    Proof,
    check,
    compare,
    digest,
    read,
    recount,
    write,
)
from trapstreet.proof.format import FieldsTested, LeakText, Reading

KEY = proofs.SIGNER.verifier_key
PROOF = proofs.sealed(proofs.claims())


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


def decoys(change: Callable[[Any], Any], at: int = 2) -> Claims:
    (each,) = proofs.claims().data_sets[0].accused
    changed = list(each.decoys)
    changed[at] = change(changed[at])
    return accused(decoys=tuple(changed))


def test_the_figures_are_those_of_the_formulas() -> None:
    found = check(PROOF, log_key=KEY).accused[proofs.COPY]
    h1, h2 = 20.0 + 30.5, 20.0 + 30.501
    assert (found.hits, found.of) == (2, 7)
    free = (1 - 7 * 2.0**-20) * (1 - 7 * 2.0**-30.5)
    assert found.chance == pytest.approx(40 * 2 * 2.0**-h1 / free, rel=1e-6)
    assert h2 > h1
    assert found.log10_p == pytest.approx(log10_binomial_tail(7, found.chance, 2) + 0.30103, abs=1e-4)


def test_the_proof_on_the_page_holds() -> None:
    page = vectors("0009")
    proof = read(page["proof"].encode() + b"\n")
    assert digest(proof.claims).hex() == page["digest"]
    found = check(proof, log_key=page["log_key"]).accused[proof.claims.data_sets[0].accused[0].copy]
    assert [found.hits, found.of, repr(found.stated)] == page["comes_to"]


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
    for decoy in copy["decoys"]:
        cells = [[cell["column"], bytes.fromhex(cell["hash"]), cell["draws"]] for cell in decoy["cells"]]
        leaves.append(cbor2.dumps([int(decoy["id"], 16), cells, decoy["bits"]], canonical=True))
        for cell in decoy["cells"]:
            if "form" in cell:
                parts = [cell["column"].encode(), bytes.fromhex(cell["form"])]
                message = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
                assert hmac.digest(key, message, "sha256").hex() == cell["hash"]
    parts = [
        b"ts-copy-1",
        bytes.fromhex(copy["nonce"]),
        copy["copy"].encode(),
        key,
        sha256(bytes.fromhex(copy["p_table"])).digest(),
        tree([sha256(b"\x00" + leaf).digest() for leaf in leaves]),
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
        b'{"format":"ts-proof-2"}',
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
    "of": (accused(of=8), "has 7 decoys"),
    "chance": (accused(chance="5.02433e-15"), "chance of a coincidence"),
    "log10_p": (accused(log10_p="-25.974"), "log10 p"),
    "spelling": (accused(share="0.50"), "one spelling"),
    "no number": (accused(share="1e5.5"), "no number"),
    "too large a share": (accused(share="1.5"), "share of the bound"),
    "no share": (accused(share="0.0"), "share of the bound"),
    "bound": (replace(proofs.claims(), bound="1e-30"), "bound is not kept"),
    "no bound": (replace(proofs.claims(), bound="1.0"), "no probability"),
    "more copies than entries": (replace(proofs.claims(), copies=5), "number of copies"),
    "no copies": (replace(proofs.claims(), copies=0), "number of copies"),
    "made before the copy": (replace(proofs.claims(), time=proofs.ISSUED - 1), "only after"),
    "fewer hits": (accused(hits=proofs.claims().data_sets[0].accused[0].hits[:1]), "log10 p"),
    "no hit": (accused(hits=()), "log10 p"),
    "a hit twice": (accused(hits=(f"{3:016x}", f"{3:016x}")), "each once"),
    "hits turned": (accused(hits=(f"{5:016x}", f"{3:016x}")), "ascending order"),
    "a hit more": (accused(hits=(f"{1:016x}", f"{3:016x}", f"{5:016x}")), "not opened"),
    "a hit of nobody": (accused(hits=("f" * 16,)), "no decoy of the copy"),
    "decoys turned": (
        accused(decoys=proofs.claims().data_sets[0].accused[0].decoys[::-1]),
        "ascending order",
    ),
    "other fields": (accused(fields=(Kind.REFERENCE,)), "not tested"),
    "weaker fields": (accused(fields=(Kind.EMAIL,)), "by the fields that the copy"),
    "candidates": (
        data_set(
            tested=(FieldsTested((Kind.EMAIL,), 30, 10), FieldsTested((Kind.EMAIL, Kind.REFERENCE), 4, 9))
        ),
        "chance of a coincidence",
    ),
    "a test less": (data_set(tested=(FieldsTested((Kind.EMAIL, Kind.REFERENCE), 40, 9),)), "log10 p"),
    "tests that real records do not ask for": (data_set(records=200), "less than 5 %"),
    "more records show it than there are": (data_set(records=8), "less than 5 %"),
    "a test by names": (
        data_set(tested=(FieldsTested((Kind.NAME,), 1, 10), *proofs.claims().data_sets[0].tested)),
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
    "a decoy less": (
        accused(decoys=proofs.claims().data_sets[0].accused[0].decoys[1:]),
        "as it is opened here",
    ),
    "a decoy's id": (decoys(lambda decoy: replace(decoy, id="f" * 16)), "as it is opened here"),
    "a decoy's bits": (decoys(lambda decoy: replace(decoy, bits=(60_000, 1, 1))), "as it is opened here"),
    "a repeated column not opened": (decoys(unformed, at=0), "chance of a coincidence"),
    "a decoy accused twice": (
        data_set(accused=2 * proofs.claims().data_sets[0].accused),
        "entry of every accused copy",
    ),
}


@pytest.mark.parametrize("name", KEY_HOLDER)
def test_what_can_be_computed_is_refused_even_if_whoever_has_the_key_altered_it(name: str) -> None:
    altered, why = KEY_HOLDER[name]
    with pytest.raises(DoesNotHold, match=why):
        check(proofs.sealed(altered), log_key=KEY)


def test_an_opened_value_that_was_not_committed_to_is_refused() -> None:
    def other_value(decoy: Any) -> Any:
        first, *rest = decoy.cells
        return replace(decoy, cells=(replace(first, form=b"10009".hex()), *rest))

    with pytest.raises(DoesNotHold, match="committed to"):
        check(proofs.sealed(decoys(other_value)))


def test_the_number_of_copies_is_on_trust_only_where_it_matters() -> None:
    assert check(PROOF).any_number
    weak = replace(proofs.claims(), bound="2.2e-25")
    assert not check(proofs.sealed(weak)).any_number


def two_copies(share: str) -> Proof:
    """Copies of two data sets in one proof, alike but for their names."""
    made = proofs.claims()
    (first,) = made.data_sets
    (copy,) = first.accused
    copy = replace(copy, share=share)
    second = replace(first, id="d-2", accused=(replace(copy, copy="2-other"),))
    facts = dataclasses.replace(proofs.FACTS, copy_id="2-other", data_set_id="d-2")
    claims = replace(made, data_sets=(replace(first, accused=(copy,)), second))
    return proofs.sealed(claims, facts=[proofs.FACTS, facts])


def test_copies_of_several_data_sets_share_one_bound() -> None:
    assert set(check(two_copies("0.5")).accused) == {proofs.COPY, "2-other"}
    with pytest.raises(DoesNotHold, match="more than the whole"):
        check(two_copies("0.6"))


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


def test_types_are_those_of_the_page() -> None:
    """The names that other readers rely on."""
    assert set(Claims.__struct_fields__) == {
        "by", "decoder", "time", "bound", "copies", "leak", "search", "data_sets",
    }  # fmt: skip
    assert set(DataSetClaims.__struct_fields__) == {"id", "columns", "records", "tested", "accused"}
    assert set(Accused.__struct_fields__) == {
        "copy", "version", "issued", "nonce", "code_key", "p_table", "decoys", "fields", "hits", "others",
        "of", "chance", "log10_p", "share",
    }  # fmt: skip
