"""What a declared type says of the values: the types of servers and files by family."""

import re
from enum import StrEnum
from functools import lru_cache


class Family(StrEnum):
    """A family of declared types. UNKNOWN excludes nothing: a file has no types, a server has its own."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    YES_NO = "yes_no"
    BYTES = "bytes"
    NETWORK = "network"
    UUID = "uuid"
    PLACE = "place"
    UNKNOWN = "unknown"


_FAMILIES = tuple(  # the first that is found in the type's name
    (family, re.compile(words))
    for family, words in (
        (Family.UNKNOWN, r"json|^array|variant|^xml|hstore"),
        (Family.UUID, r"uuid|uniqueidentifier|guid"),
        (Family.YES_NO, r"bool|^bit\b(?! varying)|tinyint\(1\)"),
        (Family.BYTES, r"blob|bytea|binary|^image|^raw"),
        (Family.NETWORK, r"^inet|^cidr"),
        (Family.PLACE, r"^point|geometry|geography|linestring|polygon"),
        (Family.TIME, r"timestamp|date_?time|smalldatetime|timetz|^time|^interval"),
        (Family.DATE, r"^date|^year"),
        (Family.TEXT, r"char|text|clob|string|^enum|^set\b|^name$"),
        (Family.DECIMAL, r"numeric|decimal|float|double|real|money|number"),
        (Family.WHOLE, r"int|serial|^long|^short|autofield"),
    )
)

TEXTUAL = frozenset({Family.TEXT})
WRITTEN = frozenset({Family.TEXT, Family.WHOLE, Family.DECIMAL})
NUMBERS = frozenset({Family.WHOLE, Family.DECIMAL, Family.TEXT})
DAYS = frozenset({Family.DATE, Family.TIME, Family.TEXT})
ANY = frozenset(Family)


@lru_cache(maxsize=1_000)
def family_of(declared: str) -> Family:
    """The family of a declared type, UNKNOWN for one that is not known or ""."""
    name = declared.strip().lower()
    return next((family for family, words in _FAMILIES if words.search(name)), Family.UNKNOWN)
