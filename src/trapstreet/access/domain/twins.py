"""What several sources tell of one account: lists of an identity provider's, and logs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from trapstreet.core.model.accounts import UNTOLD_USE, Account, Identities

T = TypeVar("T")


def joined(places: Sequence[Identities]) -> list[Identities]:
    """The places, where what one list says of an account fills what the first one that names it leaves open.

    An account is the same by name or mail address, upper and lower case alike. The last use is the latest
    that any list knows. Only exports are put together; they become one place, at the first one's turn.
    """
    exports = [each for each in places if each.export]
    if len(exports) < 2:
        return list(places)
    accounts: list[Account] = []
    known: dict[str, int] = {}
    for each in (account for place in exports for account in place.accounts):
        number = next((known[name] for name in _names(each) if name in known), len(accounts))
        if number == len(accounts):
            accounts.append(each)
        else:
            accounts[number] = _filled(accounts[number], each)
        for name in _names(each):
            known.setdefault(name, number)
    whole = Identities(
        place=", ".join(each.place for each in exports),
        edition=", ".join(dict.fromkeys(each.edition for each in exports)),
        accounts=accounts,
        groups=[group for each in exports for group in each.groups],
        memberships=[pair for each in exports for pair in each.memberships],
        unknown=[what for each in exports for what in each.unknown],
        untold=[
            what
            for what in dict.fromkeys(what for each in exports for what in each.untold)
            if all(what in each.untold for each in exports)
        ],
        export=True,
    )
    first = places.index(exports[0])
    others = [each for each in places if not each.export]
    return [*others[:first], whole, *others[first:]]


def with_uses(place: Identities, last: Mapping[str, int]) -> Identities:
    """The place, where logs say when accounts were last used; one that they do not name stays not known.

    last  by account, as logs name them: MariaDB's without the host
    """
    if not last:
        return place
    users = Counter(each.name.rpartition("@")[0] for each in place.accounts)
    accounts = []
    for each in place.accounts:
        user = each.name.rpartition("@")[0]
        logged = last.get(each.name, last.get(user) if user and users[user] == 1 else None)
        uses = [at for at in (each.last_use, logged) if at is not None]
        accounts.append(replace(each, last_use=max(uses, default=None)))
    untold = ["when accounts were last used that no imported log names"]
    untold += [each for each in place.untold if each != UNTOLD_USE]
    return replace(place, accounts=accounts, untold=untold)


def _names(account: Account) -> list[str]:
    return [each.casefold() for each in (account.name, *account.aliases) if each]


def _filled(account: Account, twin: Account) -> Account:
    uses = [each for each in (account.last_use, twin.last_use) if each is not None]
    never = None if uses else _either(account.never_used, twin.never_used)
    return replace(
        account,
        aliases=tuple(dict.fromkeys((*account.aliases, twin.name, *twin.aliases))),
        enabled=_either(account.enabled, twin.enabled),
        made=_either(account.made, twin.made),
        last_use=max(uses, default=None),
        never_used=never,
        password_set=_either(account.password_set, twin.password_set),
        password_expires=_either(account.password_expires, twin.password_expires),
        mfa=_either(account.mfa, twin.mfa),
        rules=account.rules or twin.rules,
        flaws=account.flaws | twin.flaws,
    )


def _either(first: T | None, second: T | None) -> T | None:
    return second if first is None else first
