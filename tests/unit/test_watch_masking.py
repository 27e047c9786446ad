"""What a finding shows of a value."""

import pytest

from trapstreet.watch.domain.excerpts import masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("mary.murphy@post.example", "m***.m*****@p***.e******"),
        ("a@b.de", "*@*.**"),
        ("j.d@x.ie", "*.*@*.**"),
        ("+353 86 123 4567", "+*** ** *** **67"),
        ("TCK-000123", "T**-****23"),
        ("1234", "****"),
        ("Jörg\x1b[31m", "J***?[***"),
    ],
)
def test_a_masked_value_keeps_its_shape_and_no_more(value: str, shown: str) -> None:
    assert masked(value.encode()) == shown
