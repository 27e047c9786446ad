"""What is remembered of a text is what a data set that comes later would have met in it."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import pytest
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.index import (
    DataSetIndex,
    KernelMatcher,
    Lookup,
    Matcher,
    Owner,
    ReferenceMatcher,
    Table,
    build,
    fingerprints_of,
)
from trapstreet.index.native import load
from trapstreet.watch.domain.anything import KINDS, MOST, Anything, Gathering
from trapstreet.watch.domain.recall import NEEDLESS, Recall
from trapstreet.watch.domain.recollection import Recollection


def key_of(kind: Kind, epoch: int) -> bytes:
    return f"{kind}{epoch}".encode().ljust(16, b"k")[:16]


@pytest.fixture(scope="module", params=["kernel", "reference"])
def matcher(request: pytest.FixtureRequest) -> Iterator[Matcher]:
    lookup = Anything(1)
    if request.param == "reference":
        yield ReferenceMatcher(lookup, key_of, kept=MOST)
    elif load() is None:
        pytest.skip("there is no kernel here")
    else:
        yield KernelMatcher(lookup, key_of, kept=MOST)


def remembered(matcher: Matcher, text: bytes, *, size: int = 1 << 16) -> dict[Kind, set[int]]:
    gathering = Gathering(matcher)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert b"".join(gathering.through(chunks)) == text
    return {kind: set(own.tolist()) for kind, own in zip(KINDS, gathering.values().prints, strict=True)}


CELLS = (
    (Column("", Kind.EMAIL, ""), "J.Smith+shop@GoogleMail.com", "write to j.smith+shop@googlemail.com."),
    (Column("", Kind.EMAIL, ""), "jörg@straße.de", "<jörg@straße.de>"),
    (Column("", Kind.PHONE, "", region="IE"), "087 123 4567", "call +353 (0)87 123-4567"),
    (Column("", Kind.PHONE, "", region="DK"), "55 51 23 45", "tlf. 55 51 23 45"),
    (Column("", Kind.IBAN, ""), "DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
    (Column("", Kind.CARD, ""), "4111111111111111", "4111 1111 1111 1111"),
    (Column("", Kind.REFERENCE, "", grammar=("=TCK D6",)), "TCK-000123", "your ticket tck 000123"),
    (Column("", Kind.REFERENCE, "", grammar=("D7",)), "1234567", "no. 1234567"),
    (Column("", Kind.REFERENCE, "", grammar=("=INV D4 D5",)), "INV-2019-00123", "(INV/2019/00123)"),
    (
        Column("", Kind.REFERENCE, "", grammar=("H8 H4 H4 H4 H12",)),
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "id=3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    ),
    (Column("", Kind.NATIONAL_ID, "", grammar=("A2 D2 D2 D2 A1",)), "AB 12 34 56 C", "NINO AB123456C"),
    (Column("", Kind.NATIONAL_ID, "", grammar=("D3 D4 D4 D2",)), "756.9217.0769.85", "756.9217.0769.85"),
    (Column("", Kind.NATIONAL_ID, "", grammar=("D3 D2 D4",)), "078-05-1120", "SSN 078-05-1120"),
    (Column("", Kind.NATIONAL_ID, "", grammar=("D7 A1",)), "1234567T", "PPS 1234567T"),
)


@pytest.mark.parametrize(("column", "cell", "text"), CELLS, ids=[text for _, _, text in CELLS])
def test_a_value_is_remembered_under_the_fingerprint_that_a_registration_gives_it(
    matcher: Matcher, column: Column, cell: str, text: str
) -> None:
    forms = kinds()[column.kind].forms(cell, column)
    wanted = fingerprints_of(key_of(column.kind, 1), column.kind, forms)
    assert set(wanted.tolist()) & remembered(matcher, text.encode())[column.kind]


def test_nothing_is_lost_between_two_blocks_of_a_long_text() -> None:
    if load() is None:
        pytest.skip("there is no kernel here")
    matcher = KernelMatcher(Anything(1), key_of, kept=MOST)
    lines = [b"%07d %d@example.org %s\n" % (n, n, b"." * 300) for n in range(15_000)]
    text = b"".join(lines)
    assert len(text) > 1 << 22
    found = remembered(matcher, text, size=100_003)
    own = fingerprints_of(key_of(Kind.EMAIL, 1), Kind.EMAIL, [b"%d@example.org" % n for n in range(15_000)])
    assert set(own.tolist()) <= found[Kind.EMAIL]


def test_of_too_many_values_a_fair_sample_is_kept_and_said_to_be_one() -> None:
    if load() is None:
        pytest.skip("there is no kernel here")
    matcher = KernelMatcher(Anything(1), key_of, kept=MOST)
    gathering = Gathering(matcher)
    text = b"".join(b"%d@example.org\n" % n for n in range(2 * MOST))
    for _ in gathering.through([text]):
        pass
    kept = gathering.values()
    own = fingerprints_of(key_of(Kind.EMAIL, 1), Kind.EMAIL, [b"%d@example.org" % n for n in range(2 * MOST)])
    assert kept.prints[KINDS.index(Kind.EMAIL)].tolist() == np.sort(own)[:MOST].tolist()
    assert kept.cut & 1 << KINDS.index(Kind.EMAIL)
    assert not kept.cut & 1 << KINDS.index(Kind.IBAN)


class Ours(Lookup):
    """A data set of records, of which each has an e-mail address and a phone number; and a copy's decoys."""

    def __init__(
        self, emails: NDArray[np.uint64], phones: NDArray[np.uint64], decoys: NDArray[np.uint64]
    ) -> None:
        super().__init__([])
        self.data_sets = (DataSetIndex("ds-1", "customers", 1, (), (), {}),)
        self.owners = [Owner(0, version=1), Owner(0, copy="c1")]
        numbers = np.arange(len(emails), dtype=np.uint32)
        self.tables = (
            self._table(np.concatenate([emails, phones]), np.tile(numbers, 2), owner=0),
            self._table(decoys, np.arange(len(decoys), dtype=np.uint32), owner=1),
        )

    def _table(self, prints: NDArray[np.uint64], numbers: NDArray[np.uint32], *, owner: int) -> Table:
        order, count = np.argsort(prints), int(numbers.max()) + 1
        ids = np.arange(count, dtype=np.uint64) + np.uint64(1000 * (owner + 1))
        return Table(1, *build(prints[order], numbers[order], count=count), record_ids=ids, owners=owner)


