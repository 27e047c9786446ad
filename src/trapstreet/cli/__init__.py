"""The command line: one module per command, imported only when that command runs."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from trapstreet import __version__
from trapstreet.cli.boundary import run_guarded

COMMANDS = {
    "start": "First alarm in ten minutes, with nothing but a mailbox.",
    "init": "Begin a workspace: settings, registry, keys, recovery kit.",
    "register": "Know a table again: keyed fingerprints, no plaintext.",
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
    "suppress": "Keep decoys out of billing, mailing and statistics.",
    "forget": "Erase a person from what trapstreet keeps.",
    "strip": "Remove a copy's decoys from a file that came back.",
    "scan": "Look for your data in files, folders, archives.",
    "trace": "Find the copy that a leak came from.",
    "verify": "Check a proof; needs no workspace.",
    "backup": "Write the workspace, without its keys, to one file.",
    "restore": "Bring a workspace back from a backup.",
    "key": "Write or confirm a recovery kit.",
    "doctor": "Check the workspace, and all that alerts depend on.",
    "demo": "See the whole story on made-up customers.",
}
"""Every command and its line of help; the command `x` is `trapstreet.cli.x.command`."""

EPILOG = """\b
A first round:
  trapstreet init --kit kit.txt
  trapstreet register customers.csv --name customers
  trapstreet share customers --to "Call centre Cork" --out cork.csv
  trapstreet scan /srv/shares
  trapstreet trace leak.txt

\b
Exit status: 0 fine, 1 found (verify: does not hold), 2 wrong use or unusable input, 3 denied,
4 not reachable, disk full or busy, 5 a plugin failed, 6 something could not be read, 70 a bug,
130 interrupted. With --json the answer, or
{"error": {"message", "hint", "status"}}, is one JSON document on standard output."""


class LazyGroup(click.Group):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"trapstreet.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="trapstreet")
def trapstreet() -> None:
    """Marked copies of customer data, leak detection, and who leaked it.

    A trap street is a street that isn't there: map makers draw one so that whoever copies the map is caught.
    """


def run(arguments: Sequence[str]) -> int:
    """The exit status of one command line."""
    return run_guarded(trapstreet, list(arguments))


def main() -> NoReturn:
    """Run this process's command line."""
    gc.set_threshold(50_000, 20, 50)  # batches are a great many tuples, none of them in a cycle
    sys.exit(run(sys.argv[1:]))
