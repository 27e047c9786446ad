"""The lookup: many data sets, versions and copies answer as one."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, kinds
from trapstreet.core.maths.siphash import siphash24
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import (
    DataSetIndex,
    Fingerprinter,
    Header,
    Lookup,
    Owner,
    Segment,
    SegmentWriter,
    Traits,
    fingerprints_of,
)
from trapstreet.index.segment import MAGIC

COLUMNS = (
    Column("ref", Kind.REFERENCE, "", grammar=("=TS D6",)),
    Column("name", Kind.NAME, ""),
    Column("email", Kind.EMAIL, ""),
    Column("phone", Kind.PHONE, "", region="IE"),
)
Row = tuple[str, str, str, str]
ANN: Row = ("TS-100001", "Ann Murphy", "ann.murphy@mail.example", "+353 87 123 4567")
BOB: Row = ("TS-100002", "Bob Kelly", "bob.kelly@mail.example", "+353 86 765 4321")
EVE: Row = ("TS-100003", "Eve Byrne", "eve.byrne@decoys.example", "+353 85 555 0100")


class Keys:
    """Keys as a ring gives them."""

    def record_key(self, data_set: str) -> bytes:
        return data_set.encode().ljust(16, b"r")[:16]

    def siphash_key(self, *info: str) -> bytes:
        return "".join(info).encode().ljust(16, b"d")[:16]

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes:
        return f"{kind}{epoch}".encode().ljust(16, b"f")[:16]


class Shelf:
    """Writes segments into a folder, and opens them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self.prints = Fingerprinter("ds-1", COLUMNS, ("ref",), epoch=1, keys=Keys())

    def segment(self, owner: str, rows: Sequence[Row], *, normal_forms: int = NORMAL_FORMS) -> Segment:
        path = self._folder / f"{next(self._numbers)}.segment"
        with SegmentWriter(Header("ds-1", owner, 1, normal_forms), scratch=self._folder) as writer:
            forms, traits = self.prints.forms(rows), Traits()
            traits.add(forms)
            writer.add(self.prints.record_ids(rows), self.prints.digests(rows), self.prints.hashed(forms))
            writer.finish(path, ended=np.empty(0, dtype=np.uint64), traits=traits)
        return Segment(path)

    def lookup(self, versions: Sequence[Segment], **copies: Segment) -> Lookup:
        return Lookup([DataSetIndex("ds-1", "customers", 1, COLUMNS, tuple(versions), copies)])

    def owners(self, lookup: Lookup, row: Row) -> list[Owner]:
        """Who owns the row's e-mail address, its record being the row's."""
        asked = self.prints.fingerprints([row])[Kind.EMAIL].fingerprints
        _, tables, records = lookup.find(1, asked)
        found = []
        for number, record in zip(tables.tolist(), records.tolist(), strict=True):
            table = lookup.tables[number]
            assert table.record_ids[record] == self.prints.record_ids([row])[0]
            found.append(
                lookup.owners[table.owners if isinstance(table.owners, int) else table.owners[record]]
            )
        return found


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_fingerprint_names_every_state_of_its_record(shelf: Shelf) -> None:
    lookup = shelf.lookup([shelf.segment("version:1", [ANN, BOB]), shelf.segment("version:2", [BOB])])
    assert shelf.owners(lookup, ANN) == [Owner(0, version=1)]
    assert shelf.owners(lookup, BOB) == [Owner(0, version=1), Owner(0, version=2)]
    assert shelf.owners(lookup, EVE) == []
    assert lookup.anchors() == [(Kind.EMAIL, 1), (Kind.PHONE, 1), (Kind.REFERENCE, 1)]
    assert lookup.confirmers() == [(Kind.NAME, 1)]


def test_the_decoys_of_all_copies_are_one_table(shelf: Shelf) -> None:
    copies = {"cp-a": shelf.segment("copy:cp-a", [EVE]), "cp-b": shelf.segment("copy:cp-b", [BOB])}
    lookup = shelf.lookup([shelf.segment("version:1", [ANN])], **copies)
    assert len(lookup.tables) == 2
    assert shelf.owners(lookup, EVE) == [Owner(0, copy="cp-a")]
    assert shelf.owners(lookup, BOB) == [Owner(0, copy="cp-b")]
    slots = lookup.tables[1].slots[Kind.NAME]
    names = shelf.prints.fingerprints([EVE])[Kind.NAME].fingerprints >> np.uint64(32)
    assert slots.shape == (2, kinds()[Kind.NAME].slots)
    assert slots[0].tolist() == names.tolist()


