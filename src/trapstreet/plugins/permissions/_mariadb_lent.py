"""Doors that MariaDB opens to one account of a user by a role of another account of the same name.

What only a server shows, and is so here: SET ROLE takes the first account of that name, among those that the
role is granted to, whose host fits the client; from then on, that account's rights on everything hold beside
the role's, and those of the account by which the client came in do not. A role from the start does the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trapstreet.core.model.rights import Bits, Door, Grant
from trapstreet.plugins.permissions._mariadb_accounts import Accounts


def doors(found: Sequence[Door], accounts: Accounts) -> Iterator[Door]:
    """The doors through which an account perhaps comes as well, beside those that were found."""
    roles: dict[int, Bits] = {}
    everywhere: dict[tuple[int, int], Bits] = {}
    for each in accounts.lent:
        everywhere[each.account, each.role] = everywhere.get((each.account, each.role), 0) | 1 << each.to
        if not each.sure:
            roles[each.role] = roles.get(each.role, 0) | 1 << each.to
    if not accounts.lent:
        return
    name = [each.user if accounts.is_role(each) else f"{each.user}@{each.host}" for each in accounts.every]
    for door in found:
        for role, to in roles.items():
            if door.opens >> role & 1 and (opens := to & ~door.opens):
                text = f"SET ROLE {name[role]}, which another account of theirs may: by where they come from"
                yield replace(door, opens=opens, grants=(Grant(text, opens), *door.grants), sure=False)
        if door.resource is not None:
            continue
        for (account, role), to in everywhere.items():
            has = any(each.to >> account & 1 for each in door.grants)
            if has and (opens := to & ~door.opens):
                text = f"SET ROLE {name[role]}: may bring the rights on everything of {name[account]}"
                yield replace(door, opens=opens, grants=(Grant(text, opens), *door.grants), sure=False)
