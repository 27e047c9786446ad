"""The doctor: is the workspace whole, and what is to be done where it is not?"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trapstreet import __version__
from trapstreet.app.settings import FILE_NAME, read_settings
from trapstreet.app.workspace import FOLDERS, Workspace, find, load_keys, open_database
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.keys.files import refuse_readable_by_others
from trapstreet.keys.inventory import Inventory

_LEAST_FREE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do if it is not as it should be."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def examine(start: Path | None) -> list[Check]:
    """Every check of a workspace, in an order in which each needs only those before it.

    Raises UnusableInput if there is no workspace or its settings do not read.
    """
    root = find(start)
    settings = read_settings(root / FILE_NAME)
    checks = [Check("settings", True, f"{root / FILE_NAME}, trapstreet {__version__}")]
    try:
        ring = load_keys(settings, root)
        checks.append(Check("keys", True, f"the right ones, log key {settings.keys.log}"))
        open_database(settings, root)
        checks.append(Check("registry", True, settings.database.url))
    except TrapstreetError as error:
        name = "keys" if len(checks) == 1 else "registry"
        return [*checks, Check(name, False, error.message, error.hint)]
    workspace = Workspace(root, settings, ring)
    return [*checks, *(_checked(name, look, workspace) for name, look in _LOOKS.items())]


def _checked(name: str, look: Callable[[Workspace], str], workspace: Workspace) -> Check:
    try:
        return Check(name, True, look(workspace))
    except TrapstreetError as error:
        return Check(name, False, error.message, error.hint)


def _log(workspace: Workspace) -> str:
    from trapstreet.store import log

    state = log.verify(workspace.settings.keys.log)
    if state.signed != state.size:
        raise UnusableInput(
            f"{state.size - state.signed} entries of the log are not signed",
            hint="after an interrupted command the next one signs them; else look who writes to the database",
        )
    return f"{state.size} entries, all signed for"


def _kit(workspace: Workspace) -> str:
    workspace.require_confirmed_kit()
    return "written and confirmed"


def _inventories(workspace: Workspace) -> str:
    files = sorted(workspace.sealed.glob("*.sealed"))
    current = bytes.fromhex(workspace.settings.keys.kit)
    others = sum(Inventory.from_bytes(file.read_bytes()).kit_public != current for file in files)
    if others:
        raise UnusableInput(
            f"{others} of {len(files)} are sealed to another kit", hint="run trapstreet key backup FILE"
        )
    return f"{len(files)} sealed to the kit"


def _folders(workspace: Workspace) -> str:
    for name in FOLDERS:
        if not (workspace.root / name).is_dir():
            raise UnusableInput(f"the folder {name} is gone", hint="restore a backup")
        refuse_readable_by_others(workspace.root / name)
    for file in workspace.root.glob("registry.sqlite3*"):
        refuse_readable_by_others(file)
    refuse_readable_by_others(workspace.root / FILE_NAME)
    return "readable by their owner only"


def _room(workspace: Workspace) -> str:
    free = shutil.disk_usage(workspace.root).free
    if free < _LEAST_FREE:
        raise UnusableInput(f"{free >> 20} MiB free", hint="make room on the disk of the workspace")
    return f"{free >> 30} GiB free"


def _normal_forms(workspace: Workspace) -> str:
    from trapstreet.core.fields import NORMAL_FORMS
    from trapstreet.store.models import DataSet

    old = sorted(DataSet.objects.exclude(normal_forms=NORMAL_FORMS).values_list("name", flat=True))
    if old:
        raise UnusableInput(f"other normal forms in {', '.join(old)}", hint="register these data sets again")
    return f"version {NORMAL_FORMS} everywhere"


def _matcher(_workspace: Workspace) -> str:
    from trapstreet.index import native

    return native.remark() or f"compiled, {native.name()}"


def _copies(workspace: Workspace) -> str:
    from trapstreet.app.sharing import refuse_unknown_shares
    from trapstreet.store import catalogue

    refuse_unknown_shares(workspace)
    return f"{catalogue.count_copies()} handed out"


_LOOKS: dict[str, Callable[[Workspace], str]] = {
    "log": _log,
    "recovery kit": _kit,
    "inventories": _inventories,
    "copies": _copies,
    "folders": _folders,
    "disk": _room,
    "normal forms": _normal_forms,
    "matcher": _matcher,
}
