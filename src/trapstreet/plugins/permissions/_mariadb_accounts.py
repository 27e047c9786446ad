"""Accounts and roles of MariaDB by their numbers, and whose rights each has."""

from collections.abc import Iterable, Iterator, Sequence
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


class Lent(NamedTuple):
    """A role of one account of a user that a client may act as who came in by another one, by their numbers.

    sure  whether every such client may
    """

    to: int
    role: int
    account: int
    sure: bool


class Accounts:
    """Who there is.  roles  their names;  defaults  the role that an account has from the start

    Then `lent`: SET ROLE, and a default role, ask for an account of that name whose host fits the client, not
    for the one that it came in by.
    """

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
        granted = [*members]
        self.lent = [*self._lent(granted)]
        self.memberships = [*self._joined(granted, defaults), *self._public()]

    @cached_property
    def has(self) -> Closure:
        """Whose rights each has at once."""
        return Closure(len(self.every), edges_of(self.memberships, lambda each: each.inherits))

    @cached_property
    def alone(self) -> Closure:
        """As `has`, without roles from the start: a view's definer has none, but is one of PUBLIC."""
        public = self.number.get(Account(PUBLIC, ""))
        return Closure(
            len(self.every),
            edges_of(
                self.memberships,
                lambda each: (
                    each.inherits and (self.is_role(self.every[each.member]) or each.group == public)
                ),
            ),
        )

    @cached_property
    def acts(self) -> Closure:
        """As `has`, but what a role has of another one's grants on databases is judged with those."""
        return Closure(
            len(self.every),
            edges_of(
                self.memberships, lambda each: each.inherits and not self.is_role(self.every[each.member])
            ),
        )

    @cached_property
    def within(self) -> Closure:
        """The roles in each role, itself included, with which it is put together. PUBLIC is in none."""
        public = self.number.get(Account(PUBLIC, ""))
        return Closure(
            len(self.every),
            edges_of(
                self.memberships, lambda each: self.is_role(self.every[each.member]) and each.group != public
            ),
        )

    @cached_property
    def together(self) -> Closure:
        """Whose rights each has at one time or another, by a role from the start or one taken on."""
        return Closure(
            len(self.every), edges_of(self.memberships, lambda each: each.inherits or each.becomes)
        )

    def is_role(self, account: Account) -> bool:
        """Whether it is one, or a row of the grant tables is one's: an account of that name has a host."""
        return not account.host and account.user in self._roles

    def those(self, user: str, host: str) -> tuple[Bits, Bits]:
        """The accounts, or the role, that a row of a user and a host is for: surely, and perhaps."""
        sure = perhaps = 0
        if self.is_role(Account(user, host)):
            return 1 << self.number[Account(user, host)], 0
        for number, each in enumerate(self.every):
            if each.user != user or self.is_role(each):
                continue
            if (covers := host_covers(host, each.host)) is not False:
                if covers:
                    sure |= 1 << number
                else:
                    perhaps |= 1 << number
        return sure, perhaps

    def definer(self, name: str) -> int | None:
        """The account that something runs as."""
        user, at, host = name.rpartition("@")
        return self.number.get(Account(user, host) if at else Account(name, ""))

    def _joined(self, members: Iterable[Member], defaults: dict[Account, str]) -> Iterator[Membership]:
        direct = set[tuple[int, int]]()
        for member, group, each in self._known(members):
            in_role = self.is_role(self.every[member])
            inherits = in_role or defaults[self.every[member]] == each.role
            direct.add((member, group))
            # SET ROLE is for what was granted to the account itself, not for the roles in that.
            yield Membership(member, group, inherits=inherits, becomes=not in_role, admits=bool(each.admits))
        for lent in self.lent:
            if lent.sure and (lent.to, lent.role) not in direct:
                direct.add((lent.to, lent.role))
                default = defaults[self.every[lent.to]] == self.every[lent.role].user
                yield Membership(lent.to, lent.role, inherits=default, becomes=True, admits=False)

    def _lent(self, members: Iterable[Member]) -> Iterator[Lent]:
        of_user: dict[str, list[int]] = {}
        for number, each in enumerate(self.every):
            if not self.is_role(each):
                of_user.setdefault(each.user, []).append(number)
        for member, group, _ in self._known(members):
            account = self.every[member]
            for other in () if self.is_role(account) else of_user[account.user]:
                covers = host_covers(account.host, self.every[other].host)
                if other != member and covers is not False:
                    yield Lent(other, group, member, sure=bool(covers))

    def _known(self, members: Iterable[Member]) -> Iterator[tuple[int, int, Member]]:
        for each in members:
            member = self.number.get(Account(each.user, each.host))
            group = self.number.get(Account(each.role, ""))
            if member is not None and group is not None:
                yield member, group, each

    def _public(self) -> Iterable[Membership]:
        public = self.number.get(Account(PUBLIC, ""))
        for number in range(len(self.every)):
            if public is not None and number != public:
                yield Membership(number, public, inherits=True, becomes=False, admits=False)
