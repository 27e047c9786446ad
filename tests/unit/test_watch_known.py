"""What is known of objects, rules by which they are passed over, times and sizes as people write them."""

import sys

import pytest

from trapstreet.core.model.amounts import bytes_of, duration_text, seconds_of
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Ref
from trapstreet.watch.domain.known import UNREAD, Digests, Known
from trapstreet.watch.domain.rules import LARGE, NAMED, TOO_DEAR, Rules, Sieve

DIGESTS = Digests(b"k" * 32)


def test_a_listing_meets_what_is_known_and_what_it_does_not_name_is_missing() -> None:
    keys = sorted(DIGESTS.key(f"path {number}") for number in range(1_000))
    known = Known((key, number + 1, number == 7) for number, key in enumerate(keys))
    assert [known.meet(key) for key in keys[:3]] == [1, 2, 3]
    assert known.meet(DIGESTS.key("another")) is None
    assert known.was_gone(keys[7])
    assert not known.was_gone(keys[8])
    assert [*known.missing()] == [key for at, key in enumerate(keys) if at >= 3 and at != 7]


def test_keys_that_begin_alike_are_told_apart() -> None:
    keys = [b"same here" + bytes([number]) * 7 for number in range(5)]
    known = Known((key, number + 1, False) for number, key in enumerate(keys))
    assert [known.meet(key) for key in keys] == [1, 2, 3, 4, 5]


def test_a_million_objects_take_some_26_bytes_each() -> None:
    rows = ((number.to_bytes(16, "big"), 1, False) for number in range(20_000))
    known = Known(rows)
    size = sum(sys.getsizeof(getattr(known, name)) for name in ("_high", "_low", "_states", "_marks"))
    assert size / len(known) < 30


@pytest.mark.parametrize("path", ["plain", "new\nline", "\udcff\udcfe", "é", "é", "x" * 5_000, "nul\0"])
def test_every_path_has_a_key_of_its_own(path: str) -> None:
    assert len(DIGESTS.key(path)) == 16
    assert DIGESTS.key(path) != DIGESTS.key(path + " ")
    assert DIGESTS.key(path) != Digests(b"K" * 32).key(path)


def test_a_state_changes_with_version_and_size_and_there_is_none_without_a_version() -> None:
    states = [DIGESTS.state(Ref("a", version, size)) for version in ("1", "2") for size in (None, 1, 2)]
    assert len(set(states)) == 6
    assert DIGESTS.state(Ref("other", "1", 1)) == DIGESTS.state(Ref("a", "1", 1))
    assert DIGESTS.state(Ref("a", "", 1)) == UNREAD


@pytest.mark.parametrize(
    ("path", "size", "why"),
    [
        ("/share/disk.ISO", 1, NAMED),
        ("//server/share\\disk.iso", 1, NAMED),
        ("/share/disk.iso/list.csv", 1, ""),
        ("/share/node_modules/x/y.js", 1, NAMED),
        ("/share/large", 6, LARGE),
        ("/share/dear", 5, TOO_DEAR),
        ("/share/unknown", None, ""),
        ("/share/new\nline.iso", 1, NAMED),
    ],
)
def test_rules_pass_over_by_size_and_name(path: str, size: int | None, why: str) -> None:
    sieve = Sieve(Rules(largest=5, pass_over=("*.iso", "*/node_modules/*"), budget=4))
    assert sieve.refuses(Ref(path, "1", size)) == why


def test_an_object_waits_where_the_budget_does_not_reach() -> None:
    sieve = Sieve(Rules(budget=10))
    assert not sieve.exceeds(Ref("a", "1", 4), 6)
    assert sieve.exceeds(Ref("a", "1", 5), 6)
    assert sieve.exceeds(Ref("a", "1", None), 10)
    assert not Sieve(Rules()).exceeds(Ref("a", "1", 1 << 60), 1 << 60)


def test_times_and_sizes_are_read_as_people_write_them() -> None:
    assert [seconds_of(text, where="x") for text in ("1 minute", "6 hours", "1 Day", "2weeks")] == [
        60,
        21_600,
        86_400,
        1_209_600,
    ]
    assert [duration_text(each) for each in (60, 5_400, 21_600, 1_209_600, 61)] == [
        "1 minute",
        "90 minutes",
        "6 hours",
        "2 weeks",
        "61 seconds",
    ]
    assert [bytes_of(text, where="x") for text in ("500 MB", "1.5 gb", "1 TB")] == [500e6, 1.5e9, 1e12]


@pytest.mark.parametrize("text", ["", "soon", "0 hours", "6", "-1 hours", "6 fortnights", "999999 hours"])
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UnusableInput, match="--every"):
        seconds_of(text, where="--every")


@pytest.mark.parametrize("text", ["", "10", "0 MB", "0.0001 kB", "10 MiB", "-1 MB"])
def test_a_text_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UnusableInput, match="--budget"):
        bytes_of(text, where="--budget")
