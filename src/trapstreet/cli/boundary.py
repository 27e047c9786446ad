"""Where every error becomes one line and an exit status."""

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from trapstreet import __version__
from trapstreet.app.errors import known_error
from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput

BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
_HEAR = "send it to a file, or to /dev/null"
_OF_A_TABLE = ("sheet", "table", "query", "encoding", "delimiter")


def run_guarded(command: click.Command, arguments: list[str]) -> int:
    """The exit status of a command line: what the command returned (None is 0), or that of its error.

    An error is one line on standard error; with --json also {"error": …} on standard output.
    """
    if sys.stdout is None:
        return _told("standard output is closed", _HEAR, Unreachable.status, as_json=False)
    as_json = "--json" in arguments
    try:
        status = command.main(arguments, prog_name="trapstreet", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_output()
        return CLOSED_PIPE
    except (KeyboardInterrupt, click.Abort):
        return _told("interrupted; nothing was half-written", "", INTERRUPTED, as_json=as_json)
    except Exception as error:  # noqa: BLE001  the outermost edge: whatever is left is a bug, and is recorded
        known = as_trapstreet_error(error, command=_meant(command, arguments))
        if known is None:
            return _told(*record_bug(error), BUG, as_json=as_json)
        return _told(known.message, known.hint, known.status, as_json=as_json)
    return status if isinstance(status, int) else 0


def as_trapstreet_error(error: Exception, *, command: str = "trapstreet") -> TrapstreetError | None:
    """The error in the product's own words, None if it is a bug. command: whose help is named."""
    if isinstance(error, click.NoSuchOption) and (found := _of_a_table(error)):
        return found
    if isinstance(error, click.ClickException):
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else command
        return UnusableInput(error.format_message().rstrip("."), hint=f"see {where} --help")
    return known_error(error)


def _meant(command: click.Command, arguments: list[str]) -> str:
    """The command that a line is for, as far as it names one."""
    path = "trapstreet"
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        if (found := command.get_command(click.Context(command), word)) is None:
            break
        path, command = f"{path} {word}", found
    return path


def _of_a_table(error: click.NoSuchOption) -> UnusableInput | None:
    """What is no option of a command, but a part of the table's name there."""
    name = error.option_name.lstrip("-")
    if name not in _OF_A_TABLE or not error.ctx:
        return None
    if all(each.name != "table" for each in error.ctx.command.params):
        return None
    hint = f"it goes behind the table: 'TABLE?{name}=…'"
    return UnusableInput(f"No such option '{error.option_name}'", hint=hint)


def record_bug(error: Exception) -> tuple[str, str]:
    """What and where, in a file that holds places in the program only: no values, no messages."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    what = f"a bug: {type(error).__name__} in {Path(last.filename).name} line {last.lineno}"
    places = (f"{frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames)
    with tempfile.NamedTemporaryFile("w", prefix="trapstreet-bug-", suffix=".txt", delete=False) as file:
        file.write(f"{what}, trapstreet {__version__}\n\n{''.join(places)}")
    return what, f"please report it with {file.name}, which holds none of your data"


def _told(message: str, hint: str, status: int, *, as_json: bool) -> int:
    line = " ".join((f"{message}: {hint}" if hint else message).split())
    click.echo(f"trapstreet: {line}", err=True)
    if as_json:
        from trapstreet.cli.output import emit

        try:
            emit(True, {"error": {"message": message, "hint": hint, "status": status}}, "")
            sys.stdout.flush()
        except OSError:  # what failed may have been standard output itself: the line above says so
            _give_up_output()
    return status


def _give_up_output() -> None:
    """Nobody takes what is left to print; the interpreter must not complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
