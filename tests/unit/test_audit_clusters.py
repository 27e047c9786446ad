"""What chance takes or leaves as a whole: the rows of one firm."""

import numpy as np

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.table import Row
from trapstreet.decoys.audit import Seen
from trapstreet.decoys.audit.clusters import clusters, units
from trapstreet.decoys.audit.features import View

_EMAIL = Column(name="email", kind=Kind.EMAIL, why="test")
_SITE = Column(name="website", kind=Kind.TEXT, why="test")
_COMPANY = Column(name="companyName", kind=Kind.TEXT, why="test")


def _clusters(columns: tuple[Column, ...], real: list[Row], decoys: list[Row]) -> np.ndarray:
    rows = real + decoys
    view = View(Seen(columns, rows, np.arange(len(rows)) >= len(real)), np.arange(len(rows)))
    return clusters(view)


def _together(of: np.ndarray, rows: range) -> bool:
    return len(set(of[rows].tolist())) == 1 and not set(of[rows].tolist()) & set(np.delete(of, rows).tolist())


def _firms(name: str, firms: int, staff: int) -> list[Row]:
    return [(f"p{n}@{name}{n // staff}.ie",) for n in range(firms * staff)]


def test_rows_at_one_domain_belong_together_whoever_they_are() -> None:
    of = _clusters((_EMAIL,), _firms("firm", 50, 4), _firms("own", 12, 5))
    assert len(np.unique(of)) == 62
    assert _together(of, range(4)) and _together(of, range(200, 205))


def test_rows_at_a_domain_of_more_rows_than_there_are_decoys_are_alone() -> None:
    real = [(f"u{n}@post.ie",) for n in range(300)]
    of = _clusters((_EMAIL,), real, _firms("own", 12, 5) + [(f"d{n}@post.ie",) for n in range(40)])
    assert len(np.unique(of)) == 300 + 12 + 40


def test_rows_without_an_address_are_alone() -> None:
    of = _clusters((_EMAIL,), [*_firms("firm", 50, 4), *[("",)] * 7], [*_firms("own", 12, 5), ("",), (None,)])
    assert len(np.unique(of)) == 62 + 9


def test_decoys_at_a_few_domains_are_alone_since_that_is_what_tells_them() -> None:
    of = _clusters((_EMAIL,), _firms("firm", 50, 4), _firms("own", 3, 30))
    assert len(np.unique(of)) == 200 + 90


def test_colleagues_with_private_addresses_belong_together_by_their_site() -> None:
    real: list[Row] = [(f"u{n}@gmail.com", f"https://www.firm{n // 4}.ie/p/{n}") for n in range(200)]
    decoys: list[Row] = [(f"d{n}@gmail.com", f"http://own{n // 4}.ie/") for n in range(48)]
    of = _clusters((_EMAIL, _SITE), real, decoys)
    assert len(np.unique(of)) == 50 + 12
    assert _together(of, range(4)) and _together(of, range(244, 248))


def test_colleagues_belong_together_by_the_name_of_their_company() -> None:
    real: list[Row] = [(f"Firm {n // 4}",) for n in range(200)]
    of = _clusters((_COMPANY,), real, [(f"Own {n // 5}",) for n in range(60)])
    assert len(np.unique(of)) == 62


def test_chance_draws_firms_of_decoys_and_others_up_to_twice_as_large() -> None:
    of = np.repeat([0, 1, 2, 3], [3, 4, 8, 9])
    drawn = units(of, of == 1)
    assert _together(drawn, range(3)) and _together(drawn, range(3, 7)) and _together(drawn, range(7, 15))
    assert len(np.unique(drawn)) == 3 + 9


def test_decoys_among_the_customers_of_a_firm_were_drawn_one_by_one() -> None:
    of = np.repeat([0, 1, 2], [4, 5, 3])
    decoys = np.isin(np.arange(12), [0, 4, 5, 6])
    drawn = units(of, decoys)
    assert len(np.unique(drawn[:4])) == 4
    assert _together(drawn, range(4, 7))
    assert len(set(drawn[4:9].tolist())) == 2
    assert _together(drawn, range(9, 12))
