"""Security descriptors of the folders and files of a share."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trapstreet.core.model.rights import MOST_NAMED
from trapstreet.plugins._connecting import Refused
from trapstreet.plugins._smb.answers import output
from trapstreet.plugins._smb.requests import (
    ANY,
    AS_BACKUP,
    LINK_ITSELF,
    LIST,
    OWNER,
    READ_ATTRIBUTES,
    READ_CONTROL,
    closing,
    creating,
    listing,
    rights,
)
from trapstreet.plugins._smb.rpc import SHARES, Calls
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins._smb.shares import rights_of
from trapstreet.plugins._smb.wire import Facts

if TYPE_CHECKING:
    from smbprotocol.connection import Request

_UNDER_WAY = 16
_A_FILE = 3
"""Messages, and credits, for a file: open, ask, close."""


@dataclass(slots=True)
class Folder:
    """A folder of a share, and its files by their descriptors.

    path   in the share, "" for its own folder;  above  the folder that it lies in
    rights its descriptor, None where it is not told;  only  the one file of it that is looked at
    names  of the files by their descriptors, of each the first ones only where they are many
    unread what of it could not be read, with why
    itself what it is known by under any name, "" where that is not told
    """

    share: str
    path: str
    above: "Folder | None" = None
    rights: bytes | None = None
    files: Counter[bytes] = field(default_factory=Counter)
    names: dict[bytes, list[str]] = field(default_factory=dict)
    only: str = ""
    unread: list[tuple[str, str]] = field(default_factory=list)
    itself: str = ""

    @property
    def around(self) -> set[str]:
        """What it and the folders above are known by."""
        found, folder = set(), self
        while folder.above is not None:
            found.add(folder.itself)
            folder = folder.above
        return (found | {folder.itself}) - {""}

    def add(self, name: str, told: bytes, *, most: int = MOST_NAMED) -> None:
        """Count a file by its descriptor.  most: names that are kept of those with the same"""
        self.files[told] += 1
        if self.files[told] <= most:
            self.names.setdefault(told, []).append(name)


class Reader(SmbSession):
    """A session that looks at rights; as a backup does, where the login may do that."""

    _walking = AS_BACKUP
    most_named = MOST_NAMED
    """Of the files of a folder with the same descriptor, the names that are kept."""

    def share_rights(self, share: str) -> bytes:
        """A share's security descriptor, b"" where it has none of its own. Raises as `is_folder`."""
        with self.pipe(SHARES.pipe) as (write, read):
            return rights_of(self.host, share, Calls(SHARES, write, read))

    def reaches(self, share: str) -> bool:
        """Whether the server lets this session into a share."""
        try:
            self._tree(share)
        except (FileNotFoundError, PermissionError, Refused):
            return False
        return True

    def is_folder(self, share: str, path: str) -> bool:
        """Raises FileNotFoundError, PermissionError, Refused."""
        handle, facts = self._create(share, path, READ_ATTRIBUTES, options=AS_BACKUP | LINK_ITSELF)
        self.close_handle(share, handle)
        return facts.is_folder

    def walk(self, share: str, path: str) -> Iterator[Folder]:
        """A folder, and those below it; links are not followed. Each comes with its files. A folder that is
        met again below itself, as a link that the server follows shows it, is not looked into again."""
        top = Folder(share, path, above=self.leading_to(share, path))
        top.rights = self._one(top)
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            waiting += self._look_into(folder)
            yield folder

    def leading_to(self, share: str, path: str) -> Folder | None:
        """The folder above a path, with those above it up to the share's own; None above that."""
        if not path:
            return None
        above = path.rpartition("/")[0]
        folder = Folder(share, above, above=self.leading_to(share, above))
        folder.rights = self._one(folder)
        return folder

    def file(self, share: str, path: str) -> Folder:
        """One file, in its folder. Raises PermissionError, Refused."""
        folder = self.leading_to(share, path) or Folder(share, "")
        (told,) = self.descriptors(share, [path])
        if isinstance(told, OSError):
            raise told
        folder.only = path.rpartition("/")[2]
        folder.add(folder.only, told)
        return folder

    def descriptors(self, share: str, paths: Iterable[str]) -> Iterator[bytes | OSError]:
        """The owner and the list of each, 16 under way at a time; or why it is not told."""
        asked: deque[list[Request]] = deque()
        tree = self._tree(share)
        for path in paths:
            while asked and (len(asked) >= _UNDER_WAY or self._credits < _A_FILE):
                yield self._told(asked.popleft())
            messages = [
                creating(path, READ_CONTROL, options=AS_BACKUP | LINK_ITSELF),
                rights(ANY, OWNER | LIST),
                closing(ANY),
            ]
            asked.append(
                self._connection.send_compound(
                    messages, self._session.session_id, tree.tree_connect_id, related=True
                )
            )
        while asked:
            yield self._told(asked.popleft())

    @property
    def _credits(self) -> int:
        window = self._connection.sequence_window
        return int(window["high"] - window["low"])

    def _told(self, requests: "list[Request]") -> bytes | OSError:
        no: OSError | None = None
        answers = []
        for request in requests:
            try:
                answers.append(self._answer(request)[1])
            except (FileNotFoundError, PermissionError, FileExistsError, Refused) as error:
                no = no or error
        return no or output(answers[1])

    def _one(self, folder: Folder) -> bytes | None:
        (told,) = self.descriptors(folder.share, [folder.path])
        if isinstance(told, OSError):
            folder.unread.append((folder.path, _why(told)))
            return None
        return told

    def _look_into(self, folder: Folder) -> list[Folder]:
        """Fill a folder with its files; the folders in it."""
        folders: dict[str, str] = {}
        files: list[str] = []
        base = f"{folder.path}/" if folder.path else ""
        try:
            for name, facts in self._names(folder):
                if "/" in name or "\\" in name or "\ufffd" in name:
                    folder.unread.append((base + name, "the server gives it a name that is none"))
                elif name == ".":
                    folder.itself = facts.itself
                elif name != ".." and facts.is_folder and not facts.leads_elsewhere:
                    folders[base + name] = facts.itself
                elif name != ".." and not facts.leads_elsewhere:
                    files.append(base + name)
        except (FileNotFoundError, PermissionError, Refused) as error:
            folder.unread.append((folder.path, _why(error)))
        for path, found in zip(files, self.descriptors(folder.share, files), strict=True):
            if isinstance(found, bytes):
                folder.add(path.rpartition("/")[2], found, most=self.most_named)
            elif not isinstance(found, FileNotFoundError):
                folder.unread.append((path, _why(found)))
        around = folder.around
        paths = [path for path, itself in folders.items() if itself not in around]
        below = [Folder(folder.share, path, above=folder) for path in paths]
        for each, found in zip(below, self.descriptors(folder.share, paths), strict=True):
            if isinstance(found, bytes):
                each.rights = found
            else:
                each.unread.append((each.path, _why(found)))
        return below

    def _names(self, folder: Folder) -> Iterator[tuple[str, Facts]]:
        length = self._block
        asked = [listing(ANY, length), listing(ANY, length)]
        handle, told = self._opened_with(folder.share, folder.path, 0, asked)
        for encoded, facts in self._held(folder.share, handle, told):
            yield encoded.decode("utf-16-le", "replace"), facts


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is gone"
    return str(error) if isinstance(error, Refused) else "its rights may not be read"
