"""Check digits of reference numbers and other codes."""

import re
from collections.abc import Iterator

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.features import Feature, View

_CODED = (Kind.REFERENCE, Kind.IBAN, Kind.CARD, Kind.NATIONAL_ID)


def features(view: View) -> Iterator[Feature]:
    for column in view.of_kind(*_CODED):
        shown, of = np.unique(column.codes.of[view.rows], return_inverse=True)
        texts = [column.texts[at] for at in shown.tolist()]
        digits = [[int(d) for d in re.sub(r"\D", "", text)] for text in texts]
        for words, remainder in (
            ("check digit as on cards", _luhn),
            ("check digit by elevens", lambda d: _weighted(d, 11)),
            ("check digit by tens", lambda d: _weighted(d, 10)),
            ("check digits by ninety-sevens", lambda d: int("".join(map(str, d)) or 0) % 97),
        ):
            remainders = np.array([remainder(d) for d in digits], dtype=np.float64)
            yield Feature((column.column.name,), words, remainders[of])


def _luhn(digits: list[int]) -> int:
    doubled = [d if at % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for at, d in enumerate(reversed(digits))]
    return sum(doubled) % 10


def _weighted(digits: list[int], modulus: int) -> int:
    return sum(d * (at + 1) for at, d in enumerate(reversed(digits))) % modulus
