"""Changes of rights made and taken back on one connection, and seen to do that and nothing else.

A right of many that was handed over to some of them comes back to the many though one of the some is gone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.changes import ROW_SECURITY, Change, Look
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import counted
from trapstreet.plugins.changes._postgresql.probe import BEGIN, NO_MEMORY, Refusal, run
from trapstreet.plugins.changes._postgresql.rights import given_on, standing

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_AT_ONCE = 200
"""Changes that are tried out in one transaction."""
_GONE = ("42P01", "42883", "3F000", "42704", "42703", "22023")
"""A table, function, schema, role or column is not there; the last one, of a role that was to be set."""


def reversible(connection: "Connection", changes: Sequence[Change]) -> list[Change]:
    """Those of some changes that can be made, do what they say, and can be taken back."""
    kept: set[str] = set()
    things: dict[tuple[str, ...], list[Change]] = {}
    for each in changes:
        things.setdefault(each.on, []).append(each)
    every = [*things.values()]
    left = [every[n : n + _AT_ONCE] for n in range(0, len(every), _AT_ONCE)]
    while left:
        bundle = left.pop()
        keys = {each.key for some in bundle for each in some}
        if _comes_back(connection, [each for some in bundle for each in some]):
            kept |= keys
        elif half := len(bundle) // 2:
            left += [bundle[:half], bundle[half:]]
    return [each for each in changes if each.key in kept]


def _comes_back(connection: "Connection", changes: Sequence[Change]) -> bool:
    """Whether changes take just those rights away, of all on the same things, and give them back.

    changes  each thing's together, in their order
    """
    paths = sorted({".".join(each.on[1:] if each.database else each.on) for each in changes})

    def there() -> set[str]:
        return {each.key for each in given_on(connection, paths)}

    run(connection, BEGIN)
    try:
        before = there()
        run(connection, "; ".join(each for change in changes for each in change.forward))
        after = there()
        run(connection, "; ".join(each for change in reversed(changes) for each in change.back))
        return after == _afterwards(before, changes) and there() == before
    except Refusal as error:
        if error.held:  # it says nothing of what can be taken away
            raise
        return False
    finally:
        run(connection, "ROLLBACK")


def together(connection: "Connection", changes: Sequence[Change]) -> list[Change]:
    """Those of some changes that can be made and taken back beside the others, in their order.

    One may stand in another's way: who gave a right needs what an event trigger writes to.
    """
    kept = [*changes]
    while kept and not _go_together(connection, kept):
        left = _apart(connection, kept)
        if len(left) == len(kept):
            break
        kept = left
    return kept


def _go_together(connection: "Connection", changes: Sequence[Change]) -> bool:
    run(connection, BEGIN)
    try:
        run(connection, "; ".join(each for change in changes for each in change.forward))
        run(connection, "; ".join(each for change in reversed(changes) for each in change.back))
    except Refusal as error:
        if error.held:
            raise
        return error.state == NO_MEMORY  # so many are asked for in portions
    finally:
        run(connection, "ROLLBACK")
    return True


def _apart(connection: "Connection", changes: Sequence[Change]) -> list[Change]:
    """Those that can be made when the ones before them are; and of these, that can then be taken back."""
    run(connection, BEGIN)
    try:
        made = [each for each in changes if _is_run(connection, each.forward, refused=("",))]
        return [each for each in reversed(made) if _is_run(connection, each.back, refused=("",))][::-1]
    finally:
        run(connection, "ROLLBACK")


def rehearse(connection: "Connection", changes: Sequence[Change], look: Look) -> None:
    run(connection, BEGIN)
    try:
        before = forward(connection, changes)
        look(connection)
        backward(connection, changes)
        if {*standing(connection).lines} != before:
            raise UnusableInput("the way back does not lead back", hint="take fewer rights away at once")
    finally:
        run(connection, "ROLLBACK")


def forward(connection: "Connection", changes: Sequence[Change]) -> set[str]:
    """Make changes, and see that those rights are gone or new, and no others; all there were before.

    Raises Refusal, UnusableInput.
    """
    there = before = {*standing(connection).lines}
    run(connection, "; ".join(each for change in changes for each in change.forward))
    after = {*standing(connection).lines}
    if any(each.kind == ROW_SECURITY for each in changes):
        before, after = ({each for each in lines if _is_right(each)} for lines in (before, after))
    if after != _afterwards(before, changes):
        raise UnusableInput(
            "the server changed other rights than it was told to", hint="see its event triggers"
        )
    return there


def backward(connection: "Connection", changes: Sequence[Change]) -> list[Change]:
    """Take changes back, and see that those rights are there again; those of what is not there any more.

    Raises Refusal, UnusableInput.
    """
    run(connection, "SAVEPOINT back")
    try:
        run(connection, "; ".join(each for change in reversed(changes) for each in change.back))
        gone = []
    except Refusal as error:
        if error.state not in _GONE:
            raise
        run(connection, "ROLLBACK TO SAVEPOINT back")
        gone = [each for each in reversed(changes) if not _is_back(connection, each)]
    there = {*standing(connection).lines}
    taken_back = [each for each in changes if each.kind != ROW_SECURITY and each not in gone]
    missing = {line(each) for each in taken_back} - there
    missing |= {each for change in taken_back for each in change.gives} & there
    if missing:
        raise UnusableInput(f"{counted(len(missing), 'right')} did not become as before", hint="run it again")
    return gone


def _is_back(connection: "Connection", change: Change) -> bool:
    """Take one change back, if what it is of is still there. Raises Refusal."""
    if _is_run(connection, change.back):
        return True
    if not change.to:
        return False
    # Some who were given the right may be gone, and it with them: the many are to have it again all the same.
    by_giver = change.back[-1] == "RESET ROLE"
    first, last = (change.back[:1], change.back[-1:]) if by_giver else ((), ())
    *others, again = change.back[len(first) : len(change.back) - len(last)]
    run(connection, "SAVEPOINT handed_back")
    if _is_run(connection, first):
        for each in others:
            _is_run(connection, (each,))
        if _is_run(connection, (again, *last)):
            return True
    run(connection, "ROLLBACK TO SAVEPOINT handed_back")
    return False


def _is_run(connection: "Connection", statements: Sequence[str], *, refused: Sequence[str] = _GONE) -> bool:
    """Run statements; False where the server refuses, and none was run: by default, since something that
    they are of is gone. Raises Refusal for other reasons."""
    run(connection, "SAVEPOINT one")
    try:
        run(connection, "; ".join(statements))
    except Refusal as error:
        if error.held or not error.state.startswith(tuple(refused)):
            raise
        run(connection, "ROLLBACK TO SAVEPOINT one")
        return False
    run(connection, "RELEASE SAVEPOINT one")
    return True


def _afterwards(before: set[str], changes: Sequence[Change]) -> set[str]:
    """What rights there are when changes were made, of those that there were."""
    return before - {line(each) for each in changes} | {new for each in changes for new in each.gives}


def line(change: Change) -> str:
    """What `standing` says of the right that a change takes away."""
    return change.key.removeprefix(f"{change.database} ")


def _is_right(line: str) -> bool:
    return not line.startswith(("policy ", "r ", "p "))
