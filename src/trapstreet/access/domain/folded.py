"""Files of one folder that just the same people read, as one: of each maker's they are sets of their own."""

from collections.abc import Mapping
from dataclasses import replace

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.held import Held
from trapstreet.core.model.rights import FILES, Bits, Resource, Rights
from trapstreet.core.model.words import counted

Path = tuple[str, ...]
Parts = Mapping[Path, frozenset[Path]]
"""By the path of what was put together, the paths of what it was."""


def folded(access: EffectiveAccess, held: Held) -> tuple[Rights, Parts]:
    """The rights with files of one folder and class as one resource where the same people who can log in read
    them, as nearly; by which right each of them does may differ, as owner or as one of a group. Files whose
    names are not known stay as they are.

    held  what was found in them
    """
    rights = access.rights
    if not rights.of_files:
        return rights, {}
    together: dict[object, list[int]] = {}
    for number, each in enumerate(rights.resources):
        is_known = each.kind == FILES and each.names
        found = held.of(each) if is_known else None
        alike = (each.path[0], found and found.sensitivity, _reached(access, number))
        key = alike if is_known else number
        together.setdefault(key, []).append(number)
    resources: list[Resource] = []
    becomes: dict[int, int] = {}
    parts: dict[Path, frozenset[Path]] = {}
    for numbers in together.values():
        becomes |= dict.fromkeys(numbers, len(resources))
        those = [rights.resources[number] for number in numbers]
        resources.append(those[0] if len(those) == 1 else _as_one(those, parts))
    doors = dict.fromkeys(
        each if each.resource is None else replace(each, resource=becomes[each.resource])
        for each in rights.doors
    )
    return replace(rights, resources=resources, doors=[*doors]), parts


def _reached(access: EffectiveAccess, number: int) -> tuple[Bits, ...]:
    """Who reads a resource surely, at each level, and who perhaps."""
    reached = [0, 0, 0, 0]
    for door in access.doors_of(number):
        for level, passing in enumerate(access.levels(door)):
            reached[level if door.sure else -1] |= passing & access.people
    return tuple(reached)


def _as_one(those: list[Resource], parts: dict[Path, frozenset[Path]]) -> Resource:
    count = sum(each.records or 0 for each in those)
    folder, what = those[0].path[0], f"{counted(count, 'file')} in {len(those):,} sets"
    path, number = (folder, what), 1
    while path in parts:
        number += 1
        path = (folder, f"{what} ({number})")
    parts[path] = frozenset(each.path for each in those)
    return Resource(path, FILES, count, frozenset[str]().union(*(each.names for each in those)))
