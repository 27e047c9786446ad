"""FTP servers as they are: old ones without MLSD, without TLS, strict ones, and some that mean harm."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from source_yards import PASSWORD
from source_yards.ftp import Server
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, SourceObject, Unread
from trapstreet.plugins import sources
from trapstreet.plugins.sources import Changed, Later, ftp


@contextmanager
def serving(place: Path, **kind: Any) -> Iterator[Server]:
    place.mkdir(exist_ok=True)
    server = Server(place, **kind)
    try:
        yield server
    finally:
        server.stop()


def at(server: Server, folder: Path, *, user: str = "tester@", path: str = "", **more: Any) -> Any:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    known = {"password_file": secret} if user else {}
    url = f"ftp://{user}localhost:{server.port}/{path}"
    return ftp.source(ftp.settings(url=url, ca=server.ca, **known, **more))


def listed(source: Any, cursor: str = "") -> list[Ref | Unread]:
    return [each for each in source.list(cursor) if not isinstance(each, Mark)]


def names(found: list[Ref | Unread]) -> list[str]:
    return [each.path.split("/", 3)[3] for each in found]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    (place / "a" / "b").mkdir(parents=True)
    for name in ("top.txt", "a/one two.txt", "a/b/ümlaut.txt"):
        (place / name).write_text(name)
    return place


def test_a_server_without_mlsd_is_listed_by_list(place: Path, tmp_path: Path) -> None:
    with serving(place, mlsd=False) as server, closing(at(server, tmp_path)) as source:
        found = listed(source)
        assert names(found) == ["top.txt", "a/one two.txt", "a/b/ümlaut.txt"]
        assert [each.size for each in found] == [7, 13, 15]
        for each in found:
            with source.open(each) as file:
                assert file.read().decode() == each.path.split("/", 3)[3]
        with source.open(found[1], 2, 5) as file:
            assert file.read() == b"one"
        (place / "top.txt").write_text("longer now")
        with pytest.raises(Changed):
            source.open(found[0])


def test_the_location_may_be_one_file_or_lie_at_the_servers_root(place: Path, tmp_path: Path) -> None:
    with serving(place) as server:
        for path in ("a/one%20two.txt", "/a/one%20two.txt", "%2Fa/one%20two.txt"):
            with closing(at(server, tmp_path, path=path)) as source:
                (found,) = listed(source)
                assert names([found]) == ["a/one two.txt"]
                with source.open(found) as file:
                    assert file.read() == b"a/one two.txt"
        with closing(at(server, tmp_path, path="nowhere")) as source, pytest.raises(Unreachable) as refused:
            listed(source)
        assert "there is none" in refused.value.message


def test_a_password_goes_through_tls_or_not_at_all(place: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    with serving(place, tls=False) as server:
        server.handler.process_command = _recording(server.handler.process_command, seen)
        with closing(at(server, tmp_path)) as source, pytest.raises(UnusableInput) as refused:
            listed(source)
        assert "--plain" in refused.value.hint
        assert not any("PASS" in each for each in seen)
        with closing(at(server, tmp_path, plain=True)) as source:
            assert len(listed(source)) == 3
        assert any("PASS" in each for each in seen)


def test_tls_may_be_there_from_the_beginning(place: Path, tmp_path: Path) -> None:
    with serving(place, implicit=True) as server:
        url = f"ftps://tester@localhost:{server.port}"
        known = {"ca": server.ca, "password_file": _secret(tmp_path)}
        with closing(ftp.source(ftp.settings(url=url, **known))) as source:
            found = listed(source)
            assert len(found) == 3
            with source.open(found[0]) as file:
                assert file.read() == b"top.txt"


def test_a_certificate_that_is_not_trusted_gets_no_password(place: Path, tmp_path: Path) -> None:
    with serving(place) as server:
        settings = ftp.settings(url=f"ftp://tester@localhost:{server.port}", password_file=_secret(tmp_path))
        with closing(ftp.source(settings)) as source, pytest.raises(UnusableInput) as refused:
            listed(source)
        assert "certificate" in refused.value.message


def test_what_lies_open_to_anybody_says_so(place: Path, tmp_path: Path) -> None:
    with serving(place) as server:
        with closing(at(server, tmp_path, user="")) as source:
            assert {each.readers for each in listed(source)} == {"everybody"}  # type: ignore[union-attr]
        with closing(at(server, tmp_path)) as source:
            assert {each.readers for each in listed(source)} == {""}  # type: ignore[union-attr]


def test_links_that_a_server_shows_as_folders_are_no_loop_for_ever(place: Path, tmp_path: Path) -> None:
    (place / "a" / "b" / "again").symlink_to("..")
    (place / "a" / "b" / "more").symlink_to("..")
    with serving(place) as server, closing(at(server, tmp_path)) as source:
        found = listed(source)
    assert {"top.txt", "a/one two.txt", "a/b/ümlaut.txt"} <= set(names(found))
    assert any(isinstance(each, Unread) and "a loop" in each.why for each in found)
    assert len(found) < 200


def test_a_folder_that_may_not_be_listed_is_named_and_the_others_go_on(place: Path, tmp_path: Path) -> None:
    with serving(place) as server, closing(at(server, tmp_path)) as source:
        server.handler.ftp_CWD = _refusing(server.handler.ftp_CWD, "/a/b")
        found = listed(source)
    assert names(found) == ["top.txt", "a/one two.txt", "a/b"]
    assert isinstance(found[-1], Unread)


def test_a_connection_that_broke_is_made_anew_for_the_next_object(place: Path, tmp_path: Path) -> None:
    with serving(place) as server, closing(at(server, tmp_path)) as source:
        (found, *_) = listed(source)
        server.hang_up()
        with pytest.raises(OSError):
            source.open(found)  # it was used just now
        with source.open(found) as file:
            assert file.read() == b"top.txt"


def test_a_connection_that_was_idle_is_asked_first_and_none_of_it_is_seen(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(place) as server, closing(at(server, tmp_path)) as source:
        (found, *_) = listed(source)
        server.hang_up()
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + 20)
        with source.open(found) as file:
            assert file.read() == b"top.txt"


def test_a_slow_reader_and_one_that_leaves_do_not_break_the_connection(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "big.bin").write_bytes(b"x" * (4 << 20))
    with serving(place) as server, closing(at(server, tmp_path)) as source:
        big, top, *_ = listed(source)
        with source.open(big) as file:
            count = len(file.read(100_000))
            now = time.monotonic
            monkeypatch.setattr(time, "monotonic", lambda: now() + 20)
            count += sum(len(block) for block in iter(lambda: file.read(1 << 20), b""))
        assert count == 4 << 20
        control = source._kept._now
        half = source.open(big)
        half.read(10)
        with source.open(top) as file:
            assert file.read() == b"top.txt"
        with pytest.raises(OSError):
            half.read(-1)
        half.close()
        with source.open(top) as file:
            assert file.read() == b"top.txt"
        assert control is not None


def test_a_server_with_too_many_users_is_left_alone_for_a_while(tmp_path: Path) -> None:
    with talking([b"421 too many\r\n"]) as port, closing(plain(port)) as source, pytest.raises(Later) as wait:
        listed(source)
    assert wait.value.seconds == 300


@pytest.mark.parametrize(
    "banner",
    [
        b"220-" + b"x" * 100_000,
        b"220-more\r\n" * 5000,
        b"\r\n" * 5000,
        b"220 \xff\xfe\r\n" + b"999 what\r\n" * 9,
    ],
)
def test_a_greeting_that_does_not_end_is_given_up(banner: bytes) -> None:
    with talking([banner]) as port, closing(plain(port)) as source, pytest.raises(Unreachable):
        listed(source)


def test_the_address_that_a_server_names_for_data_is_not_used() -> None:
    came = []
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = here.getsockname()[1]

        def accept() -> None:
            met, address = here.accept()
            came.append(address[0])
            met.close()

        threading.Thread(target=accept, daemon=True).start()
        told = f"227 entering (127,0,0,99,{port >> 8},{port & 255})\r\n".encode()
        replies = [b"220 hi\r\n", b"230 in\r\n", b"200 binary\r\n", b"500 what\r\n", b'257 "/"\r\n']
        replies += [b"550 no file\r\n", b"250 there\r\n", b"250 there\r\n", told, b"150 now\r\n226 done\r\n"]
        with talking(replies) as server, closing(plain(server)) as source:
            assert listed(source) == []
    assert came == ["127.0.0.1"]


def test_wrong_logins_and_no_password_say_what_to_do(place: Path, tmp_path: Path) -> None:
    with serving(place) as server:
        server.handler.authorizer.remove_user("anonymous")
        with closing(at(server, tmp_path, user="")) as source, pytest.raises(AccessDenied) as refused:
            listed(source)
        assert refused.value.hint == "give a user"
    with pytest.raises(UnusableInput, match="TRAPSTREET_FTP_PASSWORD"):
        ftp.source(ftp.settings(url="ftp://tester@localhost"))
    with pytest.raises(UnusableInput) as refused_url:
        ftp.source(ftp.settings(url="ftp://tester:hunter2@localhost"))
    assert "hunter2" not in str(refused_url.value)


def test_a_scan_takes_it_by_its_address(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(place) as server:
        found = {}
        for each in sources.objects(f"ftp://127.0.0.1:{server.port}/a"):
            assert isinstance(each, SourceObject)
            with each.open() as file:
                found[each.path.split("/", 3)[3]] = file.read().decode()
    assert found == {name: name for name in ("a/one two.txt", "a/b/ümlaut.txt")}
    with serving(place, tls=False) as server, pytest.raises(UnusableInput, match="offers no TLS"):
        monkeypatch.setenv("TRAPSTREET_FTP_PASSWORD", PASSWORD)
        sources.objects(f"ftp://tester@127.0.0.1:{server.port}/a")


def plain(port: int) -> Any:
    return ftp.source(ftp.settings(url=f"ftp://127.0.0.1:{port}"))


def _secret(folder: Path) -> Path:
    file = folder / "secret"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    return file


def _recording(handle: Any, seen: list[str]) -> Any:
    def record(self: Any, command: str, *rest: Any, **more: Any) -> Any:
        seen.append(command)
        return handle(self, command, *rest, **more)

    return record


def _refusing(handle: Any, path: str) -> Any:
    def refuse(self: Any, asked: str) -> Any:
        if asked.endswith(path):
            return self.respond("550 no.")
        return handle(self, asked)

    return refuse


@contextmanager
def talking(replies: list[bytes]) -> Iterator[int]:
    """A port whose server says these, one for each line that comes, whatever it is."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        try:
            met, _ = server.accept()
        except OSError:
            return
        with met, met.makefile("rb") as lines, suppress(OSError):
            for reply in replies:
                met.sendall(reply)
                lines.readline()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()
        thread.join(5)
