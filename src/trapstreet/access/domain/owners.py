"""Who is asked about which rights."""

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import StringIO

from trapstreet.core.model.errors import UnusableInput


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is asked about things, or about whoever has them, of names like these; "" is all."""

    what: str
    who: str
    owner: str


def read_owners(text: str, *, where: str) -> list[Owner]:
    """The owners in a CSV text with columns `owner` and `what`, `who` or both. Raises UnusableInput."""
    rows = csv.DictReader(StringIO(text.lstrip("\ufeff")), restval="")
    columns = {each.strip().lower() for each in rows.fieldnames or ()}
    if "owner" not in columns or not columns & {"what", "who"}:
        raise UnusableInput(
            f"{where}: its columns are not owners'", hint="begin it with a line: what,who,owner"
        )
    owners = []
    for row in rows:
        cells = {(key or "").strip().lower(): str(value or "").strip() for key, value in row.items()}
        if not cells["owner"] or not cells["owner"].isprintable():
            raise UnusableInput(f"{where}, line {rows.line_num}: no owner", hint="write a mail address there")
        owners.append(Owner(cells.get("what", ""), cells.get("who", ""), cells["owner"]))
    return owners


def owner_of(owners: Iterable[Owner], *, what: Collection[str], who: str) -> str:
    """The first of the owners whose patterns fit; "" where none does."""
    for each in owners:
        fits = not each.what or any(fnmatchcase(name, each.what) for name in what)
        if fits and (not each.who or fnmatchcase(who, each.who)):
            return each.owner
    return ""
