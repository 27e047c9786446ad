"""Worlds of one layout of codes each, or one region's telephone numbers; one of all; and a large one."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID

from matcher_people import Person, people
from matcher_world import Table, World
from trapstreet.core.fields.numbering import plan_of

_LETTERS, _DIGITS, _HEX = "ABCDEFGHJKLMNPRSTUVXYZ", "0123456789", "0123456789abcdef"


def _some(alphabet: str, least: int, most: int = 0) -> Callable[[Random], str]:
    return lambda random: "".join(random.choices(alphabet, k=random.randint(least, most or least)))


def _lines(*layouts: str) -> Callable[[Random], str]:
    """Layouts in which 0 stands for a digit and A for a letter that both vary."""

    def drawn(random: Random) -> str:
        return "".join(
            random.choice(_DIGITS if sign == "0" else _LETTERS) if sign in "0A" else sign
            for sign in random.choice(layouts)
        )

    return drawn


LAYOUTS: dict[str, Callable[[Random], str]] = {
    "counter": lambda random: f"TCK-{random.randrange(10**6):06}",
    "two counters": lambda random: f"{random.choice(['KD', 'ORD/'])}{random.randrange(10**7):07}",
    "year": lambda random: f"20{random.randint(10, 19)}/{random.randrange(10**5):05}-K",
    "letters and digits": _lines("AA00-0000"),
    "groups behind a literal": _lines("SZ-000-0000"),
    "shorter and longer": _lines("SZ-000000", "SZ-000000-00", "SZ-000000-00-00"),
    "digits": _some(_DIGITS, 8),
    "few or many digits": _some(_DIGITS, 5, 12),
    "short groups": _lines("00-00-00", "00.00.00.0"),
    "uuid": lambda random: str(UUID(int=random.getrandbits(128))),
    "hexadecimal": _some(_HEX, 32),
    "mixed": _some(_LETTERS + _DIGITS, 8),
    "letters": _some(_LETTERS, 7),
    "dots": _lines("INV.2021.000000", "CRN.2021.000000"),
    "variable": lambda random: _some(_LETTERS, 1, 3)(random) + "-" + _some(_DIGITS, 3, 6)(random),
    "long": _lines("A0A0A0-A0A0A0/A0A0A0.A0A0A0"),
    "letters twice": _lines("AA-AAA-0000-A"),
    "no-break space": _lines("AAA\u00a000000"),
    "several": _lines("TS-000000", "A00000", "000-000-AA"),
}
REGIONS = ("HU", "RU", "IT", "DE", "BR", "SE", "SG", "US")


def code_world(folder: Path, layout: str) -> World:
    """A few people whose references have a layout, and whose national ids have another."""
    return World(folder, [_coded(layout)])


def phone_world(folder: Path, region: str) -> World:
    """A few people with the numbers of a region."""
    return World(folder, [_reached(region)])


def many_tables(folder: Path) -> World:
    """All of these at once."""
    return World(folder, [*map(_coded, LAYOUTS), *map(_reached, REGIONS)])


def large_tables(folder: Path) -> World:
    """Five versions of 9,000 records: entries of their tables keep fewer bits of a fingerprint."""
    versions = tuple(
        [{"ticket": f"TCK-{number:06}", "email": f"m{number}@v{version}.example"} for number in range(9000)]
        for version in range(5)
    )
    return World(folder, [Table("large", 1, ("ticket", "email"), versions, {})])


def _coded(layout: str) -> Table:
    random = Random(layout)
    other = list(LAYOUTS)[(list(LAYOUTS).index(layout) + 5) % len(LAYOUTS)]
    rows = people(90, seed=8)
    for person in rows:
        person["ticket"], person["pps"] = LAYOUTS[layout](random), LAYOUTS[other](random)
    return Table(layout, 1, ("ticket", "pps", "name"), (_once(rows),), {})


def _once(rows: list[Person]) -> list[Person]:
    """Without the rows whose key another has."""
    return list({row["ticket"]: row for row in rows}.values())


def _reached(region: str) -> Table:
    from phonenumbers import PhoneNumberType, example_number_for_type, national_significant_number

    random = Random(region)
    plan = plan_of(region)
    assert plan
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    examples = [national_significant_number(example_number_for_type(region, kind)) for kind in kinds]
    rows = people(40, seed=9)
    for person in rows:
        number = f"{random.choice(examples)[:-4]}{random.randrange(10**4):04}"
        prefix = random.choice(
            [plan.trunk, plan.trunk, "", f"+{plan.country_code} ", f"00{plan.country_code}"]
        )
        person[region] = prefix + number
    return Table(region, 1, ("email", region, "born"), (rows,), {})
