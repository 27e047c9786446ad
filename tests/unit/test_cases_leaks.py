"""What the alert for a leak says: who may read it, what chance explains, what was not read, what is kept."""

import pytest

from trapstreet.cases import Leak, Spot
from trapstreet.cases.domain.leaks import of_leak
from trapstreet.core.model.notice import Severity

LEAK = Leak(
    data_set="customers",
    records=12,
    of=900,
    share=0.013,
    certain=0,
    planted={},
    which="b" * 32,
    spots=(Spot("https://paste.example/x", "https://paste.example/", "a" * 64),),
)


def leak(readers: str = "", **more: object) -> Leak:
    spot = Spot("https://paste.example/x", "https://paste.example/", "a" * 64, readers)
    fields = {name: getattr(LEAK, name) for name in LEAK.__struct_fields__}
    return Leak(**{**fields, "spots": (spot,), **more})


def said(each: Leak) -> str:
    new = of_leak(each, "finding x", places=1, spots=each.spots, begun=1, at=1)
    return " ".join((new.headline, *new.happened))


@pytest.mark.parametrize(
    ("readers", "severity"),
    [
        ("everybody", Severity.CRITICAL),
        ("everybody who has the link", Severity.CRITICAL),
        ("everybody in the network", Severity.HIGH),
        ("everybody who has an account", Severity.HIGH),
        ("", Severity.HIGH),
    ],
)
def test_who_may_read_it_makes_it_worse_and_is_said(readers: str, severity: Severity) -> None:
    each = leak(readers)
    assert each.severity is severity
    assert ("may read it there." in said(each)) is bool(readers)


def test_what_chance_explains_and_what_was_not_read_and_what_is_kept_are_said() -> None:
    chance = {"phone number": 0.4, "reference number": 150.0, "national id": 0.01}
    kept = "only the first 5 bytes are kept"
    text = said(leak(expected=chance, unread="in part: encrypted", kept=True, unkept=kept))
    assert "of ours in such a text: about 0.4 phone numbers, about 150 reference numbers." in text
    assert "national" not in text
    assert "Not all of it could be read, and more may be there: in part: encrypted." in text
    assert "What lay there is kept, sealed" in text
    assert "Of what lay there only the first 5 bytes are kept." in text
    assert "What lay there was not kept: it is gone." in said(leak(unkept="not kept: it is gone"))


def test_a_known_leak_is_low_and_a_case_of_its_own_whoever_may_read_it() -> None:
    each = leak("everybody", old="dump-of-2019", records=5_000)
    assert (each.severity, each.subject) == (Severity.LOW, "known leak dump-of-2019")
    assert said(each).startswith("The known leak dump-of-2019 was found again: 5,000 of its 900 records")


def test_what_somebody_else_chose_goes_out_in_printable_characters() -> None:
    text = said(leak("every\x1b[31mbody\nx", unread="a\x1b[0m" + "x" * 500))
    assert "\x1b" not in text and "\n" not in text
    assert "x" * 300 not in text
