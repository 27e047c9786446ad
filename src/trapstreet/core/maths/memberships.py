"""Who has the rights of whom: memberships of any depth, with cycles, as sets.

Groups that are members of each other are one strongly connected component; components are taken in the order
in which members come before what they are members of, so that each membership is followed once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from trapstreet.core.model.rights import Bits, Membership


class Closure:
    """For each principal, all those who reach it along some edges, itself included.

    edges  for each principal, those that it reaches in one step

    Cost: each edge once, with one union of two sets.
    """

    def __init__(self, count: int, edges: Mapping[int, Iterable[int]]) -> None:
        self._edges = {each: tuple(to) for each, to in edges.items()}
        self._from = _arriving(count, self._edges)
        self._known: dict[Bits, Bits] = {}

    def arriving(self, at: Bits) -> Bits:
        """Those who reach any of some principals."""
        found = self._known.get(at)
        if found is None:
            found, left = 0, at
            while left:
                found |= self._from[(left & -left).bit_length() - 1]
                left &= ~found  # whoever reaches one of those who were found, was found with it
            self._known[at] = found
        return found

    def path(self, start: int, to: Bits) -> list[int] | None:
        """A shortest way from a principal to any of some others, both ends included; None: there is none."""
        before, reached = {start: start}, [start]
        for each in reached:
            if to >> each & 1:
                way = [each]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            for following in self._edges.get(each, ()):
                if following not in before:
                    before[following] = each
                    reached.append(following)
        return None


def edges_of(memberships: Iterable[Membership], follow: Callable[[Membership], bool]) -> dict[int, list[int]]:
    """From each member to the groups that a kind of membership leads to."""
    edges: dict[int, list[int]] = {}
    for each in memberships:
        if follow(each):
            edges.setdefault(each.member, []).append(each.group)
    return edges


def _arriving(count: int, edges: Mapping[int, Sequence[int]]) -> list[Bits]:
    """For each principal, all who reach it (Tarjan 1972, without recursion)."""
    arriving: list[Bits] = [0] * count
    for component in reversed(_components(count, edges)):  # members before what they are members of
        whole = 0
        for each in component:
            whole |= arriving[each] | 1 << each
        for each in component:
            arriving[each] = whole
        for each in component:
            for group in edges.get(each, ()):
                arriving[group] |= whole
    return arriving


def _components(count: int, edges: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Strongly connected components; each comes after all that it leads to."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    standing: list[int] = []
    stands: set[int] = set()
    components: list[list[int]] = []
    for root in range(count):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        standing.append(root)
        stands.add(root)
        walk = [(root, iter(edges.get(root, ())))]
        while walk:
            each, onward = walk[-1]
            for following in onward:
                if following not in index:
                    index[following] = low[following] = len(index)
                    standing.append(following)
                    stands.add(following)
                    walk.append((following, iter(edges.get(following, ()))))
                    break
                if following in stands:
                    low[each] = min(low[each], index[following])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[each])
                if low[each] == index[each]:
                    component = []
                    while True:
                        member = standing.pop()
                        stands.discard(member)
                        component.append(member)
                        if member == each:
                            break
                    components.append(component)
    return components
