"""What is wrong with the accounts of a place."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trapstreet.access.domain.flaws import MEANINGS, Severity
from trapstreet.core.model.accounts import Account, Flaw, Form, Identities, Kind, Policy
from trapstreet.core.model.words import counted

DAY = 86_400_000_000
"""Microseconds."""

STALE_DAYS = 90
OLD_PASSWORD_DAYS = 365
REALM_KEY_DAYS = 180
SHORTEST = 12
"""Characters that a password rule has to ask for at least."""

_WORDS = re.compile(r"[^a-z]+")
_SERVICES = frozenset("svc srv service services bot daemon robot automation batch cron backup sync".split())
_SHARED = frozenset(
    "shared team generic common everyone all info office reception frontdesk kiosk training temp helpdesk "
    "support sales test guest".split()
)
_NO_PASSWORD_OF_ITS_OWN = (Form.NONE, Form.LOCKED, Form.ELSEWHERE)
_RAISED = frozenset(
    (
        Flaw.NO_MFA, Flaw.STALE, Flaw.NEVER_USED, Flaw.SERVICE_NAME, Flaw.MAY_BE_EMPTY,
        Flaw.REPEATED, Flaw.EXPIRED_IN_USE,
    )
)  # fmt: skip
"""What is worse where the account may do everything."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """One flaw of one account, or of the place.

    who  the account's name; "" for the place
    """

    flaw: Flaw
    severity: Severity
    who: str
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong at one place.

    accounts, enabled  how many there are, and of those how many are not known to be disabled
    weaknesses         the worst first, those of one flaw together
    unknown, untold    what could not be read; what such a place never tells
    """

    place: str
    edition: str
    accounts: int
    enabled: int
    weaknesses: tuple[Weakness, ...]
    unknown: tuple[str, ...]
    untold: tuple[str, ...]


def judge(
    place: Identities,
    *,
    now: int,
    stale_days: int = STALE_DAYS,
    guessed: Iterable[tuple[Flaw, str, str]] = (),
) -> Judged:
    """All flaws of a place and its accounts, at a time in Unix µs. A disabled account has none.

    guessed  what trying passwords has shown: flaw, account, detail
    """
    accounts = [each for each in place.accounts if each.kind is not Kind.REALM_KEY]
    enabled = [each for each in accounts if each.enabled is not False]
    ways, mighty_by = ways_to_might(place), _mighty(place)
    might = {each.name: bool(each.rules) or each.name in ways for each in enabled}
    found = [Weakness(flaw, MEANINGS[flaw].severity, "", what) for flaw, what in place.flaws]
    for policy in place.policies:
        found += [Weakness(flaw, MEANINGS[flaw].severity, "", what) for flaw, what in _of_policy(policy)]
    for each in place.accounts:
        if each.kind is Kind.REALM_KEY and (old := _old(each, REALM_KEY_DAYS, now)):
            found.append(Weakness(Flaw.OLD_REALM_KEY, MEANINGS[Flaw.OLD_REALM_KEY].severity, each.name, old))
    for each in enabled:
        flaws = [*_of_account(each, now=now, stale=stale_days * DAY), *_of_might(each, ways, mighty_by)]
        found += [
            Weakness(flaw, _severity(flaw, mighty=might[each.name]), each.name, what) for flaw, what in flaws
        ]
    for flaw, who, what in guessed:
        if who in might:
            found.append(Weakness(flaw, _severity(flaw, mighty=might[who]), who, what))
    return Judged(
        place.place,
        place.edition,
        len(accounts),
        len(enabled),
        _worst_first(found),
        (*place.unknown, *_unknown_of_some(enabled)),
        tuple(place.untold),
    )


def ways_to_might(place: Identities) -> dict[str, tuple[str, ...]]:
    """Who is in a mighty group, and by which shortest way of groups in groups; the group itself, too."""
    members: dict[str, list[str]] = {}
    for member, group in sorted(place.memberships):
        members.setdefault(group, []).append(member)
    ways: dict[str, tuple[str, ...]] = {name: (name,) for name in sorted(_mighty(place))}
    reached = list(ways)
    for group in reached:
        for member in members.get(group, ()):
            if member not in ways:
                ways[member] = (member, *ways[group])
                reached.append(member)
    return ways


def _mighty(place: Identities) -> dict[str, str]:
    return {each.name: each.mighty for each in place.groups if each.mighty}


