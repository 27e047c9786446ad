"""What every listener promises, whatever it speaks."""

import asyncio
import inspect
import socket
from pathlib import Path

import msgspec
import pytest

from traps import settings_text
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import Kind, kinds
from trapstreet.trap.settings import read_settings

KINDS = list(kinds().items())
each = pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
SERVERS = [(name, kind) for name, kind in KINDS if not getattr(kind, "pulls", False)]
each_server = pytest.mark.parametrize(("name", "kind"), SERVERS, ids=[name for name, _ in SERVERS])
SMALLEST = {
    "http": "",
    "smtp": 'domains = ["you.example"]\nhost = "mail.you.example"',
    "dns": 'zones = ["you-net.example"]\naddresses = ["192.0.2.1"]',
}


def test_web_mail_and_names_are_listened_for_and_a_mailbox_is_read() -> None:
    assert set(kinds()) == {*SMALLEST, "mailbox"}
    assert {name for name, _ in SERVERS} == set(SMALLEST)


@each
def test_a_listener_says_what_it_is_and_what_it_reveals(name: str, kind: Kind) -> None:
    assert kind.title and kind.reveals
    assert inspect.iscoroutinefunction(kind.listen)
    assert list(inspect.signature(kind.listen).parameters) == ["settings", "hear", "now"]


@each
def test_every_setting_has_a_value_of_its_own_and_unknown_ones_are_refused(name: str, kind: Kind) -> None:
    made = msgspec.convert({}, kind.settings)
    assert kind.settings.__struct_config__.frozen
    assert ("listen" in made.__struct_fields__) is (name in SMALLEST)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"lisen": []}, kind.settings)


@each_server
def test_a_listener_opens_what_it_names_and_closes_it_again(name: str, kind: Kind, tmp_path: Path) -> None:
    text = settings_text(f'[{name}]\nlisten = ["127.0.0.1:0"]\n{SMALLEST[name]}')
    (tmp_path / "trap.toml").write_text(text)
    settings = read_settings(tmp_path).listeners[name]

    async def play() -> None:
        opened = await kind.listen(settings, _nothing_comes, lambda: 1)
        ports = dict(opened.ports)
        assert ports and all(what.split("/")[0] == name and port > 0 for what, port in ports.items())
        await opened.close()
        tcp = [port for what, port in ports.items() if not what.endswith("udp")]
        for port in tcp:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(play())


@each_server
def test_many_who_come_at_once_are_not_turned_away(name: str, kind: Kind, tmp_path: Path) -> None:
    text = settings_text(f'[{name}]\nlisten = ["127.0.0.1:0"]\n{SMALLEST[name]}')
    (tmp_path / "trap.toml").write_text(text)
    settings = read_settings(tmp_path).listeners[name]

    async def play() -> None:
        opened = await kind.listen(settings, _nothing_comes, lambda: 1)
        (port,) = (port for what, port in opened.ports.items() if not what.endswith("udp"))
        clients = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(300)]
        for client in clients:
            client.close()
        await opened.close()

    asyncio.run(play())


@each_server
def test_an_address_that_cannot_be_listened_at_is_named(name: str, kind: Kind, tmp_path: Path) -> None:
    text = settings_text(f'[{name}]\nlisten = ["nowhere"]\n{SMALLEST[name]}')
    (tmp_path / "trap.toml").write_text(text)
    settings = read_settings(tmp_path).listeners[name]
    with pytest.raises(UnusableInput, match="'nowhere' is no address to listen at"):
        asyncio.run(kind.listen(settings, _nothing_comes, lambda: 1))


def _nothing_comes(hit: Hit) -> "asyncio.Future[None]":
    raise AssertionError(hit)
