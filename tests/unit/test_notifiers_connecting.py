"""Where messages may go."""

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from receivers import NOTICE, PATH, Web, options
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins._connecting import addresses, in_the_internet
from trapstreet.plugins.notifiers import notifier_of
from trapstreet.plugins.notifiers._http import receiver

_OF_THE_INTERNET = """1.1.1.1 100.63.255.255 192.0.0.9 198.17.0.1 223.255.255.255 2606:4700::1111
::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1""".split()
_OTHERS = """0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.2.1
192.88.99.1 192.168.0.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
64:ff9b::a00:1 64:ff9b:1::1.1.1.1 2002:7f00:1:: 2002:a9fe:a9fe::1
2001::1 2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%lo fec0::1 ff02::1 nonsense""".split()
_NO_ADDRESSES = """ftp://receiver.example/
//receiver.example/
https:///a
https://user:pw@receiver.example/
https://receiver.example:0/
https://receiver.example:99999/
https://receiver.example/a b
https://receiver.example/\x00
https://receiver.example/a\rHost: x
https://rec\\eiver.example/
https://receiver.example/#a
https://[::1/
https://éxample.example/
http://receiver.example/
javascript:alert(1)""".split("\n")


@pytest.mark.parametrize("address", _OF_THE_INTERNET)
def test_an_address_of_the_internet_will_do(address: str) -> None:
    assert in_the_internet(address)


@pytest.mark.parametrize("address", _OTHERS)
def test_no_other_address_will_do_however_it_is_written(address: str) -> None:
    assert not in_the_internet(address)


def test_of_a_name_with_addresses_of_both_sorts_those_of_the_internet_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _name_server(monkeypatch, [["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111", "1.1.1.1"]])
    until = time.monotonic() + 5
    assert addresses("receiver.example", 443, private=False, until=until) == ["1.1.1.1", "2606:4700::1111"]
    assert len(addresses("receiver.example", 443, private=True, until=until)) == 4


def test_a_name_that_leads_into_the_house_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _name_server(monkeypatch, [["127.0.0.1", "::ffff:169.254.169.254"]])
    with pytest.raises(UnusableInput, match=r"leads into a private network: set private = true"):
        addresses("receiver.example", 443, private=False, until=time.monotonic() + 5)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "localhost", "0"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(UnusableInput, match="leads into a private network"):
        addresses(host, 443, private=False, until=time.monotonic() + 5)


def test_a_resolver_that_hangs_takes_no_longer_than_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3))
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        addresses("receiver.example", 443, private=False, until=begun + 0.2)
    assert time.monotonic() - begun < 2


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Web() as web:
        given = options("webhook", tmp_path, web.port) | {"url": f"http://receiver.example:{web.port}{PATH}"}
        asked = _name_server(monkeypatch, [["127.0.0.1"], ["203.0.113.1"], ["203.0.113.1"]])
        notifier_of("webhook", given, folder=tmp_path, where="[notify.me]").tell([NOTICE], key="d-1")
        assert asked == ["receiver.example"]
        assert web.requests[0].headers["host"] == f"receiver.example:{web.port}"


@pytest.mark.parametrize("url", _NO_ADDRESSES)
def test_what_is_no_https_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UnusableInput, match="the receiver's address") as caught:
        receiver(url=url, private=False, ca=None)
    assert url not in str(caught.value)


def _name_server(monkeypatch: pytest.MonkeyPatch, answers: Sequence[Sequence[str]]) -> list[str]:
    """The names that are looked up; each look-up gets the next answer. Addresses are read as they are."""
    real, asked = socket.getaddrinfo, list[str]()

    def getaddrinfo(host: Any, port: Any, *others: Any, **named: Any) -> Any:
        if host != "receiver.example":
            return real(host, port, *others, **named)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
