"""How far the index has come, as the watch counts it: segments are numbered as they are met."""

from trapstreet.index import Lookup
from trapstreet.store import recalls


def stand_of(lookup: Lookup) -> int:
    """The number up to which a lookup has all segments; what came while it was made is left for later."""
    there = {
        f"{each.data_set}/{segment.path.stem}"
        for each in lookup.data_sets
        for segment in (*each.versions, *each.copies.values())
    }
    numbers = recalls.numbered(there | recalls.segment_names())
    missing = [number for name, number in numbers.items() if name not in there]
    return min([max(numbers.values(), default=0), *(number - 1 for number in missing)])