def _severity(flaw: Flaw, *, mighty: bool) -> Severity:
    return Severity.HIGH if mighty and flaw in _RAISED else MEANINGS[flaw].severity


def _worst_first(found: Sequence[Weakness]) -> tuple[Weakness, ...]:
    worst: dict[Flaw, Severity] = {}
    for each in found:
        worst[each.flaw] = max(each.severity, worst.get(each.flaw, Severity.LOW))
    order = {flaw: number for number, flaw in enumerate(Flaw)}
    return tuple(
        sorted(found, key=lambda each: (-worst[each.flaw], order[each.flaw], -each.severity, each.who))
    )


def _of_policy(policy: Policy) -> Iterator[tuple[Flaw, str]]:
    if policy.min_length is not None and policy.min_length < SHORTEST:
        yield Flaw.SHORT_PASSWORDS, f"{policy.name}: {counted(policy.min_length, 'character')} are enough"
    if policy.locks_after == 0:
        yield Flaw.NO_LOCKOUT, f"{policy.name}: no account is ever locked"
    if policy.checks is False:
        yield Flaw.NO_QUALITY_CHECK, policy.name


def _of_account(account: Account, *, now: int, stale: int) -> Iterator[tuple[Flaw, str]]:
    for flaw in account.flaws:
        yield flaw, ""
    if account.mfa is False and not is_service(account):
        yield Flaw.NO_MFA, ""
    if account.last_use is not None and now - account.last_use > stale:
        yield Flaw.STALE, f"last used {_day(account.last_use)}"
    if account.never_used and (account.made is None or now - account.made > stale):
        yield Flaw.NEVER_USED, f"made {_day(account.made)}" if account.made is not None else ""
    if account.expires is not None and account.last_use is not None and account.last_use > account.expires:
        yield Flaw.EXPIRED_IN_USE, f"expired {_day(account.expires)}, last used {_day(account.last_use)}"
    if shared := _shared(account):
        yield Flaw.SHARED, shared
    if account.form in _NO_PASSWORD_OF_ITS_OWN:
        return
    if old := _old(account, OLD_PASSWORD_DAYS, now):
        yield Flaw.AGED, old
    if account.password_expires is False:
        yield Flaw.NEVER_EXPIRES, ""


def _old(account: Account, days: int, now: int) -> str:
    """When a password was set that is older than so many days; "" where it is not."""
    if account.password_set is None or now - account.password_set <= days * DAY:
        return ""
    return f"set {_day(account.password_set)}"


def _of_might(
    account: Account, ways: Mapping[str, tuple[str, ...]], mighty_by: Mapping[str, str]
) -> Iterator[tuple[Flaw, str]]:
    if account.rules:
        yield Flaw.RULES, account.rules
    elif way := ways.get(account.name):
        yield Flaw.PRIVILEGED, f"by {' > '.join(way[1:])}, which {mighty_by[way[-1]]}"


def is_service(account: Account) -> bool:
    """Whether programs use it, as the place says or as its name looks."""
    if account.kind is not Kind.UNKNOWN:
        return account.kind is Kind.SERVICE
    return not _SERVICES.isdisjoint(_words(account.name))


def _shared(account: Account) -> str:
    if account.clients is not None and account.clients > 1:
        return f"connected from {account.clients} addresses at once"
    if words := _SHARED.intersection(_words(account.name)):
        return f"by its name: {min(words)}"
    return ""


def _words(name: str) -> list[str]:
    return _WORDS.split(name.partition("@")[0].lower())


_ASKED: dict[str, Callable[[Account], bool]] = {
    "whether it is enabled": lambda each: each.enabled is None,
    "when it was last used": lambda each: each.last_use is None and each.never_used is None,
    "when its password was set": lambda each: each.password_set is None,
    "whether it has a second factor": lambda each: each.mfa is None,
}


def _unknown_of_some(accounts: Sequence[Account]) -> Iterator[str]:
    """What is told of some accounts and not of others. What is told of none, the place says itself."""
    missing = Counter(what for each in accounts for what, lacks in _ASKED.items() if lacks(each))
    for what, number in missing.items():
        if number < len(accounts):
            names = [each.name for each in accounts if _ASKED[what](each)][:3]
            more = ", …" if number > len(names) else ""
            yield f"{what}, of {counted(number, 'account')}: {', '.join(names)}{more}"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()
