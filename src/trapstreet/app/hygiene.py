"""What is wrong with the accounts of servers, directories and lists."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from trapstreet.access.domain.guesses import Guesses
from trapstreet.access.domain.hygiene import Judged, judge
from trapstreet.access.domain.twins import joined, with_uses
from trapstreet.app.password_lists import PasswordList, password_list
from trapstreet.core.model.accounts import Flaw, Form, Identities
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.words import counted
from trapstreet.plugins.identities import identities_at

_WITHOUT_ONE = (Form.NONE, Form.LOCKED, Form.ELSEWHERE)

Guessed = tuple[Flaw, str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong at all places together; places that could not be asked, each with why."""

    places: list[Judged]
    failed: list[tuple[str, str]]


def check(
    targets: Sequence[str],
    *,
    now: int,
    stale_days: int,
    passwords: Path | None = None,
    workspace: Path | None = None,
    tell: Callable[[str], None],
) -> Checked:
    """Judge the accounts of each target. Changes nothing there, and keeps nothing.

    passwords  a list to try the accounts' passwords against, where one may read what is kept of them
    workspace  whose imported logs say when accounts of database servers were last used
    tell       is told beforehand what takes long

    Raises UnusableInput, AccessDenied and Unreachable for list and workspace, and for the only target.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(password_list(passwords)) if passwords else None
        logged = _logged_in(workspace)
        found: list[Identities] = []
        failed: list[tuple[str, str]] = []
        for target in dict.fromkeys(targets):
            try:
                place = identities_at(target, verifiers=opened is not None)
                found.append(with_uses(place, logged(target)))
            except TrapstreetError as error:
                if len(targets) == 1:
                    raise
                failed.append((target, str(error)))
        places = []
        for each in joined(found):
            guessed = _tried(each, opened, tell) if opened else []
            places.append(judge(each, now=now, stale_days=stale_days, guessed=guessed))
    return Checked(places, failed)


def _logged_in(workspace: Path | None) -> Callable[[str], Mapping[str, int]]:
    """By target: when each account was last used, as logs tell that a workspace has imported."""
    if workspace is None:
        return lambda _: {}
    from trapstreet.app.uses import last_uses
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    return lambda target: last_uses(opened, target) if "://" in target else {}


def _tried(place: Identities, passwords: PasswordList, tell: Callable[[str], None]) -> list[Guessed]:
    """Who uses a password of the list, and who the same as somebody else. What was not tried is noted."""
    guesses = Guesses(place.verifiers)
    tried = guesses.tries(passwords.form)
    place.unknown += _untried(place, tried)
    if tried:
        tell(
            f"Trying the list's passwords against those of {counted(len(tried), 'account')} at {place.place}."
        )
    if passwords.form is not None:
        guesses.look_up(passwords.form, passwords.holds)
    elif tried:
        slow = f"with {counted(len(guesses.derived), 'account')}, as each takes a millisecond"
        if guesses.derived:
            tell(f"At most the first {guesses.derives:,} passwords are tried {slow}.")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch in passwords.batches():
                guesses.attempt(batch, pool)
        if guesses.was_cut:
            place.unknown.append(
                f"passwords of the list after the first {guesses.derives:,} were not tried {slow}"
            )
    found: list[Guessed] = [(Flaw.LISTED, name, "") for name in sorted(guesses.found)]
    for names in guesses.same():
        found += [(Flaw.REPEATED, each, f"one of {len(names)}") for each in names]
    return found


def _untried(place: Identities, tried: set[str]) -> Iterator[str]:
    left = [
        each
        for each in place.accounts
        if each.enabled is not False and each.form not in _WITHOUT_ONE and each.name not in tried
    ]
    if left:
        number = counted(len(left), "account")
        yield f"whether {number} use a password of the list: what is kept of it cannot be read or tried here"
