"""Birth dates. Form: the eight digits of year, month and day, "19800201".

A numeric date with one reading is read that way; one with two in the column's order, in a leak in both.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from trapstreet.core.fields.fold import folded, phrases
from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.tokens import Token, canonical

_MONTHS = (  # English, German, French, Spanish, Italian, Dutch, Portuguese, Polish, Swedish; folded
    "january januar janvier enero gennaio januari janeiro stycznia styczen jan janv ene gen sty",
    "february februar fevrier febrero febbraio februari fevereiro lutego luty feb fevr fev lut",
    "march marz maerz mars marzo maart marco marca marzec mar mrz mrt",
    "april avril abril aprile kwietnia kwiecien apr avr abr kwi",
    "may mai mayo maggio mei maio maja maj mag",
    "june juni juin junio giugno junho czerwca czerwiec jun giu cze",
    "july juli juillet julio luglio julho lipca lipiec jul juil lug lip",
    "august aout agosto augustus augusti sierpnia sierpien aug ago sie",
    "september septembre septiembre settembre setembro wrzesnia wrzesien sep sept set wrz",
    "october oktober octobre octubre ottobre outubro pazdziernika pazdziernik oct okt ott out paz",
    "november novembre noviembre novembro listopada listopad nov lis",
    "december dezember decembre diciembre dicembre dezembro grudnia grudzien dec dez dic gru",
)
_MONTH = {word: number for number, line in enumerate(_MONTHS, start=1) for word in line.split()}

_NUMERIC = re.compile(r"(?<![0-9])([0-9]{1,4})([./\- ]{1,2})([0-9]{1,2})\2([0-9]{1,4})(?![0-9])")
_COMPACT_ISO = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])")
_COMPACT = re.compile(r"(?<![0-9])([0-9]{8})(?![0-9])")
_WORD = re.compile(
    r"(?<![0-9])(?:([0-9]{1,2})(?:st|nd|rd|th|er)?[.\s\-]{0,2}(?:of |de |di )?([a-z]{3,12})\.?"
    r"|([a-z]{3,12})\.?\s([0-9]{1,2})(?:st|nd|rd|th)?)[,\s\-]{1,2}(?:de |del )?([0-9]{4})(?![0-9])"
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_CENTURY_FROM = 30  # a two-digit year below this is first read as 20xx


class _Reading(NamedTuple):
    """One way to read a date; day_first is None where the layout leaves no choice."""

    day_first: bool | None
    year: int
    month: int
    day: int

    @property
    def form(self) -> bytes:
        return b"%04d%02d%02d" % (self.year, self.month, self.day)

    @property
    def exists(self) -> bool:
        return (
            _FIRST_YEAR <= self.year <= _LAST_YEAR
            and 1 <= self.month <= 12
            and 1 <= self.day <= monthrange(self.year, self.month)[1]
        )


class BirthDate(FieldKind):
    """Birth dates, typed or in any common layout."""

    kind = Kind.BIRTH_DATE
    title = "birth date"
    anchor = False
    alone = False
    slots = 1
    named = 0.5
    unnamed = 2.0
    headers = phrases(
        """
        birth date, birthdate, date of birth, dob, birthday, born, born on, geburtsdatum, geburtstag, geb
        datum, gebdatum, geboren, date de naissance, date naissance, ne le, naissance, fecha de
        nacimiento, fecha nacimiento, nacimiento, data di nascita, data nascita, nascita, geboortedatum,
        data de nascimento, data nascimento, nascimento, data urodzenia, fodelsedatum, fodelsedag,
        fodselsdato
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        return sum(len(text) <= 40 and any(_dates(text)) for text in texts) / max(1, len(texts))

    def learn(self, column: Column, texts: Sequence[str]) -> Column:
        return msgspec.structs.replace(column, day_first=_day_first(texts, column.region))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        for readings in _dates(text):
            fitting = [reading for reading in readings if reading.day_first in (None, column.day_first)]
            return ((fitting or readings)[0].form,)
        return ()

    def near(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
        for at, token in enumerate(tokens):
            if token.word:
                yield from _round_month(tokens, at)
            elif len(token.text) == 8:
                yield from ((at, at, reading.form) for reading in _eight_digits(token.text.decode()))
            else:
                yield from ((at, at + 2, reading.form) for reading in _three_numbers(tokens[at : at + 3]))


FIELD = BirthDate()


@cache
def month_words() -> Mapping[bytes, int]:
    """The words that name a month in text, in canonical form, with the month's number."""
    return MappingProxyType({canonical(word.encode()): number for word, number in _MONTH.items()})


def _round_month(tokens: Sequence[Token], at: int) -> Iterator[tuple[int, int, bytes]]:
    """The dates of a day, the month's name at `at`, and a year, in the orders that languages have."""
    month = month_words().get(tokens[at].text)
    if not month:
        return
    days = [*range(max(0, at - 3), at), *range(at + 1, min(at + 3, len(tokens)))]
    years = range(at + 1, min(at + 5, len(tokens)))
    for day, year in product(days, years):
        if _is_number(tokens[day], 1, 2) and _is_number(tokens[year], 4, 4):
            reading = _Reading(None, int(tokens[year].text), month, int(tokens[day].text))
            if reading.exists:
                yield min(day, at), max(day, year), reading.form


def _three_numbers(run: Sequence[Token]) -> list[_Reading]:
    """The dates that three numbers with 1 to 3 bytes between them can be."""
    if len(run) < 3 or any(token.word for token in run):
        return []
    if any(not 1 <= after.start - before.end <= 3 for before, after in pairwise(run)):
        return []
    first, second, third = (token.text.decode() for token in run)
    return _written(first, second, third)


def _is_number(token: Token, least: int, most: int) -> bool:
    return not token.word and least <= len(token.text) <= most


def _day_first(texts: Sequence[str], region: str) -> bool | None:
    """The order that a column's unambiguous dates show, else what its region and separators suggest."""
    numeric = [match for text in texts if (match := _NUMERIC.search(text)) and len(match[1]) <= 2]
    numeric += [
        match for text in texts if (match := _COMPACT.search(text)) and not _COMPACT_ISO.match(match[1])
    ]
    if not numeric:
        return None
    orders = [{reading.day_first for reading in _numeric_readings(match)} for match in numeric]
    day_first, month_first = orders.count({True}), orders.count({False})
    if day_first == month_first:
        dotted = sum("." in match[0] for match in numeric) > len(numeric) / 2
        return dotted or region != "US"
    return day_first > month_first


def _dates(text: str) -> Iterator[list[_Reading]]:
    """Yield the readings of each date in the text, the layouts without choice first."""
    for pattern in (_NUMERIC, _COMPACT):
        for match in pattern.finditer(text):
            if readings := _numeric_readings(match):
                yield readings
    if any(map(str.isalpha, text)):
        for match in _WORD.finditer(folded(text)):
            month = _MONTH.get(match[2] or match[3])
            reading = _Reading(None, int(match[5]), month or 0, int(match[1] or match[4]))
            if reading.exists:
                yield [reading]


def _numeric_readings(match: re.Match[str]) -> list[_Reading]:
    return _eight_digits(match[1]) if match.re is _COMPACT else _written(match[1], match[3], match[4])


def _eight_digits(digits: str) -> list[_Reading]:
    readings = (
        _Reading(None, int(digits[:4]), int(digits[4:6]), int(digits[6:])),
        _Reading(True, int(digits[4:]), int(digits[2:4]), int(digits[:2])),
        _Reading(False, int(digits[4:]), int(digits[:2]), int(digits[2:4])),
    )
    return [reading for reading in readings if reading.exists]


def _written(first: str, second: str, third: str) -> list[_Reading]:
    """The dates that three numbers of 1 to 4 digits can be, in the order they are written."""
    sizes = len(first), len(second), len(third)
    if sizes[0] == 4 and max(sizes[1:]) <= 2:
        readings = [_Reading(None, int(first), int(second), int(third))]
    elif max(sizes[:2]) <= 2 and sizes[2] in (2, 4):
        readings = [
            reading
            for year in _years(third)
            for reading in (
                _Reading(True, year, int(second), int(first)),
                _Reading(False, year, int(first), int(second)),
            )
        ]
    else:
        readings = []
    return [reading for reading in readings if reading.exists]


def _years(digits: str) -> list[int]:
    year = int(digits)
    if len(digits) != 2:
        return [year]
    return [2000 + year, 1900 + year] if year < _CENTURY_FROM else [1900 + year, 2000 + year]
