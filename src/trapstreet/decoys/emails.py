"""Local parts of e-mail addresses in terms of their owner's name: "anna.byrne", "abyrne", "byrne_anna71"."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from math import log2

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.names import Case, NamePool, case_of, slugs

GOOD_BITS = 26.0  # of an address: 24, and what refused draws may cost
_KEPT = 5  # patterns of a table that decoys use
_RARE = 0.01

_ORDERS = (
    ("given", "family"), ("family", "given"), ("given initial", "family"), ("family", "given initial"),
    ("given", "family initial"), ("family initial", "given"),
)  # fmt: skip
_SEPARATORS = (".", "", "_", "-")
_LOCAL = re.compile(r"(.*?[^\d._-])?([._-]?)(\d*)", re.DOTALL)
_LETTERS = re.compile(r"([A-Za-z]{2,})(?:([._-])([A-Za-z]{2,}))?")


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits at the end of a local part: `length` of them, between `low` and `high`."""

    separator: str = ""
    length: int = 0
    low: int = 0
    high: int = 0

    @property
    def bits(self) -> float:
        return log2(self.high - self.low + 1)

    def draw(self, draws: KeyedDraws) -> str:
        if not self.length:
            return ""
        return f"{self.separator}{self.low + draws.below(self.high - self.low + 1):0{self.length}d}"


@dataclass(frozen=True, slots=True)
class LocalPattern:
    """One way to make a local part: name parts in order, a separator, letter case, digits."""

    parts: tuple[str, ...]
    separator: str = ""
    case: Case = Case.LOWER
    digits: Digits = Digits()

    def core(self, given: str, family: str) -> str:
        """The letters, from names in the letters a to z."""
        shown = {"given": given, "family": family, "given initial": given[:1], "family initial": family[:1]}
        written = [shown[part] for part in self.parts]
        if self.case is Case.MIXED:
            written = [word.capitalize() for word in written]
        return self.case.write(self.separator.join(written))

    def bits(self, given: NamePool | None, family: NamePool | None) -> float:
        """Min-entropy of the local part."""
        values = {
            "given": given.bits if given else 0.0,
            "family": family.bits if family else 0.0,
            "given initial": given.initial_bits if given else 0.0,
            "family initial": family.initial_bits if family else 0.0,
        }
        return sum(values[part] for part in self.parts) + self.digits.bits

    def made_of(self, given: NamePool | None, family: NamePool | None) -> bool:
        """Whether the pools have the names that the pattern takes."""
        needed = {part.split()[0] for part in self.parts}
        return needed <= {name for name, pool in (("given", given), ("family", family)) if pool}

    def ambiguous(self, core: str, given: frozenset[str], family: frozenset[str]) -> bool:
        """Whether other names of the pools give the same letters, as Ann Abell and Anna Bell do."""
        if self.separator or set(self.parts) != {"given", "family"}:
            return False
        first, second = (given, family) if self.parts[0] == "given" else (family, given)
        core = core.lower()
        return sum(core[:cut] in first and core[cut:] in second for cut in range(1, len(core))) > 1


@dataclass(frozen=True, slots=True)
class EmailStyle:
    """The patterns of a table with their shares (running sums); `spelt_out` where ü becomes ue."""

    patterns: tuple[LocalPattern, ...]
    shares: tuple[int, ...]
    spelt_out: bool = False
    added_digits: bool = False

    def draw(self, draws: KeyedDraws) -> int:
        return draws.weighted(range(len(self.patterns)), self.shares)

    def enriched(self, given: NamePool | None, family: NamePool | None, *, count: int) -> "EmailStyle":
        """The style in which an address is worth 24 bits where the table's own style allows it.

        Patterns that are worth it are preferred; else digits grow where the table has digits; where it has
        none they are added only if the names alone leave too few addresses for `count` decoys.
        """
        usable = [(p, n) for p, n in self._weighted() if p.made_of(given, family)]
        if usable != self._weighted():
            lone = LocalPattern(
                ("family",) if family else ("given",) if given else (), digits=Digits("", 3, 100, 999)
            )
            return _style(usable or [(lone, 1)], self.spelt_out).enriched(given, family, count=count)
        worth = [(p, n) for p, n in self._weighted() if p.bits(given, family) >= GOOD_BITS]
        if sum(n for _, n in worth) * 20 >= self.shares[-1]:
            return _style(worth, self.spelt_out)
        has_digits = any(pattern.digits.length for pattern in self.patterns)
        enough = min(p.bits(given, family) for p in self.patterns) >= max(16.0, log2(64 * count))
        if enough and not has_digits:
            return self
        grown = Counter[LocalPattern]()
        for pattern, share in self._weighted():
            grown[_grown(pattern, GOOD_BITS - pattern.bits(given, family))] += share
        usual = max(pattern.digits.length for pattern in self.patterns)
        longest = max(usual, min(pattern.digits.length for pattern in grown))
        fitting = [(pattern, n) for pattern, n in grown.items() if pattern.digits.length <= longest]
        return replace(_style(fitting, self.spelt_out), added_digits=not has_digits)

    def _weighted(self) -> list[tuple[LocalPattern, int]]:
        before = (0, *self.shares)
        return [(p, n - b) for p, n, b in zip(self.patterns, self.shares, before, strict=False)]


