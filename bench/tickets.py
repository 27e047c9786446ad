"""Made-up support tickets with what is said in each: names, numbers, papers, and what looks like them.

Seeded; the sentences are written for this, people and numbers are Faker's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from string import Formatter

from faker import Faker

LOCALES = (
    "en_US",
    "en_GB",
    "en_IE",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "pl_PL",
    "nl_NL",
    "en_IN",
    "tr_TR",
    "sv_SE",
)

SAYING = {
    "name": """
        Hello, {name} here again, nobody has answered me since {weekday}.
        I spoke with {name} from your service last week and was promised a refund.
        Best regards, {name}
        Please change the account holder to my wife {name}, we married in {month}.
        Customer {name} called about order {order} and was rather cross.
        The driver told {name} next door that the parcel was returned to {city}.
        My name is {name} and I bought the {product} in your shop in {city}.
        Dear {given}, thank you for the quick help with the {product}. Yours, {name}
        Mr {family} wants to be called back about the invoice from {date}.
        Could you forward this to {name}? She knows about the {product}.
        {name} has left the company, please send invoices to {name} from now on.
        thanks a lot, {lower}
    """,
    "phone": """
        You can reach me on my mobile {phone} any time after four.
        Please call {phone}, the {product} is still leaking.
        Our new telephone number is {phone}, the old one is gone.
        Tel. {phone} or leave a message with the neighbours.
        Ring me back at {abroad} please, it is urgent.
        I never got the text message on {abroad} for the login.
    """,
    "national_id": """
        My social security number is {ssn}, do you need anything else?
        The form asked for my SSN {ssn} and I do not like that.
        NHS number {nhs}, the appointment in {month} was cancelled.
        My national insurance number is {nino} as on the payslip.
        Il mio codice fiscale: {fiscal}, please correct the invoice.
    """,
    "identity_document": """
        My passport number {passport} was typed in wrongly at the desk.
        Please find my passport {passport} attached as you asked.
        Driver license {licence} expires in {month}, is that a problem?
    """,
    "ip_address": """
        The login from {ip} was not me, please lock the account.
        I see visits from {ip} every night, who is that?
    """,
}
NOTHING = """
    The {product} stopped working after the update to version {version}.
    Order {order} has not arrived, tracking says {tracking} since {date}.
    I was charged twice on {date}, reference {order}.
    Error {error} appears when I open the app on {weekday} morning.
    Can I return the {product} without the box? I bought it in {city}.
    The {product} from {company} does not fit the {product}.
    Please cancel subscription {order}, we are moving to {city} in {month}.
    Good morning, when do you open on {weekday}? The website says nothing.
    Delivery to {city} took three weeks, the box was open and wet.
    Thank you for the great service, we will order again.
    Device {serial} shows code {error}, manual page {page} says nothing.
    Invoice {order} of {date} is wrong, the discount of {page} percent is missing.
    Battery of the {product} lasts {page} minutes only, promised were 240.
    As discussed we will wait until {month}. Regards, the team at {company}
    Ticket closed, customer confirmed that {product} works again.
    Call number {page} in the queue, waited for 40 minutes, then the line went dead.
    Is the {product} available in Alpine White or only in Jet Black?
    The colour of the {product} is not as shown on the Black Friday page.
""".strip().splitlines()

_PRODUCTS = """
Aurora lamp;Victoria sofa;Nova Charger 20W;Boston chair;Luna blanket;SmartHome Hub;Atlas 3 drill;
Florence table;Max Blender Pro;Windows 11 laptop;Galaxy S24;iPhone 15;Kettle Classic;Orion bike;
Bruno coffee machine;April calendar
""".replace("\n", "").split(";")
_COMPANIES = """
DHL;Bosch;Royal Mail;Miller & Sons Ltd;Acme Corp;Deutsche Post;Black & Decker;Johnson Controls;
Baker Street Books;Siemens
""".replace("\n", "").split(";")
_MONTHS = "January March April May June August October December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A text, and the kinds that it mentions."""

    text: str
    says: frozenset[str]


