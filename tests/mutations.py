"""Files as they come from bad disks, cut transfers and attackers, the same ones for the same seed."""

from collections.abc import Callable, Sequence
from random import Random

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Where counters overflow, signs change and sizes lie."""

_HEADER = 512
_LARGEST = 1 << 20


def mutated(data: bytes, random: Random, others: Sequence[bytes]) -> tuple[str, bytes]:
    """What was done to the data, and what has become of it.

    others  files whose headers and ends are spliced in
    """
    name = random.choice(list(KINDS))
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        KINDS[name](out, random, others)
    return name, bytes(out[:_LARGEST])


def _flip(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    for _ in range(random.choice((1, 2, 8, 64))):
        if data:
            data[_place(data, random)] ^= 1 << random.randrange(8)


def _overwrite(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    begin, end = _stretch(data, random)
    data[begin:end] = random.randbytes(end - begin)


def _lie(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    width = random.choice((1, 2, 4, 8))
    at = _place(data, random)
    order = random.choice(("little", "big"))
    data[at : at + width] = (random.choice(NUMBERS) & (1 << 8 * width) - 1).to_bytes(width, order)


def _truncate(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    del data[_place(data, random) :]


def _behead(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    del data[: random.randrange(min(len(data), _HEADER) + 1)]


def _duplicate(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    begin, end = _stretch(data, random)
    block = bytes(data[begin:end])
    data[end:end] = block * random.choice((1, 1, 3, 40))


def _swap(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    begin, end = _stretch(data, random)
    block = bytes(data[begin:end])
    del data[begin:end]
    at = _place(data, random)
    data[at:at] = block


def _remove(data: bytearray, random: Random, _: Sequence[bytes]) -> None:
    begin, end = _stretch(data, random)
    del data[begin:end]


def _splice_header(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    size = random.choice((4, 8, 64, _HEADER))
    if random.random() < 0.5:
        data[:size] = other[:size]
    else:
        data[:0] = other[:size]


def _splice_end(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    data += other[-random.randrange(1, len(other) + 1) :]


KINDS: dict[str, Callable[[bytearray, Random, Sequence[bytes]], None]] = {
    "bits flipped": _flip,
    "overwritten": _overwrite,
    "a number lies": _lie,
    "cut short": _truncate,
    "without its beginning": _behead,
    "a block twice": _duplicate,
    "blocks swapped": _swap,
    "a block removed": _remove,
    "another's header": _splice_header,
    "another's end": _splice_end,
}


def _place(data: bytearray, random: Random) -> int:
    """Mostly anywhere, often where headers and directories are."""
    if not data:
        return 0
    edge = min(_HEADER, len(data))
    where = random.random()
    if where < 0.3:
        return random.randrange(edge)
    return len(data) - 1 - random.randrange(edge) if where < 0.5 else random.randrange(len(data))


def _stretch(data: bytearray, random: Random) -> tuple[int, int]:
    begin = _place(data, random)
    return begin, min(len(data), begin + random.choice((1, 4, 16, 64, 512, 4096)))
