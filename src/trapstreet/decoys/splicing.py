"""New words out of a table's own: the beginning of one and the end of another that share two letters."""

from collections import Counter
from collections.abc import Collection, Sequence
from math import log2

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.sampling import share_at_most

_SHARED = 2  # letters that both words have at the seam
_TRIED = 64
_PROBED = 1024
_PROBE_KEY = b"words put anew.."  # public: only the share of refusals is learnt by it


class Splices:
    """Words that look like the given ones and are none of `known`: each three letters in a row are theirs."""

    def __init__(self, words: Sequence[str], known: Collection[str]) -> None:
        """known: in small letters. The words are at least one; O(letters)."""
        self._words = list(words)
        self._known = known
        self._after: dict[str, list[tuple[int, int]]] = {}
        for number, word in enumerate(self._words):
            lower = word.lower()
            for at in range(1, len(word) - _SHARED):
                self._after.setdefault(lower[at : at + _SHARED], []).append((number, at + _SHARED))

    def draw(self, draws: KeyedDraws, head: str | None = None) -> str | None:
        """A new word that begins as `head` does, or as any; None where the words give hardly any."""
        return next((word for _ in range(_TRIED) if (word := self._tried(draws, head))), None)

    def _tried(self, draws: KeyedDraws, head: str | None = None) -> str | None:
        head = head or draws.choice(self._words)
        if len(head) <= _SHARED:
            return None
        cut = _SHARED + draws.below(len(head) - _SHARED) + 1
        ends = self._after.get(head[cut - _SHARED : cut].lower())
        if not ends:
            return None
        number, at = draws.choice(ends)
        word = head[:cut] + self._words[number][at:]
        return None if word.lower() in self._known or abs(len(word) - len(head)) > 4 else word

    def bits(self) -> float:
        """A lower bound on the min-entropy of a word: that of its first three letters, less the refusals."""
        draws = KeyedDraws(_PROBE_KEY, 0)
        refused = share_at_most(sum(self._tried(draws) is None for _ in range(_PROBED)), _PROBED)
        starts = Counter(word[: _SHARED + 1].lower() for word in self._words)
        largest = max(starts.values()) / len(self._words)
        return max(0.0, -log2(largest) + log2(max(2.0**-60, 1 - refused)))
