"""Row security advised on: what a predicate would hide from those who used the rows."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trapstreet.access import EffectiveAccess
from trapstreet.access.advice import Hidden, RowRule, hidden_from, states_of
from trapstreet.app.plans import Draft
from trapstreet.app.uses import record_ids_of, records_used
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import RecordsUsed
from trapstreet.core.model.changes import Bound, Rows
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.permissions import rights_at
from trapstreet.render import advice as render

Ids = NDArray[np.uint64]

_ANY_ROW = "ctid"
_UNKNOWN = "the logs do not say which records"


def row_rule(workspace: Workspace, location: str, table: str, predicate: str) -> tuple[RowRule, Draft]:
    """What it would do to show only the rows of a predicate, and the plan to do so. Changes nothing.

    The rows are read once, and the predicate is evaluated as each person who used some of them. Raises
    UnusableInput where the table or the predicate is none, AccessDenied and Unreachable.
    """
    with place_at(location) as place:
        change = place.row_rule(table, predicate)
        with place.rows(change) as rows:
            used = records_used(workspace, location, change.on, key=rows.key())
            identify = partial(record_ids_of, workspace, location, change.on)
            columns = {column for each in used.values() for column in each.named}
            values = {column: _values(rows, column, used, identify) for column in sorted(columns)}
            people = [
                hidden
                for who, each in sorted(used.items())
                if (hidden := _hidden(who, each, rows, values)).uses
            ]
        rights = place.standing()
        edition = place.edition
    access = EffectiveAccess(rights_at(location))
    effective = {name: (state.readers_digest,) * 2 for name, state in states_of(access).items()}
    label = without_password(location)
    found = RowRule(label, edition, change, tuple(people))
    details: dict[str, object] = {"people": [*map(render.hidden_object, found.people)]}
    return found, Draft(label, edition, (change,), rights, effective, details)


def _values(
    rows: Rows, column: str, used: Mapping[str, RecordsUsed], identify: Callable[[str, list[Any]], Ids]
) -> dict[int, object]:
    """By RecordId, the values of a column that somebody used and that are still there."""
    asked = [each.named[column].records for each in used.values() if column in each.named]
    wanted = np.unique(np.concatenate(asked))
    found: dict[int, object] = {}
    if name := column or rows.key():
        for some in rows.values(name):
            ids = identify(column, some)
            for at in np.flatnonzero(np.isin(ids, wanted)):
                found[int(ids[at])] = some[at]
    return found


def _hidden(who: str, used: RecordsUsed, rows: Rows, values: Mapping[str, Mapping[int, object]]) -> Hidden:
    """What would be hidden from one account. Uses that saw no row are left out, unless they would fail."""
    bound, uses, key = rows.bound(who), used.uses - used.empty, rows.key()
    if bound == Bound.GONE:
        return Hidden(who, uses, 0, 0, 0, why="there is no such role any more")
    if bound == Bound.FREE:
        return Hidden(who, uses, uses, 0, 0, why="")
    looked_at: dict[str, Hidden] = {}
    untouched = 0
    anything = rows.left(who, _ANY_ROW, [])
    if anything.fails:
        return Hidden(who, used.uses, used.uses, 0, 0, anything.fails)
    why = anything.unproven or _UNKNOWN
    for column, named in used.named.items():
        known = values[column]
        there = [known[int(each)] for each in named.records if int(each) in known]
        found = rows.left(who, column or rows.key(), there) if column or rows.key() else None
        if found is None or found.unproven:
            why = found.unproven if found else _UNKNOWN
        elif column in ("", key) or found.fails:
            looked_at[column] = Hidden(who, uses, named.uses, len(there), found.hidden, found.fails)
        elif not found.hidden:  # how many records such a value names, nobody knows: but all of them are left
            untouched = max(untouched, named.uses)
    return hidden_from(who, uses, looked_at, why, untouched=untouched)
