"""What of MariaDB's rights is decided without a server."""

import pytest

from trapstreet.core.model.changes import Step
from trapstreet.plugins.changes._mariadb.clone import proxy_header
from trapstreet.plugins.changes._mariadb.hosts import Hosts
from trapstreet.plugins.changes._mariadb.script import script
from trapstreet.plugins.changes._mariadb.standing import Given, Holder, Standing

SOCKET = ""
SOMEBODY = "192.0.2.1"


@pytest.mark.parametrize(
    ("patterns", "client", "by_name", "address"),
    [
        (["10.%"], "10.1.2.3", True, "10.1.2.3"),
        (["10.%"], "::ffff:10.1.2.3", True, "10.1.2.3"),
        (["%"], "pc7.example.com", True, SOMEBODY),
        (["%", "10.%"], "pc7.example.com", True, None),
        (["%"], "", True, SOMEBODY),
        (["10.%"], "", True, None),
        (["%"], "localhost", True, SOCKET),
        (["localhost"], "localhost", True, SOCKET),
        (["localhost", "127.0.0.1"], "localhost", True, None),
        (["localhost", "127.0.0.1"], "localhost", False, SOCKET),
        (["10.0.0.0/255.0.0.0", "localhost"], "localhost", True, None),
    ],
)  # fmt: skip
def test_where_somebody_came_from_is_known_or_said_not_to_be(
    patterns: list[str], client: str, by_name: bool, address: str | None
) -> None:
    holders = {Holder("anna", each, is_role=False): "" for each in patterns}
    assert Hosts(Standing(holders, (), ()), by_name=by_name).surely("anna", client) == address


def test_a_grant_to_nobody_in_particular_counts_for_everybody() -> None:
    anna, nobody = Holder("anna", "%", is_role=False), Holder("", "10.%", is_role=False)
    there = Standing({anna: ""}, (Given("database", ("crm",), "SELECT", nobody),), ())
    assert Hosts(there, by_name=True).surely("anna", "pc7.example.com") is None


@pytest.mark.parametrize(
    ("patterns", "address", "either"),
    [
        (["10.1.2.3", "10.0.0.0/255.0.0.0"], "10.1.2.3", True),
        (["10.1.2.3", "10.0.0.0/255.0.0.0"], "10.9.9.9", False),
        (["10.1.2.3", "192.168.0.0/255.255.0.0"], "10.1.2.3", False),
        (["10.%", "10._.2.3"], "10.1.2.3", True),
        (["%", "10.%", "10.1.%", "10.1.2.3"], "10.1.2.3", False),
        (["localhost", "127.0.0.1"], "127.0.0.1", True),
        (["localhost", "127.0.0.1"], "10.1.2.3", False),
    ],
)
def test_of_grants_that_fit_equally_nobody_knows_which_counts(
    patterns: list[str], address: str, *, either: bool
) -> None:
    holders = {Holder("anna", each, is_role=False): "" for each in patterns}
    assert not Hosts(Standing(holders, (), ()), by_name=True).takes_either("anna", address)
    given = tuple(Given("database", (f"crm{at}",), "SELECT", each) for at, each in enumerate(holders))
    assert Hosts(Standing(holders, given, ()), by_name=True).takes_either("anna", address) == either


def test_the_header_of_a_proxy_says_where_somebody_comes_from() -> None:
    assert proxy_header("10.1.2.3")[12:20] == b"\x21\x11\x00\x0c\x0a\x01\x02\x03"
    assert proxy_header("2001:db8::1")[12:20] == b"\x21\x21\x00\x24\x20\x01\x0d\xb8"
    assert proxy_header("")[12:16] == b"\x21\x31\x00\xd8"


def test_names_in_a_script_stay_names() -> None:
    holder = Holder("o`d; DROP\n", "%", is_role=False)
    given = Given("table", ("a`b", "c;\n--"), "SELECT", holder)
    assert given.key == "SELECT on `a``b`.`c;\n--` to `o``d; DROP\n`@`%`"
    written = script(
        ["x\ny"], [Step("", "SELECT\nfrom", (f"REVOKE SELECT ON {given.on} FROM {holder.sql}",))]
    )
    lines = written.splitlines()
    assert lines[0].startswith("-- ")
    assert lines[1] == "SET SESSION sql_mode = 'NO_AUTO_CREATE_USER';"
    assert lines[2].startswith("-- SELECT")
    assert lines[3] == "REVOKE SELECT ON `a``b`.`c;"
