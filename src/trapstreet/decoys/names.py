"""Person names: how a table writes them, which ones it has, and new ones drawn from those."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from math import isqrt, log2

from trapstreet.core.fields.fold import folded_variants
from trapstreet.core.maths.draws import KeyedDraws

_FEWEST = 32  # names that a pool should have before names seen once are used
_MANY = 512  # names from which on frequent ones are drawn more often than rare ones
_MOST = 20_000
_COUNTED = 200_000  # distinct names counted at most

# fmt: off
_TITLES = frozenset((
    "dr", "prof", "mr", "mrs", "ms", "miss", "mx", "sir", "dame", "herr", "frau", "hr", "fr", "m", "mme",
    "mlle", "sr", "sra", "dott", "ing", "dipl", "rev",
))
_PARTICLES = frozenset((
    "van", "von", "vom", "zu", "zum", "zur", "de", "der", "den", "des", "di", "da", "do", "dos", "das", "del",
    "della", "dei", "du", "la", "le", "lo", "el", "al", "bin", "ibn", "ten", "ter", "ó", "o", "ní", "ni",
    "mac", "mc",
))
_FIRM = frozenset((
    "ltd", "limited", "inc", "llc", "llp", "plc", "corp", "corporation", "company", "co", "gmbh", "mbh", "ag",
    "kg", "ug", "ohg", "ev", "e.v", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "oy", "ab", "as", "aps",
    "und", "and", "et", "&", "the", "club", "verein", "stiftung", "university", "school", "hospital",
    "council", "services", "solutions", "group", "holding", "systems",
))
# fmt: on
_NO_GIVEN_NAME = _TITLES | _FIRM
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['’ -](?=[^\W\d_])){1,29}|[\u3040-\u9fff\uac00-\ud7af]")


class Case(Enum):
    """How the letters of a name are written."""

    MIXED = "Smith"
    UPPER = "SMITH"
    LOWER = "smith"

    def write(self, name: str) -> str:
        if self is Case.MIXED:
            return name
        return name.upper() if self is Case.UPPER else name.lower()


def case_of(text: str) -> Case:
    if text.isupper() and sum(map(str.isalpha, text)) > 1:
        return Case.UPPER
    return Case.LOWER if text.islower() else Case.MIXED


@dataclass(frozen=True, slots=True)
class NameStyle:
    """How a full name is written: "Anna Byrne", "BYRNE Anna", "Byrne, Anna"."""

    family_first: bool = False
    comma: bool = False
    given_case: Case = Case.MIXED
    family_case: Case = Case.MIXED

    def write(self, given: str, family: str) -> str:
        given, family = self.given_case.write(given), self.family_case.write(family)
        if self.family_first:
            return f"{family}, {given}" if self.comma else f"{family} {given}"
        return f"{given} {family}"


_PLAIN = re.compile(r"([A-Z][a-z]+) ([A-Z][a-z]+)")
_CAPITALS = re.compile(r"([A-Z]{2,}) ([A-Z]{2,})")
_USUAL = NameStyle()
_CAPITAL = NameStyle(given_case=Case.UPPER, family_case=Case.UPPER)


def parse_name(text: str) -> tuple[str, str, NameStyle] | None:
    """Given name, family name and style of a full name; None for what is no person or has one word."""
    plain = _PLAIN.fullmatch(text)
    if plain and plain[1].lower() not in _NO_GIVEN_NAME and plain[2].lower() not in _FIRM:
        return plain[1], plain[2], _USUAL
    capitals = None if plain else _CAPITALS.fullmatch(text)
    if capitals and not {capitals[1].lower(), capitals[2].lower()} & (_TITLES | _FIRM | _PARTICLES):
        return capitals[1], capitals[2], _CAPITAL
    family_text, comma, given_text = text.partition(",")
    words = (given_text if comma else text).split()
    while words and words[0].rstrip(".").casefold() in _TITLES:
        words.pop(0)
    if comma:
        family_words, family_first = family_text.split(), True
    else:
        words, family_words, family_first = _divided(words)
    if (
        not words
        or not family_words
        or any(word.strip(".,").casefold() in _FIRM for word in (*words, *family_words))
    ):
        return None
    given, family = words[0], " ".join(family_words)
    if not _NAME.fullmatch(given) or not _NAME.fullmatch(family):
        return None
    return given, family, NameStyle(family_first, bool(comma), case_of(given), case_of(family))


def _divided(words: list[str]) -> tuple[list[str], list[str], bool]:
    """Given names, family name, and whether the family name stands first."""
    if len(words) < 2:
        return [], [], False
    if case_of(words[0]) is Case.UPPER and case_of(words[-1]) is not Case.UPPER:
        at = next(i for i, word in enumerate(words) if case_of(word) is not Case.UPPER)
        return words[at:], words[:at], True
    inner = range(1, len(words) - 1)
    at = next((i for i in inner if words[i].casefold() in _PARTICLES), len(words) - 1)
    return words[:at], words[at:], False


def slugs(name: str) -> tuple[str, str]:
    """The name in the letters a to z as e-mail addresses have it: ü as u, and ü as ue."""
    variants = [re.sub("[^a-z]", "", variant) for variant in folded_variants(name)]
    return variants[0], variants[-1]


@dataclass(frozen=True)
class NamePool:
    """Names with integer weights (running sums): the roots of their frequencies, or 1 where names are few.

    bits          min-entropy of a name; of its last word or its plain spelling where that is less
    initial_bits  min-entropy of its first letter
    """

    names: tuple[str, ...] = field(repr=False)
    cumulative: tuple[int, ...] = field(repr=False)
    bits: float
    initial_bits: float
    slugs: tuple[frozenset[str], frozenset[str]] = field(repr=False)

    def draw(self, draws: KeyedDraws) -> str:
        return draws.weighted(self.names, self.cumulative)


class NameCounts:
    """Counts names without letter case, and remembers one way to write each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._written: dict[str, str] = {}

    def add(self, names: Iterable[str]) -> None:
        """Count the names; what cannot be a person's name is left out."""
        for name, count in Counter(names).items():
            folded = name.casefold()
            if folded not in self._counts and (len(self._counts) >= _COUNTED or not _NAME.fullmatch(name)):
                continue
            self._counts[folded] += count
            if case_of(self._written.get(folded, "")) is not Case.MIXED or folded not in self._written:
                self._written[folded] = name

    def pool(self, *, without: Collection[str] = ()) -> NamePool | None:
        """The names seen at least twice (all, where those are few), less those whose slug is in `without`."""
        usable = {name: n for name, n in self._counts.most_common(_MOST) if all(map(len, slugs(name)))}
        rest = {name: n for name, n in usable.items() if slugs(name)[0] not in without}
        usable = rest if len(rest) >= _FEWEST else usable
        repeated = {name: n for name, n in usable.items() if n >= 2}
        chosen = repeated if len(repeated) >= _FEWEST else usable
        return _pool({self._display(name): n for name, n in chosen.items()}) if chosen else None

    def written(self) -> dict[str, int]:
        """All names as they are written, with their counts."""
        return {self._display(name): n for name, n in self._counts.items() if all(map(len, slugs(name)))}

    def _display(self, folded: str) -> str:
        written = self._written[folded]
        return written if case_of(written) is Case.MIXED else written.title()


def _pool(counts: Mapping[str, int]) -> NamePool:
    weights = {name: isqrt(n << 16) if len(counts) >= _MANY else 1 for name, n in counts.items()}
    both = {name: slugs(name) for name in weights}
    return NamePool(
        names=tuple(weights),
        cumulative=tuple(accumulate(weights.values())),
        bits=min(
            _bits(weights, lambda name: both[name][0]),
            _bits(weights, lambda name: both[name][1]),
            _bits(weights, lambda name: slugs(re.split("[ -]", name)[-1])[0]),
        ),
        initial_bits=_bits(weights, lambda name: both[name][0][0]),
        slugs=(
            frozenset(plain for plain, _ in both.values()),
            frozenset(spelt for _, spelt in both.values()),
        ),
    )


def _bits(weights: Mapping[str, int], shown: Callable[[str], str]) -> float:
    """−log2 of the likeliest thing that a weighted draw shows."""
    sums: Counter[str] = Counter()
    for name, weight in weights.items():
        sums[shown(name)] += weight
    return log2(sum(weights.values()) / max(sums.values()))
