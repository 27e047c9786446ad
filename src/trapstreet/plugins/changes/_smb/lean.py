"""Changes without those by which nobody loses anything."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence

from trapstreet.core.model.changes import Change
from trapstreet.core.model.rights import Bits
from trapstreet.plugins._smb.people import People
from trapstreet.plugins.changes._smb.changes import Part, forward
from trapstreet.plugins.changes._smb.judge import judge_of
from trapstreet.plugins.changes._smb.things import After, Edit, Thing, above_of


def lean(
    changes: Sequence[Change], parts: Sequence[Mapping[Thing, Sequence[Part]]], who: People, people: Bits
) -> list[Change]:
    """Those of some changes by which somebody reads less than with the others.

    parts  what each does to which things;  people  who may log in. Cost: what lies below each is judged twice
    """
    judge = judge_of(who)
    by_thing: dict[Thing, list[Part]] = {}
    for each in parts:
        for thing, some in each.items():
            by_thing.setdefault(thing, []).extend(some)
    edits: dict[Thing, Edit] = {thing: forward(some) for thing, some in by_thing.items()}

    def readers(after: After, thing: Thing) -> Bits:
        rights = after.of(thing)
        return judge(thing.owner, rights.entries)[0][0] & people if rights else 0

    kept = []
    for change, own in zip(changes, parts, strict=True):
        left = {thing: [each for each in by_thing[thing] if each not in some] for thing, some in own.items()}
        fewer: dict[Thing, Edit] = {thing: forward(some) for thing, some in left.items()}
        now, then = After(ChainMap(fewer, edits)), After(edits)
        if any(
            readers(now, each) & ~readers(then, each) for thing in own for each in _along(thing, now, then)
        ):
            kept.append(change)
        else:
            edits |= fewer
            by_thing |= left
    return kept


def _along(thing: Thing, *states: After) -> Iterator[Thing]:
    """A thing and all below it, after the lists of what is above it are known."""
    for each in reversed([*above_of(thing)]):
        for state in states:
            state.of(each)
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += each.below
