"""SFTP against a real OpenSSH server, and against one that does not keep to the protocol."""

import os
import stat
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from source_yards.sftp import Here
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._kept import Refused
from trapstreet.plugins.sources._sftp_client import Nonsense, SftpClient

on_sshd = pytest.mark.system


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Here:
    return Here(request, tmp_path)


def listed(source: Any) -> list[Ref | Unread]:
    return [each for each in source.list("") if not isinstance(each, Mark)]


@on_sshd
def test_links_are_not_followed_and_those_that_lead_out_are_listed(yard: Here, tmp_path: Path) -> None:
    yard.put_many({"real/file.txt": b"here"})
    (tmp_path / "outside.txt").write_text("there")
    (yard.place / "inside").symlink_to("real/file.txt")
    (yard.place / "loop").symlink_to(".")
    (yard.place / "nothing").symlink_to("nowhere")
    (yard.place / "out").symlink_to(tmp_path / "outside.txt")
    with closing(yard.source()) as source:
        found = listed(source)
    assert [each.path for each in found] == [yard.name("out"), yard.name("real/file.txt")]
    assert isinstance(found[0], Unread)
    assert "not followed" in found[0].why


@on_sshd
def test_pipes_sockets_and_closed_folders_are_listed_and_the_rest_goes_on(yard: Here) -> None:
    yard.put_many({"a.txt": b"a", "z/z.txt": b"z"})
    os.mkfifo(yard.place / "pipe")
    with closing(yard.source()) as source:
        found = {each.path: each for each in listed(source)}
    assert set(found) == {yard.name(name) for name in ("a.txt", "pipe", "z/z.txt")}
    assert found[yard.name("pipe")] == Unread(yard.name("pipe"), "not a file")


@on_sshd
def test_a_file_that_others_may_read_says_so(yard: Here) -> None:
    yard.put_many({"open.txt": b"a", "closed.txt": b"z"})
    (yard.place / "closed.txt").chmod(0o640)
    (yard.place / "open.txt").chmod(0o644)
    with closing(yard.source()) as source:
        readers = {each.path: each.readers for each in listed(source) if isinstance(each, Ref)}
    assert readers == {
        yard.name("open.txt"): "everybody who has an account there",
        yard.name("closed.txt"): "",
    }


@on_sshd
def test_a_change_since_the_listing_is_said(yard: Here) -> None:
    yard.put("changes.txt", b"before")
    with closing(yard.source()) as source:
        (found,) = listed(source)
        yard.put("changes.txt", b"afterwards")
        with pytest.raises(Changed):
            source.open(found)
        (found,) = listed(source)
        with source.open(found) as file, pytest.raises(OSError, match="6 of 10"):
            os.truncate(yard.place / "changes.txt", 6)
            file.read()


@on_sshd
def test_a_file_that_grows_while_it_is_read_is_cut_and_said(yard: Here) -> None:
    yard.put("grows.txt", b"x" * 100_000)
    with closing(yard.source()) as source:
        (found,) = listed(source)
        with source.open(found) as file:
            with (yard.place / "grows.txt").open("ab") as more:
                more.write(b"more")
            came = file.read(100_000)
            with pytest.raises(Changed):
                while block := file.read(100_000):
                    came += block
        assert came == b"x" * 100_000


@on_sshd
def test_a_large_file_takes_little_memory_however_slowly_it_is_read(yard: Here) -> None:
    with (yard.place / "large.bin").open("wb") as large:
        large.truncate(64 << 20)
    with closing(yard.source()) as source:
        (found,) = listed(source)
        with source.open(found) as file:
            file.read(1)
            tracemalloc.start()
            try:
                count = sum(len(block) for block in iter(lambda: file.read(1 << 16), b""))
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert count == (64 << 20) - 1
    assert peak < 16 << 20


@on_sshd
def test_a_home_folder_is_found_and_one_file_may_be_the_location(yard: Here) -> None:
    yard.put("one.txt", b"one")
    settings = yard.settings() | {"url": f"{yard.url}/one.txt"}
    with closing(yard.source(settings)) as source:
        assert [each.path for each in listed(source)] == [yard.name("one.txt")]
    home = f"sftp://{yard.server.user}@127.0.0.1:{yard.server.port}/~/"
    up = os.path.relpath(yard.place, Path.home())
    with closing(yard.source(yard.settings() | {"url": home + up})) as source:
        (found,) = listed(source)
        with source.open(found) as file:
            assert file.read() == b"one"


