"""Which items of a list were there before, in little memory."""

from collections import deque
from collections.abc import Sequence
from hashlib import blake2b

from trapstreet.plugins.sources._times import instant

REMEMBERED = 1000
"""Items by which is seen where the last time ended."""


class Seen:
    """Which items were there before.

    known    digests of those of the last time;  met  whether one of them came
    limited  the list begins where it ended the last time: its newest items come last
    since    the greatest date or id
    """

    def __init__(self, known: set[str], *, limited: bool, since: str) -> None:
        self.since, self.met = since, False
        self._known, self._limited = known, limited
        self._newest: deque[str] = deque(maxlen=REMEMBERED if limited else None)
        self._page: set[str] = set()
        self._last: set[str] = set()

    def turn(self) -> None:
        """A page begins. What was on the one before may have moved to it."""
        self._last, self._page = self._page, set()

    def is_new(self, name: str, date: str) -> bool:
        """Whether an item was neither there the last time nor comes twice; it counts as seen then."""
        digest = blake2b(f"{name} {date}".encode("utf-8", "replace"), digest_size=6).hexdigest()
        if digest in self._page:
            return False
        self._page.add(digest)
        self.since = max(self.since, date or name, key=_order)
        if self._limited or len(self._newest) < REMEMBERED:
            self._newest.append(digest)
        self.met = self.met or digest in self._known
        return digest not in self._known and digest not in self._last

    def newest(self, known: Sequence[str]) -> Sequence[str]:
        """Digests of the newest items, as many as are remembered."""
        now = set(self._newest)
        before = [each for each in known if each not in now]
        return [*self._newest, *before][:REMEMBERED]


def _order(text: str) -> tuple[float, str]:
    """Numbers and dates in their order, other texts in that of the alphabet."""
    return instant(text) or 0.0, text
