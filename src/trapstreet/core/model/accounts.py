"""Accounts: what a place tells of those who can log in there, and by what.

None is "not known", never "no". Times are Unix µs, UTC.
"""

from dataclasses import dataclass, field
from enum import Enum

from trapstreet.core.model.protected import Protected

UNTOLD_USE = "when an account was last used"
"""Among `Identities.untold`: logs may tell it."""


class Kind(Enum):
    """Who uses an account."""

    PERSON = "person"
    SERVICE = "service"
    REALM_KEY = "the key of a domain itself"
    UNKNOWN = "unknown"


class Form(Enum):
    """What a place keeps of a password."""

    NONE = "no password"
    LOCKED = "no password fits"
    ELSEWHERE = "another system decides"
    CLEAR = "clear text"
    LDAP_SHA1 = "SHA-1"
    MD5 = "md5"
    NATIVE = "mysql_native_password"
    OLD_NATIVE = "mysql_old_password"
    NTLM = "NTLM"
    SCRAM = "SCRAM-SHA-256"
    OTHER = "another form"


class Flaw(Enum):
    """What can be wrong with an account, or with the place as a whole."""

    # Of accounts.
    LISTED = "password-in-list"
    EMPTY = "no-password"
    ANONYMOUS = "anonymous-account"
    FROM_ANYWHERE = "administrator-from-anywhere"
    MAY_BE_EMPTY = "password-not-needed"
    IN_NOTES = "password-in-notes"
    READABLE = "readable-password"
    WEAK_FORM = "weak-password-form"
    REPEATED = "same-password"
    NO_MFA = "no-second-factor"
    NO_PREAUTH = "no-preauthentication"
    SERVICE_NAME = "service-name-on-person"
    DELEGATES = "unconstrained-delegation"
    DES_ONLY = "des-only"
    OLD_REALM_KEY = "old-realm-key"
    GUEST = "guest-enabled"
    EXPIRED_IN_USE = "expired-in-use"
    STALE = "stale"
    NEVER_USED = "never-used"
    SHARED = "shared"
    AGED = "old-password"
    NEVER_EXPIRES = "password-never-expires"
    COPIES_HASHES = "may-copy-password-hashes"
    RULES = "may-do-everything"
    PRIVILEGED = "in-privileged-group"
    # Of the place.
    TRUSTED = "login-without-password"
    CLEAR_LOGIN = "password-in-the-clear"
    CLIENT_DECIDES = "client-says-who"
    OPEN_TO_ALL = "open-to-every-address"
    NO_TLS = "no-tls"
    TLS_OPTIONAL = "tls-not-required"
    OLD_TLS = "old-tls"
    NO_LOCKOUT = "no-lockout"
    SHORT_PASSWORDS = "short-passwords"
    NO_QUALITY_CHECK = "no-password-check"
    WEAK_NEW_FORM = "weak-form-for-new-passwords"
    ANONYMOUS_READ = "anonymous-read"
    ADDS_COMPUTERS = "anybody-adds-computers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One that can log in.

    aliases           other names that it logs in by, or its mail address
    never_used        True: the place says that nobody ever logged in by it
    password_expires  False: it never does
    expires           when the account itself ends
    rules             what lets it do everything: "superuser"; "" where nothing is known to
    clients           from how many addresses it is connected just now
    flaws             what the place itself says is wrong with it
    """

    name: str
    aliases: tuple[str, ...] = ()
    enabled: bool | None = None
    kind: Kind = Kind.UNKNOWN
    made: int | None = None
    last_use: int | None = None
    never_used: bool | None = None
    password_set: int | None = None
    password_expires: bool | None = None
    expires: int | None = None
    mfa: bool | None = None
    form: Form | None = None
    rules: str = ""
    clients: int | None = None
    flaws: frozenset[Flaw] = frozenset()


@dataclass(frozen=True, slots=True)
class Group:
    """A group, or a role that others are members of; what makes its members mighty, or ""."""

    name: str
    mighty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a place asks of passwords.

    locks_after  wrong passwords after which an account is locked; 0: never
    checks       whether common or simple passwords are refused
    """

    name: str
    min_length: int | None = None
    locks_after: int | None = None
    checks: bool | None = None


@dataclass(frozen=True, slots=True)
class Verifier:
    """What a place keeps of one account's password: enough to try passwords against it."""

    account: str
    form: Form
    value: Protected[bytes]
    salt: Protected[bytes] = field(default_factory=lambda: Protected(b""))
    rounds: int = 1


@dataclass(slots=True)
class Identities:
    """All that one place tells of its accounts.

    memberships  names of member and group; a member may be a group itself
    flaws        of the place as a whole, each with what it is about
    unknown      what could not be read, in plain words
    untold       what such a place never tells
    export       a list of an identity provider's, of which several may be about the same accounts
    """

    place: str
    edition: str
    accounts: list[Account] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    memberships: list[tuple[str, str]] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    flaws: list[tuple[Flaw, str]] = field(default_factory=list)
    verifiers: list[Verifier] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    export: bool = False
