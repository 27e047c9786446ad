"""How many people a table is about."""

from collections.abc import Sequence

from trapstreet.core.model.holdings import HeldColumn
from trapstreet.core.model.inventories import ShownColumn

TELLS_PEOPLE_APART = frozenset(
    """
    email phone national_id identity_document iban bank_account card name username person_id
    """.split()
)
"""Kinds of which most people have a value of their own."""


def people_in(shown: Sequence[ShownColumn], held: Sequence[HeldColumn], *, records: int | None) -> int | None:
    """How many people, by the column that tells the most of them apart; 0 where nothing is about people,
    None where nobody can tell.

    Without such a column it is the number of records: each is about one person at most. `shown` and `held`
    are the same columns in the same order.
    """
    if not any(each.kind for each in held):
        return 0
    distinct = [
        column.distinct
        for column, found in zip(shown, held, strict=True)
        if found.kind in TELLS_PEOPLE_APART and column.distinct
    ]
    if not distinct:
        return records
    return max(distinct) if records is None else min(max(distinct), records)
