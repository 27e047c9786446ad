"""What MariaDB's routines and views come to, by their own texts and through the routines and views in those.

What only a server shows, and is so here: a routine, or a view, calls others as whom it runs itself, its
definer or its caller; one that leaves the rights to its caller has those of that one. Who may run the first,
or read it, needs no right on the others. EXECUTE in a procedure runs what it has put together, or what its
caller prepared by another one, as whom the procedure runs.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple, TypeVar

from trapstreet.core.model.rights import Bits
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import Contents, Routine, Table, View

_WORD = re.compile(r"[\w$]+")
_NAME = "`((?:[^`]|``){1,64})`"
_CALLED = re.compile(rf"(?:{_NAME}\.)?{_NAME}\(")
"""How the server writes a call in a view: of a function in a package, that stands before it."""
_READS = re.compile(r"\bselect\b|:=")
_WRITES = re.compile(r"\b(?:insert|update|delete|replace)\b")
_MAKES_UP = re.compile(r"\bexecute\b")
_READS_FILES = re.compile(r"\bload_file\b")

Thing = View | Routine
_Named = TypeVar("_Named")


class Reached(NamedTuple):
    """What something comes to.

    tables    tables and views, each with what names it
    makes_up  the accounts as whom something runs that does not tell what it runs, each with that
    files     whether something reads files of the server
    """

    tables: dict[Table, Thing]
    makes_up: dict[int, Thing]
    files: bool = False


class Calls:
    """Those of a server.

    runs  who, perhaps, may run a routine;  readers  who, perhaps, may read a table or view
    shown_by  the tables and views that a view names itself
    """

    def __init__(
        self,
        contents: Contents,
        accounts: Accounts,
        *,
        runs: Callable[[Routine], Bits],
        readers: Callable[[Table], Bits],
        shown_by: Callable[[Table], Iterable[Table]],
    ) -> None:
        self._contents, self._accounts = contents, accounts
        self._runs, self._readers, self._shown_by = runs, readers, shown_by
        self._views = {(each.schema, each.name): each for each in contents.views}
        self._tables = _Names((each[1], each) for each in contents.relations)
        self._routines = _Names((each.name, each) for each in contents.routines)
        self._fired: dict[Table, list[Routine]] = {}
        for each in contents.triggers:
            self._fired.setdefault(each.table, []).append(each.does)
        self._may: dict[Table | Routine, Bits] = {}
        self._named: dict[Thing, tuple[list[Table], list[Routine]]] = {}
        self._behind: dict[Table, Reached] = {}
        self._all: dict[int, list[Table]] = {}

    def named_by(self, thing: Thing) -> tuple[list[Table], list[Routine]]:
        """The tables and views, and the routines, that something names itself."""
        if thing not in self._named:
            text = (thing.text or "").casefold()
            if isinstance(thing, View):
                called = (name.replace("``", "`") for names in _CALLED.findall(text) for name in names)
                calls = [one for name in dict.fromkeys(called) for one in self._routines.get(name, ())]
                self._named[thing] = [*self._shown_by((thing.schema, thing.name))], calls
            else:
                reads = thing.kind != "TRIGGER" or _READS.search(text)
                tables = [*self._tables.told_of(text)] if reads else []
                self._named[thing] = tables, [*self._routines.told_of(text)]
        return self._named[thing]

    def by_routine(self, routine: Routine, account: int) -> Reached:
        """What it comes to where it runs as an account. Cost: what it names, and what that does."""
        return self._reached([(routine, account)])

    def by_view(self, view: Table) -> Reached:
        """What a view comes to, that is read as its definer, through the routines that it and those below it
        call."""
        if view not in self._behind:
            self._behind[view] = self._by_view(view)
        return self._behind[view]

    def _by_view(self, view: Table) -> Reached:
        definer = self._accounts.definer(self._views[view].definer)
        if definer is None or not self._any_calls:
            return Reached({}, {})
        calls: list[tuple[Thing, int]] = []
        left, met = [(self._views[view], definer)], set[tuple[Thing, int]]()
        while left:
            state = left.pop()
            if state in met:
                continue
            met.add(state)
            for further, account in self._further(*state):
                if isinstance(further, View):
                    left.append((further, account))
                else:
                    calls.append((further, account))
        return self._reached(calls)

    def all_of(self, account: int) -> list[Table]:
        """Everything that it comes to, by whatever it may read or run."""
        if account not in self._all:
            first = [each for each in self._contents.relations if self._reads(account, each)]
            runs = [each for each in self._contents.routines if self._may_run(account, each)]
            reached = self._reached(self._as(account, [*self._views_of(first), *runs]))
            self._all[account] = [*dict.fromkeys([*first, *reached.tables])]
        return self._all[account]

    def _reached(self, left: list[tuple[Thing, int]]) -> Reached:
        found, files = Reached({}, {}), False
        met = set[tuple[Thing, int]]()
        while left:
            thing, account = state = left.pop()
            if state in met:
                continue
            met.add(state)
            for table in self.named_by(thing)[0]:
                if self._reads(account, table):
                    found.tables.setdefault(table, thing)
            text = (thing.text or "").casefold() if isinstance(thing, Routine) else ""
            if _MAKES_UP.search(text):
                found.makes_up.setdefault(account, thing)
            files |= bool(_READS_FILES.search(text) and self._contents.files >> account & 1)
            left += self._further(thing, account)
        return found._replace(files=files)

    def _further(self, thing: Thing, account: int) -> Iterator[tuple[Thing, int]]:
        """The views, routines and triggers that something uses as an account, and as whom each runs."""
        tables, calls = self.named_by(thing)
        reads = (each for each in tables if self._reads(account, each))
        runs = (each for each in calls if self._may_run(account, each))
        yield from self._as(account, [*self._views_of(reads), *runs, *self._fired_by(thing, tables)])

    def _fired_by(self, thing: Thing, tables: Iterable[Table]) -> Iterator[Routine]:
        """The triggers that a routine makes run, perhaps, by writing into what it names."""
        if self._fired and isinstance(thing, Routine) and _WRITES.search((thing.text or "").casefold()):
            for each in tables:
                yield from self._fired.get(each, ())

    def _as(self, account: int, things: Iterable[Thing]) -> list[tuple[Thing, int]]:
        found: list[tuple[Thing, int]] = []
        for each in things:
            runs_as = self._accounts.definer(each.definer) if each.as_definer else account
            if runs_as is not None:
                found.append((each, runs_as))
        return found

    def _views_of(self, tables: Iterable[Table]) -> Iterator[View]:
        return (self._views[each] for each in tables if each in self._views)

    def _reads(self, account: int, table: Table) -> bool:
        if table not in self._may:
            self._may[table] = self._readers(table)
        return bool(self._may[table] >> account & 1)

    def _may_run(self, account: int, routine: Routine) -> bool:
        if routine not in self._may:
            self._may[routine] = self._runs(routine)
        return bool(self._may[routine] >> account & 1)

    @cached_property
    def _any_calls(self) -> bool:
        return any(self.named_by(each)[1] for each in self._contents.views)


class _Names(dict[str, list[_Named]]):
    """Things by their names, in whatever case: some systems do not tell it."""

    def __init__(self, things: Iterable[tuple[str, _Named]]) -> None:
        for name, each in things:
            self.setdefault(name.casefold(), []).append(each)
        self._odd = [name for name in self if not _WORD.fullmatch(name)]

    def told_of(self, text: str) -> Iterator[_Named]:
        """Those whose names are in the text of a routine."""
        odd = (each for each in self._odd if each in text)
        for name in dict.fromkeys([*_WORD.findall(text), *odd]):
            yield from self.get(name, ())
