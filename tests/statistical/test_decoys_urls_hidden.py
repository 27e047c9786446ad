"""Web addresses at hosts that many rows share do not tell decoys from rows."""

from statistics import mean

import numpy as np
import pytest

from decoys_tables import Table
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys import Aim, DecoySettings, generate, insert
from trapstreet.decoys.audit import Seen, audit
from url_world import customers

ROWS, COUNT, SEEDS = 8000, 300, 3


@pytest.mark.slow
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


def area(table: Table, seed: int) -> float:
    draws = KeyedDraws(f"planting number{seed}".encode(), 0)
    settings = DecoySettings()
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
