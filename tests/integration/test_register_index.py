"""What registering says of the index it makes: values set aside, and an index of old that is made again."""

from pathlib import Path

import msgspec
import pytest

from desk import Desk
from people import customer_file
from trapstreet.app.demo.people import customers
from trapstreet.core.fields import NORMAL_FORMS
from trapstreet.index import Header, Segment
from trapstreet.index.segment import MAGIC

PHONE = 3


def switchboard(count: int, number: str) -> list[tuple[str, ...]]:
    """Customers of whom the first 33 share a phone number."""
    rows = list(customers(count, seed=9))
    return [(*row[:PHONE], number, *row[PHONE + 1 :]) for row in rows[:33]] + rows[33:]


@pytest.mark.parametrize("number", ["+353 21 555 1234", "+45 55 51 23 45"], ids=["one form", "two forms"])
def test_what_too_many_share_is_set_aside_and_it_says_so_once(desk: Desk, number: str) -> None:
    table = customer_file(desk.folder / "a.csv", 0, rows=switchboard(200, number))
    said = desk.do("register", table, "--name", "customers")
    assert "Set aside: 1 phone number that more than 32 records share." in said
    said = desk.do("scan", table, status=1)
    assert "SET ASIDE  of customers, because many records share them: phone number 1\n" in said
    assert desk.json("register", table, "--name", "again")["set_aside"] == {"phone": 1}


def test_a_later_version_says_what_it_sets_aside(desk: Desk) -> None:
    rows = list(customers(200, seed=9))
    desk.do("register", customer_file(desk.folder / "a.csv", 0, rows=rows), "--name", "customers")
    assert desk.json("register", desk.folder / "a.csv", "--name", "customers")["set_aside"] == {}
    customer_file(desk.folder / "a.csv", 0, rows=[(*row[:2], "info@mail.example", *row[3:]) for row in rows])
    said = desk.do("register", desk.folder / "a.csv", "--name", "customers", "--key", "ticket")
    assert "Set aside: 1 e-mail address that more than 32 records share." in said


def test_an_index_of_the_first_format_is_refused_until_the_data_set_is_registered_again(desk: Desk) -> None:
    table = customer_file(desk.folder / "a.csv", 200)
    desk.do("register", table, "--name", "customers")
    (segment,) = desk.workspace.rglob("version-*.segment")
    _as_first_format(segment)
    line = desk.refused(2, "scan", table)
    assert "'customers'" in line
    assert "register the data set again" in line
    _forget_plan(desk)
    result = desk.json("register", table, "--name", "customers")
    assert (result["version"], result["appeared"], result["changed"], result["went"]) == (2, 0, 0, 0)
    (finding,) = desk.json("scan", table, status=1)["findings"]
    assert finding["records"] == 200


def _as_first_format(path: Path) -> None:
    """The file as trapstreet wrote it before tables: only its records are the same."""
    header = msgspec.structs.replace(Segment(path).header, normal_forms=1)
    old = {name: each for name, each in header.arrays.items() if name in ("record_ids", "digests", "ended")}
    encoded = msgspec.json.encode(Header(header.data_set, "version:1", 1, 1, arrays=old))
    data = path.read_bytes()
    start = len(MAGIC) + 4 + len(encoded)
    path.write_bytes(
        b"TSINDEX\x01" + len(encoded).to_bytes(4, "little") + encoded + bytes(4096 - start) + data[4096:]
    )


def _forget_plan(desk: Desk) -> None:
    """The registry as it was with other normal forms: the plan of the version is another one."""
    from trapstreet.store.models import Version

    assert NORMAL_FORMS > 1
    Version.objects.update(plan="0" * 16)
