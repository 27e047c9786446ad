"""Who has which functions of one PostgreSQL database run, and by what.

What only a server shows, and is so here: a function's name is looked up in a schema that whoever runs it may
use, but what the server keeps parsed (views, bodies that begin with BEGIN ATOMIC, defaults of arguments and
columns, checks, policies, operators, casts) finds it in any; EXECUTE is asked of whoever has it run. For what
an aggregate is made of, its owner is asked; for a trigger, nobody.
"""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from trapstreet.core.model.rights import Bits, Grant
from trapstreet.plugins.permissions._postgresql_catalogue import Contents, Function, Hook, Oid
from trapstreet.plugins.permissions._postgresql_sight import Sight


class Running:
    """The functions of a database, with what calls them."""

    def __init__(self, contents: Contents, sight: Sight) -> None:
        self._sight, self._roles = sight, sight.roles
        self._functions = {each.oid: each for each in contents.functions}
        self._viewed = sight.calling(each for each in contents.calls if each.inner in self._functions)
        self._hooks: dict[Oid, list[Hook]] = {}
        for hook in contents.hooks:
            if hook.function in self._functions:
                self._hooks.setdefault(hook.function, []).append(hook)
        self._callers: dict[Oid, list[Function]] = {}
        for function in contents.functions:
            for called in function.calls:
                if called in self._functions:
                    self._callers.setdefault(called, []).append(function)
        self._runs, self._filled = self._settled()

    def runs(self, function: Function) -> Bits:
        """Who has a function run, in whatever way."""
        known = self._runs.get(function.oid, 0) | self._filled.get(function.oid, 0)
        return known | self._by_name(function) | self._by_views(function)[0]

    def ways(self, function: Function) -> Iterator[tuple[Bits, tuple[Grant, ...]]]:
        """For whom a function that runs as its owner is run, and by what: by its name, by views that call it,
        by something else; each where none of those before it does."""
        _, grant = self._sight.uses(function.schema)
        to = self._roles.given(function.may_execute)
        runs = f"function {function.name}, which runs as {self._roles.name(function.owner)}"
        if named := self._by_name(function):
            yield named, (grant, Grant(f"EXECUTE on {runs}", to))
        through, given = self._by_views(function)
        if through := through & ~named:
            yield through, (Grant(f"SELECT on views that call {runs}", given),)
        if beside := self.runs(function) & ~named & ~through:
            yield (
                beside,
                (Grant(f"a right on something else that calls {runs}", self._given_beside(function)),),
            )

    def _may(self, function: Function) -> Bits:
        return self._roles.holding(function.may_execute) | self._roles.superusers

    def _by_name(self, function: Function) -> Bits:
        return self._roles.holding(function.may_execute) & self._sight.uses(function.schema)[0]

    def _by_views(self, function: Function) -> tuple[Bits, Bits]:
        """For whom views that call it run it, and to whom these are granted.

        A view asks whoever reads it for EXECUTE; of a materialized view its owner was asked, when it was
        filled.
        """
        through = given = 0
        for view, filled in self._viewed.get(function.oid, ()):
            asked = self._roles.everybody if filled else self._may(function)
            through |= self._sight.reads(view.oid) & asked
            given |= self._roles.given(view.may_select)
        return through, given

    def _by_hooks(self, function: Function) -> Bits:
        through = 0
        for hook in self._hooks.get(function.oid, ()):
            uses = self._roles.has.arriving(
                self._roles.given(hook.may_use) | self._roles.read_all | self._roles.write_all
            )
            rights = self._roles.holding(hook.may) | self._roles.has.arriving(self._roles.write_all)
            through |= rights & uses & (self._may(function) if hook.asks else self._roles.everybody)
        return through

    def _settled(self) -> tuple[dict[Oid, Bits], dict[Oid, Bits]]:
        """Those for whom each function runs, where others call it or are called by it; and those who read
        what it gave when a materialized view was filled."""
        callers = {each.oid for some in self._callers.values() for each in some}
        runs: dict[Oid, Bits] = {}
        filled: dict[Oid, Bits] = {}
        for oid in self._callers.keys() | self._hooks.keys() | callers:
            function = self._functions[oid]
            runs[oid] = self._by_name(function) | self._by_views(function)[0] | self._by_hooks(function)
            copies = (view.oid for view, within in self._viewed.get(oid, ()) if within)
            filled[oid] = reduce(or_, (self._sight.reads(each) for each in copies), 0)
        calls = [
            (caller.oid, oid, self._asked(caller, self._functions[oid]))
            for oid, some in self._callers.items()
            for caller in some
            if not caller.as_owner  # which runs what it calls as its own owner
        ]
        before = -1
        while before != (before := sum(map(int.bit_count, (*runs.values(), *filled.values())))):
            for caller, called, asked in calls:
                runs[called] |= runs[caller] & asked
                filled[called] |= filled[caller]
        return runs, filled

    def _asked(self, caller: Function, function: Function) -> Bits:
        """Those for whom one function may run another that it calls."""
        may = self._may(function)
        if caller.aggregate:
            return self._roles.everybody if self._roles.given([caller.owner]) & may else 0
        return may

    def _given_beside(self, function: Function) -> Bits:
        """To whom something is granted that runs a function, apart from views."""
        given = self._roles.given({oid for each in self._hooks.get(function.oid, ()) for oid in each.may})
        left, seen = [function.oid], {function.oid}
        while left:
            for caller in self._callers.get(left.pop(), ()):
                if caller.oid not in seen:
                    seen.add(caller.oid)
                    left.append(caller.oid)
                    given |= self._roles.given(caller.may_execute)
                    given |= self._by_views(caller)[1]
                    hooks = self._hooks.get(caller.oid, ())
                    given |= self._roles.given({oid for each in hooks for oid in each.may})
        return given
