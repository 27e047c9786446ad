"""Mailboxes: what is new is read, nobody notices, and a server that misbehaves holds nothing up."""

import json
import re
import socketserver
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from mailboxes import Dovecot, dovecot  # noqa: F401
from source_yards.imap import Here
from traps import certificate
from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import WritableSource
from trapstreet.plugins.sources import Later

pytestmark = pytest.mark.system
TEXT = b"From: a@example.net\r\nSubject: found\r\n\r\nmaria.lopez@customers.example\r\n"


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    made = Here(request, tmp_path)
    yield made
    made.close()


def test_a_quiet_mailbox_lists_nothing_and_a_new_mail_alone(yard: Here) -> None:
    yard.put_many({"one.txt": b"1", "archive/two.txt": b"2"})
    with closing(yard.source()) as source:
        *_, end = source.list("")
        assert end == Mark(end.cursor, whole=True)  # type: ignore[union-attr]
        assert list(source.list(end.cursor)) == [Mark(end.cursor)]  # type: ignore[union-attr]
        yard.put("archive/three.txt", b"3")
        new, after = source.list(end.cursor)  # type: ignore[union-attr]
        assert isinstance(new, Ref) and new.path == yard.name("archive/three.txt")
        assert isinstance(after, Mark) and not after.whole
        assert list(source.list(after.cursor)) == [Mark(after.cursor)]


def test_when_mails_were_taken_out_the_next_listing_names_all_that_are_left(yard: Here) -> None:
    yard.put_many({"goes.txt": b"1", "stays.txt": b"2", "later/moved.txt": b"3"})
    with closing(yard.source()) as source:
        cursor = _end(source.list(""))
        yard.remove("goes.txt")
        yard.put("comes.txt", b"4")
        assert [*source.list(cursor)][-1] == Mark("")
        left = {each.path for each in source.list("") if isinstance(each, Ref)}
        assert left == {yard.name(each) for each in ("stays.txt", "comes.txt", "later/moved.txt")}
        cursor = _end(source.list(""))
        yard.imap.delete_folder("later")
        assert [*source.list(cursor)][-1] == Mark("")


