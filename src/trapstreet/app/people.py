"""Lists of people, as personnel departments export them."""

import csv
from datetime import date
from pathlib import Path

from trapstreet.access import Post
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.words import printable

_ACCOUNTS = ("account", "accounts", "login", "username", "user")
_COLUMNS = {
    "person": ("id", "person", "employee_id", "employee", "name"),
    "state": ("state", "status"),
    "begin": ("from", "begin", "start", "start_date", "since"),
    "end": ("until", "to", "end", "end_date", "left"),
    "department": ("department", "team", "unit"),
}


def posts_in(path: Path) -> list[Post]:
    """The lines of a CSV file with a header: account or accounts (several with ; between), and where it has
    them id, state, from, until, department.

    Raises UnusableInput, naming the line and never what stands there; AccessDenied.
    """
    label = printable(path.name)
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UnusableInput(f"there is no file {label}", hint="name a CSV file of people") from error
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{label} cannot be read as text", hint="give a CSV file in UTF-8") from error
    except PermissionError as error:
        raise AccessDenied(f"may not read {label}", hint="run it as who may") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    account = next((names[each] for each in _ACCOUNTS if each in names), None)
    if account is None:
        raise UnusableInput(f"{label} has no column account", hint="name the column with the logins account")
    columns = {
        what: next((names[each] for each in known if each in names), None) for what, known in _COLUMNS.items()
    }
    try:
        return [
            _post(row, account, columns, f"{label}, line {rows.line_num}")
            for row in rows
            if (row[account] or "").strip()
        ]
    except csv.Error as error:
        raise UnusableInput(f"{label}, line {rows.line_num}: no CSV", hint="mend that line") from error


def _post(row: dict[str, str | None], account: str, columns: dict[str, str | None], where: str) -> Post:
    def cell(what: str) -> str:
        name = columns[what]
        return ((row.get(name) if name else None) or "").strip()

    accounts = tuple(
        each.strip() for each in (row[account] or "").replace(",", ";").split(";") if each.strip()
    )
    return Post(
        person=cell("person") or accounts[0].casefold(),
        accounts=accounts,
        state=cell("state"),
        begin=_day(cell("begin"), where),
        end=_day(cell("end"), where),
        department=cell("department"),
    )


def _day(text: str, where: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UnusableInput(f"{where}: no date", hint="write dates like 2026-11-23") from error
