"""RFC 6962 trees and C2SP notes, by vectors that others published."""

import pytest

from trapstreet.core.maths.merkle import EMPTY_ROOT, Frontier, inclusion_proof, leaf_hash, merkle_root
from trapstreet.keys.notes import NoteSigner, read_verifier_key, signed_text

# The eight leaves and roots of the Certificate Transparency reference tests.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

# The example of Go's sumdb/note, which the C2SP format was taken from.
VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, start=1)))
def test_roots_are_those_of_certificate_transparency(size: int, root: str) -> None:
    assert merkle_root(LEAVES[:size]).hex() == root


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == merkle_root([])


def test_an_inclusion_proof_is_that_of_certificate_transparency() -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert [step.hex() for step in inclusion_proof(hashes, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_a_note_signed_elsewhere_is_read() -> None:
    assert signed_text(NOTE, VERIFIER_KEY) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        NOTE.replace("answer", "anzwer"),
        NOTE.replace("PeterNeumann", "PeteNeumann"),
        NOTE.replace("x08go", "x08gp"),
        NOTE.replace("x08go", "x08g!"),
        NOTE.removesuffix("\n") + "\v",
        TEXT,
        "",
    ],
)
def test_a_changed_note_is_not_believed(note: str) -> None:
    assert signed_text(note, VERIFIER_KEY) is None


@pytest.mark.parametrize(
    "key", ["", "name", "a+b+c", VERIFIER_KEY.replace("c74f", "c74e"), VERIFIER_KEY.replace("Peter", "Paul")]
)
def test_a_verifier_key_that_contradicts_itself_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"verifier key"):
        read_verifier_key(key)


def test_a_signer_reads_its_own_notes() -> None:
    signer = NoteSigner("trapstreet/somewhere", bytes(32))
    note = signer.sign("one\n\ntwo\n")
    assert signed_text(note, signer.verifier_key) == "one\n\ntwo\n"
