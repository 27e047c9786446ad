"""What the trap keeps can be opened by the worker alone; docs/adr/0014 has the vectors."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from adr import vectors
from traps import PRIVATE, WORKER, hit
from trapstreet.core.model.hit import Swarm
from trapstreet.trap.sealing import Damaged, Opener, Segment, encode

unhex = bytes.fromhex
PAGE = vectors("0014")


def test_a_record_is_sealed_as_the_page_says() -> None:
    worker = unhex(PAGE["worker_public"])
    segment = Segment(worker, private=X25519PrivateKey.from_private_bytes(unhex(PAGE["segment_private"])))
    assert segment.id.hex() == PAGE["segment"]
    sealed = segment.seal(PAGE["number"], [unhex(one) for one in PAGE["heard"]])
    assert sealed.hex() == PAGE["sealed"]


def test_the_worker_opens_the_record_of_the_page() -> None:
    opener = Opener(unhex(PAGE["worker_private"]))
    assert opener.public.hex() == PAGE["worker_public"]
    heard = opener.open(unhex(PAGE["segment"]), PAGE["number"], unhex(PAGE["sealed"]))
    assert [encode(one).hex() for one in heard] == PAGE["heard"]


def test_hits_and_swarms_come_back_as_they_were() -> None:
    segment = Segment(WORKER)
    swarm = Swarm("dns", "192.0.2.0/24", 7, 1, 2, b"k" * 16, b"n" * 16)
    sealed = segment.seal(3, [encode(hit(body=b"\x00\xff")), encode(swarm)])
    assert Opener(PRIVATE).open(segment.id, 3, sealed) == (hit(body=b"\x00\xff"), swarm)


@pytest.mark.parametrize("wrong", ["number", "segment", "worker", "bit", "cut"])
def test_a_record_that_was_moved_or_altered_is_not_opened(wrong: str) -> None:
    segment, other = Segment(WORKER), Segment(WORKER)
    sealed = segment.seal(1, [encode(hit())])
    opener = Opener(b"x" * 32 if wrong == "worker" else PRIVATE)
    if wrong in ("bit", "cut"):
        sealed = bytes([sealed[0] ^ 1]) + sealed[1:] if wrong == "bit" else sealed[:-1]
    with pytest.raises(Damaged):
        opener.open(other.id if wrong == "segment" else segment.id, 2 if wrong == "number" else 1, sealed)


def test_nothing_of_a_hit_can_be_read_from_a_record() -> None:
    sealed = Segment(WORKER).seal(0, [encode(hit("www.you.example/secret", body=b"secret"))])
    assert b"secret" not in sealed
    assert b"192.0.2" not in sealed


def test_two_segments_of_one_worker_share_no_key() -> None:
    assert Segment(WORKER).seal(0, [encode(hit())]) != Segment(WORKER).seal(0, [encode(hit())])
