"""What people say of decoys when they make them: whose they are, what for, until when."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trapstreet.cli.options import end_of_day, refuse_unprintable
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.store.plantings import Particulars

_LONGEST = 200

F = TypeVar("F", bound=Callable[..., Any])


def particulars_options(function: F) -> F:
    """--owner, --purpose, --tag and --expires, as the arguments owner, purpose, tags and expires."""
    for option in (
        click.option("--expires", metavar="DATE", help="Until when they are wanted, like 2027-03-31."),
        click.option("--tag", "tags", multiple=True, help="A word to find them by; again for another."),
        click.option("--purpose", default="", help="What they are for."),
        click.option("--owner", default="", help="Who answers for these decoys."),
    ):
        function = option(function)
    return function


def particulars(owner: str, purpose: str, tags: Sequence[str], expires: str | None) -> "Particulars":
    """Raises UnusableInput for what does not print, and for a day that is over."""
    from trapstreet.store.plantings import Particulars

    for option, value in (("--owner", owner), ("--purpose", purpose), *(("--tag", tag) for tag in tags)):
        if value or option == "--tag":
            refuse_unprintable(option, value)
        if len(value) > _LONGEST:
            raise UnusableInput(f"{option} has {len(value):,} characters", hint=f"{_LONGEST} are enough")
    return Particulars(owner, purpose, tuple(tags), None if expires is None else end_of_day(expires))
