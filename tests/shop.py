"""A made-up support shop in a SQLite database: customers, their orders and tickets, and what was said."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from trapstreet.app.demo.people import customers

_SCHEMA = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, phone TEXT, city TEXT NOT NULL,
    product TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id), amount REAL NOT NULL,
    ordered_at TEXT NOT NULL
);
CREATE TABLE tickets (
    ticket TEXT PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), subject TEXT NOT NULL,
    opened_at TEXT NOT NULL
);
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY, ticket TEXT NOT NULL REFERENCES tickets (ticket), note TEXT NOT NULL,
    at TEXT NOT NULL
);
"""
_SUBJECTS = ("Licence", "Renewal", "Installation", "Invoice", "Refund")
_NOTES = ("called back", "no answer", "sent the manual", "solved", "asked for a screenshot")


def shop(path: Path, count: int, *, seed: int = 11) -> Path:
    """The database, with gaps in all its numbers and histories that grew with time."""
    random = Random(seed)
    start = datetime(2017, 1, 2, 8, tzinfo=UTC)
    at, people = 1_000, []
    for number, (_, name, email, phone, city, product, _) in enumerate(customers(count, seed=seed)):
        at += random.choices((1, 2, 5), (90, 7, 3))[0]
        created = start + timedelta(minutes=400 * number + random.randrange(400))
        kept = phone if random.random() < 0.8 else None
        people.append((at, name, email, kept, city, product, created))

    def histories(weights: Sequence[int]) -> list[tuple[datetime, int]]:
        """When somebody did something, in the order of time: none, one … of them for each customer."""
        some = ((random.choices(range(len(weights)), weights)[0], each[0], each[6]) for each in people)
        return sorted(
            (created + timedelta(minutes=random.randrange(300_000)), who)
            for often, who, created in some
            for _ in range(often)
        )

    with sqlite3.connect(path) as database:
        database.executescript(_SCHEMA)
        _insert(database, "customers", [(*row[:6], _iso(row[6])) for row in people])
        order, orders = 50_000, []
        for moment, who in histories((30, 40, 20, 6, 4)):
            order += random.randint(1, 3)
            orders.append((order, who, random.choice((19.9, 29.9, 39.9, 59.9, 89.9)), _iso(moment)))
        ticket, tickets, said = 700_000, [], []
        for moment, who in histories((70, 20, 10)):
            ticket += random.randint(1, 4)
            tickets.append((f"TS-{ticket}", who, random.choice(_SUBJECTS), _iso(moment)))
            later = (random.randrange(2_000) for _ in range(random.randrange(3)))
            said += [(moment + timedelta(minutes=minutes), f"TS-{ticket}") for minutes in later]
        contact, contacts = 1, []
        for moment, about in sorted(said):
            contact += random.randint(1, 2)
            contacts.append((contact, about, random.choice(_NOTES), _iso(moment)))
        _insert(database, "orders", orders)
        _insert(database, "tickets", tickets)
        _insert(database, "contacts", contacts)
    return path


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def dump(path: Path) -> str:
    """Everything in the database as SQL."""
    with sqlite3.connect(path) as database:
        return "\n".join(database.iterdump())


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
