"""Tables delivered over SFTP: who is known, who is let in, refusals, connections that break."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from deliveries import GIVEN, known_at_home, refused
from given import AWKWARD, rows_of, texts, write
from servers import PASSWORD, Sshd, sshd  # noqa: F401 - fixtures
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins.tables import create_table, open_table


def on_sshd(test: Any) -> Any:
    return pytest.mark.server("sshd")(pytest.mark.system(test))


@pytest.fixture
def home(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """The folder .ssh of somebody whom the server lets in."""
    return known_at_home(monkeypatch, tmp_path / "home", sshd)


@pytest.fixture
def incoming(sshd: Sshd, home: Path, tmp_path: Path) -> str:  # noqa: F811
    """The URL of an empty folder, with a slash at its end."""
    (tmp_path / "incoming").mkdir()
    return f"sftp://{sshd.user}@127.0.0.1:{sshd.port}{tmp_path}/incoming/"


@on_sshd
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_every_format_is_delivered_for_its_owner_alone(incoming: str, suffix: str, tmp_path: Path) -> None:
    write(f"{incoming}copy{suffix}", GIVEN)
    (path,) = (tmp_path / "incoming").iterdir()
    assert path.name == f"copy{suffix}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert texts(rows_of(open_table(str(path)))) == texts(AWKWARD)


@on_sshd
def test_a_path_may_begin_in_the_users_folder_and_hold_any_character(incoming: str, tmp_path: Path) -> None:
    up = "../" * 20
    server = incoming.partition(str(tmp_path))[0]
    write(f"{server}/~/{up}{str(tmp_path)[1:]}/incoming/a%20b%3Fc%23.csv", GIVEN)
    assert [each.name for each in (tmp_path / "incoming").iterdir()] == ["a b?c#.csv"]


@on_sshd
def test_a_server_that_is_not_known_gets_nothing(
    incoming: str,
    home: Path,
    sshd: Sshd,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", sshd.key.with_name("host.pub")], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    (home / "known_hosts").unlink()
    refused(
        f"{incoming}copy.csv", UnusableInput, f"does not know this server.*{fingerprint}".replace("+", r"\+")
    )
    (home / "known_hosts").write_text(sshd.known.replace(f":{sshd.port}", ":1"))
    refused(f"{incoming}copy.csv", UnusableInput, "does not know this server")
    (home / "known_hosts").write_text("[127.0.0.1]:1 ssh-ed25519 AAAA=\nbroken ssh-ed25519 A\n")
    refused(f"{incoming}copy.csv", UnusableInput, "a line that is no host key")
    assert capfd.readouterr().err == ""


@on_sshd
def test_a_server_with_another_host_key_gets_nothing(
    incoming: str,
    home: Path,
    sshd: Sshd,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRAPSTREET_SFTP_PASSWORD", PASSWORD)
    other = " ".join(sshd.key.with_suffix(".pub").read_text().split()[:2])
    (home / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    refused(f"{incoming}copy.csv", AccessDenied, "nothing was sent")


@on_sshd
def test_who_is_not_let_in_is_told_how(
    incoming: str, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / "id_ed25519").unlink()
    refused(f"{incoming}copy.csv", AccessDenied, "ssh-agent, or set TRAPSTREET_SFTP_PASSWORD")
    monkeypatch.setenv("TRAPSTREET_SFTP_PASSWORD", PASSWORD)
    refused(f"{incoming}copy.csv", AccessDenied, "neither key nor password")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", home / "id_ed25519"], check=True
    )
    refused(f"{incoming}copy.csv", AccessDenied, "neither key nor password")
    assert capfd.readouterr().err == ""


@on_sshd
def test_who_may_only_read_is_told(incoming: str, home: Path, sshd: Sshd, tmp_path: Path) -> None:  # noqa: F811
    (home / "id_ed25519").write_bytes(sshd.reader.read_bytes())
    refused(f"{incoming}copy.csv", AccessDenied, "may not write there")
    assert list((tmp_path / "incoming").iterdir()) == []


@on_sshd
def test_a_folder_that_is_not_there_is_told_at_once(incoming: str) -> None:
    with pytest.raises(UnusableInput, match="no such folder"):
        create_table(f"{incoming}nowhere/copy.csv", like=GIVEN)


@on_sshd
def test_the_key_may_be_in_an_agent(
    incoming: str,
    home: Path,
    sshd: Sshd,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (home / "id_ed25519").unlink()
    endpoint = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", endpoint], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(endpoint))
        while not endpoint.exists():
            assert agent.poll() is None
        subprocess.run(["ssh-add", "-q", sshd.key], check=True)
        write(f"{incoming}copy.csv", GIVEN)
    finally:
        agent.terminate()
        agent.wait()
    assert [each.name for each in (tmp_path / "incoming").iterdir()] == ["copy.csv"]


class _Doorkeeper(paramiko.ServerInterface):
    """Notes who knocks, lets them in, and has no SFTP."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self.seen.append((username, password))
        return paramiko.common.AUTH_SUCCESSFUL


def test_the_password_comes_from_the_environment_and_goes_to_a_known_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, doorkeeper = paramiko.ECDSAKey.generate(), _Doorkeeper()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with closing(paramiko.Transport(connection)) as transport:
                    transport.add_server_key(key)
                    with suppress(paramiko.SSHException, EOFError, OSError):
                        transport.start_server(server=doorkeeper)
                        transport.accept(5)

        known = tmp_path / ".ssh" / "known_hosts"
        known.parent.mkdir()
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        monkeypatch.setenv("TRAPSTREET_SFTP_PASSWORD", PASSWORD)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"sftp://bob@127.0.0.1:{port}/copy.csv"
        refused(url, UnusableInput, "does not know this server")
        assert doorkeeper.seen == []
        known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
        refused(url, Unreachable, "delivery failed")
        thread.join(20)
    assert doorkeeper.seen == [("bob", PASSWORD)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "nobody answers there"),
        (b"", "no SSH server|delivery failed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 400, "no SSH server|delivery failed"),
    ],
    ids=["nobody", "silent", "a web server"],
)
def test_a_place_where_no_ssh_server_answers_is_told_in_a_line(
    answer: bytes | None, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if answer is None:
            listener.close()
        else:

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(answer)

            threading.Thread(target=serve, daemon=True).start()
        refused(f"sftp://bob@127.0.0.1:{port}/x.csv", Unreachable, words)
    assert capfd.readouterr().err == ""


@on_sshd
def test_a_connection_that_breaks_before_the_name_is_given_is_told_in_a_line(
    incoming: str,
    home: Path,
    sshd: Sshd,  # noqa: F811
    tmp_path: Path,
) -> None:
    with _relay(sshd.port) as (port, cut):
        (home / "known_hosts").write_text(sshd.known.replace(f":{sshd.port}", f":{port}"))
        url = incoming.replace(f":{sshd.port}", f":{port}")
        with (
            pytest.raises(Unreachable, match="delivery failed"),
            create_table(f"{url}copy.csv", like=GIVEN) as writer,
        ):
            writer.complete()
            cut()
    assert not (tmp_path / "incoming" / "copy.csv").exists()


@contextmanager
def _relay(to: int) -> Iterator[tuple[int, Any]]:
    """A port that leads to another one until it is cut."""
    ends: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def quietly(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            carry(source, target)

    def serve() -> None:
        try:
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", to))
                ends.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=quietly, args=pair, daemon=True).start()
        except OSError:
            pass

    def cut() -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], cut
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        cut()
        for end in ends:
            end.close()
