"""What people without labels can do: group and drop, bounce, look into the numbering plan."""

import numpy as np

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.table import Row
from trapstreet.decoys.audit import Attack, Seen
from trapstreet.decoys.audit.attacks import attacks
from trapstreet.decoys.audit.features import View


def _attacks(kind: Kind, real: list[str], decoys: list[str], region: str = "") -> dict[str, Attack]:
    rows: list[Row] = [(text,) for text in real + decoys]
    mask = np.arange(len(rows)) >= len(real)
    view = View(Seen((Column(name="x", kind=kind, why="", region=region),), rows, mask), np.arange(len(rows)))
    return {attack.words: attack for attack in attacks(view)}


def test_decoys_alone_at_small_domains_are_lost_with_few_customers() -> None:
    real = [f"u{n}@firm{n // 20}.ie" for n in range(1000)] + ["a@one.ie", "b@two.ie"]
    found = _attacks(Kind.EMAIL, real, [f"d{n}@own{n // 3}.ie" for n in range(30)])
    one, five, twenty = found["group x by domain, drop the smallest groups"].losses
    assert one.decoys == 1.0 and one.real == 2 / 1002
    assert five == twenty == one


def test_one_domain_with_all_decoys_is_lost_as_the_odd_one() -> None:
    real = [f"u{n}@firm{n // 20}.ie" for n in range(1000)]
    found = _attacks(Kind.EMAIL, real, [f"d{n}@own.ie" for n in range(300)])
    assert found["group x by domain, drop the smallest groups"].losses[0].decoys == 0.0
    assert found["group x by domain, drop the oddest groups"].losses[0] == (0.0, 1.0)


def test_decoys_at_domains_like_the_others_are_not_lost() -> None:
    names = [f"firm{n // 20}.ie" for n in range(1000)]
    found = _attacks(
        Kind.EMAIL, [f"u{n}@{d}" for n, d in enumerate(names)], [f"d{n}@own{n // 20}.ie" for n in range(40)]
    )
    assert all(loss.decoys == 0.0 for attack in found.values() for loss in attack.losses)


def test_reserved_domains_bounce() -> None:
    decoys = ["a@example.com", "b@Example.NET", "c@mail.example", "d@own.ie"]
    found = _attacks(Kind.EMAIL, ["u@firm.ie", "v@example.ie"], decoys)
    assert found["drop what bounces at x"].losses == ((0.0, 0.75),)


def test_numbers_that_the_plan_lacks_are_counted() -> None:
    found = _attacks(Kind.PHONE, ["087 2345678", "01 6123456", "12"], ["000 1234567", "086 2345678"], "IE")
    loss = found["drop what the numbering plan does not have in x"].losses[0]
    assert (round(loss.real, 3), loss.decoys) == (0.333, 0.5)


def test_a_block_of_numbers_is_lost_by_its_first_digits() -> None:
    real = [f"087{200 + n % 20}{n:04d}" for n in range(1000)]
    found = _attacks(Kind.PHONE, real, [f"0839990{n:03d}" for n in range(15)], "IE")
    assert found["group x by its first 4 digits, drop the smallest groups"].losses[0] == (0.0, 1.0)
