"""What OpenLDAP, FreeIPA, 389 Directory Server and the like tell of their accounts."""

import base64
import binascii
import re
from collections.abc import Iterator

from trapstreet.core.model.accounts import Account, Flaw, Form, Group, Identities, Policy, Verifier
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.identities._ldap_session import Entry, Session
from trapstreet.plugins.identities._ldap_times import of_written

_DAY = 86_400_000_000
_PEOPLE = (
    "(|(objectClass=inetOrgPerson)(objectClass=posixAccount)(objectClass=account)"
    "(objectClass=simpleSecurityObject))"
)
_GROUPS = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
_ACCOUNT = (
    "uid", "cn", "mail", "createTimestamp", "shadowExpire", "shadowLastChange", "shadowMax",
    "pwdChangedTime", "pwdAccountLockedTime", "pwdLastSuccess", "authTimestamp", "nsAccountLock",
    "krbLastSuccessfulAuth", "krbLastPwdChange", "krbPrincipalExpiration", "ipaUserAuthType", "description",
)  # fmt: skip
_GROUP = ("cn", "member", "uniqueMember", "memberUid")
_POLICY = ("cn", "pwdMinLength", "pwdMaxFailure", "pwdLockout", "pwdCheckQuality")
_USES = ("pwdLastSuccess", "authTimestamp", "krbLastSuccessfulAuth")
_MIGHTY = {
    "admins": "administers the directory", "administrators": "administers the directory",
    "domain admins": "administers the domain", "wheel": "becomes root", "sudo": "becomes root",
}  # fmt: skip
_LOCKED_FOR_EVER = "000001010000Z"
_NOTE = re.compile(r"\b(?:pass(?:word|wd|wort|phrase)?|pwd?|kennwort)\s*[:=]\s*\S", re.IGNORECASE)
_KEPT = re.compile(rb"\{([A-Za-z0-9.-]+)\}(.*)", re.DOTALL)


def read(session: Session, base: str, found: Identities, root: Entry, *, verifiers: bool) -> None:
    """Fill `found`. Raises Refused where nothing below the base is shown."""
    found.edition = root.text("vendorName") or "LDAP directory"
    session.entry(base, ("1.1",))
    asked = (*_ACCOUNT, "userPassword") if verifiers else _ACCOUNT
    names: dict[str, str] = {}
    for entry in session.listed(base, _PEOPLE, asked, unknown=found.unknown, what="accounts"):
        account = _account(entry)
        names[entry.dn.casefold()] = account.name
        found.accounts.append(account)
        found.verifiers += _verifiers(account.name, entry)
    _groups(session, base, found, names)
    for entry in session.listed(
        base, "(objectClass=pwdPolicy)", _POLICY, unknown=found.unknown, what="rules for passwords"
    ):
        found.policies.append(_policy(entry))
    if not found.policies:
        found.untold.append("rules for passwords: no pwdPolicy is seen")
    if all(each.last_use is None for each in found.accounts):
        found.untold.append(
            "when an account was last used: no pwdLastSuccess, authTimestamp or the like is seen"
        )
    found.untold.append("second factors: give an export of the identity provider as well")


def _account(entry: Entry) -> Account:
    uses = [of_written(entry.text(each)) for each in _USES]
    changed, longest = entry.number("shadowLastChange"), entry.number("shadowMax")
    set_ = of_written(entry.text("pwdChangedTime")) or of_written(entry.text("krbLastPwdChange"))
    days = entry.number("shadowExpire")
    notes = entry.texts("description")
    return Account(
        name=entry.text("uid") or entry.text("cn") or entry.dn,
        aliases=tuple(entry.texts("mail")),
        enabled=_enabled(entry),
        made=of_written(entry.text("createTimestamp")),
        last_use=max((each for each in uses if each is not None), default=None),
        password_set=set_
        if set_ is not None
        else changed * _DAY
        if changed and 0 < changed < 10**6
        else None,
        password_expires=None if longest is None else 0 <= longest < 99_999,
        expires=days * _DAY
        if days and 0 < days < 10**6
        else of_written(entry.text("krbPrincipalExpiration")),
        mfa=_mfa(entry),
        flaws=frozenset({Flaw.IN_NOTES} if any(map(_NOTE.search, notes)) else ()),
    )


def _enabled(entry: Entry) -> bool | None:
    """No attribute says that an account is enabled; some say that it is not, and are shown with others."""
    if entry.text("pwdAccountLockedTime") == _LOCKED_FOR_EVER:
        return False
    if (entry.text("nsAccountLock") or "").upper() == "TRUE":
        return False
    return True if entry.text("createTimestamp") is not None else None


def _mfa(entry: Entry) -> bool | None:
    """FreeIPA's kinds of login, where the account has its own."""
    kinds = {each.lower() for each in entry.texts("ipaUserAuthType")}
    if not kinds:
        return None
    return "password" not in kinds


def _groups(session: Session, base: str, found: Identities, names: dict[str, str]) -> None:
    entries = [*session.listed(base, _GROUPS, _GROUP, unknown=found.unknown, what="groups")]
    uids = set(names.values())
    known = dict(names)
    for entry in entries:
        name = entry.text("cn") or entry.dn
        known[entry.dn.casefold()] = entry.dn if name in uids else name
    dangling = 0
    for entry in entries:
        name = known[entry.dn.casefold()]
        found.groups.append(Group(name, _MIGHTY.get((entry.text("cn") or "").casefold(), "")))
        found.memberships += [(uid, name) for uid in entry.texts("memberUid")]
        for dn in (*entry.texts("member"), *entry.texts("uniqueMember")):
            if member := known.get(dn.casefold()):
                found.memberships.append((member, name))
            elif found.groups[-1].mighty:
                dangling += 1
    if dangling:
        found.unknown.append(f"who {dangling} members of administrators' groups are: gone, or not shown")


def _policy(entry: Entry) -> Policy:
    locks = entry.text("pwdLockout") == "TRUE"
    quality = entry.number("pwdCheckQuality")
    return Policy(
        name=f"rules for passwords ({entry.text('cn') or entry.dn})",
        min_length=entry.number("pwdMinLength") or 0,
        locks_after=entry.number("pwdMaxFailure") if locks else 0,
        checks=None if quality is None else quality > 0,
    )


def _verifiers(name: str, entry: Entry) -> Iterator[Verifier]:
    """What passwords can be tried against (RFC 2307, and salted SHA-1)."""
    for kept in entry.values.get("userpassword", ()):
        found = _KEPT.fullmatch(kept)
        if found is None:
            yield Verifier(name, Form.CLEAR, Protected(kept))
        elif found[1].upper() in (b"SHA", b"SSHA"):
            try:
                data = base64.b64decode(found[2], validate=True)
            except (ValueError, binascii.Error):
                continue
            if len(data) >= 20:
                yield Verifier(name, Form.LDAP_SHA1, Protected(data[:20]), Protected(data[20:]))
