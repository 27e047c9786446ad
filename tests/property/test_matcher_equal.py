"""The compiled matcher finds exactly what the reference finds, whatever the bytes.

How many hostile texts are tried: tests/tries.py.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile import hostile_texts
from matcher_codes import LAYOUTS, REGIONS, code_world, large_tables, many_tables, phone_world
from matcher_people import people
from matcher_world import Table, World, made_up_world
from matchers import MATCHERS, everything, make, small_stretches
from trapstreet.index import Matcher
from trapstreet.index.kernel import KernelMatcher
from tries import FUZZ, tries

QUIET = settings(
    max_examples=tries(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_up_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def matchers(world: World) -> tuple[Matcher, Matcher]:
    return make("reference", world.lookup, world.key_of), make("kernel", world.lookup, world.key_of)


def assert_equal(matchers: tuple[Matcher, Matcher], *chunks: bytes) -> None:
    """Candidates are asked for with every other text: a scan does without, and may go other ways."""
    reference, kernel = matchers
    wanted = sum(map(len, chunks)) % 2 == 0
    expected = everything(reference.matches(chunks, candidates=wanted))
    found = everything(kernel.matches(chunks, candidates=wanted))
    differing = [name for name in expected | found if expected.get(name) != found.get(name)]
    assert not differing, (
        b"".join(chunks),
        {name: (expected.get(name), found.get(name)) for name in differing},
    )


def chunks_of(text: bytes, random: Random, cuts: int) -> Iterator[bytes]:
    edges = sorted(random.randint(0, len(text)) for _ in range(cuts))
    return (text[a:b] for a, b in pairwise([0, *edges, len(text)]))


def lines(world: World) -> Iterator[bytes]:
    """Every row that is registered, as CSV."""
    for record in world.records:
        yield ";".join(record.values()).encode() + b"\r\n"


@pytest.mark.slow
def test_hostile_texts_have_the_same_matches(world: World, matchers: tuple[Matcher, Matcher]) -> None:
    for text in hostile_texts(world.records, 1, FUZZ):
        assert_equal(matchers, text)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_codes_of_any_layout_have_the_same_matches(layout: str, tmp_path: Path) -> None:
    assert_equal_in(code_world(tmp_path, layout))


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_of_any_region_have_the_same_matches(region: str, tmp_path: Path) -> None:
    assert_equal_in(phone_world(tmp_path, region))


def test_many_data_sets_have_the_same_matches(tmp_path: Path) -> None:
    assert_equal_in(many_tables(tmp_path))


@pytest.mark.slow
def test_large_tables_have_the_same_matches_however_they_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel asks few tables one by one and many through a route."""
    world = large_tables(tmp_path)
    text = b"".join(lines(world))
    reference = make("reference", world.lookup, world.key_of)
    expected = everything(reference.matches([text], candidates=True))
    for few in (0, len(world.lookup.tables)):
        monkeypatch.setattr("trapstreet.index.kernel_config.FEW_TABLES", few)
        kernel = make("kernel", world.lookup, world.key_of)
        assert everything(kernel.matches([text], candidates=True)) == expected


