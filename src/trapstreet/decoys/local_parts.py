"""Local parts taken to pieces: what is made of the owner's name, and other words, digits and signs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trapstreet.decoys.names import slugs

_RUNS = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_WORDS = re.compile(r"[ -]+")
_OF_NAME = ("given", "family", "given initial", "family initial")


@dataclass(frozen=True, slots=True)
class LocalParts:
    """The pieces of a local part: (part, text), where a part is one of a name, "word", "digits" or "sign".

    joint  what stands between the words of a name that has several; None where no such name is shown
    """

    pieces: tuple[tuple[str, str], ...]
    joint: str | None = None

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
        """The same pieces of another owner, whose names come as `in_letters` has them."""
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


def in_letters(name: str, *, spelt_out: bool, joint: str = "") -> str:
    """A name in the letters a to z, its words with the joint between them: "karl-josef"."""
    return joint.join(filter(None, (slugs(word)[spelt_out] for word in _WORDS.split(name))))


def taken_apart(local: str, given: str, family: str, *, spelt_out: bool) -> LocalParts:
    """The pieces of a local part, read without letter case; the names may be ""."""
    local = local.lower()
    joints = {sign for name in (given, family) for sign in _joints(local, name, spelt_out=spelt_out)}
    pieces: list[tuple[str, str]] = []
    joint = next(iter(joints)) if len(joints) == 1 else ""
    first, last = (in_letters(name, spelt_out=spelt_out) for name in (given, family))
    for name, text in ((given, first), (family, last)):
        if joint and text:
            local = local.replace(in_letters(name, spelt_out=spelt_out, joint=joint), text)
    for run in _RUNS.findall(local):
        if run[0].isalpha():
            pieces += _named(run, first, last)
        else:
            pieces.append(("digits" if run[0].isdecimal() else "sign", run))
    shown = {text for part, text in pieces if part in ("given", "family")}
    several = any(
        _WORDS.search(name.strip()) for name, text in ((given, first), (family, last)) if text in shown
    )
    return LocalParts(tuple(pieces), joint if several else None)


def _joints(local: str, name: str, *, spelt_out: bool) -> list[str]:
    """The signs with which a local part joins the words of a name."""
    words = [re.escape(text) for word in _WORDS.split(name) if (text := slugs(word)[spelt_out])]
    if len(words) < 2:
        return []
    found = re.search(rf"(?<![a-z]){words[0]}([-._]){words[1]}", local)
    return [found[1]] if found else []


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
