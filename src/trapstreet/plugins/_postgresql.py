"""Why there is no connection to a PostgreSQL server, in our words."""

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput

CONNECT_SECONDS = "10"

_NO_ACCESS = ("authentication", "pg_hba.conf", "permission denied", "not permitted", "no password supplied")

_NO_CONNECT = "permission denied for database"


def refused(text: str, label: str) -> TrapstreetError:
    """What kept a connection from being made. The driver gives a text only, which may quote the URL."""
    if _NO_CONNECT in text:
        return AccessDenied(
            f"{label}: the user may not connect to this database",
            hint="ask for CONNECT on it, or give another one",
        )
    if any(words in text for words in _NO_ACCESS):
        return AccessDenied(
            f"{label}: the server refused the user or the password",
            hint="set PGPASSWORD, TRAPSTREET_DB_PASSWORD or PGSERVICE, or ask for access",
        )
    if "invalid" in text and "value" in text:
        return unreadable(label)
    if "does not exist" in text:
        return UnusableInput(f"{label}: no such database or user", hint="check the URL")
    return Unreachable(f"{label}: no connection to the server", hint="check host, port and network")


def unreadable(label: str) -> UnusableInput:
    """A URL that the driver does not take."""
    return UnusableInput(
        f"{label}: the URL cannot be read",
        hint="check its options; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25",
    )
