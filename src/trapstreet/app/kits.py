"""Recovery kits of a workspace: written anew, and confirmed by reading them back."""

from pathlib import Path

from trapstreet.app.settings import FILE_NAME, with_value
from trapstreet.app.workspace import Workspace, write_inventory_file
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.files import write_private
from trapstreet.keys.inventory import Inventory, open_with_workspace, seal_to
from trapstreet.keys.kit import RecoveryKit, read_kit, write_kit


def read_kit_file(path: Path, passphrase: Protected[str]) -> RecoveryKit:
    """The kit of a file. Raises UnusableInput for a mistyped line or a wrong passphrase."""
    return read_kit(path.read_text("utf-8", "replace"), passphrase, label=str(path))


def confirm_kit(workspace: Workspace, path: Path, passphrase: Protected[str], *, now: int) -> None:
    """The file was read back, opened, and holds this workspace's keys: `share` may go on.

    Raises UnusableInput if it does not open or is another workspace's or an older kit.
    """
    from django.db import transaction

    from trapstreet.store.models import Kit

    kit = read_kit_file(path, passphrase)
    if kit.workspace_id != workspace.ring.workspace_id or kit.master != workspace.ring.master:
        raise UnusableInput(f"{path} is the kit of another workspace", hint="name the kit of this one")
    public = kit.public_key.hex()
    if public != workspace.settings.keys.kit:
        raise UnusableInput(
            f"{path} is an older kit of this workspace",
            hint="name the newest, or write one with trapstreet key backup",
        )
    with workspace.writing(), transaction.atomic():
        Kit.objects.filter(public_key=public).update(confirmed_at=now)
        workspace.record({"event": "kit confirmed", "kit": kit.public_key, "time": now})


def replace_kit(workspace: Workspace, path: Path, passphrase: Protected[str], *, now: int) -> Workspace:
    """A new kit for the same keys is in the file; the workspace's inventories open with it from now on.

    The new kit has a private key of its own, so a lost or stolen one stops opening what is sealed.
    Interrupted, it leaves the old kit in force, and the next `replace_kit` brings every inventory to its own.
    Returns the workspace with its new settings. Raises UnusableInput if the file exists.
    """
    from django.db import transaction

    from trapstreet.store.models import Kit

    kit = RecoveryKit.of(workspace.ring)
    with workspace.writing():
        write_private(path, write_kit(kit, passphrase).encode())
        for file in sorted(workspace.sealed.glob("*.sealed")):
            _seal_again(file, kit.public_key, workspace.ring.inventory_key())
        with transaction.atomic():
            Kit.objects.create(public_key=kit.public_key.hex(), written_at=now)
            workspace.record({"event": "kit", "kit": kit.public_key, "time": now})
        settings = workspace.root / FILE_NAME
        text = with_value(settings.read_text(), section="keys", name="kit", value=kit.public_key.hex())
        write_private(settings, text.encode(), replace=True)
    return Workspace.open(workspace.root)


def _seal_again(file: Path, kit_public: bytes, inventory_key: bytes) -> None:
    plaintext = open_with_workspace(inventory_key, Inventory.from_bytes(file.read_bytes()))
    write_inventory_file(file, seal_to(kit_public, plaintext, inventory_key=inventory_key))
