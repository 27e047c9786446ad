"""The formats of docs/adr/0001, 0002, 0004 and 0005, by the vectors on those pages."""

from collections.abc import Iterator
from hashlib import sha256

import cbor2
import numpy as np
import siphash24 as other_siphash

from adr import vectors
from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.codebits import code_bits
from trapstreet.core.maths.merkle import merkle_root
from trapstreet.core.model.commitment import (
    CommittedCell,
    CommittedDecoy,
    CopyFacts,
    commitment,
    decoy_leaf,
    decoy_root,
)
from trapstreet.core.model.encoding import canonical_cbor, prefixed
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.record_id import key_forms, record_ids
from trapstreet.keys.inventory import Inventory, open_with, open_with_workspace
from trapstreet.keys.kit import read_kit
from trapstreet.keys.notes import NoteSigner, signed_text
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed
from trapstreet.trap.sealing import Opener

KEYS, IDS, COPIES, LOG = (vectors(number) for number in ("0001", "0002", "0004", "0005"))
unhex = bytes.fromhex


def ring() -> KeyRing:
    return KeyRing(KEYS["workspace"], Protected(unhex(KEYS["master"])))


def test_parts_are_prefixed_as_the_page_says() -> None:
    for case in KEYS["parts"]:
        assert prefixed(*case["parts"]).hex() == case["bytes"]


def test_every_key_is_the_one_on_the_page() -> None:
    keys = ring()
    derived = {
        "fingerprint email 1": keys.fingerprint_key(Kind.EMAIL, 1),
        "record 7c2b": keys.record_key("7c2b"),
        "code copy-1": keys.code_key("copy-1"),
        "storage copy-1": keys.storage_key("copy-1"),
        "recipients": keys.recipients_key(),
        "inventory": keys.inventory_key(),
        "log": keys.derive("log"),
        "check": unhex(keys.check()),
        "trap": keys.trap_key(),
        "trap public": Opener(keys.trap_key()).public,
        "sightings": keys.sightings_key(),
    }
    assert {name: key.hex() for name, key in derived.items()} == KEYS["keys"]
    assert keys.log_signer().verifier_key == KEYS["log_key"]


def test_the_code_keys_of_many_copies_are_those_of_each() -> None:
    keys = ring()
    copies = ["copy-1", "", "1-abcdefghjk", "Amélie", "x" * 300]
    assert keys.code_keys(copies) == [keys.code_key(copy) for copy in copies]
    assert keys.code_keys([]) == []


def test_sealed_bytes_of_the_page_open() -> None:
    case = KEYS["sealed"]
    opened = open_sealed(unhex(case["key"]), unhex(case["sealed"]), aad=unhex(case["aad"]))
    assert opened.hex() == case["plaintext"]


def test_the_kit_of_the_page_opens() -> None:
    case = KEYS["kit"]
    kit = read_kit("\n".join(case["lines"]), Protected(case["passphrase"]))
    assert kit.ring().master == ring().master
    assert kit.private.reveal().hex() == case["private"]
    assert kit.public_key.hex() == case["public"]


def test_the_inventory_of_the_page_opens_both_ways() -> None:
    case = KEYS["inventory"]
    inventory = Inventory.from_bytes(unhex(case["file"]))
    assert open_with(unhex(KEYS["kit"]["private"]), inventory).hex() == case["plaintext"]
    assert open_with_workspace(ring().inventory_key(), inventory).hex() == case["plaintext"]


def test_record_ids_are_the_ones_on_the_page() -> None:
    key = unhex(IDS["record_key"])
    assert [form.hex() for form in key_forms(IDS["rows"])] == IDS["forms"]
    assert [f"{each:016x}" for each in record_ids(key, IDS["rows"]).tolist()] == IDS["ids"]


def test_another_siphash_gives_the_same_record_ids() -> None:
    key = unhex(IDS["record_key"])
    for form, record_id in zip(IDS["forms"], IDS["ids"], strict=True):
        digest = other_siphash.siphash24(unhex(form), key=key).digest()
        assert int.from_bytes(digest, "little") == int(record_id, 16)


def test_code_bits_are_the_ones_on_the_page() -> None:
    key = unhex(IDS["code_key"])
    ids = np.array([int(each, 16) for each in IDS["ids"]], dtype=np.uint64)
    for case in IDS["code"]:
        threshold = int(case["threshold"], 16)
        bits = code_bits(key, ids, slot=case["slot"], threshold=threshold)
        assert "".join(str(int(bit)) for bit in bits) == case["bits"]
        assert list(bits) == list(_bits_by_definition(key, ids, case["slot"], threshold))


def _bits_by_definition(key: bytes, ids: np.ndarray, slot: int, threshold: int) -> Iterator[bool]:
    for record_id in ids.tolist():
        message = record_id.to_bytes(8, "little") + slot.to_bytes(4, "little")
        yield int.from_bytes(other_siphash.siphash24(message, key=key).digest(), "little") < threshold


def test_the_commitment_is_the_one_on_the_page() -> None:
    facts = CopyFacts(
        nonce=unhex(COPIES["nonce"]),
        copy_id=COPIES["copy"],
        code_key=unhex(COPIES["code_key"]),
        decoys=tuple(map(_decoy, COPIES["decoys"])),
        data_set_id=COPIES["data_set"],
        version=COPIES["version"],
        issued_us=COPIES["time"],
        p_table=unhex(COPIES["p_table"]),
    )
    assert [decoy_leaf(facts.code_key, decoy).hex() for decoy in facts.decoys] == COPIES["leaves"]
    assert decoy_root(facts.code_key, facts.decoys).hex() == COPIES["decoy_root"]
    assert commitment(facts).hex() == COPIES["commitment"]


def test_the_commitment_can_be_computed_from_the_page_alone() -> None:
    """The same hash in other words: what an outsider writes who has only read the page."""
    by_id = sorted(
        zip(COPIES["decoys"], COPIES["leaves"], strict=True), key=lambda pair: pair[0]["record_id"]
    )
    parts = [
        b"ts-copy-1",
        unhex(COPIES["nonce"]),
        COPIES["copy"].encode(),
        unhex(COPIES["code_key"]),
        sha256(unhex(COPIES["p_table"])).digest(),
        merkle_root(unhex(leaf) for _, leaf in by_id),
        COPIES["data_set"].encode(),
        str(COPIES["version"]).encode(),
        str(COPIES["time"]).encode(),
    ]
    message = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    assert sha256(message).hexdigest() == COPIES["commitment"]


def _decoy(written: dict) -> CommittedDecoy:
    cells = tuple(
        CommittedCell(column, unhex(form) if form else None, tuple(draws))
        for column, form, draws in written["cells"]
    )
    return CommittedDecoy(int(written["record_id"], 16), cells, tuple(written["draw_bits"]))


def test_the_log_of_the_page_has_its_roots_and_its_checkpoint() -> None:
    entries = [unhex(entry) for entry in LOG["entries"]]
    assert [merkle_root(entries[:size]).hex() for size in range(1, len(entries) + 1)] == LOG["roots"]
    assert all(canonical_cbor(cbor2.loads(entry)) == entry for entry in entries)
    signer = NoteSigner(LOG["origin"], unhex(LOG["seed"]))
    assert signer.verifier_key == LOG["verifier_key"]
    text = signed_text(LOG["checkpoint"], LOG["verifier_key"])
    assert text is not None
    assert text.splitlines()[:2] == [LOG["origin"], str(len(entries))]
    assert signer.sign(text) == LOG["checkpoint"]
