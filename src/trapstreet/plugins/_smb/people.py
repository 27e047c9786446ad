"""Whom the rights on an SMB server are about, and which SIDs each user comes with ([MS-DTYP] 2.4.2.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.rights import Bits, Membership, Principal, bits_of, numbers_in

EVERYONE, NETWORK, ANY_USER, GUEST_GROUP = "S-1-1-0", "S-1-5-2", "S-1-5-11", "S-1-5-32-546"
ADMINISTRATORS, USERS, BACKUP_OPERATORS = "S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-551"
OWNER_RIGHTS = "S-1-3-4"

_GUEST = "-501"
_OF_THE_SYSTEM = ("S-1-3-", "S-1-5-80-", "S-1-5-82-", "S-1-5-83-", "S-1-5-90-", "S-1-5-96-", "S-1-15-")
"""Creators, services, virtual machines, programs: nobody comes over the network as one of them."""
_NEVER = frozenset(
    {"S-1-0-0", "S-1-2-0", "S-1-2-1", "S-1-5-1", "S-1-5-3", "S-1-5-4", "S-1-5-6", "S-1-5-7", "S-1-5-8"}
    | {"S-1-5-9", "S-1-5-13", "S-1-5-14", "S-1-5-17", "S-1-5-18", "S-1-5-19", "S-1-5-20"}
)
_UNIX_USER = "S-1-22-1-"
_ACCOUNTS = "S-1-5-21-"
_GIVEN_AWAY = (USERS, GUEST_GROUP)
"""Groups that Samba counts some in without having such a list."""
_NAMES: Mapping[str, str] = {
    EVERYONE: "Everyone", NETWORK: "NETWORK", ANY_USER: "Authenticated Users", OWNER_RIGHTS: "OWNER RIGHTS",
    ADMINISTRATORS: "Administrators", USERS: "Users", GUEST_GROUP: "Guests",
    BACKUP_OPERATORS: "Backup Operators", "S-1-5-18": "SYSTEM",
}  # fmt: skip


@dataclass(slots=True)
class Told:
    """What a server tells of accounts, by their SIDs.

    users   name, and whether the account works;  groups  names
    member_of  who is in which group: pairs;  closed  groups whose members are not told
    whole   the domains, by SID, whose accounts are all told
    machine  the SID before accounts that only this server knows, "" on a domain controller
    called   what it calls itself as the domain of its own accounts
    kept_back  whether it, or its domain, does not tell its accounts to who asks, or not all
    guest    whether it lets anybody in as its guest;  is_samba  it keeps rights as Samba does
    """

    users: dict[str, tuple[str, bool]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    member_of: set[tuple[str, str]] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    machine: str = ""
    called: str = ""
    kept_back: bool = False
    guest: bool = False
    is_samba: bool = False

    def members(self) -> set[str]:
        """All that are in groups, groups among them."""
        return {member for member, _ in self.member_of}


class People:
    """Principals: users first, then those of whom nobody knows who they are, then groups.

    named  what other SIDs are called, and whether one is a user's;  seen  the SIDs that rights are about
    """

    def __init__(self, told: Told, seen: Iterable[str], named: Mapping[str, tuple[str, bool]]) -> None:
        self._told, self._named = told, named
        seen = {*seen, *told.members()}
        self.strangers = {each for each in seen if self._is_stranger(each)}
        self._sids = [*told.users]
        guest = next((each for each in told.users if each.endswith(_GUEST)), "")
        if not guest and told.guest:
            self._sids.append(guest := "guest")
        self._sids += sorted(self.strangers)
        self.users: Bits = (1 << len(self._sids)) - 1
        of_groups = {*told.groups, *seen, EVERYONE, NETWORK, ANY_USER, GUEST_GROUP} | {
            to for _, to in told.member_of
        }
        self._sids += sorted(of_groups.difference(self._sids))
        self._number = {each: n for n, each in enumerate(self._sids)}
        self._guest = self.bit(guest)
        self._of_domains = bits_of(
            n for n, each in enumerate(self._sids) if _domain(each) != told.machine and self.users >> n & 1
        )
        self.principals = [self._principal(each) for each in self._sids]
        self.memberships = [*self._memberships()]
        edges = edges_of(self.memberships, lambda each: each.inherits)
        self._has = Closure(len(self._sids), edges)
        self._known: dict[str, tuple[Bits, Bits]] = {}

    @property
    def sids(self) -> Sequence[str]:
        """Of the principals, in their order."""
        return self._sids

    @property
    def guest(self) -> Bits:
        """Whoever comes without an account."""
        return self._guest

    @property
    def of_modes(self) -> bool:
        """Whether a list may be made of a mode of Unix."""
        return self._told.is_samba

    def name(self, sid: str) -> str:
        """What people call one."""
        return self.principals[self._number[sid]].name if sid in self._number else sid

    def holding(self, sid: str) -> tuple[Bits, Bits]:
        """The users who come with a SID: surely, and perhaps."""
        found = self._known.get(sid)
        if found is None:
            found = self._known[sid] = self._holding(sid)
        return found

    def _holding(self, sid: str) -> tuple[Bits, Bits]:
        if sid in _NEVER or sid.startswith(_OF_THE_SYSTEM):
            return 0, 0
        itself = self.bit(sid)
        surely = self._has.arriving(itself) & self.users
        accounts = self.users & ~self._guest
        if sid in self.strangers and not self.is_user(sid):
            return surely & ~itself, accounts & self._of_domains & ~surely | itself
        if sid.startswith(_UNIX_USER):
            return self._of_unix(self._named.get(sid, ("", False))[0].rpartition("\\")[2]), 0
        if self._is_told(sid):
            return surely, self._in_closed(sid) & ~surely
        return surely, accounts & ~surely

    def _is_told(self, sid: str) -> bool:
        """Whether it is told who comes with a SID; of an account that was deleted that is nobody."""
        if sid in self._told.closed:
            return False
        if sid in self._told.users or sid in self._told.groups or sid in (EVERYONE, NETWORK, ANY_USER):
            return True
        if self._told.is_samba and sid in _GIVEN_AWAY:
            return False
        return self.is_user(sid) or _domain(sid) in self._told.whole

    def _of_unix(self, name: str) -> Bits:
        """The user whom Unix knows by the same name."""
        return bits_of(n for n, each in enumerate(self._sids) if self._told.users.get(each, ("",))[0] == name)

    def _in_closed(self, group: str) -> Bits:
        """Who may be in a group since it holds another one whose members nobody tells."""
        perhaps: Bits = 0
        for number in numbers_in(self._has.arriving(self.bit(group))):
            if (each := self._sids[number]) != group and not self._is_told(each):
                perhaps |= self.holding(each)[1]
        return perhaps

    def _memberships(self) -> Iterable[Membership]:
        pairs = set(self._told.member_of)
        for number in numbers_in(self.users):
            each = self._sids[number]
            pairs |= {(each, EVERYONE), (each, NETWORK)}
            pairs.add((each, GUEST_GROUP if self._guest >> number & 1 else ANY_USER))
        for member, group in sorted(pairs):
            if member in self._number and group in self._number and member != group:
                yield Membership(
                    self._number[member], self._number[group], inherits=True, becomes=False, admits=False
                )

    def _principal(self, sid: str) -> Principal:
        if sid in self._told.users:
            name, works = self._told.users[sid]
            return Principal(name, logs_in=self._told.guest if sid.endswith(_GUEST) else works)
        if sid == "guest":
            return Principal("guest", logs_in=True, note="nobody asks for a password")
        name = self._told.groups.get(sid) or self._named.get(sid, ("",))[0] or _NAMES.get(sid, sid)
        if sid in self.strangers:
            unknown = "" if self.is_user(sid) else "its members are not known" if name != sid else "unknown"
            return Principal(name, logs_in=True, note=unknown)
        return Principal(name, logs_in=False)

    def _is_stranger(self, sid: str) -> bool:
        """Whether it is an account of a domain that is not told: somebody may come as this one."""
        if sid in self._told.users or sid in self._told.groups or _domain(sid) in self._told.whole:
            return False
        return sid.startswith(_ACCOUNTS)

    def is_user(self, sid: str) -> bool:
        """Whether it is somebody's, not a group's."""
        return sid in self._told.users or self._named.get(sid, ("", False))[1]

    def bit(self, sid: str) -> Bits:
        """One principal, as a set."""
        return 1 << self._number[sid] if sid in self._number else 0


def _domain(sid: str) -> str:
    return sid.rpartition("-")[0]
