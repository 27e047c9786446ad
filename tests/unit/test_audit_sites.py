"""A column of web addresses is taken apart as a buyer sees it, and what decoys' addresses show is named."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.table import Row
from trapstreet.decoys import DecoySettings
from trapstreet.decoys.audit import Audit, Seen, audit
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.sites import features
from url_world import customers

_EMAIL = Column(name="email", kind=Kind.EMAIL, why="test")
_NAME = Column(name="name", kind=Kind.NAME, why="test")
_SITE = Column(name="site", kind=Kind.TEXT, why="test")
_WEBSITE, _PORTAL, _LINKEDIN, _EMAIL_AT = (
    customers(2000).position(n) for n in ("website", "portal", "linkedin", "email")
)


def _told(*rows: Row, columns: tuple[Column, ...] = (_EMAIL, _SITE)) -> dict[str, list[float]]:
    view = View(Seen(columns, rows, np.zeros(len(rows), bool)), np.arange(len(rows)))
    return {one.label: one.values.tolist() for one in features(view)}


def test_a_host_is_the_mail_domain_or_below_it_or_of_its_name_or_anothers() -> None:
    told = _told(
        ("a@acme.ie", "https://www.acme.ie/team"), ("b@acme.ie", "shop.acme.ie"), ("c@acme.ie", "http://acme.com"),
        ("d@acme.ie", "https://other.ie"), ("", "https://acme.ie"), ("e@acme.ie", "n/a"),
    )  # fmt: skip
    assert told["site and email: whose host it is"][:4] == [0, 1, 2, 3]
    assert all(map(math.isnan, told["site and email: whose host it is"][4:]))


def test_colleagues_are_the_others_at_the_mail_domain_who_have_an_address() -> None:
    told = _told(
        ("a@acme.ie", "http://acme.ie"), ("b@acme.ie", "https://www.acme.ie/"), ("c@acme.ie", "https://solo.ie"),
        ("d@acme.ie", ""), ("e@lone.ie", "https://lone.ie"),
    )  # fmt: skip
    hosts = told["site and email: share of the others at the mail domain with the same host"]
    assert hosts[:3] == [0.5, 0.5, 0.0]
    assert math.isnan(hosts[3]) and math.isnan(hosts[4])
    manners = told[
        "site and email: share of the others at the mail domain with the same scheme, www and port"
    ]
    assert manners[:3] == [0.0, 0.0, 0.0]
    assert told["site: how many rows have the host"][:3] == pytest.approx([math.log(2), math.log(2), 0.0])


def test_a_path_shows_the_other_cells_and_the_name() -> None:
    told = _told(
        ("Ann Kelly", "a7731", "https://net.example/in/ann-kelly-7"),
        ("Bob Moore", "b4410", "https://net.example/in/bob-moore-9"),
        ("Tom Quinn", "c2203", "https://net.example/c2203/zz"),
        columns=(_NAME, Column(name="login", kind=Kind.TEXT, why="test"), _SITE),
    )
    assert told["site and the other cells: which of them the path shows"] == [0, 0, 1]
    ways = told["site and the other cells: the way the path is made of the name"]
    assert ways[0] == ways[1] != ways[2]


def test_columns_of_other_things_are_not_taken_for_web_addresses() -> None:
    assert _told(*[("a@acme.ie", f"see {n}.pdf, page {n}") for n in range(20)]) == {}


Change = Callable[[np.random.Generator, int, Row], str]
"""A decoy's address from a source of chance, the number of its firm, and its row."""


def _domain(row: Row) -> str:
    return str(row[_EMAIL_AT]).rpartition("@")[2]


def _audited(column: int, change: Change | None, seed: int = 5) -> Audit:
    """Whole firms called decoys, their addresses in one column changed."""
    whole = customers(2000)
    rng = np.random.default_rng(seed)
    domains = [_domain(row) for row in whole.rows]
    firms = {domain: n for n, domain in enumerate(rng.permutation(sorted(set(domains))).tolist())}
    decoys = np.array([firms[domain] < 120 for domain in domains])
    rows = list(whole.rows)
    for at in np.flatnonzero(decoys).tolist():
        if change and rows[at][column]:
            cell = change(rng, firms[domains[at]], rows[at])
            rows[at] = tuple(cell if n == column else old for n, old in enumerate(rows[at]))
    return audit(Seen(tuple(whole.columns), rows, decoys, ("id",)), DecoySettings(), seed=seed, control=False)


FLAWS: dict[str, tuple[int, Change, str]] = {
    "a site of its own for each colleague": (
        _WEBSITE,
        lambda rng, _, row: f"https://www.{row[0]}-{rng.integers(1000)}.ie",
        "website and email: share of the others at the mail domain with the same host",
    ),
    "colleagues write it in different ways": (
        _WEBSITE,
        lambda rng, _, row: f"{rng.choice(['http://', 'https://www.', '//'])}{_domain(row)}",
        "website and email: share of the others at the mail domain with the same scheme, www and port",
    ),
    "the site of another firm": (
        _WEBSITE,
        lambda _, firm, __: f"https://www.north-dental{firm}.com",
        "website and email: whose host it is",
    ),
    "all at one host": (
        _WEBSITE,
        lambda rng, _, __: f"https://own.ie/{rng.integers(1e6)}",
        "website: how many rows have the host",
    ),
    "a path that nobody has": (
        _WEBSITE,
        lambda rng, _, row: f"https://{_domain(row)}/c/{rng.integers(1e8):x}?t=1",
        "website: how common the path's format is",
    ),
    "somebody else's number": (
        _PORTAL,
        lambda rng, _, __: f"https://portal.us.example.ie/c/{rng.integers(10_000, 18_000)}?t=Ab3dEf7hIj1k",
        "portal and the other cells: how common it is to show these",
    ),
    "somebody else's name": (
        _LINKEDIN,
        lambda rng, _, __: f"https://www.network.example/in/tara-nolan-{rng.integers(1e9):08x}/",
        "linkedin and the other cells: the way the path is made of the name",
    ),
}


@pytest.mark.parametrize(
    "name", [next(iter(FLAWS)), *(pytest.param(n, marks=pytest.mark.slow) for n in list(FLAWS)[1:])]
)
def test_a_flaw_of_the_addresses_is_seen_and_named(name: str) -> None:
    column, change, words = FLAWS[name]
    found = _audited(column, change)
    assert words in [one.label for one in found.betrays]
    assert found.auc.low > 0.5


@pytest.mark.slow
def test_addresses_of_real_firms_called_decoys_are_not_accused() -> None:
    """12 draws: at the stated level of 5 %, more than 3 with anything that betrays come once in 450 times."""
    found = [_audited(_WEBSITE, None, seed) for seed in range(12)]
    assert sum(bool(one.betrays) for one in found) <= 3
    assert sum(one.auc.low <= 0.5 <= one.auc.high for one in found) >= 9
