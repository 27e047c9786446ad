"""A company whose decoys are heard: a workspace, what lies where, and a trap or a spool that it can open."""

import csv
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from desk import Desk
from handed_out import OWNED
from people import read_csv
from shop import shop
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Heard
from trapstreet.store import plantings
from trapstreet.trap.sealing import Opener, encode
from trapstreet.trap.spool import Spool

URL, ZONE, DOMAIN = "http://cdn.harbour.example/", "harbour-net.example", "post.harbour.example"


def owning(desk: Desk) -> Desk:
    """The company owns domains, a web address and a zone."""
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text().replace("domains = []", OWNED)
    text = text.replace("urls = []", f'urls = ["{URL}"]').replace("zones = []", f'zones = ["{ZONE}"]')
    file.write_text(text)
    return desk


def customers(desk: Desk, count: int = 400) -> Path:
    """A registered CSV file of customers."""
    path = desk.folder / "customers.csv"
    with sqlite3.connect(shop(desk.folder / "shop.sqlite3", count)) as database:
        rows = database.execute("SELECT id, name, email, phone, city, product, created_at FROM customers")
        with path.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(column[0] for column in rows.description)
            out.writerows(rows)
    desk.do("register", path, "--name", "customers", "--key", "id")
    return path


def token(desk: Desk, kind: str, *options: object) -> tuple[str, str]:
    """A new breadcrumb: its planting, and by what it is known."""
    made = desk.json("bait", kind, "--place", f"the {kind}'s shelf", *options)["planting"]
    ring = Workspace.open(desk.workspace).ring
    ((_, value),) = plantings.tokens_of(plantings.planting_named(made), ring)
    return made, value


def planted_addresses(desk: Desk, table: Path) -> list[str]:
    """The mail addresses of p1's decoys, in their order."""
    rows = {row["id"]: row["email"] for row in read_csv(table)}
    ring = Workspace.open(desk.workspace).ring
    planting = plantings.planting_named("p1")
    return [rows[str(row[0])] for row in plantings.rows_of(planting, ring)[0]]


def spooled(desk: Desk, folder: Path, *records: Sequence[Heard]) -> Path:
    """A trap's folder in whose spool some records are, each of one transaction."""
    folder.mkdir(exist_ok=True)
    worker = Opener(Workspace.open(desk.workspace).ring.trap_key()).public
    spool = Spool(folder, worker, limit=1 << 30)
    for record in records:
        spool.append([encode(one) for one in record])
    spool.close()
    return folder


def loopback(text: str) -> str:
    """A trap's settings at free ports of this machine."""
    text = re.sub(r"listen = \[.*\]", 'listen = ["127.0.0.1:0"]', text)
    return text.replace("addresses = []", 'addresses = ["192.0.2.7"]') + "\n[status]\nport = 0\n"
