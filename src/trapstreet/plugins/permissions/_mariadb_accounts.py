"""Accounts and roles of MariaDB by their numbers, and whose rights each has."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.rights import Bits, Membership
from trapstreet.plugins.permissions._mariadb_matching import Account, host_covers

PUBLIC = "PUBLIC"
"""The role that everybody has."""


class Member(NamedTuple):
    """An account, or a role, that a role is granted to."""

    host: str
    user: str
    role: str
    admits: bool


class Accounts:
    """Who there is.  roles  their names;  defaults  the role that an account has from the start"""

    def __init__(
        self,
        every: Sequence[Account],
        roles: set[str],
        members: Iterable[Member],
        defaults: dict[Account, str],
    ) -> None:
        self.every, self._roles = every, roles
        self.number = {each: n for n, each in enumerate(every)}
        self.everybody: Bits = (1 << len(every)) - 1
        self.memberships = [*self._joined(members, defaults), *self._public()]

    @cached_property
    def has(self) -> Closure:
        """Whose rights each has at once."""
        return Closure(len(self.every), edges_of(self.memberships, lambda each: each.inherits))

    @cached_property
    def acts(self) -> Closure:
        """As `has`, but what a role has of another one's grants on databases is judged with those."""
        return Closure(
            len(self.every),
            edges_of(
                self.memberships, lambda each: each.inherits and not self.is_role(self.every[each.member])
            ),
        )

    def is_role(self, account: Account) -> bool:
        return not account.host and account.user in self._roles

    def those(self, user: str, host: str) -> tuple[Bits, Bits]:
        """The accounts that a row of a user and a host is for: surely, and perhaps."""
        sure = perhaps = 0
        for number, each in enumerate(self.every):
            if each.user == user and (covers := host_covers(host, each.host)) is not False:
                if user in self._roles and each.host:
                    continue
                if covers:
                    sure |= 1 << number
                else:
                    perhaps |= 1 << number
        return sure, perhaps

    def definer(self, name: str) -> int | None:
        """The account that something runs as."""
        user, _, host = name.rpartition("@")
        return self.number.get(Account(user, host)) if user else self.number.get(Account(name, ""))

    def _joined(self, members: Iterable[Member], defaults: dict[Account, str]) -> Iterable[Membership]:
        for each in members:
            account = Account(each.user, each.host)
            member, group = self.number.get(account), self.number.get(Account(each.role, ""))
            if member is None or group is None:
                continue
            in_role = self.is_role(account)
            inherits = in_role or defaults[account] == each.role
            # SET ROLE is for what was granted to the account itself, not for the roles in that.
            yield Membership(member, group, inherits=inherits, becomes=not in_role, admits=bool(each.admits))

    def _public(self) -> Iterable[Membership]:
        public = self.number.get(Account(PUBLIC, ""))
        for number in range(len(self.every)):
            if public is not None and number != public:
                yield Membership(number, public, inherits=True, becomes=False, admits=False)
