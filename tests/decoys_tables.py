"""Synthetic tables for the tests of decoys, and an owner of normal forms that keeps them in sets."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from uuid import UUID

from trapstreet.core.fields import Column, Kind, record_forms
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.decoys import Decoys, TableModel, TableModelBuilder


def names(text: str) -> list[str]:
    """The names of a text, one space between two; an underscore stands for a space in a name."""
    return [name.replace("_", " ") for name in text.split()]


IRISH = names(
    """Aoife Seán Ciara Conor Niamh Pádraig Orla Declan Sinéad Eoin Gráinne Fergus Róisín Cormac Áine Brendan
    Clodagh Darragh Eimear Finbarr Mary John Patrick Margaret Michael Catherine Anne James Bridget Thomas"""
)
IRISH_FAMILIES = names(
    """Murphy O'Brien Kelly Walsh Ó_Dálaigh Byrne Ryan O'Sullivan Doyle McCarthy Gallagher Doherty Kennedy
    Quinn Moore McLoughlin Carroll Connolly Daly Wilson Dunne Brennan Burke Collins Clarke Ní_Bhriain Nolan"""
)
GERMAN = names(
    """Jürgen Anna Björn Käthe Uwe Sabine Jörg Ute Günther Monika Klaus Petra Hans Renate Dieter Ursula"""
)
GERMAN_FAMILIES = names(
    """Müller Schmidt Schröder Weiß Jäger Köhler Groß von_Bülow Fischer Weber Wagner Becker Schäfer Hoffmann
    Koch Krüger"""
)
FRENCH = names(
    """Élodie François Hélène Benoît Chloé Rémi Zoé Jérôme Marie Jean Pierre Camille Léa Hugo Inès Loïc"""
)
FRENCH_FAMILIES = names(
    """Lefèvre Dubois Béranger Moreau de_la_Tour Simon-Petit Garnier Faure Rousseau Blanc Guérin Boyer Çelik
    Roche"""
)


@dataclass
class Table:
    """A synthetic table: what the builder, the generator and the checks need."""

    columns: list[Column]
    key: list[str]
    rows: list[Row] = field(repr=False)

    @cached_property
    def learnt(self) -> TableModel:
        return self.model()

    @cached_property
    def owned(self) -> "Owners":
        return Owners(self.columns, self.key).add(self.rows)

    def batches(self, size: int = 4096) -> Iterator[Batch]:
        for start in range(0, len(self.rows), size):
            rows = self.rows[start : start + size]
            yield Batch(rows, list(range(start + 2, start + 2 + len(rows))))

    def model(self, size: int = 4096) -> TableModel:
        builder = TableModelBuilder(self.columns, self.key)
        for batch in self.batches(size):
            builder.observe(batch)
        return builder.finish()

    def position(self, name: str) -> int:
        return [column.name for column in self.columns].index(name)

    def cells(self, decoys: Decoys, name: str) -> list[object]:
        return [decoy.cells[self.position(name)] for decoy in decoys.decoys]


class Owners:
    """Knows the normal forms and keys of the rows that it was given."""

    def __init__(self, columns: Sequence[Column], key: Sequence[str]) -> None:
        self._columns = columns
        self._key = [[column.name for column in columns].index(name) for name in key]
        self.known: dict[Kind, set[bytes]] = {}
        self.known_keys: set[Row] = set()

    def add(self, rows: Iterable[Row]) -> "Owners":
        rows = list(rows)
        for kind, (forms, _, _) in record_forms(self._columns, rows).items():
            self.known.setdefault(kind, set()).update(forms)
        self.known_keys.update(map(self.key_of, rows))
        return self

    def key_of(self, row: Row) -> Row:
        return tuple(cell_text(row[at]) for at in self._key)

    def forms(self, kind: Kind, forms: Sequence[bytes]) -> list[bool]:
        return [form in self.known.get(kind, ()) for form in forms]

    def keys(self, keys: Sequence[Row]) -> list[bool]:
        return [tuple(map(cell_text, key)) in self.known_keys for key in keys]


def owners_of(table: Table) -> Owners:
    """Owners of the table's rows, to which more can be added."""
    owners = Owners(table.columns, table.key)
    owners.known = {kind: set(forms) for kind, forms in table.owned.known.items()}
    owners.known_keys = set(table.owned.known_keys)
    return owners


def column(name: str, kind: Kind, region: str = "", grammar: tuple[str, ...] = ()) -> Column:
    return Column(name=name, kind=kind, why="test", region=region, grammar=grammar)


