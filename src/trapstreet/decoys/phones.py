"""Telephone numbers of decoys: the table's layouts, and numbers that the user owns or that nobody has."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from trapstreet.core.fields.numbering import country_and_number, plan_of, plan_of_country_code
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.decoys.fiction import NORTH_AMERICA, NORTH_AMERICAN_BLOCK, RANGES

_KEPT = 24
_AREA = 2  # digits by which numbers of different length are known to be of one area
_RANGE = re.compile(r"\+[\d ().-]*\d")


@dataclass(frozen=True, slots=True)
class PhoneLayout:
    """How a number is written: "+353 ## ### ####", where # is a digit of the national number.

    country_code  the code that the layout shows; "" for the national form
    """

    country_code: str
    template: str

    @property
    def digits(self) -> int:
        return self.template.count("#")

    def write(self, number: str, *, at_end: bool = False) -> str:
        """The national number in this layout; its first or last group takes what it is longer or shorter."""
        more = len(number) - self.digits
        template = self.template[::-1] if at_end else self.template
        template = (
            template.replace("#", "#" * (more + 1), 1) if more > 0 else template.replace("#", "", -more)
        )
        template = template[::-1] if at_end else template
        figures = iter(number)
        written = "".join(next(figures) if mark == "#" else mark for mark in template)
        return " ".join(written.split())


@dataclass(frozen=True, slots=True)
class PhoneStyle:
    """The layouts of a column with their shares (running sums); the area codes where these matter."""

    region: str
    layouts: tuple[PhoneLayout, ...]
    shares: tuple[int, ...]
    areas: tuple[str, ...] = field(default=(), repr=False)

    def write(self, country_code: str, number: str, draws: KeyedDraws) -> str:
        """A number in one of the table's layouts that fit it, else in international form."""
        plan = plan_of(self.region)
        home = plan is not None and plan.country_code == country_code
        fitting = [
            (layout, share - before)
            for layout, share, before in zip(self.layouts, self.shares, (0, *self.shares), strict=False)
            if layout.country_code == country_code or (home and not layout.country_code)
        ]
        exact = [(layout, share) for layout, share in fitting if layout.digits == len(number)]
        choice = exact or fitting
        if not choice:
            return f"+{country_code} {number}"
        return draws.weighted([layout for layout, _ in choice], list(accumulate(s for _, s in choice))).write(
            number
        )

    def write_like(self, text: str, country_code: str, number: str, draws: KeyedDraws) -> str:
        """A number in the layout of another written one where it fits there, else in one of the table's.

        One that begins as the other does is in its area, and may be longer or shorter.
        """
        found = _layout(text.strip(), self.region)
        plan = plan_of(self.region)
        home = plan is not None and plan.country_code == country_code
        if found and (found[0].digits == len(number) or found[1][:_AREA] == number[:_AREA]):
            layout = found[0]
            if layout.country_code == country_code or (home and not layout.country_code):
                return text.replace(text.strip(), layout.write(number, at_end=True))
        return self.write(country_code, number, draws)


def written_number(text: str, region: str) -> str:
    """The country code, a space and the national number of a written number; "" for none."""
    found, plan = _layout(text.strip(), region), plan_of(region)
    if found is None or not (found[0].country_code or plan):
        return ""
    return f"{found[0].country_code or (plan.country_code if plan else '')} {found[1]}"


def learn_phone_style(texts: Sequence[str], region: str) -> PhoneStyle:
    """The layouts of a sample of written numbers; without a region the commonest country code gives it."""
    found = [layout for text in texts if (layout := _layout(text, region))]
    common = Counter(layout for layout, _ in found).most_common(_KEPT)
    if not region and (codes := Counter(layout.country_code for layout, _ in found if layout.country_code)):
        region = _main_region(codes.most_common(1)[0][0])
    areas = Counter(number[:3] for _, number in found if len(number) == 10 and number[0] in "23456789")
    kept = _different_endings(area for area, _ in areas.most_common(100)) if region in NORTH_AMERICA else ()
    layouts = tuple(layout for layout, _ in common)
    return PhoneStyle(region, layouts, tuple(accumulate(n for _, n in common)), kept)


