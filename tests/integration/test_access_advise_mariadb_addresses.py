"""Addresses that the replay takes for one, beside the server's own answer to who comes from each."""

import random
from collections.abc import Iterator
from itertools import combinations

import pytest

from mariadb_offices import Office, past
from servers import Audited, mariadb_clone_url, mariadb_office
from trapstreet.app.advising import Wish, advise
from trapstreet.plugins.changes._mariadb.hosts import Hosts
from trapstreet.plugins.changes._mariadb.standing import Holder, Standing

__all__ = ["mariadb_clone_url", "mariadb_office"]

pytestmark = pytest.mark.system

PATTERNS = (
    "%", "10.%", "10.1.%", "10._.2.3", "%.3", "1%", "10.0.0.0/255.0.0.0", "10.1.0.0/255.255.0.0", "10.1.2.3",
    "192.168.%", "2001:db8::%", "2001:DB8::7", "%:7", "localhost", "l%",
)  # fmt: skip
ADDRESSES = (
    "10.1.2.3", "10.1.2.4", "10.7.2.3", "10.71.2.3", "11.1.2.3", "192.168.1.3", "192.168.1.4", "2001:db8::7",
    "2001:db8::8", "2001:db9::7", "",
)  # fmt: skip


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    yield made
    made.close()


def test_of_addresses_that_are_taken_for_one_the_server_lets_the_same_accounts_in(office: Office) -> None:
    office.do(*(f"CREATE USER u{number}@'{each}'" for number, each in enumerate(PATTERNS)))
    lets_in = {
        (each, client): not office.code(f"u{number}", "DO 1", client=client)
        for number, each in enumerate(PATTERNS)
        for client in ADDRESSES
    }
    assert {*lets_in.values()} == {True, False}
    rng, taken_for_one = random.Random(7), 0
    for _ in range(200):
        patterns = rng.sample(PATTERNS, rng.randint(1, 4))
        holders = {Holder("anna", each, is_role=False): "" for each in patterns}
        hosts = Hosts(Standing(holders, (), ()), by_name=False)
        for one, other in combinations(ADDRESSES, 2):
            if hosts.like("anna", one) == hosts.like("anna", other):
                taken_for_one += 1
                assert all(lets_in[each, one] == lets_in[each, other] for each in patterns), (one, other)
    assert taken_for_one


def test_a_use_from_many_addresses_keeps_what_it_needs_at_each_of_them(
    office: Office, mariadb_clone_url: str
) -> None:
    office.do(
        "CREATE DATABASE crm",
        "CREATE TABLE crm.customers (id int)",
        "CREATE USER anna@'10.1.%'",
        "CREATE USER anna@'10.2.0.1'",
        "GRANT SELECT, DELETE ON crm.* TO anna@'10.1.%'",
        "GRANT SELECT, DELETE ON crm.* TO anna@'10.2.0.1'",
    )
    used = past("anna", "SELECT id FROM customers", clients=["10.1.0.1", "10.1.0.2", "10.2.0.1"])
    planned = advise(office.url, [used], wish=Wish(""), clone=mariadb_clone_url)
    assert {(each.of, each.right) for each in planned.advice.changes} == {
        ("anna@10.1.%", "DELETE"),
        ("anna@10.2.0.1", "DELETE"),
    }
