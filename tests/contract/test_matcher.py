"""What every matcher must do. A matcher joins the suite by its name in matchers.MATCHERS."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from matcher_world import Keys, index_of
from matchers import MATCHERS, everything, make, small_stretches
from trapstreet.core.fields import Kind, recognise
from trapstreet.core.model.table import Row
from trapstreet.index import Lookup, Match
from trapstreet.index.matcher import CODE, CONFIRM, NEAR

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
    (
        "TCK-000321",
        "Ann Lee",
        "ann.lee@post.example",
        "+353 86 222 3344",
        "350 5th Ave",
        "1969-07-20",
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


class World:
    """One registered table and a matcher for it."""

    def __init__(self, folder: Path, matcher: str) -> None:
        columns = recognise(HEADER, PEOPLE, region="IE", types={}, ignore=())
        self.tickets: dict[int, str] = {}
        index = index_of(folder, "people", columns, [PEOPLE], {}, epoch=1, tickets=self.tickets)
        self.matcher = make(matcher, Lookup([index]), Keys().fingerprint_key)

    def matches(self, *chunks: bytes) -> Iterator[Match]:
        for part in self.matcher.matches(chunks):
            yield from part

    def fields(self, text: str) -> dict[str, set[Kind]]:
        """Per ticket the kinds of its fields that stand near another of them."""
        fields: dict[str, set[Kind]] = {}
        found = list(self.matches(text.encode()))
        for match in found:
            beside = {
                other.kind
                for other in found
                if other.record == match.record
                and other.kind != match.kind
                and abs(other.start - match.start) <= NEAR
            }
            if beside or match.confirmed:
                fields.setdefault(self.tickets[match.record], set()).update(
                    beside, match.confirmed, [match.kind]
                )
        return fields

    def records(self, text: str) -> set[str]:
        """Tickets of the records that a text shows by two fields."""
        return set(self.fields(text))


@pytest.fixture(scope="module", params=list(MATCHERS))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("index"), request.param)


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
    found = list(world.matches(b"mary.murphy@post.example\nperson1000@post.example\n"))
    assert [match.confirmed for match in found] == [frozenset(), frozenset()]


def test_every_kind_that_stands_near_confirms(world: World) -> None:
    text = "mary.murphy@post.example | Murphy, M. | Harbour St 12 | 1 February 1980 | Jane Smith | 1981-02-01"
    (match,) = world.matches(text.encode())
    assert match.confirmed == {Kind.NAME, Kind.ADDRESS, Kind.BIRTH_DATE}


@pytest.mark.parametrize(
    ("text", "confirms"), [("350 5th Ave.", True), ("360 5th Ave.", False), ("350 5th St.", False)]
)
def test_an_address_of_common_words_confirms(world: World, text: str, confirms: bool) -> None:
    (match,) = world.matches(f"ann.lee@post.example | {text}".encode())
    assert (Kind.ADDRESS in match.confirmed) == confirms


@pytest.mark.parametrize("filling", [b" ", b".", "é".encode(), b"\xff", b"\x00"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_name_confirms_up_to_200_bytes_away(world: World, filling: bytes, beyond: int) -> None:
    """Of what stands before, the first word must begin in reach; of what stands behind, the last."""
    address = b"mary.murphy@post.example"
    before = b"Mary Murphy"
    gap = CONFIRM - len(before) + beyond
    assert confirmed(world, before + padding(filling, gap) + address) == (not beyond)
    gap = CONFIRM - len(b"Mary ") - 1 + beyond
    assert confirmed(world, address + padding(filling, gap) + b"Mary Murphy") == (not beyond)


def confirmed(world: World, text: bytes) -> bool:
    (match,) = world.matches(text)
    return bool(match.confirmed)


def padding(filling: bytes, size: int) -> bytes:
    """So many bytes of filling between blanks; more blanks where it does not fit."""
    return b" " + (filling * ((size - 2) // len(filling))).ljust(size - 1)


@pytest.mark.parametrize(
    "wrapped", [b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"]
)
def test_bytes_that_are_no_text_do_no_harm(world: World, wrapped: bytes) -> None:
    fields = [b"mary.murphy@post.example", b"Mary Murphy", b"0861234567", b"TCK-000123"]
    apart = list(world.matches(b" ".join(wrapped + b" " + field + b" " + wrapped for field in fields)))
    assert [match.kind for match in apart] == [Kind.EMAIL, Kind.PHONE, Kind.REFERENCE]
    assert all(Kind.NAME in match.confirmed for match in apart)
    glued = list(world.matches(wrapped + wrapped.join(fields) + wrapped))
    assert {match.kind for match in glued} >= ({Kind.PHONE, Kind.REFERENCE} if wrapped else set())


def test_a_value_that_is_the_whole_text_is_found(world: World) -> None:
    for value in (b"mary.murphy@post.example", b"0861234567", b"tck000123"):
        ((start, end, *_),) = world.matches(value)
        assert (start, end) == (0, len(value))


def test_a_column_of_addresses_and_then_one_of_phones_are_all_found(world: World) -> None:
    text = "\n".join(str(row[2]) for row in PEOPLE) + "\n" * 600 + "\n".join(str(row[3]) for row in PEOPLE)
    found = list(world.matches(text.encode()))
    assert len({match.record for match in found if match.kind is Kind.EMAIL}) == len(PEOPLE)
    assert len({match.record for match in found if match.kind is Kind.PHONE}) == len(PEOPLE)
    assert not any(match.confirmed for match in found)


def _long_text() -> bytes:
    random = Random(5)
    lines = [random.choice(MARY) for _ in range(40)]
    lines += [";".join(map(str, random.choice(PEOPLE))) for _ in range(120)]
    filling = "lorem ipsum 12 dolor 3.14 sit@ amet +1 202 555 0143 TCK-9 "
    lines += [filling * random.randint(1, 9) for _ in range(100)]
    random.shuffle(lines)
    return "\n".join(lines).encode()


LONG = _long_text()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(LONG)), max_size=12))
def test_any_cut_of_a_text_gives_the_same_matches(
    world: World, monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    """The stretch that a matcher works on is made small, so that its seams fall everywhere."""
    whole = everything(world.matcher.matches([LONG], candidates=True))
    chunks = [LONG[a:b] for a, b in pairwise([0, *sorted(cuts), len(LONG)])]
    with monkeypatch.context() as patch:
        small_stretches(patch)
        assert everything(world.matcher.matches(chunks, candidates=True)) == whole
    assert len(whole["start"]) > 400


def test_the_sizes_of_all_stretches_are_the_text(world: World) -> None:
    chunks = [LONG] * 6
    assert sum(part.size for part in world.matcher.matches(chunks)) == 6 * len(LONG)


def test_what_a_match_points_at_is_the_value(world: World) -> None:
    registered = {str(row[2]).lower().encode() for row in PEOPLE}
    for part in world.matcher.matches([LONG]):
        for at, match in enumerate(part):
            assert match.kind is not Kind.EMAIL or part.value(at).lower() in registered


def test_matches_come_in_order_and_once(world: World) -> None:
    found = [
        (match.start, match.end, CODE[match.kind], match.owner, match.record)
        for match in world.matches(LONG, LONG)
    ]
    assert found == sorted(set(found))


def test_candidates_are_given_only_where_they_are_asked_for(world: World) -> None:
    (plain,) = world.matcher.matches([LONG])
    (full,) = world.matcher.matches([LONG], candidates=True)
    assert not any(len(each.fingerprints) for each in plain.candidates.values())
    assert plain.sketches == full.sketches
    for kind in (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE):
        shown = full.candidates[kind]
        assert len(set(shown.fingerprints.tolist())) == full.sketches[kind].distinct() > 50
        assert set(full.fingerprint[full.kind == CODE[kind]].tolist()) <= set(shown.fingerprints.tolist())


def test_an_empty_text_has_one_empty_answer(world: World) -> None:
    for chunks in ([], [b""], [b"", b""]):
        (part,) = world.matcher.matches(chunks)
        assert (len(part), part.size) == (0, 0)
