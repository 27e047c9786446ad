"""Who gets copies: names that are known, and names that are almost known."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from unicodedata import normalize

ALMOST = 0.82


class Recipients:
    """The recipients of a workspace by pseudonym. Holds names in clear; lives no longer than the command."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {pseudonym: _folded(name) for pseudonym, name in names.items()}

    def same(self, name: str) -> str | None:
        """The recipient of that name; letter case and spacing do not matter."""
        folded = _folded(name)
        return next((pseudonym for pseudonym, known in self._names.items() if known == folded), None)

    def almost(self, name: str) -> str | None:
        """The recipient whose name is closest to this one without being it; None where none is close."""
        folded = _folded(name)
        likeness = {
            pseudonym: _likeness(known, folded) for pseudonym, known in self._names.items() if known != folded
        }
        best = max(likeness, key=lambda pseudonym: likeness[pseudonym], default=None)
        return best if best is not None and likeness[best] >= ALMOST else None


def masked(name: str) -> str:
    """The name's shape: the first letter of each word."""
    return " ".join(word[:1] + "*" * (len(word) - 1) for word in name.split())


def _likeness(a: str, b: str) -> float:
    """In [0, 1]; numbers and short words must agree: "Branch 1" is not almost "Branch 2", nor "Office A"
    "Office B"."""
    if _marks(a) != _marks(b):
        return 0.0
    return SequenceMatcher(None, a, b).ratio()


def _marks(name: str) -> list[str]:
    return [word for word in name.split() if len(word) <= 2 or any(map(str.isdigit, word))]


def _folded(name: str) -> str:
    return " ".join(normalize("NFKC", name).casefold().split())
