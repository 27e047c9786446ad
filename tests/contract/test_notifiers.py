"""What every notifier promises, whomever it tells."""

import inspect
import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from socket import create_server, socket

import msgspec
import pytest

from receivers import (
    NOTICE,
    PASSWORD,
    PATH,
    SECRET,
    WORDS,
    drip,
    drip_headers,
    drop,
    gibber,
    hang,
    listening,
    options,
    port,
    private_file,
    readable,
    server_tls,
)
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.notifiers import Kind, Notifier, kinds, notifier_of

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's

KINDS = list(kinds().items())
each = pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
ANSWERED = [name for name in kinds() if name not in ("syslog", "cef")]
"""Kinds whose receivers answer: of the others a collector that says nothing is a good one."""
TOLD_WHY = [name for name in ANSWERED if name != "apprise"]
"""Kinds that learn why they were refused."""


MANUAL = (Path(__file__).parents[2] / "docs" / "notifiers.md").read_text()
EXAMPLES = list(tomllib.loads(MANUAL.split("```toml\n")[1].split("```")[0])["notify"].values())


def made(name: str, folder: Path, at: int) -> Notifier:
    return notifier_of(name, options(name, folder, at), folder=folder, where="[notify.me]")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message may take half a second and no longer; one by Apprise the time that Apprise takes to begin."""
    monkeypatch.setattr("trapstreet.plugins.notifiers.apprise.SECONDS", 2.0)
    for module in ("_http", "_syslog", "mail"):
        monkeypatch.setattr(f"trapstreet.plugins.notifiers.{module}.SECONDS", 0.5)


def test_mail_hooks_chats_and_collectors_are_told() -> None:
    assert set(kinds()) == {"apprise", "cef", "mail", "ocsf", "slack", "syslog", "teams", "webhook"}


@each
def test_a_kind_says_what_it_is_and_what_leaves_the_house(name: str, kind: Kind) -> None:
    assert kind.title and kind.reveals.endswith(".")
    assert list(inspect.signature(kind.notifier).parameters) == ["settings"]
    assert kind.settings.__struct_config__.frozen


@each
def test_an_unknown_key_is_refused_and_the_section_named(name: str, kind: Kind, tmp_path: Path) -> None:
    given = {**options(name, tmp_path, 9), "adress": "x"}
    with pytest.raises(UnusableInput, match=r"^\[notify\.me\]: unknown key 'adress'"):
        notifier_of(name, given, folder=tmp_path, where="[notify.me]")


@each
def test_a_key_that_is_needed_is_named(name: str, kind: Kind, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"^\[notify\.me\]: .*(is missing|give either)"):
        notifier_of(name, {}, folder=tmp_path, where="[notify.me]")


def test_a_kind_that_there_is_not_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no kind is called 'fax'.*cef, mail"):
        notifier_of("fax", {}, folder=tmp_path, where="[notify.me]")


@each
def test_an_alert_arrives_with_what_happened_where_and_what_to_do(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    with listening(name, tmp_path) as (at, told):
        made(name, tmp_path, at).tell([NOTICE], key="d-1")
        (message,) = told(1)
    text = readable(message)
    for said in (NOTICE.headline, *NOTICE.happened, NOTICE.lay, NOTICE.stake, NOTICE.steps[0], "192.0.2.1"):
        assert said in text
    assert "a17" in text and "k4" in text


@each
def test_several_alerts_go_in_one_message(name: str, kind: Kind, tmp_path: Path) -> None:
    notices = [
        msgspec.structs.replace(NOTICE, id=f"a{number}", headline=f"Alert number {number} of the night")
        for number in (1, 2, 3)
    ]
    with listening(name, tmp_path) as (at, told):
        made(name, tmp_path, at).tell(notices, key="digest-1")
        (message,) = told(1)
    text = readable(message)
    assert all(text.count(notice.headline) >= 1 and notice.id in text for notice in notices)


@each
def test_each_attempt_of_a_message_says_the_same(name: str, kind: Kind, tmp_path: Path) -> None:
    with listening(name, tmp_path) as (at, told):
        for key in ("d-1", "d-1"):
            made(name, tmp_path, at).tell([NOTICE], key=key)
        first, second = (readable(message) for message in told(2))
    assert first == second


@each
def test_where_nobody_listens_it_may_go_better_later(name: str, kind: Kind, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        at = taken.getsockname()[1]
    _fails(name, tmp_path, at, Unreachable)


@pytest.mark.parametrize("name", list(kinds()))
def test_a_receiver_that_breaks_off_may_do_better_later(name: str, tmp_path: Path) -> None:
    with port(drop) as at:
        _fails(name, tmp_path, at, Unreachable)


@pytest.mark.parametrize("speak", [hang, gibber, drip, drip_headers])
@pytest.mark.parametrize("name", ANSWERED)
def test_a_receiver_that_hangs_or_drips_or_gibbers_takes_no_longer_than_its_time(
    name: str, speak: Callable[[socket], None], tmp_path: Path, soon: None
) -> None:
    begun = time.monotonic()
    with port(speak) as at:
        _fails(name, tmp_path, at, Unreachable)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("name", ANSWERED)
def test_a_receiver_that_is_busy_may_do_better_later(name: str, tmp_path: Path) -> None:
    with port(_answers(name, "HTTP/1.1 503 ", "421 ")) as at:
        _fails(name, tmp_path, at, Unreachable)


@pytest.mark.parametrize("name", TOLD_WHY)
def test_a_receiver_that_refuses_is_something_to_mend(name: str, tmp_path: Path) -> None:
    with port(_answers(name, "HTTP/1.1 404 ", "554 ")) as at:
        error = _fails(name, tmp_path, at, (UnusableInput, AccessDenied))
    assert "404" in str(error) or "554" in str(error)


@each
def test_a_notifier_does_not_print_what_gives_access(name: str, kind: Kind, tmp_path: Path) -> None:
    notifier = made(name, tmp_path, 9)
    shown = repr(notifier) + repr(vars(notifier))
    assert PATH not in shown or name == "webhook"
    assert SECRET not in shown and SECRET[6:] not in shown and PASSWORD not in shown


@pytest.mark.parametrize("name", ["apprise", "ocsf", "slack", "teams", "webhook"])
def test_a_secret_that_others_may_read_is_refused(name: str, tmp_path: Path) -> None:
    given = options(name, tmp_path, 9)
    (file,) = (tmp_path / str(text) for key, text in given.items() if key.endswith("_file"))
    file.chmod(0o640)
    with pytest.raises(UnusableInput, match=r"others may read .*chmod 600"):
        notifier_of(name, given, folder=tmp_path, where="[notify.me]")
    file.unlink()
    with pytest.raises(UnusableInput, match="cannot be read from"):
        notifier_of(name, given, folder=tmp_path, where="[notify.me]")


def test_the_manual_names_every_key_of_every_kind() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", MANUAL, re.MULTILINE)
    said = {name: set(re.findall(r"`([a-z_]+)`", keys)) - {"tls", "starttls"} for name, keys in rows}
    said["cef"] |= said["syslog"] if "syslog" in said["cef"] else set()
    said["cef"] -= {"syslog"}
    assert said == {name: set(kind.settings.__struct_encode_fields__) for name, kind in KINDS}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_of_the_manual_are_taken(number: int, tmp_path: Path) -> None:
    for file in ("mail.password", "chat.url", "tickets.secret", "pager.urls"):
        text = {"tickets.secret": SECRET, "pager.urls": "json://pager.you.example/"}
        private_file(tmp_path, file, text.get(file, "https://chat.you.example/hook"))
    server_tls(tmp_path)
    (tmp_path / "chain.pem").rename(tmp_path / "our-authority.pem")
    own = dict(EXAMPLES[number])
    assert notifier_of(str(own.pop("kind")), own, folder=tmp_path, where="[notify.me]")


def _fails(
    name: str, folder: Path, at: int, kind: type[TrapstreetError] | tuple[type[TrapstreetError], ...]
) -> TrapstreetError:
    """The error of telling, which shows neither a secret nor what the receiver said."""
    with pytest.raises(kind) as caught:
        made(name, folder, at).tell([NOTICE], key="d-1")
    error = caught.value
    shown = "".join(str(one) for one in (error, error.hint, error.__cause__, vars(error)))
    assert not any(hidden in shown for hidden in (PATH, SECRET, WORDS, PASSWORD, NOTICE.headline))
    return error


def _answers(name: str, web: str, mail: str) -> Callable[[socket], None]:
    def speak(client: socket) -> None:
        if name == "mail":
            client.sendall(f"{mail}{WORDS}\r\n".encode())
        while b"\r\n" not in client.recv(65536):
            pass
        client.sendall(f"{web}{WORDS}\r\nContent-Length: 0\r\n\r\n".encode())
        hang(client)

    return speak
