"""Texts full of what encodings are known by, and of what nearly is that."""

from collections.abc import Iterator
from random import Random

from encodings_of_text import ENCODINGS

VALUES = "Jörg Müller;jörg.müller@post.example;+353 85 123 4567;TS-2410377;Köln"
ENCODED = [encoding(VALUES) for encodings in ENCODINGS.values() for encoding in encodings.values()]
ALPHABETS = (
    *(bytes(range(256)), b"0123456789abcdefABCDEF", b"ABCDEFabcdef0123+/=-_", b"41 6d:-,\r\n", b"0123456789"),
    *(b"%\\=&u#x3D40\r\n", b"Zm9vYmFyA\n", b"\0A\xff"),
)
FILLINGS = (
    *(b" ", b"\n", b"%", b"\\", b"=", b"&", b"\xff", b"\0", b"ff", b"%2C", b"\\n", b"41 "),
    *(b"deadbeef ", b"abcdefghijklm", b"12345678901234567", b"VGhlIHF1aWNr"),
    *(b"UEsDBBQAAAA", b"\\nH4sIAAAAAA", b"JVBERi0xLjQ", b"504b03041400000008", b"1F8B0800000000000002"),
)
LONGEST = 150


def clue_texts(random: Random) -> Iterator[bytes]:
    """Without an end; most are some hundred bytes long, and begin and end anywhere."""
    while True:
        text = b"".join(_part(random) for _ in range(random.randrange(12)))
        yield text[random.randrange(4) : len(text) - random.randrange(4)]


def _part(random: Random) -> bytes:
    match random.randrange(4):
        case 0:
            return random.choice(ENCODED)
        case 1:
            return random.choice(FILLINGS) * random.randrange(80)
        case 2:
            return bytes(random.choices(random.choice(ALPHABETS), k=random.randrange(LONGEST)))
        case _:
            whole = random.choice(ENCODED)
            begin = random.randrange(len(whole))
            return whole[begin : begin + random.randrange(LONGEST)]
