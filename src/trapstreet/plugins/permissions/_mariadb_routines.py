"""Doors through MariaDB's routines: those that run as their definers, and those that can be made to.

What only a server shows, and is so here: with ALTER ROUTINE one who did not define a routine makes it run
with its definer's rights (SQL SECURITY DEFINER). Who changes what it does becomes its definer by that.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from operator import attrgetter

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import (
    Contents,
    Routine,
    RoutineKey,
    Table,
    routine_key,
)
from trapstreet.plugins.permissions._mariadb_matching import DatabaseGrant
from trapstreet.plugins.permissions._mariadb_tables import Given, on_things

_WORD = re.compile(r"[\w$]+")

OnDatabase = Callable[[str, Callable[[DatabaseGrant], bool]], Given]
"""Who has a right on all of a database, by rows of their own or of roles in a role."""


class Routines:
    """Those of a server.

    readers  who, perhaps, may read a table or view;  behind  what a table or view shows of others
    """

    def __init__(
        self,
        contents: Contents,
        accounts: Accounts,
        on_database: OnDatabase,
        *,
        readers: Callable[[Table], Bits],
        behind: Callable[[Table], Iterable[Table]],
    ) -> None:
        self._contents, self._accounts, self._everybody = contents, accounts, accounts.everybody
        self._readers, self._behind = readers, behind
        self._runs = _Right(accounts, contents.executes, "executes", contents, on_database)
        self._changes = _Right(accounts, contents.rewrites, "alters", contents, on_database)

    def doors(self) -> Iterator[Door]:
        """What each may show: all that its text names and its definer reads."""
        for routine in self._contents.routines:
            definer = self._accounts.definer(routine.definer)
            if definer is None:
                continue
            name, opens = f"{routine.schema}.{routine.name}", self._runs.who(routine)
            what = f"EXECUTE on {name}, which runs as {routine.definer}"
            if not routine.as_definer:
                what = f"EXECUTE and ALTER ROUTINE on {name}: could make it run as {routine.definer}"
                opens &= self._changes.who(routine) & ~(1 << definer)
            if not opens:
                continue
            given = self._runs.given(routine) if routine.as_definer else opens
            read = [each for each in self.told_of(routine.text or "") if self._readers(each) >> definer & 1]
            seen = [*read, *(inner for each in read for inner in self._behind(each))]
            for table in dict.fromkeys(seen):
                yield Door(
                    self._contents.relations[table], How.FUNCTION, opens, (Grant(what, given),),
                    self._everybody, Rows.SHOWN, sure=False, could=not routine.as_definer,
                )  # fmt: skip

    def changing(self, routine: Routine) -> Bits:
        """Who may change or drop one, perhaps."""
        return self._changes.who(routine)

    @cached_property
    def _called(self) -> dict[str, list[Table]]:
        found: dict[str, list[Table]] = {}
        for table in self._contents.relations:
            found.setdefault(table[1].casefold(), []).append(table)
        return found

    @cached_property
    def _odd(self) -> list[str]:
        return [name for name in self._called if not _WORD.fullmatch(name)]

    def told_of(self, text: str) -> Iterator[Table]:
        """The tables and views whose names are in the text of a routine, in whatever case: some systems do
        not tell it."""
        text = text.casefold()
        odd = (each for each in self._odd if each in text)
        for name in dict.fromkeys([*_WORD.findall(text), *odd]):
            yield from self._called.get(name, ())


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
