"""What an SMB server tells of itself: edition, accounts, groups and privileges; and those of its domain."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.plugins._connecting import Refused
from trapstreet.plugins._smb.accounts import Directory, Domain
from trapstreet.plugins._smb.answers import lost
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.names import Policy, Use
from trapstreet.plugins._smb.people import (
    ADMINISTRATORS,
    BACKUP_OPERATORS,
    EVERYONE,
    Told,
)
from trapstreet.plugins._smb.rpc import ACCOUNTS, NAMES, SHARES, Calls
from trapstreet.plugins._smb.shares import edition_of
from trapstreet.plugins._smb.walk import Reader

NotKnown = Callable[[str, str], None]
"""Notes something that could not be read, and why."""

_BUILT_IN = "S-1-5-32"
_OF_DOMAINS = ("S-1-5-21-", "S-1-22-")
_ADMINS, _PRIMARY, _PRIMARY_NAME, _PORT = "512", "513", "Domain Users", 445
_SAMBA = (
    "Samba's own settings (valid users, admin users, force user, read list, hosts allow) are not told to"
    " clients: they can let in fewer people, or more"
)


@dataclass(slots=True)
class Holders:
    """Who has a privilege, by SID; told: False where only the usual holders are known, or it may be void."""

    sids: list[str]
    told: bool = True


@dataclass(slots=True)
class Knowledge:
    """backs_up, takes, bypasses: who may read whatever the rights say, take things over or set their rights,
    and go through folders that do not let them in."""

    edition: str
    told: Told
    notes: list[str] = field(default_factory=list)
    backs_up: Holders = field(default_factory=lambda: Holders([ADMINISTRATORS, BACKUP_OPERATORS], told=False))
    takes: Holders = field(default_factory=lambda: Holders([ADMINISTRATORS], told=False))
    bypasses: Holders = field(default_factory=lambda: Holders([EVERYONE], told=False))


def knowledge_of(session: Reader, server: Server, not_known: NotKnown) -> Knowledge:
    """What a server tells; what it does not is noted. Raises what a lost connection does."""
    edition, samba = "SMB", False
    try:
        with session.pipe(SHARES.pipe) as (write, read):
            edition, samba = edition_of(session.host, Calls(SHARES, write, read))
    except (PermissionError, FileNotFoundError, Refused):
        not_known("the server's edition", "it does not tell it")
    found = Knowledge(edition, Told(is_samba=samba))
    if samba:
        found.notes.append(_SAMBA)
    name = sid = dns = ""
    try:
        with session.pipe(NAMES.pipe) as (write, read):
            policy = Policy(session.host, Calls(NAMES, write, read))
            found.told.called, found.told.machine = policy.own_accounts()
            name, sid = policy.domain()
            dns = policy.domain_in_dns() if sid else ""
            _privileges(policy, found)
    except (PermissionError, FileNotFoundError, Refused):
        not_known("who has privileges on the server", "it tells administrators only")
    try:
        _accounts(session, found.told, "", _machine(found.told.machine))
    except (PermissionError, FileNotFoundError, Refused):
        found.told.kept_back = True
        not_known("the server's accounts and groups", "it tells administrators only")
    if sid and samba and ADMINISTRATORS not in found.told.groups:  # it counts them in without such a list
        found.told.member_of.add((f"{sid}-{_ADMINS}", ADMINISTRATORS))
    if sid and sid == found.told.machine:
        found.told.machine = ""
    elif sid:
        _of_domain(server, found.told, (name, dns or name, sid), not_known)
    return found


def _machine(sid: str) -> Callable[[Domain], bool]:
    return lambda domain: domain.sid in (_BUILT_IN, sid) or not sid


def _privileges(policy: Policy, found: Knowledge) -> None:
    # Some versions of Samba heed it when files are opened, some do not.
    found.backs_up = Holders(policy.holders("SeBackupPrivilege"), told=not found.told.is_samba)
    takes = [*policy.holders("SeTakeOwnershipPrivilege"), *policy.holders("SeRestorePrivilege")]
    found.takes = Holders([*dict.fromkeys(takes)])
    found.bypasses = Holders([] if found.told.is_samba else policy.holders("SeChangeNotifyPrivilege"))


def _of_domain(server: Server, told: Told, domain: tuple[str, str, str], not_known: NotKnown) -> None:
    """The accounts of the domain that a server is in, asked of one that serves the domain."""
    name, dns, sid = domain
    try:
        with closing(Reader(Server(dns, _PORT, server.user, server.password))) as controller:
            _accounts(controller, told, f"{name}\\", lambda each: each.sid == sid)
    except _broken():
        told.kept_back = True
        not_known(f"the accounts and groups of domain {name}", "no server of the domain tells them")


def _accounts(session: Reader, told: Told, before: str, wanted: Callable[[Domain], bool]) -> None:
    """Take over users and groups of some of a server's domains.  before: their names"""
    with session.pipe(ACCOUNTS.pipe) as (write, read):
        directory = Directory(session.host, Calls(ACCOUNTS, write, read))
        for domain in directory.domains():
            if not wanted(domain):
                continue
            users = [*directory.users(domain)] if domain.sid != _BUILT_IN else []
            told.users |= {f"{domain.sid}-{each.number}": (before + each.name, each.works) for each in users}
            for member, group, name in _memberships(directory, domain):
                told.groups[group] = before + name if domain.sid != _BUILT_IN else name
                if member is None:
                    told.closed.add(group)
                elif member:
                    told.member_of.add((member, group))
            own = f"{domain.sid}-{_PRIMARY}"
            if not any(group == own for _, group in told.member_of):
                for user in users:  # the group that comes with an account is not in every server's lists
                    for number in directory.groups_of(domain, user.number):
                        told.groups.setdefault(f"{domain.sid}-{number}", before + _PRIMARY_NAME)
                        told.member_of.add((f"{domain.sid}-{user.number}", f"{domain.sid}-{number}"))
            told.whole.add(domain.sid)


