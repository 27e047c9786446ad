"""What an Active Directory tells of its accounts (MS-ADTS), by Windows or Samba."""

import re
from collections.abc import Iterator
from contextlib import suppress

from trapstreet.core.model.accounts import Account, Flaw, Group, Identities, Kind, Policy
from trapstreet.plugins.identities._ldap_session import Entry, Refused, Session
from trapstreet.plugins.identities._ldap_times import NEVER, of_filetime, of_written

CAPABILITY = "1.2.840.113556.1.4.800"
"""Of the root entry: this is Active Directory."""

_ANY_BITS = "1.2.840.113556.1.4.803"
_DISABLED, _NEEDS_NONE, _READABLE, _TRUST = 0x2, 0x20, 0x80, 0x800
_NEVER_EXPIRES, _SMARTCARD, _DELEGATES, _DES, _NO_PREAUTH = 0x10000, 0x40000, 0x80000, 0x200000, 0x400000
_BIT_FLAWS = (
    (_NEEDS_NONE, Flaw.MAY_BE_EMPTY),
    (_READABLE, Flaw.READABLE),
    (_DELEGATES, Flaw.DELEGATES),
    (_DES, Flaw.DES_ONLY),
    (_NO_PREAUTH, Flaw.NO_PREAUTH),
)
_GUEST, _REALM_KEY = 501, 502
_MIGHTY = {
    512: "administers the domain", 516: "is a domain controller", 518: "changes the schema",
    519: "administers all domains", 520: "writes group policies", 526: "gives keys to accounts",
    527: "gives keys to accounts of all domains",
}  # fmt: skip
_MIGHTY_BUILTIN = {
    544: "administers the domain controllers", 548: "makes and changes accounts",
    549: "administers domain controllers", 550: "loads drivers on domain controllers",
    551: "reads and writes every file of domain controllers",
}  # fmt: skip
_MIGHTY_NAMES = {"dnsadmins": "loads code into the DNS server"}
_USER = (
    "sAMAccountName", "userPrincipalName", "mail", "objectSid", "userAccountControl", "lastLogonTimestamp",
    "lastLogon", "logonCount", "pwdLastSet", "whenCreated", "accountExpires", "servicePrincipalName",
    "memberOf", "primaryGroupID", "description", "info", "msDS-UserPasswordExpiryTimeComputed",
)  # fmt: skip
_DOMAIN = ("minPwdLength", "lockoutThreshold", "pwdProperties", "ms-DS-MachineAccountQuota")
_PSO = (
    "cn", "msDS-MinimumPasswordLength", "msDS-LockoutThreshold", "msDS-PasswordReversibleEncryptionEnabled",
)  # fmt: skip
_NOTE = re.compile(
    r"\b(?:pass(?:word|wd|wort|phrase)?|pwd?|kennwort|mot de passe)\s*[:=]\s*\S", re.IGNORECASE
)


def read(session: Session, base: str, found: Identities, *, domain: str) -> None:
    """Fill `found` with the accounts below a base of a domain. Raises Refused where even the domain's own
    entry is not shown."""
    found.edition = "Active Directory"
    found.untold.append(
        "second factors other than smart cards: give an export of the identity provider as well"
    )
    _domain(session.entry(domain, _DOMAIN), found)
    _policies(session, domain, found)
    groups = _groups(session, domain, found)
    for entry in session.listed(
        base, "(&(objectCategory=person)(objectClass=user))", _USER, unknown=found.unknown, what="accounts"
    ):
        if (account := _account(entry)) is not None:
            found.accounts.append(account)
            found.memberships += [(account.name, group) for group in _groups_of(session, entry, groups)]
    strangers = "(objectClass=foreignSecurityPrincipal)"
    for entry in session.listed(
        domain, strangers, ("objectSid", "memberOf"), unknown=found.unknown, what="accounts of other domains"
    ):
        _stranger(entry, groups, found)
    bits = f"(userAccountControl:{_ANY_BITS}:={_DELEGATES})"
    computers = f"(&(objectCategory=computer){bits}(!(primaryGroupID=516))(!(primaryGroupID=521)))"
    for entry in session.listed(
        base, computers, ("sAMAccountName",), unknown=found.unknown, what="computers"
    ):
        found.flaws.append((Flaw.DELEGATES, f"computer {entry.text('sAMAccountName') or entry.dn}"))


def _domain(domain: Entry, found: Identities) -> None:
    if domain.number("minPwdLength") is None:
        found.unknown.append("the domain's rules for passwords: this user may not see them")
        return
    found.policies.append(
        Policy(
            name="the domain's rules",
            min_length=domain.number("minPwdLength"),
            locks_after=domain.number("lockoutThreshold"),
        )
    )
    if (domain.number("pwdProperties") or 0) & 16:
        found.flaws.append((Flaw.READABLE, "the domain's rules: all passwords"))
    if quota := domain.number("ms-DS-MachineAccountQuota"):
        found.flaws.append((Flaw.ADDS_COMPUTERS, f"{quota} each"))


