"""Made-up people whose values come in every form that a matcher must know."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

Person = dict[str, str]

GIVEN = (
    "Mary Seán Jörg Søren Åse François Łukasz Zoë Ana-María D'Arcy Nguyễn Ørjan İlker Ķārlis John Anna"
    " Patrick Bridget Liam Saoirse Maeve Tom Eoin Jürgen Strauß Ægir Chloë Noël Siân Björk Zuzana J. K"
).split()
FAMILY = (
    "Murphy O'Brien Müller Sørensen Kjærgård Lefèvre Wałęsa Núñez Smith-Jones MacDonald Ó'Dálaigh Größe"
    " Strasse García Novák Đorđević Paaske Aaen Joensuu Kelly Byrne Walsh Boehm Böhm Bohm Maeder Quaade"
    " Şahin Li Ng"
).split()
WHOLE_NAMES = (
    "Madonna|王小明|김민준|山田 太郎|Иван Петров|Maria del Carmen Ruiz Pérez|Prince|Dr. Ute van der Berg"
    "|Smith, John|Gal·la Puig|J. Smith|X Æ|Ono"
).split("|")
LONG_NAMES = [f"{('Bcdfghjklmnpqrst' * 3)[:size]} Li" for size in (20, 31, 32, 33)]
STREETS = (
    "12 Harbour Street|Hauptstraße 7|Calle Mayor, 104|3 Quay Lane|Storgata 22B|Kirchstr. 19|350 5th Ave"
    "|5 rue de l'Église|007 Long Road|Flat 2, 18 Mill View|14 Elm Close|Ο Δρόμος 31|221 Baker St"
    "|99999 Überlandstrasse|Bäckergasse 4a, 1010 Wien"
).split("|")
POSTCODES = (
    "D02 X285|90210|90210-1234|SW1A 1AA|0150|10115|1012 AB|K1A 0B1|31-042|T12RW8K|K1B0B1K1B0|9Z".split("|")
)
DOMAINS = (
    "post.example quay.example mail.co.example gmail.com googlemail.com müller.example x-y.example"
    " xn--mller-kva.example 例え.example sub.a-b.example"
).split()
TAGS = ("", "", "", "", "+shop", "+a.b", "+")
_IBAN_BODIES = {"IE": (4, 14), "DE": (0, 18), "NO": (0, 11), "GB": (4, 14), "MT": (4, 23)}


def people(count: int, *, seed: int) -> list[Person]:
    """So many different people, by field; phones have no region's layout yet (see PHONES)."""
    random = Random(seed)
    return [_person(random, number) for number in range(count)]


def luhn_digit(digits: str) -> str:
    """The check digit that makes the digits a card number."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    return str(-(doubled + sum(map(int, digits[-2::-2]))) % 10)


def iban(random: Random) -> str:
    """A valid IBAN of a random country, compact."""
    country, (letters, digits) = random.choice(sorted(_IBAN_BODIES.items()))
    body = "".join(random.choices("ABCDEFGHKLMN", k=letters)) + "".join(
        random.choices("0123456789", k=digits)
    )
    number = int("".join(str(int(character, 36)) for character in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02}{body}"


def irish(random: Random) -> str:
    number = random.choice(["86", "87", "85", "1"]) + f"{random.randrange(10**7):07}"
    return random.choice(["+353 {}", "0{}", "00353{}", "+353 (0){}", "353{}"]).format(number)


def american(random: Random) -> str:
    area, exchange, line = random.choice([202, 415, 646]), random.randint(200, 999), random.randrange(10**4)
    return random.choice(["({}) {}-{:04}", "+1 {} {} {:04}", "1-{}-{}-{:04}", "{}.{}.{:04}"]).format(
        area, exchange, line
    )


def norwegian(random: Random) -> str:
    digits = f"{random.choice([2, 4, 9])}{random.randrange(10**7):07}"
    return random.choice(["{}", "+47 {}", "0047{}"]).format(
        random.choice([digits, f"{digits[:3]} {digits[3:5]} {digits[5:]}"])
    )


def anywhere(random: Random) -> str:
    digits = "".join(random.choices("123456789", k=random.choice([7, 7, 8, 9, 9, 10, 12])))
    return random.choice(["", "0", "00", "+"]) + digits


PHONES = {"IE": irish, "US": american, "NO": norwegian, "": anywhere}


def phone(region: str, random: Random) -> str:
    """A number as people of a region write theirs; "" is no region in particular."""
    return PHONES[region](random)


def _person(random: Random, number: int) -> Person:
    name = random.choice(GIVEN) + " " + random.choice(FAMILY)
    if random.random() < 0.2:
        name = random.choice(
            [*WHOLE_NAMES, *LONG_NAMES, f"{name}-{random.choice(FAMILY)}", name.upper(), name.lower()]
        )
    card = "".join(["4", *random.choices("0123456789", k=random.choice([11, 14, 14, 14, 17]))])
    hexadecimal = "".join(random.choices("0123456789abcdef", k=8))
    return {
        "ticket": f"{random.choice(['TCK', 'TCK', 'ORD'])}-{number * 37 + 100:06}",
        "order": str(UUID(int=random.getrandbits(128))),
        "code": "".join(random.choices("ABCDEFGHJKMNPQRSTVWXYZ0123456789", k=8)),
        "hex": hexadecimal,
        "pps": f"{random.randrange(10**7):07}{random.choice('ABCDEFW')}{random.choice(['', '', 'A'])}",
        "name": name,
        "given": random.choice(GIVEN),
        "family": random.choice(FAMILY),
        "email": _address(random, name, number),
        "street": random.choice(STREETS),
        "postcode": random.choice(POSTCODES),
        "born": _born(random),
        "iban": iban(random),
        "card": card + luhn_digit(card),
        "IE": irish(random),
        "US": american(random),
        "NO": norwegian(random),
        "": anywhere(random),
    }


def _born(random: Random) -> str:
    day = random.randint(1, 28)
    if day > 26:
        return random.choice(["1980-02-29", "2000-02-29", "1964-12-31"])
    return f"{random.randint(1930, 2009)}-{random.randint(1, 12):02}-{day:02}"


def _address(random: Random, name: str, number: int) -> str:
    words: Sequence[str] = name.lower().replace(".", "").replace(",", "").replace("·", "").split()
    joint = random.choice([".", ".", "_", "-", "", "'", "..", "/", "#"])
    local = joint.join(words[:2]) + str(number)
    if random.random() < 0.6:
        local = "".join(character if character.isascii() else "o" for character in local)
    return f"{local}{random.choice(TAGS)}@{random.choice(DOMAINS)}"
