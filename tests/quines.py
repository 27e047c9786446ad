"""Packed files that unpack to themselves, for ever.

Source: R. Cox, "Zip Files All The Way Down", 2010: a deflate stream of literals L and repeats R that writes
the prefix, itself and the suffix. The checksum that the file must hold of itself is a linear equation.
"""

import struct
import zlib
from collections.abc import Callable

_LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115]
_DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193]
_END = "0" * 7
_FINAL = b"\x01\0\0\xff\xff"


def gzip_quine() -> bytes:
    def made(checksum: int, size: int) -> bytes:
        header = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"q.gz\0"
        return _around(header, _FINAL + struct.pack("<2I", checksum, size))

    return _true_of_itself(made)


def zip_quine() -> bytes:
    name = b"q.zip"

    def made(checksum: int, size: int) -> bytes:
        directory = 46 + len(name)
        packed = size - 30 - len(name) - directory - 22
        about = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, checksum, packed % 2**32, size, len(name), 0)
        entry = b"PK\1\2\x14\0" + about + bytes(14) + name
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, directory, (size - directory - 22) % 2**32, 0)
        return _around(b"PK\3\4" + about + name, _FINAL + entry + end)

    return _true_of_itself(made)


def _around(prefix: bytes, suffix: bytes) -> bytes:
    """The prefix, a deflate stream of all of this, and the suffix, which ends the stream."""
    prefixed, again = _literal(len(prefix) + 5), _repeat(len(prefix) + 5, 15)
    group, group_again = _literal(30), _repeat(30, 10)
    suffixed, at_last, nothing = _literal(len(suffix) + 10), _repeat(len(suffix) + 10, 10), _literal(0)
    groups = [
        again + _literal(5) + _literal(15) + group,
        group_again + group + group_again + group,
        group_again + 3 * nothing + suffixed,
    ]
    return b"".join(
        [
            *(prefix, prefixed, prefix, prefixed, again),
            *(_literal(15), again, _literal(5), _literal(15)),
            *(group + each + group_again for each in groups),
            *(3 * nothing, suffixed, at_last, suffix, at_last, suffix),
        ]
    )


def _literal(size: int) -> bytes:
    """So many bytes follow, which are written as they are: 5 bytes."""
    return struct.pack("<BHH", 0, size, size ^ 0xFFFF)


def _repeat(size: int, length: int) -> bytes:
    """The last `size` bytes once more, in exactly so many bytes: matches, and empty blocks for the rest."""
    for count in range(1, 40):
        sizes = [size // count + (number < size % count) for number in range(count)]
        matches = "".join(_code(each) + _distance(size) for each in sizes if 3 <= each < 115)
        rest = length * 8 - len("010" + matches + _END)
        if min(sizes) >= 3 and max(sizes) < 115 and rest >= 0 and rest % 10 == 0:
            bits = "010" + matches + _END + ("010" + _END) * (rest // 10)
            return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    raise AssertionError(f"{size} bytes are not repeated in {length}")


def _code(size: int) -> str:
    symbol = max(number for number, least in enumerate(_LENGTHS) if least <= size)
    extra = max(0, symbol // 4 - 1)
    return f"{symbol + 1:07b}" + _low_first(size - _LENGTHS[symbol], extra)


def _distance(size: int) -> str:
    symbol = max(number for number, least in enumerate(_DISTANCES) if least <= size)
    extra = max(0, symbol // 2 - 1)
    return f"{symbol:05b}" + _low_first(size - _DISTANCES[symbol], extra)


def _low_first(number: int, bits: int) -> str:
    return f"{number:0{bits}b}"[::-1] if bits else ""


def _true_of_itself(made: Callable[[int, int], bytes]) -> bytes:
    """The file that holds its own CRC-32: that of a sum is the sum of theirs, so 32 tries tell all."""
    size = len(made(0, 0))
    nothing = zlib.crc32(made(0, size))
    rows: dict[int, tuple[int, int]] = {}
    for bit in (1 << number for number in range(32)):
        value, choice = zlib.crc32(made(bit, size)) ^ nothing ^ bit, bit
        value, choice = _reduced(value, choice, rows)
        rows[value.bit_length()] = value, choice
    _, checksum = _reduced(nothing, 0, rows)
    file = made(checksum, size)
    assert zlib.crc32(file) == checksum
    return file


def _reduced(value: int, choice: int, rows: dict[int, tuple[int, int]]) -> tuple[int, int]:
    while value and value.bit_length() in rows:
        other, chosen = rows[value.bit_length()]
        value, choice = value ^ other, choice ^ chosen
    return value, choice
