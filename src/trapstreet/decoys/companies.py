"""Decoys at one domain as colleagues: made after rows of one real domain, or of such as are like it."""

from collections.abc import Sequence
from functools import cached_property

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys.domains import settled
from trapstreet.decoys.exchange import tells
from trapstreet.decoys.model import TableModel, domain_of

_MOSTLY = 0.85  # share of rows at one domain that agree in what belongs to the domain


class Companies:
    """Settles decoys at the owner's domains."""

    def __init__(self, model: TableModel, domains: Sequence[str], draws: KeyedDraws) -> None:
        self._model = model
        self._domains = domains
        self._draws = draws
        self._email = model.first(Kind.EMAIL)

    def settle(self, donors: Sequence[Row]) -> tuple[list[Row], list[str]]:
        """Donors and domains of decoys, "" for those without an address.

        A domain that no customer uses gets its decoys after the colleagues of the first of them.
        """
        if self._email is None:
            return list(donors), [""] * len(donors)
        census, at = self._model.census, self._model.domain_position
        theirs = [self._domain(donor) for donor in donors]
        sizes = census.count([at], [(domain,) for domain in theirs]).tolist()
        real = dict(
            zip(self._domains, census.count([at], [(d,) for d in self._domains]).tolist(), strict=True)
        )
        empty = [domain for domain, rows in real.items() if not rows]
        having = [decoy for decoy, domain in enumerate(theirs) if domain]
        shared = {domain: rows for domain, rows in real.items() if rows}
        found = settled([sizes[decoy] for decoy in having], shared, len(empty))
        domains, chosen = [""] * len(donors), list(donors)
        groups: dict[int, list[int]] = {}
        for decoy, place in zip(having, found, strict=True):
            if isinstance(place, int):
                groups.setdefault(place, []).append(decoy)
            else:
                domains[decoy] = place
        for members in sorted(groups.values(), key=len, reverse=True):
            leader, *others = members
            domain = self._most_like(theirs[leader], empty)
            empty.remove(domain)
            domains[leader] = domain
            for decoy, donor in zip(others, self._colleagues(donors[leader], others), strict=True):
                chosen[decoy], domains[decoy] = donor, domain
        return chosen, domains

    def _most_like(self, theirs: str, domains: Sequence[str]) -> str:
        """One of the domains with the same ending where there is any, about as long and as plain."""
        alike = [domain for domain in domains if _ending(domain) == _ending(theirs)] or list(domains)
        alike.sort(key=lambda domain: abs(len(domain) - len(theirs)) + 3 * (_looks(domain) != _looks(theirs)))
        return self._draws.choice(alike[:4])

    def _domain(self, row: Row) -> str:
        return domain_of(row[self._email]) if self._email is not None else ""

    def _colleagues(self, leader: Row, members: Sequence[int]) -> list[Row]:
        """Rows at the leader's domain, each once; then rows that agree in all that belongs to a domain."""
        same = [row for row in self._by_domain[self._domain(leader)] if row is not leader]
        alike = self._by_traits.get(self._traits(leader), [])
        found = [same.pop(self._draws.below(len(same))) for _ in members if same]
        found += [self._draws.choice(alike or [leader]) for _ in range(len(members) - len(found))]
        return found

    @cached_property
    def _by_domain(self) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in self._model.sample:
            groups.setdefault(self._domain(row), []).append(row)
        return groups

    @cached_property
    def _by_traits(self) -> dict[Row, list[Row]]:
        groups: dict[Row, list[Row]] = {}
        for row in self._model.sample:
            if self._domain(row):
                groups.setdefault(self._traits(row), []).append(row)
        return groups

    def _traits(self, row: Row) -> Row:
        return tuple(row[at] for at in self.told)

    @cached_property
    def told(self) -> list[int]:
        """The categories that rows at one domain have in common."""
        sample = self._model.sample
        own = [(self._domain(row),) for row in sample]
        return [
            at
            for at in self._model.categories
            if tells([(*d, row[at]) for d, row in zip(own, sample, strict=True) if d[0]], 0, 1, share=_MOSTLY)
        ]


def _ending(domain: str) -> str:
    return domain.rpartition(".")[2]


def _looks(domain: str) -> tuple[bool, bool]:
    return "-" in domain, any(map(str.isdecimal, domain))
