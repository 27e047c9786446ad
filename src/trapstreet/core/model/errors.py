"""Errors that speak to the person who can act.

    TrapstreetError        status 70  nothing below it: a bug
    ├── UnusableInput      status 2   usage, settings, a file or table that cannot be used
    ├── AccessDenied       status 3   the other side said no
    ├── Unreachable        status 4   cannot be opened or reached, disk full, workspace busy
    ├── PluginFailed       status 5   a parser or adapter broke on its own account
    └── Interrupted        status 130 stopped by hand where something is left to be done

The message says what and where, the hint what to do. Neither ever holds a protected value: no cell, no
password, no e-mail address out of a table.
"""


class TrapstreetError(Exception):
    """Something a person can act on; `status` is the exit status of the command line."""

    status = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UnusableInput(TrapstreetError):
    """The command line, the settings or the data given cannot be used as they are."""

    status = 2


class AccessDenied(TrapstreetError):
    """A file system, a database or a service refused."""

    status = 3


class Unreachable(TrapstreetError):
    """A file, a database or the workspace cannot be opened at all."""

    status = 4


class PluginFailed(TrapstreetError):
    """A plugin failed for a reason of its own."""

    status = 5


class Interrupted(TrapstreetError):
    """Ctrl-C met a command when something was done that its user has to know of."""

    status = 130
