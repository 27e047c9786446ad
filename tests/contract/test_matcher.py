"""What every matcher must do. A matcher joins the suite by its name in MATCHERS."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, recognise
from trapstreet.core.model.table import Row
from trapstreet.index import (
    DataSetIndex,
    Fingerprinter,
    Header,
    Joined,
    Lookup,
    Match,
    Matcher,
    RecordJoin,
    ReferenceMatcher,
    Segment,
    SegmentWriter,
)

Make = Callable[[Lookup, Callable[[Kind, int], bytes]], Matcher]
MATCHERS: dict[str, Make] = {"reference": ReferenceMatcher}

HEADER = ("ticket", "name", "email", "phone", "street", "born")
PEOPLE: list[Row] = [
    (
        "TCK-000123",
        "Mary Murphy",
        "mary.murphy@post.example",
        "+353 86 123 4567",
        "12 Harbour Street",
        "1980-02-01",
    ),
    (
        "TCK-000456",
        "Jörg Müller",
        "J.Mueller+shop@gmail.com",
        "+353 1 900 0199",
        "Hauptstraße 7",
        "1975-11-30",
    ),
    ("TCK-000789", "Seán O'Brien", "sean@quay.example", "+353 87 765 4321", "3 Quay Lane", "1990-06-15"),
    *(
        (
            f"TCK-{number:06}",
            f"Given{chr(97 + number % 26)} Family{chr(97 + number // 26 % 26)}",
            f"person{number}@post.example",
            f"+353 85 {number:03} {7 * number % 10000:04}",
            f"{number} Long Road",
            "1960-01-02",
        )
        for number in range(1000, 1200)
    ),
]


class Keys:
    """Fixed keys: the suite is about matching."""

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes:
        return (kind.value + str(epoch)).encode().ljust(16, b"k")[:16]

    def record_key(self, data_set: str) -> bytes:
        return data_set.encode().ljust(16, b"r")[:16]

    def siphash_key(self, purpose: str, *ids: str | int) -> bytes:
        return purpose.encode().ljust(16, b"s")[:16]


class World:
    """One registered table and a matcher for it."""

    def __init__(self, folder: Path, make: Make) -> None:
        self.columns: tuple[Column, ...] = recognise(HEADER, PEOPLE, region="IE", types={}, ignore=())
        prints = Fingerprinter("ds-1", self.columns, ["ticket"], epoch=1, keys=Keys())
        with SegmentWriter(Header("ds-1", "version:1", 1, NORMAL_FORMS), scratch=folder) as writer:
            writer.add(prints.record_ids(PEOPLE), prints.digests(PEOPLE), prints.fingerprints(PEOPLE))
            writer.finish(folder / "one.segment", ended=np.empty(0, dtype=np.uint64))
        index = DataSetIndex("ds-1", "people", 1, self.columns, (Segment(folder / "one.segment"),), {})
        self.ids = dict(zip((str(row[0]) for row in PEOPLE), prints.record_ids(PEOPLE).tolist(), strict=True))
        self.lookup = Lookup([index])
        self.matcher = make(self.lookup, Keys().fingerprint_key)

    def matches(self, chunks: Iterable[bytes]) -> Iterator[Match]:
        for part in self.matcher.matches(chunks):
            yield from part.matches

    def joined(self, *texts: Sequence[bytes] | bytes) -> Joined:
        join = RecordJoin(self.lookup)
        for text in texts:
            for part in self.matcher.matches([text] if isinstance(text, bytes) else text):
                join.add(part)
            join.end_text()
        return join.joined(0)

    def records(self, text: str) -> set[str]:
        """Tickets of the records that a text shows by two fields."""
        found = {record for _, record in self.joined(text.encode()).records}
        return {ticket for ticket, record in self.ids.items() if record in found}


@pytest.fixture(scope="module", params=list(MATCHERS))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("index"), MATCHERS[request.param])


MARY = [
    "TCK-000123;Mary Murphy;mary.murphy@post.example;+353 86 123 4567",
    "mary.murphy@post.example,0861234567",
    "MURPHY, Mary <MARY.MURPHY@POST.EXAMPLE>",
    "tel. (086) 123-4567, e-mail: mary.murphy@post.example.",
    '{"mail": "mary.murphy@post.example", "first": "Mary", "last": "Murphy"}',
    "INSERT INTO t VALUES ('TCK-000123','Mary Murphy','00353861234567');",
    "ticket tck 000123 / 086.123.4567",
    "Mary Murphy\t353861234567\tTCK000123",
    "mailto:mary.murphy@post.example?subject=x 12 Harbour St",
    "mary.murphy@post.example born 01/02/1980",
    "Name: Mary Murphy\nPhone: 086 1234567\nTicket: #000123\n",
]


@pytest.mark.parametrize("text", MARY)
def test_a_record_is_found_however_it_is_written(world: World, text: str) -> None:
    assert world.records(text) == {"TCK-000123"}


@pytest.mark.parametrize(
    "text",
    [
        "jmueller@gmail.com / Joerg Mueller",
        "JMUELLER@GOOGLEMAIL.COM; Müller, Jörg",
        "j.mueller+shop@gmail.com 01 900 0199",
        "j.m.ueller@gmail.com\nHauptstr. 7",
    ],
)
def test_accents_dots_and_tags_do_not_matter(world: World, text: str) -> None:
    assert world.records(text) == {"TCK-000456"}


@pytest.mark.parametrize(
    "text",
    [
        "mary.murphy@post.example",
        "sean@quay.example, Mary Murphy",
        "mary.murphy@post.example" + " " * 500 + "0861234567",
        "xmary.murphy@post.example, Mary Murphy",
        "mary.murphy@post.example.org Mary Murphy",
        "86 123 456, Mary Murphy",
        "",
    ],
)
def test_one_field_alone_or_fields_of_different_people_are_no_record(world: World, text: str) -> None:
    assert world.records(text) == set()


def test_what_an_address_spells_is_no_name_beside_it(world: World) -> None:
    joined = world.joined(b"mary.murphy@post.example\nperson1000@post.example\n")
    assert joined.records == {}
    assert len(joined.singles) == 2


def test_a_column_of_addresses_and_then_one_of_phones_are_singles(world: World) -> None:
    text = "\n".join(str(row[2]) for row in PEOPLE) + "\n" * 600 + "\n".join(str(row[3]) for row in PEOPLE)
    joined = world.joined(text.encode())
    assert not joined.records
    assert sum(Kind.EMAIL in seen.anchors for seen in joined.singles.values()) == len(PEOPLE)


def test_the_same_record_twice_counts_once(world: World) -> None:
    assert len(world.joined(MARY[0].encode(), MARY[1].encode()).records) == 1


def test_the_end_of_one_text_is_not_near_the_beginning_of_the_next(world: World) -> None:
    assert not world.joined(b"mary.murphy@post.example", b"0861234567").records


def _long_text() -> bytes:
    random = Random(5)
    lines = [random.choice(MARY) for _ in range(40)]
    lines += [";".join(map(str, random.choice(PEOPLE))) for _ in range(120)]
    filling = "lorem ipsum 12 dolor 3.14 sit@ amet +1 202 555 0143 TCK-9 "
    lines += [filling * random.randint(1, 9) for _ in range(100)]
    random.shuffle(lines)
    return "\n".join(lines).encode()


LONG = _long_text()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(LONG)), max_size=12))
def test_any_cut_of_a_text_gives_the_same_matches(
    world: World, monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    """The stretch that a matcher works on is made small, so that its seams fall everywhere."""
    whole = list(world.matches([LONG]))
    monkeypatch.setattr("trapstreet.index.reference.STRETCH", 2000)
    edges = [0, *sorted(cuts), len(LONG)]
    chunks = [LONG[a:b] for a, b in pairwise(edges)]
    assert list(world.matches(chunks)) == whole
    assert len(whole) > 500


def test_the_sizes_of_all_stretches_are_the_text(world: World) -> None:
    chunks = [LONG] * 20
    assert sum(part.size for part in world.matcher.matches(chunks)) == 20 * len(LONG)


def test_what_a_match_points_at_is_the_value(world: World) -> None:
    registered = {str(row[2]).lower().encode() for row in PEOPLE}
    for part in world.matcher.matches([LONG]):
        for match in part.matches:
            assert match.kind is not Kind.EMAIL or part.value(match).lower() in registered
