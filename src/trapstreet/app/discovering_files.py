"""Files as an inventory: tables in any format and text, wherever sources can list them.

Of each text the first 1 MiB is looked at, in memory. What is packed is taken apart as `scan` does it, up to
limits of its own.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from urllib.parse import urlsplit

from trapstreet.app.discovered import place_of
from trapstreet.app.discovering_sqlite import database_of, tables, tables_in_log, tables_in_memory
from trapstreet.app.discovering_tables import of_parquet, table_in
from trapstreet.app.held_in_memory import in_memory
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.inventories import Listed, Passage, ShownTable, Whole
from trapstreet.core.model.objects import Ref, SourceObject, Unread
from trapstreet.core.ports import Source
from trapstreet.discover.domain.texts import LONGEST
from trapstreet.plugins.formats import Text, is_plain, read
from trapstreet.plugins.formats._stream import Limits
from trapstreet.plugins.inventories.sqlite import MAGIC
from trapstreet.plugins.sources import listed as listing_of
from trapstreet.plugins.sources import object_at
from trapstreet.plugins.tables import HEAD, Location

_LIMITS = Limits(members=2_000, unpacked=256 << 20, spool=256 << 20)
_MOST_WHOLE = 64 << 20
"""Bytes of a file that has to be whole, and is fetched from a server for it."""
_COLUMNAR = (b"PAR1",)


class Files:
    """An `Inventory`. A path is (folder, file), and what lies in the file behind it: a sheet, a member."""

    edition = "Files"

    def __init__(self, location: str) -> None:
        """Raises Unreachable, AccessDenied, UnusableInput where the location cannot be listed."""
        self.place = place_of(location)
        at = location if "://" in location else self.place
        self._location, self._source, self._found = listing_of(at)
        self._is_local = "://" not in location
        self._folder, self._in_folder = "", dict[str, Ref]()
        self.within = (
            self.place if self._is_local else _beginning_of_paths(location, self.place, self._source)
        )

    def close(self) -> None:
        self._source.close()

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        unread: list[str] = []
        broke_off = False
        for each in self._found:
            if isinstance(each, Unread):
                if self._is_local and each.path != self._location and _holds_nothing(each.path):
                    continue
                broke_off = broke_off or each.path == self._location
                unread.append(each.path)
                yield each
                continue
            folder, _, name = each.path.rpartition("/")
            self._met(folder, each)
            yield Listed((folder or "/", name), "file", each.version, handle=each)
        if not broke_off:
            yield Whole(self.within, unread=tuple(unread))

    def look(self, listed: Listed) -> Iterator[ShownTable | Passage | Unread]:
        ref: Ref = listed.handle
        found = object_at(self._location, self._source, ref)
        try:
            with closing(found.open()) as file:
                head = file.read(HEAD) or b""
        except OSError as error:
            yield Unread(ref.path, (error.strerror or str(error) or "cannot be read").lower())
            return
        if not head:
            return
        if database := database_of(ref.path, head):
            yield from self._in_log(listed, found, database)
        elif head.startswith((MAGIC, *_COLUMNAR)):
            yield from self._whole(listed, found, head)
        else:
            yield from _texts(listed, found, plain=is_plain(head[:4096]))

    def _whole(
        self, listed: Listed, found: SourceObject, head: bytes
    ) -> Iterator[ShownTable | Passage | Unread]:
        """A file that can be read only where all of it is at hand."""
        if not self._is_local and (found.size is None or found.size > _MOST_WHOLE):
            yield Unread(found.path, f"larger than {_MOST_WHOLE >> 20} MB: give the file itself", partly=True)
            return
        try:
            with nullcontext() if self._is_local else in_memory(found, most=_MOST_WHOLE) as held:
                if not head.startswith(MAGIC):
                    yield of_parquet(listed.path, Location("", found.path, held=held))
                elif held is None:
                    yield from tables(listed, found.path, found.path)
                else:
                    yield from tables_in_memory(listed, held, shown=found.path)
        except (TrapstreetError, OSError) as error:
            yield _left(found, error)

    def _met(self, folder: str, ref: Ref) -> None:
        """Servers open only what they listed: their files of the last folder are known."""
        if self._is_local:
            return
        if folder != self._folder:
            self._folder, self._in_folder = folder, {}
        self._in_folder[ref.path] = ref

    def _in_log(
        self, listed: Listed, found: SourceObject, database: str
    ) -> Iterator[ShownTable | Passage | Unread]:
        ref = Ref(database) if self._is_local else self._in_folder.get(database)
        beside = object_at(self._location, self._source, ref) if ref else None
        most = None if self._is_local else _MOST_WHOLE
        try:
            yield from tables_in_log(listed, found, beside, fetched=most)
        except (TrapstreetError, OSError) as error:
            yield _left(found, error)


def _holds_nothing(path: str) -> bool:
    """Whether it is a named pipe or a socket: programs talk by them, and nothing lies there."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _left(found: SourceObject, error: TrapstreetError | OSError) -> Unread:
    if isinstance(error, TrapstreetError):
        return Unread(found.path, error.message.removeprefix(f"{found.path}: "))
    return Unread(found.path, (error.strerror or "cannot be read").lower())


def _beginning_of_paths(location: str, place: str, source: Source) -> str:
    """What the paths of all that lies at a URL begin with, or are."""
    shown: Callable[[str], str] | None = getattr(source, "shown", None)  # of folders on servers: unquoted
    return shown("") if shown else place + urlsplit(location).path.rstrip("/")


def _texts(listed: Listed, found: SourceObject, *, plain: bool) -> Iterator[ShownTable | Passage | Unread]:
    """Each text that is a table, and the beginning of all others together.

    plain  whether it is one text: what follows its beginning is not read then
    """
    others = bytearray()
    parts = read(found, _LIMITS)
    for part in parts:
        if isinstance(part, Unread):
            yield Unread(part.path, part.why, partly=True)
            continue
        text = _beginning(part)
        table = _as_table(listed, part.path, text, found) if text.strip() else None
        if table:
            yield table
        elif len(others) < LONGEST:
            others += text + b"\n"
        if plain:
            break
    if others.strip():
        yield Passage(listed.path, bytes(others[:LONGEST]))


def _beginning(text: Text) -> bytes:
    """Whole lines where there are several."""
    taken = bytearray()
    for chunk in text.chunks:
        taken += chunk
        if len(taken) >= LONGEST:
            end = taken.rfind(b"\n", 0, LONGEST)
            return bytes(taken[: end + 1 if end >= 0 else LONGEST])
    return bytes(taken)


def _as_table(listed: Listed, path: str, text: bytes, found: SourceObject) -> ShownTable | None:
    """The table that a text is; None where it is none."""
    inner = path.removeprefix(found.path).lstrip("!/")
    at = (*listed.path, inner) if inner else listed.path
    return table_in(text, at, called=path, size=found.size if path == found.path else None)
