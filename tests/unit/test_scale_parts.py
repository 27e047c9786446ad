"""Parts of a scan add up to the scan: the same findings, whoever searched what, and in whatever order."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from trapstreet.core.model.objects import Unread
from trapstreet.index import Lookup
from trapstreet.watch import Part, Public, Scan, TextSearch, scan, search, told
from watching import Keys, Memory, columns_of, lookup_of, matcher_of

HEADER = ("id", "email", "phone")
ROWS = [
    (str(n), f"person.{n}@mail.harbourside.example", f"+353 87 {1_234_567 + 7_919 * n:07}")
    for n in range(300)
]


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    folder: Path = tmp_path_factory.mktemp("index")
    return lookup_of(folder, ROWS, columns_of(ROWS, HEADER))


def texts() -> list[Memory | Unread]:
    """Records, numbers that are beyond the chance of few texts only, public values, what cannot be read."""
    found: list[Memory | Unread] = []
    for n in range(40):
        shown = {0: ROWS[n][1:], 1: (ROWS[n][2],), 2: ("test@example.com",)}.get(n % 5, ())
        found.append(Memory(f"text-{n:02}", "\n".join(("call +353 87 0000000", *shown))))
        if n % 9 == 0:
            found.append(Unread(f"text-{n:02}b", "permission denied"))
    found.append(Memory("numbers", "\n".join(row[2] for row in ROWS[:3])))
    return found


def whole(lookup: Lookup) -> Scan:
    public = Public.of((), lookup, Keys().fingerprint_key)
    return scan(texts(), lookup=lookup, matcher=matcher_of(lookup), public=public)


@pytest.mark.parametrize("sizes", [(41,), (1, 40), (10, 10, 10, 11), (1,) * 46])
def test_parts_give_what_one_scan_gives(lookup: Lookup, sizes: tuple[int, ...]) -> None:
    public = Public.of((), lookup, Keys().fingerprint_key)
    by, waiting, parts = TextSearch(lookup, matcher_of(lookup), public), texts(), list[tuple[int, bytes]]()
    for number, size in enumerate([*sizes, len(waiting)]):
        some, waiting = waiting[:size], waiting[size:]
        parts.append((number, search(some, by).encoded()))
    Random(7).shuffle(parts)
    came = Part.united(Part.decoded(each) for _, each in sorted(parts))
    assert told(came, lookup) == whole(lookup)


def test_what_a_few_texts_show_beyond_chance_many_may_not(lookup: Lookup) -> None:
    """A finding of a unit need be none of the scan: that is judged at the end, over all units."""
    public = Public.of((), lookup, Keys().fingerprint_key)
    (numbers,) = [each for each in texts() if isinstance(each, Memory) and each.path == "numbers"]
    alone = search([numbers], TextSearch(lookup, matcher_of(lookup), public))
    assert len(told(alone, lookup).findings) == 1
    others = Part(tests=10**9)
    assert told(Part.united([others, alone]), lookup).findings == []


def test_bytes_that_are_no_part_are_refused() -> None:
    for data in (b"", b"\x00", msgspec.msgpack.encode({"drafts": 5}), msgspec.msgpack.encode([1])):
        with pytest.raises(msgspec.MsgspecError):
            Part.decoded(data)
