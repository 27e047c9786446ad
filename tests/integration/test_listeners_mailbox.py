"""A mailbox on a real Dovecot, read by the trap: whatever comes is heard, and nobody who reads it notices."""

import itertools
import json
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from imapclient import IMAPClient

from hearing import Ear, facts, heard, wait_for
from mailboxes import PASSWORD, Dovecot, dovecot, wait_until
from servers import _free_port
from traps import names, prepared, running, settings_text
from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import kinds
from trapstreet.trap.settings import read_settings

__all__ = ["dovecot"]
pytestmark = [pytest.mark.system, pytest.mark.server("dovecot")]

_numbers = itertools.count()


@pytest.fixture
def user() -> str:
    return f"user{next(_numbers)}-{time.time_ns()}@you.example"


def mail(recipient: str, subject: str = "An offer", *, body: str = "click here") -> bytes:
    head = f"From: Thief <thief@example.net>\r\nTo: Somebody <{recipient}>\r\nSubject: {subject}\r\n"
    return f"{head}\r\n{body}\r\n".encode()


def plus(user: str, token: object) -> str:
    local, _, domain = user.partition("@")
    return f"{local}+{token}@{domain}"


@contextmanager
def reading(server: Dovecot, user: str, folder: Path, **more: object) -> Iterator[Ear]:
    """An ear at a mailbox; the folders are there, and reading has begun."""
    names = more.get("folders", ["INBOX"])
    assert isinstance(names, list)
    for name in names:
        server.login(user, name).logout()
    begun = "begun" not in more
    prepared(folder, settings_text(server.settings(user, folder, **more)))
    with heard(kinds()["mailbox"], read_settings(folder).listeners["mailbox"]) as ear:
        if begun:
            assert wait_for(lambda: set(positions(folder)) >= set(names)), "it has not begun to read"
        yield ear


def positions(folder: Path) -> dict[str, dict[str, int]]:
    file = folder / "mailbox.json"
    found: dict[str, dict[str, int]] = json.loads(file.read_text())["folders"] if file.exists() else {}
    return found


