"""Hostile texts that do hit: registered values in every writing, torn, glued, wrapped and drowned.

The same seed gives the same texts. Nothing here knows a matcher.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from hostile_writings import written

Record = Mapping[str, str]

_GAPS = [
    *["", "", ",", ";", "\t", " ", "\n", "\r\n", "|", '","', "','", '": "', " - ", ": ", "<td>",
        "</td>", "  "],
    *["\\n", "\\r", "\\t", "\\", "\\\\n", "'", "''", "\\'", '"', "(", ") ", "[", "{", "=", "#", "%20",
        "&nbsp;", "x", "_"],
    *["\u00a0", "\u202f", "\u2009", "\u2011", "\u2013", "\u3000", "é", "\u0301", "\u200b", "ß", "中",
        "😀", "\ufeff", "\u00b7"],
    *["\x00", "\x7f", "\x1f", "+", "00", "(0)", "0", "1", "n", "t", "@", ".", "-", "/", "//", "...",
        "xn--", "011", "+("],
]  # fmt: skip
_BYTES = [
    b"\xff",
    b"\x80",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"\xed\xb3\xbf",
    b"\xc0\xaf",
    b"\xf5",
]
_WORDS = (
    "the of and data Mary john murphy MÜLLER mueller street Road january Feb März 1980 12 7 01 02 19800201"
    " D02 X285 90210 o'brien li K. Dr. tel: e-mail id= TCK ORD tck-000123 2019-01-02 10.0.0.1 3.14 0x1f https://a.example"
).split()


def hostile_texts(records: Sequence[Record], seed: int, count: int) -> Iterator[bytes]:
    """So many texts of 0 to some 4,000 bytes; records are rows by field, as in matcher_world."""
    for number in range(count):
        random = Random(seed * 1_000_003 + number)
        yield _text(random, records)


def _text(random: Random, records: Sequence[Record]) -> bytes:
    few = random.sample(records, 3)  # so that fields of one record meet
    pieces = random.choice([1, 1, 2, 3, 5, 8, 20])
    text = b"".join(random.choices(_PIECES, _WEIGHTS)[0](random, few) + _gap(random) for _ in range(pieces))
    for _ in range(random.choice([0, 0, 0, 1, 1, 2, 6])):
        text = random.choice(_DAMAGES)(random, text)
    return text


def _gap(random: Random) -> bytes:
    if random.random() < 0.08:
        return random.choice(_BYTES)
    if random.random() < 0.06:  # fields at the very edge of what still confirms
        return random.choice([" ", ".", "é", "-"]).encode() * random.choice(
            [90, 150, 186, 195, 199, 200, 201, 205]
        )
    return "".join(random.choices(_GAPS, k=random.choice([1, 1, 1, 2, 3]))).encode()


# --- pieces


def _one_value(random: Random, records: Sequence[Record]) -> bytes:
    return _field(random, random.choice(records))


def _whole_record(random: Random, records: Sequence[Record]) -> bytes:
    record = random.choice(records)
    fields = random.sample(list(record), random.randint(1, len(record)))
    plain = random.random() < 0.5
    values = {field: record[field] if plain else written(random, field, record[field]) for field in fields}
    return random.choice(_LAYOUTS)(random, values).encode("utf-8", "surrogatepass")


def _prose(random: Random, records: Sequence[Record]) -> bytes:
    return " ".join(random.choices(_WORDS, k=random.randint(1, 40))).encode()


def _at_the_edge(random: Random, records: Sequence[Record]) -> bytes:
    """Two fields of a record, some 200 bytes apart."""
    record = random.choice(records)
    one, other = (_field(random, record) for _ in range(2))
    unit = random.choice(
        [" ", ".", "-", "1 ", "a ", "é ", "x1", "12-", "\u0301", " '", "\\n", "中", "@ ", "a@b.c "]
    )
    size = random.randint(150, 215) - random.choice([0, len(one), len(other)])
    filling = (unit.encode() * (size // len(unit.encode()) + 1))[:size]
    return one + random.choice([b"", b" "]) + filling + random.choice([b"", b" "]) + other


def _field(random: Random, record: Record) -> bytes:
    field = random.choice(list(record))
    value = record[field] if random.random() < 0.6 else written(random, field, record[field])
    return value.encode("utf-8", "surrogatepass")


def _noise(random: Random, records: Sequence[Record]) -> bytes:
    return random.choice(_NOISES)(random)


def _csv(random: Random, values: Record) -> str:
    quote = random.choice(["", '"'])
    return random.choice([",", ";", "\t"]).join(quote + value + quote for value in values.values()) + "\r\n"


def _json(random: Random, values: Record) -> str:
    ascii_only = random.random() < 0.5
    return json.dumps(dict(values), ensure_ascii=ascii_only, indent=random.choice([None, None, 2]))


def _sql(random: Random, values: Record) -> str:
    quoted = random.choice(["''", "\\'"])
    return "(" + ",".join("'" + value.replace("'", quoted) + "'" for value in values.values()) + "),"


def _log(random: Random, values: Record) -> str:
    fields = " ".join(f"{field or 'tel'}={value}" for field, value in values.items())
    return f"2019-03-04T05:06:07Z INFO 10.1.2.3 - {fields}\\n"


def _html(random: Random, values: Record) -> str:
    return "<tr>" + "".join(f"<td>{value}</td>" for value in values.values()) + "</tr>"


def _sentence(random: Random, values: Record) -> str:
    return "We met " + " and ".join(values.values()) + " there."


def _escaped_lines(random: Random, values: Record) -> str:
    return "\\n".join(values.values()) + "\\t"


def _long(random: Random, values: Record) -> str:
    return (random.choice(["x ", "12 ", ". ", "lorem ipsum "]) * random.randint(1, 40)).join(values.values())


# --- what holds nothing of ours, and costs most

_UNITS = [
    *["a.", "@", "a@", "a@b.", "a.b@c.d ", "@xn--", "xn--", "x@yé.z1", "é", "é@", "A", ".", "-", "+1", "+"],
    *["1", "1 ", "12-", "(0)", "(0) ", "00", "0 ", "4111 ", "1/2/", "DE89 ", "a1", "AB12", "TCK-000123"],
    *["a'", "a''b", "Mary ", "j ", "may 1 ", "\\n", "\\u00e9", "\\u0301", "\\u", "\\", "\x00", "\u0301"],
    *["中", "😀", "½", "TCK-", "\u00b7", "\u00a0"],
]  # fmt: skip


def _repeated(random: Random) -> bytes:
    return random.choice(_UNITS).encode() * random.choice([2, 3, 5, 9, 17, 40, 70, 200])


def _at_a_limit(random: Random) -> bytes:
    """About as long as an address, a number or a chain of digits may be."""
    domain = (
        ".".join(["d" * random.choice([9, 62, 63, 64]) for _ in range(5)])[: random.randint(240, 252)] + ".de"
    )
    return random.choice([
        b"k" * random.randint(61, 67) + b"@post.example",
        "=".join("k" * random.randint(7, 13)).encode() + b"@post.example",
        f"k@{domain}".encode(),
        f"k@{'l.' * random.randint(18, 22)}example".encode(),
        f"k@{'l' * random.randint(60, 66)}.{'e' * random.randint(60, 66)}".encode(),
        "".join(random.choices("0123456789", k=random.randint(15, 20))).encode(),
        b"1" * random.randint(1, 5) + b" (0)" * random.randint(12, 14) + b" 34567890"[: random.randint(7, 9)],
        b" " * random.randint(900, 1_100) + b"(0)" * random.randint(6, 30) + b" 86 123 4567",
        b" ".join([b"12"] * random.randint(4, 9)),
        b"-".join([b"411"] * random.randint(4, 7)),
    ])  # fmt: skip


def _random_of(alphabet: bytes) -> Callable[[Random], bytes]:
    return lambda random: bytes(random.choices(alphabet, k=random.randint(1, 90)))


_NOISES: list[Callable[[Random], bytes]] = [
    *[_repeated, _repeated, _repeated, _at_a_limit, _at_a_limit],
    _random_of(bytes(range(256))),
    _random_of(b"0123456789"),
    _random_of(b"0123456789 -()+."),
    _random_of(b"0123456789abcdef-"),
    _random_of(b"abcXYZ019@.-_+'\\nrt"),
    _random_of("aé中ü\u0301\u00b7ø 1½²".encode()),
    lambda random: bytes(random.choices(b"abcdefghij", k=random.choice([31, 32, 33, 63, 64, 65, 70]))),
    lambda random: ("a" + "\u0301" * random.randint(1, 7) + "b").encode(),
    lambda random: "".join(
        map(chr, random.choices([*range(0x20, 0xD800), *range(0xE000, 0x10400)], k=9))
    ).encode(),
]
_LAYOUTS = [_csv, _csv, _json, _sql, _log, _html, _sentence, _escaped_lines, _long]
_PIECES = [_one_value, _whole_record, _at_the_edge, _prose, _noise]
_WEIGHTS = [4, 4, 3, 1, 2]


# --- damage to the bytes of a whole text


def _deleted(random: Random, text: bytes) -> bytes:
    at = random.randint(0, len(text))
    return text[:at] + text[at + random.choice([1, 1, 2, 5, 60]) :]


def _inserted(random: Random, text: bytes) -> bytes:
    at = random.randint(0, len(text))
    return text[:at] + _gap(random) + text[at:]


def _flipped(random: Random, text: bytes) -> bytes:
    if not text:
        return text
    at = random.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << random.randrange(8))]) + text[at + 1 :]


def _doubled(random: Random, text: bytes) -> bytes:
    at = random.randint(0, len(text))
    size = random.choice([1, 1, 2, 3, 30, 300])
    return text[: at + size] + text[at:]


def _cut(random: Random, text: bytes) -> bytes:
    return text[
        random.choice([0, 1, 2, 3, len(text) // 2]) : len(text) - random.choice([0, 1, 2, 3, len(text) // 3])
    ]


def _separators_out(random: Random, text: bytes) -> bytes:
    return text.replace(
        random.choice([b" ", b",", b";", b"-", b"."]), random.choice([b"", b"\xc2\xa0", b"\xc3\xa9", b"\\n"])
    )


_DAMAGES = [_deleted, _inserted, _inserted, _flipped, _doubled, _cut, _separators_out]
