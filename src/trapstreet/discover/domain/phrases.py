"""What the words of one header say: the phrases of the kinds, whole, in part, glued together, shortened."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

from trapstreet.core.fields.kind import Kind
from trapstreet.discover.domain.declared import Family
from trapstreet.discover.domain.kinds import HeldKind, held_kinds
from trapstreet.discover.domain.lexicon import (
    ABOUT,
    BARE_NAMES,
    FILLERS,
    NEUTRAL,
    PEOPLE,
    SHORT_FOR,
    THINGS,
)

WHOLE = 6.0
"""Log-odds for a header that names a kind and nothing else."""

_PART = 3.5  # one that names it among other words
_GLUED = 4.0  # one word that ends in the kind's: "kundentelefonnummer"
_SHORTENED = 4.5  # one that has the beginnings of the kind's words: "fec_nac"
_HINT = 2.0
_HINT_IN_PART = 1.0
_ELSEWHERE = -3.0  # words that say that this is about a value of the kind: "email_verified_at"
_COMPOUND = 6  # letters of a phrase that may be the end of a longer word
_LONGEST = 5  # words of a phrase
_REMEMBERED = 10_000  # headers

_DATED = frozenset({"date", "datum", "time"})
_OTHER = ABOUT | THINGS
_VAGUE = BARE_NAMES | {"contact", "person"}
_CODED = frozenset("id code type status cd group class category flag is has active key name".split())
"""Words beside a coded kind's that leave it what it is: gender_id, religion_code."""


@lru_cache(maxsize=_REMEMBERED)
def said_of(words: tuple[str, ...]) -> Mapping[str, float]:
    """The log-odds of each kind that the words have to do with; the best of as written and spelt out."""
    best: dict[str, float] = {}
    for written in _spellings(words):
        for name, said in _phrases_in(written):
            best[name] = max(best.get(name, said), said)
        for glued in _unglued(written):
            for name, said in _phrases_in(glued):
                if said > 0:
                    best[name] = max(best.get(name, 0.0), said - 0.5)
    if max(best.values(), default=0.0) < _GLUED:
        for written in _spellings(words):
            best |= dict.fromkeys(_shortened(written), _SHORTENED)
    return MappingProxyType(best)


