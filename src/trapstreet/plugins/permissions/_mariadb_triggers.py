"""What MariaDB's triggers show to who writes what they are on.

What only a server shows, and is so here: a trigger runs as its definer, and what it reads comes to who writes
by a value that it sets in the row, by a variable of the session, or by an error that it raises. So it does to
who writes by a view, or runs a routine that writes. The server tells of a trigger to those alone who have
TRIGGER on its table.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_calls import Calls
from trapstreet.plugins.permissions._mariadb_contents import Contents, Routine, Table, Trigger, View
from trapstreet.plugins.permissions._mariadb_replacing import Making

TRIGGERS = """
    SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, EVENT_MANIPULATION,
        ACTION_TIMING = 'BEFORE', DEFINER, ACTION_STATEMENT
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ('mysql', 'sys')
"""
SEES_TRIGGERS = """
    SELECT COALESCE(SUM(Trigger_priv = 'Y'), 0) > 0 FROM mysql.user
    WHERE CONCAT(User, '@', Host) = CURRENT_USER()
"""
UNSEEN = (
    "triggers run as their definers, and may show what they read to who writes; the server tells of them to"
    " those alone who have TRIGGER: here, what they show is not looked at"
)
_HANDS_ON = re.compile(r"@|\bsignal\b|\blast_insert_id\b")
_RIGHTS = {"INSERT": "inserts", "UPDATE": "updates", "DELETE": "deletes"}


def triggers_of(rows: Iterable[tuple[Any, ...]]) -> Iterator[Trigger]:
    """Those that can hand on what they read."""
    for schema, table, name, event, before, definer, text in rows:
        if before or _HANDS_ON.search((text or "").casefold()):
            does = Routine(schema, name, "TRIGGER", definer, as_definer=True, text=text)
            yield Trigger((schema, table), _RIGHTS[event], does)


def doors(contents: Contents, accounts: Accounts, making: Making, calls: Calls) -> Iterator[Door]:
    """Doors to what triggers come to, for who makes them run."""
    writing = _Writing(contents, accounts, making, calls)
    for trigger in contents.triggers:
        definer = accounts.definer(trigger.does.definer)
        if definer is None or not (opens := writing.who(trigger.right, trigger.table)):
            continue
        right = trigger.right.removesuffix("s").upper()
        what = (
            f"{right} on {'.'.join(trigger.table)}, where {trigger.does.name} runs as {trigger.does.definer}"
        )
        for table in calls.by_routine(trigger.does, definer).tables:
            yield Door(
                contents.relations[table], How.TRIGGER, opens, (Grant(what, opens),), accounts.everybody,
                Rows.SHOWN, sure=False,
            )  # fmt: skip


class _Writing:
    """Who may write into tables, perhaps, by their names or by views."""

    def __init__(self, contents: Contents, accounts: Accounts, making: Making, calls: Calls) -> None:
        self._accounts, self._making = accounts, making
        self._over: dict[Table, list[View]] = {}
        for view in contents.views if contents.triggers else ():
            for table in calls.named_by(view)[0] if view.as_definer else ():
                self._over.setdefault(table, []).append(view)
        self._met: dict[tuple[str, Table], Bits] = {}

    def who(self, right: str, table: Table) -> Bits:
        """Who has a right on it, or on a view over it whose definer has."""
        if (right, table) not in self._met:
            found = self._met[right, table] = self._making.on(right, table)
            for view in self._over.get(table, ()):
                definer = self._accounts.definer(view.definer)
                if definer is not None and found >> definer & 1:
                    self._met[right, table] |= self.who(right, (view.schema, view.name))
        return self._met[right, table]
