"""Persons who are drawn to be overlooked: names, addresses and domains as frequent as the table's own."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.emails import LocalPattern
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.identity import Identity, identity
from trapstreet.decoys.local_parts import LocalParts, in_letters, taken_apart
from trapstreet.decoys.model import TableModel, domain_of, owner_of
from trapstreet.decoys.name_law import NameDraws
from trapstreet.decoys.name_ranks import NameRanks
from trapstreet.decoys.names import case_of, parse_name
from trapstreet.decoys.people import repeated, shown_by
from trapstreet.decoys.relations import Alike, name_part, names_shown
from trapstreet.decoys.sampling import share_at_most

_TRIED = 80
_LIKES, _WAYS = 12, 7  # for an address: names as frequent that are tried, then ways to make one of a name …
_TURNS = 1 + _LIKES + _WAYS  # … before another name is drawn
_PARTS = (("given", 1), ("family", 2))


@dataclass(frozen=True, slots=True)
class Name:
    """Given and family name; `own` where no other decoy has the same for the sake of their frequency."""

    given: str
    family: str
    own: bool = True


_ANYBODY = Name("Xaver", "Quist")


class LikelyPeople:
    """Draws the persons of planted decoys, each in the manner of its donor's row, at the given domain."""

    def __init__(
        self, model: TableModel, domains: Sequence[str], *, owners: Ownership, draws: KeyedDraws
    ) -> None:
        self._model = model
        self._domains = domains
        self._owners = owners
        self._draws = draws
        self._email = model.first(Kind.EMAIL)
        self._given, self._family = model.first(Kind.GIVEN_NAME), model.first(Kind.FAMILY_NAME)
        self._names = model.positions(Kind.NAME)
        self._laws = {what: NameDraws(law, draws) for what, law in model.laws.items()}
        self._tails = _tails(model)
        self._joints = _joints(model)
        form = names_shown(model)
        self._alike = [(what, Alike(model, name_part(model, part), form=form)) for what, part in _PARTS]
        self._ranks: dict[tuple[str, Hashable], NameRanks] = {}
        self._word_ranks = NameRanks(law.counts, law) if (law := model.laws.get("word")) else None
        self._waiting: dict[Hashable, Name] = {}
        self._words: list[str] = []  # of the address drawn last
        self._used: set[str] = set()
        self._tries: Counter[tuple[str, ...]] = Counter()
        self._refused: Counter[tuple[str, ...]] = Counter()
        self.notes: list[str] = []

    @property
    def wanted(self) -> bool:
        """Whether the table has a column for a name or an address."""
        return bool(self._names) or any(at is not None for at in (self._email, self._given, self._family))

    def fillings(self, donors: Sequence[Row]) -> list[Filling]:
        """One filling for each donor. Raises UnusableInput where the table has too few names."""
        people = [self._person(donor, domain) for donor, domain in zip(donors, self._domains, strict=True)]
        kinds = {(parts, name.own) for _, name, parts in people}
        found = {kind: self._identity(*kind) for kind in kinds}
        return [
            Filling(cells, worth.draws, shown_by(self._model, worth))
            for cells, name, parts in people
            for worth in (found[parts, name.own],)
        ]

    def _person(self, donor: Row, domain: str) -> tuple[dict[int, Cell], Name, tuple[str, ...]]:
        """Cells, name, and the parts of the name that the address shows."""
        group = self._group(donor)
        for attempt in range(_TRIED):
            turn = attempt % _TURNS
            if turn == 0:
                first = self._name(donor, group)
            name = self._like(first, donor, reach=turn) if turn <= _LIKES else first
            other_way = turn > _LIKES and domain and self._names_apart
            pieces = self._pieces(self._another(donor, domain) if other_way else donor)
            parts = _shown(pieces) if domain else ()
            cells = self._named(name, donor)
            if self._email is not None:
                cells[self._email] = donor[self._email]
            if self._email is not None and domain:
                cells[self._email] = self._address(
                    pieces, name, domain, donor[self._email], late=attempt > _TRIED // 2
                )
            self._tries[parts] += 1
            if self._free(cells):
                self._settle(name, given=True)
                for at in (self._email, self._given, self._family):
                    if at is not None:
                        cells |= repeated(self._model, at, cells[at], donor)
                return cells, name, parts
            self._refused[parts] += 1
            self._settle(first if turn == _TURNS - 1 else None, given=False)
            if turn == _TURNS - 1 and not first.own:
                self._waiting.setdefault(group, first)
        raise UnusableInput(
            "the table has too few different names for so many decoys", hint="ask for fewer with --decoys"
        )

    def _group(self, donor: Row) -> Hashable:
        """What decoys must have in common to share a name: what tells of it, and how it is written."""
        written = self._named(_ANYBODY, donor)
        return *(alike.group(donor) for _, alike in self._alike), *sorted(written.items())

    def _like(self, name: Name, donor: Row, *, reach: int) -> Name:
        """The name, or for another attempt one whose parts are about as frequent; one that two decoys share
        stays. To draw any other name where an address is taken would leave the common ones to customers."""
        if not reach or not name.own:
            return name
        tried = (self._exchanged(name, donor, reach=reach) for _ in range(_LIKES))
        return next((one for one in tried if one != name and self._bearers(one, donor) != 1), name)

    @cached_property
    def _names_apart(self) -> bool:
        """Whether names have columns of their own, so that an address may show them in any way."""
        return bool(self._names) or self._given is not None or self._family is not None

    def _pieces(self, row: Row) -> LocalParts:
        return taken_apart(*owner_of(self._model.columns, row), spelt_out=self._model.email.spelt_out)

    def _another(self, donor: Row, domain: str) -> Row:
        """A row whose address was made as one at the decoy's domain may be: of a customer there, or of one
        at the donor's."""
        at = self._email
        assert at is not None  # noqa: S101 - there is a domain
        return self._draws.choice(
            self._by_domain.get(domain) or self._by_domain.get(domain_of(donor[at])) or [donor]
        )

    @cached_property
    def _by_domain(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._model.sample if self._email is not None else ():
            found[domain_of(row[self._email])].append(row)  # type: ignore[index]
        return dict(found)

    def _settle(self, name: Name | None, *, given: bool) -> None:
        """Tell the laws which of their names a decoy has now, or which did not do; None for one that is kept
        for another address."""
        names = [] if name is None else [("given", [name.given]), ("family", [name.family])]
        for what, words in (*names, ("word", self._words)):
            for word in words if what in self._laws else ():
                (self._laws[what].given if given else self._laws[what].refused)(word)

    def _name(self, donor: Row, group: Hashable) -> Name:
        """A name that nobody has or several have; where one has it, a new one that two decoys share.

        group: what decoys must have in common to share a name
        """
        name = self._drawn(donor)
        if self._bearers(name, donor) != 1:
            return name
        if group in self._waiting and not self._bearers(self._waiting[group], donor):
            return self._waiting.pop(group)
        for attempt in range(_TRIED):
            other = self._exchanged(name, donor, reach=1 + attempt // 2)
            if self._bearers(other, donor) == 0:
                self._waiting[group] = Name(other.given, other.family, own=False)
                return other
        drawn = (self._drawn(donor) for _ in range(_TRIED))
        return next((other for other in drawn if self._bearers(other, donor) != 1), name)

    def _exchanged(self, name: Name, donor: Row, *, reach: int) -> Name:
        """The name with one part of it exchanged for another that about as many rows have."""
        part = self._draws.below(2)
        what, alike = self._alike[part]
        word = (name.given, name.family)[part]
        count = self._model.laws[what].counts.get(word.lower(), 0) if what in self._model.laws else 0
        other = self._ranked(what, alike, donor).near(count, reach, self._draws) if count else None
        if not other:
            return name
        return replace(name, given=other) if part == 0 else replace(name, family=other)

    def _ranked(self, what: str, alike: Alike[str], donor: Row) -> NameRanks:
        """The names of rows like the donor's by their frequency."""
        key = what, alike.group(donor)
        if key not in self._ranks:
            self._ranks[key] = NameRanks(alike.values(donor), self._model.laws[what])
        return self._ranks[key]

    def _drawn(self, donor: Row) -> Name:
        """Given and family name as those of two rows like the donor's."""
        words, own = [], True
        for what, alike in self._alike:
            word = self._word_of(donor, alike)
            if word and what in self._laws:
                ranked = self._ranked(what, alike, donor)
                word, alone = self._laws[what].like(word, ranked.had_by, among=alike.group(donor))
                own = own and alone
            words.append(word)
        given, family = words
        return Name(given, family, own=own)

    def _word_of(self, donor: Row, alike: Alike[str]) -> str:
        found = alike.draw(donor, self._draws)
        return found[1] if found else ""

    def _bearers(self, name: Name, donor: Row) -> int:
        """How many rows have the name; 1, too, where one alone writes a part of it so."""
        cells = self._named(name, donor)
        at, census = sorted(cells), self._model.census
        if any(census.alone(n, cells[n]) for n in at):
            return 1
        return census.rows_with(at, tuple(cells[n] for n in at)) if at else 0

    def _named(self, name: Name, donor: Row) -> dict[int, Cell]:
        """The cells of names, written as the donor's."""
        cells: dict[int, Cell] = {
            at: _renamed(str(donor[at]), name, self._model) if donor[at] else donor[at] for at in self._names
        }
        for at, word in ((self._given, name.given), (self._family, name.family)):
            if at is not None:
                cells[at] = _in_place(str(donor[at]), word) if donor[at] else donor[at]
        return cells

    def _address(self, pieces: LocalParts, name: Name, domain: str, like: Cell, *, late: bool) -> str:
        self._words = []
        spelt = self._model.email.spelt_out
        joint = pieces.joint if pieces.joint is not None else self._draws.choice(self._joints)
        local = pieces.written(
            in_letters(name.given, spelt_out=spelt, joint=joint),
            in_letters(name.family, spelt_out=spelt, joint=joint),
            word=self._word,
            digits=self._digits,
        )
        if late:  # all names are taken: people add a number then
            local += str(1 + self._draws.below(99))
        written = f"{local}@{domain}"
        text = str(like)
        written = written.upper() if text.isupper() else written
        return text.replace(text.strip(), written)

    def _word(self, text: str) -> str:
        if self._word_ranks is None:
            return text
        self._words.append(self._laws["word"].like(text, self._word_ranks.had_by)[0])
        return self._words[-1].lower()

    def _digits(self, text: str) -> str:
        known = self._tails.get(len(text), ())
        if len(known) >= 10:
            return self._draws.choice(known)
        return "".join(str(self._draws.below(10)) for _ in text)

    def _free(self, cells: dict[int, Cell]) -> bool:
        address = str((cells[self._email] if self._email is not None else "") or "").strip().lower()
        if not address:
            return (
                not any(at in self._model.key for at in cells)
                or self._owners.free(
                    sorted(cells), [tuple(cells[at] for at in sorted(cells))], (Kind.EMAIL,)
                )[0]
            )
        at = sorted(cells)
        if (
            address in self._used
            or not self._owners.free(at, [tuple(cells[n] for n in at)], (Kind.EMAIL,))[0]
        ):
            return False
        self._used.add(address)
        return True

    def _identity(self, parts: tuple[str, ...], own: bool) -> Identity:
        """What a person is worth: nothing where another decoy has the same name."""
        laws = self._model.laws
        tries, refused = self._tries[parts], self._refused[parts]
        return identity(
            LocalPattern(parts),
            laws.get("given") if own else None,
            laws.get("family") if own else None,
            bits=64.0,
            taken=share_at_most(min(tries, 2 * refused), tries),
            others=0,
        )


def _shown(pieces: LocalParts) -> tuple[str, ...]:
    """The parts of a name that an address shows beyond doubt."""
    return tuple(dict.fromkeys(pieces.of_name)) if pieces.separated else ()


def _joints(model: TableModel) -> list[str]:
    """What stands between the words of names in the addresses of the sample; "" where no name has several."""
    owners = [owner_of(model.columns, row) for row in model.sample]
    parts = [taken_apart(*owner, spelt_out=model.email.spelt_out) for owner in owners]
    return [each.joint for each in parts if each.joint is not None] or [""]


def _tails(model: TableModel) -> dict[int, list[str]]:
    """Runs of digits in local parts of the sample, by length."""
    at, tails = model.first(Kind.EMAIL), dict[int, list[str]]()
    for row in model.sample if at is not None else ():
        for digits in re.findall(r"\d+", str(row[at] or "").partition("@")[0]):  # type: ignore[index]
            tails.setdefault(len(digits), []).append(digits)
    return tails


def _in_place(text: str, name: str) -> str:
    """A name in the letter case, and with the spaces around it, of another cell."""
    return text.replace(text.strip(), case_of(text).write(name))


def _renamed(text: str, name: Name, model: TableModel) -> str:
    """The full name in place of another one, whose title, second name and habits stay."""
    parsed = parse_name(text)
    if parsed is None or not (name.given and name.family):
        return model.name_style.write(name.given, name.family) if name.given and name.family else text
    given, family, style = parsed
    new_given, new_family = style.given_case.write(name.given), style.family_case.write(name.family)
    pairs = (
        [(family, new_family), (given, new_given)]
        if style.family_first
        else [(given, new_given), (family, new_family)]
    )
    first = text.find(pairs[0][0])
    second = (
        text.find(pairs[1][0], first + len(pairs[0][0])) if style.family_first else text.rfind(pairs[1][0])
    )
    if first < 0 or second < first + len(pairs[0][0]):
        return style.write(name.given, name.family)
    between = text[first + len(pairs[0][0]) : second]
    return text[:first] + pairs[0][1] + between + pairs[1][1] + text[second + len(pairs[1][0]) :]
