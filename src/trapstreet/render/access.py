"""Access maps as lines."""

import re
from collections.abc import Iterator, Sequence

from trapstreet.access import Exposure, Reading
from trapstreet.core.model.rights import FILES, Level, Resource, Rights, Rows
from trapstreet.core.model.words import counted, printable

MOST = 30
"""Resources that are shown, unless all are asked for."""

_MODE = re.compile(r"[r-][w-][x-][r-][w-][x-][r-][w-][x-]\+?")
"""Of a set of files, in its name."""

_LEVELS = {
    Level.AT_ONCE: "at once",
    Level.SET_ROLE: "after SET ROLE",
    Level.GRANTS_ITSELF: "could grant it itself",
}


def summary(rights: Rights, people: int) -> str:
    """The first line of a map."""
    what = counted(len(rights.resources), *rights.what)
    who = counted(len(rights.principals), *rights.who)
    return f"{rights.edition} at {printable(rights.place)}: {what}; {who}, {people} of which can log in."


def exposure_rows(exposures: Sequence[Exposure]) -> tuple[tuple[str, ...], list[list[str]]]:
    """A table of who can read what: header and rows."""
    files = any(each.resource.kind == FILES for each in exposures)
    records, roles = ("files", ()) if files else ("records", ("by SET ROLE",))
    header = ("what", records, "at once", *roles, "could grant itself", "perhaps", "")
    rows = [
        [
            name_of(each.resource),
            "?" if each.resource.records is None else f"{each.resource.records:,}",
            str(each.at_once),
            *(() if files else (str(each.set_role),)),
            str(each.grants_itself),
            str(each.perhaps),
            "everybody" if each.everybody else "",
        ]
        for each in exposures
    ]
    return header, rows


def reader_lines(readings: Sequence[Reading], *, of_resources: bool) -> Iterator[str]:
    """What is read, or else who reads, with the way that leads there: together where that is the same."""
    told: dict[tuple[str, str], list[str]] = {}
    for each in readings:
        subject = name_of(each.resource) if of_resources else printable(each.principal)
        told.setdefault((access_text(each), _way_text(each)), []).append(subject)
    for (what, way), subjects in told.items():
        yield f"{', '.join(subjects)}: {what}"
        yield f"    {way}"


def folder_lines(found: Sequence[tuple[Resource, Sequence[Reading]]]) -> Iterator[str]:
    """Who reads files of several sets: by each way, how many of all, the most first; those together who read
    as many by the same way."""
    total = sum(resource.records or 0 for resource, _ in found)
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for resource, readings in found:
        for each in readings:
            by = counts.setdefault((access_text(each, _FILES), _way_text(each)), {})
            by[each.principal] = by.get(each.principal, 0) + (resource.records or 0)
    told: dict[tuple[int, str, str], list[str]] = {}
    for (what, way), by in counts.items():
        for who, count in by.items():
            told.setdefault((count, what, way), []).append(printable(who))
    for (count, what, way), those in sorted(told.items(), key=lambda each: (-each[0][0], -len(each[1]))):
        files = f"all {total:,} files" if count == total else f"{count:,} of {total:,} files"
        yield f"{', '.join(those)}: {what.replace(_FILES, files, 1)}"
        yield f"    {way}"


_FILES = "{files}"


def access_text(reading: Reading, files: str = "") -> str:
    """What somebody reads, and how near it is: "all rows, at once".

    files  said of files instead of "all of them"
    """
    what = f"columns {', '.join(reading.columns)}" if reading.columns else ""
    rows = "" if what and reading.rows == Rows.ALL else reading.rows.value
    if reading.resource.kind == FILES:
        rows = files or ("all of it" if reading.resource.records == 1 else "all of them")
    perhaps = "" if reading.sure else "perhaps "
    nearer = f"perhaps {_LEVELS[reading.nearer.level]}" if reading.nearer else ""
    return printable(perhaps + ", ".join(filter(None, (what, rows, _LEVELS[reading.level], nearer))))


def _way_text(reading: Reading) -> str:
    nearer = f" (perhaps: {'; '.join(reading.nearer.way)})" if reading.nearer else ""
    return printable("; ".join(reading.way) + nearer)


def name_of(resource: Resource) -> str:
    """A resource's whole name, safe to print; of a file alone in its set the file's, with its mode."""
    if resource.kind != FILES or resource.records != 1 or len(resource.names) != 1:
        return printable(resource.name)
    folder, what = resource.path
    (name,) = resource.names
    mode = None if what == name else _MODE.search(what)
    return printable(f"{folder.rstrip('/')}/{name}{f' ({mode[0]})' if mode else ''}")


def name_called(resource: Resource, name: str) -> str:
    """The name of a file, if it is one of a set and called so, with the set's; else that of the resource."""
    file = resource.file_called(name)
    if not file:
        return name_of(resource)
    return printable(file if resource.records == 1 else f"{file}, one of {resource.path[1]}")


def reading_object(reading: Reading) -> dict[str, object]:
    """A reading for machines."""
    return {
        "who": reading.principal,
        "what": list(reading.resource.path),
        "kind": reading.resource.kind,
        "level": reading.level.name.lower(),
        "how": reading.how.value,
        "rows": reading.rows.name.lower(),
        "columns": list(reading.columns),
        "sure": reading.sure,
        "way": list(reading.way),
        "nearer": reading_object(reading.nearer) if reading.nearer else None,
    }


def exposure_object(exposure: Exposure) -> dict[str, object]:
    """An exposure for machines."""
    return {
        "what": list(exposure.resource.path),
        "kind": exposure.resource.kind,
        "records": exposure.resource.records,
        "at_once": exposure.at_once,
        "set_role": exposure.set_role,
        "grants_itself": exposure.grants_itself,
        "perhaps": exposure.perhaps,
        "everybody": exposure.everybody,
    }
