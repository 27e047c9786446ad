"""Re-match: a data set that comes later, looked for in what is remembered of a million objects."""

import os
from random import Random
from resource import RUSAGE_SELF, getrusage

import numpy as np
from numpy.typing import NDArray

from measuring import SEED, Cost, Desk, desk, timed
from trapstreet.app.recalling import Recalling
from trapstreet.app.remembering import anything_matcher, memory_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.index.hashes import siphash24_many
from trapstreet.register.service import EPOCH
from trapstreet.watch.blocks import Entry
from trapstreet.watch.domain.anything import KINDS, Gathering, Values

OBJECTS, SOURCES, STEP = 1_000_000, 100, 200
EMAILS, PHONES, CODES = 30, 10, 10
"""Values of an object that are somebody else's: its phone numbers are of the same ten million as ours."""
RECORDS = 100_000
PLANTED = 1_000
"""Objects that hold from one to five records of the data set among all others."""
SECONDS = 60.0
_PHONES = 2_000_000


def main() -> None:
    with desk() as at:
        at.begin()
        objects = OBJECTS // (50 if at.quick else 1)
        planted = _remember(at, objects)
        _gathering(at)
        table = at.folder / "people.csv"
        table.write_text("id,name,email,phone\n" + "".join(map(_person, range(RECORDS))))
        at.say("register", at.run("register", table, "--name", "people", "--key", "id"), items=RECORDS)
        _recall(at, objects, planted)


def _person(number: int) -> str:
    return f"{number},Person {number} Byrne,{_line(number)}\n"


def _line(number: int) -> str:
    return f"person.{number}.byrne@harbour.example,+353 87 {1_000_000 + number * 73 % 9_000_000}"


def _remember(at: Desk, objects: int) -> set[int]:
    """What steps of 200 objects would have left; the numbers of the planted objects."""
    from trapstreet.store.models import SeenObject, WatchedSource

    workspace = Workspace.open(at.workspace)
    memory, matcher = memory_of(workspace), anything_matcher(workspace)
    draw, random = Random(SEED), np.random.default_rng(SEED)
    key = workspace.ring.fingerprint_key(Kind.PHONE, EPOCH)
    phones = siphash24_many(key, [b"~87%07d" % (1_000_000 + n * 9 // 2) for n in range(_PHONES)])
    planted = set(draw.sample(range(objects), PLANTED // (50 if at.quick else 1)))
    each = objects // SOURCES

    def fill() -> None:
        for number in range(SOURCES):
            source = WatchedSource.objects.create(
                name=f"share-{number}", kind="directory", options={"url": "/nowhere"}, every=86_400, rules={},
                added_at=0, due_at=1 << 60, figures={}, objects_there=each,
            )  # fmt: skip
            for first in range(number * each, (number + 1) * each, STEP):
                entries = []
                for at_ in range(first, min(first + STEP, (number + 1) * each)):
                    values = _values(random, phones)
                    if at_ in planted:
                        values = _with(values, Gathering(matcher), draw)
                    entries.append(Entry(at_.to_bytes(16, "big"), at_ + 1, values))
                memory.append(source.id, entries, stand=0, epoch=EPOCH)
                SeenObject.objects.bulk_create(
                    SeenObject(
                        source=source,
                        key=key,
                        state=state,
                        path=f"/nowhere/{state}",
                        size=1,
                        readers="",
                        first_at=0,
                        read_at=0,
                    )
                    for key, state, _ in entries
                )

    at.say(f"{objects:,} objects made up, written down", timed(fill), items=objects)
    size = sum(file.stat().st_size for file in (at.workspace / "remembered").glob("*.seen"))
    print(f"{'remembered':52}{size / objects:7.0f} bytes an object of {EMAILS + PHONES + CODES} values")
    return planted


def _values(random: np.random.Generator, phones: NDArray[np.uint64]) -> Values:
    """Somebody else's values."""
    counts = {Kind.EMAIL: EMAILS, Kind.REFERENCE: CODES}
    parts = {
        kind: np.sort(random.integers(0, 1 << 64, count, dtype=np.uint64)) for kind, count in counts.items()
    }
    parts[Kind.PHONE] = np.unique(phones[random.integers(0, len(phones), PHONES)])
    return Values(tuple(parts.get(kind, np.empty(0, dtype=np.uint64)) for kind in KINDS))


def _with(values: Values, gathering: Gathering, draw: Random) -> Values:
    """The same object with records of ours in it."""
    lines = "\n".join(_line(draw.randrange(RECORDS)) for _ in range(draw.randint(1, 5)))
    for _ in gathering.through([lines.encode()]):
        pass
    pairs = zip(values.prints, gathering.values().prints, strict=True)
    return Values(tuple(np.unique(np.concatenate(pair)) for pair in pairs))


def _gathering(at: Desk) -> None:
    """What remembering costs while objects are read."""
    matcher = anything_matcher(Workspace.open(at.workspace))
    words = "".join(f"{_line(n)} and some other words\n" for n in range(25))
    table = "".join(f"{n},{_line(n)}\n" for n in range(170_000))
    for what, text, times in (
        ("an object of 2 KB with 50 values", words, 2_000),
        ("a table of 10 MB", table, 1),
    ):
        content = text.encode()

        def gather(content: bytes = content, times: int = times) -> None:
            for _ in range(times):
                gathering = Gathering(matcher)
                for _ in gathering.through([content]):
                    pass
                gathering.values()

        at.say(f"remember {what}", timed(gather), items=times, megabytes=len(content) * times / 1e6)


def _recall(at: Desk, objects: int, planted: set[int]) -> None:
    from trapstreet.store.models import SeenObject

    workspace = Workspace.open(at.workspace)
    said: list[str] = []
    cost = timed(lambda: Recalling(workspace, said.append).turn())
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    at.say(f"recall of {objects:,} objects", Cost(cost.wall, cost.cpu, peak), items=objects, seconds=SECONDS)
    again = {
        int.from_bytes(bytes(key), "big")
        for key in SeenObject.objects.filter(recalled__isnull=False).values_list("key", flat=True)
    }
    print(f"{'planted objects that are read again':52}{len(again & planted):7} of {len(planted)}")
    print(f"{'others that are':52}{len(again - planted):7} of {objects - len(planted):,}")
    quiet = timed(lambda: Recalling(workspace, said.append).turn())
    at.say("a first turn with nothing new", quiet, seconds=5.0)
    if planted - again:
        at.missed.append(f"{len(planted - again)} planted objects were not found")


if __name__ == "__main__":
    os.environ.setdefault("TRAPSTREET_KIT_PASSPHRASE", "only for benchmarks")
    main()
