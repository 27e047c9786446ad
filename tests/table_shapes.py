"""Five tables of different shape, as untidy as tables are after years of use, with what their owner owns.

Nothing here looks at how decoys are made. `SHAPES` maps a name to a function of (rows, seed).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from table_words import (
    COMPANY_HEADS,
    COMPANY_TAILS,
    COUNTRIES,
    DE_FAMILY,
    DE_FAMILY_ENDINGS,
    DE_FAMILY_STEMS,
    DE_GIVEN,
    DE_STREETS,
    DE_TOWNS,
    EN_FAMILY,
    EN_FAMILY_ENDINGS,
    EN_FAMILY_STEMS,
    EN_GIVEN,
    EN_STREETS,
    IE_TOWNS,
    NOTES,
)
from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys import DecoySettings
from trapstreet.decoys.audit import LinkedRows, Seen

Texts = NDArray[np.object_]
_TOWNS = np.array([town for town, *_ in IE_TOWNS], object)
Rng = np.random.Generator


@dataclass(frozen=True)
class LinkedTable:
    """A table whose column `refers` holds values of the root's column `referred`."""

    name: str
    columns: tuple[str, ...]
    refers: str
    referred: str
    rows: list[Row] = field(repr=False)


@dataclass(frozen=True)
class Shape:
    """A table, what its owner owns, and the tables that refer to it.

    owned   the mail domains and telephone numbers that its owner has where these suffice
    alone   the same with one mail domain that no customer uses, and no number
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: list[Row] = field(repr=False)
    owned: DecoySettings = field(repr=False)
    alone: DecoySettings
    linked: tuple[LinkedTable, ...] = ()


def support_desk(count: int = 10_000, seed: int = 1) -> Shape:
    """Tickets of companies: text cells, companies of 1 to 40 contacts, each in one town with one way to
    write addresses."""
    rng = np.random.default_rng([seed, 1])
    of, companies = _grouped(rng, count, most=40, exponent=1.35)
    domains, owned = _domains(rng, companies, 120, tlds={"ie": 60, "com": 25, "co.uk": 9, "eu": 4, "net": 2})
    towns = _skewed(rng, len(IE_TOWNS), companies, 3)[of]
    given, family = _people(rng, count, "en")
    styles = rng.choice(len(_STYLES), companies, p=_STYLE_SHARES)[of]
    mails = _mails(rng, given, family, domains[of], styles, digits=0.04, unique=True)
    again = rng.random(count) < 0.02  # a contact who has written before
    source = np.maximum(np.arange(count) - rng.integers(1, 400, count), 0)
    for cells in (given, family, mails, of, towns):
        cells[again] = cells[source[again]]
    numbers, free = _irish_numbers(
        rng, count, np.array([IE_TOWNS[t][2] for t in range(len(IE_TOWNS))])[towns]
    )
    numbers[again] = numbers[source[again]]
    opened = _moments(rng, count, date(2016, 2, 1), date(2024, 11, 20), office=True)
    tickets = 40_000 + np.cumsum(1 + rng.poisson(np.linspace(0.5, 6, count)) * (rng.random(count) < 0.7))
    queues = _joint(
        rng, of % 7, ["billing", "network", "hosting", "e-mail", "onboarding", "security", "other"]
    )
    priority = _joint(rng, towns % 4, ["normal", "low", "high", "urgent"])
    columns = (
        _column("ticket", Kind.REFERENCE), _column("name", Kind.NAME), _column("email", Kind.EMAIL),
        _column("phone", Kind.PHONE, "IE"), _column("queue"), _column("priority"), _column("city"),
        _column("opened_at"),
    )  # fmt: skip
    rows = list(
        zip(
            [f"TCK-{n:07d}" for n in tickets.tolist()],
            _typed_by_hand(rng, _full_names(rng, given, family, last_first=0.03)),
            _hasty(rng, mails, upper=0.015, spaces=0.006),
            _gone(rng, _written_numbers(rng, numbers), 0.09, ""),
            queues, priority,
            _hasty(rng, _TOWNS[towns], upper=0.01, lower=0.03, spaces=0.008),
            [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in opened],
            strict=True,
        )
    )  # fmt: skip
    log = _children(
        rng, rows, 0, opened,
        lambda kept: ["in", "out", "note", "call"][kept % 4], mean=2.6, days=9,
    )  # fmt: skip
    return _shape(
        "support desk", columns, ("ticket",), rows, owned, free,
        LinkedTable("contact_log", ("id", "ticket", "at", "direction"), "ticket", "ticket", log),
    )  # fmt: skip


def web_shop(count: int = 100_000, seed: int = 1) -> Shape:
    """Customers with typed cells; most have their address at a mail service that the owner runs."""
    rng = np.random.default_rng([seed, 2])
    home = rng.choice(4, count, p=[0.62, 0.17, 0.19, 0.02])
    of, companies = _grouped(rng, count, most=60, exponent=1.3)
    tail, owned = _domains(rng, companies, 150, tlds={"de": 40, "com": 30, "ie": 14, "co.uk": 10, "at": 6})
    public = np.array(["gmail.com", "outlook.com", "gmx.de", "web.de"], object)[
        rng.choice(4, count, p=[0.6, 0.1, 0.2, 0.1])
    ]
    service = np.array(["marktpost.eu", "shopmail.ie"], object)
    domains = np.where(home == 2, tail[of], np.where(home == 3, public, service[np.minimum(home, 1)]))
    country, city, postcode = _places(rng, count)
    given, family = _people(rng, count, "en")
    german = country != "IE"
    de_given, de_family = _people(rng, count, "de")
    given, family = np.where(german, de_given, given), np.where(german, de_family, family)
    mails = _mails(
        rng,
        given,
        family,
        domains,
        rng.choice(len(_STYLES), count, p=_STYLE_SHARES),
        digits=0.35,
        unique=True,
    )
    created = _moments(rng, count, date(2012, 5, 1), date(2024, 11, 20), office=False)
    end = np.datetime64("2024-11-20T23:59:59")
    starts = np.array(created, "datetime64[s]")
    share = rng.beta(0.5, 0.9, count)
    logins = starts + ((end - starts).astype(np.int64) * share).astype("timedelta64[s]")
    ids = 100 + np.cumsum(
        1 + (rng.random(count) < np.linspace(0.05, 0.4, count)) * rng.geometric(0.45, count)
    )
    columns = (
        _column("id", Kind.REFERENCE), _column("given_name", Kind.GIVEN_NAME),
        _column("family_name", Kind.FAMILY_NAME), _column("email", Kind.EMAIL), _column("newsletter"),
        _column("created_at"), _column("last_login"),
        _column("country"), _column("city"), _column("postcode", Kind.POSTCODE, "DE"), _column("note"),
    )  # fmt: skip
    rows = list(
        zip(
            ids.tolist(), _hasty(rng, given, lower=0.06, upper=0.02, spaces=0.01),
            _hasty(rng, family, lower=0.06, upper=0.025, spaces=0.012), mails,
            (rng.random(count) < np.linspace(0.8, 0.35, count)).tolist(), created,
            _gone(rng, np.array(logins.astype(datetime), object), 0.17, None),
            country, _hasty(rng, city, lower=0.05, upper=0.02, spaces=0.007), postcode,
            _notes(rng, count), strict=True,
        )
    )  # fmt: skip
    orders = _children(
        rng, rows, 0, created, lambda kept: round(4.9 + 12.5 * (kept % 17), 2), mean=1.9, days=700
    )
    return _shape(
        "web shop", columns, ("id",), rows, (*service.tolist(), *owned), (),
        LinkedTable("orders", ("id", "customer_id", "ordered_at", "total"), "customer_id", "id", orders),
    )  # fmt: skip


def telecom(count: int = 1_000_000, seed: int = 1) -> Shape:
    """Subscribers in capitals without an e-mail address; the owner has single numbers all over the plan."""
    rng = np.random.default_rng([seed, 3])
    given, family = _people(rng, count, "en")
    towns = _skewed(rng, len(IE_TOWNS), count, 2)
    activated = np.sort(rng.beta(1.6, 1.1, count) * 6900).astype("timedelta64[D]") + np.datetime64(
        "2005-03-01"
    )
    codes = 20_000_000 + np.cumsum(
        1 + (rng.random(count) < np.linspace(0.1, 0.5, count)) * rng.geometric(0.3, count)
    )
    numbers, free = _irish_numbers(rng, count, None, extra=5_000)
    tariffs = _joint(
        rng,
        (np.arange(count) * 6 // count),
        ["PREPAY 20", "BILL 35", "SIM ONLY 15", "FAMILY 60", "BIZ 40", "LEGACY 2G"],
    )
    streets = _joined(
        rng,
        count,
        EN_STREETS,
        ["ROAD", "STREET", "PARK", "AVENUE", "GROVE", "DRIVE", "LAWN", "CLOSE", "TERRACE", "RD", "ST", "AVE"],
    )
    house = np.minimum(rng.geometric(0.035, count), 320)
    letter = np.array(["", "A", "B"], object)[rng.choice(3, count, p=[0.965, 0.025, 0.01])]
    flat = np.where(
        rng.random(count) < 0.09, [f"APT {n}, " for n in rng.integers(1, 60, count).tolist()], ""
    ).astype(object)
    town = np.array([f"{t[0].upper()}, {t[1].upper()}" for t in IE_TOWNS], object)[towns]
    initial = np.where(
        rng.random(count) < 0.11, [f" {chr(65 + n)}" for n in rng.integers(0, 24, count).tolist()], ""
    ).astype(object)
    columns = (
        _column("account", Kind.REFERENCE), _column("name", Kind.NAME), _column("address", Kind.ADDRESS),
        _column("msisdn", Kind.PHONE, "IE"), _column("tariff"), _column("activated"),
    )  # fmt: skip
    rows = list(
        zip(
            [f"{n // 10000}-{n % 10000:04d}" for n in codes.tolist()],
            [f"{g}{i} {f}".upper() for g, i, f in zip(given, initial, family, strict=True)],
            (flat + house.astype(str).astype(object) + letter + " " + streets + ", " + town).tolist(),
            [f"0{n}" for n in numbers], tariffs, activated.astype(str).tolist(), strict=True,
        )
    )  # fmt: skip
    return _shape("telecom", columns, ("account",), rows, (), free)


def clinic(count: int = 30_000, seed: int = 1) -> Shape:
    """German patients: member numbers with a check digit, dates in words of the country, few addresses."""
    rng = np.random.default_rng([seed, 4])
    given, family = _people(rng, count, "de")
    of, companies = _grouped(rng, count // 8, most=30, exponent=1.3)
    tail, owned = _domains(rng, companies, 40, tlds={"de": 80, "com": 10, "net": 6, "eu": 4})
    home = rng.choice(3, count, p=[0.38, 0.57, 0.05])
    spread = tail[of][rng.integers(0, len(of), count)]
    domains = np.where(home == 0, "mitgliederpost.de", np.where(home == 1, spread, "web.de")).astype(object)
    mails = _mails(
        rng, given, family, domains, rng.choice(len(_STYLES), count, p=_STYLE_SHARES), digits=0.3, unique=True
    )
    towns = _skewed(rng, len(DE_TOWNS), count, 4)
    first = np.array([int(t[1]) for t in DE_TOWNS])[towns]
    spans = np.array([t[2] for t in DE_TOWNS])[towns]
    born = np.datetime64("1930-01-01") + (rng.beta(2.2, 1.8, count) * 33_000).astype("timedelta64[D]")
    streets = _joined(
        rng,
        count,
        DE_STREETS,
        ["straße", "weg", "gasse", "allee", "platz", "ring", "str.", "damm", "ufer"],
        space="",
    )
    house = np.minimum(rng.geometric(0.04, count), 240).astype(str).astype(object)
    house += np.array(["", "a", "b", " c"], object)[rng.choice(4, count, p=[0.9, 0.06, 0.03, 0.01])]
    numbers = 1_000_000 + np.cumsum(1 + rng.geometric(0.03, count) * (rng.random(count) < 0.9))
    columns = (
        _column("Mitgliedsnummer", Kind.REFERENCE), _column("Name", Kind.NAME),
        _column("geboren", Kind.BIRTH_DATE), _column("Straße", Kind.ADDRESS),
        _column("PLZ", Kind.POSTCODE, "DE"), _column("Ort"), _column("E-Mail", Kind.EMAIL),
    )  # fmt: skip
    rows = list(
        zip(
            [_member_number(n) for n in numbers.tolist()],
            _hasty(rng, family + ", " + given, upper=0.02, spaces=0.01),
            [f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in born.astype(str).tolist()],
            _gone(rng, streets + " " + house, 0.02, ""),
            [f"{n:05d}" for n in (first + rng.integers(0, 1 + spans)).tolist()],
            _hasty(rng, np.array([t[0] for t in DE_TOWNS], object)[towns], upper=0.01, spaces=0.006),
            _gone(rng, mails, 0.87, ""), strict=True,
        )
    )  # fmt: skip
    return _shape("clinic", columns, ("Mitgliedsnummer",), rows, ("mitgliederpost.de", *owned), ())


def newsletter(count: int = 250_000, seed: int = 1) -> Shape:
    """Addresses and no names, UUIDs, moments to the second; members of a portal have their address there."""
    rng = np.random.default_rng([seed, 5])
    given, family = _people(rng, count, "en")
    of, companies = _grouped(rng, count, most=60, exponent=1.45)
    tail, owned = _domains(
        rng, companies, 150, tlds={"com": 40, "ie": 20, "co.uk": 14, "org": 10, "de": 8, "net": 8}
    )
    home = rng.choice(3, count, p=[0.86, 0.12, 0.02])
    domains = np.where(home == 0, tail[of], np.where(home == 1, "portalmail.ie", "gmail.com")).astype(object)
    mails = _mails(
        rng, given, family, domains, rng.choice(len(_STYLES), count, p=_STYLE_SHARES), digits=0.2, unique=True
    )
    moments = _moments(rng, count, date(2015, 1, 7), date(2024, 11, 20), office=False)
    source = _joint(
        rng, np.arange(count) * 5 // count, ["footer", "checkout", "fair", "webinar", "partner", "import"]
    )
    columns = (
        _column("id", Kind.REFERENCE), _column("email", Kind.EMAIL), _column("signed_up"),
        _column("source"), _column("language"),
    )  # fmt: skip
    endings = np.array([str(d).rpartition(".")[2] for d in domains])
    language = np.where(
        (endings == "de") & (rng.random(count) < 0.8), "de", np.where(rng.random(count) < 0.06, "fr", "en")
    )
    rows = list(
        zip(
            [UUID(bytes=bytes(raw), version=4) for raw in rng.integers(0, 256, (count, 16), dtype=np.uint8)],
            _hasty(rng, mails, upper=0.004, spaces=0.002), moments, source,
            _gone(rng, language.astype(object), 0.03, None), strict=True,
        )
    )  # fmt: skip
    return _shape("newsletter", columns, ("id",), rows, ("portalmail.ie", *owned), ())


SHAPES: dict[str, Callable[..., Shape]] = {
    "support desk": support_desk,
    "web shop": web_shop,
    "telecom": telecom,
    "clinic": clinic,
    "newsletter": newsletter,
}


def _shape(
    name: str,
    columns: Sequence[Column],
    key: tuple[str, ...],
    rows: list[Row],
    domains: Iterable[str],
    phones: Iterable[str],
    *linked: LinkedTable,
) -> Shape:
    sample = rows[:: max(1, len(rows) // 2000)]
    learnt = []
    for at, column in enumerate(columns):
        texts = [text for row in sample if (text := cell_text(row[at])) and text.strip()]
        learnt.append(kinds()[column.kind].learn(column, texts) if column.kind in kinds() else column)
    owned = DecoySettings(tuple(domains), tuple(phones))
    alone = DecoySettings(("kestrelbridge.ie",) if owned.domains else ())
    return Shape(name, tuple(learnt), key, rows, owned, alone, linked)


def _column(name: str, kind: Kind = Kind.TEXT, region: str = "") -> Column:
    return Column(name=name, kind=kind, why="test", region=region)


# ---- what people are called -------------------------------------------------------------------------------


def _people(rng: Rng, count: int, language: str) -> tuple[Texts, Texts]:
    """Given and family names: a few are common, and thousands occur once."""
    german = language == "de"
    given = _skewed_words(rng, DE_GIVEN if german else EN_GIVEN, count, 4)
    family = _skewed_words(rng, DE_FAMILY if german else EN_FAMILY, count, 9)
    second = _skewed_words(rng, DE_GIVEN if german else EN_GIVEN, count, 30)
    double = rng.random(count) < 0.025
    given[double] = (given + ("-" if german else " ") + second)[double]
    stems, endings = (DE_FAMILY_STEMS, DE_FAMILY_ENDINGS) if german else (EN_FAMILY_STEMS, EN_FAMILY_ENDINGS)
    rare = _joined(rng, count, stems, endings, space="")
    variant = rng.random(count) < 0.25
    rare[variant] = (rare + _skewed_words(rng, ["e", "s", "t", "n", "z"], count, 2))[variant]
    tail = rng.random(count) < 0.3
    family[tail] = rare[tail]
    hyphened = rng.random(count) < 0.02
    family[hyphened] = (family + "-" + _skewed_words(rng, DE_FAMILY if german else EN_FAMILY, count, 40))[
        hyphened
    ]
    return given, family


def _full_names(rng: Rng, given: Texts, family: Texts, *, last_first: float) -> Texts:
    return np.where(rng.random(len(given)) < last_first, family + ", " + given, given + " " + family)


_STYLES = ("{g}.{f}", "{i}{f}", "{g}{f}", "{g}_{f}", "{g}", "{f}.{g}", "{f}{i}", "{f}", "{nick}", "{desk}")
_STYLE_SHARES = (0.46, 0.16, 0.09, 0.04, 0.06, 0.04, 0.03, 0.05, 0.05, 0.02)
_DESKS = ("info", "office", "accounts", "it", "support", "admin", "hello", "sales", "service", "team")
_NICKS = """
sunny blue star tiger rock moon happy red mr the dj wolf green lucky cool big little fast old king
""".split()


def _mails(
    rng: Rng,
    given: Texts,
    family: Texts,
    domains: Texts,
    styles: NDArray[np.int64],
    *,
    digits: float,
    unique: bool,
) -> Texts:
    """Addresses in the given ways, each once, most of them in small letters."""
    slugs: dict[str, str] = {}

    def slug(name: str) -> str:
        if name not in slugs:
            spelt = name.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
            slugs[name] = "".join(filter(str.isalnum, anyascii(spelt).lower()))
        return slugs[name]

    tailed = rng.random(len(given)) < digits
    short, year = rng.integers(1, 100, len(given)), rng.integers(1950, 2006, len(given))
    tails = np.where(
        rng.random(len(given)) < 0.6,
        short.astype(str),
        np.where(rng.random(len(given)) < 0.5, year.astype(str), [f"{y % 100:02d}" for y in year.tolist()]),
    )
    nick, nick2 = rng.integers(0, len(_NICKS), (2, len(given)))
    used: set[str] = set()
    mails = []
    for at, (g, f, domain, style) in enumerate(
        zip(map(slug, given), map(slug, family), domains, styles.tolist(), strict=True)
    ):
        local = _STYLES[style].format(
            g=g, f=f, i=g[:1], desk=_DESKS[nick[at] % len(_DESKS)],
            nick=_NICKS[nick[at]] + (g if nick2[at] % 2 else _NICKS[nick2[at]]),
        )  # fmt: skip
        mail = f"{local}{tails[at] if tailed[at] else ''}@{domain}"
        while unique and mail in used:
            local += str(rng.integers(0, 10))
            mail = f"{local}@{domain}"
        used.add(mail)
        mails.append(mail)
    return np.array(mails, object)


def _domains(rng: Rng, customers: int, own: int, *, tlds: dict[str, int]) -> tuple[Texts, tuple[str, ...]]:
    """Made-up company domains: those of customers, and those that the owner of the table has."""
    names: dict[str, None] = {}
    shares = np.array(list(tlds.values())) / sum(tlds.values())
    while len(names) < customers + own:
        count = 2 * (customers + own - len(names)) + 100
        heads = _skewed_words(rng, COMPANY_HEADS, count, 40)
        tails = _skewed_words(rng, COMPANY_TAILS, count, 8)
        stems = _skewed_words(rng, EN_FAMILY_STEMS, count, 60) + _skewed_words(
            rng, EN_FAMILY_ENDINGS, count, 30
        )
        heads = np.where(rng.random(count) < 0.5, heads, stems)
        between = np.array(["", "-", ""], object)[rng.integers(0, 3, count)]
        tails = np.where(rng.random(count) < 0.2, "", tails)
        number = np.where(rng.random(count) < 0.03, rng.integers(1, 365, count).astype(str), "").astype(
            object
        )
        endings = rng.choice(list(tlds), count, p=shares)
        for head, sep, tail, digits, tld in zip(heads, between, tails, number, endings, strict=True):
            names[f"{head}{sep if tail else ''}{tail}{digits}.{tld}".lower()] = None
    order = rng.permutation(customers + own)
    listed = list(names)[: customers + own]
    return np.array([listed[at] for at in order[own:]], object), tuple(listed[at] for at in order[:own])


# ---- numbers ------------------------------------------------------------------------------------------


def _irish_numbers(
    rng: Rng, count: int, areas: NDArray[np.str_] | None, extra: int = 4_000
) -> tuple[Texts, tuple[str, ...]]:
    """National numbers without the 0, each once; and numbers that the owner has, one here and one there.

    areas  the area code of each row's town, used by half of them; None: mobiles only
    """
    total = count + extra
    blocks = rng.choice(900, 160, replace=False) + 100
    mobile = _skewed_words(rng, ["87", "86", "85", "83", "89"], total, 4)
    block = blocks[_skewed(rng, len(blocks), total, 30)]
    rest = rng.integers(0, 10_000, total)
    numbers = [f"{m}{b}{r:04d}" for m, b, r in zip(mobile, block.tolist(), rest.tolist(), strict=True)]
    if areas is not None:
        towns = np.concatenate([areas, areas[rng.integers(0, count, extra)]])
        heads = 200 + 10 * rng.integers(0, 60, total) + rng.integers(0, 3, total)
        for at in np.flatnonzero(rng.random(total) < 0.5).tolist():
            numbers[at] = f"{towns[at]}{heads[at]}{rest[at]:04d}"
    used: set[str] = set()
    for at in range(total):
        while numbers[at] in used:
            near = rng.random() < 0.8
            numbers[at] = numbers[at][: -4 if near else -7] + (
                f"{rng.integers(0, 10_000):04d}" if near else f"{rng.integers(2_000_000, 9_999_999)}"
            )
        used.add(numbers[at])
    return np.array(numbers[:count], object), tuple(f"+353 {n[:-7]} {n[-7:]}" for n in numbers[count:])


def _written_numbers(rng: Rng, numbers: Texts) -> Texts:
    """Irish numbers as people write them; a few lack a digit."""
    written = []
    short = rng.random(len(numbers)) < 0.012
    for way, number in zip(
        rng.choice(6, len(numbers), p=[0.38, 0.22, 0.17, 0.11, 0.08, 0.04]).tolist(), numbers, strict=True
    ):
        area, rest = number[:-7], number[-7 : -1 if short[len(written)] else None]
        written.append(
            (
                f"+353 {area} {rest[:3]} {rest[3:]}", f"0{area} {rest}", f"0{area}-{rest[:3]} {rest[3:]}",
                f"0{area}{rest}", f"(0{area}) {rest[:3]} {rest[3:]}", f"+353{area}{rest}",
            )[way]
        )  # fmt: skip
    return np.array(written, object)


def _member_number(number: int) -> str:
    """Seven digits in two groups and the Luhn digit."""
    digits = [int(d) for d in str(number)]
    doubled = sum(d if at % 2 else (2 * d - 9 if d > 4 else 2 * d) for at, d in enumerate(reversed(digits)))
    return f"{str(number)[:3]}-{str(number)[3:]}-{-doubled % 10}"


# ---- places, moments, rows that refer ---------------------------------------------------------------------


def _places(rng: Rng, count: int) -> tuple[Texts, Texts, Texts]:
    """Country, city and postcode that belong together."""
    places = [(code, *town) for code, towns in COUNTRIES.items() for town in towns]
    weights = np.concatenate(
        [
            share / (3 + np.arange(len(COUNTRIES[code])))
            for code, share in (("DE", 60), ("IE", 28), ("AT", 12))
        ]
    )
    chosen = rng.choice(len(places), count, p=weights / weights.sum())
    offsets = rng.integers(0, 1 + np.array([place[3] for place in places])[chosen])
    postcodes = [
        f"{places[at][2]}{offset + 1:02d}"
        if places[at][0] == "IE"
        else f"{int(places[at][2]) + offset:0{len(places[at][2])}d}"
        for at, offset in zip(chosen.tolist(), offsets.tolist(), strict=True)
    ]
    country = np.array([place[0] for place in places], object)[chosen]
    return country, np.array([place[1] for place in places], object)[chosen], np.array(postcodes, object)


def _moments(rng: Rng, count: int, first: date, last: date, *, office: bool) -> list[datetime]:
    """Ascending moments to the second, more of them later, by day of the week and hour."""
    days = (last - first).days
    weekday = (np.arange(days) + first.weekday()) % 7
    weights = (
        np.linspace(1, 4, days)
        * np.array([1.3, 1.2, 1.1, 1, 0.9, *((0.06, 0.03) if office else (0.8, 1.1))])[weekday]
    )
    weights *= rng.gamma(4, 0.25, days)
    day = np.sort(rng.choice(days, count, p=weights / weights.sum()))
    hour = (
        rng.normal(13, 2.6, count)
        if office
        else np.where(rng.random(count) < 0.6, rng.normal(20, 2, count), rng.normal(12, 3, count))
    )
    second = np.clip((hour % 24) * 3600, 0, 86_399).astype(np.int64)
    at = np.sort(day * 86_400 + second)
    return list((np.datetime64(first, "s") + at.astype("timedelta64[s]")).astype(datetime))


def _children(
    rng: Rng,
    rows: Sequence[Row],
    key: int,
    since: Sequence[datetime],
    value: Callable[[int], object],
    *,
    mean: float,
    days: int,
) -> list[Row]:
    """Rows that refer to others: some have many, many have none, none is older than what it refers to or
    younger than the table. Numbers lack those of undone transactions and of rows deleted since."""
    counts = rng.poisson(rng.gamma(1.1, mean / 1.1, len(rows)))
    parents = np.repeat(np.arange(len(rows)), counts)
    delay = (rng.exponential(days * 86_400, len(parents))).astype("timedelta64[s]")
    at = np.array(since, "datetime64[s]")[parents] + delay
    order = np.argsort(at, kind="stable")
    order = order[at[order] <= np.datetime64("2024-11-20T23:59:59")]
    moments, kept = at[order].astype(datetime), rng.integers(0, 1000, len(order)).tolist()
    numbers = np.cumsum(1 + (rng.random(len(order)) < 0.3) * rng.geometric(0.4, len(order))).tolist()
    return [
        (number, rows[parent][key], moment, value(pick))
        for number, parent, moment, pick in zip(numbers, parents[order].tolist(), moments, kept, strict=True)
    ]


# ---- habits ----------------------------------------------------------------------------------------------


def _typed_by_hand(rng: Rng, names: Texts) -> Texts:
    return _hasty(rng, names, lower=0.02, upper=0.015, spaces=0.015)


def _hasty(rng: Rng, texts: Texts, *, lower: float = 0, upper: float = 0, spaces: float = 0) -> Texts:
    """Some texts in the wrong case, some with a space too many."""
    changed = texts.copy()
    dice = rng.random(len(texts))
    for at in np.flatnonzero(dice < lower + upper + spaces).tolist():
        if dice[at] < lower:
            changed[at] = texts[at].lower()
        elif dice[at] < lower + upper:
            changed[at] = texts[at].upper()
        else:
            changed[at] = texts[at] + " " if at % 3 else " " + texts[at]
    return changed


def _gone(rng: Rng, cells: Texts, share: float, blank: object) -> Texts:
    kept = cells.copy()
    kept[rng.random(len(cells)) < share] = blank
    return kept


def _notes(rng: Rng, count: int) -> Texts:
    """Mostly none; else a remark made of phrases, sometimes with a number or a day in it."""
    notes = np.full(count, None, object)
    for at in np.flatnonzero(rng.random(count) < 0.06).tolist():
        parts = [NOTES[n] for n in rng.integers(0, len(NOTES), rng.integers(1, 4))]
        notes[at] = ", ".join(parts).replace("#", str(rng.integers(2, 900)))
    return notes


def _joint(rng: Rng, group: NDArray[np.int64], values: Sequence[str]) -> list[str]:
    """Values whose shares differ from group to group."""
    shares = rng.dirichlet(np.linspace(6, 0.6, len(values)), int(group.max()) + 1).cumsum(axis=1)
    picks = (rng.random(len(group))[:, None] > shares[group]).sum(axis=1)
    return [values[pick] for pick in np.minimum(picks, len(values) - 1).tolist()]


def _grouped(rng: Rng, count: int, *, most: int, exponent: float) -> tuple[NDArray[np.int64], int]:
    """The group of each row, groups of 1 to `most`, sizes by a power law; rows of a group lie apart."""
    sizes = np.arange(1, most + 1)
    weights = sizes**-exponent / (sizes**-exponent).sum()
    drawn = rng.choice(sizes, int(count / (sizes * weights).sum() * 1.3) + 50, p=weights)
    groups = int(np.searchsorted(drawn.cumsum(), count)) + 1
    return rng.permutation(np.repeat(np.arange(groups), drawn[:groups])[:count]), groups


def _skewed(rng: Rng, choices: int, count: int, flat: float) -> NDArray[np.int64]:
    """Ranks by Zipf and Mandelbrot's law; a larger `flat` makes the first ranks more alike."""
    weights = 1 / (flat + np.arange(choices))
    return rng.choice(choices, count, p=weights / weights.sum())