def _spellings(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words as they are, without numbers, with abbreviations spelt out, with umlauts as one letter."""
    spelt = tuple(" ".join(SHORT_FOR.get(word, word) for word in words).split())
    umlauts = tuple(word.replace("ae", "a").replace("oe", "o").replace("ue", "u") for word in words)
    for written in dict.fromkeys((words, spelt, umlauts)):
        yield from dict.fromkeys((written, tuple(word for word in written if not word.isdigit())))


def _shortened(words: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds that a header of two words or three names by their beginnings: "fec_nac", "CodFiscale"."""
    telling = [word for word in words if word not in FILLERS]
    if not 2 <= len(telling) <= 3 or any(len(word) < 2 or word.isdigit() for word in telling):
        return ()
    for spelt, names in _by_initials().get(_initials(telling), ()):
        if _shortens(telling, spelt) or _shortens(telling[::-1], spelt):
            return names
    return ()


def _shortens(short: Sequence[str], spelt: Sequence[str]) -> bool:
    pairs = list(zip(short, spelt, strict=True))
    return all(word == each or (len(each) >= 3 and word.startswith(each)) for each, word in pairs) or (
        any(each == word and len(word) >= 4 for each, word in pairs)
        and all(word.startswith(each) for each, word in pairs)
    )


def _phrases_in(words: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Each kind that the words name or hint at, with its weight; longer phrases hide those within them."""
    joined = "".join(words)
    for name in _named_joined().get(joined, ()):
        yield name, WHOLE + 0.05 * len(words)
    taken: list[tuple[int, int]] = []
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            end = start + length
            if any(first <= start and end <= last for first, last in taken):
                continue
            part = " ".join(words[start:end])
            rest = words[:start] + words[end:]
            named = _named().get(part, ()) if rest else _whole().get(part, ())
            for name in named:
                yield name, _beside(name, rest, alone=WHOLE, among=_PART) + 0.05 * length
            for name in _hints().get(part if rest else f"={part}", ()):
                if name not in named and NEUTRAL.issuperset(rest):
                    yield name, _HINT
                elif name not in named and part not in _VAGUE and _OTHER.isdisjoint(rest):
                    yield name, _HINT_IN_PART
            if named:
                taken.append((start, end))
    if len(words) > 1 and any(word in BARE_NAMES for word in words) and _are_people(words):
        yield Kind.NAME, WHOLE - 0.5
    for at, word in enumerate(words):
        for name in _ends_of(word):
            yield name, _beside(name, words[:at] + words[at + 1 :], alone=_GLUED, among=_GLUED - 1)


def _unglued(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words with what follows a word for people in one of them: "prisonername" as "name"."""
    for at, word in enumerate(words):
        for cut in range(4, len(word) - 2):
            if word[:cut] in PEOPLE and word[cut:] not in ("s", "es", "en", "er"):
                yield (*words[:at], word[cut:], *words[at + 1 :])


def _are_people(words: tuple[str, ...]) -> bool:
    """Whether all but a bare word for a name are people: "cardholder_name", not "user_name"."""
    return all(word in PEOPLE or word in BARE_NAMES for word in words) and "user" not in words


@lru_cache(maxsize=_REMEMBERED)
def _ends_of(word: str) -> tuple[str, ...]:
    """The kinds whose words a longer word ends in: "kundentelefonnummer"."""
    for start in range(1, len(word) - _COMPOUND + 1):
        names = _named_joined().get(word[start:])
        if names:
            return names
    return ()


def _beside(name: str, rest: tuple[str, ...], *, alone: float, among: float) -> float:
    """What a kind's words count with other words around them."""
    kind = held_kinds()[name]
    others = [word for word in rest if word not in NEUTRAL]
    if not others:
        return alone - 0.5 * bool(rest)
    telling = [word for word in others if word in ABOUT and not _belongs(word, kind)]
    if telling:
        return _ELSEWHERE
    return alone - 0.5 if all(word in ABOUT for word in others) else among


def _belongs(word: str, kind: HeldKind) -> bool:
    if word in _DATED:
        return Family.DATE in kind.types
    return kind.coded and word in _CODED


@cache
def _named() -> Mapping[str, tuple[str, ...]]:
    """The kinds by the phrases that name them, wherever they stand."""
    return _by_phrase(
        (kind.name, phrase)
        for kind in held_kinds().values()
        for phrase in kind.headers
        if not phrase.startswith("=")
    )


@cache
def _whole() -> Mapping[str, tuple[str, ...]]:
    """The kinds by the phrases that name them as the whole header."""
    return _by_phrase(
        (kind.name, phrase.removeprefix("=")) for kind in held_kinds().values() for phrase in kind.headers
    )


@cache
def _hints() -> Mapping[str, tuple[str, ...]]:
    """The kinds by the phrases that hint at them; with "=" before it as the whole header."""
    return _by_phrase(
        (kind.name, written)
        for kind in held_kinds().values()
        for phrase in kind.hints
        for written in dict.fromkeys((phrase, "=" + phrase.removeprefix("=")))
    )


@cache
def _by_initials() -> Mapping[str, Sequence[tuple[Sequence[str], tuple[str, ...]]]]:
    """The telling words of each phrase with the kinds it names, by the words' initials."""
    found: dict[str, list[tuple[Sequence[str], tuple[str, ...]]]] = {}
    for phrase, names in _whole().items():
        telling = [word for word in phrase.split() if word not in FILLERS]
        found.setdefault(_initials(telling), []).append((telling, names))
    return MappingProxyType(found)


def _initials(words: Iterable[str]) -> str:
    return "".join(sorted(word[0] for word in words))


@cache
def _named_joined() -> Mapping[str, tuple[str, ...]]:
    return _by_phrase((name, phrase.replace(" ", "")) for phrase, names in _whole().items() for name in names)


def _by_phrase(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, phrase in pairs:
        found[phrase] = (*found.get(phrase, ()), name)
    return MappingProxyType(found)
