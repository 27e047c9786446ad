"""SMB against a real Samba: one share or all, who may read, and a network that garbles what it carries."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from source_yards.smb import Here
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed, smb

pytestmark = pytest.mark.system


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Here:
    return Here(request, tmp_path)


def listed(source: Any) -> list[Ref | Unread]:
    return [each for each in source.list("") if not isinstance(each, Mark)]


def test_a_server_is_asked_for_its_shares_and_what_is_closed_is_named(yard: Here) -> None:
    yard.put("deep/one.txt", b"one")
    folder, host = yard.server.folder, f"127.0.0.1:{yard.server.port}"
    (folder / "hidden" / "two.txt").write_text("two")
    (folder / "open" / "three.txt").write_text("three")
    with closing(yard.source(yard.settings() | {"url": f"smb://{yard.server.user}@{host}"})) as source:
        found = {each.path: each for each in listed(source)}
        shown = f"smb://{host}"
        assert {yard.name("deep/one.txt"), f"{shown}/hidden$/two.txt", f"{shown}/open/three.txt"} <= set(
            found
        )
        assert found[f"{shown}/closed"] == Unread(f"{shown}/closed", "permission denied")
        assert not [path for path in found if "IPC$" in path]
        with source.open(found[f"{shown}/hidden$/two.txt"]) as file:
            assert file.read() == b"two"


def test_without_a_user_it_is_the_guest_and_what_he_reads_lies_open_to_everybody(yard: Here) -> None:
    folder, host = yard.server.folder, f"127.0.0.1:{yard.server.port}"
    (folder / "open" / "three.txt").write_text("three")
    (folder / "open" / "three.txt").chmod(0o644)
    with closing(yard.source({"url": f"smb://{host}/open"})) as source:
        (found,) = [each for each in listed(source) if each.path.endswith("three.txt")]
        assert isinstance(found, Ref)
        assert found.readers == "everybody"
        with source.open(found) as file:
            assert file.read() == b"three"
    with closing(yard.source({"url": f"smb://{host}"})) as source:
        found_all = {each.path: each for each in listed(source)}
    assert isinstance(found_all[f"smb://{host}/yards"], Unread)
    with closing(yard.source({"url": f"smb://{host}/yards"})) as source, pytest.raises(AccessDenied):
        listed(source)


def test_who_may_read_comes_from_the_rights_of_the_folder(yard: Here) -> None:
    yard.put_many({"public/a.txt": b"a", "private/b.txt": b"b"})
    (yard.place / "public").chmod(0o755)
    (yard.place / "private").chmod(0o750)
    with closing(yard.source()) as source:
        readers = {each.path: each.readers for each in listed(source) if isinstance(each, Ref)}
    assert readers == {yard.name("public/a.txt"): "everybody", yard.name("private/b.txt"): ""}


def test_the_location_may_be_one_file_and_one_that_is_not_there_is_said(yard: Here) -> None:
    yard.put("a b/one.txt", b"one")
    with closing(yard.source(yard.settings() | {"url": f"{yard.url}/a%20b/one.txt"})) as source:
        (found,) = listed(source)
        assert found.path == yard.name("a b/one.txt")
        with source.open(found) as file:
            assert file.read() == b"one"
    for path in ("/nothing", "/a%20b/one.txt/inner"):
        with (
            closing(yard.source(yard.settings() | {"url": yard.url + path})) as source,
            pytest.raises(Unreachable),
        ):
            listed(source)
    gone = yard.url.replace("/yards/", "/no-such-share/")
    with closing(yard.source(yard.settings() | {"url": gone})) as source, pytest.raises(Unreachable):
        listed(source)


def test_folders_that_lead_back_to_themselves_are_read_once(yard: Here) -> None:
    yard.put_many({"a.txt": b"a", "b/c.txt": b"c"})
    (yard.place / "b" / "again").symlink_to("..")
    with closing(yard.source()) as source:
        found = listed(source)
    assert sorted(each.path for each in found) == [yard.name("a.txt"), yard.name("b/c.txt")]


def test_a_change_since_the_listing_is_said_and_the_session_goes_on(yard: Here) -> None:
    yard.put_many({"changes.txt": b"before", "stays.txt": b"stays"})
    with closing(yard.source()) as source:
        changes, stays = listed(source)
        yard.put("changes.txt", b"afterwards")
        session = source._kept._now
        with pytest.raises(Changed):
            source.open(changes)
        with source.open(stays) as file:
            assert file.read() == b"stays"
        assert source._kept._now is session


def test_a_session_that_broke_is_made_anew_for_the_next_object(yard: Here) -> None:
    yard.put("one.txt", b"one")
    with closing(yard.source()) as source:
        (found,) = listed(source)
        source._kept._now._connection.transport._sock.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            source.open(found).close()
        with source.open(found) as file:
            assert file.read() == b"one"


def test_a_garbled_answer_is_an_error_of_ours_and_nothing_hangs(
    yard: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = yard.server.folder / "open"
    for number in range(5):
        (folder / f"garbled{number}.txt").write_text("x" * 1000)
    ends = 0
    with yard.hurried(monkeypatch):
        for seed in range(8):
            ends += _is_lost(yard.server.port, Random(seed))
    assert ends > 1


def test_a_password_is_asked_for_and_never_taken_from_the_address(yard: Here) -> None:
    with pytest.raises(UnusableInput, match="TRAPSTREET_SMB_PASSWORD"):
        smb.source(smb.settings(url="smb://me@host/share"))
    with pytest.raises(UnusableInput) as refused:
        smb.source(smb.settings(url=f"smb://me:{WRITTEN}@host/share"))
    assert WRITTEN not in str(refused.value)


WRITTEN = "hunter2"


def _is_lost(to: int, draw: Random) -> bool:
    with (
        garbling(to, draw) as port,
        closing(smb.source(smb.settings(url=f"smb://127.0.0.1:{port}/open"))) as source,
    ):
        try:
            for each in source.list(""):
                if isinstance(each, Ref):
                    with suppress(OSError), source.open(each) as file:
                        file.read()
        except TrapstreetError as error:
            assert error.status in (2, 3, 4)
            return True
    return False


@contextmanager
def garbling(to: int, draw: Random) -> Iterator[int]:
    """A port that leads to another one, and changes a byte now and then of what comes back."""
    server = socket.create_server(("127.0.0.1", 0))
    after = draw.randrange(2500)
    pairs: list[threading.Thread] = []

    def carry(source: socket.socket, target: socket.socket, garble: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := bytearray(source.recv(65536)):
                passed += len(data)
                if garble and passed > after:
                    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def pair(met: socket.socket) -> None:
        with met, socket.create_connection(("127.0.0.1", to)) as onward:
            back = threading.Thread(target=carry, args=(onward, met, True))
            back.start()
            carry(met, onward, False)
            back.join()

    def serve() -> None:
        with suppress(OSError):
            while True:
                met, _ = server.accept()
                pairs.append(threading.Thread(target=pair, args=(met,)))
                pairs[-1].start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for each in pairs:
            each.join(10)
