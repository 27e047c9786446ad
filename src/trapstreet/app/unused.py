"""What of the access to a place is used."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trapstreet.access import UsedAccess
from trapstreet.access.domain.usage import window_of
from trapstreet.app.access import map_of
from trapstreet.app.discovered import holdings_at, place_of, resolved
from trapstreet.app.uses import events_of, followed
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Usage:
    """Past uses of a place beside its living rights.

    classified  whether anybody looked there for what is sensitive
    unknown     what the place did not tell of its rights
    """

    used: UsedAccess
    classified: bool
    unknown: Sequence[str]


def jobs_of(workspace: Workspace, jobs: Collection[str]) -> frozenset[str]:
    """Programs that are no person's: those that are named, and those of the settings."""
    return frozenset({*jobs, *workspace.settings.access.jobs})


def usage_of(workspace: Workspace, location: str, *, unused_for: int | None, jobs: Collection[str]) -> Usage:
    """What of the access to a location is used. Changes nothing there.

    unused_for  seconds before the last day of the logs: an earlier use does not count; None: all do
    jobs        programs that are no person's, beside those of the settings
    Raises UnusableInput where no log of the place was imported, and as `map_of`.
    """
    with events_of(workspace, location) as events:
        days = None if unused_for is None else max(1, unused_for // _DAY_SECONDS)
        window = window_of(events.days(), days)
        uses = followed(events.uses(), location)
    if window is None:
        raise UnusableInput(
            f"no log of {printable(place_of(location))} was imported: nothing is known of its use",
            hint="trapstreet access import LOG --place with the same server",
        )
    mapped = map_of(resolved(location))
    holdings = holdings_at(place_of(location))
    used = UsedAccess(mapped.access, uses, window, holdings=holdings, jobs=jobs_of(workspace, jobs))
    return Usage(used, bool(holdings), mapped.unknown)
