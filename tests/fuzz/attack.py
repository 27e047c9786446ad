"""Runs inside the sanitized process: texts made to harm the kernel, each answered as the reference answers.

attack.py SEED SECONDS FOLDER      (started by sanitized.py)
"""

import ctypes
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
from sanitized import FIRST_CHECK

from hostile import hostile_texts
from matcher_world import World, made_up_world
from matchers import everything
from trapstreet.core.maths.codebits import code_bits
from trapstreet.index import Matcher, Matches, ReferenceMatcher, count_held, kernel, kernel_config, native

BATCH = 100
LONGEST = 200
PARTS = 6
ALPHABETS = (
    *(bytes(range(256)), b"\0", b"@", b"@.a", b"0123456789", b"0123456789 ()+-./"),
    *(b"\\nrtu0e9'@ ", b"\xc3\xa9@.x"),
)
FILLINGS = (b" ", b"a", b"0", b"@", b"\0", b"\xc3\xa9", b"\xff", b".")


def main(seed: int, seconds: float, folder: Path) -> None:
    """Until the time is up; raises where the two differ; a sanitizer ends the process where it objects."""
    require_sanitized()
    end = time.monotonic() + seconds
    world = made_up_world(folder / "index")
    both = Both(world)
    random = Random(seed)
    texts = hits = size = 0
    for text in endless(world, seed):
        texts, hits, size = texts + 1, hits + both.compare(text, random), size + len(text)
        compare_counts(random)
        if time.monotonic() > end:
            break
    print(f"seed {seed}: {texts:,} texts, {size:,} bytes, {hits:,} hits: no difference and no complaint")
    if hits < texts:
        sys.exit("too few hits: what is done with one was not tried")


def require_sanitized() -> None:
    """Ends the process unless the kernel in it is the one with the sanitizers."""
    library = native.load()
    if library is None:
        sys.exit(f"no kernel: {native.why_not()}")
    if not hasattr(library, FIRST_CHECK) or not hasattr(ctypes.CDLL(None), FIRST_CHECK):
        sys.exit("the kernel that was loaded is not the sanitized one")


def endless(world: World, seed: int) -> Iterator[bytes]:
    """Hostile texts, raw bytes, and texts that a hit fills from the first byte to the last, in turns."""
    sizes = snug(world, Random(seed))
    number = 0
    while True:
        yield from hostile_texts(world.records, seed + number, BATCH)
        yield from raw(Random(seed + number), BATCH)
        yield from (next(sizes) for _ in range(BATCH))
        number += 1


def raw(random: Random, count: int) -> Iterator[bytes]:
    """Random bytes of one alphabet each, mostly short."""
    for _ in range(count):
        size = random.randrange(random.choice((80, 3_000)))
        yield bytes(random.choices(random.choice(ALPHABETS), k=size))


def snug(world: World, random: Random) -> Iterator[bytes]:
    """Texts of every size from 0 to LONGEST, over and over, a hit or part of one at the beginning or end."""
    while True:
        for size in range(LONGEST + 1):
            record = random.choice(world.records)
            values = " ".join(random.sample(list(record.values()), k=random.choice((1, 1, 2, 3)))).encode()
            filling = random.choice(FILLINGS) * size
            for text in (values + filling, (filling + values)[::-1][:size][::-1]):
                yield text[:size]


def compare_counts(random: Random) -> None:
    """Raises AssertionError where the kernel counts other code bits than the reference."""
    ids = np.frombuffer(random.randbytes(8 * random.randrange(40)), dtype=np.uint64)
    keys = [random.randbytes(16) for _ in range(random.randrange(4))]
    where = {"slot": random.getrandbits(32), "threshold": random.getrandbits(64)}
    counts = count_held(keys, ids, **where).tolist()
    if counts != [np.count_nonzero(code_bits(key, ids, **where)) for key in keys]:
        raise AssertionError(f"{counts} are other counts for {keys}, {ids.tolist()}, {where}")


class Both:
    """The kernel, through one route to all tables and with two threads on each, and what both must equal."""

    def __init__(self, world: World) -> None:
        self._kernels = []
        for kernel_config.FEW_TABLES, threads in ((0, 1), (len(world.lookup.tables), 2)):
            self._kernels.append(kernel.KernelMatcher(world.lookup, world.key_of, threads))
        self._reference = ReferenceMatcher(world.lookup, world.key_of)

    def compare(self, text: bytes, random: Random) -> int:
        """How many hits the text has; raises AssertionError where the kernel's answer is another.

        The kernel reads the text whole, cut into stretches, and parts of it that begin and end anywhere.
        """
        candidates = random.random() < 0.5
        expected = everything(self._reference.matches([text], candidates=candidates))
        for matcher in self._kernels:
            stretch = random.choice((len(text), random.randint(len(text) // 4, len(text)))) + 1
            found = everything(self._searched(matcher, text, stretch, candidates))
            names = expected.keys() | found.keys()
            different = sorted(name for name in names if expected.get(name) != found.get(name))
            if different:
                raise AssertionError(f"{different} differ in stretches of {stretch} bytes of {text!r}")
        for _ in range(PARTS):
            begin = random.randint(0, len(text))
            part = text[begin : random.randint(begin, len(text))]
            self._searched(random.choice(self._kernels), part, len(text) + 1, candidates)
        return len(expected["start"])

    def _searched(self, matcher: Matcher, text: bytes, stretch: int, candidates: bool) -> list[Matches]:
        kernel.STRETCH = stretch
        return list(matcher.matches([text], candidates=candidates))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
