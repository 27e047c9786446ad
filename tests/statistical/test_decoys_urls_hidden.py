"""Web addresses do not tell decoys from rows: those at hosts that many rows share, and firms' own sites."""

import random
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest

from decoys_tables import Table
from table_grove import Grove
from table_shapes import Shape, support_desk
from trapstreet.core.fields import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys import Aim, DecoySettings, generate, insert
from trapstreet.decoys.audit import Seen, audit
from url_world import customers

pytestmark = pytest.mark.slow

ROWS, COUNT, SEEDS = 8000, 300, 3


@pytest.mark.parametrize("names", [("portal", "avatar", "profile"), ("name", "linkedin")])
def test_an_attacker_with_labels_learns_nothing_from_addresses_at_shared_hosts(
    names: tuple[str, ...],
) -> None:
    whole = customers(ROWS)
    places = [0, *map(whole.position, names)]
    rows: list[Row] = [tuple(row[at] for at in places) for row in whole.rows]
    table = Table([whole.columns[at] for at in places], ["id"], rows)

    areas = [area(table, seed) for seed in range(SEEDS)]

    assert mean(areas) < 0.56, areas


def test_an_attacker_with_labels_learns_little_from_the_sites_that_firms_contacts_share() -> None:
    """A site of each decoy alone tells it: 0.93."""
    shape = with_sites(support_desk(ROWS))
    grove = Grove(shape)

    planted = [grove.planted(shape.owned, COUNT, seed) for seed in range(SEEDS)]
    areas = [audit(seen, shape.owned, control=False).auc.area for seen in planted]

    assert mean(areas) < 0.6, areas


def with_sites(shape: Shape) -> Shape:
    """Tickets with the site of the firm, which its contacts write in one way; a few have none."""
    rng, sites, rows = random.Random(5), dict[str, str](), list[Row]()
    for row in shape.rows:
        domain = str(row[2]).strip().lower().rpartition("@")[2]
        before = rng.choice(("http://", "https://", "https://www.", "www.", "https://shop."))
        site = sites.setdefault(domain, before + domain + rng.choice(("", "", "/", "/en", "/index.html")))
        rows.append((*row, "" if rng.random() < 0.15 else site.upper() if rng.random() < 0.02 else site))
    columns = (*shape.columns, Column(name="website", kind=Kind.TEXT, why=""))
    return replace(shape, columns=columns, rows=rows, linked=())


def area(table: Table, seed: int) -> float:
    draws, settings = KeyedDraws(f"planting number{seed}".encode(), 0), DecoySettings()
    made = generate(table.learnt, settings, draws=draws, count=COUNT, taken=table.owned, aim=Aim.HIDE)
    seen: list[Row] = []
    lines: list[int] = []
    for batch in insert(made, table.batches()):
        seen += batch.rows
        lines += batch.lines
    found = audit(
        Seen(tuple(table.columns), seen, np.array(lines) == 0, ("id",), ()), settings, control=False
    )
    return found.auc.area
