"""Lists of rights written to a server, one after the other, each where it still is what it was."""

from collections.abc import Iterable

from trapstreet.plugins._connecting import Refused
from trapstreet.plugins._smb.answers import output
from trapstreet.plugins._smb.descriptors import CHANGE_RIGHTS
from trapstreet.plugins._smb.lists import Rights, packed, rights_of
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.requests import AS_BACKUP, LINK_ITSELF, LIST, READ_CONTROL, rights, setting
from trapstreet.plugins._smb.walk import Reader
from trapstreet.plugins.changes._smb.things import After, Thing

Done = tuple[str, str, Rights, Rights]
"""A list that was written, or may have been: share, path, what it was, what it is."""


class Elsewise(Exception):
    """A list is not what it was, or does not become what it shall be.  where: share and path"""

    def __init__(self, where: str, why: str) -> None:
        self.where, self.why = where, why


class WholeReader(Reader):
    """A reader that keeps the name of every file."""

    most_named = 1 << 62


class Writer(Reader):
    """A session that writes lists of rights, and nothing else of what it may write."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.sent: list[Done] = []
        """The lists that were written, each from before it is sent: whatever ends that, it is known."""

    def write(self, share: str, path: str, before: Rights, then: Rights) -> bool:
        """Write a list where it still is as before; False where it is already what it shall be.

        Raises Elsewise, FileNotFoundError, PermissionError, Refused. Who writes it in the millisecond between
        is not noticed.
        """
        where = f"{share}/{path}"
        access, options = READ_CONTROL | CHANGE_RIGHTS, AS_BACKUP | LINK_ITSELF
        handle, _ = self._create(share, path, access, options=options)
        try:
            there = self._read_list(share, handle)
            if is_same(there, then):
                return False
            if not is_same(there, before):
                raise Elsewise(where, "somebody changed its rights meanwhile")
            self.sent.append((share, path, before, then))
            self._ask(share, setting(handle, packed(then)))
            if not is_same(self._read_list(share, handle), then):
                self._ask(share, setting(handle, packed(before)))
                self.sent.pop()
                like_before = is_same(self._read_list(share, handle), before)
                more = "" if like_before else ", also now, of those that it had: look at them"
                raise Elsewise(where, f"the server keeps other rights than it is given{more}")
        finally:
            self.close_handle(share, handle)
        return True

    def _read_list(self, share: str, handle: bytes) -> Rights | None:
        try:
            return rights_of(output(self._ask(share, rights(handle, LIST))[1]))
        except ValueError:
            return None


def is_same(there: Rights | None, rights: Rights) -> bool:
    """Whether two lists let the same do the same, and hand down the same."""
    if there is None:
        return False
    return (there.entries, there.protected) == (rights.entries, rights.protected)


def write_all(session: Writer, after: After, things: Iterable[Thing], done: list[Done]) -> None:
    """Write the lists of things. Raises as `Writer.write` does, and what a lost connection does.

    done  is told of each before it is written
    """
    session.sent = done
    for thing in things:
        before, then = thing.rights, after.of(thing)
        if before is not None and then is not None:
            for path in thing.paths():
                session.write(thing.share, path, before, then)


def put_back(session: Writer, done: Iterable[Done]) -> None:
    """Write lists as they were before, the last one first, whatever one is not taken.

    Raises, at the end, the first of what `Writer.write` raises; folders that such a one lies in are left as
    they are: what it inherits can be told of them alone. What is gone inherits nothing.
    """
    stuck: list[tuple[str, str]] = []
    first: Elsewise | OSError | Refused | None = None
    for share, path, before, then in reversed([*done]):
        if any(share == other and (not path or f"{below}/".startswith(f"{path}/")) for other, below in stuck):
            continue
        try:
            session.write(share, path, then, before)
        except (Elsewise, FileNotFoundError, PermissionError, Refused) as error:
            if isinstance(error, OSError):
                error.filename = f"{share}/{path}"
            if not isinstance(error, FileNotFoundError):
                stuck.append((share, path))
            first = first or error
    if first is not None:
        raise first
