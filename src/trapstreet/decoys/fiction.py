"""Telephone numbers that regulators keep for films, books and examples: nobody has them.

Sources: Ofcom, "Telephone numbers for use in TV and radio drama programmes"; ARCEP, décision 2018-0881;
Bundesnetzagentur, Mitteilung 148/2021; PTS, reserved series for books and films; ACMA, "Phone numbers for
use in TV shows, films and creative works"; ComReg, National Numbering Scheme (020 91x xxxx); North American
Numbering Plan and Canadian Numbering Administrator (555-0100 to 555-0199 in every area code).
"""

_GB_AREAS = ("113", "114", "115", "116", "117", "118", "121", "131", "141", "151", "161")

RANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "GB": (
        ("7700900000", "7700900999"),
        *((f"{area}4960000", f"{area}4960999") for area in _GB_AREAS),
        ("1632960000", "1632960999"),
        ("1914980000", "1914980999"),
        ("2079460000", "2079460999"),
        ("2896496000", "2896496999"),
        ("2920180000", "2920180999"),
    ),
    "IE": (("209100000", "209199999"),),
    "FR": tuple(
        (f"{block}0000", f"{block}9999") for block in ("19900", "26191", "35301", "46571", "53649", "63998")
    ),
    "DE": tuple(
        (f"{block}000", f"{block}999") for block in ("3023125", "6990009", "4066969", "2214710", "8999998")
    ),
    "AU": tuple(
        (f"{area}{block}0000", f"{area}{block}9999") for block in ("5550", "7010") for area in "2378"
    ),
    "SE": (
        ("701740605", "701740699"),
        ("313900600", "313900699"),
        ("406280400", "406280499"),
        ("846500400", "846500499"),
        ("980319200", "980319299"),
    ),
}
"""National significant numbers, first and last of each range, by ISO 3166 region."""

NORTH_AMERICA = frozenset({"US", "CA"})
NORTH_AMERICAN_BLOCK = ("5550100", "5550199")
"""Within every area code."""
