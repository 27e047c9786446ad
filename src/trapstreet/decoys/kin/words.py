"""Texts for new rows that are nobody's: what several people have, or new ones made of that."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import accumulate, groupby, pairwise

from trapstreet.core.maths.draws import KeyedDraws

_SHARED = 2  # people who must have a value, besides the donor, before it is nobody's own
_OFTEN = 0.2  # share of a column that whole texts of several people must have to do for all
_ALIKE = 3  # people whose texts differ in their digits alone
_LONGEST = 6  # digits in a row that may be made up: more might be somebody's telephone number
_TRIES = 8
_DIGITS = re.compile(r"\d+")
_END = ""
_SOMEBODY = "\0"  # stands for a person's name


class Words:
    """What the texts of a column have in common, from a sample of (whose it is, text).

    names  words that people are called, in lower case: two or more of them stand for a person, one by itself
           is not used
    """

    def __init__(self, owned: Sequence[tuple[Hashable, str]], names: frozenset[str]) -> None:
        distinct = sorted(set(owned), key=lambda pair: pair[1])
        whole = Counter(text for _, text in distinct)
        self._own = frozenset(whole)
        common = [(text, n) for text, n in whole.items() if n >= _SHARED]
        often = sum(n for _, n in common) >= _OFTEN * len(distinct)
        self._common = [text for text, _ in common] if often else []
        self._weights = list(accumulate(n for _, n in common)) if often else []
        self._runs = _runs(list(whole))
        self._next = {} if often else _next_words([(who, _words(text, names)) for who, text in distinct])

    def filled(self, like: str, kept: Sequence[str], draws: KeyedDraws) -> str | None:
        """The text with other digits, where others have it with other digits; `kept` stays in it."""
        runs = self._runs.get(_DIGITS.sub(_masked, like))
        if runs is None:
            return None
        found = [(like.find(text), len(text)) for text in kept if text in like]
        drawn = iter(draws.choice(seen) for seen in runs)

        def other(match: re.Match[str]) -> str:
            seen = next(drawn)
            if any(start <= match.start() < start + length for start, length in found):
                return match[0]
            return seen or "".join(str(draws.below(9) + 1) for _ in match[0])

        return _DIGITS.sub(other, like)

    def drawn(self, like: str, name: str, draws: KeyedDraws) -> str | None:
        """A text that several people have, else words that several people use one after the other.

        name  stands in it where others are named; the second kind is about as long as `like`
        None where the texts have nothing in common.
        """
        if self._common:
            return draws.weighted(self._common, self._weights)
        if _END not in self._next:
            return None
        length = len(like.split())
        tried = [self._walk(2 * length + 8, draws).replace(_SOMEBODY, name) for _ in range(_TRIES)]
        new = [text for text in tried if text and text not in self._own]
        return min(new, key=lambda text: abs(len(text.split()) - length), default=None)

    def _walk(self, most: int, draws: KeyedDraws) -> str:
        words: list[str] = []
        word = _END
        while len(words) < most and word in self._next and (word := draws.choice(self._next[word])) != _END:
            words.append(word)
        return " ".join(words)


def _words(text: str, names: frozenset[str]) -> list[str]:
    """The words of a text, with "" around a name by itself and one sign instead of two and more."""
    words: list[str] = []
    for named, run in groupby(text.split(), key=lambda word: _bare(word) in names and word[0].isupper()):
        group = list(run)
        if not named:
            words += group
        elif len(group) == 1:
            words += [_END]
        else:
            last = group[-1]
            words.append(_SOMEBODY + last[len(last.rstrip(".,;:!?")) :])
    return words


def _bare(word: str) -> str:
    return word.strip(".,;:!?()").casefold()


def _masked(match: re.Match[str]) -> str:
    return "0" * len(match[0])


def _runs(texts: Sequence[str]) -> dict[str, list[list[str]]]:
    """By text without its digits: for each run of digits those that texts repeat, [""] where they do not."""
    alike: dict[str, list[list[str]]] = {}
    for text in texts:
        found = _DIGITS.findall(text)
        if found and max(map(len, found)) <= _LONGEST and len("".join(found)) <= 2 * _LONGEST:
            alike.setdefault(_DIGITS.sub(_masked, text), []).append(found)
    return {
        mask: [list(run) if 2 * len(set(run)) <= len(run) else [""] for run in zip(*found, strict=True)]
        for mask, found in alike.items()
        if len(found) >= _ALIKE
    }


def _next_words(owned: Sequence[tuple[Hashable, list[str]]]) -> dict[str, list[str]]:
    """Words that follow a word in the texts of several people, as often as they do."""
    owners: dict[tuple[str, str], set[Hashable]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for owner, words in owned:
        for pair in pairwise([_END, *words, _END]):
            owners.setdefault(pair, set()).add(owner)
            counts[pair] += 1
    following: dict[str, list[str]] = {}
    for (word, after), number in counts.items():
        if len(owners[word, after]) >= _SHARED:
            following.setdefault(word, []).extend([after] * number)
    return following
