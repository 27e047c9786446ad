"""Who may connect to a PostgreSQL database, and who could let themselves in.

What only a server shows, and is so here: rights on a database are granted from any other one; so an owner who
has no CONNECT, whoever may pass CONNECT on and whoever may make members of a group that has it come in from
there. Before PostgreSQL 16 a new member has what the group has only if its own role inherits. A database that
is a template is copied by whoever may make databases, who owns the copy.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.rights import Bits, Door, Grant, Rights, Rows, bits_of, numbers_in
from trapstreet.plugins.permissions._postgresql_catalogue import Database, Oid
from trapstreet.plugins.permissions._postgresql_roles import Roles


class Entering:
    """The ways into the databases of one server.

    anywhere  who may connect to any of them
    chosen    whether who grants a membership chooses that it inherits
    """

    def __init__(self, rights: Rights, *, anywhere: Collection[Oid], chosen: bool) -> None:
        self._rights, self._anywhere, self._chosen = rights, anywhere, chosen

    def now(self, database: Database, roles: Roles) -> Bits:
        """Who may connect."""
        return roles.holding(database.may_connect) | roles.superusers

    def could(self, database: Database, roles: Roles) -> Bits:
        """Who may not, and could from another database."""
        enters = self.now(database, roles)
        outside = roles.holding(self._anywhere) & ~enters
        if not outside:
            return 0
        admits = bits_of(
            each.member for each in self._rights.memberships if each.admits and enters >> each.group & 1
        )
        makes = bits_of(
            each for who, of_whom, _ in self._rights.makes if of_whom & enters for each in numbers_in(who)
        )
        inherits = bits_of(n for n, each in enumerate(roles.roles) if each.inherits)
        copies = bits_of(n for n, each in enumerate(roles.roles) if each.makes_databases)
        at_will = makes | roles.given([database.owner, *database.may_pass_on])
        at_will |= copies if database.is_template else 0
        members = self._takes.arriving(admits) & (roles.everybody if self._chosen else inherits)
        return outside & (members | self._takes.arriving(at_will))

    def let_in(self, doors: Iterable[Door], database: Database, roles: Roles) -> Iterator[Door]:
        """The doors of a database for those who could let themselves in."""
        if not (could := self.could(database, roles)):
            return
        first = Grant(f"can let itself into database {database.name}", could)
        for each in doors:
            if each.rows != Rows.NONE and self._takes.arriving(each.opens) & could:
                yield replace(each, enters=could, could=True, grants=(first, *each.grants))

    @cached_property
    def _takes(self) -> Closure:
        members = self._rights.memberships
        takes = edges_of(members, lambda each: each.becomes or each.inherits or each.admits)
        for who, of_whom, _ in self._rights.makes:
            for each in numbers_in(who):
                takes.setdefault(each, []).extend(numbers_in(of_whom))
        return Closure(len(self._rights.principals), takes)
