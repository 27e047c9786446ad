"""Telephone numbers: how crowded their surroundings are, and whether the numbering plan has them."""

import re
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.numbering import plan_of
from trapstreet.decoys.audit.coded import CodedColumn, coded
from trapstreet.decoys.audit.features import Feature, View

_PREFIXES = (2, 3, 4, 5, 6, 7)


def digits_of(text: str, region: str) -> str:
    """The national number where the region's plan can read it, else the digits."""
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    plan = plan_of(region)
    return plan.likeliest(digits)[1] if plan and digits else digits


@cache
def start_of(length: int, region: str) -> Callable[[str], str]:
    """The one function from a written number to its first digits, or to all but its last −length."""
    return lambda text: digits_of(text, region)[:length]


def features(view: View) -> Iterator[Feature]:
    for column in view.of_kind(Kind.PHONE):
        name = (column.column.name,)
        numbers = [digits_of(text, column.column.region) for text in column.texts]
        of = column.codes.of
        for length in _PREFIXES:
            prefix = coded(number[:length] for number in numbers)
            counts = np.bincount(prefix.of[of], minlength=prefix.kinds)
            yield Feature(
                name,
                f"how many rows share its first {length} digits",
                np.log(column.spread(counts[prefix.of], view.rows)),
            )
        yield Feature(name, "how many digits", column.spread([len(number) for number in numbers], view.rows))
        values = np.array([float(number[:15]) if number else np.nan for number in numbers])
        ranked = np.argsort(values)
        steps = np.diff(values[ranked], prepend=np.nan, append=np.nan)
        near = np.empty(len(values))
        near[ranked] = np.fmin(steps[:-1], steps[1:])
        yield Feature(name, "how far the nearest other number is", np.log1p(column.spread(near, view.rows)))
        yield Feature(
            name, "last two digits", column.spread([float(n[-2:] or -1) for n in numbers], view.rows)
        )
        yield Feature(name, "sort of number in the numbering plan", _sorts(column, view))


def _sorts(column: CodedColumn, view: View) -> np.ndarray:
    """The numbering plan's verdict on the looked-at rows, 30 µs each: −1 invalid, else the type's number."""
    sort = {
        code: sort_of(column.texts[code], column.column.region)
        for code in np.unique(column.codes.of[view.rows]).tolist()
    }
    return np.array([sort[code] for code in column.codes.of[view.rows].tolist()], dtype=np.float64)


def sort_of(text: str, region: str) -> float:
    """−1 for a number that the plan does not have, NaN for none, else the type's number."""
    from phonenumbers import NumberParseException, is_valid_number, number_type, parse

    if not text.strip():
        return np.nan
    try:
        number = parse(text, region or None)
    except NumberParseException:
        return -1.0
    return float(number_type(number)) if is_valid_number(number) else -1.0