DRAW = np.random.default_rng(2026)
EMAILS, PHONES, DECOYS, FOREIGN = (
    DRAW.integers(0, 1 << 64, n, dtype=np.uint64) for n in (1000, 1000, 9, 99_000)
)
STREET = np.concatenate([PHONES, FOREIGN])
"""Phone numbers of one region, of which one in a hundred is ours."""


def recalled(
    objects: Sequence[tuple[Sequence[int], Sequence[int]]], *, public: Sequence[int] = ()
) -> dict[int, Recollection]:
    """Of objects, given as addresses and phone numbers, those that are read again, and what they show."""
    recall = Recall(Ours(EMAILS, PHONES, DECOYS), np.array(sorted(public), dtype=np.uint64))
    for first in range(0, len(objects), 1000):
        some = objects[first : first + 1000]
        counts = np.zeros((len(some), len(KINDS)), dtype=np.uint16)
        counts[:, :2] = [(len(emails), len(phones)) for emails, phones in some]
        prints = np.array([each for pair in some for own in pair for each in own], dtype=np.uint64)
        recall.add(np.arange(first, first + len(some)), 1, prints, counts)
    found = {}
    for each in recall.again():
        (found[int(each.name)],) = each.shows
    return found


def strangers(count: int) -> list[tuple[list[int], list[int]]]:
    """Objects with ten phone numbers of the region each, ours among them as chance has it."""
    return [([], own) for own in DRAW.choice(STREET, (count, 10)).tolist()]


def test_one_address_of_ours_is_enough_and_others_are_left_alone() -> None:
    emails = EMAILS.tolist()
    objects = [([1, 2, 3], [4]), ([1, emails[7]], []), ([], [5])]
    found = recalled(objects)
    assert found.keys() == {1}
    assert (found[1].singles, found[1].records, found[1].certain) == ({Kind.EMAIL: 1}, 0, True)


def test_two_values_of_a_record_are_one_record_and_two_of_different_ones_are_not() -> None:
    emails, phones = EMAILS.tolist(), PHONES.tolist()
    found = recalled([([emails[3]], [phones[3]]), ([emails[4]], [phones[5]])])
    assert (found[0].records, found[0].singles) == (1, {})
    assert (found[1].records, found[1].singles) == (0, {Kind.EMAIL: 1, Kind.PHONE: 1})


def test_a_decoy_is_told_as_one_and_not_as_a_record() -> None:
    found = recalled([([], [int(DECOYS[2])])])
    assert (found[0].decoys, found[0].records, found[0].singles, found[0].certain) == (1, 0, {}, True)
    assert found[0].which == blake2b(np.array([2002], dtype="<u8").tobytes(), digest_size=16).hexdigest()


def test_a_public_value_counts_for_nobody() -> None:
    address = int(EMAILS[7])
    assert recalled([([address], [])], public=[address]) == {}


def test_a_list_of_our_numbers_stands_out_among_those_of_a_region() -> None:
    phones = PHONES.tolist()
    objects = strangers(20_000)
    leaks = range(0, 20_000, 1000)
    for at in leaks:
        objects[at] = ([], [*objects[at][1], *phones[at // 40 : at // 40 + 6]])
    found = recalled(objects)
    assert set(leaks) <= found.keys()
    assert len(found) - len(leaks) < NEEDLESS


def test_a_leak_that_lies_in_every_second_object_does_not_hide_itself() -> None:
    phones = PHONES.tolist()
    objects = strangers(4000)
    for at in range(0, 4000, 2):
        objects[at] = ([], [*objects[at][1], *phones[:8]])
    assert recalled(objects).keys() >= set(range(0, 4000, 2))
