"""The same values as other programs write them: what a literal search misses."""

from random import Random

PHONES = (
    "+353 {0} {1} {2}",
    "+353{0}{1}{2}",
    "00353 {0} {1} {2}",
    "0{0} {1} {2}",
    "0{0}{1}{2}",
    "0{0}-{1}-{2}",
    "(0{0}) {1} {2}",
    "0{0}.{1}.{2}",
    "+353 (0){0} {1} {2}",
    "0{0}/{1}{2}",
)
TICKETS = ("{0}-{1}", "{0}{1}", "{0} {1}", "{0}:{1}")


def phone(number: str, random: Random) -> str:
    """An Irish number like "+353 87 123 4567" in one of ten ways."""
    return random.choice(PHONES).format(*number.split()[1:])


def ticket(reference: str, random: Random) -> str:
    """A reference like "TS-2410377" with another separator, one in four in small letters."""
    written = random.choice(TICKETS).format(*reference.split("-"))
    return written.lower() if random.random() < 0.25 else written


def email(address: str, random: Random) -> str:
    """One address in five in capitals or with a capital."""
    chance = random.random()
    return address.upper() if chance < 0.05 else address.capitalize() if chance < 0.2 else address


def name(full: str, random: Random) -> str:
    """Every third name with the family name first."""
    given, family = full.rsplit(" ", 1)
    return f"{family} {given}" if random.random() < 1 / 3 else full


def respelt(row: tuple[str, ...], random: Random) -> tuple[str, str, str, str]:
    """Name, e-mail address, phone number and ticket of a customer (people.HEADER), each spelt anew."""
    number, full, address, line, *_ = row
    return name(full, random), email(address, random), phone(line, random), ticket(number, random)
