"""The texts that are searched: customer tables with more or less of ours in them, and texts of other sorts.

All are made with fixed seeds. In prose, source code and logs stand PLANTED records of ours, evenly spread.
"""

import gzip
import json
import site
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from random import Random

from measuring import SEED
from spellings import respelt
from trapstreet.app.demo.people import customers

PLANTED = 45
DOCUMENTATION = (Path("/usr/share/doc"), Path("/usr/share/man"))
ENDINGS = (".txt", ".md", ".html", ".rst", ".gz")

Row = tuple[str, ...]
Write = Callable[[Row, Random], str]


def made(sort: str, size: int, ours: Sequence[Row]) -> bytes:
    """A text of a sort of SORTS, `size` bytes long; `ours` are customers (people.HEADER)."""
    return SORTS[sort](size, ours)


def dense(size: int, ours: Sequence[Row], *, every: int) -> bytes:
    """A CSV table of name, e-mail, phone and ticket: every so-many-th row is ours, the others nobody's."""
    return _table(size, ours, every, _csv)


def prose(size: int) -> bytes:
    """The first `size` bytes of this machine's package documentation, then of its manual pages.

    Changelogs are left out: they are lists of addresses and times.
    """
    folders = (path for folder in DOCUMENTATION for path in sorted(folder.rglob("*")))
    return _joined(
        (path for path in folders if path.name.endswith(ENDINGS) and "changelog" not in path.name.lower()),
        size,
    )


def source(size: int) -> bytes:
    """The first `size` bytes of Python's standard library and of the packages installed beside it."""
    folders = (sysconfig.get_path("stdlib"), *site.getsitepackages())
    return _joined((path for folder in folders for path in sorted(Path(folder).rglob("*.py"))), size)


def logs(size: int) -> bytes:
    """An access log and an application's log, line about: addresses, times, hexadecimal numbers, sizes."""
    random = Random(SEED + 4)
    text = bytearray()
    second = 1_772_000_000
    while len(text) < size:
        second += random.randrange(3)
        text += (_access(second, random) + _event(second, random)).encode()
    return bytes(text[:size])


def numbers(size: int) -> bytes:
    """Integers of 1 to 18 digits with blanks between them: the worst case for a search for numbers."""
    random = Random(SEED + 5)
    count = size // 9
    return " ".join(str(random.randrange(10 ** random.randint(1, 18))) for _ in range(count)).encode()[:size]


def planted(text: bytes, ours: Sequence[Row], *, count: int = PLANTED) -> bytes:
    """The text with sentences on some of our customers at its line ends, evenly spread; a little longer."""
    random = Random(SEED + 6)
    rows = random.sample(list(ours), count)
    parts, begin = [], 0
    for place, row in enumerate(rows, 1):
        end = text.find(b"\n", place * len(text) // (count + 1)) + 1 or len(text)
        full, address, line, ticket = respelt(row, random)
        parts += [text[begin:end], f"{full} wrote from {address} on {ticket}, call {line}.\n".encode()]
        begin = end
    return b"".join([*parts, text[begin:]])


def _table(size: int, ours: Sequence[Row], every: int, write: Write) -> bytes:
    random = Random(SEED + 3)
    rows = _mixed(cycle(ours), _strangers(size), every)
    text = bytearray()
    while len(text) < size:
        text += write(next(rows), random).encode()
    return bytes(text[:size])


def _mixed(ours: Iterator[Row], strangers: Iterator[Row], every: int) -> Iterator[Row]:
    while True:
        yield next(ours)
        for _ in range(every - 1):
            yield next(strangers)


def _strangers(size: int) -> Iterator[Row]:
    domains = ("bigpost.example", "mailhub.example")
    return customers(size // 50, seed=SEED + 1, first=71_000_000, domains=domains)


def _csv(row: Row, random: Random) -> str:
    return ",".join(respelt(row, random)) + "\r\n"


def _json(row: Row, random: Random) -> str:
    full, address, line, ticket = respelt(row, random)
    record = {
        "customer": {"name": full, "email": address, "phone": line},
        "reference": ticket,
        "city": row[4],
        "product": row[5],
        "opened": row[6],
        "newsletter": random.random() < 0.3,
        "status": random.choice(("active", "dormant", "closed on request")),
    }
    return json.dumps(record) + ",\n"


def _sql(row: Row, random: Random) -> str:
    cells = ("'" + cell.replace("'", "''") + "'" for cell in (*respelt(row, random), row[4]))
    return f"INSERT INTO crm_customers VALUES ({', '.join(cells)});\n"


def _access(second: int, random: Random) -> str:
    address = ".".join(str(random.randrange(1, 255)) for _ in range(4))
    path = random.choice(("/", "/cart", "/item/", "/img/", "/api/v2/items/", "/search?q="))
    return (
        f"{address} - - [{second % 28 + 1:02}/Feb/2026:{second // 3600 % 24:02}:{second // 60 % 60:02}:"
        f'{second % 60:02} +0000] "GET {path}{random.randrange(10**6)} HTTP/1.1" '
        f'{random.choice((200, 200, 200, 304, 404))} {random.randrange(90_000)} "-" '
        f'"Mozilla/5.0 (X11; Linux x86_64; rv:{random.randrange(90, 140)}.0) Gecko/20100101"\n'
    )


def _event(second: int, random: Random) -> str:
    return (
        f"2026-02-{second % 28 + 1:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}."
        f"{random.randrange(1000):03}Z {random.choice(('INFO', 'INFO', 'WARN'))} "
        f"worker-{random.randrange(16)} request {random.getrandbits(64):016x} finished in "
        f"{random.randrange(5000)} ms, {random.randrange(10**5)} rows, "
        f"session {random.getrandbits(48):012x}\n"
    )


def _joined(paths: Iterable[Path], size: int) -> bytes:
    parts: list[bytes] = []
    missing = size
    for path in paths:
        if missing > 0 and path.is_file():
            text = path.read_bytes()
            parts.append(gzip.decompress(text) if path.suffix == ".gz" else text)
            missing -= len(parts[-1])
    if missing > 0:
        sys.exit(f"this machine holds {missing:,} bytes of such text too little for a text of {size:,}")
    return b"".join(parts)[:size]


SORTS: dict[str, Callable[[int, Sequence[Row]], bytes]] = {
    "customers, 1 % ours": lambda size, ours: dense(size, ours, every=100),
    "customers, all ours": lambda size, ours: dense(size, ours, every=1),
    "JSON": lambda size, ours: _table(size, ours, 100, _json),
    "SQL": lambda size, ours: _table(size, ours, 100, _sql),
    "logs": lambda size, ours: planted(logs(size), ours),
    "prose": lambda size, ours: planted(prose(size), ours),
    "source code": lambda size, ours: planted(source(size), ours),
    "numbers": lambda size, _: numbers(size),
}