@on_sshd
def test_a_server_that_is_not_known_gets_nothing_and_its_fingerprint_is_told(yard: Here) -> None:
    (yard.folder / "empty").touch()
    yard.put("one.txt", b"one")
    unknown = yard.settings() | {"known_hosts": str(yard.folder / "empty")}
    with closing(yard.source(unknown)) as source, pytest.raises(UnusableInput) as refused:
        listed(source)
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", yard.server.key.with_name("host.pub")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]
    assert fingerprint in refused.value.hint
    with closing(yard.source(unknown | {"host_key": fingerprint})) as source:
        assert len(listed(source)) == 1
    with (
        closing(yard.source(unknown | {"host_key": "SHA256:another"})) as source,
        pytest.raises(AccessDenied),
    ):
        listed(source)
    own = yard.server.key.with_suffix(".pub").read_text().split()
    (yard.folder / "empty").write_text(f"[127.0.0.1]:{yard.server.port} {own[0]} {own[1]}\n")
    with closing(yard.source(unknown)) as source, pytest.raises(AccessDenied, match="nothing was sent"):
        listed(source)


@on_sshd
def test_a_connection_that_broke_is_made_anew_for_the_next_object(yard: Here) -> None:
    yard.put("one.txt", b"one")
    with closing(yard.source()) as source:
        (found,) = listed(source)
        source._kept._now._ssh.get_transport().sock.close()  # the network goes
        source._kept._now._ssh.get_transport().join(5)
        with source.open(found) as file:
            assert file.read() == b"one"


class Channel:
    """Answers each request by a function of its kind and number."""

    def __init__(self, answer: Callable[[int, int], bytes]) -> None:
        self._answer, self._out = answer, b""

    def sendall(self, packet: bytes) -> None:
        kind, number = packet[4], int.from_bytes(packet[5:9])
        self._out += self._answer(kind, number)

    def recv(self, count: int) -> bytes:
        given, self._out = self._out[:count], self._out[count:]
        return given

    def close(self) -> None:
        pass


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", 1 + len(body), kind) + body


def many(number: int) -> bytes:
    return b"".join(packet(105, struct.pack(">I", number + each)) for each in range(200))


def client(answer: Callable[[int, int], bytes]) -> SftpClient:
    def told(kind: int, number: int) -> bytes:
        return packet(2, struct.pack(">I", 3)) if kind == 1 else answer(kind, number)

    return SftpClient(Channel(told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda kind, number: struct.pack(">IB", 0xFFFFFFFF, 105), Nonsense),
        (lambda kind, number: struct.pack(">IB", 0, 105), Nonsense),
        (lambda kind, number: packet(105, struct.pack(">I", number)), Nonsense),
        (lambda kind, number: many(number + 1), Nonsense),
        (lambda kind, number: packet(104, struct.pack(">II", number, 0)), Nonsense),
        (lambda kind, number: packet(101, struct.pack(">II", number, 4)), Refused),
        (lambda kind, number: packet(101, struct.pack(">II", number, 2)), FileNotFoundError),
        (lambda kind, number: packet(101, struct.pack(">II", number, 3)), PermissionError),
        (lambda kind, number: b"", ConnectionError),
    ],
)
def test_what_is_no_answer_ends_the_connection_and_a_no_does_not(
    answer: Callable[[int, int], bytes], error: type[OSError]
) -> None:
    with pytest.raises(error):
        client(answer).status(b"/x")


def test_a_folder_with_a_million_names_in_one_packet_is_nonsense() -> None:
    def answer(kind: int, number: int) -> bytes:
        if kind == 11:
            return packet(102, struct.pack(">II", number, 1) + b"h")
        return packet(104, struct.pack(">II", number, 1_000_000))

    with pytest.raises(Nonsense):
        list(client(answer).folder(b"/"))


def test_blocks_that_come_short_are_asked_for_again() -> None:
    content = bytes(range(256)) * 400

    def answer(kind: int, number: int) -> bytes:
        return b""

    class Short(Channel):
        def sendall(self, packet_: bytes) -> None:
            if packet_[4] == 5:
                number = packet_[5:9]
                at, length = struct.unpack(">QI", packet_[-12:])
                part = content[at : at + min(length, 1000)]
                data = number + struct.pack(">I", len(part)) + part
                eof = number + struct.pack(">I", 1)
                self._out += packet(103, data) if part else packet(101, eof)
            else:
                super().sendall(packet_)

    made = Short(lambda kind, number: packet(2, struct.pack(">I", 3)))
    read = SftpClient(made).read(struct.pack(">I", 1) + b"h", 0, len(content) + 1)  # type: ignore[arg-type]
    assert b"".join(read) == content


def test_attributes_that_a_server_leaves_out_are_not_made_up() -> None:
    found = client(lambda kind, number: packet(105, struct.pack(">II", number, 0))).status(b"/x")
    assert (found.size, found.modified, found.version) == (None, None, "")
    assert not stat.S_ISDIR(found.mode)


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    from trapstreet.plugins.sources import sftp

    with pytest.raises(UnusableInput) as refused:
        sftp.source(sftp.settings(url="sftp://me:hunter2@host/x"))
    assert "hunter2" not in str(refused.value)
    for url in ("sftp://", "sftp:///x", "sftp://host:99999/", "sftp://ho st/"):
        with pytest.raises(UnusableInput):
            sftp.source(sftp.settings(url=url))
