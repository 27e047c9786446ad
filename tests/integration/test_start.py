"""`trapstreet start`, as somebody at a terminal lives through it: a real Dovecot, a real mail server."""

import json
import os
import quopri
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pexpect
import pytest

from mailboxes import PASSWORD, Dovecot, dovecot, wait_until, way_out
from trapstreet.cli.passphrase import VARIABLE
from trapstreet.cli.start_questions import PASSWORD as PASSWORD_VARIABLE
from trapstreet.trap.settings import StatusSection

__all__ = ["dovecot"]
pytestmark = [
    pytest.mark.system,
    pytest.mark.server("dovecot"),
    pytest.mark.filterwarnings("ignore:.*login_data is deprecated"),
]

PROGRAM = [sys.executable, "-c", "from trapstreet.cli import main; main()"]
PASSPHRASE = "correct horse"
SECONDS = 240
"""No step takes as long on a machine that has ten times as much to do as it can."""
WORD = re.compile(r"its word is (\w+)")


@pytest.fixture(autouse=True)
def usual_port_is_taken() -> Iterator[None]:
    """So that each trap has a free port of its own for its status, whoever else begins one just now."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", StatusSection().port)))
        yield


@pytest.fixture
def user() -> str:
    return f"maria{time.time_ns()}@you.example"


@pytest.fixture
def smtp(dovecot: Dovecot) -> Iterator[int]:
    with way_out(dovecot) as port:
        yield port


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of somebody who has never used trapstreet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRAPSTREET_")}
    return kept | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "COLUMNS": "120"}


class Person:
    """Somebody at a terminal. `answers` in their order: what is asked for, and what is typed."""

    def __init__(self, folder: Path, home: dict[str, str], *options: str) -> None:
        self._seen = ""
        self.terminal = pexpect.spawn(
            PROGRAM[0],
            [*PROGRAM[1:], "start", *options],
            cwd=str(folder),
            env=home,  # type: ignore[arg-type]
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(50, 200),
        )

    def answers(self, *pairs: tuple[str, str]) -> "Person":
        for asked, typed in pairs:
            self.sees(asked)
            self.terminal.sendline(typed)
        return self

    def sees(self, text: str) -> str:
        self.terminal.expect_exact(text)
        return self._note()

    def interrupts(self, asked: str) -> str:
        """Press Ctrl-C when asked; all that was shown."""
        self.sees(asked)
        for _ in range(SECONDS // 10):  # one that comes while a prompt begins to be read may be overlooked
            self.terminal.sendintr()
            if self.terminal.expect_exact(["What was done is kept", pexpect.TIMEOUT], timeout=10) == 0:
                break
        self._note()
        assert self.ends() == 130
        return self._seen

    def ends(self) -> int:
        """The exit status. A terminal that is closed too early ends it by a signal."""
        self.terminal.expect(pexpect.EOF)
        self._note()
        status: int = self.terminal.wait()
        self.terminal.close()
        return status

    @property
    def seen(self) -> str:
        return self._seen

    def _note(self) -> str:
        before: str = self.terminal.before + (
            self.terminal.after if isinstance(self.terminal.after, str) else ""
        )
        self._seen += before
        return before


KIT = (
    ("Passphrase for the recovery kit", PASSPHRASE),
    ("Repeat for confirmation", PASSPHRASE),
    ("once more", PASSPHRASE),
)


def words(server: Dovecot, user: str) -> list[str]:
    """The words in the alerts that came to a mailbox."""
    imap = server.login(user)
    mails = [found[b"BODY[]"] for found in imap.fetch(imap.search(), ["BODY[]"]).values()]
    imap.logout()
    texts = [quopri.decodestring(mail).decode("utf-8", "replace") for mail in mails]
    return [found[1] for text in texts if (found := WORD.search(text))]


def test_the_first_alarm_with_nothing_but_a_mailbox(
    dovecot: Dovecot, smtp: int, user: str, home: dict[str, str], tmp_path: Path
) -> None:
    """Mistyped passphrase, wrong password, wrong server and wrong word on the way."""
    dovecot.login(user, "Junk").logout()
    dovecot.login(user).logout()
    person = Person(tmp_path, home, "--ca", str(dovecot.ca))
    person.answers(
        *KIT[:2],
        ("once more", "correct hose"),
        ("once more", PASSPHRASE),
        ("1. The mailbox", "nobody"),
        ("1. The mailbox", user),
        ("Its IMAP server", f"localhost:{dovecot.imaps}"),
        ("Its password", "wr0ng pa55word"),
        ("refuses the login", ""),
        ("Its IMAP server", ""),
        ("Its password", PASSWORD),
        ("INBOX and Junk will be read", ""),
        ("3. Who is told", ""),
        ("Its SMTP server", "localhost:1"),
        ("cannot be reached", f"localhost:{smtp}"),
        ("4. The folder", "share"),
        ("A document of yours", ""),
    )
    person.sees("the alert was given to the mail server")
    person.answers(("The word", "nonsense"), ("That is not the word", words(dovecot, user)[-1]))
    assert person.ends() == 0
    assert "Alerts reach you." in person.seen
    assert not _alerts(home, tmp_path / "trapstreet"), "the trial is over"
    assert "wr0ng" not in person.seen and PASSWORD not in person.seen and PASSPHRASE not in person.seen
    (laid,) = (tmp_path / "share").iterdir()
    bait = laid.read_text()
    address = re.search(rf"{user.partition('@')[0]}\+[a-z0-9]{{12}}@you\.example", bait)
    assert address
    alert = _use(dovecot, address[0], home, tmp_path / "trapstreet")
    assert alert["severity"] in ("medium", "high", "critical"), "the trial has not worn the alarm out"


def test_interrupted_at_any_question_it_goes_on_from_there(
    dovecot: Dovecot, smtp: int, user: str, home: dict[str, str], tmp_path: Path
) -> None:
    dovecot.login(user).logout()
    options = ["--ca", str(dovecot.ca), "--imap", f"localhost:{dovecot.imaps}", "--smtp", f"localhost:{smtp}"]

    def person() -> Person:
        return Person(tmp_path, home, *options)

    assert not list(tmp_path.glob("trapstreet*"))
    person().interrupts("Passphrase for the recovery kit")
    assert not list(tmp_path.glob("trapstreet*"))
    person().answers(*KIT[:2]).interrupts("once more")
    person().answers(KIT[2]).interrupts("1. The mailbox")
    person().answers(("1. The mailbox", user)).interrupts("Its password")
    person().answers(("1. The mailbox", user), ("Its password", PASSWORD)).interrupts("2. Their addresses")
    one = person().answers(("1. The mailbox", user), ("Its password", PASSWORD), ("2. Their addresses", ""))
    one.interrupts("3. Who is told")
    two = person().answers(("3. Who is told", "")).interrupts("4. The folder")
    assert "The mailbox" not in two
    three = person().answers(("4. The folder", "share"), ("A document of yours", ""), ("The word", "r"))
    assert "run trapstreet start again, and it goes on from here" in three.interrupts("The word")
    four = person()
    four.sees("the alert was given to the mail server")
    four.answers(("The word", words(dovecot, user)[-1]))
    assert four.ends() == 0
    assert not re.search(r"\d\. [^\n]*\?|Passphrase|Its password", four.seen)
    assert len(list((tmp_path / "share").iterdir())) == 1


def test_a_script_needs_nobody(dovecot: Dovecot, user: str, home: dict[str, str], tmp_path: Path) -> None:
    """With a domain whose mails all come to the mailbox."""
    dovecot.login(user).logout()
    with way_out(dovecot, catches=user) as smtp:
        _play_script(dovecot, smtp, user, home, tmp_path)


def _play_script(dovecot: Dovecot, smtp: int, user: str, home: dict[str, str], tmp_path: Path) -> None:
    template = tmp_path / "handover.html"
    template.write_text("<p>Ask <a href='mailto:It.Desk@corp.example'>it.desk@corp.example</a>.</p>")
    options = {
        "--workspace": tmp_path / "ws",
        "--kit": tmp_path / "kit.txt",
        "--mailbox": user,
        "--imap": f"localhost:{dovecot.imaps}",
        "--smtp": f"localhost:{smtp}",
        "--ca": dovecot.ca,
        "--listen-for": "@decoys.you.example",
        "--tell": user,
        "--lay": tmp_path / "share",
        "--template": template,
    }
    arguments = [str(each) for pair in options.items() for each in pair]
    secrets = {VARIABLE: PASSPHRASE, PASSWORD_VARIABLE: PASSWORD}

    def run(*more: str, without: str = "") -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in (home | secrets).items() if name != without}
        return subprocess.run(
            [*PROGRAM, "start", *arguments, "--kit-confirmed", "--json", *more],
            check=False, env=given, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip

    refused = run(without=PASSWORD_VARIABLE)
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["hint"] == f"pass {PASSWORD_VARIABLE}, or run it at a terminal"
    assert not list(tmp_path.rglob("mailbox-password"))
    ended = run("--unconfirmed")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["sent"] and not report["confirmed"]
    assert report["bait"] == str(tmp_path / "share" / "handover.html")
    assert words(dovecot, user)
    bait = (tmp_path / "share" / "handover.html").read_text()
    assert len(set(re.findall(r"[\w.-]+@decoys\.you\.example", bait))) == 1
    assert "corp.example" not in bait
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert path.name == "mailbox-password" or PASSWORD.encode() not in path.read_bytes(), path
    assert (next(tmp_path.rglob("mailbox-password")).stat().st_mode & 0o777) == 0o600


def test_a_mailbox_with_tokens_and_another_way_to_people(
    dovecot: Dovecot, smtp: int, user: str, home: dict[str, str], tmp_path: Path
) -> None:
    dovecot.login(user).logout()
    dovecot.tokens.refresh[f"for {user}"] = user
    for name, text in (("token", f"for {user}"), ("relay", PASSWORD)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(text)
    options = ["--mailbox", user, "--imap", f"localhost:{dovecot.imaps}", "--ca", str(dovecot.ca)]
    options += [
        "--refresh-token-file",
        "token",
        "--client-id",
        "trapstreet",
        "--lay",
        "share",
        "--unconfirmed",
    ]
    options += ["--token-url", f"{dovecot.tokens.url}/token", "--kit-confirmed"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, "start", *options], check=False, env=home | {VARIABLE: PASSPHRASE}, cwd=tmp_path,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip

    begun = [*PROGRAM, "init", str(tmp_path / "trapstreet")]  # a workspace that has no kit yet
    subprocess.run(begun, check=True, env=home, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    refused = run()
    assert refused.returncode == 2
    assert "by OAuth 2.0, by which no alerts are sent: add a section [notify.me]" in refused.stderr
    with (tmp_path / "trapstreet" / "trapstreet.toml").open("a") as settings:
        settings.write(
            f'[notify.me]\nkind = "mail"\nfrom = "relay@you.example"\nto = ["{user}"]\nhost = "localhost"\n'
            f'port = {smtp}\nuser = "relay"\npassword_file = "../relay"\nca = "{dovecot.ca}"\n'
        )
    ended = run()
    assert ended.returncode == 0, ended.stderr
    assert words(dovecot, user)


def _use(server: Dovecot, address: str, home: dict[str, str], workspace: Path) -> dict[str, str]:
    """Somebody uses the bait: the alert that comes of it."""
    serve = subprocess.Popen(
        [*PROGRAM, "serve", "--workspace", str(workspace)], env=home, stderr=subprocess.DEVNULL
    )
    try:
        server.deliver(address, mail=b"Subject: hello\r\n\r\nI am new here.\r\n")
        assert wait_until(lambda: _alerts(home, workspace), SECONDS)
    finally:
        serve.terminate()
        serve.wait()
    (alert,) = _alerts(home, workspace)
    return alert


def _alerts(home: dict[str, str], workspace: Path) -> list[dict[str, str]]:
    ran = subprocess.run(
        [*PROGRAM, "alert", "list", "--json", "--workspace", str(workspace)],
        check=True, env=home, capture_output=True,
    )  # fmt: skip
    found: list[dict[str, str]] = json.loads(ran.stdout)["alerts"]
    return found