def _skewed_words(rng: Rng, words: Sequence[str], count: int, flat: float) -> Texts:
    return np.array(words, object)[_skewed(rng, len(words), count, flat)]


def _joined(rng: Rng, count: int, heads: Sequence[str], tails: Sequence[str], space: str = " ") -> Texts:
    return _skewed_words(rng, heads, count, 12) + space + _skewed_words(rng, tails, count, 3)


# ---- what an audit is given ------------------------------------------------------------------------------


def seen(shape: Shape, rows: Sequence[Row], decoys: NDArray[np.bool_]) -> Seen:
    """The table with these rows as its buyer sees it; linked rows keep to the rows that they refer to."""
    names = [column.name for column in shape.columns]
    linked = []
    for one in shape.linked:
        place = {row[names.index(one.referred)]: at for at, row in enumerate(rows)}
        at = one.columns.index(one.refers)
        kept = [row for row in one.rows if row[at] in place]
        parents = np.array([place[row[at]] for row in kept], dtype=np.int64)
        linked.append(LinkedRows(one.name, one.columns, kept, parents))
    return Seen(shape.columns, rows, decoys, shape.key, tuple(linked))


def chosen(shape: Shape, count: int, seed: int) -> NDArray[np.bool_]:
    """A mask of so many rows, drawn at random: decoys that nothing but chance can tell."""
    mask = np.zeros(len(shape.rows), bool)
    mask[np.random.default_rng([seed, 6]).choice(len(mask), count, replace=False)] = True
    return mask
