"""Large texts that are sampled: all of one is read only where its sample shows something."""

import gzip
from pathlib import Path
from random import Random

import pytest

from desk import Desk
from trapstreet.store.models import Alert, SeenObject
from watched import health, leak, once, opened, registered, watched

__all__ = ["opened"]

LINE = "2026-11-23 10:00:00 INFO the printer on floor 2 has no paper left\n"
SAMPLE = 200_000


@pytest.fixture
def share(desk: Desk) -> Path:
    registered(desk)
    return watched(desk, "share", "--sample", "200 KB")


def log(size: int, *, leaks: tuple[tuple[float, str], ...] = ()) -> str:
    """A log of about so many bytes; what else stands in it, at which part of it."""
    lines = [LINE] * (size // len(LINE))
    for part, text in leaks:
        lines.insert(int(part * len(lines)), text)
    return "".join(lines)


def test_a_large_text_that_shows_nothing_is_said_to_be_sampled(desk: Desk, share: Path) -> None:
    (share / "print.log").write_text(log(4_000_000))
    (share / "small.txt").write_text(log(SAMPLE - 1000))
    figures = once(desk)["share"]
    assert figures["passed_over"] == {"read by a sample, which showed nothing": 1}
    assert figures["read"] == 2
    assert figures["bytes"] < 3 * SAMPLE
    assert health(desk, "share")["unread"] == 1
    assert once(desk)["share"]["read"] == 0


def test_a_leak_that_the_sample_meets_is_told_with_all_that_the_text_holds(
    desk: Desk, share: Path, opened: list[str]
) -> None:
    (share / "dump.sql").write_text(log(4_000_000, leaks=((0.01, leak(0)), (0.53, leak(1, 2)))))
    figures = once(desk, status=1)["share"]
    assert (figures["read"], figures["new"], figures["findings"]) == (1, 1, 1)
    assert "passed_over" not in figures or not figures["passed_over"]
    assert figures["bytes"] > 4_000_000
    (seen,) = SeenObject.objects.all()
    assert (seen.found, seen.why) == (1, "")
    assert Alert.objects.filter(kind="finding").count() == 1
    assert "3 of" in desk.do("case", "show", "1")
    opened.clear()
    assert once(desk)["share"]["read"] == 0
    assert opened == []


def test_a_dump_that_is_ours_from_end_to_end_is_met_wherever_it_begins(desk: Desk, share: Path) -> None:
    (share / "late.csv").write_text(log(1_000_000) + leak(0, 1, 2) * 20_000)
    assert once(desk, status=1)["share"]["findings"] == 1


@pytest.mark.parametrize("head", [b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3\x01\0\0", b"\x7fELF\2\1\1\0"])
def test_a_video_or_a_program_is_not_fetched_from_end_to_end(desk: Desk, share: Path, head: bytes) -> None:
    (share / "large").write_bytes(head + Random(7).randbytes(3_000_000))
    figures = once(desk)["share"]
    assert figures["passed_over"] == {"read by a sample, which showed nothing": 1}
    assert figures["bytes"] < 2 * SAMPLE


def test_a_text_in_utf_16_is_read_whole(desk: Desk, share: Path) -> None:
    (share / "dump.txt").write_text(log(600_000, leaks=((0.97, leak(0)),)), encoding="utf-16")
    assert once(desk, status=1)["share"]["findings"] == 1


def test_what_cannot_be_read_in_pieces_is_read_whole(desk: Desk, share: Path) -> None:
    noise = "".join(f"{hash((n, 7)):x} {hash((n, 11)):x}\n" for n in range(60_000))
    (share / "dump.gz").write_bytes(gzip.compress((noise + leak(0, 1)).encode()))
    assert (share / "dump.gz").stat().st_size > 2 * SAMPLE
    assert once(desk, status=1)["share"]["findings"] == 1
