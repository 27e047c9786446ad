"""A flaw of one kind in otherwise real rows is seen, and said in words."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from table_shapes import SHAPES, Shape, chosen, seen
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.audit import Audit, LinkedRows, audit

pytestmark = pytest.mark.slow

_ROWS, _DECOYS = 2000, 80
Change = Callable[[np.random.Generator, Cell, Cell], Cell]
"""A flawed cell, from a source of chance, the row's own cell and the cell of another row."""


def _text(cell: Cell) -> str:
    assert isinstance(cell, str)
    return cell


def _later(rng: np.random.Generator, cell: Cell, _: Cell) -> Cell:
    moment = datetime.fromisoformat(_text(cell)) + timedelta(days=float(rng.normal(0, 30)))
    return moment.strftime("%Y-%m-%d %H:%M:%S")


FLAWS: dict[str, tuple[str, str, Change, str]] = {
    "letters that do not go together": (
        "clinic",
        "Name",
        lambda rng, own, _: "".join(rng.permutation(list(_text(own)[:-3]))) + _text(own)[-3:],
        "how well its letters go together",
    ),
    "too long": ("clinic", "Straße", lambda _, own, __: f"{own} (Hinterhaus)", "length"),
    "a format of its own": (
        "support desk",
        "phone",
        lambda _, __, other: _text(other).replace(" ", "/"),
        "how common the format is",
    ),
    "stray spaces": ("support desk", "name", lambda _, own, __: f" {own}", "stray spaces"),
    "never empty": (
        "clinic",
        "E-Mail",
        lambda rng, own, _: own or f"k{rng.integers(1e6)}@mitgliederpost.de",
        "empty",
    ),
    "a value that occurs once": (
        "support desk",
        "queue",
        lambda rng, _, __: f"queue {rng.integers(1e9)}",
        "how many rows have the value",
    ),
    "a value that occurs once elsewhere": (
        "telecom",
        "address",
        lambda _, __, other: other,
        "how many rows have the value",
    ),
    "places that do not go together": (
        "clinic",
        "Ort",
        lambda _, __, other: other,
        "Ort and PLZ: how well the values go together",
    ),
    "a moment out of order": (
        "support desk",
        "opened_at",
        _later,
        "distance from those around in the order of ticket",
    ),
    "a moment on the minute": (
        "newsletter",
        "signed_up",
        lambda _, own, __: own.replace(second=0) if isinstance(own, datetime) else own,
        "seconds",
    ),
    "names that nobody has": (
        "clinic",
        "Name",
        lambda rng, own, _: f"Q{rng.integers(1e6)}ke,{_text(own).partition(',')[2]}",
        "how many rows have the family name",
    ),
    "digits before the @": (
        "newsletter",
        "email",
        lambda rng, own, _: f"{rng.integers(1e5)}{own}",
        "digits before the @",
    ),
    "an address of somebody else": (
        "support desk",
        "name",
        lambda _, __, other: other,
        "email and the name: the way the address is made",
    ),
    "a domain of few": (
        "newsletter",
        "email",
        lambda rng, own, _: f"{_text(own).partition('@')[0]}@solo{rng.integers(1e6)}.com",
        "how many rows are at the domain",
    ),
    "a block of numbers": (
        "telecom",
        "msisdn",
        lambda rng, _, __: f"08399{rng.integers(10, 99)}{rng.integers(100, 999)}",
        "how many rows share its first 4 digits",
    ),
    "a number that is none": (
        "telecom",
        "msisdn",
        lambda rng, _, __: f"082{rng.integers(1e6, 9e6)}",
        "sort of number in the numbering plan",
    ),
    "a wrong check digit": (
        "clinic",
        "Mitgliedsnummer",
        lambda rng, own, _: f"{_text(own)[:-1]}{rng.integers(10)}",
        "check digit as on cards",
    ),
}
"""Table, column, what happens to it in decoys, and what must be said of it."""


def _audited(shape: Shape, changed: dict[str, Change]) -> Audit:
    rng = np.random.default_rng(7)
    mask = chosen(shape, _DECOYS, 7)
    rows: list[Row] = list(shape.rows)
    for at in np.flatnonzero(mask).tolist():
        other = shape.rows[int(rng.integers(len(rows)))]
        rows[at] = tuple(
            changed[column.name](rng, cell, other[n]) if column.name in changed else cell
            for n, (column, cell) in enumerate(zip(shape.columns, rows[at], strict=True))
        )
    return audit(seen(shape, rows, mask), shape.owned, control=False)


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_is_seen_and_named(name: str) -> None:
    table, column, change, words = FLAWS[name]
    found = _audited(SHAPES[table](_ROWS), {column: change})
    assert found.auc.low > 0.55
    label = words if ": " in words else f"{column}: {words}"
    assert label in [one.label for one in found.betrays]


def test_decoys_without_linked_rows_are_seen() -> None:
    shape = SHAPES["support desk"](_ROWS)
    mask = chosen(shape, _DECOYS, 8)
    whole = seen(shape, shape.rows, mask)
    log = whole.linked[0]
    kept = np.flatnonzero(~mask[log.parents])
    fewer = LinkedRows(log.name, log.columns, [log.rows[at] for at in kept.tolist()], log.parents[kept])
    found = audit(
        type(whole)(whole.columns, whole.rows, mask, whole.key, (fewer,)), shape.owned, control=False
    )
    assert found.auc.low > 0.7
    assert "contact_log: how many rows refer to it" in [one.label for one in found.betrays]


def test_decoys_whose_linked_rows_came_before_them_are_seen() -> None:
    shape = SHAPES["support desk"](_ROWS)
    mask = chosen(shape, _DECOYS, 9)
    whole = seen(shape, shape.rows, mask)
    log = whole.linked[0]
    rows = [
        (row[0], row[1], row[2] - timedelta(days=60), *row[3:]) if mask[parent] else row  # type: ignore[operator]
        for row, parent in zip(log.rows, log.parents.tolist(), strict=True)
    ]
    early = LinkedRows(log.name, log.columns, rows, log.parents)
    found = audit(
        type(whole)(whole.columns, whole.rows, mask, whole.key, (early,)), shape.owned, control=False
    )
    assert "contact_log.at and opened_at: time to the first one" in [one.label for one in found.betrays]


def test_raw_decoys_are_seen_and_make_the_audit_valid() -> None:
    shape = SHAPES["support desk"](_ROWS)
    found = audit(seen(shape, shape.rows, chosen(shape, _DECOYS, 3)), shape.owned)
    assert found.control is not None and found.control.area >= 0.9
    assert found.valid


def test_without_its_control_an_audit_is_not_valid() -> None:
    assert not _audited(SHAPES["newsletter"](1000), {}).valid


def test_no_cell_is_in_what_an_audit_says() -> None:
    shape = SHAPES["support desk"](1000)
    said = repr(_audited(shape, {}))
    assert "email" in said
    assert not [cell for row in shape.rows for cell in row[:4] if cell and str(cell) in said]


def test_too_few_decoys_are_refused() -> None:
    shape = SHAPES["newsletter"](1000)
    with pytest.raises(UnusableInput, match="19 decoys"):
        audit(seen(shape, shape.rows, chosen(shape, 19, 1)), shape.owned)
