"""A shop of customers with orders, order lines, tickets and a contact log, as a ground in memory; seeded."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from uuid import UUID

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.decoys import TableModel, TableModelBuilder

GIVEN = "Anna Brian Clara Declan Emma Fergus Grace Hugh Irene James Karen Liam Maeve Niall Orla Paul".split()
FAMILY = [
    a + b
    for a in "Byr Kel Mur Wal Dol Far Hig Lan Mor Nol".split()
    for b in "ne ly phy sh an rell gins".split()
]
PRODUCTS = [(f"P-{number}", Decimal(f"{5 + 7 * number}.99")) for number in range(30)]
REMARKS = ["", "", "", "please ring the bell", "leave with neighbour", "gift wrap", "call before delivery"]
SAID = [
    "the parcel has not arrived yet", "please send the invoice again", "the charger does not work at all",
    "i would like to return the charger", "the invoice does not show my address", "nobody answers the phone",
    "the parcel was open when it arrived", "please call me about the invoice", "my address has changed",
]  # fmt: skip
NEWEST = datetime(2025, 6, 30, 18, 0)  # noqa: DTZ001 a wall clock, as tables have it
CUSTOMERS = (
    Column(name="id", kind=Kind.REFERENCE, why="", grammar=("D5",)),
    Column(name="name", kind=Kind.NAME, why=""),
    Column(name="email", kind=Kind.EMAIL, why=""),
    Column(name="phone", kind=Kind.PHONE, why="", region="IE"),
    Column(name="created_at", kind=Kind.TEXT, why=""),
    Column(name="last_order_at", kind=Kind.TEXT, why=""),
)


@dataclass
class Rows:
    """A table in memory."""

    columns: tuple[str, ...]
    rows: list[Row] = field(repr=False)
    label: str = "memory"

    def batches(self, size: int = 1000) -> Iterator[Batch]:
        for at in range(0, len(self.rows), size):
            part = self.rows[at : at + size]
            yield Batch(part, range(at, at + len(part)))


@dataclass
class Shop:
    """The part of a ground that is read."""

    tables: tuple[GroundTable, ...]
    rows: list[list[Row]] = field(repr=False)
    label: str = "shop"
    remarks: tuple[str, ...] = ()

    def table(self, number: int) -> Rows:
        return Rows(self.tables[number].columns, self.rows[number])

    def kin(self, number: int, keys: Sequence[Row]) -> Iterator[Batch]:
        wanted = {tuple(map(cell_text, key)) for key in keys}
        refers = self.tables[number].refers
        found = [row for row in self.rows[number] if tuple(cell_text(row[at]) for at in refers) in wanted]
        yield Batch(found, range(len(found)))

    @cached_property
    def model(self) -> TableModel:
        builder = TableModelBuilder(CUSTOMERS, ("id",))
        for batch in self.table(0).batches():
            builder.observe(batch)
        return builder.finish()


TABLES = (
    GroundTable("customers", tuple(c.name for c in CUSTOMERS), (True,) * 6, (0,)),
    GroundTable(
        "orders",
        ("id", "customer_id", "order_no", "created_at", "order_date", "quantity", "price", "total", "product",
         "remark", "ship_to", "ship_phone"),
        (True,) * 12, (0,), 0, (1,), (0,), ((2,),),
    ),
    GroundTable("lines", ("id", "order_id", "line", "sku"), (True,) * 4, (0,), 1, (1,), (0,), ((1, 2),)),
    GroundTable(
        "tickets", ("ticket", "customer_id", "opened", "subject", "body", "contact", "agent"),
        (True,) * 7, (0,), 0, (1,), (0,),
    ),
    GroundTable("contacts", ("ticket", "at", "channel"), (True,) * 3, (), 3, (0,), (0,)),
)  # fmt: skip


@cache
def shop(count: int = 2000, seed: int = 7) -> Shop:
    rng = random.Random(seed)
    customers, orders, lines, tickets, contacts = _customers(rng, count), [], [], [], []
    for customer in customers:
        times = min(12, int(rng.expovariate(0.4)))
        orders += [(_working_time(rng, customer[4]), customer) for _ in range(times)]
    orders.sort(key=lambda pair: pair[0])
    order_id, line_id = 1000, 50_000
    order_rows: list[Row] = []
    last: dict[int, datetime] = {}
    for at, customer in orders:
        order_id += rng.choice([1, 1, 1, 2, 3])
        product, price = rng.choice(PRODUCTS)
        quantity = rng.choice([1, 1, 2, 3])
        last[customer[0]] = at
        order_rows.append(
            (order_id, customer[0], f"ORD-{order_id + 70_000}", at, at.date(), quantity, price,
             quantity * price, product, rng.choice(REMARKS), customer[1].upper(),
             customer[3].replace(" ", "").replace("+353", "0"))
        )  # fmt: skip
        for line in range(1, 1 + rng.choice([1, 1, 2, 3])):
            line_id += rng.choice([1, 1, 1, 4])
            lines.append((line_id, order_id, line, rng.choice(PRODUCTS)[0]))
        if rng.random() < 0.3:
            ticket = _ticket(rng, at, customer, order_id)
            tickets.append(ticket)
            for _ in range(rng.randint(1, 3)):
                opened = at + timedelta(hours=rng.randint(2, 60), seconds=rng.randint(0, 3600))
                contacts.append((ticket[0], opened.isoformat(sep=" "), rng.choice(["mail", "phone", "chat"])))
    customers = [(*row[:5], last.get(row[0])) for row in customers]
    return Shop(TABLES, [customers, order_rows, lines, tickets, contacts])


def _customers(rng: random.Random, count: int) -> list[tuple]:
    began = sorted(
        NEWEST - timedelta(days=2000) + timedelta(seconds=rng.randint(0, 5 * 365 * 86_400))
        for _ in range(count)
    )
    rows, number = [], 10_000
    for at in began:
        number += rng.choice([1, 1, 2, 5])
        given, family = rng.choice(GIVEN), rng.choice(FAMILY)
        email = f"{given}.{family}{rng.randint(10, 9999)}@post.example.ie".lower()
        phone = f"+353 1 {rng.randint(200, 899)} {rng.randint(1000, 9999)}"
        rows.append((number, f"{given} {family}", email, phone, at))
    return rows


def _working_time(rng: random.Random, after: datetime) -> datetime:
    """Mondays to Fridays, 9 to 17."""
    while True:
        day = after + timedelta(days=1) + (NEWEST - after - timedelta(days=2)) * rng.random()
        at = day.replace(
            hour=rng.randint(9, 16), minute=rng.randint(0, 59), second=rng.randint(0, 59), microsecond=0
        )
        if at.weekday() < 5:
            return at


def _ticket(rng: random.Random, at: datetime, customer: tuple, order: int) -> Row:
    opened = at + timedelta(hours=1, seconds=rng.randint(0, 3000))
    body = ". ".join(rng.sample(SAID, rng.randint(2, 4)))
    body += f". {customer[1]}, id {rng.randint(10**6, 10**7)}"
    subject = f"Question about order ORD-{order + 70_000}"
    agent = f"agent.{rng.choice(['one', 'two'])}@shop.example.ie"
    number = UUID(int=rng.getrandbits(128), version=4)
    return (number, customer[0], opened.strftime("%d.%m.%Y %H:%M"), subject, body, customer[2], agent)
