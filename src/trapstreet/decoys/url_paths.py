"""What follows the host in a new web address: as in the table's own, with other names, numbers and tokens."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from trapstreet.core.fields.fold import folded
from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row, cell_text
from trapstreet.decoys.local_parts import LocalParts, taken_apart
from trapstreet.decoys.model import domain_of, owner_of
from trapstreet.decoys.names import slugs
from trapstreet.decoys.splicing import Splices
from trapstreet.decoys.texts import scrambled
from trapstreet.decoys.urls import Url

_COMMON = 3  # addresses that a word must stand in, at its place, to be nobody's
_WORD = 3  # letters from which a word may be somebody's
_SHORTEST = 4  # characters of a number or local part that is looked for in addresses
_PREFIX = 0.01  # share of a place's random words that one must have to be no random one
_OPAQUE = 0.3  # share of a place's words that are random from which all of them are
_LEARNT = 4000  # addresses
_FEWEST = 20  # tokens of a length that tell how others of it are made
_GUESSED = 4  # random characters beside a name with which it is nobody's
_ANY = -1  # stands for any position of a word in its place
_PARTS = re.compile(r"([/?#&=;])")
_NUMBERED = re.compile(r"([^\W\d_]{3,})(\d+)")
_RUNS = re.compile(r"[^\W_]+|[\W_]+")


@dataclass(frozen=True)
class Owner:
    """Who an address belongs to: the donor, whose names and numbers it may show, and the decoy with its own.

    known, numbers  what the donor is called and numbered by, in small letters, and the decoy instead
    handle          what the decoy may be called in an address, "" where it has no name
    """

    given: tuple[str, str] = field(repr=False)
    family: tuple[str, str] = field(repr=False)
    known: Mapping[str, str] = field(repr=False)
    numbers: Mapping[str, str] = field(repr=False)
    handle: str = field(repr=False)

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The donor's names as addresses have them; short ones are found in anything."""
        found = {slug for name in (self.given[0], self.family[0]) for slug in slugs(name)}
        return tuple(slug for slug in found if len(slug) >= _WORD)


def owner(columns: Sequence[Column], donor: Row, decoy: Row) -> Owner:
    """Of two rows of the table that persons are in."""
    (local, *old), (new_local, *new) = owner_of(columns, donor), owner_of(columns, decoy)
    known, numbers = {local.lower(): new_local.lower()}, {}
    for column, theirs, mine in zip(columns, donor, decoy, strict=True):
        if column.kind is Kind.EMAIL:
            known[_label(domain_of(theirs))] = _label(domain_of(mine))
        elif column.kind is Kind.REFERENCE:
            numbers[(cell_text(theirs) or "").strip().lower()] = (cell_text(mine) or "").strip()
    slug = "-".join(filter(None, (slugs(name)[0] for name in new)))
    return Owner((old[0], new[0]), (old[1], new[1]), _long(known), _long(numbers), new_local.lower() or slug)


def _label(domain: str) -> str:
    """What a firm may be called elsewhere: its domain without the ending."""
    return domain.partition(".")[0]


def _long(pairs: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in pairs.items() if len(old) >= _SHORTEST and new}


class Made(NamedTuple):
    """What follows the host. drawn: something in it is new; person: somebody may be found by it."""

    rest: str
    drawn: bool
    person: bool


