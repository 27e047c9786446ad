"""The workspace: a folder with settings, registry and index, and the keys that open it."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trapstreet import __version__
from trapstreet.app.settings import FILE_NAME, Settings, read_settings
from trapstreet.core.model.encoding import Plain
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.keys.files import naming, write_private
from trapstreet.keys.folder import KeyFolder, master_from_environment
from trapstreet.keys.inventory import Inventory, seal_to
from trapstreet.keys.ring import KeyRing

VARIABLE = "TRAPSTREET_WORKSPACE"
FOLDERS = ("index", "sealed", "tmp")
POLICY = "policy.toml"
WHEN_NEEDED = ("evidence", "remembered", "events", POLICY)
LOCK_NAME = ".lock"
SQLITE_NAME = "registry.sqlite3"
BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace: its database is connected and belongs to it, its keys are the right ones."""

    root: Path
    settings: Settings
    ring: KeyRing

    @classmethod
    def open(cls, start: Path | None = None) -> "Workspace":
        """The workspace asked for, else $TRAPSTREET_WORKSPACE, else the nearest folder upwards that is one.

        A registry that an older trapstreet wrote is brought up to date, which standard error tells.
        Raises UnusableInput if there is none, its settings are wrong, its keys are missing or others', or a
        newer trapstreet wrote it; Unreachable if its database is away.
        """
        root = find(start)
        settings = read_settings(root / FILE_NAME)
        ring = load_keys(settings, root)
        open_database(settings, root)
        return cls(root, settings, ring)

    @property
    def keys(self) -> KeyFolder:
        """The folder with its master key, unless that is in the environment."""
        return KeyFolder.holding(self.ring.workspace_id, settled=self.settings.keys.folder)

    @property
    def index(self) -> Path:
        """The folder of the fingerprints."""
        return self.root / "index"

    @property
    def sealed(self) -> Path:
        """The folder of the sealed inventories."""
        return self.root / "sealed"

    @property
    def tmp(self) -> Path:
        """A folder for unfinished files, on the file system of the others; it may be emptied."""
        return self.root / "tmp"

    @contextmanager
    def writing(self, *, wait: float = BUSY_SECONDS) -> Iterator[None]:
        """Nobody else writes meanwhile; what a killed command left in `tmp` more than a day ago is thrown
        away.

        Raises Unreachable if another command writes for `wait` seconds.
        """
        with locked(self.root / LOCK_NAME, wait=wait):
            _sweep(self.tmp, older_than=time.time() - 86_400)
            with naming(self.root):
                yield

    def record(self, entry: Mapping[str, Plain]) -> int:
        """The entry is in the log and signed for, if the caller's transaction is; its number."""
        from django.db import transaction

        from trapstreet.store import log

        with transaction.atomic():
            index = log.append(entry)
            log.checkpoint(self.ring.log_signer())
        return index

    def sign_log(self) -> None:
        """What the log holds by now is signed for."""
        from trapstreet.store import log

        log.checkpoint(self.ring.log_signer())

    def write_inventory(self, name: str, plaintext: bytes) -> Path:
        """A sealed inventory under sealed/, in place of an older one of the name; the kit alone can read it.

        Raises UnusableInput as `require_confirmed_kit` does.
        """
        self.require_confirmed_kit()
        kit_public = bytes.fromhex(self.settings.keys.kit)
        inventory = seal_to(kit_public, plaintext, inventory_key=self.ring.inventory_key())
        return write_inventory_file(self.sealed / f"{name}.sealed", inventory)

    def require_confirmed_kit(self) -> None:
        """Raises UnusableInput unless the recovery kit was read back and opened once."""
        from trapstreet.store.models import Kit

        if not Kit.objects.filter(public_key=self.settings.keys.kit, confirmed_at__isnull=False).exists():
            raise UnusableInput(
                "no confirmed recovery kit: lost keys would leave decoys that nobody can find",
                hint="write one with trapstreet key backup FILE, or test it with trapstreet key confirm FILE",
            )


def find(start: Path | None) -> Path:
    """The folder of the workspace that a command means. Raises UnusableInput if there is none."""
    named = start or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        if not (named / FILE_NAME).is_file():
            raise UnusableInput(
                f"no workspace in {named}", hint="run trapstreet init there, or name another folder"
            )
        return named.absolute()
    if folder := _upwards():
        return folder
    raise UnusableInput(
        "no workspace here",
        hint="run trapstreet init, or name the folder with --workspace or TRAPSTREET_WORKSPACE",
    )


