"""Where the master key lies: in a folder outside the workspace, or in the environment."""

import base64
import binascii
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.files import refuse_readable_by_others, write_private
from trapstreet.keys.ring import MASTER_BYTES, KeyRing

FOLDER_VARIABLE = "TRAPSTREET_KEYS"
MASTER_VARIABLE = "TRAPSTREET_MASTER_KEY"


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """A folder of keys: `<workspace id>/master.key` for each workspace, readable by its owner only."""

    path: Path

    @classmethod
    def for_new(cls, asked: Path | None, *, environ: Mapping[str, str] = os.environ) -> "KeyFolder":
        """Where new keys go: the folder asked for, else $TRAPSTREET_KEYS, else the default folder."""
        named = asked or environ.get(FOLDER_VARIABLE)
        return cls(Path(named).expanduser().absolute()) if named else cls.default(environ=environ)

    @classmethod
    def holding(
        cls, workspace_id: str, *, settled: str, environ: Mapping[str, str] = os.environ
    ) -> "KeyFolder":
        """Where a workspace's keys are: the first that has them of $TRAPSTREET_KEYS, the settled folder, the
        default.

        Where none has them it is the first of these that is named.
        """
        named = [
            Path(name).expanduser().absolute() for name in (environ.get(FOLDER_VARIABLE), settled) if name
        ]
        places = [*map(cls, named), cls.default(environ=environ)]
        return next((place for place in places if place.file_of(workspace_id).exists()), places[0])

    @classmethod
    def default(cls, *, environ: Mapping[str, str] = os.environ) -> "KeyFolder":
        """trapstreet/keys in the user's configuration folder."""
        configuration = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(Path(configuration) / "trapstreet" / "keys")

    @property
    def settled(self) -> str:
        """What `folder` under [keys] says of it: "" for the default, which differs between machines."""
        return "" if self == self.default() else str(self.path)

    def file_of(self, workspace_id: str) -> Path:
        """The file of a workspace's master key."""
        return self.path / workspace_id / "master.key"

    def refuse_inside(self, workspace: Path) -> None:
        """Raises UnusableInput if the folder lies in the workspace: one stolen backup would hold both."""
        if self.path.resolve().is_relative_to(workspace.resolve()):
            raise UnusableInput(
                f"the key folder {self.path} lies inside the workspace",
                hint="keys and workspace must not be lost together; choose another place with --keys",
            )

    def save(self, ring: KeyRing) -> None:
        """The ring's master key is kept; folders 0700, file 0600. Raises UnusableInput if there is one."""
        file = self.file_of(ring.workspace_id)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        line = base64.b32encode(ring.master.reveal()).rstrip(b"=") + b"\n"
        write_private(file, line)

    def load(self, workspace_id: str) -> KeyRing:
        """The ring of a workspace. Raises UnusableInput if its key is missing, damaged or open to others."""
        file = self.file_of(workspace_id)
        if not file.exists():
            raise UnusableInput(
                f"no key of this workspace in {self.path}",
                hint=f"set {FOLDER_VARIABLE} to the folder with its keys, or bring them back with "
                "trapstreet restore BACKUP --kit KIT",
            )
        refuse_readable_by_others(file.parent)
        refuse_readable_by_others(file)
        return KeyRing(workspace_id, read_master(file.read_text("ascii", "replace"), label=str(file)))

    def keep_password(self, workspace_id: str, password: Protected[str] | None) -> None:
        """The password of the workspace's database lies beside its key; None changes nothing."""
        if password is not None:
            file = self.file_of(workspace_id).with_name("database-password")
            if not file.parent.is_dir():
                raise UnusableInput(
                    "a password needs a key folder to be kept in",
                    hint="leave it out of the URL and set PGPASSWORD or ~/.pgpass",
                )
            write_private(file, password.reveal().encode(), replace=True)

    def password(self, workspace_id: str) -> Protected[str] | None:
        """The password of the workspace's database, None where none is kept."""
        file = self.file_of(workspace_id).with_name("database-password")
        if not file.exists():
            return None
        refuse_readable_by_others(file)
        return Protected(file.read_text())

    def remove(self, workspace_id: str) -> None:
        """The workspace's key is gone from the folder: for undoing an `init` or `restore` that failed."""
        shutil.rmtree(self.path / workspace_id, ignore_errors=True)


def master_from_environment(environ: Mapping[str, str] = os.environ) -> Protected[bytes] | None:
    """The master key of $TRAPSTREET_MASTER_KEY, None if it is not set."""
    text = environ.get(MASTER_VARIABLE)
    return read_master(text, label=MASTER_VARIABLE) if text else None


def read_master(text: str, *, label: str) -> Protected[bytes]:
    """A master key from 52 base32 or 64 hexadecimal characters. Raises UnusableInput for anything else."""
    compact = "".join(text.split())
    try:
        if len(compact) == 2 * MASTER_BYTES:
            return Protected(bytes.fromhex(compact))
        master = base64.b32decode(compact.upper().rstrip("=") + "====")
    except (ValueError, binascii.Error):
        master = b""
    if len(master) != MASTER_BYTES:
        raise UnusableInput(
            f"{label} holds no master key", hint="it is 52 base32 or 64 hexadecimal characters"
        )
    return Protected(master)