def _memberships(directory: Directory, domain: Domain) -> Iterator[tuple[str | None, str, str]]:
    """SIDs of members and groups, with the groups' names; a member "" for the group itself, None where its
    members are not told."""
    for number, name in directory.groups(domain):
        group = f"{domain.sid}-{number}"
        yield "", group, name
        try:
            yield from ((f"{domain.sid}-{each}", group, name) for each in directory.of_group(domain, number))
        except PermissionError:
            yield None, group, name
    for number, name in directory.aliases(domain):
        group = f"{domain.sid}-{number}"
        yield "", group, name
        try:
            yield from ((each, group, name) for each in directory.of_alias(domain, number))
        except PermissionError:
            yield None, group, name


def names_of(session: Reader, sids: Collection[str], not_known: NotKnown) -> dict[str, tuple[str, bool]]:
    """What SIDs are called, and whether each is a user's. One that nobody knows is not among them."""
    try:
        with session.pipe(NAMES.pipe) as (write, read):
            found = Policy(session.host, Calls(NAMES, write, read)).names(sorted(sids))
    except _broken():
        not_known("what accounts are called", "the server does not tell it")
        return {}
    return {
        sid: (
            f"{each.domain}\\{each.name}" if sid.startswith(_OF_DOMAINS) else each.name,
            each.use in (Use.USER, Use.COMPUTER),
        )
        for sid, each in found.items()
    }


def guest_comes_to(server: Server, shares: Collection[str]) -> set[str] | None:
    """The shares that let somebody in without an account; None: the server lets in nobody."""
    try:
        with closing(Reader(Server(server.host, server.port, "", None))) as session:
            return {each for each in shares if session.reaches(each)}
    except _broken():
        return None


def _broken() -> tuple[type[Exception], ...]:
    """What it raises where a server cannot be asked, or tells nothing."""
    return (TrapstreetError, *lost())
