"""What the path of a finding ends with, by where its values stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.index.matcher import CODE, Matches
from trapstreet.watch.domain.ways import Ways


@dataclass
class Trail:
    """Values are of ten bytes; those of `plain` places stand unencoded near what was decoded, too."""

    decoded: Sequence[tuple[int, int]]
    plain: frozenset[int] = frozenset()
    since: int = 0
    way: str = "base64"
    asked: list[int] = field(default_factory=list)

    def spans(self) -> Sequence[tuple[int, int]]:
        return self.decoded

    def is_plain(self, place: int, value: bytes) -> bool:
        return place in self.plain

    def way_in(self, place: int, value: bytes) -> str:
        self.asked.append(place)
        return self.way


def matches(*starts: int) -> Matches:
    start = np.array(starts, dtype=np.int64)
    count = len(starts)
    return Matches(
        text=bytes(100_000),
        offset=0,
        size=100_000,
        start=start,
        end=start + 10,
        kind=np.full(count, CODE[Kind.EMAIL], dtype=np.uint8),
        fingerprint=np.arange(count, dtype=np.uint64),
        owner=np.zeros(count, dtype=np.uint32),
        record=np.arange(count, dtype=np.uint64),
        table=np.zeros(count, dtype=np.uint32),
        number=np.arange(count, dtype=np.uint32),
        confirmed=np.zeros((count, 4), dtype=np.uint8),
    )


def way(trail: Trail | None, *starts: int, data_set: int = 0) -> str:
    ways = Ways(trail)
    ways.add(matches(*starts), np.zeros(len(starts), dtype=np.int64))
    return ways.of(data_set)


@pytest.mark.parametrize(
    ("trail", "starts", "expected"),
    [
        (Trail([(100, 200)]), (110, 150), "!base64"),
        (Trail([(100, 200)]), (10, 150), "!base64"),
        (Trail([(100, 200)]), (10, 20, 150), ""),
        (Trail([(100, 200)], plain=frozenset({110})), (10, 110), ""),
        (Trail([(100, 200)], plain=frozenset({110})), (10, 110, 150), "!base64"),
        (Trail([(100, 200), (300, 400)], since=90), (10, 20, 30, 350), "!base64"),
        (Trail([(100, 200)], way=""), (150,), ""),
        (Trail([]), (10, 150), ""),
        (None, (10, 150), ""),
    ],
)
def test_a_path_ends_with_the_encoding_that_most_values_are_only_read_out_of(
    trail: Trail | None, starts: tuple[int, ...], expected: str
) -> None:
    assert way(trail, *starts) == expected


def test_of_other_data_sets_nothing_is_said() -> None:
    assert way(Trail([(100, 200)]), 150, data_set=1) == ""


def test_of_very_many_values_few_are_looked_at() -> None:
    trail = Trail([(0, 90_000)])
    assert way(trail, *range(0, 80_000, 2)) == "!base64"
    assert len(trail.asked) == 3
