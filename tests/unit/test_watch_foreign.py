"""What hits can have met by: read together, as each alone."""

from trapstreet.core.fields import Kind, Search, kinds
from trapstreet.watch.domain.foreign import _forms

NUMBERS = [b"+353 87 123 4567", b"(087) 123.45.67", b"0035387\xc2\xa01234567", b"no number", b"087-123/4567"]


def test_values_have_the_same_forms_together_as_each_alone() -> None:
    search = Search((), frozenset({8, 9}))
    alone = [
        [form for found in kinds()[Kind.PHONE].find(value, search) for form in found.forms]
        for value in NUMBERS
    ]
    assert _forms(Kind.PHONE, NUMBERS, search) == alone
    assert [bool(forms) for forms in alone] == [True, True, True, False, True]


def test_no_value_has_no_forms() -> None:
    assert _forms(Kind.PHONE, [], Search((), frozenset())) == []
