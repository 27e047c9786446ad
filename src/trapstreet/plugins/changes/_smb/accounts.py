"""Accounts as logs of file servers name them, beside those that the server tells of."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property

from trapstreet.core.model.rights import Bits, numbers_in
from trapstreet.plugins._smb.people import ADMINISTRATORS, GUEST_GROUP, NETWORK, OWNER_RIGHTS, People, Told

_NO_SUCH = "the server tells of no such account"
_NOT_TOLD = "the server did not tell all its accounts, and not this one"
_NEVER_GIVEN = (NETWORK, ADMINISTRATORS, GUEST_GROUP, OWNER_RIGHTS)


class Accounts:
    """Who may come.

    people  principals, users first;  mighty  whom no list stops
    """

    def __init__(self, people: People, told: Told) -> None:
        self.people = people
        self._machine = told.called.casefold()
        self._kept_back = told.kept_back
        self._users: dict[str, Bits] = defaultdict(int)
        self._short: dict[str, Bits] = defaultdict(int)
        self.mighty: Bits = 0
        for number in numbers_in(people.users):
            name = people.principals[number].name.casefold()
            self._users[name] |= 1 << number
            self._short[name.rpartition("\\")[2]] |= 1 << number
            if told.is_samba and name == "root":
                self.mighty |= 1 << number

    def called(self, name: str) -> tuple[Bits, str]:
        """The account that a log means, or none and why: DOMAIN\\name, or the name alone where only one
        account has it. The server's own accounts have its name for a domain."""
        domain, _, short = name.casefold().rpartition("\\")
        found = self._users.get(name.casefold(), 0)
        if not found and domain and domain == self._machine:
            found = self._users.get(short, 0)
        if not found and not domain:
            found = self._short.get(short, 0)
        if not found:
            return 0, _NOT_TOLD if self._kept_back else _NO_SUCH
        return (0, "several accounts are called that") if found.bit_count() > 1 else (found, "")

    def names_of(self, who: Bits) -> tuple[str, ...]:
        """What some are called."""
        return tuple(self.people.principals[number].name for number in numbers_in(who))

    @cached_property
    def grantees(self) -> Mapping[str, str]:
        """By name, the SIDs of all to whom a right can be given: of whom all is told who comes with them."""
        names = Counter(each.name for each in self.people.principals)
        found: dict[str, str] = {}
        for sid, each in zip(self.people.sids, self.people.principals, strict=True):
            surely, perhaps = self.people.holding(sid)
            if names[each.name] == 1 and surely and not perhaps and sid not in _NEVER_GIVEN:
                found[each.name] = sid
        return found