@dataclass(frozen=True)
class PhoneNumbers:
    """A pool of numbers in ranges of E.164 digits, each range with its country code."""

    ranges: tuple[tuple[str, int, int], ...]

    @cached_property
    def _ends(self) -> list[int]:
        """How many numbers there are up to the end of each range."""
        return list(accumulate(last - first + 1 for _, first, last in self.ranges))

    @property
    def size(self) -> int:
        return self._ends[-1] if self._ends else 0

    def text(self, index: int) -> str:
        """The number as "353 19000100": country code, space, national number."""
        at = bisect_right(self._ends, index)
        code, _, last = self.ranges[at]
        return f"{code} {str(last + 1 + index - self._ends[at])[len(code) :]}"

    def texts(self) -> Iterator[str]:
        """All numbers in order."""
        for code, first, last in self.ranges:
            for number in range(first, last + 1):
                yield f"{code} {str(number)[len(code) :]}"


def owned_numbers(ranges: Sequence[str]) -> PhoneNumbers:
    """The numbers of the user's own ranges, each once. Raises UnusableInput where one cannot be read."""
    joined: list[tuple[str, int, int]] = []
    for code, first, last in sorted(map(_owned_range, ranges)):
        if joined and joined[-1][0] == code and first <= joined[-1][2] + 1:
            joined[-1] = (code, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((code, first, last))
    return PhoneNumbers(tuple(joined))


def fictional_numbers(style: PhoneStyle) -> PhoneNumbers:
    """The numbers that nobody has in the region; none where no range is kept or the region is unknown."""
    plan = plan_of(style.region)
    if plan is None:
        return PhoneNumbers(())
    if style.region in NORTH_AMERICA:
        first, last = NORTH_AMERICAN_BLOCK
        national: Iterable[tuple[str, str]] = ((area + first, area + last) for area in style.areas)
    else:
        national = RANGES.get(style.region, ())
    code = plan.country_code
    return PhoneNumbers(tuple((code, int(code + first), int(code + last)) for first, last in national))


def _owned_range(text: str) -> tuple[str, int, int]:
    """Country code, first and last number of "+353 1 900 0100-0199", or of one number with hyphens in it."""
    written = text.strip().replace("–", "-")
    head, _, tail = written.rpartition("-")
    readings = ((_digits(head), _digits(tail)), (_digits(written), ""))
    for first, end in readings if _RANGE.fullmatch(written) else ():
        last = first[: len(first) - len(end)] + end
        known = country_and_number(first)
        plan = plan_of_country_code(known[0]) if known else None
        if known and plan and len(known[1]) in plan.lengths and len(first) == len(last) and first <= last:
            return known[0], int(first), int(last)
    raise UnusableInput(
        f"phones: {text!r} is no range of telephone numbers", hint='write it like "+353 1 900 0100-0199"'
    )


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _layout(text: str, region: str) -> tuple[PhoneLayout, str] | None:
    """The layout of a written number, and its national number."""
    if not re.fullmatch(r"[\d\s+()./\u2010-\u2015-]{7,30}", text):
        return None
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    plan = plan_of(region)
    if "+" in text:
        known, literal = country_and_number(digits), 0
    elif digits.startswith("00"):
        known, literal = country_and_number(digits[2:]), 2
    elif plan is None:
        return None
    else:
        code, number = plan.likeliest(digits)
        shown = code if digits.endswith(code + number) and len(digits) > len(number) + len(plan.trunk) else ""
        return _cut(text, len(digits) - len(number), shown, number)
    return _cut(text, literal + len(known[0]), known[0], known[1]) if known else None


def _cut(text: str, literal: int, code: str, number: str) -> tuple[PhoneLayout, str]:
    """The text with all digits but the first `literal` as #; a bracketed trunk prefix stays."""
    marks, seen, at = [], 0, 0
    while at < len(text):
        if text.startswith("(0)", at) and code:
            marks.append("(0)")
            at += 3
            continue
        if text[at].isdigit():
            seen += 1
            marks.append(text[at] if seen <= literal else "#")
        else:
            marks.append(text[at])
        at += 1
    return PhoneLayout(code, "".join(marks)), number


def _main_region(country_code: str) -> str:
    from phonenumbers import region_code_for_country_code

    return str(region_code_for_country_code(int(country_code)))


def _different_endings(areas: Iterable[str]) -> tuple[str, ...]:
    """Area codes that differ in their last two digits: numbers must differ in their last nine."""
    return tuple({area[1:]: area for area in areas}.values())
