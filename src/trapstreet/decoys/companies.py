"""Decoys at one domain as colleagues: made after rows of one real domain, or of such as are like it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row
from trapstreet.decoys.domains import groups, nearest
from trapstreet.decoys.exchange import tells
from trapstreet.decoys.model import TableModel, domain_of
from trapstreet.decoys.relations import lift

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

        A domain that no customer uses gets its decoys after colleagues at one real domain, which has as many
        rows. Donors at domains larger than decoys can fill are exchanged for others.
        """
        chosen, domains = list(donors), [""] * len(donors)
        having = [decoy for decoy, donor in enumerate(donors) if self._domain(donor)]
        shared, empty = self._owned()
        rest = []
        for decoy, rows in zip(having, self._sizes([donors[decoy] for decoy in having]), strict=True):
            near = nearest(shared, rows, at_any_distance=not empty)
            if near is None:
                rest.append(decoy)
            else:
                domains[decoy] = near
        places = iter(rest)
        for members, domain in self._companies([donors[decoy] for decoy in rest], shared, empty):
            for donor, decoy in zip(members, places, strict=False):
                chosen[decoy], domains[decoy] = donor, domain
        return chosen, domains

    def _owned(self) -> tuple[dict[str, int], list[str]]:
        """The owner's domains where customers have their address, with their rows; and those of nobody."""
        counts = self._model.census.count(
            [self._model.domain_position], [(domain,) for domain in self._domains]
        )
        real = dict(zip(self._domains, counts.tolist(), strict=True))
        return {domain: rows for domain, rows in real.items() if rows}, [d for d in real if not real[d]]

    def _companies(
        self, donors: Sequence[Row], shared: Mapping[str, int], empty: Sequence[str]
    ) -> Iterator[tuple[list[Row], str]]:
        """Colleagues, as many in all as donors, and the empty domain of each group of them."""
        if not donors:
            return
        free = list(empty)
        fitting = self._fitting(len(donors), shared, {self._ending(domain) for domain in empty})
        others = [row for members in fitting.values() for row in members]
        kept = [
            donor if not others or self._domain(donor) in fitting else self._draws.choice(others)
            for donor in donors
        ]
        for leader, members in groups(self._sizes(kept), len(free), self._draws):
            ending = self._ending(self._domain(kept[leader]))
            domain = self._draws.choice([one for one in free if self._ending(one) == ending] or free)
            free.remove(domain)
            yield [kept[leader], *self._colleagues(kept[leader], members - 1)], domain

    def _fitting(self, most: int, shared: Mapping[str, int], endings: set[str]) -> dict[str, list[Row]]:
        """Real domains that an empty one can stand for, with their rows: not too large, of one of its
        endings; of any where none has these."""
        rows = [members[0] for members in self._by_domain.values()]
        small = {
            self._domain(row): self._by_domain[self._domain(row)]
            for row, size in zip(rows, self._sizes(rows), strict=True)
            if self._domain(row) and size <= most and nearest(shared, size, at_any_distance=False) is None
        }
        return {domain: found for domain, found in small.items() if self._ending(domain) in endings} or small

    def _sizes(self, rows: Sequence[Row]) -> list[int]:
        """How many rows are at each row's domain."""
        at = [self._model.domain_position]
        return self._model.census.count(at, [(self._domain(row),) for row in rows]).tolist() if rows else []

    def _domain(self, row: Row) -> str:
        return domain_of(row[self._email]) if self._email is not None else ""

    def _colleagues(self, leader: Row, count: int) -> list[Row]:
        """Rows at the leader's domain, each once; then rows that agree in all that belongs to a domain."""
        same = [row for row in self._by_domain[self._domain(leader)] if row is not leader]
        alike = self._by_traits.get(self._traits(leader), [])
        found = [same.pop(self._draws.below(len(same))) for _ in range(min(count, len(same)))]
        return found + [self._draws.choice(alike or [leader]) for _ in range(count - len(found))]

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
        return (self._ending(self._domain(row)), *(row[at] for at in self.told))

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

    def _ending(self, domain: str) -> str:
        """The last part of a domain, "" where it has nothing to do with any category."""
        return domain.rpartition(".")[2] if self._endings_tell else ""

    @cached_property
    def _endings_tell(self) -> bool:
        rows = [members[0] for domain, members in self._by_domain.items() if domain]
        endings = [self._domain(row).rpartition(".")[2] for row in rows]
        return any(
            lift(list(zip((row[at] for row in rows), endings, strict=True))) > 1
            for at in self._model.categories
        )
