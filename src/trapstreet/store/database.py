"""Which database the models lie in: SQLite in a file, or PostgreSQL by URL."""

import os
import sqlite3
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import urlsplit

from trapstreet import __version__
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.urls import without_password
from trapstreet.keys.files import publish, unfinished

SQLITE_PREFIX = "sqlite:///"
_POSTGRESQL = ("postgresql", "postgres")
_BUSY_SECONDS = 30
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON"


def connect(url: str, *, folder: Path | None = None, password: Protected[str] | None = None) -> None:
    """The models read and write this database from now on.

    url       sqlite:///FILE (relative to `folder`) or postgresql://… in libpq's form; what that leaves out
              comes from PGPASSWORD, PGSERVICE, ~/.pgpass and so on
    password  for a URL without one
    Raises UnusableInput for another kind of URL, Unreachable if nobody answers.
    """
    from django.db import connections
    from django.db.utils import DatabaseError

    from trapstreet.store.django_settings import configure

    configure()
    disconnect()
    config = _sqlite(url, folder) if url.startswith(SQLITE_PREFIX) else _postgresql(url, password)
    connections.settings = connections.configure_settings({"default": config})
    try:
        connections["default"].ensure_connection()
    except (DatabaseError, sqlite3.Error) as error:
        hint = _first_line(error)
        if url.startswith(SQLITE_PREFIX):
            hint += "; make room on its disk, see who may write it, or restore a backup"
        raise Unreachable(f"cannot open the database {without_password(url)}", hint=hint) from error


def disconnect() -> None:
    """No database is open."""
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        return
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]


def migrate() -> None:
    """The database has every table of this version."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def keep_copy() -> Path | None:
    """The connected SQLite file as it is now lies beside it as NAME.before, mode 0600; an older one goes.

    None for PostgreSQL, which those who run it back up. Nobody else may write meanwhile. Raises OSError or
    DatabaseError where the disk is full, with nothing changed.
    """
    from django.db import connection

    if connection.vendor != "sqlite":
        return None
    path = Path(connection.settings_dict["NAME"])
    copy = path.with_name(f"{path.name}.before")
    with unfinished(copy) as temporary:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(temporary)])
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        publish(temporary, copy, replace=True)
    return copy


def bring_up_to_date() -> None:
    """The connected workspace has every table of this version and says so, or is as it was before.

    One transaction, whatever the number of migrations and however it ends (docs/adr/0010). Nobody else may
    write meanwhile; on PostgreSQL readers that keep a table for 30 s are in its way.
    Raises AccessDenied where the database's user may not change its tables, Unreachable where others keep
    them.
    """
    from django.db import connection, transaction
    from django.db.utils import DatabaseError

    from trapstreet.store.models import Origin

    try:
        # SQLite rebuilds tables, and turns the checks off between transactions only.
        with connection.constraint_checks_disabled(), transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'")
                    # A table with checks still to come cannot be altered.
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            migrate()
            Origin.objects.update(schema=newest_schema(), written_by=__version__)
    except DatabaseError as error:
        match getattr(error.__cause__, "sqlstate", None):
            case "42501":  # insufficient_privilege
                raise AccessDenied(
                    "the registry's tables must be brought up to date, and its user may not change them",
                    hint="run any command once as their owner; nothing was changed",
                ) from error
            case "55P03":  # lock_not_available
                raise Unreachable(
                    "the registry must be brought up to date, and others are using its tables",
                    hint="try again when they are done; nothing was changed",
                ) from error
        raise


def has_tables() -> bool:
    """Whether the connected database holds a workspace."""
    from django.db import connection

    from trapstreet.store.models import Origin

    return Origin._meta.db_table in connection.introspection.table_names()


def refuse_used_database(url: str) -> None:
    """Raises UnusableInput if the connected database holds a workspace."""
    if has_tables():
        raise UnusableInput(
            f"{without_password(url)} holds a workspace already",
            hint="name an empty database; nothing was changed",
        )


def newest_schema() -> str:
    """The name of the newest migration that this version of trapstreet has."""
    return max(schemas())


def schemas() -> frozenset[str]:
    """The names of all migrations that this version of trapstreet has, in their order when sorted.

    Every command asks: none of them is loaded.
    """
    from django.conf import settings

    from trapstreet.store.django_settings import configure

    configure()
    package = import_module(settings.MIGRATION_MODULES.get("store") or "trapstreet.store.migrations")
    return frozenset(name for _, name, is_package in iter_modules(package.__path__) if not is_package)


def require_postgresql(url: str) -> str:
    """The URL itself. Raises UnusableInput if it is not PostgreSQL's."""
    if urlsplit(url).scheme not in _POSTGRESQL:
        raise UnusableInput(
            "the database is not postgresql://USER@HOST/DATABASE",
            hint="leave --database out for SQLite in the folder",
        )
    return url


def _sqlite(url: str, folder: Path | None) -> dict[str, Any]:
    path = Path(url.removeprefix(SQLITE_PREFIX))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / path if folder else path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": _BUSY_SECONDS, "init_command": _PRAGMAS},
    }


def _postgresql(url: str, password: Protected[str] | None) -> dict[str, Any]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    require_postgresql(url)
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value}
    except ProgrammingError as error:
        raise UnusableInput(
            "the database URL does not read",
            hint="postgresql://USER@HOST:PORT/DATABASE; special characters as %XX",
        ) from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,  # for processes that run on while the server is started anew
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", "") or (password.reveal() if password else ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"connect_timeout": 10, **parts},
    }


def _first_line(error: Exception) -> str:
    """What the driver says, which names hosts and files but never a password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
