"""What the owned domains and numbers allow at best."""

from collections.abc import Sequence

import numpy as np
import pytest

from table_shapes import SHAPES, chosen, seen
from trapstreet.core.fields import Column, Kind
from trapstreet.decoys import DecoySettings
from trapstreet.decoys.audit import Seen
from trapstreet.decoys.audit.attainable import area, attainable, nearest
from trapstreet.decoys.audit.features import View

_EMAIL = Column(name="email", kind=Kind.EMAIL, why="test")


def _view(domains: Sequence[str], decoys: int) -> View:
    """One address at each of these domains, and decoys that the figure does not look at."""
    rows = [(f"u{at}@{domain}" if domain else "",) for at, domain in enumerate(domains)]
    rows += [(f"d{at}@decoy.example",) for at in range(decoys)]
    mask = np.arange(len(rows)) >= len(domains)
    return View(Seen((_EMAIL,), rows, mask), np.arange(len(rows)))


@pytest.mark.slow
def test_a_catch_all_at_the_only_domain_hides_everything() -> None:
    view = _view(["post.ie"] * 1000, 100)
    assert attainable(view, DecoySettings(domains=("post.ie",))) == pytest.approx(0.5, abs=1e-6)


def test_a_domain_that_nobody_uses_hides_nothing_where_all_use_one() -> None:
    view = _view(["post.ie"] * 1000, 100)
    assert attainable(view, DecoySettings(domains=("other.ie",))) == pytest.approx(1.0, abs=1e-6)


def test_rows_that_no_decoy_can_be_like_cost_half_their_share() -> None:
    view = _view(["post.ie"] * 800 + ["gmail.com"] * 200, 100)
    assert attainable(view, DecoySettings(domains=("post.ie",))) == pytest.approx(0.6, abs=1e-6)


def test_as_many_domains_as_the_sizes_of_the_tables_own_need_are_enough() -> None:
    view = _view([f"firm{at // 3}.ie" for at in range(900)], 99)
    enough = DecoySettings(domains=tuple(f"own{at}.ie" for at in range(33)))
    half = DecoySettings(domains=enough.domains[:16])
    assert attainable(view, enough) == pytest.approx(0.5, abs=1e-6)
    assert 0.7 < attainable(view, half) < 0.8


def test_decoys_may_lack_an_address_as_often_as_customers_do() -> None:
    view = _view([""] * 900 + ["post.ie"] * 100, 100)
    assert attainable(view, DecoySettings(domains=("other.ie",))) <= 0.56


def test_a_block_of_numbers_where_no_customer_is_shows() -> None:
    phone = Column(name="phone", kind=Kind.PHONE, why="test", region="IE")
    rows = [(f"08{5 + at % 3}{200 + at % 40}{at:04d}",) for at in range(2000)]
    mask = np.zeros(2000, bool)
    mask[:50] = True
    view = View(Seen((phone,), rows, mask), np.arange(2000))
    scattered = DecoySettings(
        phones=tuple(f"+353 8{5 + at % 3} {200 + at % 40}{1000 + at:04d}" for at in range(600))
    )
    assert attainable(view, DecoySettings(phones=("+353 89 9990000-0999",))) == pytest.approx(1.0, abs=1e-6)
    assert attainable(view, scattered) < 0.52


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_owners_have_enough(name: str) -> None:
    shape = SHAPES[name](8000)
    view = View(seen(shape, shape.rows, chosen(shape, 240, 1)), np.arange(8000))
    assert attainable(view, shape.owned) < 0.52


def test_no_law_within_the_bounds_is_nearer_than_the_one_found() -> None:
    rng = np.random.default_rng(3)
    p, cost, most = rng.dirichlet(np.ones(6)), rng.random(6), np.full(6, 0.5)
    theirs, best = nearest(p, cost=cost, budget=0.3, most=most)
    assert best.sum() == pytest.approx(1) and best[:6] @ cost <= 0.3 + 1e-9
    tried = 0
    for other in rng.dirichlet(np.ones(7) * 0.7, 4000):
        if other[:6] @ cost <= 0.3 and (other[:6] <= 0.5).all():
            tried += 1
            assert area(theirs, other) >= area(theirs, best) - 1e-9
    assert tried > 100


def test_the_area_is_that_of_the_likelihood_ratio() -> None:
    rng = np.random.default_rng(4)
    p, q = rng.dirichlet(np.ones(8), 2)
    ratio = q / p
    brute = sum(q[i] * p[j] * ((ratio[i] > ratio[j]) + 0.5 * (i == j)) for i in range(8) for j in range(8))
    assert area(p, q) == pytest.approx(brute)
    assert area(p, p) == pytest.approx(0.5)
