"""The command `trapstreet`, which finds the others."""

from importlib import import_module

import click

from trapstreet import __version__
from trapstreet.cli import COMMANDS

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
130 interrupted (scan: what it had found is told). With --json the answer, or
{"error": {"message", "hint", "status"}}, is one JSON document on standard output."""


class LazyGroup(click.Group):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"trapstreet.cli.{cmd_name.replace('-', '_')}").command
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
