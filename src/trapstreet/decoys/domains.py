"""At which of the owner's mail domains decoys have their address: groups as large as those of real rows."""

from collections.abc import Mapping, Sequence
from math import log

from trapstreet.core.maths.draws import KeyedDraws

_NEAR = 3.0  # a shared domain serves donors whose own is up to so many times larger or smaller


def nearest(shared: Mapping[str, int], target: int, *, at_any_distance: bool) -> str | None:
    """The domain with customers that is about as large as a donor's own, None where none is.

    shared  how many real rows have an address at each of the owner's domains where any has
    target  how many rows there are at the donor's domain
    """
    if not shared:
        return None
    distance, domain = min((abs(log(size / max(1, target))), domain) for domain, size in shared.items())
    return domain if at_any_distance or distance <= log(_NEAR) else None


def groups(targets: Sequence[int], most: int, draws: KeyedDraws) -> list[tuple[int, int]]:
    """Which donors' colleagues decoys are, and how many of each: (donor, decoys), as many as donors in all.

    targets  how many rows there are at each donor's domain
    most     how many domains there are for decoys, 1 or more

    Whole groups are drawn, each as likely as any other of the table, by rounding at random from the largest
    size to the smallest: what the groups drawn so far have too many or too few, all smaller ones share. So
    the expected number of decoys in groups of a size is that of donors (by induction over the sizes). Where
    domains are too few, groups are larger by a common factor; none is larger than all donors. O(n log n).
    """
    count = len(targets)
    factor = max(1.0, sum(1 / max(1, target) for target in targets) / most)
    sizes = [min(count, max(1, round(factor * target))) for target in targets]
    found: list[tuple[int, int]] = []
    left, due = count, draws.word() / 2**64
    for passed, donor in enumerate(sorted(range(count), key=lambda donor: (-sizes[donor], donor))):
        due += left / (count - passed) / sizes[donor]
        while due >= 1 and left and len(found) < most:
            found.append((donor, min(sizes[donor], left)))
            left, due = left - found[-1][1], due - 1
    return _with_rest(found, left)


def _with_rest(found: Sequence[tuple[int, int]], left: int) -> list[tuple[int, int]]:
    """The groups with those decoys shared out that found no domain any more."""
    each, more = divmod(left, max(1, len(found)))
    return [(donor, size + each + (at < more)) for at, (donor, size) in enumerate(found)]
