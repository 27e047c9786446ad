"""A PostgreSQL database with changes made that are never final, for as long as somebody asks it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.changes import Change, Key
from trapstreet.plugins.changes._postgresql.checks import Check
from trapstreet.plugins.changes._postgresql.probe import undone

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

HOLD_SECONDS = 1.0
"""How long a transaction goes on asking: as long, somebody who alters the same tables may have to wait."""
MOST_TABLES = 2_000
"""Changed in one transaction: a server has room for 6,400 locks, if nobody raised that."""
_AT_ONCE = 100
_TABLE_PATH = 3


class Changed:
    """Databases, each of them changed in transactions that are rolled back.

    near   the changes that may matter to a check
    order  by key: which of them have to be made before others
    """

    def __init__(
        self,
        connections: "Mapping[str, Connection]",
        near: Callable[[Check], frozenset[Key]],
        order: Mapping[Key, int],
    ) -> None:
        self._connections, self._near, self._order = connections, near, order

    def held(
        self, name: str, checks: Sequence[Check], made: Sequence[Change]
    ) -> "Iterator[tuple[Connection, Check]]":
        """Each check with a connection to a changed database; every second the change begins anew."""
        for some, changes in self._portions(name, checks, made):
            left = [*some][::-1]
            while left:
                began = time.monotonic()
                with self.one(name, changes) as connection:
                    ready = time.monotonic()
                    until = ready + max(HOLD_SECONDS, ready - began)
                    while left and time.monotonic() < until:
                        yield connection, left.pop()

    def _portions(
        self, name: str, checks: Sequence[Check], made: Sequence[Change]
    ) -> Iterator[tuple[Sequence[Check], Sequence[Change]]]:
        """All checks with all changes; or, where those are of more tables than a transaction can lock, some
        checks at a time, with changes of those tables alone that can matter to them."""
        of_tables = {each.key for each in made if len(each.on) == _TABLE_PATH}
        if len({each.on for each in made if each.key in of_tables}) <= MOST_TABLES:
            yield checks, made
            return
        for start in range(0, len(checks), _AT_ONCE):
            some = checks[start : start + _AT_ONCE]
            near = frozenset[Key]().union(*(self._near(each) for each in some))
            yield some, [each for each in made if each.key not in of_tables or each.key in near]

    @contextmanager
    def one(self, name: str, made: Sequence[Change]) -> "Iterator[Connection]":
        """A connection to a database with changes made."""
        connection = self._connections[name]
        in_order = sorted(made, key=lambda each: self._order.get(each.key, 0))
        with undone(connection, [each for change in in_order for each in change.forward]):
            yield connection
