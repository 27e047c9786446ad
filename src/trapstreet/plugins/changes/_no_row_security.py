"""What places without row security say when they are asked for it."""

from contextlib import AbstractContextManager

from trapstreet.core.model.changes import Change, Rows
from trapstreet.core.model.errors import UnusableInput


class NoRowSecurity:
    """A place where whoever reads something reads all of it."""

    def row_rule(self, table: str, predicate: str) -> Change:
        """Raises UnusableInput."""
        raise UnusableInput("there is no row security there", hint="--policy is for PostgreSQL")

    def rows(self, change: Change) -> AbstractContextManager[Rows]:
        """Raises UnusableInput: no such change is made here."""
        raise UnusableInput("there is no row security there", hint="make a new plan")
