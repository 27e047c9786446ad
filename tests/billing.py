"""A workspace with a registered job, as the tests of suppression have it."""

from pathlib import Path

import pytest

from people import customer_file
from trapstreet import cli
from trapstreet.store import disconnect

ROWS, DECOYS = 1_200, 60


def make_office(folder: Path) -> None:
    """A data set of which one copy is out, and the job "billing" of its size: customers.csv, copy.csv,
    billing.token, workspace and keys in the folder."""
    source, workspace = folder / "customers.csv", folder / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        _do("init", workspace, "--keys", folder / "keys", "--kit", folder / "kit.txt", "--kit-confirmed")
        patch.setenv("TRAPSTREET_WORKSPACE", str(workspace))
        customer_file(source, ROWS)
        _do("register", source, "--name", "customers")
        _do("share", "customers", "--to", "A", "--decoys", DECOYS, "--out", folder / "copy.csv")
        asked = ("--data-set", "customers", "--purpose", "monthly invoices", "--rows", ROWS)
        _do("suppress", "job", "add", "billing", *asked, "--token", folder / "billing.token")
    disconnect()


def _do(*arguments: object) -> None:
    assert cli.run([str(each) for each in arguments]) == 0
