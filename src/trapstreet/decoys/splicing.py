"""New words out of a table's own: the beginning of one and the end of another that share two letters."""

from collections import Counter
from collections.abc import Collection, Sequence
from math import log2

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.sampling import share_at_most

_SHARED = 2  # letters that both words have at the seam
_NEAR, _FAR = 1, 4  # letters that a word may be longer or shorter than the one that it begins as
_TRIED = 64
_PROBED = 1024
_PROBE_KEY = b"words put anew.."  # public: only the share of refusals is learnt by it


class Splices:
    """Words that look like the given ones and are none of `known`: each three letters in a row are theirs."""

    def __init__(self, words: Sequence[str], known: Collection[str]) -> None:
        """known: in small letters. The words are at least one; O(letters)."""
        self._words = list(words)
        self._known = known
        self._after: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for number, word in enumerate(self._words):
            lower = word.lower()
            for at in range(1, len(word) - _SHARED):
                seam = lower[at : at + _SHARED], len(word) - at - _SHARED
                self._after.setdefault(seam, []).append((number, at + _SHARED))

    def draw(self, draws: KeyedDraws, head: str | None = None) -> str | None:
        """A new word that begins as `head` does, or as any; None where the words give hardly any."""
        tried = (self._tried(draws, head, strict=at < _TRIED // 2) for at in range(_TRIED))
        return next((word for word in tried if word), None)

    def _tried(self, draws: KeyedDraws, head: str | None = None, *, strict: bool = True) -> str | None:
        head = head or draws.choice(self._words)
        if len(head) <= _SHARED:
            return None
        cut = _SHARED + 1 + draws.below(max(1, len(head) - _SHARED - 1))
        ends = self._ends(head[cut - _SHARED : cut].lower(), len(head) - cut, strict=strict)
        if not ends:
            return None
        number, at = draws.choice(ends)
        word = head[:cut] + self._words[number][at:]
        return None if word.lower() in self._known else word

    def _ends(self, seam: str, left: int, *, strict: bool) -> list[tuple[int, int]]:
        """Where words go on after the seam about as long."""
        more = _NEAR if strict else _FAR
        lengths = range(max(1, left - more), left + more + 1)
        return [end for length in lengths for end in self._after.get((seam, length), ())]

    def bits(self) -> float:
        """A lower bound on the min-entropy of a word: that of its first three letters, less the refusals."""
        draws = KeyedDraws(_PROBE_KEY, 0)
        refused = share_at_most(sum(self._tried(draws) is None for _ in range(_PROBED)), _PROBED)
        starts = Counter(word[: _SHARED + 1].lower() for word in self._words)
        largest = max(starts.values()) / len(self._words)
        return max(0.0, -log2(largest) + log2(max(2.0**-60, 1 - refused)))
