"""What the command line prints, and how errors become one line."""

import errno
import io

import click
import pytest
from django.db.utils import IntegrityError, OperationalError

from trapstreet.cli import run
from trapstreet.cli.boundary import as_trapstreet_error
from trapstreet.cli.output import progress
from trapstreet.core.model.errors import PluginFailed, UnusableInput


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(errno.ENOSPC, "No space left", "/srv/x"), 4, "the disk is full: /srv/x"),
        (OSError(errno.EDQUOT, "Quota"), 4, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/x"), 3, "not allowed: /srv/x"),
        (OSError(errno.EROFS, "Read-only", "/srv/x"), 3, "not allowed: /srv/x"),
        (FileNotFoundError(errno.ENOENT, "No such", "x"), 4, "no such file or directory: x"),
        (OperationalError("database or disk is full\nmore"), 4, "the registry: database or disk is full"),
        (click.UsageError("No such option: --x."), 2, "No such option: --x"),
        (UnusableInput("said"), 2, "said"),
        (PluginFailed("said"), 5, "said"),
    ],
)
def test_an_error_that_somebody_can_mend_has_its_status(error: Exception, status: int, said: str) -> None:
    told = as_trapstreet_error(error)
    assert told is not None
    assert (told.status, told.message) == (status, said)


@pytest.mark.parametrize("error", [KeyError("x"), OSError("no number"), IntegrityError("x"), ValueError()])
def test_any_other_error_is_a_bug(error: Exception) -> None:
    assert as_trapstreet_error(error) is None


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Reading") as told:
        told(1, 2)
        told(2)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_on_a_terminal_once_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = {}
    for after in (0.0, 60.0):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stderr", terminal)
            patch.setattr("trapstreet.cli.output.SHOWN_AFTER", after)
            with progress("Reading") as told:
                for done in range(3):
                    told(done, 3)
        shown[after] = terminal.getvalue()
    assert "Reading" in shown[0.0]
    assert shown[60.0] == ""


def test_wrong_use_names_the_help_of_the_command_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    lines = {"plant x --undo": "trapstreet plant", "watch lst": "trapstreet watch", "--x": "trapstreet"}
    for line, meant in lines.items():
        assert run(line.split()) == 2
        assert f"see {meant} --help" in capsys.readouterr().err