def _policies(session: Session, base: str, found: Identities) -> None:
    """Rules for some accounts alone. Who may not see them is shown none."""
    container, before = f"CN=Password Settings Container,CN=System,{base}", len(found.policies)
    with suppress(Refused):
        for entry in session.search(container, "(objectClass=msDS-PasswordSettings)", _PSO):
            name = f"rules for some accounts ({entry.text('cn') or entry.dn})"
            length, locks = entry.number("msDS-MinimumPasswordLength"), entry.number("msDS-LockoutThreshold")
            found.policies.append(Policy(name=name, min_length=length, locks_after=locks))
            if entry.text("msDS-PasswordReversibleEncryptionEnabled") == "TRUE":
                found.flaws.append((Flaw.READABLE, name))
    if len(found.policies) == before:
        found.untold.append("rules for passwords of some accounts alone: only administrators are shown them")


def _groups(session: Session, base: str, found: Identities) -> dict[str, str]:
    """Every group's name by its entry's, and by its number within the domain."""
    names: dict[str, str] = {}
    entries = [
        *session.listed(
            base,
            "(objectClass=group)",
            ("sAMAccountName", "objectSid", "memberOf"),
            unknown=found.unknown,
            what="groups",
        )
    ]
    for entry in entries:
        name = entry.text("sAMAccountName") or entry.dn
        names[entry.dn.casefold()] = name
        sid = sid_of(entry)
        number = _last(sid)
        if number is not None and not sid.startswith("S-1-5-32-"):
            names[str(number)] = name
        mighty = (_MIGHTY_BUILTIN if sid.startswith("S-1-5-32-") else _MIGHTY).get(number or 0, "")
        found.groups.append(Group(name, mighty or _MIGHTY_NAMES.get(name.casefold(), "")))
    for entry in entries:
        name = names[entry.dn.casefold()]
        found.memberships += [(name, group) for group in _groups_of(session, entry, names)]
    return names


def _groups_of(session: Session, entry: Entry, groups: dict[str, str]) -> Iterator[str]:
    for dn in [*entry.texts("memberOf"), *_further(session, entry)]:
        if name := groups.get(dn.casefold()):
            yield name
    if (primary := entry.text("primaryGroupID")) and primary in groups:
        yield groups[primary]


def _further(session: Session, entry: Entry) -> Iterator[str]:
    """More values than are told at once come in ranges (MS-ADTS 3.1.1.3.1.3.3)."""
    ranged = next((each for each in entry.values if each.startswith("memberof;range=")), None)
    while ranged:
        yield from entry.texts(ranged)
        last = ranged.rpartition("-")[2]
        if not last.isdigit():
            return
        asked = f"memberOf;range={int(last) + 1}-*"
        entry = session.entry(entry.dn, (asked,))
        ranged = next((each for each in entry.values if each.startswith("memberof;range=")), None)


def _account(entry: Entry) -> Account | None:
    bits, number = entry.number("userAccountControl"), _last(sid_of(entry))
    if bits is not None and bits & _TRUST:
        return None
    name = entry.text("sAMAccountName") or entry.dn
    if number == _REALM_KEY:
        return Account(name=name, kind=Kind.REALM_KEY, password_set=of_filetime(entry.number("pwdLastSet")))
    flaws = {flaw for bit, flaw in _BIT_FLAWS if bits is not None and bits & bit}
    if entry.values.get("serviceprincipalname"):
        flaws.add(Flaw.SERVICE_NAME)
    if any(_NOTE.search(each) for each in (*entry.texts("description"), *entry.texts("info"))):
        flaws.add(Flaw.IN_NOTES)
    if number == _GUEST:
        flaws.add(Flaw.GUEST)
    uses = [of_filetime(entry.number(each)) for each in ("lastLogonTimestamp", "lastLogon")]
    last_use = max((each for each in uses if each is not None), default=None)
    computed = entry.number("msDS-UserPasswordExpiryTimeComputed")
    expires = computed != NEVER if computed is not None else False if (bits or 0) & _NEVER_EXPIRES else None
    return Account(
        name=name,
        aliases=tuple(filter(None, (entry.text("userPrincipalName"), entry.text("mail")))),
        enabled=None if bits is None else not bits & _DISABLED,
        made=of_written(entry.text("whenCreated")),
        last_use=last_use,
        never_used=None if last_use is not None or entry.number("logonCount") is None else True,
        password_set=of_filetime(entry.number("pwdLastSet")),
        password_expires=expires,
        expires=of_filetime(entry.number("accountExpires")),
        mfa=True if bits is not None and bits & _SMARTCARD else None,
        flaws=frozenset(flaws),
    )


def _stranger(entry: Entry, groups: dict[str, str], found: Identities) -> None:
    """A member that this domain knows by number alone: of another domain, or gone."""
    sid = sid_of(entry)
    if not sid.startswith("S-1-5-21-"):
        return  # "authenticated users" and the like
    mighty = {each.name for each in found.groups if each.mighty}
    for dn in entry.texts("memberOf"):
        if (name := groups.get(dn.casefold())) in mighty:
            found.unknown.append(f"who {sid} in {name} is: of another domain, or gone")


def sid_of(entry: Entry) -> str:
    """An entry's security identifier as it is written (MS-DTYP 2.4.2.1), or ""."""
    data = next(iter(entry.values.get("objectsid", ())), b"")
    if len(data) < 8 or len(data) != 8 + 4 * data[1]:
        return ""
    parts = [int.from_bytes(data[at : at + 4], "little") for at in range(8, len(data), 4)]
    return "-".join(map(str, ("S", data[0], int.from_bytes(data[2:8], "big"), *parts)))


def _last(sid: str) -> int | None:
    return int(sid.rpartition("-")[2]) if sid else None
