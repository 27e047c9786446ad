"""Which rows of PostgreSQL's tables row security leaves to whom, as far as the rights alone tell."""

from collections.abc import Iterable, Iterator

from trapstreet.core.model.rights import Bits, Rows
from trapstreet.plugins.permissions._postgresql_catalogue import Oid, Policy, Relation
from trapstreet.plugins.permissions._postgresql_roles import Roles


class RowSecurity:
    """The policies of one database."""

    def __init__(self, policies: Iterable[Policy], roles: Roles) -> None:
        self._roles = roles
        self._policies: dict[Oid, list[Policy]] = {}
        for policy in policies:
            self._policies.setdefault(policy.relation, []).append(policy)

    def free(self, relation: Relation) -> Bits:
        """For whom it does not hold."""
        if not relation.row_security:
            return self._roles.everybody
        return self._roles.unbound | (0 if relation.forced else self._roles.holding([relation.owner]))

    def leaves(self, relation: Relation) -> Bits:
        """For whom it leaves any rows, if they may select from the table."""
        policies = self._policies.get(relation.oid, ())
        return self.free(relation) | self._holding(each for each in policies if each.permissive)

    def rows(self, relation: Relation, opens: Bits) -> Iterator[tuple[Rows, Bits]]:
        """Of those who may select from a table, who sees which of its rows."""
        if not relation.row_security:
            yield Rows.ALL, opens
            return
        policies = self._policies.get(relation.oid, ())
        narrowed = self._holding(each for each in policies if not each.permissive)
        lets_all = self._holding(each for each in policies if each.permissive and each.lets_all) & ~narrowed
        lets_some = self._holding(each for each in policies if each.permissive)
        whole = opens & (self.free(relation) | lets_all)
        yield Rows.ALL, whole
        yield Rows.SOME, opens & lets_some & ~whole
        yield Rows.NONE, opens & ~lets_some & ~whole

    def _holding(self, policies: Iterable[Policy]) -> Bits:
        return self._roles.holding({oid for each in policies for oid in each.roles})
