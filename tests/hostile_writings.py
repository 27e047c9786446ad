"""One registered value in some writing of its kind, right or nearly right."""

import json
import re
import unicodedata
from collections.abc import Callable
from random import Random

_SEPARATORS = [
    " ",
    "-",
    ".",
    "/",
    "",
    ") ",
    " - ",
    "  ",
    "\u00a0",
    "\u202f",
    "\u2011",
    "_",
    ":",
    "#",
    ", ",
    "    ",
]
_FULL_WIDTH = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "é": "e"}
)
_MONTHS = "January February March April May June July August September October November December".split()
_COUNTRY_CODES = ("353", "47", "1", "36", "7", "39", "49", "55", "46", "65")
_PREFIXES = (
    "|0|00|+C |+C (0)|00C|0C|+C|00C |C|C-|+C (|011 C |011C|(0)|(0|+(C)|+44 |00 C 0|8|1|06|+ |+00C|+011C|0000"
    "|+C(0) |+C 06 |C (0)-"
).split("|")
_BEHIND = ("", "", "", "x12", " ext. 4", "X", "a", "_", " (0)", "(0)1", "-1")


def written(random: Random, field: str, value: str) -> str:
    """The value of a field (see matcher_people) as some text may have it."""
    kind = "phone" if field.isupper() or not field else field
    value = random.choice(_WRITINGS.get(kind, _CODES))(random, value)
    if random.random() < 0.15:
        value = random.choice(_ANY)(value)
    return value


def _as_is(random: Random, value: str) -> str:
    return value


def _regrouped(random: Random, value: str) -> str:
    """Letters and digits in new groups, with separators that may be too wide."""
    kept = [character for character in value if character.isalnum()]
    one = random.choice(_SEPARATORS)
    for at in sorted(
        random.sample(range(1, max(2, len(kept))), min(len(kept) - 1, random.choice([1, 2, 3, 4, 7])))
    )[::-1]:
        kept.insert(at, one if random.random() < 0.7 else random.choice(_SEPARATORS))
    return "".join(kept)


def _compact(random: Random, value: str) -> str:
    return "".join(filter(str.isalnum, value))


def _bare(random: Random, value: str) -> str:
    return re.sub(r"^[A-Za-z]+\W*", random.choice(["", "#", "no. ", "tck", "ORD ", "X-"]), value)


def _redialled(random: Random, value: str) -> str:
    """The national number, as far as one can tell, behind what people dial before it, and others not."""
    digits = re.sub(r"\D", "", value).lstrip("0")
    code = random.choice(_COUNTRY_CODES)
    for own in _COUNTRY_CODES:
        if digits.startswith(own) and random.random() < 0.7:
            digits, code = digits[len(own) :].lstrip("0"), own
            break
    prefix = random.choice(_PREFIXES).replace("C", code)
    number = _regrouped(random, digits) if random.random() < 0.6 else digits
    return prefix + number + random.choice(_BEHIND)


def _zero_inside(random: Random, value: str) -> str:
    at = random.randint(0, len(value))
    return value[:at] + random.choice(["(0)", " (0) ", "-(0)-", "((0))"]) + value[at:]


def _other_address(random: Random, value: str) -> str:
    local, _, domain = value.rpartition("@")
    base = local.partition("+")[0]
    changes = {
        "tag": f"{base}+{random.choice(['x', '1', 'a.b', 'a+b'])}",
        "dots": ".".join(base),
        "no dots": base.replace(".", ""),
        "upper": local.upper(),
        "glued": random.choice(
            ["n", "t", "x", "é", "é=", "'", "=", "/", "%", "{", "_", "+.", "a'b", "k" * 64]
        )
        + local,
        "as is": local,
    }
    domains = [
        domain,
        domain.upper(),
        domain + ".",
        domain + ".Next",
        domain + ".com",
        domain + "é",
        domain + "1",
        domain.encode("idna").decode() if domain.isalpha() else domain,
        domain.replace("gmail", "googlemail"),
        "xn--" + domain,
        domain + ".xn--p1ai",
        "é" + domain,
        domain.replace(".", ".."),
    ]
    return random.choice(list(changes.values())) + "@" + random.choice([domain, domain, *domains])


def _other_name(random: Random, value: str) -> str:
    words = value.replace(",", " ").split()
    first, last = words[0], words[-1]
    return random.choice(
        [
            f"{last}, {first}",
            f"{first[0]}. {last}",
            f"{last} {first[0]}",
            f"{last};{first}",
            f"{first[0]}{last}",
            f"{first}  {last}",
            f"{first} X. {last}",
            f"{first} of the {last}",
            f"{last}\\n{first}",
            f"Dr {value}",
            value.upper(),
            value.replace("'", "''"),
            value.replace("'", "\\'"),
            value.replace("'", "\u2019"),
            value.translate(_UMLAUTS),
            unicodedata.normalize("NFD", value),
            unicodedata.normalize("NFKD", value),
            json.dumps(value)[1:-1],
            first,
            last,
            "-".join(words),
            "".join(words),
            "'".join(words),
            value.replace(" ", "\u00a0"),
            value.replace("o", "\\u006f"),
        ]
    )