def made_up_names(count: int, seed: int, endings: Sequence[str]) -> list[str]:
    """Distinct names of two or three syllables."""
    rng = random.Random(seed)
    heads = [
        c + v
        for c in ("B", "C", "D", "F", "G", "H", "K", "L", "M", "N", "P", "R", "S", "T", "V")
        for v in "aeiou"
    ]
    tails = [c + v for c in ("b", "d", "l", "m", "n", "r", "s", "t", "v") for v in "aeiou"]
    names: dict[str, None] = {}
    while len(names) < count:
        names[rng.choice(heads) + rng.choice(tails) * rng.randint(0, 1) + rng.choice(endings)] = None
    return list(names)


GIVEN_500 = made_up_names(500, 1, ["n", "na", "ra", "l", "lla", "s", "ck", "th"])
FAMILIES_4000 = made_up_names(
    4000, 2, ["son", "mann", "ley", "ski", "berg", "ton", "field", "rick", "wald", "more", "x"]
)


def people(count: int, given: Sequence[str], family: Sequence[str], seed: int) -> list[tuple[str, str]]:
    """Names drawn by rank: the first are the commonest."""
    rng = random.Random(seed)
    first = rng.choices(given, [1 / (rank + 10) for rank in range(len(given))], k=count)
    last = rng.choices(family, [1 / (rank + 30) for rank in range(len(family))], k=count)
    return list(zip(first, last, strict=True))


def plain(name: str) -> str:
    from anyascii import anyascii

    return "".join(filter(str.isalpha, anyascii(name).lower()))


def local_part(given: str, family: str, rng: random.Random) -> str:
    g, f = plain(given), plain(family)
    local = rng.choices([f"{g}.{f}", f"{g[0]}{f}", f"{f}.{g}", f"{g}_{f}"], [60, 25, 10, 5])[0]
    return local + rng.choices(["", str(rng.randint(1, 99)), str(rng.randint(1950, 2005))], [60, 25, 15])[0]


@cache
def customers(
    count: int = 68_000, *, step: Callable[[random.Random], int] = lambda rng: rng.randint(1, 9)
) -> Table:
    """The 2019 table: ticket, name, e-mail, phone; sorted by ticket, with the day it was opened."""
    rng = random.Random(2019)
    rows: list[Row] = []
    ticket, opened = 1_000_000, date(2014, 1, 1)
    for given, family in people(count, GIVEN_500, FAMILIES_4000, 7):
        ticket += rng.randint(1, 9)
        opened += timedelta(days=rng.random() < 0.03)
        phone = (
            ""
            if rng.random() < 0.1
            else f"+353 {rng.choice(['85', '86', '87'])} {rng.randint(1000000, 9999999)}"
        )
        email = f"{local_part(given, family, rng)}@mail{rng.randint(1, 40)}.ie"
        rows.append(
            (f"TCK-{ticket:08d}", f"{given} {family}", email, phone, opened.isoformat(), rng.choice("ABC"))
        )
    return Table(
        [
            column("ticket", Kind.REFERENCE, grammar=("=TCK D8",)),
            column("name", Kind.NAME),
            column("email", Kind.EMAIL),
            column("phone", Kind.PHONE, region="IE"),
            column("opened", Kind.TEXT),
            column("plan", Kind.TEXT),
        ],
        ["ticket"],
        rows,
    )


@cache
def dense_ids(count: int = 6000) -> Table:
    """Customers 1 to n without a gap, given and family names apart, a login that repeats the address."""
    rng = random.Random(3)
    rows: list[Row] = []
    for number, (given, family) in enumerate(people(count, IRISH, IRISH_FAMILIES, 4), start=1):
        local = local_part(given, family, rng) + str(number)
        phone = f"(0{rng.choice(['21', '61', '91'])}) {rng.randint(200, 999)} {rng.randint(1000, 9999)}"
        rows.append(
            (str(number), given, family.upper(), f"{local}@post.ie", phone, local, f"{number} Main Street")
        )
    return Table(
        [
            column("id", Kind.REFERENCE, grammar=("D1-5",)),
            column("first", Kind.GIVEN_NAME),
            column("last", Kind.FAMILY_NAME),
            column("mail", Kind.EMAIL),
            column("tel", Kind.PHONE, region="IE"),
            column("login", Kind.TEXT),
            column("street", Kind.ADDRESS),
        ],
        ["id"],
        rows,
    )


