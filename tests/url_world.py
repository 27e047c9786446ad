"""Tables with columns of web addresses as tables have them; seeded."""

import random
from functools import cache

from decoys_tables import Table, column
from kin_world import Shop
from trapstreet.core.fields import Kind
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row

_GIVEN = "Aoife Sean Ciara Conor Niamh Orla Declan Eoin Fergus Cormac Brendan Clodagh Eimear Finbarr".split()
_FAMILY = "Murphy Kelly Walsh Byrne Ryan Doyle McCarthy Gallagher Doherty Kennedy Quinn Moore Carroll".split()
_HEADS = "Green North Castle River Silver Harbour Oak Summit Meadow Stone Bright Falcon Cedar".split()
_TAILS = "Garden Design Foods Systems Trading Print Travel Motors Dental Supply Homes Media".split()
_PAGES = ("", "", "/", "/en", "/index.html", "/about-us/")
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

URLS = ("website", "linkedin", "portal", "avatar", "profile")
"""Columns of an address for each row: firms' own sites, a network, and three at the company's own hosts."""


@cache
def customers(count: int = 2000) -> Table:
    """Customers of a company at us.example.ie, with "landing" for the page that they came by."""
    rng = random.Random(3)
    firms = [_firm(rng) for _ in range(count // 3)]
    columns = [
        column("id", Kind.REFERENCE, grammar=("D5",)),
        column("name", Kind.NAME),
        column("email", Kind.EMAIL),
        *(column(name, Kind.TEXT) for name in (*URLS, "landing")),
    ]
    number = 10_000
    rows: list[Row] = []
    for _ in range(count):
        number += 1 + int(rng.expovariate(0.25))
        rows.append(_customer(rng, str(number), firms[int(rng.random() ** 2 * len(firms))]))
    return Table(columns, ["id"], rows)


def _firm(rng: random.Random) -> tuple[str, str, str]:
    """Mail domain, what stands before it in the web address, and what behind."""
    slug = f"{rng.choice(_HEADS)}{rng.choice(('', '-'))}{rng.choice(_TAILS)}{rng.randint(1, 99)}".lower()
    scheme = rng.choice(("http://", "https://", "https://", ""))
    host = rng.choice(("www.", "www.", "shop.", "")) if scheme else "www."
    return f"{slug}.{rng.choice(('ie', 'com', 'de', 'co.uk'))}", scheme + host, rng.choice(_PAGES)


def _customer(rng: random.Random, number: str, firm: tuple[str, str, str]) -> Row:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    domain, before, page = firm
    local = rng.choice((f"{given}.{family}", f"{given[0]}{family}", f"{family}{rng.randint(1, 99)}")).lower()
    website = f"{before}{domain}{page}"
    match rng.randrange(20):
        case 0 | 1:
            website = f"https://www.facebook.example/{domain.partition('.')[0].replace('-', '.')}"
        case 2 | 3 | 4:
            website = ""
        case 5:
            website = website.upper()
        case 6:
            website = rng.choice(("n/a", f"{local}@{domain}"))
        case 7:
            website = f"https://{_hex(rng, 6)}.blog.example/{rng.choice(_TAILS)}-{rng.choice(_HEADS)}".lower()
    seen = f"https://www.network.example/in/{given}-{family}-{_hex(rng, 8)}/".lower()
    token = "".join(rng.choice(_BASE62) for _ in range(12))
    uuid = f"{_hex(rng, 8)}-{_hex(rng, 4)}-4{_hex(rng, 3)}-{rng.choice('89ab')}{_hex(rng, 3)}-{_hex(rng, 12)}"
    return (
        number,
        f"{given} {family}",
        f"{local}@{domain}",
        website,
        seen if rng.random() < 0.5 else "",
        f"https://portal.us.example.ie/c/{number}?t={token}",
        f"https://cdn.us.example.ie/a/{uuid}.png",
        f"https://app.us.example.ie/profile/{100_000 + 7 * int(number) + rng.randrange(7)}",
        f"https://us.example.ie/{rng.choice(('', 'pricing', 'blog/2'))}",
    )


def _hex(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(length))


@cache
def with_parcels() -> Shop:
    """The same with their parcels (the customer's number, a link to follow it by, the customer's site), and
    who was asked about them (the parcel's number, somebody's page)."""
    rng = random.Random(4)
    root = customers()
    site = root.position("website")
    parcels: list[Row] = []
    asked: list[Row] = []
    for row in root.rows:
        for _ in range(rng.randrange(4)):
            number = 500_000 + 3 * len(parcels) + rng.randrange(3)
            link = f"https://track.us.example.ie/p/{number}-{_hex(rng, 10)}"
            parcels.append((number, row[0], link, row[site]))
            if rng.random() < 0.3:
                page = f"https://www.network.example/in/{rng.choice(_GIVEN)}-{_hex(rng, 8)}".lower()
                asked.append((len(asked) + 1, number, page))
    tables = (
        GroundTable("customers", tuple(c.name for c in root.columns), (True,) * len(root.columns), (0,)),
        GroundTable("parcels", ("no", "customer", "link", "site"), (True,) * 4, (0,), 0, (1,), (0,)),
        GroundTable("asked", ("no", "parcel", "whom"), (True,) * 3, (0,), 1, (1,), (0,)),
    )
    return Shop(tables, [root.rows, parcels, asked])
