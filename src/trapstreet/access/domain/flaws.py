"""What each flaw means: how bad it is, why it matters, what to do."""

from dataclasses import dataclass
from enum import IntEnum

from trapstreet.core.model.accounts import Flaw


class Severity(IntEnum):
    """How bad a flaw is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """One flaw, for people."""

    severity: Severity
    title: str
    why: str
    remedy: str


_H, _M, _L = Severity.HIGH, Severity.MEDIUM, Severity.LOW

MEANINGS: dict[Flaw, Meaning] = {
    Flaw.TRUSTED: Meaning(
        _H, "login without a password",
        "whoever reaches the server, or that machine, logs in as whom they like",
        "write scram-sha-256 instead of trust in pg_hba.conf",
    ),
    Flaw.EMPTY: Meaning(
        _H, "no password", "whoever knows the name logs in", "set a password, or lock the account"
    ),
    Flaw.ANONYMOUS: Meaning(
        _H, "anonymous account", "anybody logs in by any name, and it shadows accounts of a wider host",
        "DROP USER ''@'…'",
    ),
    Flaw.LISTED: Meaning(
        _H, "password of the list", "passwords of such lists are what attackers try first",
        "have it changed, and have new passwords checked against the list",
    ),
    Flaw.FROM_ANYWHERE: Meaning(
        _H, "administrator from anywhere", "one guessed password, from any network, is the whole server",
        "bind the account to the addresses that administer the server",
    ),
    Flaw.IN_NOTES: Meaning(
        _H, "password in a note", "everybody in the directory can read the note",
        "delete the note, and change the password",
    ),
    Flaw.CLEAR_LOGIN: Meaning(
        _H, "passwords in the clear", "who listens on the network has the password",
        "require TLS (hostssl), and scram-sha-256 instead of password",
    ),
    Flaw.NO_TLS: Meaning(
        _H, "no TLS", "who listens on the network reads passwords and data",
        "give the server a certificate, and switch TLS on",
    ),
    Flaw.NO_PREAUTH: Meaning(
        _H, "no Kerberos preauthentication",
        "anybody on the network gets something encrypted by the password, and guesses it offline",
        "take away \"do not require Kerberos preauthentication\"",
    ),
    Flaw.DELEGATES: Meaning(
        _H, "unconstrained delegation",
        "who takes it over can act as everybody that connects to it, administrators among them",
        "use constrained delegation; put administrators into Protected Users",
    ),
    Flaw.READABLE: Meaning(
        _H, "password can be read back", "who copies the database has the password itself",
        "switch that off, and have the password changed: only then is the old form gone",
    ),
    Flaw.SERVICE_NAME: Meaning(
        _M, "service name on a person's account",
        "everybody who can log in gets a ticket encrypted by the password, and guesses it offline",
        "run the service as a managed service account; until then, 25 characters and more",
    ),
    Flaw.NO_MFA: Meaning(
        _M, "no second factor", "a password that was guessed or phished is enough to log in",
        "ask for a second factor",
    ),
    Flaw.MAY_BE_EMPTY: Meaning(
        _M, "may have an empty password", "the rules for passwords do not hold for it",
        "take away \"password not required\"",
    ),
    Flaw.WEAK_FORM: Meaning(
        _M, "password kept in a weak form", "who copies it guesses billions of passwords a second",
        "switch to the stronger form, and have the password set again",
    ),
    Flaw.REPEATED: Meaning(
        _M, "same password as another account", "who has the one has the other",
        "give each a password of its own",
    ),
    Flaw.DES_ONLY: Meaning(
        _M, "DES keys only", "DES is broken within hours", "take away \"use DES encryption types\""
    ),
    Flaw.OLD_REALM_KEY: Meaning(
        _M, "old key of the domain", "who once copied it can make tickets for everybody, until it changes",
        "reset krbtgt's password twice, ten hours and more apart",
    ),
    Flaw.GUEST: Meaning(_M, "guest account", "strangers count as authenticated", "disable it"),
    Flaw.EXPIRED_IN_USE: Meaning(
        _M, "expired, and used since", "the end of the account did not stop its use",
        "see by which way it logs in, and disable it",
    ),
    Flaw.STALE: Meaning(
        _M, "not used for long", "nobody would notice if somebody else used it",
        "disable it; delete it after a while",
    ),
    Flaw.NEVER_USED: Meaning(
        _M, "never used", "it may still have its first password, which somebody else chose",
        "disable it until somebody asks",
    ),
    Flaw.CLIENT_DECIDES: Meaning(
        _M, "the client says who it is", "who controls a machine there logs in as anybody",
        "write scram-sha-256 instead of ident",
    ),
    Flaw.OPEN_TO_ALL: Meaning(
        _M, "open to every address, without TLS required",
        "anybody may try passwords, and logins may pass unencrypted",
        "name the networks of the clients, and write hostssl",
    ),
    Flaw.TLS_OPTIONAL: Meaning(
        _M, "TLS not required", "clients that do not insist send passwords and data readable",
        "require it on the server, or of each account",
    ),
    Flaw.OLD_TLS: Meaning(
        _M, "old TLS versions", "their flaws are known", "allow TLS 1.2 and later only"
    ),
    Flaw.NO_LOCKOUT: Meaning(
        _M, "no limit to guessing", "passwords can be tried as long as one likes",
        "lock or slow down after some wrong passwords",
    ),
    Flaw.SHORT_PASSWORDS: Meaning(
        _M, "short passwords allowed", "short passwords are guessed once their hashes are copied",
        "ask for 12 characters and more",
    ),
    Flaw.NO_QUALITY_CHECK: Meaning(
        _M, "new passwords are not checked", "the commonest passwords are allowed",
        "load the server's module that checks passwords",
    ),
    Flaw.WEAK_NEW_FORM: Meaning(
        _M, "weak form for new passwords", "every new password is kept so that it can be guessed fast",
        "set the stronger form, then have passwords set again",
    ),
    Flaw.ANONYMOUS_READ: Meaning(
        _M, "people listed to strangers", "anybody on the network learns the names to try",
        "ask for a login before anything is read",
    ),
    Flaw.ADDS_COMPUTERS: Meaning(
        _M, "anybody may add computers", "an account of a computer of one's own is a step in known attacks",
        "set ms-DS-MachineAccountQuota to 0",
    ),
    Flaw.COPIES_HASHES: Meaning(
        _M, "may copy the hashes of passwords", "who takes it over guesses everybody's passwords offline",
        "revoke what lets it read them (mysql.*, pg_authid); grant that for the time of a check alone",
    ),
    Flaw.RULES: Meaning(
        _M, "may do everything", "what it does is bounded by nothing", "leave it to as few as can be"
    ),
    Flaw.PRIVILEGED: Meaning(
        _M, "in a group that may do nearly everything", "groups in groups hide who can",
        "leave only those in it who administer daily, by an account of their own for that",
    ),
    Flaw.SHARED: Meaning(
        _L, "looks shared", "nobody can say who did it", "give each person an account"
    ),
    Flaw.AGED: Meaning(
        _L, "old password", "whoever learnt it since still has it", "have it changed"
    ),
    Flaw.NEVER_EXPIRES: Meaning(
        _L, "password never expires", "a stolen one works for ever",
        "let it expire, or ask for a second factor; managed accounts for services",
    ),
}  # fmt: skip
"""Every flaw has a meaning."""
