"""Values that anybody may have: those that the workspace names, and what stands in examples everywhere."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, Search, kinds
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.index import Lookup, Matches
from trapstreet.index.lookup import KeyOf
from trapstreet.index.matcher import KINDS
from trapstreet.index.runs import among, distinct

U64 = NDArray[np.uint64]

PLACEHOLDERS = """
test@test.com test@example.com user@example.com email@example.com name@example.com you@example.com
someone@example.com john.doe@example.com jane.doe@example.com johndoe@example.com janedoe@example.com
info@example.com admin@example.com foo@example.com foo@bar.com a@b.com username@example.com
4111111111111111 4242424242424242 4012888888881881 4000056655665556 5555555555554444 5105105105105100
2223003122003222 378282246310005 371449635398431 6011111111111117 6011000990139424 30569309025904
38520000023237 3530111333300000 3566002020360505
GB82WEST12345698765432 GB29NWBK60161331926819 DE89370400440532013000 FR1420041010050500013M02606
IE29AIBK93115212345678 NL91ABNA0417164300 AT611904300234573201 CH9300762011623852957 ES9121000418450200051332
00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff 12345678-1234-1234-1234-123456789012
""".split()
"""Addresses, test cards, IBANs and identifiers that documentation and test data are full of."""

_COUNTED = "1234567890"
_REST = np.uint64(48)


def placeholders() -> Iterator[str]:
    """The built-in list, and numbers that are one digit over and over, or counted up or down."""
    yield from PLACEHOLDERS
    for length in range(7, 16):
        for digit in _COUNTED:
            yield digit * length
        for up, first in product((_COUNTED, _COUNTED[::-1]), range(10)):
            yield (up * 3)[first : first + length]


@dataclass(frozen=True, slots=True)
class Public:
    """Fingerprints, sorted, that are set aside; begins says of the first 16 bits whether one begins so."""

    fingerprints: U64
    begins: NDArray[np.bool_]

    @classmethod
    def of(cls, values: Iterable[str], lookup: Lookup, key_of: KeyOf) -> "Public":
        """The values, as texts would write them, and the built-in ones."""
        named = tuple(values)
        found = [np.empty(0, dtype=np.uint64)]
        for kind, epoch in lookup.anchors():
            columns = dict.fromkeys(replace(each, name="", why="") for each in lookup.columns(kind))
            search = lookup.search(kind)._replace(columns=tuple(columns))
            forms = _forms(kind, named, search) | _built_in(kind, search)
            found.append(siphash24_many(key_of(kind, epoch), sorted(forms)))
        return cls.of_fingerprints(distinct(np.concatenate(found)))

    @classmethod
    def of_fingerprints(cls, fingerprints: U64) -> "Public":
        """The values that these are the fingerprints of, sorted."""
        begins = np.zeros(1 << 16, dtype=np.bool_)
        begins[fingerprints >> _REST] = True
        return cls(fingerprints, begins)

    def beside(self, fingerprints: U64) -> "Public":
        """The same, and more values, by their fingerprints."""
        if not len(fingerprints):
            return self
        return self.of_fingerprints(distinct(np.concatenate([self.fingerprints, fingerprints])))

    def set_aside(self, matches: Matches) -> tuple[Matches, Counter[Kind]]:
        """The matches without the public ones, and how many those are."""
        public = self.begins[matches.fingerprint >> _REST]
        public[public] = among(matches.fingerprint[public], self.fingerprints)
        if not public.any():
            return matches, Counter()
        return matches.take(~public), _places(matches.take(public))


def _places(matches: Matches) -> Counter[Kind]:
    """How many places of each kind there are; those that overlap are one."""
    counts: Counter[Kind] = Counter()
    for code in distinct(matches.kind).tolist():
        of = matches.kind == code
        reached = np.maximum.accumulate(matches.end[of])
        counts[KINDS[code]] = 1 + int(np.count_nonzero(matches.start[of][1:] >= reached[:-1]))
    return counts


@lru_cache(maxsize=64)
def _built_in(kind: Kind, search: Search) -> frozenset[bytes]:
    """The forms of all placeholders, which take 0.1 s to make."""
    return _forms(kind, placeholders(), search)


def _forms(kind: Kind, texts: Iterable[str], search: Search) -> frozenset[bytes]:
    """The forms of values, as cells of the registered columns and as parts of a text."""
    field = kinds()[kind]
    found: set[bytes] = set()
    for text in texts:
        for column in search.columns:
            found.update(field.forms(text, column))
        for candidate in field.find(text.encode(), search):
            found.update(candidate.forms)
    return frozenset(found)
