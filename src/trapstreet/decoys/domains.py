"""At which of the owner's mail domains decoys have their address: groups as large as those of real rows."""

from collections.abc import Mapping, Sequence

import numpy as np

_NEAR = 3.0  # a shared domain serves donors whose own is up to so many times larger or smaller


def settled(targets: Sequence[int], shared: Mapping[str, int], empty: int) -> list[str | int]:
    """For each decoy the domain with customers, or the number of the empty one, that it has its address at.

    targets  how many rows there are at the donor's domain
    shared   how many real rows have an address at each of the owner's domains where any has
    empty    how many of the owner's domains no customer uses

    A decoy whose donor stands in a group about as large as that of a domain with customers goes there. The
    others fill the empty domains, in groups as large as their donors'; where these domains are too few the
    groups are larger by a common factor. O(n log n).
    """
    chosen: list[str | int] = [0] * len(targets)
    rest = []
    for decoy, target in enumerate(targets):
        near = _nearest(shared, target, at_any_distance=not empty)
        if near is None:
            rest.append(decoy)
        else:
            chosen[decoy] = near
    rest.sort(key=lambda decoy: (targets[decoy], decoy))
    wanted = np.maximum(np.array([targets[decoy] for decoy in rest], dtype=float), 1)
    for decoy, group in zip(rest, _groups(wanted, empty), strict=True):
        chosen[decoy] = group
    return chosen


def _nearest(shared: Mapping[str, int], target: int, *, at_any_distance: bool) -> str | None:
    if not shared:
        return None
    distance, domain = min((abs(np.log(size / max(1, target))), domain) for domain, size in shared.items())
    return domain if at_any_distance or distance <= np.log(_NEAR) else None


def _groups(wanted: np.ndarray, most: int) -> list[int]:
    """Numbers of groups, so that those of ascending wishes stand in groups of the wished size, or larger."""
    if not len(wanted):
        return []
    low, high = 1.0, 1.0
    while _filled(wanted * high, most) is None:
        low, high = high, 2 * high
    for _ in range(12 if high > 1 else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if _filled(wanted * middle, most) is not None else (middle, high)
    found = _filled(wanted * high, most)
    return found or []


def _filled(wanted: np.ndarray, most: int) -> list[int] | None:
    groups: list[int] = []
    group, left = -1, 0
    for wish in wanted.tolist():
        if not left:
            group, left = group + 1, max(1, round(wish))
            if group >= most:
                return None
        groups.append(group)
        left -= 1
    return groups
