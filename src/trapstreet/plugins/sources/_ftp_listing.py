"""What FTP servers say of files: MLSD (RFC 3659), and LIST as Unix and as Windows have it."""

import re
from datetime import UTC, datetime

from trapstreet.plugins.sources._tree import OUTWARD, Entry

_TIME = re.compile(r"(\d{14})(?:\.(\d{1,6})\d*)?")
_UNIX = re.compile(
    r"(?P<kind>[-bcdlpsDC])[-rwxsStTlL]{9}\S?\s+\d+\s+(?:\S+\s+){0,6}?(?P<size>\d+)\s+"
    r"(?P<date>[A-Z][a-z]{2}\s+\d{1,2}\s+(?:\d{4}|\d{1,2}:\d\d)|\d{4}-\d\d-\d\d\s+\d\d:\d\d)\s(?P<name>.+)",
    re.DOTALL,
)
_DOS = re.compile(
    r"(?P<date>\d\d[-/.]\d\d[-/.](?:\d{4}|\d\d)\s+\d\d:\d\d\s?(?:[AaPp][Mm])?)\s+"
    r"(?:(?P<folder><(?:DIR|JUNCTION|SYMLINKD?)>)|(?P<size>[\d,.]+))\s+(?P<name>.+)",
    re.DOTALL,
)
_SPECIAL = {"b": "a block device", "c": "a character device", "p": "a named pipe", "s": "a socket"}


def text_of(name: bytes) -> str:
    """A name as UTF-8, which RFC 2640 asks for; other bytes are surrogates."""
    return name.decode(errors="surrogateescape")


def facts_entry(line: str) -> tuple[Entry, str] | None:
    """The entry of a line of MLSD or MLST, and where a link leads; None for the folder itself and the one
    above."""
    facts, space, name = line.partition(" ")
    if not space or "=" not in facts:
        return Entry(line, why="the server's line about it cannot be read"), ""
    said = dict(each.split("=", 1) for each in facts.split(";") if "=" in each)
    said = {key.lower(): value for key, value in said.items()}
    kind = said.get("type", "file").lower()
    if kind in ("cdir", "pdir"):
        return None
    if kind not in ("file", "dir"):
        is_link = kind.startswith(("os.unix=slink", "os.unix=symlink"))
        why = OUTWARD if is_link else "neither a file nor a folder"
        return Entry(name, why=why), said["type"].partition(":")[2] if is_link else ""
    size = said.get("size", "")
    known = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None
    version = (
        " ".join(said.get(fact, "") for fact in ("size", "modify", "unique")) if "modify" in said else ""
    )
    folder = kind == "dir"
    return Entry(name, folder, version, None if folder else known, time_of(said.get("modify", ""))), ""


def time_of(text: str) -> int | None:
    """Unix microseconds of a time as MLSD and MDTM have it, in UTC."""
    found = _TIME.fullmatch(text)
    try:
        known = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
    return (
        int(known.timestamp()) * 1_000_000 + int((found[2] or "0").ljust(6, "0")) if known and found else None
    )


def listed_entry(line: str) -> tuple[Entry, str] | None:
    """The entry of a line of LIST, and where a link leads; None for a line that tells of none.

    The version has the date as the server words it: to the minute, or the day for what is old.
    """
    if not line.strip() or re.fullmatch(r"total \d+", line.strip()):
        return None
    if unix := _UNIX.fullmatch(line):
        name, kind, target = unix["name"], unix["kind"], ""
        if kind == "l":
            name, _, target = name.partition(" -> ")
            return Entry(name, why=OUTWARD), target
        if kind == "d":
            return Entry(name, folder=True), ""
        if kind in _SPECIAL:
            return Entry(name, why=f"{_SPECIAL[kind]}, not a file"), ""
        return Entry(name, version=f"{unix['size']} {unix['date']}", size=_size(unix["size"])), ""
    if line[0] in _SPECIAL and (name := line.split(None, 9)[-1]):
        return Entry(name, why=f"{_SPECIAL[line[0]]}, not a file"), ""
    if dos := _DOS.fullmatch(line):
        if dos["folder"]:
            link = "" if dos["folder"] == "<DIR>" else OUTWARD
            return Entry(dos["name"], folder=True, why=link), ""
        size = re.sub(r"[,.]", "", dos["size"])
        return Entry(dos["name"], version=f"{size} {dos['date']}", size=_size(size)), ""
    return Entry(line, why="the server's line about it cannot be read"), ""


def _size(digits: str) -> int | None:
    return int(digits) if len(digits) < 19 else None
