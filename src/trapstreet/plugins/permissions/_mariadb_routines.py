"""Doors through MariaDB's routines: those that run as their definers, and those that can be made to.

What only a server shows, and is so here: with ALTER ROUTINE one who did not define a routine makes it run
with its definer's rights (SQL SECURITY DEFINER). Who changes what it does becomes its definer by that.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_calls import Calls
from trapstreet.plugins.permissions._mariadb_contents import (
    Contents,
    Routine,
    RoutineKey,
    Table,
    routine_key,
)
from trapstreet.plugins.permissions._mariadb_matching import DatabaseGrant
from trapstreet.plugins.permissions._mariadb_tables import Given, on_things

OnDatabase = Callable[[str, Callable[[DatabaseGrant], bool]], Given]
"""Who has a right on all of a database, by rows of their own or of roles in a role."""


class Routines:
    """Those of a server.

    readers  who, perhaps, may read a table or view;  shown_by  the tables and views that a view names itself
    calls    what they and views come to
    """

    def __init__(
        self,
        contents: Contents,
        accounts: Accounts,
        on_database: OnDatabase,
        *,
        readers: Callable[[Table], Bits],
        shown_by: Callable[[Table], Iterable[Table]],
    ) -> None:
        self._contents, self._accounts, self._everybody = contents, accounts, accounts.everybody
        self._runs = _Right(accounts, contents.executes, "executes", contents, on_database)
        self._changes = _Right(accounts, contents.rewrites, "alters", contents, on_database)
        self.calls = Calls(contents, accounts, runs=self._runs.who, readers=readers, shown_by=shown_by)

    def doors(self) -> Iterator[Door]:
        """What each may show: all that it comes to by its text, and by those of what it calls; and, where one
        does not tell what it runs, everything that the account does as whom it runs."""
        made_up: dict[tuple[int, bool], tuple[Bits, Bits, list[str]]] = {}
        for routine in self._contents.routines:
            definer = self._accounts.definer(routine.definer)
            if definer is None:
                continue
            name, opens = f"{routine.schema}.{routine.name}", self._runs.who(routine)
            what, could = f"EXECUTE on {name}, which runs as {routine.definer}", not routine.as_definer
            if could:
                what = f"EXECUTE and ALTER ROUTINE on {name}: could make it run as {routine.definer}"
                opens &= self._changes.who(routine) & ~(1 << definer)
            if not opens:
                continue
            given = self._runs.given(routine) if routine.as_definer else opens
            reached = self.calls.by_routine(routine, definer)
            for table, by in reached.tables.items():
                grants = [Grant(what, given)]
                if by != routine:
                    grants.append(Grant(f"{name} comes to {by.schema}.{by.name}", self._everybody))
                yield self._door(self._contents.relations[table], opens, grants, could=could)
            if reached.files:
                grants = [Grant(what, given), Grant(f"{name} reads files of the server", self._everybody)]
                yield self._door(None, opens, grants, could=could)
            for account in reached.makes_up:
                before = made_up.get((account, could), (0, 0, []))
                made_up[account, could] = before[0] | opens, before[1] | given, [*before[2], name]
        for (account, could), (opens, given, names) in made_up.items():
            right = "EXECUTE and ALTER ROUTINE" if could else "EXECUTE"
            more = f" and {len(names) - 1} more" * (len(names) > 1)
            what = f"{right} on {names[0]}{more}: as {self._name(account)}, does not tell what it runs"
            for number in self._all_of(account):
                yield self._door(number, opens & ~(1 << account), [Grant(what, given)], could=could)

    def _door(self, number: int | None, opens: Bits, grants: Iterable[Grant], *, could: bool) -> Door:
        return Door(
            number, How.FUNCTION, opens, tuple(grants), self._everybody, Rows.SHOWN, sure=False, could=could
        )

    def _all_of(self, account: int) -> Iterable[int | None]:
        """Everything that an account comes to; None: all there is."""
        if self._accounts.has.arriving(self._contents.wide | self._contents.files) >> account & 1:
            return [None]
        return [self._contents.relations[each] for each in self.calls.all_of(account)]

    def _name(self, account: int) -> str:
        user, host = self._accounts.every[account]
        return f"{user}@{host}" if host else user

    def changing(self, routine: Routine) -> Bits:
        """Who may change or drop one, perhaps."""
        return self._changes.who(routine)


class _Right:
    """Who has one right on routines.

    wide  who has it on everything;  name  how a grant on a routine calls it
    """

    def __init__(
        self,
        accounts: Accounts,
        wide: Bits,
        name: str,
        contents: Contents,
        on_database: OnDatabase,
    ) -> None:
        self._accounts, self._wide, self._on_database = accounts, wide, on_database
        self._of_database = attrgetter("executes" if name == "executes" else "rewrites")
        self._own: dict[RoutineKey, Given] = on_things(
            accounts,
            (
                (routine_key(each.schema, each.name, each.kind), each.user, each.host, getattr(each, name))
                for each in contents.routine_grants
            ),
        )
        self._on_all: dict[str, Bits] = {}

    def who(self, routine: Routine) -> Bits:
        """Who comes to it at once, or perhaps, by where they come from."""
        has, acts = self._accounts.has, self._accounts.acts
        return has.arriving(self._on_one(routine) | self._wide) | acts.arriving(self._on_schema(routine))

    def given(self, routine: Routine) -> Bits:
        """To whom it is given."""
        return self._on_one(routine) | self._wide | self._on_schema(routine)

    def _on_one(self, routine: Routine) -> Bits:
        sure, perhaps = self._own.get(routine.key, (0, 0))
        return sure | perhaps

    def _on_schema(self, routine: Routine) -> Bits:
        if routine.schema not in self._on_all:
            sure, perhaps = self._on_database(routine.schema, self._of_database)
            self._on_all[routine.schema] = sure | perhaps
        return self._on_all[routine.schema]
