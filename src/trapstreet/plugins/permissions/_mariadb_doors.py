"""Doors to the tables and views of MariaDB: by grants, through views, routines and other accounts.

What only a server shows, and is so here: who may select from one column of a table opens it with HANDLER,
which asks for no right on the others, and reads whole rows; of a view HANDLER does not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows, bits_of
from trapstreet.plugins._mariadb_patterns import fits
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import Contents, Table
from trapstreet.plugins.permissions._mariadb_matching import Account, DatabaseGrant, deciding, specificity
from trapstreet.plugins.permissions._mariadb_routines import Routines
from trapstreet.plugins.permissions._mariadb_tables import on_tables
from trapstreet.plugins.permissions._mariadb_views import Views


class Doors:
    """All of them, in their order.

    broken  views that nobody can read;  unseen  those of which the server does not tell what they show
    """

    def __init__(self, contents: Contents, accounts: Accounts) -> None:
        self._contents, self._accounts = contents, accounts
        self._has, self._acts = accounts.has, accounts.acts
        self._everybody = accounts.everybody
        self._tables, self._columns = on_tables(accounts, contents.tables, contents.columns)
        self._views = {
            (each.schema, each.name): (accounts.definer(each.definer), each.as_definer)
            for each in contents.views
        }
        self._shows = Views(contents.views, contents.relations)
        self.unseen = [(each.schema, each.name) for each in contents.views if not each.text]
        self._rows: dict[int, list[DatabaseGrant]] = {}
        self._working: dict[Table, Bits] = {}
        self._perhaps_working: dict[Table, Bits] = {}
        self.routines = Routines(
            contents, accounts, self.on_database, readers=self.readers, shown_by=self.shown_by
        )
        self._in_database = {
            schema: self.on_database(schema, attrgetter("selects"))
            for schema in dict.fromkeys(schema for schema, _ in contents.relations)
        }
        self.broken = [each for each in contents.relations if not self._perhaps_works_for(each)]

    def __iter__(self) -> Iterator[Door]:
        yield from self._by_name()
        yield from self.routines.doors()

    def readers(self, table: Table) -> Bits:
        """Who has a right to read a table or view, or any column of it, perhaps."""
        return self._has.arriving(self._perhaps_given(table))

    def shown_by(self, view: Table) -> Iterable[Table]:
        """The tables and views that a view names itself."""
        return self._shows.shown_by(view)

    def on_database(self, schema: str, right: Callable[[DatabaseGrant], bool]) -> tuple[Bits, Bits]:
        """Who has a right on all of a database by rows of their own, or of roles in a role: surely, and
        perhaps."""
        sure = perhaps = 0
        for number, account in enumerate(self._accounts.every):
            if number not in self._rows:
                self._rows[number] = self._rows_of(account)
            rows = deciding(account, schema, self._rows[number])
            has = [row is not None and right(row) for row in rows]
            sure |= all(has) << number
            perhaps |= (any(has) and not all(has)) << number
        return sure, perhaps

    def _rows_of(self, account: Account) -> list[DatabaseGrant]:
        """The rows for an account, the most specific first. A role's are put together with those of the roles
        in it, by their patterns: then its most specific one alone counts, whoever's it was. Where none fits,
        those of accounts of its name, and of nobody's name, for any host do: tried on a server."""
        is_role = self._accounts.is_role
        databases = [each for each in self._contents.databases if each.user in ("", account.user)]
        of_accounts = [each for each in databases if not is_role(Account(each.user, each.host))]
        if not is_role(account):
            return of_accounts
        role = self._accounts.number[account]
        every = enumerate(self._accounts.every)
        users = {each.user for n, each in every if self._accounts.within.arriving(1 << n) >> role & 1}
        merged: dict[str, DatabaseGrant] = {}
        for each in self._contents.databases:
            if each.user in users and is_role(Account(each.user, each.host)):
                before = merged.get(each.pattern, each)
                rights = (one or other for one, other in zip(before[3:], each[3:], strict=True))
                merged[each.pattern] = DatabaseGrant("", each.pattern, account.user, *rights)
        by_others = [each for each in of_accounts if fits(each.host, "")]
        return [*sorted(merged.values(), key=specificity), *by_others]

    def _by_name(self) -> Iterator[Door]:
        for table, number in self._contents.relations.items():
            for door in self._doors(table, number):
                yield door
                yield from self._through(table, door)

    def _doors(self, table: Table, number: int) -> Iterator[Door]:
        """Doors to a table or view by its own name."""
        works, known, opened = self._works_for(table), not self._doubtful(table), 0
        doubt = "" if known else ", if it works: what it shows is not known"
        on_all, all_perhaps = self._in_database[table[0]]
        on_one, one_perhaps = self._tables.get(table, (0, 0))
        for given, has, sure, what in (
            (on_all, self._acts, True, f"SELECT on {table[0]}.*"),
            (on_one, self._has, True, f"SELECT on {'.'.join(table)}"),
            (all_perhaps, self._acts, False, f"SELECT on {table[0]}.*, by where the client comes from"),
            (one_perhaps, self._has, False, f"SELECT on {'.'.join(table)}, by where the client comes from"),
        ):
            if opens := has.arriving(given) & works:
                opened |= opens
                grants = (Grant(what + doubt, given),)
                yield Door(number, How.GRANT, opens, grants, self._everybody, sure=sure and known)
        together: dict[tuple[Bits, bool], list[str]] = {}
        for column, (surely, maybe) in self._columns.get(table, {}).items():
            for given, sure in ((surely, True), (maybe & ~surely, False)):
                together.setdefault((given, sure), []).append(column)
        for (given, sure), columns in together.items():
            if opens := self._has.arriving(given) & works:
                opened |= opens
                by = "" if sure else ", by where the client comes from"
                handled = table in self._contents.handled
                whole = ": HANDLER reads all its columns" * handled
                grant = Grant(f"SELECT ({', '.join(columns)}) on {'.'.join(table)}{whole}{by}{doubt}", given)
                yield Door(
                    number, How.COLUMNS, opens, (grant,), self._everybody, Rows.ALL,
                    () if handled else tuple(columns), sure=sure and known,
                )  # fmt: skip
        if table not in self._views:
            return
        there, given = self._accounts.together, self._perhaps_given(table)
        if opens := there.arriving(given) & self._perhaps_works_for(table) & ~there.arriving(opened):
            text = f"SELECT on {'.'.join(table)} and on what it shows, by roles or by where one comes from"
            yield Door(number, How.GRANT, opens, (Grant(text, opens),), self._everybody, sure=False)

    def _perhaps_given(self, table: Table) -> Bits:
        """Who has a right to read it, or any column, perhaps."""
        given = self._contents.wide
        for sure, perhaps in (
            self._tables.get(table, (0, 0)),
            self._in_database[table[0]],
            *self._columns.get(table, {}).values(),
        ):
            given |= sure | perhaps
        return given

    def _perhaps_works_for(self, table: Table) -> Bits:
        """As `_works_for`, with all rights that somebody may have: an account's own and a role's add up."""
        if table not in self._views:
            return self._everybody
        if table not in self._perhaps_working:
            self._perhaps_working[table] = 0
            definer, as_definer = self._views[table]
            reach = self._accounts.alone if as_definer else self._accounts.together
            works = self._everybody
            for inner in self._shows.shown_by(table):
                works &= reach.arriving(self._perhaps_given(inner)) & self._perhaps_works_for(inner)
            if as_definer:
                works = self._everybody if definer is not None and works >> definer & 1 else 0
            self._perhaps_working[table] = works
        return self._perhaps_working[table]

    def _may_read(self, table: Table) -> Bits:
        given = self._contents.wide | self._tables.get(table, (0, 0))[0]
        for surely, _ in self._columns.get(table, {}).values():
            given |= surely
        return self._has.arriving(given) | self._acts.arriving(self._in_database[table[0]][0])

    def _works_for(self, table: Table) -> Bits:
        """As whom a table or view shows what is in it: a view asks for rights of its definer, or of whoever
        reads it, on what it shows."""
        if table not in self._views:
            return self._everybody
        if table not in self._working:
            self._working[table] = 0  # a view that shows itself, through others, is read by nobody
            definer, as_definer = self._views[table]
            works = self._everybody
            for inner in self._shows.shown_by(table):
                works &= self._may_read(inner) & self._works_for(inner)
                if as_definer:
                    works &= self._accounts.alone.arriving(self._perhaps_given(inner))
            if as_definer:
                works = self._everybody if definer is not None and works >> definer & 1 else 0
            self._working[table] = works
        return self._working[table]

    def _through(self, view: Table, door: Door) -> Iterator[Door]:
        """What a view shows of others is read with its definer's rights."""
        if view not in self._views or not self._views[view][1]:
            return
        for inner, named in self._shows.all_shown_by(view).items():
            text = f"view {'.'.join(view)} shows {'.'.join(inner)}"
            yield Door(
                self._contents.relations[inner], How.VIEW, door.opens,
                (*door.grants, Grant(text, self._everybody)), self._everybody, Rows.SHOWN, sure=door.sure,
                shows=named,
            )  # fmt: skip
        for table, by in self.routines.calls.by_view(view).tables.items():
            text = f"view {'.'.join(view)} comes to {by.schema}.{by.name}"
            yield Door(
                self._contents.relations[table], How.FUNCTION, door.opens,
                (*door.grants, Grant(text, self._everybody)), self._everybody, Rows.SHOWN, sure=False,
            )  # fmt: skip

    def _doubtful(self, table: Table) -> bool:
        """Whether it is a view, or shows one, of which is not known what it shows."""
        if not self.unseen or table not in self._views:
            return False
        return not {table, *self._shows.all_shown_by(table)}.isdisjoint(self.unseen)

    def as_others(self, doors: Sequence[Door]) -> Iterator[Door]:
        """What whoever comes in as another account reads as that one, or after SET ROLE as that one."""
        for each in self._contents.proxies:
            comes = sum(self._accounts.those(each.user, each.host)) if each.user else self._everybody
            comes &= self._contents.maps
            other = Account(each.as_user, each.as_host)
            if not comes or (each.as_user and other not in self._accounts.number):
                continue
            name = f"{each.as_user}@{each.as_host}" if each.as_user else "anybody"
            grant = Grant(f"PROXY: comes in as {name}, if its way of logging in says so", comes)
            acting = self._acting(self._accounts.number[other]) if each.as_user else self._everybody
            for door in doors:
                if door.opens & acting:
                    yield replace(door, how=How.PROXY, opens=comes, grants=(grant,), sure=False)

    def _acting(self, account: int) -> Bits:
        """An account, and the roles that it may act as."""
        return bits_of([account, *(m.group for m in self._accounts.memberships if m.member == account)])