def nearest() -> Path | None:
    """The workspace that a command means that was given none and needs none. Raises UnusableInput if the
    environment names a folder that is none."""
    return find(None) if os.environ.get(VARIABLE) else _upwards()


def _upwards() -> Path | None:
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / FILE_NAME).is_file()), None)


def load_keys(settings: Settings, root: Path) -> KeyRing:
    """The keys of a workspace. Raises UnusableInput if they are missing, another's, or lie inside `root`."""
    workspace_id = settings.workspace.id
    master = master_from_environment()
    if master is not None:
        ring, place = KeyRing(workspace_id, master), "TRAPSTREET_MASTER_KEY"
    else:
        folder = KeyFolder.holding(workspace_id, settled=settings.keys.folder)
        folder.refuse_inside(root)
        ring, place = folder.load(workspace_id), str(folder.file_of(workspace_id))
    if ring.check() != settings.keys.check:
        raise UnusableInput(
            f"the key in {place} is not this workspace's", hint="name its key folder in TRAPSTREET_KEYS"
        )
    if ring.log_signer().verifier_key != settings.keys.log:
        raise UnusableInput(
            f"the log key in {root / FILE_NAME} is not this workspace's",
            hint="restore that file from a backup",
        )
    return ring


def open_database(settings: Settings, root: Path) -> None:
    """The workspace's database is connected and has this version's tables.

    Those of an older version are brought up to date first, while nobody else writes; a line on standard error
    says so. Raises UnusableInput as `check_origin` does, Unreachable if the database is away or in use.
    """
    from trapstreet.store.database import SQLITE_PREFIX, bring_up_to_date, connect, keep_copy, newest_schema

    url = settings.database.url
    if url.startswith(SQLITE_PREFIX) and not (root / url.removeprefix(SQLITE_PREFIX)).is_file():
        raise Unreachable(
            f"the registry {url.removeprefix(SQLITE_PREFIX)} is gone from {root}", hint="restore a backup"
        )
    workspace_id = settings.workspace.id
    keys = KeyFolder.holding(workspace_id, settled=settings.keys.folder)
    connect(url, folder=root, password=keys.password(workspace_id))
    newest = newest_schema()
    if check_origin(workspace_id) == newest:
        return
    with locked(root / LOCK_NAME, wait=BUSY_SECONDS):
        before = check_origin(workspace_id)  # another command may have been quicker
        if before != newest:
            kept = keep_copy()
            bring_up_to_date()
            was = f"; as it was, it is in {kept}" if kept else ""
            sys.stderr.write(f"The registry was brought up to date, from {before} to {newest}{was}.\n")


def check_origin(workspace_id: str) -> str:
    """The schema of the connected database: this version's, or an older one that it knows.

    Raises UnusableInput if the database is not the workspace's, or a newer trapstreet wrote it.
    """
    from trapstreet.store.database import has_tables, schemas
    from trapstreet.store.models import Origin

    if not has_tables():
        raise UnusableInput("the database holds no workspace", hint="look at url in trapstreet.toml")
    # Only these columns: they are there whichever version wrote the table.
    origin = Origin.objects.values_list("workspace_id", "schema", "written_by").first()
    if origin is None or origin[0] != workspace_id:
        raise UnusableInput(
            "the database belongs to another workspace", hint="look at url in trapstreet.toml"
        )
    _, schema, written_by = origin
    if schema not in schemas():
        raise UnusableInput(
            f"this workspace was written by trapstreet {written_by}, this is {__version__}",
            hint="use that version or a later one; nothing was changed",
        )
    return schema


@contextmanager
def locked(path: Path, *, wait: float) -> Iterator[None]:
    """This process holds the lock file. Raises Unreachable if another one does so for `wait` seconds."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait
        while not _locked(handle):
            if time.monotonic() >= deadline:
                raise Unreachable(
                    "the workspace is busy", hint="another command is writing to it; try again later"
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def write_inventory_file(path: Path, inventory: Inventory) -> Path:
    """The sealed inventory is on disk, in place of an older one."""
    write_private(path, inventory.to_bytes(), replace=True)
    return path


def _sweep(folder: Path, *, older_than: float) -> None:
    for left in folder.iterdir():
        if left.lstat().st_mtime < older_than:
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