class FreshPaths:
    """Draws what follows the host. Words that three addresses have at a place stay; the rest is new."""

    def __init__(self, known: Sequence[Url], draws: KeyedDraws) -> None:
        """known: addresses of one column, of which some 4,000 are looked at."""
        self._draws = draws
        self._words: dict[str, Counter[str]] = defaultdict(Counter)
        self._tokens: dict[tuple[str, int, int], list[str]] = defaultdict(list)
        for url in {url.form: url for url in known[:: max(1, len(known) // _LEARNT)]}.values():
            for place, text, itself in _parts(url.rest):
                for at, word in enumerate([] if itself else _RUNS.findall(text)):
                    self._words[place][word.lower()] += 1
                    self._tokens[place, at, len(word)].append(word)
                    if _random(word):
                        self._tokens[place, _ANY, len(word)].append(word)
                    if numbered := _NUMBERED.fullmatch(word):
                        self._words[place][numbered[1].lower()] += 1

    def like(self, url: Url, who: Owner) -> Made:
        """What follows the host of an address for `who` that is like another one."""
        made, named, guessed = "", False, 0
        for place, text, itself in _parts(url.rest):
            if itself:
                made += text
            elif new := who.known.get(text.lower()) or who.numbers.get(text.lower()):
                made += _in_case(new, text)
                named = named or text.lower() in who.known
            else:
                words = _RUNS.findall(text)
                names = self._renamed(words, who)
                fresh = [names.get(at) or self._word(place, at, word, who) for at, word in enumerate(words)]
                made += "".join(fresh)
                named = named or bool(names)
                guessed += sum(
                    a != b
                    for at, word in enumerate(words)
                    if at not in names
                    for a, b in zip(word, fresh[at], strict=False)
                )
        return Made(made, made != url.rest, named and guessed < _GUESSED)

    def token(self) -> str:
        """A random part for where the table's own addresses leave no room."""
        return "".join(self._draws.choice("0123456789abcdef") for _ in range(10))

    def _renamed(self, words: Sequence[str], who: Owner) -> dict[int, str]:
        """By position the words that show the donor's name, with the decoy's instead."""
        letters = folded("".join(words))
        if not any(slug in letters for slug in who.shown):
            return {}
        given, family = (
            name if len(slugs(name)[0]) >= _WORD else "" for name in (who.given[0], who.family[0])
        )
        for spelt_out in (False, True):
            parts = [taken_apart(folded(word), given, family, spelt_out=spelt_out) for word in words]
            if any(map(_shows_name, parts)):
                return {
                    at: self._written(word, part, who, spelt_out)
                    for at, (word, part) in enumerate(zip(words, parts, strict=True))
                    if _shows_name(part) or (part.of_name and word.isalpha() and not _glued(part))
                }
        return {}

    def _written(self, word: str, parts: LocalParts, who: Owner, spelt_out: bool) -> str:
        names = [slugs(name)[spelt_out] for name in (who.given[1], who.family[1])]
        if word not in (word.lower(), word.upper()):
            names = [name.capitalize() for name in names]
        return _in_case(parts.written(*names, word=str, digits=self._digits), word)

    def _word(self, place: str, at: int, word: str, who: Owner) -> str:
        lower = word.lower()
        if lower in who.numbers:
            return _in_case(who.numbers[lower], word)
        opaque = place in self._opaque
        if not word[0].isalnum() or self._common(place, lower, opaque=opaque):
            return word
        if opaque or _random(word):
            return self._token(place, at if opaque else _ANY, word)
        if numbered := _NUMBERED.fullmatch(word):
            return self._word(place, at, numbered[1], who) + self._digits(numbered[2])
        if word.isdecimal():
            return self._number(place, word)
        if len(word) < _WORD:
            return word
        spliced = self._splices[place].draw(self._draws) if place in self._splices else None
        return _in_case(spliced or slugs(who.family[1])[0] or scrambled(word, self._draws), word)

    def _common(self, place: str, lower: str, *, opaque: bool) -> bool:
        return self._words[place][lower] >= max(_COMMON, _PREFIX * self._sizes[place] if opaque else 0)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """By place, how many words addresses have there."""
        return defaultdict(int, {place: words.total() for place, words in self._words.items()})

    def _token(self, place: str, at: int, word: str) -> str:
        """Another token: each of its characters is that of one of the same length, where it stands there."""
        others = self._tokens[place, at, len(word)]
        if len(others) < _FEWEST:
            return scrambled(word, self._draws)
        return "".join(self._draws.choice(others)[n] for n in range(len(word)))

    def _number(self, place: str, word: str) -> str:
        """A number between two that addresses have at the place, as long as the word."""
        numbers = self._numbers.get((place, len(word)), [])
        if len(numbers) > 1:
            at = self._draws.below(len(numbers) - 1)
            low, high = numbers[at], numbers[at + 1]
            if high - low > 1:
                return f"{low + 1 + self._draws.below(high - low - 1):0{len(word)}d}"
        return self._digits(word)

    def _digits(self, text: str) -> str:
        low = 10 ** (len(text) - 1)
        return str(low + self._draws.below(9 * low))

    @cached_property
    def _own(self) -> dict[str, list[str]]:
        """By place, the words that are not common."""
        return {
            place: [word for word, n in words.items() if n < _COMMON and word[0].isalnum()]
            for place, words in self._words.items()
        }

    @cached_property
    def _opaque(self) -> frozenset[str]:
        """The places of random tokens."""
        return frozenset(
            place for place, words in self._own.items() if sum(map(_random, words)) > _OPAQUE * len(words)
        )

    @cached_property
    def _numbers(self) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        for place, words in self._own.items():
            for word in filter(str.isdecimal, words):
                found.setdefault((place, len(word)), []).append(int(word))
        return {key: sorted(numbers) for key, numbers in found.items()}

    @cached_property
    def _splices(self) -> dict[str, Splices]:
        plain = {place: sorted(filter(str.isalpha, words)) for place, words in self._own.items()}
        return {place: Splices(words, frozenset(words)) for place, words in plain.items() if words}


def _parts(rest: str) -> Iterator[tuple[str, str, bool]]:
    """Place, text, and whether it stands for itself, as delimiters and names of parameters do.

    A place is how far in a text stands, or the parameter that it is the value of.
    """
    pieces = _PARTS.split(rest)
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else ""
        is_name = at + 1 < len(pieces) and pieces[at + 1] == "="
        place = f"{pieces[at - 2]}=" if before == "=" else f"{before}{at // 2}"
        yield place, piece, at % 2 == 1 or is_name or not piece


def _random(word: str) -> bool:
    """Whether digits and letters change places in a word as in no name with a number behind it."""
    return any(map(str.isdecimal, word)) and not word.isdecimal() and not _NUMBERED.fullmatch(word)


def _in_case(new: str, old: str) -> str:
    """The new text in the letter case of the old one; as it is where that has both."""
    return new.lower() if old == old.lower() else new.upper() if old == old.upper() else new


def _shows_name(parts: LocalParts) -> bool:
    return bool({"given", "family"} & set(parts.of_name)) and not _glued(parts)


def _glued(parts: LocalParts) -> bool:
    """Whether a name is only the beginning or the end of a word, as Ann is of annual."""
    kinds = [part for part, _ in parts.pieces]
    return any("word" in pair and not {"sign", "digits"} & set(pair) for pair in pairwise(kinds))
