"""The users and groups that this system lists."""

import grp
import os
import pwd
from functools import cached_property

from trapstreet.core.model.rights import Bits, Membership, Principal, numbers_in
from trapstreet.plugins._posix_guards import People

_NO_LOGIN = ("nologin", "false", "sync")


class Listed:
    """Users, then groups, each by its number as a principal."""

    def __init__(self) -> None:
        self.users, self.groups = pwd.getpwall(), grp.getgrall()
        self._user = {each.pw_uid: n for n, each in reversed([*enumerate(self.users)])}
        self._called: dict[int, Bits] = {}
        for n, each in enumerate(self.users):  # several names may be of one number, and are one to the kernel
            self._called[each.pw_uid] = self._called.get(each.pw_uid, 0) | 1 << n
        self._group = {each.gr_gid: len(self.users) + n for n, each in enumerate(self.groups)}
        self._uids = {each.pw_name: each.pw_uid for each in reversed(self.users)}
        self._gids = {each.gr_name: each.gr_gid for each in reversed(self.groups)}
        self.gids = {n: os.getgrouplist(each.pw_name, each.pw_gid) for n, each in enumerate(self.users)}
        self._members: dict[int, Bits] = {}
        for n, gids in self.gids.items():
            for gid in gids:
                self._members[gid] = self._members.get(gid, 0) | 1 << n

    def user_name(self, uid: int) -> str:
        """What a user is called: its number where the system lists none."""
        return self.users[self._user[uid]].pw_name if uid in self._user else str(uid)

    def group_name(self, gid: int) -> str:
        """What a group is called: its number where the system lists none."""
        number = self._group.get(gid)
        return str(gid) if number is None else self.groups[number - len(self.users)].gr_name

    def numbers_of(self, name: str) -> tuple[int | None, int | None]:
        """The numbers of the user and of the group of a name."""
        return self._uids.get(name), self._gids.get(name)

    def names_in(self, gid: int) -> list[str]:
        """The users in a group, also those whose first group it is; not those that are root anyway."""
        found = (self.users[each] for each in numbers_in(self._members.get(gid, 0)))
        return [each.pw_name for each in found if each.pw_uid]

    @property
    def principals(self) -> list[Principal]:
        users = [Principal(each.pw_name, not each.pw_shell.endswith(_NO_LOGIN)) for each in self.users]
        return users + [Principal(each.gr_name, logs_in=False) for each in self.groups]

    @property
    def memberships(self) -> list[Membership]:
        return [
            Membership(n, self._group[gid], inherits=True, becomes=False, admits=False)
            for n, gids in self.gids.items()
            for gid in gids
            if gid in self._group
        ]

    @cached_property
    def people(self) -> People:
        return People(
            everybody=(1 << len(self.users)) - 1,
            root=sum(1 << n for n, each in enumerate(self.users) if each.pw_uid == 0),
            user=lambda uid: self._called.get(uid, 0),
            members=lambda gid: self._members.get(gid, 0),
            group=lambda gid: 1 << self._group[gid] if gid in self._group else self._members.get(gid, 0),
        )
