"""A company with millions of customers, and other companies' customers of the same country.

Both give the same country's phone numbers and the same names to their customers, and number them in the same
range: whatever they have in common is chance.
"""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from random import Random

from foreign import ForeignText
from measuring import SEED, Desk, apart
from trapstreet.app.demo.people import customers
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.index import Lookup
from trapstreet.store import catalogue

HEADER = ("customer number", "name", "email", "phone", "since")
ROWS_PER_FILE = 10_000
FIRST = 20_000_000

_AREAS = (
    "201 202 205 206 212 213 214 215 216 217 224 225 228 229 231 234 239 240 248 251 252 253 254 256 260 262"
    " 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325"
).split()
_EXCHANGES = range(200, 1_000)
_LINES = 10_000
_NUMBERS = len(_AREAS) * len(_EXCHANGES) * _LINES
_STEP = 156_979_343  # has no divisor in common with _NUMBERS: every number comes once
_POOL = 20_000

Row = tuple[str, ...]


class Company:
    """A workspace in which so many customers are registered, from a CSV file that is gone afterwards."""

    def __init__(self, at: Desk, count: int) -> None:
        folder = at.folder / "company"
        folder.mkdir()
        own = Desk(folder, at.quick, at.core)
        own.begin()
        table = folder / "customers.csv"
        apart(write_company, table, count)
        cost = own.run("register", table, "--name", "customers")
        at.say(f"register {count:,} rows", cost, seconds=600, mb=2_000)
        table.unlink()
        workspace = Workspace.open(own.workspace)
        data_set = catalogue.index_of(catalogue.data_set_named("customers"), shelf_of(workspace))
        self.lookup = Lookup([data_set])
        self.key_of = workspace.ring.fingerprint_key


def strangers(count: int) -> Iterator[ForeignText]:
    """CSV tables of customers that are nobody's, numbered by their companies from the same number on."""
    rows = _people(count, seed=SEED + 11, prefix="", domains=("bigpost.example", "mailhub.example"))
    for number in range(-(-count // ROWS_PER_FILE)):
        out = StringIO()
        csv.writer(out).writerows([HEADER, *islice(rows, ROWS_PER_FILE)])
        yield ForeignText("strangers", f"table-{number}.csv", out.getvalue().encode())


def write_company(path: Path, count: int) -> None:
    """A CSV file of so many customers, each with a phone number of their own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        domains = ("quickmail.example", "postbox.example")
        out.writerows(_people(count, seed=SEED + 10, prefix="CN-", domains=domains))


def _people(count: int, *, seed: int, prefix: str, domains: Sequence[str]) -> Iterator[Row]:
    """Rows under HEADER; numbers ascend by 1 to 9. 2 µs each."""
    random = Random(seed)
    names = [row[1] for row in customers(_POOL, seed=SEED + 9)]
    number, line = FIRST, random.randrange(_NUMBERS)
    for place in range(count):
        number += int(random.random() * 9) + 1
        line = (line + _STEP) % _NUMBERS
        name = names[int(random.random() * _POOL)]
        local = name.lower().replace(" ", ".").replace("'", "")
        rest, last = divmod(line, _LINES)
        area, exchange = divmod(rest, len(_EXCHANGES))
        yield (
            f"{prefix}{number}",
            name,
            f"{local}{place}@{domains[place & 1]}",
            f"+1 {_AREAS[area]}-{_EXCHANGES[exchange]}-{last:04}",
            f"20{10 + place % 15}-{1 + place % 12:02}-{1 + place % 28:02}",
        )