def test_a_listing_goes_on_where_it_was_though_mails_are_read_and_taken_out_meanwhile(
    yard: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources.imap._AT_ONCE", 5)
    names = [f"{number}.txt" for number in range(23)]
    yard.put_many({name: name.encode() for name in names})
    yard.put("other/one.txt", b"1")
    marks = []
    with closing(yard.source()) as source:
        found = []
        for each in source.list(""):
            if isinstance(each, Ref):
                found.append(each)
                assert source.open(each).read()
                if len(found) == 7:
                    yard.remove("3.txt")
            elif isinstance(each, Mark):
                marks.append((each.cursor, len(found)))
        uids = [each.path for each in found]
        assert uids == [yard.name(name) for name in (*names, "other/one.txt")]
        cursor, before = marks[1]
        rest = [each.path for each in source.list(cursor) if isinstance(each, Ref)]
        assert rest == uids[before:]


def test_a_folder_that_was_made_anew_is_read_anew(yard: Here) -> None:
    yard.put_many({"box/one.txt": b"1"})
    with closing(yard.source()) as source:
        before, *_ = source.list("")
        cursor = _end(source.list(""))
        yard.imap.delete_folder("box")
        time.sleep(1.1)  # the number of a new folder is the second in which it was made
        yard.uids.clear()
        yard.put("box/other.txt", b"2")
        (after,) = (each for each in source.list(cursor) if isinstance(each, Ref))
        assert isinstance(before, Ref)
        assert before.path == after.path and before.version != after.version
        with pytest.raises(OSError):
            source.open(before).read()


def test_nobody_who_reads_the_mailbox_notices(yard: Here) -> None:
    yard.put_many({"one.txt": b"1", "two.txt": b"2"})
    with closing(yard.source()) as source:
        for each in source.list(""):
            if isinstance(each, Ref):
                assert source.open(each).read(-1)
    yard.imap.select_folder("INBOX", readonly=True)
    assert [len(flags) for flags in yard.imap.get_flags([1, 2]).values() if b"\\Seen" in flags] == []


def test_only_the_folders_that_were_chosen_are_read_with_those_in_them(yard: Here) -> None:
    yard.put_many({"a.txt": b"1", "Büro/b.txt": b"2", "Büro/alt/c.txt": b"3", "Bürowitz/d.txt": b"4"})

    def found(**settings: object) -> list[Ref | Unread | Mark]:
        with closing(yard.source(yard.settings() | settings)) as source:
            return [each for each in source.list("") if not isinstance(each, Mark)]

    office = {yard.name("Büro/b.txt"), yard.name("Büro/alt/c.txt")}
    assert {each.path for each in found(folder=["Büro"]) if isinstance(each, Ref)} == office
    assert {each.path for each in found(url=f"{yard.url}/B%C3%BCro") if isinstance(each, Ref)} == office
    missing, one = found(folder=["inbox", "Gone"])
    assert isinstance(missing, Unread) and missing.path.endswith("/Gone")
    assert isinstance(one, Ref) and one.path == yard.name("a.txt")
    with pytest.raises(Unreachable, match="no such folder"):
        found(folder=["Gone"])


def test_the_password_goes_over_tls_that_began_later(yard: Here) -> None:
    yard.put("one.txt", b"1")
    url = f"imap://{yard.user}@localhost:{yard.server.imap}"
    with closing(yard.source(yard.settings() | {"url": url})) as source:
        assert sum(isinstance(each, Ref) for each in source.list("")) == 1


def test_oauth_opens_a_mailbox(yard: Here, dovecot: Dovecot) -> None:  # noqa: F811
    yard.put("one.txt", b"1")
    dovecot.tokens.refresh["r3fresh"] = yard.user
    settings = {
        "url": yard.url,
        "ca": yard.options["ca"],
        "token_url": f"{dovecot.tokens.url}/token",
        "client_id": "watcher",
        "refresh_token_file": yard.secret("refresh", "r3fresh"),
    }
    with closing(yard.source(settings)) as source:
        assert sum(isinstance(each, Ref) for each in source.list("")) == 1


def test_settings_that_cannot_log_in_are_refused_at_once(yard: Here) -> None:
    for wrong, why in [
        ({"password_file": None}, "how to log in"),
        ({"url": yard.url.replace(f"{yard.user}@", "")}, "who logs in"),
        ({"url": f"{yard.url}/INBOX", "folder": ["Junk"]}, "beside it"),
        ({"token_url": "https://provider.example/token"}, "twice"),
    ]:
        given = {name: value for name, value in (yard.settings() | wrong).items() if value is not None}
        with pytest.raises(UnusableInput, match=why):
            yard.source(given)


def test_a_large_mail_is_read_in_little_memory(yard: Here) -> None:
    content = bytes(range(256)) * 40_000
    yard.put("large.bin", content)
    with closing(yard.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        came = 0
        tracemalloc.start()
        try:
            with source.open(ref) as file:
                while block := file.read(1 << 16):
                    came += len(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert came == ref.size == len(yard.reads("large.bin", content))
        assert peak < 8 << 20


def test_what_is_taken_out_is_that_mail_alone(yard: Here) -> None:
    yard.put("precious.txt", b"1")
    yard.imap.select_folder("INBOX")
    yard.imap.add_flags([1], [b"\\Deleted"])  # somebody may want it back
    with closing(yard.source()) as source:
        assert isinstance(source, WritableSource)
        source.put("control record.txt", b"a decoy")
        source.remove("control record.txt")
        assert [each.path for each in source.list("") if isinstance(each, Ref)] == [yard.name("precious.txt")]


def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    with scripted({}, tmp_path, tls=False, capabilities="IMAP4rev1 AUTH=PLAIN") as server:
        with pytest.raises(TrapstreetError) as refused, closing(server.source("imap")) as source:
            list(source.list(""))
        assert refused.value.status in (2, 4)
        assert not [line for line in server.heard if "AUTH" in line.upper() or "LOGIN" in line.upper()]


def test_a_server_that_lets_nobody_in_for_now_is_left_alone(tmp_path: Path) -> None:
    with (
        scripted({"LOGIN": "NO [UNAVAILABLE] over there"}, tmp_path) as server,
        pytest.raises(Later) as later,
        closing(server.source()) as source,
    ):
        list(source.list(""))
    assert "over there" not in str(later.value)


def test_a_folder_that_does_not_open_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    answers = {
        "LIST": '* LIST () "/" Closed\r\n* LIST () "/" INBOX\r\n* LIST (\\Noselect) "/" Up\r\nOK',
        'EXAMINE "Closed"': "NO [NOPERM] it is mine",
        'EXAMINE "INBOX"': "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\nOK",
        "FETCH": '* 1 FETCH (UID 8 RFC822.SIZE 5 INTERNALDATE "17-Jul-2026 02:44:25 +0000")\r\nOK',
    }
    with scripted(answers, tmp_path) as server, closing(server.source()) as source:
        closed, mail, end = source.list("")
        assert isinstance(closed, Unread) and "/Closed" in closed.path and "mine" not in closed.why
        assert isinstance(mail, Ref) and mail.path.endswith("/INBOX/;UID=8")
        assert mail.modified == 1_784_256_265_000_000
        assert isinstance(end, Mark)


def test_one_mail_that_the_server_cannot_give_holds_up_no_other(tmp_path: Path) -> None:
    def fetch(command: str) -> str:
        numbers = [int(each) for each in command.split()[1].split(",")]
        if 3 in numbers:
            return "NO it is damaged"
        return "".join(f"* {n} FETCH (UID {n + 10} RFC822.SIZE 5)\r\n" for n in numbers) + "OK"

    answers: dict[str, str | Callable[[str], str]] = {
        "LIST": '* LIST () "/" INBOX\r\nOK',
        "EXAMINE": "* 5 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 99] x\r\nOK",
        "FETCH": fetch,
    }
    with scripted(answers, tmp_path) as server, closing(server.source()) as source:
        found = list(source.list(""))
    assert [each.handle for each in found if isinstance(each, Ref)] == [
        f"7 {n} INBOX" for n in (11, 12, 14, 15)
    ]
    assert [each.why for each in found if isinstance(each, Unread)] == ["1 of its mails cannot be listed"]


@pytest.mark.parametrize(
    "answer",
    [
        '* LIST () "/" {9999999999}\r\n',
        "* 1 FETCH (" + "x" * 2_000_000,
        "* BYE\r\n",
        "* LIST nonsense\r\nOK",
        "OK nothing \x00\xff\r\n* \r\n",
        "* LIST (((((((\r\nOK",
    ],
    ids=["a literal of 10 GB", "a line without an end", "goodbye", "nonsense", "noise", "brackets"],
)
def test_an_answer_that_is_none_is_the_servers_failure(answer: str, tmp_path: Path) -> None:
    with (
        scripted({"LIST": answer}, tmp_path) as server,
        pytest.raises(Unreachable),
        closing(server.source()) as source,
    ):
        list(source.list(""))


def test_a_server_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._imap_guard.PATIENCE", 0.5)
    began = time.monotonic()
    with (
        scripted({"LIST": "* LIST " + "x" * 1000}, tmp_path, drips=0.05) as server,
        pytest.raises(Unreachable, match="in time"),
        closing(server.source()) as source,
    ):
        list(source.list(""))
    assert time.monotonic() - began < 5


class _Scripted(socketserver.ThreadingTCPServer):
    """An IMAP server that answers commands by their beginnings, as it is told to."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answers: dict[str, str | Callable[[str], str]], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.folder = answers, folder
        self.heard: list[str] = []
        self.capabilities, self.drips = "IMAP4rev1", 0.0
        self.context: ssl.SSLContext | None = None

    def source(self, scheme: str = "imaps"):  # type: ignore[no-untyped-def]
        from trapstreet.plugins.sources import source_of

        password = self.folder / "password"
        password.touch(0o600)
        password.write_text("plain-enough")
        options = {
            "url": f"{scheme}://somebody@localhost:{self.server_address[1]}",
            "password_file": str(password),
            "ca": str(self.folder / "chain.pem"),
        }
        return source_of("imap", options, folder=self.folder, where="here")


class _Handler(socketserver.StreamRequestHandler):
    server: _Scripted

    def setup(self) -> None:
        if self.server.context:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def handle(self) -> None:
        self._say("* OK ready\r\n")
        while line := self.rfile.readline():
            text = line.decode("latin-1").strip()
            self.server.heard.append(text)
            tag, _, command = text.partition(" ")
            self._say(self._answer(tag, command))

    def _answer(self, tag: str, command: str) -> str:
        for beginning, answer in self.server.answers.items():
            if command.startswith(beginning):
                given = answer if isinstance(answer, str) else answer(command)
                before, _, last = given.rpartition("\r\n")
                done = re.match("(OK|NO|BAD)", last)
                return f"{before}\r\n{tag} {last} so\r\n".removeprefix("\r\n") if done else given
        if command == "CAPABILITY":
            return f"* CAPABILITY {self.server.capabilities}\r\n{tag} OK so\r\n"
        return f"{tag} OK so\r\n"

    def _say(self, text: str) -> None:
        try:
            if not self.server.drips or "LIST" not in text:
                self.wfile.write(text.encode("latin-1"))
                return
            for letter in text.encode("latin-1"):
                self.wfile.write(bytes([letter]))
                time.sleep(self.server.drips)
        except OSError:
            pass


@contextmanager
def scripted(
    answers: dict[str, str | Callable[[str], str]],
    folder: Path,
    *,
    tls: bool = True,
    drips: float = 0.0,
    capabilities: str = "IMAP4rev1",
) -> Iterator[_Scripted]:
    made = certificate(folder, name="localhost", alternative="localhost")
    server = _Scripted(answers, folder)
    server.drips, server.capabilities = drips, capabilities
    if tls:
        server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.context.load_cert_chain(made["certificate"], made["key"])
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _end(listed: Iterator[Ref | Unread | Mark]) -> str:
    *_, end = listed
    assert isinstance(end, Mark)
    assert json.loads(end.cursor)
    return end.cursor
