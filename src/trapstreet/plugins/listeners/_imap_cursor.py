"""How far a mailbox was read, on disk before more of it is."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins._secrets import replace


class Position(msgspec.Struct, frozen=True):
    """How far a folder was read.

    validity  its UIDVALIDITY: UIDs mean something as long as that is the same
    uid       of the last mail that was heard or passed over
    at        the latest arrival among these, Unix seconds (RFC 3501: INTERNALDATE)
    old, floor  mails numbered up to `old` are passed over if they arrived before `floor`, Unix seconds
    """

    validity: int
    uid: int
    at: int = 0
    old: int = 0
    floor: int = 0


class _File(msgspec.Struct, frozen=True):
    mailbox: str
    folders: dict[str, Position]


class Cursor:
    """The positions in a mailbox's folders; those of another mailbox in the same file are forgotten.

    Raises UnusableInput where the file is something else. May be used by several threads.
    """

    def __init__(self, path: Path, mailbox: str) -> None:
        self._path, self._mailbox, self._lock = path, mailbox, Lock()
        self._folders = dict[str, Position]()
        try:
            read = msgspec.json.decode(path.read_bytes(), type=_File)
        except FileNotFoundError:
            return
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            hint = "move it away: reading begins with the mails that come from then on"
            raise UnusableInput(f"{path} does not say how far the mailbox was read", hint=hint) from error
        if read.mailbox == mailbox:
            self._folders = read.folders

    @property
    def positions(self) -> Mapping[str, Position]:
        return self._folders

    def move(self, folder: str, position: Position) -> None:
        """The folder was read so far; on disk when this returns. Raises OSError."""
        with self._lock:
            folders = self._folders | {folder: position}
            replace(self._path, msgspec.json.encode(_File(self._mailbox, folders)))
            self._folders = folders
