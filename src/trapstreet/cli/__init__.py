"""The command line: one module per command, imported only when that command runs; here none."""

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

COMMANDS = {
    "start": "First alarm in ten minutes, with nothing but a mailbox.",
    "init": "Begin a workspace: settings, registry, keys, recovery kit.",
    "register": "Know a table again: keyed fingerprints, no plaintext.",
    "data-set": "List the tables that are registered.",
    "share": "Write a marked copy of a table for one recipient.",
    "copy": "List the copies that were handed out.",
    "plant": "Put decoy customers into your own tables.",
    "bait": "Make a breadcrumb: an address, a link, a document, a login.",
    "decoy": "List, test, retire and find again what was planted.",
    "serve": "Hear breadcrumbs being used, and tell people: the trap and the worker.",
    "work": "Take what traps heard, raise alerts and tell people.",
    "sighting": "List the uses of decoys: which, from where, by whom.",
    "alert": "List, acknowledge, assign, test alerts.",
    "case": "Show, decide and export what alerts belong to.",
    "baseline": "Say what is out already: old leaks, public values.",
    "suppress": "Keep decoys out of billing, mailing and statistics.",
    "forget": "Erase a person from what trapstreet keeps.",
    "strip": "Remove a copy's decoys from a file that came back.",
    "scan": "Look for your data in files, folders, archives.",
    "watch": "Look all the time: shares, buckets, repositories, the web.",
    "discover": "Find where data about people lies, and how sensitive it is.",
    "access": "See who can read what, by grants, roles, views.",
    "trace": "Find the copy that a leak came from.",
    "verify": "Check a proof; needs no workspace.",
    "backup": "Write the workspace, without its keys, to one file.",
    "restore": "Bring a workspace back from a backup.",
    "key": "Write or confirm a recovery kit.",
    "doctor": "Check the workspace, and all that alerts depend on.",
    "demo": "See the whole story on made-up customers.",
}
"""Every command and its line of help; the command `x-y` is `trapstreet.cli.x_y.command`."""


def run(arguments: Sequence[str]) -> int:
    """The exit status of one command line."""
    from trapstreet.cli.boundary import run_guarded
    from trapstreet.cli.group import trapstreet

    return run_guarded(trapstreet, list(arguments))


def main() -> NoReturn:
    """Run this process's command line."""
    try:
        gc.set_threshold(50_000, 20, 50)  # batches are a great many tuples, none of them in a cycle
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the libraries were loaded, or when the command had ended
        sys.stderr.write("trapstreet: interrupted\n")
        status = 130
    sys.exit(status)
