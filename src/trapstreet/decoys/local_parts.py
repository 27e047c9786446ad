"""Local parts taken to pieces: what is made of the owner's name, and other words, digits and signs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trapstreet.decoys.names import slugs

_RUNS = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_OF_NAME = ("given", "family", "given initial", "family initial")


@dataclass(frozen=True, slots=True)
class LocalParts:
    """The pieces of a local part: (part, text), where a part is one of a name, "word", "digits" or "sign"."""

    pieces: tuple[tuple[str, str], ...]

    @property
    def of_name(self) -> tuple[str, ...]:
        return tuple(part for part, _ in self.pieces if part in _OF_NAME)

    @property
    def separated(self) -> bool:
        """Whether no two parts of a name stand together, so that one can tell them apart."""
        kinds = [part in _OF_NAME or part == "word" for part, _ in self.pieces]
        return not any(first and second for first, second in pairwise(kinds))

    def words(self) -> list[str]:
        return [text for part, text in self.pieces if part == "word"]

    def written(
        self, given: str, family: str, *, word: Callable[[str], str], digits: Callable[[str], str]
    ) -> str:
        """The same pieces of another owner, whose names come in the letters a to z."""
        shown = {"given": given, "family": family, "given initial": given[:1], "family initial": family[:1]}
        texts = []
        for part, text in self.pieces:
            match part:
                case "word":
                    texts.append(word(text))
                case "digits":
                    texts.append(digits(text))
                case "sign":
                    texts.append(text)
                case _:
                    texts.append(shown[part])
        return "".join(texts)


def taken_apart(local: str, given: str, family: str, *, spelt_out: bool) -> LocalParts:
    """The pieces of a local part, read without letter case; the names may be ""."""
    variant = int(spelt_out)
    first, last = slugs(given)[variant], slugs(family)[variant]
    pieces: list[tuple[str, str]] = []
    for run in _RUNS.findall(local.lower()):
        if run[0].isalpha():
            pieces += _named(run, first, last)
        else:
            pieces.append(("digits" if run[0].isdecimal() else "sign", run))
    return LocalParts(tuple(pieces))


def _named(run: str, given: str, family: str) -> Sequence[tuple[str, str]]:
    """One run of letters as parts of the name; as a word where no way to abbreviate the name gives it."""
    parts = (
        ("given", given), ("family", family), ("given initial", given[:1]), ("family initial", family[:1])
    )  # fmt: skip
    for part, text in parts:
        if run == text:
            return [(part, text)]
    for part, text in parts:
        for other, rest in parts:
            if text and rest and part.split()[0] != other.split()[0] and run == text + rest:
                return [(part, text), (other, rest)]
    for part, text in parts[:2]:
        if len(text) > 2 and text in run:
            before, _, after = run.partition(text)
            return [piece for piece in (("word", before), (part, text), ("word", after)) if piece[1]]
    return [("word", run)]
