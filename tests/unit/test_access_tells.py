"""Whether a change that was seen at one place says all of one that was seen at another."""

from typing import Any

import pytest
from msgspec.structs import replace

from trapstreet.access.domain.drifted import Drifted, Sort, tells

MEMBER = Drifted(
    Sort.GAINED, cause="anna is now member of agents", who=("anna",), people=1, of=9,
    what=(("crm", "public", "a"), ("crm", "public", "b")), things=2,
)  # fmt: skip
MANY = tuple(("crm", "public", f"t{n}") for n in range(20))


@pytest.mark.parametrize(
    ("by", "change", "all_of", "told"),
    [
        ({}, {}, False, True),
        ({}, {"what": (("crm", "public", "a"),), "things": 1}, False, True),
        ({}, {"what": (("hr", "public", "pay"),), "things": 1}, False, False),
        ({"what": (("crm", "public", "a"),), "things": 1}, {}, False, False),
        ({"what": (("crm", "public", "a"),), "things": 1}, {}, True, False),
        ({"what": MANY, "things": 300}, {}, False, False),  # nobody knows what is not listed
        ({"what": MANY, "things": 300}, {}, True, True),
        ({"what": MANY, "things": 300}, {"what": MANY, "things": 300}, False, True),
        ({"what": MANY, "things": 300}, {"what": MANY, "things": 301}, True, False),
        ({}, {"who": ("bert",)}, True, False),
        ({}, {"cause": "bert is now member of agents"}, True, False),
        ({}, {"everybody": True}, True, False),
        ({"sort": Sort.MORE}, {"sort": Sort.MORE}, True, False),
        ({"sort": Sort.LOST}, {}, True, False),
        ({}, {"weight": 4.0, "records": 3}, False, True),
    ],
)
def test_a_change_tells_another_if_nothing_of_that_is_new(
    by: dict[str, Any], change: dict[str, Any], all_of: bool, told: bool
) -> None:
    assert tells(replace(MEMBER, **by), replace(MEMBER, **change), all_of=all_of) is told
