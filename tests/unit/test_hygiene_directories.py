"""Entries of directories, whatever is in them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.model.accounts import Account
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.identities import _ldap_active_directory as active
from trapstreet.plugins.identities import _ldap_plain as plain
from trapstreet.plugins.identities._ldap_session import Entry
from trapstreet.plugins.identities._ldap_times import NEVER, of_filetime, of_written
from trapstreet.plugins.identities.ldap import address_of

ATTRIBUTES = [each.lower() for each in (*active._USER, *plain._ACCOUNT, "userPassword", "objectClass")]
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"-1", b"0", b"9223372036854775807", b"9" * 40, b"1e9", b"99999999999999Z", b"TRUE"]
    ),
)
ENTRIES = st.dictionaries(st.sampled_from(ATTRIBUTES), st.lists(VALUES, max_size=3))


@given(ENTRIES)
def test_no_entry_is_too_strange_to_be_read(values: dict[str, list[bytes]]) -> None:
    entry = Entry("CN=x,DC=example", values)
    for account in (active._account(entry), plain._account(entry)):
        if account is not None:
            for at in (account.last_use, account.made, account.password_set, account.expires):
                assert at is None or datetime.fromtimestamp(at / 1e6, UTC)
    assert len([*plain._verifiers("x", entry)]) <= 3
    active.sid_of(entry)


def test_an_entry_that_shows_nothing_tells_nothing() -> None:
    assert active._account(Entry("CN=x,DC=y", {})) == Account(name="CN=x,DC=y")


@pytest.mark.parametrize(
    ("ticks", "day"),
    [
        (133_444_736_000_000_000, "2023-11-14"),
        (0, None), (NEVER, None), (-1, None), (None, None), (2**63 - 2, None),
    ],
)  # fmt: skip
def test_times_of_windows(ticks: int | None, day: str | None) -> None:
    at = of_filetime(ticks)
    assert (at and datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20261123051200Z", "2026-11-23"), ("20261123051200.0Z", "2026-11-23"), ("20261323051200Z", None),
        ("00000101000000Z", None), ("yesterday", None), (None, None),
    ],
)  # fmt: skip
def test_times_of_ldap(text: str | None, day: str | None) -> None:
    at = of_written(text)
    assert (at and datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()) == day


class Ranges:
    """A directory that tells 1,500 values at a time, as Windows does."""

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry:
        (asked,) = attributes
        first = int(asked.partition("=")[2].partition("-")[0])
        return told(first)


def told(first: int) -> Entry:
    last = min(first + 1499, 3999)
    end = "*" if last == 3999 else str(last)
    groups = [f"CN=g{n},DC=y".encode() for n in range(first, last + 1)]
    return Entry("CN=x,DC=y", {f"memberof;range={first}-{end}": groups})


def test_more_groups_than_are_told_at_once_are_asked_for() -> None:
    names = {f"cn=g{n},dc=y": f"g{n}" for n in range(4000)}
    found = [*active._groups_of(Ranges(), told(0), names)]  # type: ignore[arg-type]
    assert found == [f"g{n}" for n in range(4000)]


def test_an_address_says_who_asks_where_and_whom_to_trust() -> None:
    address = address_of("ldaps://EXAMPLE%5Creader@dc1.example.com:1636/DC=example,DC=com?ca=/etc/ca.pem")
    assert (address.user, address.port, address.base) == ("EXAMPLE\\reader", 1636, "DC=example,DC=com")
    assert str(address.ca) == "/etc/ca.pem"
    assert address.shown == "ldaps://dc1.example.com:1636/DC=example,DC=com"
    assert address_of("ldap://dc1.example.com").port == 389


@pytest.mark.parametrize(
    "url",
    ["ldaps://", "ldaps://anna:secret@dc1", "ldap://dc1:port/", "ldaps://anna:@dc1", "ldaps://dc1:99999"],
)
def test_other_addresses_are_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(UnusableInput) as refused:
        address_of(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "seals"),
    [
        ("ldap://EXAMPLE%5Creader@dc1", True),
        ("ldap://EXAMPLE%5Creader@dc1?ca=/etc/ca.pem", False),
        ("ldap://reader%40example.com@dc1", False),
        ("ldap://cn=reader@dc1", False),
        ("ldaps://EXAMPLE%5Creader@dc1", False),
    ],
)
def test_only_who_asks_says_whether_tls_is_done_without(url: str, seals: bool) -> None:
    assert address_of(url).seals is seals
