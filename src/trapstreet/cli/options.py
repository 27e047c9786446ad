"""Options that every command has."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import click

from trapstreet.core.model.errors import UnusableInput

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def json_option(function: F) -> F:
    """--json, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as one JSON document.")(function)


def workspace_option(function: F) -> F:
    """--workspace DIR, as the argument `workspace`: a folder or None."""
    return click.option(
        "--workspace",
        type=FOLDER,
        metavar="DIR",
        help="The workspace; else TRAPSTREET_WORKSPACE, else the nearest folder upwards that is one.",
    )(function)


def password_file_option(function: F) -> F:
    """--password-file FILE, as the argument `password_file`: a file or None."""
    return click.option(
        "--password-file",
        type=FILE,
        metavar="FILE",
        help="Passwords to try where something is encrypted, one a line; only you may be able to read it.",
    )(function)


def clone_option(function: F) -> F:
    """--clone URL, as the argument `clone`: "" where none is named."""
    return click.option(
        "--clone",
        default="",
        metavar="URL",
        help="MariaDB: an empty server of yours, on which changes are tried out; docs/advise-mariadb.md.",
    )(function)


def example(*lines: str) -> str:
    """An epilog that shows how the command is used."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def refuse_unprintable(option: str, value: str, *, hint: str = "give it a name") -> None:
    """Raises UnusableInput for a name that is empty, or that does not fit on one line."""
    if not value.strip() or not value.isprintable():
        raise UnusableInput(f"{option} is empty or has characters that do not print", hint=hint)


def end_of_day(text: str) -> int:
    """The last microsecond, UTC, of a date like 2027-03-31 that is still to come. Raises UnusableInput."""
    try:
        day = datetime.combine(date.fromisoformat(text.strip()), time.max, UTC)
    except ValueError as error:
        raise UnusableInput(f"{text!r} is no date", hint="write it like 2027-03-31") from error
    if day < datetime.now(UTC):
        raise UnusableInput(f"{text} is over", hint="name a day that is still to come")
    return int(day.timestamp() * 1e6)


def day_begins(text: str) -> int:
    """The first microsecond, UTC, of a date like 2027-03-31. Raises UnusableInput."""
    try:
        day = datetime.combine(date.fromisoformat(text.strip()), time.min, UTC)
    except ValueError as error:
        raise UnusableInput(f"{text!r} is no date", hint="write it like 2027-03-31") from error
    return max(0, int(day.timestamp() * 1e6))
