"""Values of PostgreSQL's tables that the planner's statistics keep: the most common ones of each column, and
up to a hundred others; of a small table all of them.

What only a server shows, and is so here: pg_stats shows them to whoever may select the column, without any
right on its schema; row security is heeded there. Who may read pg_statistic itself, as pg_read_all_data may,
sees those of every table, whatever row security says. There are none before the table was analyzed.
"""

from collections.abc import Collection, Iterator

from trapstreet.core.model.rights import Bits, Grant
from trapstreet.plugins.permissions._postgresql_catalogue import Column, Relation, Sampler
from trapstreet.plugins.permissions._postgresql_roles import Roles

Way = tuple[Bits, Grant, tuple[str, ...]]
"""For whom it opens, by what, and to which columns; () for all."""


class Statistics:
    """What is kept of the tables of one database.  samplers  who may read pg_statistic, or a view of it"""

    def __init__(self, samplers: Collection[Sampler], roles: Roles) -> None:
        self._roles = roles
        self._reads = roles.given([each.role for each in samplers]) & ~roles.superusers

    def of(
        self, relation: Relation, columns: Collection[Column], *, enters_schema: Bits, free: Bits
    ) -> Iterator[Way]:
        """Ways to the values of a table, beside those to the table itself.

        free  for whom its row security does not hold
        """
        yield from self._everything(relation)
        outside = free & ~enters_schema
        whole = self._roles.holding(relation.may_select)
        if whole & outside:
            what = f"SELECT on {relation.name}: pg_stats shows values of it"
            given = self._roles.given(relation.may_select)
            yield whole & outside, Grant(what, given), ()
        for column in columns:
            if opens := self._roles.holding(column.may_select) & outside & ~whole:
                what = f"SELECT ({column.name}) on {relation.name}: pg_stats shows values of it"
                yield opens, Grant(what, self._roles.given(column.may_select)), (column.name,)

    def _everything(self, relation: Relation) -> Iterator[Way]:
        has = self._roles.has
        if self._reads:
            what = "SELECT on pg_statistic or a view of it, which has values of every table"
            yield has.arriving(self._reads), Grant(what, self._reads), ()
        if relation.row_security and self._roles.read_all:
            what = "pg_read_all_data reads pg_statistic, which keeps values of every table"
            yield has.arriving(self._roles.read_all), Grant(what, self._roles.read_all), ()
