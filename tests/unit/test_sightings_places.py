"""Places of access, from databases on this machine alone."""

import socket
import sys
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from trapstreet.app.geography import Places
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.place import Origin

DAY = 86_400
AT = 1_763_800_000


def database(path: Path, records: dict[str, dict], *, built: int = AT - 40 * DAY) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test", int_type="u32")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    content = path.read_bytes()
    key = b"\x4bbuild_epoch"
    start = content.rindex(key) + len(key)
    kind = content[start] >> 5
    size, head = content[start] & 31, 1 if kind else 2
    assert size in (4, 5, 8)
    path.write_bytes(content[: start + head] + built.to_bytes(size, "big") + content[start + head + size :])
    return path


@pytest.fixture
def countries(tmp_path: Path) -> Path:
    return database(
        tmp_path / "countries.mmdb",
        {
            "81.2.69.0/24": {"country": {"iso_code": "GB"}},
            "2001:218::/32": {"country": {"iso_code": "JP"}},
            "84.0.0.0/8": {"country": "Germany", "country_code": "DE"},
            "85.0.0.0/8": {"country": "<script>"},
            "86.0.0.0/8": {"registered_country": {"iso_code": "IE"}},
        },
    )


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    owner = {"autonomous_system_number": 64496, "autonomous_system_organization": "Example\nNet"}
    records = {"81.2.0.0/16": owner, "84.0.0.0/8": {"asn": "AS64497", "as_name": "Flat Net"}}
    return database(tmp_path / "networks.mmdb", records, built=AT - 90 * DAY)


@pytest.fixture
def places(countries: Path, networks: Path):
    with Places(databases=[countries, networks], inside=["10.0.0.0/8", "2001:218:ffff::/48"]) as opened:
        yield lambda address: opened.of(address, at=AT * 1_000_000)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.1.2.3", "inside (a network of yours)"),
        ("192.168.1.7", "no public address: your own network or a proxy"),
        ("127.0.0.1", "no public address: your own network or a proxy"),
        ("fd00::1", "no public address: your own network or a proxy"),
        ("81.2.69.160", "outside"),
    ],
)
def test_of_an_address_that_is_not_public_it_is_not_said_that_it_is_outside(places, address, said):
    assert places(address).side == said


def test_country_and_network_come_with_the_age_of_the_older_database(places):
    found = places("81.2.69.160")
    assert (found.network, found.country, found.holder) == ("81.2.69.0/24", "GB", "AS64496 Example?Net")
    assert found.age == 90
    assert found.origin is Origin.UNKNOWN


@pytest.mark.parametrize(
    ("address", "country", "holder"),
    [
        ("84.1.2.3", "DE", "AS64497 Flat Net"),
        ("85.1.2.3", "", ""),
        ("86.1.2.3", "IE", ""),
        ("2001:218::1", "JP", ""),
        ("::ffff:81.2.69.160", "GB", "AS64496 Example?Net"),
    ],
)
def test_databases_of_other_publishers_are_read_as_well(places, address: str, country: str, holder: str):
    assert (places(address).country, places(address).holder) == (country, holder)


@pytest.mark.parametrize(
    ("address", "origin", "provider"),
    [
        ("66.249.66.1", Origin.BOT, "Googlebot"),
        ("140.82.121.4", Origin.HOSTING, "GitHub"),
        ("40.94.16.10", Origin.HOSTING, "Microsoft Azure"),
        ("::ffff:140.82.121.4", Origin.HOSTING, "GitHub"),
        ("10.1.2.3", Origin.RESERVED, ""),
        ("fe80::1%eth0", Origin.RESERVED, ""),
    ],
)
def test_hosting_and_crawlers_are_told_by_published_ranges(
    places, address: str, origin: Origin, provider: str
):
    found = places(address)
    assert (found.origin, found.provider) == (origin, provider)
    assert found.origin_age is not None


def test_the_users_own_networks_are_inside(places):
    addresses = ("10.1.2.3", "::ffff:10.1.2.3", "2001:218:ffff::1", "11.1.2.3", "2001:218::1")
    assert [places(address).inside for address in addresses] == [True, True, True, False, False]


def test_without_a_database_there_is_no_country_and_no_age():
    with Places() as opened:
        found = opened.of("81.2.69.160", at=AT * 1_000_000)
    assert (found.country, found.holder, found.age) == ("", "", None)
    assert found.network == "81.2.69.0/24"


@pytest.mark.parametrize(
    "address", ["", "not an address", "1.2.3.4.5", "1" * 1_000_000, "::" * 40, "1.2.3.4/8", "\x00"]
)
def test_what_is_no_address_is_a_place_without_network(places, address: str):
    found = places(address)
    assert (found.network, found.country, found.origin) == ("", "", Origin.UNKNOWN)
    assert len(found.address) <= 120


def test_nobody_is_asked(places, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection, or a name looked up")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    places("81.2.69.161")
    places("52.95.110.1")
    assert "iporigin.online" not in sys.modules


def test_a_database_may_be_replaced_while_it_is_in_use(places, countries: Path):
    countries.write_bytes(b"")
    assert places("81.2.69.160").country == "GB"


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path):
    with pytest.raises(Unreachable, match=r"geo\.mmdb cannot be opened"):
        Places(databases=[tmp_path / "geo.mmdb"])


@pytest.mark.parametrize(
    "content", [b"", b"no database", b"\xab\xcd\xefMaxMind.com", b"\xab\xcd\xefMaxMind.com\xe0"]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "geo.mmdb"
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=r"geo\.mmdb is no MaxMind DB file"):
        Places(databases=[path])


def test_a_damaged_database_is_refused_or_says_so_when_it_is_asked(countries: Path):
    whole = countries.read_bytes()
    for at in range(0, len(whole), 7):
        countries.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            with Places(databases=[countries]) as opened:
                for address in ("81.2.69.160", "84.1.2.3", "2001:218::1"):
                    opened.of(address, at=AT * 1_000_000)
        except UnusableInput as error:
            assert "countries.mmdb" in error.message


@pytest.mark.parametrize("network", ["10.0.0.1/8", "office", "10.0.0.0/33", ""])
def test_a_network_that_is_none_is_refused(network: str):
    with pytest.raises(UnusableInput, match="networks inside"):
        Places(inside=[network])
