"""By which columns somebody sees something about people."""

import pytest

from trapstreet.access.domain.sight import about_people
from trapstreet.core.model.holdings import HeldColumn, Holding
from trapstreet.core.model.rights import Door, How, Rows

NUMBER = HeldColumn("customer_id", "person_id", 9, 9, "pseudonym")
MAIL = HeldColumn("email", "email", 9, 9, "contact")
PAID = HeldColumn("paid", "", 0, 9, "")
UNREAD = HeldColumn("c17", "", 0, 0, "")


def shows(columns: tuple[str, ...] | None, *held: HeldColumn) -> bool:
    """Whether a view that names these columns shows something about people of a table with those."""
    sensitivity = max((each.sensitivity for each in held), default="personal")
    holding = Holding("x", ("crm", "customers"), "table", 9, 9, held, sensitivity, 1.0, 0)
    door = Door(0, How.VIEW, 1, (), 1, Rows.SHOWN, shows=columns)
    return bool(about_people([door], holding))


@pytest.mark.parametrize(
    ("columns", "held", "told"),
    [
        (("customer_id", "paid"), (NUMBER, MAIL, PAID), False),
        (("customer_id",), (NUMBER, PAID), True),  # all that there is about anybody
        (("paid",), (NUMBER, PAID), False),
        (("Email",), (NUMBER, MAIL, PAID), True),
        (("c17",), (MAIL, UNREAD), True),
        (("came_since",), (MAIL, PAID), True),
        ((), (MAIL, PAID), False),
        (None, (MAIL, PAID), True),
        (("paid",), (), True),  # it is not known by its columns
    ],
)
def test_a_view_shows_people_by_a_column_about_them_or_one_that_nobody_looked_into(
    columns: tuple[str, ...] | None, held: tuple[HeldColumn, ...], *, told: bool
) -> None:
    assert shows(columns, *held) is told


def test_names_that_differ_in_case_alone_are_not_told_apart() -> None:
    assert shows(("PAID",), MAIL, PAID, HeldColumn("Paid", "card", 9, 9, "card"))


def test_of_a_table_about_nobody_every_way_counts() -> None:
    door = Door(0, How.COLUMNS, 1, (), 1, columns=("paid",))
    assert about_people([door], None) == [door]
