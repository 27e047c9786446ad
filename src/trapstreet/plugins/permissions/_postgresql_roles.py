"""The roles of a PostgreSQL server, and to which of them something is given."""

from collections.abc import Collection, Iterable, Mapping

from trapstreet.core.maths.memberships import Closure
from trapstreet.core.model.rights import Bits, Grant, bits_of
from trapstreet.plugins.permissions._postgresql_catalogue import PUBLIC, Oid, Role

_READ_ALL, _WRITE_ALL = "pg_read_all_data", "pg_write_all_data"
WATCHES = "pg_read_all_stats"


class Roles:
    """The roles of a server by their numbers.

    has  who has whose rights at once;  aliases  Oids that stand for another number here;  everybody  PUBLIC
    """

    def __init__(
        self, roles: Iterable[Role], has: Closure, aliases: Mapping[Oid, int], everybody: Bits
    ) -> None:
        self.roles = [*roles]
        self.has = has
        self.number = {each.oid: number for number, each in enumerate(self.roles)} | dict(aliases)
        self.everybody = everybody
        self.superusers = bits_of(n for n, each in enumerate(self.roles) if each.superuser)
        self.unbound = self.superusers | bits_of(
            n for n, each in enumerate(self.roles) if each.passes_row_security
        )
        self.read_all = self.called(_READ_ALL)
        self.write_all = self.called(_WRITE_ALL)
        self.watching = has.arriving(self.called(WATCHES)) | self.superusers
        self.reads_all = Grant(f"{_READ_ALL} reads every table", self.read_all)

    def called(self, name: str) -> Bits:
        """The role of a name; none where there is no such role."""
        return bits_of(n for n, each in enumerate(self.roles) if each.name == name)

    def given(self, oids: Collection[Oid]) -> Bits:
        """Those whom something is granted to, by themselves."""
        if PUBLIC in oids:
            return self.everybody
        return bits_of(self.number[each] for each in oids if each in self.number)

    def holding(self, oids: Collection[Oid]) -> Bits:
        """Those who have it, as members too."""
        return self.has.arriving(self.given(oids))

    def name(self, oid: Oid) -> str:
        """A role's name for people."""
        if oid == PUBLIC:
            return "PUBLIC"
        return self.roles[self.number[oid]].name if oid in self.number else f"role {oid}, which is gone"
