"""Check digits: which of the usual schemes the numbers of a column obey."""

from collections.abc import Callable, Sequence

_FEWEST = 50
_NEARLY_ALL = 0.99

Check = Callable[[str], bool]
"""Whether a written number is right; what stands between its digits is passed over."""


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

    def of_digits(module: object) -> Check:
        def check(text: str) -> bool:
            digits = "".join(filter(str.isdecimal, text))
            return len(digits) > 2 and bool(module.is_valid(digits))  # type: ignore[attr-defined]

        return check

    return [of_digits(module) for module in (luhn, mod_11_10, mod_97_10, mod_11_2, verhoeff, damm, ean)]
