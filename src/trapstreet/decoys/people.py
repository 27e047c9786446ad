"""The persons of decoys: names of the table, and addresses made of them in the table's own way."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.emails import EmailStyle, LocalPattern
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.identity import Identity, identity
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.names import case_of, parse_name, slugs
from trapstreet.decoys.sampling import draw_free

RESERVED_DOMAINS = ("example.com", "example.net", "example.org")
"""Nobody can own them (RFC 2606, section 3)."""

_NEVER_SAME = 64.0  # bits of what need not differ between the persons of a copy
_MOSTLY = 0.75  # share of new names that may be customers' names before that is accepted


@dataclass(frozen=True, slots=True)
class Person:
    """A decoy's names and address; "" for what the table cannot give."""

    given: str
    family: str
    email: str
    clear: bool


class People:
    """Draws persons for one copy."""

    def __init__(
        self, model: TableModel, domains: Sequence[str], *, owners: Ownership, draws: KeyedDraws, count: int
    ) -> None:
        self._model = model
        self._domains = domains
        self._owners = owners
        self._draws = draws
        self._email = model.first(Kind.EMAIL)
        self._names = model.positions(Kind.NAME)
        self._given, self._family = model.first(Kind.GIVEN_NAME), model.first(Kind.FAMILY_NAME)
        self._style: EmailStyle = (
            model.email.enriched(model.given, model.family, count=count)
            if self._email is not None
            else model.email
        )
        self._borrows_names = False
        self._used: set[Hashable] = set()

    @property
    def wanted(self) -> bool:
        """Whether the table has a column for a name or an address."""
        return bool(self._positions())

    @property
    def notes(self) -> list[str]:
        notes = []
        if self._style.added_digits and self._email is not None:
            notes.append(
                "addresses of decoys end in digits, which the table's do not: it has too few different names"
            )
        if self._borrows_names:
            notes.append("some decoys have the name of a customer: the table has too few different names")
        return notes

    def fillings(self, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor. Raises UnusableInput where the table has too few names."""
        model = self._model
        styles = [self._style.draw(self._draws) for _ in donors]
        filled: dict[int, Filling] = {}
        for at, pattern in enumerate(self._style.patterns):
            members = [index for index, style in enumerate(styles) if style == at]
            if members:
                people, found = self._persons(pattern, len(members))
                shows = shown_by(model, found)
                for index, person in zip(members, people, strict=True):
                    filled[index] = Filling(self._cells(person, donors[index]), found.draws, shows)
        return [filled[index] for index in range(len(donors))]

    def _persons(self, pattern: LocalPattern, count: int) -> tuple[list[Person], Identity]:
        """Persons under one pattern, none of them like another one of this copy."""
        new = partial(self._new, pattern)
        trial = [new() for _ in range(256)]
        unknown, possible = sum(self._free(trial, named=True)), sum(self._free(trial, named=False))
        borrows = not self._named_key() and unknown < (1 - _MOSTLY) * possible
        self._borrows_names |= borrows
        kept = draw_free(new, count, free=partial(self._free, named=not borrows), own=self._own)
        if len(kept.values) < count:
            raise UnusableInput(
                f"the table has too few different names for {count} decoys of their own",
                hint="ask for fewer with --decoys",
            )
        self._used.update(map(self._own, kept.values))
        model = self._model
        return kept.values, identity(
            pattern,
            model.given,
            model.family,
            bits=self._own_bits(pattern),
            taken=kept.taken,
            others=len(self._used),
        )

    def _own(self, person: Person) -> Hashable:
        """What no two persons of a copy have in common."""
        if self._email is not None:
            return person.email.lower()
        return (slugs(person.given), slugs(person.family)) if self._named_key() else object()

    def _own_bits(self, pattern: LocalPattern) -> float:
        if self._email is not None:
            return pattern.bits(self._model.given, self._model.family)
        pools = (self._model.given, self._model.family)
        return sum(pool.bits for pool in pools if pool) if self._named_key() else _NEVER_SAME

    def _named_key(self) -> bool:
        return any(self._model.columns[at].kind is Kind.NAME for at in self._model.key)

    def _new(self, pattern: LocalPattern) -> Person:
        model, draws = self._model, self._draws
        given = model.given.draw(draws) if model.given else ""
        family = model.family.draw(draws) if model.family else ""
        if self._email is None:
            return Person(given, family, "", True)
        spelt = int(self._style.spelt_out)
        core = pattern.core(slugs(given)[spelt], slugs(family)[spelt])
        given_slugs = model.given.slugs[spelt] if model.given else frozenset()
        family_slugs = model.family.slugs[spelt] if model.family else frozenset()
        local = core + pattern.digits.draw(draws)
        clear = bool(local) and not pattern.ambiguous(core, given_slugs, family_slugs)
        return Person(given, family, f"{local}@{draws.choice(self._domains)}", clear)

    def _free(self, people: Sequence[Person], *, named: bool) -> list[bool]:
        positions = self._positions()
        rows = [tuple(self._plain(person).get(at) for at in positions) for person in people]
        free = self._owners.free(positions, rows, (Kind.EMAIL, Kind.NAME) if named else (Kind.EMAIL,))
        return [
            one and person.clear and self._own(person) not in self._used
            for one, person in zip(free, people, strict=True)
        ]

    def _positions(self) -> list[int]:
        singles = (self._email, self._given, self._family)
        return sorted({at for at in singles if at is not None} | set(self._names))

    def _plain(self, person: Person) -> dict[int, Cell]:
        """The person's cells in the commonest style of the table."""
        written = self._model.name_style.write(person.given, person.family)
        singles = ((self._email, person.email), (self._given, person.given), (self._family, person.family))
        cells: dict[int, Cell] = dict.fromkeys(self._names, written if person.given and person.family else "")
        cells |= {at: value for at, value in singles if at is not None}
        return {at: cell or self._model.blanks[at] for at, cell in cells.items()}

    def _cells(self, person: Person, donor: Row) -> dict[int, Cell]:
        """The person's cells in the style of the donor's, and those of columns that repeat them."""
        cells = self._plain(person)
        for at in self._names:
            donated = parse_name(str(donor[at])) if donor[at] else None
            if donated and person.given and person.family:
                cells[at] = donated[2].write(person.given, person.family)
        for single, name in ((self._given, person.given), (self._family, person.family)):
            if single is not None and donor[single] and name:
                cells[single] = case_of(str(donor[single])).write(name)
        for single in (self._email, self._given, self._family):
            if single is not None:
                cells |= repeated(self._model, single, cells[single], donor)
        return cells


def repeated(model: TableModel, first: int, cell: Cell, donor: Row) -> dict[int, Cell]:
    """Further columns of a kind: the same again where the donor has it twice; no second address."""
    kind = model.columns[first].kind
    others = [at for at in model.positions(kind) if at != first]
    same = {at: cell for at in others if donor[at] and donor[at] == donor[first]}
    blank = {at: model.blanks[at] for at in others} if kind is Kind.EMAIL else {}
    return blank | same


def shown_by(model: TableModel, found: Identity) -> dict[int, tuple[int, ...]]:
    """Which draws each column of a person shows."""
    shows = dict.fromkeys(model.positions(Kind.NAME), found.name)
    singles = ((model.first(Kind.EMAIL), found.email), (model.first(Kind.FAMILY_NAME), found.family))
    return shows | {at: shown for at, shown in singles if at is not None}
