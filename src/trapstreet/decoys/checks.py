"""Check digits: which of the usual schemes the numbers of a column obey."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_FEWEST = 50
_NEARLY_ALL = 0.99


@dataclass(frozen=True)
class Check:
    """A scheme of check digits; what stands between the digits of a number is passed over.

    digits  how many at the end prove the others
    """

    digits: int
    _scheme: Any

    def __call__(self, text: str) -> bool:
        """Whether a written number is right."""
        digits = "".join(filter(str.isdecimal, text))
        return len(digits) > max(2, self.digits) and bool(self._scheme.is_valid(digits))


def learn_check(texts: Sequence[str]) -> Check | None:
    """The scheme that nearly all texts obey; None where none does. A random digit obeys one in ten times."""
    if len(texts) < _FEWEST:
        return None
    for check in _schemes():
        if sum(map(check, texts[:_FEWEST])) >= _NEARLY_ALL * _FEWEST:
            right = sum(map(check, texts))
            if right >= _NEARLY_ALL * len(texts):
                return check
    return None


def _schemes() -> list[Check]:
    from stdnum import damm, ean, luhn, verhoeff
    from stdnum.iso7064 import mod_11_2, mod_11_10, mod_97_10

    single = (luhn, mod_11_10, mod_11_2, verhoeff, damm, ean)
    return [Check(2, mod_97_10), *(Check(1, scheme) for scheme in single)]