def test_decoys_may_have_nothing_that_anybody_has(shelf: Shelf) -> None:
    lookup = shelf.lookup([shelf.segment("version:1", [ANN])], a=shelf.segment("copy:a", [EVE]))
    for row, taken in ((ANN, True), (EVE, True), (BOB, False)):
        for kind, each in shelf.prints.fingerprints([row]).items():
            assert lookup.contains(kind, 1, each.fingerprints).tolist() == [taken] * len(each.fingerprints)


def test_what_too_many_share_is_taken_but_nobodys(shelf: Shelf) -> None:
    """Nor a decoy's that had it before: a real number that leaks would accuse the decoy's copy."""
    office = [(f"TS-{n}", "", f"a{n}@mail.example", EVE[3]) for n in range(200_000, 200_033)]
    lookup = shelf.lookup([shelf.segment("version:1", office)], a=shelf.segment("copy:a", [EVE]))
    phone = shelf.prints.fingerprints([EVE])[Kind.PHONE].fingerprints
    assert not len(lookup.find(1, phone)[0])
    assert lookup.contains(Kind.PHONE, 1, phone).all()
    assert shelf.owners(lookup, EVE) == [Owner(0, copy="a")], "its address is still its own"


def test_what_a_search_must_know_beforehand_is_joined_over_all_segments(shelf: Shelf) -> None:
    short, unicode = ("TS-1", "", "", "01 234 567"), ("TS-2", "", "ann@müller.example", "")
    plain = shelf.lookup([shelf.segment("version:1", [ANN])])
    assert (plain.phone_lengths, plain.unicode_emails) == (frozenset(), False)
    more = shelf.lookup([shelf.segment("version:1", [ANN, unicode])], a=shelf.segment("copy:a", [short]))
    assert (more.phone_lengths, more.unicode_emails) == (frozenset({7}), True)


def test_a_data_set_in_other_normal_forms_is_one_clear_line(shelf: Shelf) -> None:
    old = shelf.segment("version:1", [ANN], normal_forms=NORMAL_FORMS - 1)
    with pytest.raises(UnusableInput, match=r"'customers' .* register the data set again"):
        shelf.lookup([old])
    registered_again = shelf.lookup([old, shelf.segment("version:2", [ANN])])
    assert shelf.owners(registered_again, ANN) == [Owner(0, version=2)]


def test_a_data_set_in_the_first_format_is_one_clear_line(shelf: Shelf) -> None:
    path = shelf.segment("version:1", [ANN]).path
    path.write_bytes(b"TSINDEX\x01" + path.read_bytes()[len(MAGIC) :])
    with pytest.raises(UnusableInput, match="register the data set again"):
        shelf.lookup([Segment(path)])


def test_the_decoys_of_a_copy_in_the_first_format_are_known_by_their_addresses(shelf: Shelf) -> None:
    path = shelf.segment("copy:a", [EVE], normal_forms=1).path
    path.write_bytes(b"TSINDEX\x01" + path.read_bytes()[len(MAGIC) :])
    lookup = shelf.lookup([shelf.segment("version:1", [ANN])], a=Segment(path))
    assert shelf.owners(lookup, EVE) == [Owner(0, copy="a")]


def test_no_value_is_in_a_spill_file(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.index.spill._HELD", 1)
    header = Header("ds-1", "version:1", 1, NORMAL_FORMS)
    with SegmentWriter(header, scratch=tmp_path) as writer:
        prints = shelf.prints.fingerprints([ANN])
        writer.add(shelf.prints.record_ids([ANN]), shelf.prints.digests([ANN]), prints)
        writer.finish(tmp_path / "a.segment", ended=np.empty(0, dtype=np.uint64), traits=Traits())
        spilt = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(map(len, spilt)) > 5 * 8
    values = [form for each in shelf.prints.forms([ANN]).values() for form in each.forms]
    words = {word.lower() for value in values for word in value.strip(b"~*").split()}
    assert not [word for word in words for content in spilt if word in content.lower() and len(word) > 3]


def test_a_confirming_form_is_the_sum_of_its_words() -> None:
    key = b"0123456789abcdef"
    forms = [b"john smith", b"smith john", b"smith", b"*j smith"]
    sums = fingerprints_of(key, Kind.NAME, forms).tolist()
    assert sums[0] == sums[1] == (siphash24(key, b"john") + siphash24(key, b"smith")) % 2**64
    assert sums[2:] == [siphash24(key, b"smith"), (siphash24(key, b"*j") + siphash24(key, b"smith")) % 2**64]
    assert fingerprints_of(key, Kind.EMAIL, [b"a b"]).tolist() == [siphash24(key, b"a b")]
    assert fingerprints_of(key, Kind.NAME, []).tolist() == []
