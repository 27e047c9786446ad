"""Who may put things of their own in the place of what MariaDB's views and routines use as their definers.

What only a server shows, and is so here: a view that is read with its reader's rights, and a routine that
runs with its caller's, have the *definer's* within another view or routine. Who may DROP a table that
somebody's view names, and CREATE VIEW in its place, has that one call a function which does anything as the
definer, whoever reads the view; so has who may drop a routine that is called there, and make it anew. And a
table of the engine MERGE has the rows of others: one in the place of mysql.proc takes no right to
write there.
"""

from collections.abc import Callable, Iterator

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import Contents, Routine, Table, View
from trapstreet.plugins.permissions._mariadb_powers import GRANT_TABLES
from trapstreet.plugins.permissions._mariadb_routines import OnDatabase, Routines
from trapstreet.plugins.permissions._mariadb_tables import Rows as GrantRows

_TABLES = (
    "global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping", "proxies_priv", "proc",
    "event",
)  # fmt: skip
_RIGHTS = ("drops", "creates", "makes_views", "deletes", "inserts", "updates")


class Making:
    """Who may drop and make things, perhaps."""

    def __init__(self, contents: Contents, accounts: Accounts, on_database: OnDatabase) -> None:
        self._contents, self._accounts, self._on_database = contents, accounts, on_database
        self._on_all: dict[tuple[str, str], Bits] = {}
        rows = GrantRows[Table]()
        for each in contents.tables:
            rights = (right for right in _RIGHTS if getattr(each, right))
            rows.add((each.schema, each.name), each.user, each.host, *rights)
        self._on_one = rows.given(accounts)

    def in_database(self, right: str, schema: str) -> Bits:
        """Who has a right on everything in a database."""
        if (right, schema) not in self._on_all:
            given = sum(self._on_database(schema, lambda grant: bool(getattr(grant, right))))
            wide = self._accounts.has.arriving(getattr(self._contents, right))
            self._on_all[right, schema] = self._accounts.acts.arriving(given) | wide
        return self._on_all[right, schema]

    def on(self, right: str, table: Table) -> Bits:
        """Who has it on a table or view."""
        own = sum(self._on_one.get(table, {}).get(right, (0, 0)))
        return self.in_database(right, table[0]) | self._accounts.has.arriving(own)

    def on_grant_tables(self, *rights: str) -> Bits:
        """Who has all of some rights on one of the tables in which accounts, grants and routines are."""
        found: Bits = 0
        for name in _TABLES:
            of_one = self._accounts.everybody
            for right in rights:
                of_one &= self.on(right, (GRANT_TABLES, name))
            found |= of_one
        return found


class Replacing:
    """What is used with the rights of definers.

    readers  who, perhaps, may read a table or view
    """

    def __init__(
        self,
        contents: Contents,
        accounts: Accounts,
        making: Making,
        routines: Routines,
        *,
        readers: Callable[[Table], Bits],
    ) -> None:
        self._contents, self._accounts, self._making = contents, accounts, making
        self._readers, self._about = readers, routines
        self._views = {(each.schema, each.name): each for each in contents.views}

    def doors(self, everything: Bits) -> Iterator[Door]:
        """Doors to what definers may read.  everything  who reads or can do all there is"""
        read_by: dict[int, list[int | None]] = {}
        for (definer, opens), what in self._replaceable(everything).items():
            if definer not in read_by:
                read_by[definer] = [None] if everything >> definer & 1 else [*self._read_by(definer)]
            for number in read_by[definer]:
                yield Door(
                    number, How.FUNCTION, opens, (Grant(what, opens),), self._accounts.everybody, Rows.SHOWN,
                    sure=False, could=True,
                )  # fmt: skip

    def _read_by(self, definer: int) -> Iterator[int]:
        for table, number in self._contents.relations.items():
            if self._readers(table) >> definer & 1:
                yield number

    def _replaceable(self, everything: Bits) -> dict[tuple[int, Bits], str]:
        """By a definer, and who may put something in the place of what is used as that one: one such thing,
        in words."""
        found: dict[tuple[int, Bits], str] = {}
        things: list[View | Routine] = [*self._contents.views, *self._contents.routines]
        for thing in things:
            definer = self._accounts.definer(thing.definer) if thing.as_definer else None
            if definer is None:
                continue
            by = f"{thing.schema}.{thing.name} uses as {thing.definer}: could have it do anything as that one"
            for used, who in self._used(thing):
                if opens := who & ~everything & ~(1 << definer):
                    found.setdefault((definer, opens), f"{used}, which {by}")
        return found

    def _used(self, thing: View | Routine) -> Iterator[tuple[str, Bits]]:
        """What a view or routine uses as its definer, through those that leave the rights to who calls them;
        with who may replace each."""
        left: list[View | Routine] = [thing]
        met = {thing}
        tables: dict[Table, None] = {}
        called: dict[Routine, None] = {}
        while left:
            each = left.pop()
            named, calls = self._about.calls.named_by(each)
            tables |= dict.fromkeys(named)
            called |= dict.fromkeys(calls)
            further: set[View | Routine] = {*called, *(self._views[t] for t in tables if t in self._views)}
            left += {one for one in further if not one.as_definer} - met
            met.update(left)
        making = self._making
        for table in tables:
            yield (
                f"DROP and CREATE VIEW on {'.'.join(table)}",
                making.on("drops", table) & making.on("makes_views", table),
            )
        for routine in called:
            yield (
                f"ALTER ROUTINE and CREATE ROUTINE on {routine.schema}.{routine.name}",
                self._about.changing(routine) & making.in_database("makes_routines", routine.schema),
            )
