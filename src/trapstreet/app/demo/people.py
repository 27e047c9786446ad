"""Made-up customers of a made-up support desk: seeded, so that every run tells the same story."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

HEADER = ("ticket", "name", "email", "phone", "city", "product", "opened")

_GIVEN = """
Mary John Anna Patrick Margaret Michael Catherine James Bridget Thomas Ellen William Kathleen David Emma
Daniel Sarah Paul Laura Peter Aoife Sean Ciara Conor Niamh Liam Sinead Declan Orla Brendan Grainne Eoin
Maeve Cormac Roisin Fergal Deirdre Cian Aisling Darragh Fiona Ronan Una Kevin Claire Brian Lisa Mark Julia
Stephen Karen Andrew Helen Robert Alice George Ruth Edward Martha Henry Grace Hugh Rose Frank Nora Simon
Judith Adam Eva Oscar Sofia Lucas Marta Tomasz Agnieszka Piotr Ewa Jan Ines Diogo Carmen Javier Lucia Pablo
Giulia Marco Elena Hans Greta Karl Ingrid Lars Freya Nils Amelie Hugo Chloe Louis Camille Ivan Olga Ahmed
Fatima Omar Leila Wei Mei Raj Priya Arjun Anjali Samuel Esther Joseph Miriam Isaac Naomi Dylan Megan Rhys
Carys Owen Bethan Callum Isla Ewan Morag Angus Eilidh Gavin Heather Neil Audrey Walter Sylvia Ralph Doreen
Victor Irene Leonard Mabel Dennis Joan Clifford Sheila Graham Pamela Trevor Gillian Nigel Hazel Derek Janet
Colin Wendy Keith Valerie Roger Diana
""".split()

_FAMILY = """
Murphy Kelly Byrne Ryan Walsh Smith Connor Doyle McCarthy Gallagher Doherty Kennedy Lynch Murray Quinn Moore
McLaughlin Carroll Connolly Daly Wilson Dunne Brennan Burke Collins Campbell Clarke Johnston Hughes Farrell
Fitzgerald Brown Martin Maguire Nolan Flynn Thompson Callaghan Duffy Mahony Boyle Healy Shea White Sweeney
Hayes Kavanagh Power McGrath Moran Brady Stewart Casey Foley Fitzpatrick Leary McDonnell MacMahon Donnelly
Regan Donovan Burns Flanagan Mullan Barry Kane Robinson Cunningham Griffin Kenny Sheehan Ward Whelan Lyons
Reid Graham Higgins Cullen Keane King Maher McKenna Bell Scott Hogan Keeffe Magee McNamara McDonald
McDermott Moloney Rourke Buckley Dwyer Adams Allen Baker Barnes Bennett Bishop Bradley Brooks Butler Carter
Chapman Coleman Cooper Crawford Davies Dawson Dixon Edwards Elliott Ellis Evans Fisher Foster Fox Gibson
Gordon Grant Gray Green Hall Hamilton Harris Harrison Hart Harvey Henderson Hill Holmes Hunt Hunter Jackson
Jenkins Kerr Knight Lawson Lewis Lloyd Marshall Mason Matthews Mills Mitchell Morgan Morris Nelson Newman
Nowak Kowalski Wisniewski Wojcik Silva Santos Ferreira Garcia Fernandez Lopez Martinez Rossi Russo Ferrari
Bianchi Schmidt Schneider Fischer Weber Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Braun
Larsen Hansen Nielsen Berg Dahl Lindqvist Bergstrom Dubois Laurent Lefebvre Moreau Girard Rousseau Ivanova
Petrov Popescu Ionescu Horvath Nagy Novak Svoboda Khan Patel Singh Sharma Ali Hussain Chen Wang Zhang Tanaka
Okafor Mensah Diallo Haddad Osei Abebe Nkosi Palmer Parker Parsons Payne Pearce Perry Phillips Poole Porter
Price Pritchard Reynolds Rhodes Rogers Rowe Russell Saunders Shaw Simmons Spencer Stevens Stone Sutton Sykes
Tate Taylor Thorpe Turner Tyler Vaughan Wade Walker Wallis Warner Watkins Watson Webb West Wheeler Wilkins
Winter Wood Woodward Wright Yates Young
""".split()

DOMAINS = (
    "quickmail.example",
    "postbox.example",
    "northmail.example",
    "seamail.example",
    "officepark.example",
)
_CITIES = (
    "Cork",
    "Dublin",
    "Galway",
    "Limerick",
    "Waterford",
    "Kilkenny",
    "Sligo",
    "Tralee",
    "Athlone",
    "Wexford",
)
_PRODUCTS = ("Internet Security", "Antivirus Plus", "Password Manager", "Premium Security", "Mobile Security")


def customers(
    count: int, *, seed: int, first: int = 2_410_377, domains: Sequence[str] = DOMAINS
) -> Iterator[tuple[str, ...]]:
    """Rows under HEADER: ticket numbers ascend with gaps, every e-mail address and phone number is there
    once."""
    random = Random(seed)  # noqa: S311  made-up people need no secret
    given_weights = [1 / (rank + 8) for rank in range(len(_GIVEN))]
    family_weights = [1 / (rank + 12) for rank in range(len(_FAMILY))]
    addresses: set[str] = set()
    phones: set[str] = set()
    ticket = first
    for _ in range(count):
        ticket += random.randint(1, 9)
        given = random.choices(_GIVEN, given_weights)[0]
        family = random.choices(_FAMILY, family_weights)[0]
        day = f"{random.randint(2016, 2019)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        yield (
            f"TS-{ticket}",
            f"{given} {family}",
            _unused(addresses, lambda: _address(random, given, family, domains)),  # noqa: B023  called at once
            _unused(
                phones,
                lambda: (
                    f"+353 8{random.choice('3567')} {random.randint(100, 999)} {random.randint(0, 9999):04}"
                ),
            ),
            random.choice(_CITIES),
            random.choice(_PRODUCTS),
            day,
        )


def write_rows(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    """The rows as a CSV file under HEADER."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(rows)


def _address(random: Random, given: str, family: str, domains: Sequence[str]) -> str:
    first, last = given.lower(), family.lower()
    local = random.choices(
        [f"{first}.{last}", f"{first[0]}{last}", f"{first}{last}", f"{first}_{last}", f"{last}.{first}"],
        [6, 2, 2, 1, 1],
    )[0]
    digits = random.choices(["", str(random.randint(1, 99)), str(random.randint(1950, 2003))], [5, 3, 2])[0]
    return f"{local}{digits}@{random.choice(domains)}"


def _unused(used: set[str], draw: Callable[[], str]) -> str:
    while (value := draw()) in used:
        pass
    used.add(value)
    return value