def _with_silence(random: Random, value: str) -> str:
    """Characters that fold to nothing within the words: some 16 bytes at a place, or a word of some 64."""
    if random.random() < 0.5:
        at = random.randint(0, len(value))
        silence = random.choice(["\u0301", "\u200b", "\\u0301", "\u00b7"]) * random.choice(
            [2, 3, 5, 6, 7, 8, 9]
        )
        return value[:at] + silence + "\u0301" * random.choice([0, 1, 2]) + value[at:]
    word = max(value.split() or [value], key=len)
    letters = list(word)
    missing = random.randint(62, 67) - len(word.encode())
    while missing > 1 and len(letters) > 1:
        mark = "\u200b" if missing % 2 else "\u0301"
        letters[random.randrange(len(letters) - 1)] += mark
        missing -= len(mark.encode())
    return value.replace(word, "".join(letters))


def _other_date(random: Random, value: str) -> str:
    year, month, day = value.split("-")
    name = random.choice([_MONTHS[int(month) - 1], _MONTHS[int(month) - 1][:3].upper(), "März", "févr."])
    gap = random.choice(["", " ", "   ", " ,, ", "\u00a0-", "é", "é é"])
    between = " " + " ".join(["a"] * random.randint(0, 4)) + " "
    dotted = [chr(0x2487 + int(part)) if int(part) <= 20 else part for part in (day, month)]
    return random.choice(
        [
            value,
            f"{day}/{month}/{year}",
            f"{int(month)}/{int(day)}/{year}",
            f"{day}.{month}.{year[2:]}",
            year + month + day,
            day + month + year,
            month + day + year,
            f"{int(day)} {name} {year}",
            f"{name} {int(day)}, {year}",
            f"{day}-{name}-{year}",
            f"{name} {day}th {year}",
            f"{year} {month} {day}",
            f"{year}/{int(month)}/{int(day)}T00",
            f"{day}of {name} in the year {year}",
            gap.join([day, month, year]),
            gap.join([*dotted, year]),
            "".join([*dotted, year]),
            between.join([day, name, year]),
            between.join([name, day, year]),
            f"{name}{between}{day} {year}",
            f"{day}{between}{name} {year}",
            f"{day}  -  {month} {year}",
            f"{int(day)} de {name} de {year}",
        ]
    )


def _other_street(random: Random, value: str) -> str:
    words = value.replace(",", " ").split()
    random.shuffle(words)
    return random.choice(
        [
            " ".join(words),
            value.replace("straße", "str.").replace("str.", "strasse"),
            value.translate(_UMLAUTS),
            value.upper(),
            ", ".join(words),
            value.replace(" ", "  "),
            "00" + value,
            value.replace(" ", " " + "a 1 b c " * random.choice([1, 1, 2])),
            value.replace(" ", " a" * random.randint(2, 6) + " "),
            value.replace("t", "\\u0074"),
        ]
    )


def _other_postcode(random: Random, value: str) -> str:
    tight = "".join(filter(str.isalnum, value))
    at = random.randint(0, len(tight))
    return random.choice(
        [
            value.lower(),
            tight,
            tight[:at] + random.choice([" ", "-", "  ", "   ", "    ", "é"]) + tight[at:],
            "x" + tight,
        ]
    )


_Writing = Callable[[Random, str], str]
_CODES: list[_Writing] = [_as_is, _regrouped, _compact, _bare]
_WRITINGS: dict[str, list[_Writing]] = {
    "phone": [_as_is, _redialled, _redialled, _redialled, _regrouped, _zero_inside],
    "email": [_as_is, _other_address, _other_address],
    "name": [_as_is, _other_name, _other_name, _with_silence],
    "given": [_as_is, _other_name, _with_silence],
    "family": [_as_is, _other_name, _with_silence],
    "born": [_other_date],
    "street": [_as_is, _other_street, _with_silence],
    "postcode": [_as_is, _other_postcode],
    "iban": [_as_is, _regrouped, lambda _, value: " ".join(re.findall("..?.?.?", value))],
    "card": [_as_is, _regrouped, lambda _, value: "-".join(re.findall("..?.?.?", value))],
}
_ANY: list[Callable[[str], str]] = [
    str.upper,
    str.lower,
    str.swapcase,
    lambda value: value.translate(_FULL_WIDTH),
    lambda value: unicodedata.normalize("NFD", value),
    lambda value: value.replace(" ", "\u00a0"),
    lambda value: "".join(
        f"\\u{ord(character):04x}" if ord(character) < 0x10000 else character for character in value
    ),
    lambda value: "".join(
        chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in value
    ),
    lambda value: value[: len(value) // 2] + "\ud800" + value[len(value) // 2 :],
]
