"""A workspace whose customers were handed out to several recipients, made once for many tests."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from people import customer_file
from trapstreet.cli import run

OWNED = 'domains = ["post.harbour.example", "mail.quay.example"]'


def handed_out(
    folder: Path, *, rows: int, recipients: Sequence[str], share: Sequence[object] = (), settings: str = ""
) -> Path:
    """The folder: customers.csv, registered in `workspace`, and copy0.csv, copy1.csv … of it.

    share     options of each share command;  settings  further sections of trapstreet.toml
    The company owns two mail domains; its kit costs 1 ms instead of 0.4 s.
    """
    workspace, keys, kit = (folder / name for name in ("workspace", "keys", "kit.txt"))
    table = customer_file(folder / "customers.csv", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        do("init", workspace, "--keys", keys, "--kit", kit, "--kit-confirmed")
        file = workspace / "trapstreet.toml"
        file.write_text(file.read_text().replace("domains = []", OWNED) + settings)
        do("register", table, "--name", "customers", "--workspace", workspace)
        for number, recipient in enumerate(recipients):
            out = folder / f"copy{number}.csv"
            do("share", "customers", "--to", recipient, "--out", out, *share, "--workspace", workspace)
    return folder


def do(*arguments: object, status: int = 0) -> None:
    """Run a command that must end with the status."""
    assert run([str(each) for each in arguments]) == status