def tickets(count: int, seed: int) -> Iterator[Ticket]:
    """Tickets of one to four sentences; half of them mention something."""
    random = Random(seed)
    fakers = [Faker(each) for each in LOCALES]
    for number, faker in enumerate(fakers):
        faker.seed_instance(seed + number)
    saying = {kind: [line.strip() for line in lines.strip().splitlines()] for kind, lines in SAYING.items()}
    for _ in range(count):
        fill = _Filling(random, fakers)
        says = set()
        sentences = [random.choice(NOTHING).strip() for _ in range(random.randint(1, 3))]
        if random.random() < 0.5:
            kind = random.choices([*saying], [6, 3, 2, 1, 1])[0]
            sentences.append(random.choice(saying[kind]))
            says.add(kind)
            if kind != "name" and random.random() < 0.3:
                sentences.append(random.choice(saying["name"]))
                says.add("name")
        yield Ticket(" ".join(fill(each) for each in sentences), frozenset(says))


class _Filling:
    def __init__(self, random: Random, fakers: list[Faker]) -> None:
        self._random, self._faker = random, random.choice(fakers)
        self._english = fakers[0]

    def __call__(self, sentence: str) -> str:
        names = [name for _, name, _, _ in Formatter().parse(sentence) if name]
        parts = iter([self._value(name) for name in names])
        text = sentence
        for name in names:
            text = text.replace(f"{{{name}}}", next(parts), 1)
        return text

    def _value(self, name: str) -> str:
        random, faker = self._random, self._faker
        given, family = faker.first_name(), faker.last_name()
        match name:
            case "name":
                return f"{given} {family}"
            case "lower":
                return f"{given} {family}".lower()
            case "given":
                return given
            case "family":
                return family
            case "phone":
                area, local = random.choice((202, 212, 312, 415, 617)), random.randint(200, 999)
                return random.choice(("({}) {}-{:04}", "{}-{}-{:04}", "{} {} {:04}")).format(
                    area, local, random.randrange(10_000)
                )
            case "abroad":
                return random.choice(
                    ("+49 170 {:07}", "+353 86 {:07}", "+33 6 12 {:06}", "+44 7911 {:06}")
                ).format(random.randrange(100_000, 999_999))
            case "ssn":
                return self._english.ssn()
            case "nhs":
                return _nhs(random)
            case "nino":
                pairs = " ".join(str(random.randrange(10, 99)) for _ in range(3))
                return f"{random.choice(('AB', 'CE', 'JK', 'LM'))} {pairs} {random.choice('ABCD')}"
            case "fiscal":
                return _fiscal(random)
            case "passport":
                return random.choice(("{:09}", "C{:08}")).format(random.randrange(10**7, 10**8))
            case "licence":
                return f"{random.choice('ABCDEFGH')}{random.randrange(10**6, 10**7)}"
            case "ip":
                return self._english.ipv4_public()
            case "city":
                return faker.city()
            case "order":
                return random.choice(("{:09}", "{:010}", "A-{:08}", "#{:06}", "2026-{:05}")).format(
                    random.randrange(10**5)
                )
            case "tracking":
                return random.choice(("1Z{:014}", "{:012}", "JD{:016}")).format(random.randrange(10**12))
            case "serial":
                return f"SN{random.randrange(10**9):09}"
            case "error":
                return random.choice(("0x{:08X}", "E{:03}", "HTTP {:03}")).format(random.randrange(1000))
            case "version":
                return ".".join(str(random.randrange(20)) for _ in range(random.randint(2, 4)))
            case "date":
                return random.choice(("{:02}.{:02}.2026", "{:02}/{:02}/26", "2026-{1:02}-{0:02}")).format(
                    random.randint(1, 28), random.randint(1, 12)
                )
            case "product":
                return random.choice(_PRODUCTS)
            case "company":
                return random.choice(_COMPANIES)
            case "month":
                return random.choice(_MONTHS)
            case "weekday":
                return random.choice(_DAYS)
            case "page":
                return str(random.randint(2, 90))
        raise KeyError(name)


def _nhs(random: Random) -> str:
    while True:
        digits = [random.randrange(10) for _ in range(9)]
        check = 11 - sum((10 - at) * each for at, each in enumerate(digits)) % 11
        if check != 10:
            text = "".join(map(str, [*digits, check % 11]))
            return f"{text[:3]} {text[3:6]} {text[6:]}"


def _fiscal(random: Random) -> str:
    """An Italian tax code with the right check letter, by Faker's own making."""
    faker = Faker("it_IT")
    faker.seed_instance(random.randrange(10**9))
    return faker.ssn()
