"""What lies where, as lines."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from trapstreet.core.maths.intervals import wilson
from trapstreet.core.model.holdings import HeldColumn, Holding
from trapstreet.core.model.words import counted, printable

if TYPE_CHECKING:
    from trapstreet.discover import Stock

MOST = 30
"""Holdings that are shown, unless all are asked for."""
_UNLOOKED = 5
"""Places without holdings that are named."""


def summary(stock: "Stock", sensitive: int) -> str:
    """The first line of what was found at a place."""
    found = counted(sensitive, "sensitive table or text", "sensitive tables and texts")
    gone = f", {stock.gone:,} gone" if stock.gone else ""
    return (
        f"{stock.edition} at {printable(stock.place)}: {found};"
        f" {counted(stock.looked, 'object')} looked at, {stock.unchanged:,} unchanged{gone}."
    )


def unlooked_text(unlooked: Sequence[str]) -> Iterator[str]:
    """What nobody knows the holdings of: the first few, and how many more there are."""
    yield from (f"what it holds: {each}" for each in unlooked[:_UNLOOKED])
    if len(unlooked) > _UNLOOKED:
        yield f"what {len(unlooked) - _UNLOOKED:,} more tables or files hold: trapstreet discover says why"


def holding_rows(holdings: Sequence[Holding]) -> tuple[tuple[str, ...], list[list[str]]]:
    """A table of what lies where: header and rows."""
    header = ("what", "records", "people", "class", "kinds, and the share of values that fit")
    rows = [
        [_what(each), _number(each.records), _number(each.people), each.sensitivity, kinds_text(each)]
        for each in holdings
    ]
    return header, rows


def name_of(holding: Holding) -> str:
    """Where it lies, safe to print: "crm.public.customers", "/srv/share/list.xlsx!Sheet1"."""
    first, *rest = holding.path
    if "/" not in first:
        return printable(".".join(holding.path))
    return printable(f"{first.rstrip('/')}/{'!'.join(rest)}")


def _what(holding: Holding) -> str:
    name, of = name_of(holding), holding.log_of
    return f"{name}, of {printable(of[-1])}" if of else name


def kinds_text(holding: Holding) -> str:
    """The kinds of its sensitive columns: "usr_eml email 98 to 100 %"."""
    return ", ".join(_column_text(each) for each in holding.columns if each.sensitivity)


def _column_text(column: HeldColumn) -> str:
    name = f"{printable(column.name)} " if column.name and column.name != column.kind else ""
    if not column.sampled:
        return f"{name}{column.kind} (by its name)"
    low, high = (round(100 * each) for each in wilson(column.fitting, column.sampled))
    return f"{name}{column.kind} {low} to {high} %"


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def stock_object(stock: "Stock", holdings: Sequence[Holding]) -> dict[str, Any]:
    """What was found at a place, for machines."""
    return {
        "place": stock.place,
        "edition": stock.edition,
        "looked": stock.looked,
        "unchanged": stock.unchanged,
        "gone": stock.gone,
        "holdings": [*map(holding_object, holdings)],
    }


def holding_object(holding: Holding) -> dict[str, Any]:
    """A holding for machines; of each column the interval of the share of values that fit, too."""
    made: dict[str, Any] = msgspec.to_builtins(holding)
    for column, held in zip(made["columns"], holding.columns, strict=True):
        column["interval"] = [round(each, 4) for each in wilson(held.fitting, held.sampled)]
    return made
