"""Raw decoys, as a library for fake data gives them when nobody looks at the table: they must be seen."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.audit.seen import LinkedRows, Seen

_SAMPLED = 12_000  # real rows of the table that the control is made of
_FEW = 60


def with_raw_decoys(seen: Seen, seed: int) -> Seen:
    """The table, or a part of it, with its decoys exchanged for raw ones in the same places."""
    rng = np.random.default_rng(seed)
    real = np.flatnonzero(~seen.decoys)
    if len(real) > _SAMPLED:
        real = rng.choice(real, _SAMPLED, replace=False)
    kept = np.sort(np.concatenate([real, np.flatnonzero(seen.decoys)]))
    rows = [seen.rows[at] for at in kept.tolist()]
    decoys = seen.decoys[kept]
    template = [rows[at] for at in np.flatnonzero(~decoys)[:2000].tolist()]
    makers = [_maker(c, [row[at] for row in template], seed + at) for at, c in enumerate(seen.columns)]
    for at in np.flatnonzero(decoys).tolist():
        rows[at] = tuple(make() for make in makers)
    linked = tuple(_kept(one, kept, len(seen.rows)) for one in seen.linked)
    return replace(seen, rows=rows, decoys=decoys, linked=linked)


def _kept(linked: LinkedRows, kept: np.ndarray, size: int) -> LinkedRows:
    place = np.full(size, -1)
    place[kept] = np.arange(len(kept))
    parents = place[linked.parents]
    rows: list[Row] = [linked.rows[at] for at in np.flatnonzero(parents >= 0).tolist()]
    return LinkedRows(linked.name, linked.columns, rows, parents[parents >= 0])


def _maker(column: Column, cells: list[Cell], seed: int) -> Callable[[], Cell]:
    """How the library makes one cell of a column by its kind, with its default providers."""
    from faker import Faker

    filled = [cell for cell in cells if cell not in (None, "")] or [""]
    fake = Faker(_locale(column))
    fake.seed_instance(seed)
    first = filled[0]
    shown = str(first)
    by_kind: dict[Kind, Callable[[], Cell]] = {
        Kind.EMAIL: fake.email, Kind.PHONE: fake.phone_number, Kind.NAME: fake.name,
        Kind.GIVEN_NAME: fake.first_name, Kind.FAMILY_NAME: fake.last_name,
        Kind.ADDRESS: lambda: fake.address().replace("\n", ", "), Kind.POSTCODE: fake.postcode,
        Kind.IBAN: fake.iban, Kind.CARD: fake.credit_card_number,
    }  # fmt: skip
    match first:
        case bool():
            return fake.pybool
        case int():
            return lambda: int(fake.numerify("#" * len(shown)))
        case UUID():
            return lambda: UUID(fake.uuid4())
        case datetime():
            return lambda: fake.date_time_between(datetime(2015, 1, 1), datetime(2024, 11, 20))  # noqa: DTZ001
        case date():
            return fake.date_object
    if column.kind in by_kind:
        return by_kind[column.kind]
    if re.fullmatch(r"\d{4}-\d\d-\d\d.*|\d\d\.\d\d\.\d{4}", shown):
        pattern = "%d.%m.%Y" if "." in shown else "%Y-%m-%d %H:%M:%S"[: 8 if len(shown) == 10 else None]
        return lambda: fake.date_time(tzinfo=UTC).strftime(pattern)
    distinct = sorted({str(cell) for cell in filled})
    if column.kind is Kind.REFERENCE:
        return lambda: fake.numerify(re.sub(r"\d", "#", shown))
    if len(distinct) <= _FEW:
        return lambda: fake.random_element(distinct)
    return fake.city if len(distinct) * 4 < len(filled) else fake.sentence


def _locale(column: Column) -> str:
    """The library's locale for the column's region, American where it has none or the region is unknown."""
    from faker.config import AVAILABLE_LOCALES

    fitting = [name for name in sorted(AVAILABLE_LOCALES) if name.partition("_")[2] == column.region]
    preferred = [name for name in fitting if name.startswith(("en_", f"{column.region.lower()}_"))]
    return (preferred or fitting or ["en_US"])[0]
