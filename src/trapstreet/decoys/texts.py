"""Remarks and other free texts of decoys: put together of the table's own words, never one person's."""

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil

from trapstreet.core.maths.draws import KeyedDraws

_COMMON = 3  # texts that a word must stand in to be nobody's
_ANY = -1  # words left
_WORDS = re.compile(r"\S+|\s+")
_NUMBER = re.compile(r"\d+")


class Remarks:
    """Makes texts of one column. Words that stand in fewer than three texts are left out."""

    def __init__(self, texts: Sequence[str], draws: KeyedDraws) -> None:
        self._draws = draws
        self._texts = [_WORDS.findall(text) for text in texts]
        often = Counter(word for words in self._texts for word in set(map(_shape, words)))
        self._common = {word for word, n in often.items() if n >= _COMMON}
        self._places: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for number, words in enumerate(self._texts):
            for at, word in enumerate(words):
                if not word.isspace() and _shape(word) in self._common:
                    for left in (len(words) - at, _ANY):
                        self._places.setdefault((word, left), []).append((number, at))

    def like(self, text: str, *, as_long: bool = False) -> str:
        """A text that begins like this one and goes on like others; "" where no words are common.

        as_long: with others of which as many words are left, so that the lengths of texts keep their law
        """
        words = _WORDS.findall(text)
        made: list[str] = []
        at, most = 0, ceil(1.5 * len(words)) + 4
        while at < len(words) and len(made) < most:
            word = words[at]
            if _shape(word) in self._common:
                made.append(word)
            places = self._places.get((word, len(words) - at if as_long else _ANY), ())
            if len(places) > 1 and self._draws.below(2):
                number, at = self._draws.choice(places)
                words = self._texts[number]
            at += 1
        return _NUMBER.sub(self._other_number, "".join(made)).strip()

    def _other_number(self, match: re.Match[str]) -> str:
        """Another number of as many digits, where it has more than one."""
        length = len(match[0])
        if length == 1:
            return match[0]
        return str(10 ** (length - 1) + self._draws.below(9 * 10 ** (length - 1)))


def _shape(word: str) -> str:
    return _NUMBER.sub("0", word)


def scrambled(text: str, draws: KeyedDraws) -> str:
    """Another code of the same look: digits for digits, letters for letters of the same case."""
    hexadecimal = re.fullmatch(r"[0-9a-f-]+|[0-9A-F-]+", text) is not None and re.search("[a-fA-F]", text)
    letters = "abcdef" if hexadecimal else "abcdefghijklmnopqrstuvwxyz"

    def other(character: str) -> str:
        if character.isdecimal():
            return str(draws.below(10))
        if not character.isalpha():
            return character
        letter = draws.choice(letters)
        return letter.upper() if character.isupper() else letter

    return "".join(map(other, text))