@cache
def typed_descending(count: int = 5000) -> Table:
    """A sheet: whole numbers as floats, dates as dates, prices as decimals, newest first."""
    rng = random.Random(5)
    rows: list[Row] = []
    number = 900_000
    for given, family in people(count, GERMAN, GERMAN_FAMILIES, 6):
        number -= rng.randint(1, 20)
        born = date(1940, 1, 1) + timedelta(days=rng.randint(0, 25_000))
        mail = (
            f"{plain(given)}.{plain(family)}{rng.randint(1, 9999)}@post.de" if rng.random() < 0.95 else None
        )
        phone = 49_170_0000000 + rng.randint(1_000_000, 9_999_999)
        rows.append(
            (float(number), f"{family}, {given}", mail, phone, born, Decimal(rng.randint(1, 9999)) / 100)
        )
    return Table(
        [
            column("Kundennummer", Kind.REFERENCE, grammar=("D6",)),
            column("Name", Kind.NAME),
            column("E-Mail", Kind.EMAIL),
            column("Telefon", Kind.PHONE, region="DE"),
            column("geboren", Kind.BIRTH_DATE),
            column("Betrag", Kind.TEXT),
        ],
        ["Kundennummer"],
        rows,
    )


@cache
def uuid_ids(count: int = 5000) -> Table:
    """Random ids, unsorted, French names and numbers."""
    rng = random.Random(8)
    rows: list[Row] = []
    for given, family in people(count, FRENCH, FRENCH_FAMILIES, 9):
        uuid = UUID(int=rng.getrandbits(128), version=4)
        phone = "0" + rng.choice("67") + "".join(f" {rng.randint(0, 99):02d}" for _ in range(4))
        born = f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.randint(1940, 2004)}"
        mail = f"{plain(given)}-{plain(family)}{rng.randint(1, 999)}@courrier.fr"
        rows.append((uuid, f"{given} {family}", mail, phone, born, "FR7630006000011234567890189"))
    return Table(
        [
            column("id", Kind.REFERENCE, grammar=("H8 H4 H4 H4 H12",)),
            column("nom", Kind.NAME),
            column("courriel", Kind.EMAIL),
            column("portable", Kind.PHONE, region="FR"),
            column("naissance", Kind.BIRTH_DATE),
            column("iban", Kind.IBAN),
        ],
        ["id"],
        rows,
    )


@cache
def ticket_codes(count: int = 4000) -> Table:
    """Codes of letters and digits, British numbers, no names; keyed by e-mail."""
    rng = random.Random(10)
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    rows: list[Row] = []
    for number, (given, family) in enumerate(people(count, GIVEN_500, FAMILIES_4000, 11)):
        code = "".join(rng.choices(alphabet, k=8))
        phone = f"07{rng.randint(100, 999)} {rng.randint(100000, 999999)}"
        rows.append(
            (f"{code[:4]}-{code[4:]}", f"{plain(given)}.{plain(family)}{number}@uk.example", phone, "note")
        )
    return Table(
        [
            column("Booking", Kind.REFERENCE, grammar=("X4 X4",)),
            column("Email", Kind.EMAIL),
            column("Mobile", Kind.PHONE, region="GB"),
            column("Note", Kind.TEXT),
        ],
        ["Email"],
        rows,
    )


@cache
def mail_list(count: int = 6000) -> Table:
    """One column of addresses."""
    rng = random.Random(12)
    names = people(count, GIVEN_500, FAMILIES_4000, 13)
    rows: list[Row] = [(f"{local_part(*name, rng)}{n}@list.org",) for n, name in enumerate(names)]
    return Table([column("email", Kind.EMAIL)], ["email"], rows)


@cache
def american(count: int = 4000) -> Table:
    """No e-mail address at all: names, phones, account numbers of two years."""
    rng = random.Random(14)
    rows: list[Row] = []
    for number, (given, family) in enumerate(people(count, GIVEN_500, FAMILIES_4000, 15)):
        area = rng.choice(["212", "415", "312", "617"])
        phone = f"({area}) {rng.randint(200, 999)}-{rng.randint(1000, 9999)}"
        year = 2022 + number // (count // 2)
        rows.append((f"{year}/{number % (count // 2) * 3:06d}", f"{family.upper()}, {given}", phone))
    return Table(
        [
            column("account", Kind.REFERENCE, grammar=("D4 D6",)),
            column("name", Kind.NAME),
            column("phone", Kind.PHONE, region="US"),
        ],
        ["account"],
        rows,
    )


TABLES: dict[str, Callable[[], Table]] = {
    "gappy tickets, sorted": lambda: customers(8000),
    "dense ids": dense_ids,
    "typed, descending": typed_descending,
    "uuids, unsorted": uuid_ids,
    "codes without names": ticket_codes,
    "a list of addresses": mail_list,
    "numbers of two years, no address": american,
}