def learn_email_style(people: Iterable[tuple[str, str, str]]) -> EmailStyle:
    """The style of a sample of (local part, given name, family name); the names may be ""."""
    patterns: Counter[LocalPattern] = Counter()
    tails: dict[int, list[int]] = {}
    spelt = Counter[bool]()
    for local, given, family in people:
        match = _LOCAL.fullmatch(local)
        core, separator, digits = (match[1] or "", match[2], match[3]) if match else (local, "", "")
        if digits:
            tails.setdefault(len(digits), []).append(int(digits))
        elif separator:
            continue
        found = _pattern_of(core, given, family)
        if found and len(digits) <= 6:
            pattern, variant = found
            spelt.update([bool(variant)] if slugs(given + family)[0] != slugs(given + family)[1] else [])
            patterns[replace(pattern, digits=Digits(separator if digits else "", len(digits)))] += 1
    total = sum(patterns.values())
    common = [(p, n) for p, n in patterns.most_common(_KEPT) if n >= _RARE * total]
    common = common or [(LocalPattern(("given", "family"), "."), 1)]
    return _style([(_ranged(p, tails), n) for p, n in common], spelt[True] > spelt[False])


def name_like_parts(local: str) -> tuple[str, str]:
    """What may be a given and a family name in a local part, or ""; one word counts as a family name."""
    match = _LOCAL.fullmatch(local)
    letters = _LETTERS.fullmatch(match[1] or "") if match else None
    if not letters:
        return "", ""
    return (letters[1], letters[3]) if letters[3] else ("", letters[1])


def _pattern_of(core: str, given: str, family: str) -> tuple[LocalPattern, int] | None:
    """The pattern that makes `core` from the names, and which spelling of them it takes."""
    words = re.split("[._-]", core)
    case = Case.MIXED if all(word[:1].isupper() for word in words) and not core.isupper() else case_of(core)
    for variant, (g, f) in enumerate(zip(slugs(given), slugs(family), strict=True)):
        orders = [order for order in _ORDERS if g and f] + [("given",)] * bool(g) + [("family",)] * bool(f)
        for parts in orders:
            for separator in _SEPARATORS if len(parts) == 2 else ("",):
                pattern = LocalPattern(parts, separator, case)
                if pattern.core(g, f) == core:
                    return pattern, variant
    return None


def _ranged(pattern: LocalPattern, tails: dict[int, list[int]]) -> LocalPattern:
    if not pattern.digits.length:
        return pattern
    seen = tails[pattern.digits.length]
    return replace(pattern, digits=replace(pattern.digits, low=min(seen), high=max(seen)))


def _grown(pattern: LocalPattern, missing: float) -> LocalPattern:
    """The pattern with enough digits for the missing bits: at most six after a name, eight without."""
    if missing <= 0:
        return pattern
    wanted = missing + pattern.digits.bits
    most = 6 if pattern.parts else 8
    shortest = max(1, pattern.digits.length)
    length = next((n for n in range(shortest, most) if log2(9 * 10 ** (n - 1)) >= wanted), most)
    return replace(
        pattern, digits=Digits(pattern.digits.separator, length, 10 ** (length - 1), 10**length - 1)
    )


def _style(weighted: Iterable[tuple[LocalPattern, int]], spelt_out: bool) -> EmailStyle:
    pairs = list(weighted)
    return EmailStyle(tuple(p for p, _ in pairs), tuple(accumulate(n for _, n in pairs)), spelt_out)
