"""trapstreet key backup, trapstreet key confirm"""

from pathlib import Path

import click

from trapstreet.cli.options import FILE, example, json_option, workspace_option
from trapstreet.cli.output import emit
from trapstreet.cli.passphrase import confirm, kit_line, new_passphrase, passphrase


@click.group()
def command() -> None:
    """Write or confirm a recovery kit."""


@command.command(epilog=example("trapstreet key backup ~/kit-2.txt"))
@click.argument("kit", metavar="FILE", type=FILE)
@click.option(
    "--kit-confirmed", is_flag=True, help="For scripts: kit and passphrase are kept; test them now."
)
@json_option
@workspace_option
def backup(kit: Path, kit_confirmed: bool, as_json: bool, workspace: Path | None) -> None:
    """Write a new recovery kit for the workspace's keys.

    It takes the place of the kit before, whose sealed inventories open with the new one from now on. An old
    kit still holds the master key: destroy it.
    """
    from trapstreet.app.clock import now
    from trapstreet.app.kits import replace_kit
    from trapstreet.app.workspace import Workspace

    opened = replace_kit(Workspace.open(workspace), kit, new_passphrase(), now=now())
    confirmed = confirm(opened, kit, from_environment=kit_confirmed)
    report = {"kit": str(kit), "public_key": opened.settings.keys.kit, "kit_confirmed": confirmed}
    emit(as_json, report, f"Recovery kit {kit_line(kit, confirmed=confirmed)}")


@command.command("confirm", epilog=example("trapstreet key confirm /media/usb/kit.txt"))
@click.argument("kit", metavar="FILE", type=FILE)
@json_option
@workspace_option
def confirm_command(kit: Path, as_json: bool, workspace: Path | None) -> None:
    """Read a kit back and open it: a typed-in copy of the printed page shows that the page is good."""
    from trapstreet.app.clock import now
    from trapstreet.app.kits import confirm_kit
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    confirm_kit(opened, kit, passphrase(), now=now())
    report = {"kit": str(kit), "public_key": opened.settings.keys.kit, "kit_confirmed": True}
    emit(as_json, report, f"Recovery kit {kit_line(kit, confirmed=True)}")
