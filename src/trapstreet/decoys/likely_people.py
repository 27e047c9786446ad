"""Persons who are drawn to be overlooked: names, addresses and domains as frequent as the table's own."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import log

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.decoys.emails import LocalPattern
from trapstreet.decoys.filling import Filling, Ownership
from trapstreet.decoys.identity import Identity, identity
from trapstreet.decoys.local_parts import LocalParts, in_letters, taken_apart
from trapstreet.decoys.model import TableModel, owner_of
from trapstreet.decoys.name_law import NameDraws
from trapstreet.decoys.names import case_of, parse_name
from trapstreet.decoys.people import repeated, shown_by
from trapstreet.decoys.relations import Alike, name_part, names_shown
from trapstreet.decoys.sampling import share_at_most

_TRIED = 60
_COMPARED = 8  # new names of which the one is taken that is about as frequent as one in use
_PARTS = (("given", 1), ("family", 2))


@dataclass(frozen=True, slots=True)
class Name:
    """Given and family name; `own` where no other decoy has the same for the sake of their frequency."""

    given: str
    family: str
    own: bool = True


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
        self._waiting: Name | None = None
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
        local, given, family = owner_of(self._model.columns, donor)
        pieces = taken_apart(local, given, family, spelt_out=self._model.email.spelt_out)
        parts = _shown(pieces) if domain else ()
        for attempt in range(_TRIED):
            name = self._name(donor)
            cells = self._named(name, donor)
            if self._email is not None:
                cells[self._email] = donor[self._email]
            if self._email is not None and domain:
                cells[self._email] = self._address(
                    pieces, name, domain, donor[self._email], late=attempt > 20
                )
            self._tries[parts] += 1
            if self._free(cells):
                self._settle(name, given=True)
                for at in (self._email, self._given, self._family):
                    if at is not None:
                        cells |= repeated(self._model, at, cells[at], donor)
                return cells, name, parts
            self._settle(name, given=False)
            self._refused[parts] += 1
            self._waiting = self._waiting or (name if not name.own else None)
        raise UnusableInput(
            "the table has too few different names for so many decoys", hint="ask for fewer with --decoys"
        )

    def _settle(self, name: Name, *, given: bool) -> None:
        """Tell the laws which of their names a decoy has now, or which did not do."""
        for what, words in (("given", [name.given]), ("family", [name.family]), ("word", self._words)):
            for word in words if what in self._laws else ():
                (self._laws[what].given if given else self._laws[what].refused)(word)

    def _name(self, donor: Row) -> Name:
        """A name that nobody has or several have; where one has it, a new one that two decoys share."""
        name = self._drawn(donor)
        if self._bearers(name, donor) != 1:
            return name
        if self._waiting is not None and not self._bearers(self._waiting, donor):
            shared, self._waiting = self._waiting, None
            return shared
        part = self._draws.below(2)  # one part stays: how frequent it is has to do with there being one
        new: list[Name] = []
        for attempt in range(_TRIED):
            other = self._drawn(donor)
            if attempt < _TRIED // 3:
                pair = (name.given, other.family) if part else (other.given, name.family)
                other = Name(*pair, own=name.own and other.own)
            if self._bearers(other, donor) == 0:
                new.append(other)
            if len(new) == _COMPARED or (new and attempt >= _TRIED // 3):
                break
        if new:
            other = min(new, key=lambda one: self._unlike(one, name))
            self._waiting = Name(other.given, other.family, own=False)
        return other

    def _unlike(self, one: Name, other: Name) -> float:
        """How different two names are in how many rows have their parts."""
        return sum(
            abs(log(law.counts.get(first.lower(), 0.5) / law.counts.get(second.lower(), 0.5)))
            for what, first, second in (
                ("given", one.given, other.given),
                ("family", one.family, other.family),
            )
            if (law := self._model.laws.get(what))
        )

    def _drawn(self, donor: Row) -> Name:
        """Given and family name as those of two rows like the donor's."""
        words, own = [], True
        for what, alike in self._alike:
            word = self._word_of(donor, alike)
            if word and what in self._laws:
                word, alone = self._laws[what].like(
                    word, partial(self._word_of, donor, alike), among=alike.group(donor)
                )
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
        if "word" not in self._laws:
            return text
        self._words.append(self._laws["word"].like(text, lambda: text)[0])
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
