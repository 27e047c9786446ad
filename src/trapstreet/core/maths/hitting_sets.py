"""Lightest hitting sets: of some sets, at least one element of each, as light as can be.

Exact by branch and bound within a bound on the nodes looked at, each connected part of the problem by itself;
beyond it by taking the element that hits most for its weight, and leaving out what is not needed.
Source: Junker 2004 (QuickXplain) for minimal sets.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

NODES = 20_000
"""Looked at for one part of a problem before it is solved approximately."""

MOST_SETS = 400
"""In one part, for which it is tried to be exact."""

Sets = Sequence[frozenset[str]]
NO_NEEDS: Mapping[str, frozenset[str]] = {}


def with_needs(chosen: Iterable[str], needs: Mapping[str, frozenset[str]]) -> set[str]:
    """Some elements, and all that each of them needs, over any number of steps."""
    whole: set[str] = set()
    left = [*chosen]
    while left:
        if (each := left.pop()) not in whole:
            whole.add(each)
            left.extend(needs.get(each, ()))
    return whole


def lightest(
    sets: Iterable[frozenset[str]],
    weights: Mapping[str, float],
    *,
    needs: Mapping[str, frozenset[str]] = NO_NEEDS,
    nodes: int = NODES,
) -> tuple[frozenset[str], bool]:
    """The lightest set of elements that hits every one of the sets, and whether it is certainly the lightest.

    weights  of every element, above 0
    needs    what each element brings along: the answer has them, and they weigh

    It is always minimal: without any one of its elements, and what only that one needs, some set is missed.
    """
    chosen: set[str] = set()
    exact = True
    for part in _parts(_smallest(sets), needs):
        search = _Search(part, weights, needs, nodes)
        chosen |= search.best
        exact &= search.nodes > 0
    return frozenset(chosen), exact


def minimal(holds: Callable[[Sequence[str]], bool], candidates: Sequence[str]) -> frozenset[str]:
    """A set of which `holds` is true, and is not for what is left without any one element.

    holds  true of all candidates, and with a set of whatever contains it
    Asks some k log(n/k) times for k elements of n (QuickXplain).
    """

    def explain(given: list[str], added: bool, among: Sequence[str]) -> list[str]:
        if added and holds(given):
            return []
        if len(among) == 1:
            return [*among]
        half = len(among) // 2
        first, second = among[:half], among[half:]
        of_second = explain([*given, *first], True, second)
        of_first = explain([*given, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    return frozenset(explain([], False, candidates))


def _smallest(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Those that contain no other one: who hits them hits all."""
    different = set(sets)
    alone = {element for each in different if len(each) == 1 for element in each}
    kept: list[frozenset[str]] = []
    for each in sorted(
        (each for each in different if alone.isdisjoint(each)), key=lambda one: (len(one), sorted(one))
    ):
        if not any(other <= each for other in kept):
            kept.append(each)
    return [frozenset([element]) for element in sorted(alone)] + kept


def _parts(sets: Sets, needs: Mapping[str, frozenset[str]]) -> list[list[frozenset[str]]]:
    """The sets in groups that have nothing to do with each other."""
    group: dict[str, int] = {}
    groups: dict[int, list[frozenset[str]]] = {}
    touched: dict[int, set[str]] = {}
    for number, each in enumerate(sets):
        around = with_needs(each, needs)
        joined = {group[element] for element in around if element in group}
        groups[number], touched[number] = [each], around
        for other in joined:
            groups[number] += groups.pop(other)
            touched[number] |= touched.pop(other)
        group |= dict.fromkeys(touched[number], number)
    return [*groups.values()]


class _Search:
    """One connected part, solved: `best`; `nodes` is above 0 where that is certainly the lightest."""

    def __init__(
        self, sets: Sets, weights: Mapping[str, float], needs: Mapping[str, frozenset[str]], nodes: int
    ) -> None:
        self._weights, self._needs = weights, needs
        self.nodes = nodes if len(sets) <= MOST_SETS else 0
        self.best = _without_the_needless(self._greedy(sets), sets, needs, weights)
        self._weight = self._weigh(self.best)
        self._branch(sorted(sets, key=len), set(), 0.0, frozenset())
        self.best = _without_the_needless(self.best, sets, needs, weights)

    def _weigh(self, elements: Set[str]) -> float:
        return sum(self._weights[each] for each in elements)

    def _greedy(self, sets: Sets) -> set[str]:
        chosen: set[str] = set()
        left = [*sets]
        while left:
            count: dict[str, int] = {}
            for each in left:
                for element in each:
                    count[element] = count.get(element, 0) + 1
            pick = max(sorted(count), key=lambda one: count[one] / self._added(one, chosen))
            chosen |= with_needs([pick], self._needs)
            left = [each for each in left if not each & chosen]
        return chosen

    def _added(self, element: str, chosen: set[str]) -> float:
        return self._weigh(with_needs([element], self._needs) - chosen)

    def _branch(self, sets: Sets, chosen: set[str], weight: float, out: frozenset[str]) -> None:
        """Look for something lighter that has all of `chosen` and none of `out`."""
        if self.nodes <= 0:
            return
        self.nodes -= 1
        if not sets:
            if weight < self._weight:
                self.best, self._weight = chosen, weight
            return
        if weight + self._at_least(sets, out) >= self._weight:
            return
        first = min(sets, key=lambda one: len(one - out))
        barred = out
        for element in sorted(first - out, key=lambda one: (self._added(one, chosen), one)):
            taken = with_needs([element], self._needs)
            if not taken & barred:
                more = chosen | taken
                left = [each for each in sets if not each & more]
                self._branch(left, more, weight + self._weigh(taken - chosen), barred)
            barred |= {element}

    def _at_least(self, sets: Sets, out: frozenset[str]) -> float:
        """What disjoint sets weigh at least; infinite where one of them cannot be hit any more."""
        bound, seen = 0.0, set[str]()
        for each in sets:
            free = each - out
            if not free:
                return float("inf")
            if not free & seen:
                seen |= free
                bound += min(self._weights[element] for element in free)
        return bound


def _without_the_needless(
    chosen: set[str], sets: Sets, needs: Mapping[str, frozenset[str]], weights: Mapping[str, float]
) -> set[str]:
    """What is left when the elements that nothing misses are left out, the heaviest first."""
    before: set[str] = set()
    while chosen != before:
        before = chosen
        for element in sorted(chosen, key=lambda one: (-weights[one], one)):
            needed = any(element in needs.get(other, ()) for other in chosen if other != element)
            rest = chosen - {element}
            if not needed and all(each & rest for each in sets):
                chosen = rest
    return chosen
