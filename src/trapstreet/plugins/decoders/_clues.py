"""What encodings are known by: the first and cheapest look at a text, which most texts have nothing for."""

from typing import NamedTuple

LONG = 64
"""Characters of a run that may begin before the data, or with something else: the first group is sought."""

LOOKS = (0, 16, 32, 48)
"""Where in a long run text is looked for."""

HEAD = 6
"""Bytes by which text is known."""

FILE_HEAD = 3
"""Bytes by which files are looked for."""

FILES = (
    b"PK\3\4",
    b"%PDF-",
    b"\x1f\x8b\x08",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xd0\xcf\x11\xe0\xa1\xb1",
    b"\xfd7zXZ\0",
    b"BZh9",
    b"\x28\xb5\x2f\xfd",
    b"SQLite",
    b"PAR1",
)
"""What files begin with that may stand encoded in a text."""

FILE_HEADS = tuple(dict.fromkeys(int.from_bytes(each[:FILE_HEAD]) for each in FILES))

SKIPPED = {ord("\\"): 1, ord("%"): 2}
"""How many characters behind these belong to them: "n" of "\\n", "2C" of "%2C"."""


class Sign(NamedTuple):
    """A character, and those that it goes on with. The place is the character's."""

    sign: bytes
    then: bytes


class Pairs(NamedTuple):
    """Eight pairs of characters of an alphabet or more, each but the last with one behind it that is not in
    the alphabet. A place is that of any pair which seven follow."""

    alphabet: bytes


class Runs(NamedTuple):
    """Runs of characters of an alphabet that begin as text does, and go on so.

    least    characters of the shortest run that counts
    bits     that a character stands for
    value    by byte, what it stands for
    begins   where the second byte begins, and pairs: characters that a text may begin with, and those that
             may then stand there
    surely   characters of a run whose last bytes need not be text: its first may be Latin-1
    digits, longest, threes  a run of at most `longest` whose first `digits` characters are digits, fewer than
             `threes` of them a 3 that begins a byte, is a number and no text
    The place is where the run's first group of characters begins. A run that begins as one of FILES counts,
    too.
    """

    alphabet: bytes
    least: int
    bits: int
    value: bytes
    begins: tuple[int, tuple[tuple[bytes, bytes], ...]]
    surely: int
    digits: int
    longest: int
    threes: int

    @property
    def group(self) -> int:
        """Characters that stand for whole bytes."""
        return 4 if self.bits == 6 else 2

    @property
    def file_firsts(self) -> frozenset[int]:
        """What the first character of one of FILES may be."""
        heads = {each[0] >> 8 - self.bits for each in FILES}
        return frozenset(byte for byte in self.alphabet if self.value[byte] in heads)


Clue = Sign | Pairs | Runs


def bits_of(alphabets: tuple[bytes, ...]) -> bytes:
    """For each byte a bit for each alphabet that it is in."""
    return bytes(
        sum(1 << number for number, each in enumerate(alphabets) if byte in each) for byte in range(256)
    )