def assert_equal_in(world: World) -> None:
    both = make("reference", world.lookup, world.key_of), make("kernel", world.lookup, world.key_of)
    for text in hostile_texts(world.records, 7, FUZZ // 20):
        assert_equal(both, text)


@pytest.mark.slow
def test_a_line_of_ours_may_begin_and_end_anywhere(world: World, matchers: tuple[Matcher, Matcher]) -> None:
    line = Random(2).choice(list(lines(world)))
    for at in range(len(line) + 1):
        assert_equal(matchers, line[:at])
        assert_equal(matchers, line[at:])


@pytest.mark.slow
def test_long_texts_in_pieces_have_the_same_matches(
    world: World, matchers: tuple[Matcher, Matcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(3)
    text = b"".join(hostile_texts(world.records, 3, max(20, FUZZ)))
    assert_equal(matchers, text)
    small_stretches(monkeypatch)
    assert_equal(matchers, *chunks_of(text, random, 40))


@pytest.mark.slow
def test_several_threads_give_the_same_matches_in_order(
    world: World, matchers: tuple[Matcher, Matcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, _ = matchers
    text = b"".join(hostile_texts(world.records, 8, max(20, FUZZ)))
    small_stretches(monkeypatch)
    assert_equal((reference, KernelMatcher(world.lookup, world.key_of, threads=3)), text)


@pytest.mark.slow
@pytest.mark.parametrize("matcher", list(MATCHERS))
def test_hostile_texts_may_be_cut_anywhere(
    world: World, matcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(4)
    searching = make(matcher, world.lookup, world.key_of)
    for seed in range(40, 41 + FUZZ // 100):
        text = b"".join(hostile_texts(world.records, seed, 40))
        whole = everything(searching.matches([text], candidates=True))
        with monkeypatch.context() as patch:
            small_stretches(patch)
            cut = list(chunks_of(text, random, random.choice([0, 3, 100])))
            assert everything(searching.matches(cut, candidates=True)) == whole


def test_where_every_registered_address_is_ascii_the_others_are_passed_over(
    world: World, tmp_path: Path
) -> None:
    plain = [each for each in people(80, seed=9) if each["email"].isascii() and "xn--" not in each["email"]]
    plain[0] |= {"email": "john@example.com"}
    plain[1] |= {"email": "a+2@x.com"}
    small = World(tmp_path, [Table("plain", 1, ("ticket", "name", "email", "IE"), (plain,), {})])
    assert not small.lookup.unicode_emails
    both = make("reference", small.lookup, small.key_of), make("kernel", small.lookup, small.key_of)
    texts = ["josé@example.com john@xn--example-.com".encode(), b"a+1&a+2@x.com"]
    for text in [*texts, *hostile_texts([*world.records, *small.records], 12, FUZZ // 4)]:
        assert_equal(both, text)
        assert_equal(both, text + b" ")


@pytest.mark.slow
def test_a_text_that_is_ours_from_end_to_end_has_the_same_matches(
    world: World, matchers: tuple[Matcher, Matcher]
) -> None:
    assert_equal(matchers, *lines(world))


def test_a_text_with_nothing_of_ours_has_the_same_candidates(matchers: tuple[Matcher, Matcher]) -> None:
    random = Random(5)
    words = [
        b"jane@nowhere.example",
        b"TCK-900001",
        b"+353 89 000 0000",
        b"4242 4242 4242 4242",
        b"the",
        b"12.5",
        b"IE64IRCE92050112345678",
        b"2f1c",
    ]
    assert_equal(matchers, b" ".join(random.choices(words, k=20_000)))


@QUIET
@given(data=st.data())
def test_any_bytes_round_values_of_ours_have_the_same_matches(
    world: World, matchers: tuple[Matcher, Matcher], data: st.DataObject
) -> None:
    records: Sequence[dict[str, str]] = world.records[::7]
    record = data.draw(st.sampled_from(records))
    values = st.sampled_from([value.encode() for value in record.values() if value])
    between = st.one_of(
        st.binary(max_size=6), st.text(max_size=4).map(str.encode), st.sampled_from([b";", b" "])
    )
    pieces = data.draw(st.lists(st.one_of(values, between), max_size=12))
    assert_equal(matchers, b"".join(pieces))


@pytest.mark.slow
def test_hostile_texts_do_hit(world: World) -> None:
    reference = make("reference", world.lookup, world.key_of)
    texts = list(hostile_texts(world.records, 6, 100))
    found = [everything(reference.matches([text])) for text in texts]
    assert sum(bool(each["start"]) for each in found) > 45
    assert sum(any(map(any, each["confirmed"])) for each in found) > 25
    assert len({kind for each in found for kind in each["kind"]}) == 6


@pytest.mark.slow
@pytest.mark.parametrize("zeros", [0, 1, 5, 6, 7, 8, 9, 15, 16, 20, 21, 22, 30])
def test_zeros_in_brackets_between_groups_of_digits_end_no_walk_beyond_a_tile(
    matchers: tuple[Matcher, Matcher], zeros: int
) -> None:
    """The kernel takes a text in tiles; a chain of groups goes back through the one before."""
    for edge in (1024, 2048):
        for past in range(-8, 3 * zeros + 9):
            chain = b"+353" + b"(0)" * zeros + b" 86 123 4567"
            assert_equal(matchers, b" " * (edge - past) + chain + b" " * 700)
