"""The recovery kit's passphrase, which never stands on the command line, and the confirming of a kit."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace

VARIABLE = "TRAPSTREET_KIT_PASSPHRASE"


def new_passphrase() -> Protected[str]:
    """A passphrase for a new kit: $TRAPSTREET_KIT_PASSPHRASE, else asked for twice."""
    return _given() or Protected(_ask("Passphrase for the recovery kit", twice=True))


def passphrase() -> Protected[str]:
    """The passphrase of a kit: $TRAPSTREET_KIT_PASSPHRASE, else asked for."""
    return _given() or Protected(_ask("Passphrase of the recovery kit"))


def confirm(workspace: "Workspace", kit: Path, *, from_environment: bool) -> bool:
    """Whether the kit was read back and opened, with the passphrase of the environment or typed once more.

    Where nobody is at a terminal and the environment is not to be used, it stays unconfirmed.
    """
    from trapstreet.app.clock import now
    from trapstreet.app.kits import confirm_kit

    if not from_environment:
        if not sys.stdin.isatty():
            return False
        click.echo(f"The kit is in {kit}. Print it, or move it to a medium of its own.", err=True)
    secret = passphrase() if from_environment else Protected(_ask("Its passphrase once more, to test it"))
    confirm_kit(workspace, kit, secret, now=now())
    return True


def kit_line(kit: Path | None, *, confirmed: bool) -> str:
    """What there is to say of a kit, in a line."""
    if kit is None:
        return "none yet: trapstreet key backup FILE writes one; share waits for it"
    if confirmed:
        return f"{kit}, tested; keep it away from the workspace, and its passphrase apart from it"
    return f"{kit}, not confirmed: run trapstreet key confirm {kit}; share waits for it"


def _given() -> Protected[str] | None:
    if text := os.environ.get(VARIABLE):
        return Protected(text)
    if not sys.stdin.isatty():
        raise UnusableInput(
            "no passphrase for the recovery kit", hint=f"set {VARIABLE}, or run it at a terminal"
        )
    return None


def _ask(question: str, *, twice: bool = False) -> str:
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    return answer