def test_a_mail_is_heard_with_all_that_it_shows(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    content = mail("other@else.example")
    with reading(dovecot, user, tmp_path, received_by=["vm", socket.gethostname()]) as ear:
        before = time.time()
        dovecot.deliver(plus(user, "t0k3n"), mail=content)
        (hit,) = ear.wait(1)
    assert hit.channel == "mailbox"
    assert hit.names == (plus(user, "t0k3n"), "other@else.example")
    assert abs(hit.at / 1e6 - before) < 60
    assert hit.address == "127.0.0.1"
    assert facts(hit, "mail-from") == [b"<thief@example.net>"]
    assert facts(hit, "folder") == [b"INBOX"]
    assert facts(hit, "body") == [b"click here\r\n"]
    assert facts(hit, "header")[-1] == b"Subject: An offer"
    whole = b"\r\n".join([*facts(hit, "header"), b"", *facts(hit, "body")])
    assert whole.endswith(content)
    assert facts(hit, "mail-size") == [b"%d" % len(whole)]
    assert facts(hit, "mail-sha256") == [sha256(whole).digest()]


def test_who_reads_the_mailbox_too_notices_nothing(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    with reading(dovecot, user, tmp_path) as ear:
        dovecot.deliver(user, mail=mail(user))
        ear.wait(1)
    imap = IMAPClient("127.0.0.1", dovecot.imap, ssl=False)
    imap.plain_login(user, PASSWORD)
    imap.select_folder("INBOX", readonly=True)
    assert list(imap.get_flags(imap.search()).values()) == [(b"\\Recent",)]
    imap.logout()


def test_only_what_comes_from_then_on_is_heard(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    dovecot.append(user, mail(user, "before"))
    with reading(dovecot, user, tmp_path) as ear:
        dovecot.append(user, mail(user, "after"))
        (hit,) = ear.wait(1)
    assert b"Subject: after" in facts(hit, "header")


def test_since_hears_what_came_from_a_day_on(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    imap = dovecot.login(user)
    day = datetime(2026, 3, 5, 12, tzinfo=UTC)
    for days in (-3, 0, 3, -2, 4):
        imap.append("INBOX", mail(user, f"day {days}"), msg_time=day + timedelta(days=days))
    imap.logout()
    with reading(dovecot, user, tmp_path, since="2026-03-05") as ear:
        dovecot.append(user, mail(user, "new"))
        hits = ear.wait(4)
    assert [_subject(hit) for hit in hits] == ["day 0", "day 3", "day 4", "new"]
    assert hits[0].at == int(day.timestamp() * 1e6) + 999_999


def test_where_the_server_tells_of_mails_they_are_heard_at_once(
    dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    with reading(dovecot, user, tmp_path, every=600) as ear:
        time.sleep(1)  # it waits by then
        for number in range(3):
            dovecot.deliver(user, mail=mail(user))
            assert len(ear.wait(number + 1)) == number + 1


def test_where_it_does_not_it_is_asked_again_and_again(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda self, name: name != "IDLE" and has(self, name))
    with reading(dovecot, user, tmp_path, every=1) as ear:
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)


@pytest.mark.parametrize("security", ["starttls", "plain"])
def test_without_tls_from_the_start(dovecot: Dovecot, user: str, tmp_path: Path, security: str) -> None:
    with reading(dovecot, user, tmp_path, security=security, port=dovecot.imap) as ear:
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)


@pytest.mark.parametrize("bearer", [True, False], ids=["OAUTHBEARER", "XOAUTH2"])
def test_a_refresh_token_lets_us_in(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bearer: bool
) -> None:
    if not bearer:
        has = IMAPClient.has_capability
        monkeypatch.setattr(
            IMAPClient, "has_capability", lambda self, name: name != "AUTH=OAUTHBEARER" and has(self, name)
        )
    dovecot.tokens.refresh["r3fresh"] = user
    monkeypatch.setattr(dovecot.tokens, "rotated", "r3fresh-2")
    with reading(dovecot, user, tmp_path, **_oauth(dovecot, tmp_path, "r3fresh")) as ear:
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)
    form = dovecot.tokens.asked[-1]
    assert form["grant_type"] == "refresh_token"
    assert form["client_secret"] == "s3cret"
    assert (tmp_path / "refresh").read_text() == "r3fresh-2"
    assert (tmp_path / "refresh").stat().st_mode & 0o777 == 0o600


def test_a_revoked_token_is_told_and_a_new_one_is_taken(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.listeners._mailbox_reader._REFUSED", (0.1, 0.2))
    listening = []
    listen = kinds()["mailbox"].listen

    async def kept(*given: object) -> object:
        listening.append(await listen(*given))  # type: ignore[arg-type]
        return listening[-1]

    monkeypatch.setattr(kinds()["mailbox"], "listen", kept)
    oauth = _oauth(dovecot, tmp_path, "revoked")
    with reading(dovecot, user, tmp_path, **oauth, begun=None) as ear:
        assert wait_for(lambda: bool(listening[0].trouble))
        assert listening[0].trouble == (
            "mailbox, INBOX: 127.0.0.1 refuses the refresh token (invalid_grant): "
            "sign in at the provider again and put the new refresh token into its file"
        )
        dovecot.tokens.refresh["good"] = user
        (tmp_path / "refresh").write_text("good")
        assert wait_for(lambda: bool(positions(tmp_path)))
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)
        assert listening[0].trouble == ""


def test_an_access_token_that_is_refused_is_not_used_again(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.listeners._mailbox_reader._REFUSED", (0.1, 0.2))

    class Forgetful(dict[str, str]):
        """Knows no token but those after the first two."""

        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            return None if key.startswith(("access.0-", "access.1-")) else super().get(key, default)

    monkeypatch.setattr(dovecot.tokens, "access", Forgetful())
    dovecot.tokens.refresh["steady"] = user
    with reading(dovecot, user, tmp_path, **_oauth(dovecot, tmp_path, "steady")) as ear:
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)
    assert [form["refresh_token"] for form in dovecot.tokens.asked[-3:]] == ["steady"] * 3


def test_new_numbers_lose_nothing(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    imap = dovecot.login(user)
    base = datetime(2026, 3, 5, 12, tzinfo=UTC)
    with reading(dovecot, user, tmp_path, since="2026-01-01") as ear:
        for number in range(3):
            imap.append("INBOX", mail(user, f"{number}"), msg_time=base + timedelta(seconds=number))
        ear.wait(3)
    imap.logout()
    numbers = positions(tmp_path)["INBOX"]
    place = json.loads((tmp_path / "mailbox.json").read_text())
    place["folders"]["INBOX"]["at"] = int(base.timestamp()) + 2  # as if it had begun then
    (tmp_path / "mailbox.json").write_text(json.dumps(place))
    dovecot.admin("mailbox", "update", "-u", user, "--uid-validity", "77777", "INBOX")
    imap = dovecot.login(user)
    imap.append("INBOX", mail(user, "meanwhile"), msg_time=base + timedelta(seconds=9))
    imap.logout()
    with reading(dovecot, user, tmp_path) as ear:
        dovecot.deliver(user, mail=mail(user, "new"))
        found = [_subject(hit) for hit in ear.wait(3)]
    assert found == ["2", "meanwhile", "new"]  # of the last second a second time
    assert positions(tmp_path)["INBOX"]["validity"] == 77777 != numbers["validity"]


def test_further_folders_are_read_too(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    with reading(dovecot, user, tmp_path, folders=["INBOX", "Junk", "Entwürfe & mehr"]) as ear:
        dovecot.append(user, mail(user, "spam"), folder="Junk")
        dovecot.append(user, mail(user, "more"), folder="Entwürfe & mehr")
        dovecot.append(user, mail(user, "in"))
        found = {facts(hit, "folder")[0].decode(): _subject(hit) for hit in ear.wait(3)}
    assert found == {"INBOX": "in", "Junk": "spam", "Entwürfe & mehr": "more"}


def test_mails_for_others_are_passed_over_and_never_fetched(
    dovecot: Dovecot, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []
    content = "trapstreet.plugins.listeners._imap.Folder.content"
    from trapstreet.plugins.listeners._imap import Folder

    own = Folder.content
    monkeypatch.setattr(content, lambda self, uid: fetched.append(uid) or own(self, uid))
    with reading(dovecot, user, tmp_path, recipients=[plus(user, "*").upper()]) as ear:
        dovecot.deliver(user, mail=mail(user, "private"))
        dovecot.deliver(plus(user, "x"), mail=mail(user, "bait"))
        dovecot.deliver(user, mail=mail(user, "private"))
        assert wait_for(lambda: positions(tmp_path)["INBOX"]["uid"] == 3)
        assert [_subject(hit) for hit in ear.hits] == ["bait"]
    assert fetched == [2]


def test_a_server_that_goes_and_comes_back(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    with reading(dovecot, user, tmp_path) as ear:
        with dovecot.stopped():
            time.sleep(0.5)
        dovecot.deliver(user, mail=mail(user))
        assert ear.wait(1)


def test_a_connection_cut_in_the_middle_of_mails(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    """Cut again and again, after more and more bytes: every mail is heard, once."""
    with (
        closing(_Cutter(dovecot.imap)) as cutter,
        reading(dovecot, user, tmp_path, security="plain", port=cutter.port, host="127.0.0.1") as ear,
    ):
        cutter.limits = [2_000 + 7_000 * turn for turn in range(12)]
        cutter.cut()
        dovecot.append(user, *(mail(user, f"{number}", body="x" * 5_000) for number in range(40)))
        ear.wait(40)
    assert Counter(map(_subject, ear.hits)) == Counter(f"{number}" for number in range(40))
    assert len(cutter.limits) <= 4


HOSTILE = {
    "empty": b"",
    "nothing but a line end": b"\r\n",
    "no header": b"\r\n\r\nbody\r\n",
    "no body": b"To: you@x.example",
    "NUL-free bytes": b"To: \xff\xfe@x.example\r\n\r\n\x80\x81\r\n",
    "a line of 200 kB": b"To: " + b"a" * 200_000 + b"\r\n\r\nx\r\n",
    "brackets": b"To: " + b"(" * 60_000 + b"\r\n\r\nx\r\n",
    "quotes": b"To: " + b'"' * 60_001 + b"\r\n\r\nx\r\n",
    "ten thousand recipients": b"To: " + b",\r\n ".join(b"u%d@x" % n for n in range(10_000)) + b"\r\n\r\nx",
    "ten thousand fields": b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\nx",
    "what looks like IMAP": b"To: you@x.example\r\n\r\n* 1 FETCH (BODY[] {5}\r\n)\r\nA1 OK\r\n",
    "a forged boundary": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 1000,
}  # fmt: skip


def test_hostile_mails_are_heard_and_hold_up_nobody(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    with reading(dovecot, user, tmp_path) as ear:
        began = time.monotonic()
        for content in HOSTILE.values():
            if content:
                dovecot.append(user, content)
        dovecot.append(user, mail(plus(user, "last")))
        hits = ear.wait(len(HOSTILE))
        assert time.monotonic() - began < 60
    assert len(hits) == len(HOSTILE)
    assert hits[-1].names == (plus(user, "last"),)
    assert max(len(hit.names) for hit in hits) <= 1000


def test_of_a_huge_mail_little_is_fetched(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    content = mail(user, body="x" * 79) + b"y" * 79 * 400_000
    with reading(dovecot, user, tmp_path) as ear:
        dovecot.append(user, content)
        (hit,) = ear.wait(1)
    assert facts(hit, "mail-size") == [b"%d" % len(content)]
    assert sum(len(value) for _, value in hit.facts) < 300_000
    assert facts(hit, "unfinished") == [b"cut"]
    assert not facts(hit, "mail-sha256")


@pytest.mark.slow
def test_a_mail_of_a_gigabyte_takes_no_memory(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(dovecot.settings(user, tmp_path)))
    dovecot.login(user).logout()
    with running(tmp_path) as trap:
        assert wait_until(lambda: positions(tmp_path))
        before = _peak(trap.process.pid)
        save = ["doveadm", "-c", str(dovecot.config), "save", "-u", user]
        with subprocess.Popen(save, stdin=subprocess.PIPE) as saving:
            assert saving.stdin
            saving.stdin.write(mail(plus(user, "huge")))
            for _ in range(1 << 10):
                saving.stdin.write(b"0123456789abcde\n" * (1 << 16))
        assert wait_until(lambda: positions(tmp_path)["INBOX"]["uid"] == 1, 120)
        assert _peak(trap.process.pid) - before < 20 << 20
    assert names(tmp_path) == [plus(user, "huge")]
    dovecot.admin("expunge", "-u", user, "mailbox", "INBOX", "all")


def test_what_cannot_be_kept_is_heard_later(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    with reading(dovecot, user, tmp_path) as ear:
        uid = positions(tmp_path)["INBOX"]["uid"]
        ear.failing = True
        dovecot.append(user, mail(user, "1"), mail(user, "2"))
        time.sleep(1)
        assert positions(tmp_path)["INBOX"]["uid"] == uid
        ear.failing = False
        assert [_subject(hit) for hit in ear.wait(2)] == ["1", "2"]


def test_killed_again_and_again_a_trap_hears_every_mail(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    prepared(tmp_path, settings_text(dovecot.settings(user, tmp_path)))
    dovecot.login(user).logout()
    with running(tmp_path):
        assert wait_until(lambda: positions(tmp_path))
    writer = threading.Thread(target=_append, args=(dovecot, user, 200))
    writer.start()
    for turn in range(8):
        with running(tmp_path) as trap:
            time.sleep(0.15 + 0.1 * turn)
            trap.process.kill()
    writer.join()
    with running(tmp_path):
        assert wait_until(lambda: positions(tmp_path)["INBOX"]["uid"] == 200)
        time.sleep(0.2)
    found = Counter(names(tmp_path))
    assert set(found) == {plus(user, number) for number in range(200)}
    assert found.total() <= 200 + 9, "one mail at most is heard again after each kill"


def test_a_flood_of_mails_is_kept_one_by_one(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    settings = settings_text(dovecot.settings(user, tmp_path), limits="hits_a_second = 1\nat_once = 2")
    prepared(tmp_path, settings)
    dovecot.login(user).logout()
    with running(tmp_path):
        assert wait_until(lambda: positions(tmp_path))
        _append(dovecot, user, 50)
        assert wait_until(lambda: positions(tmp_path)["INBOX"]["uid"] == 50)
    assert len(names(tmp_path)) == 50


def test_a_wrong_password_is_told_and_other_listeners_go_on(
    dovecot: Dovecot, user: str, tmp_path: Path
) -> None:
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("wr0ng-pa55word")
    port = _free_port()
    text = settings_text(dovecot.settings(user, tmp_path) + '\n[http]\nlisten = ["127.0.0.1:0"]')
    prepared(tmp_path, text.replace("port = 0", f"port = {port}", 1))
    with running(tmp_path) as trap:
        assert wait_until(lambda: "refuses the login" in trap.log.read_text())
        health = _status(port, "health")
        assert health[0] == 503
        assert "mailbox, INBOX: localhost refuses the login" in health[1]
        assert 'trapstreet_deaf{channel="mailbox"} 1' in _status(port, "metrics")[1]
        with socket.create_connection(("127.0.0.1", trap.ports["http"])) as client:
            client.sendall(b"GET /still HTTP/1.1\r\nHost: h\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        time.sleep(2)
        log = trap.log.read_text()
    assert len(re.findall("refuses the login", log)) == 1
    assert "wr0ng" not in log
    assert names(tmp_path) == ["h/still"]


def _peak(process: int) -> int:
    """Bytes of memory that a process has held at most."""
    (found,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found) << 10


def _append(server: Dovecot, user: str, count: int) -> None:
    imap = server.login(user)
    for number in range(count):
        imap.append("INBOX", mail(plus(user, number)))
        time.sleep(0.005)
    imap.logout()


def _status(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _subject(hit: Hit) -> str:
    (found,) = (field for field in facts(hit, "header") if field.startswith(b"Subject: "))
    return found.decode().removeprefix("Subject: ")


def _oauth(server: Dovecot, folder: Path, token: str) -> dict[str, object]:
    for name, text in (("refresh", token), ("client", "s3cret")):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    return {
        "password_file": None,
        "token_url": f"{server.tokens.url}/token",
        "client_id": "trapstreet",
        "client_secret_file": "client",
        "refresh_token_file": "refresh",
    }


class _Cutter:
    """A wire to a server that is cut after so many bytes from it, connection by connection."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.limits: list[int] = []
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._all: list[socket.socket] = []
        self._passing: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def cut(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._accepting.join()
        for each in self._passing:
            each.join()
        for each in self._all:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._open = [client, server]
            self._all += self._open
            limit = self.limits.pop(0) if self.limits else 1 << 40
            for source, target, most in ((client, server, 1 << 40), (server, client, limit)):
                thread = threading.Thread(target=self._pass, args=(source, target, most), daemon=True)
                thread.start()
                self._passing.append(thread)

    def _pass(self, source: socket.socket, target: socket.socket, most: int) -> None:
        with suppress(OSError):
            while most > 0 and (data := source.recv(1 << 14)):
                target.sendall(data[:most])
                most -= len(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
