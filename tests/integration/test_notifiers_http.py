"""What is posted: to whom, how signed, and where it does not go."""

import fcntl
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socket import socket
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from receivers import NOTICE, PATH, SECRET, WORDS, Web, hang, options, port, private_file, server_tls
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.plugins.notifiers import Later, Notifier, kinds, notifier_of

POSTING = ["ocsf", "slack", "teams", "webhook"]


def route(kind: str, folder: Path, at: int, **changed: Any) -> Notifier:
    return notifier_of(kind, options(kind, folder, at) | changed, folder=folder, where="[notify.me]")


def test_a_webhook_is_verified_by_the_library_of_standard_webhooks(tmp_path: Path) -> None:
    with Web() as web:
        notifier = route("webhook", tmp_path, web.port)
        notifier.tell([NOTICE], key="d-1")
        notifier.tell([NOTICE], key="d-1")
        first, second = web.requests
    assert first.path == PATH and first.headers["content-type"] == "application/json"
    told = Webhook(SECRET).verify(first.body, dict(first.headers))
    assert told["type"] == "alerts" and told["timestamp"] == "2026-11-18T11:06:43.000000Z"
    assert told["data"]["alerts"][0]["facts"][0] == {"name": "address", "value": "192.0.2.1"}
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "d-1" and first.body == second.body
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(first.body.replace(b"a17", b"a18"), dict(first.headers))


def test_tls_is_verified_for_the_name(tmp_path: Path) -> None:
    with Web(tls=server_tls(tmp_path)) as web:
        trusted = {"url": f"https://localhost:{web.port}/", "ca": "chain.pem"}
        route("webhook", tmp_path, web.port, **trusted).tell([NOTICE], key="d-1")
        assert len(web.requests) == 1
        for changed in ({"ca": None}, {"url": f"https://127.0.0.1:{web.port}/"}):
            given = {key: value for key, value in (trusted | changed).items() if value is not None}
            with pytest.raises(UnusableInput, match=r"the certificate of .* is not trusted"):
                route("webhook", tmp_path, web.port, **given).tell([NOTICE], key="d-2")
        assert len(web.requests) == 1


@pytest.mark.parametrize("kind", POSTING)
def test_a_redirect_is_not_followed(kind: str, tmp_path: Path) -> None:
    with Web() as other, Web() as web:
        web.status, web.headers = 307, {"Location": f"http://127.0.0.1:{other.port}/"}
        with pytest.raises(UnusableInput, match=r"127\.0\.0\.1 answered 307"):
            route(kind, tmp_path, web.port).tell([NOTICE], key="d-1")
        assert len(web.requests) == 1 and not other.requests


@pytest.mark.parametrize("kind", POSTING)
def test_proxies_of_the_environment_are_not_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Web() as proxy, Web() as web:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        route(kind, tmp_path, web.port).tell([NOTICE], key="d-1")
        assert len(web.requests) == 1 and not proxy.requests


@pytest.mark.parametrize("kind", POSTING)
def test_nobody_in_the_house_is_connected_to_unless_the_route_says_so(kind: str, tmp_path: Path) -> None:
    connected: list[socket] = []
    with port(connected.append) as at:
        private_file(tmp_path, "address", f"https://localhost:{at}/")
        given = {"url_file": "address"}
        if kind == "webhook":
            given["secret_file"] = "webhook.secret"
            private_file(tmp_path, "webhook.secret", SECRET)
        notifier = notifier_of(kind, given, folder=tmp_path, where="[notify.me]")
        with pytest.raises(UnusableInput, match="localhost leads into a private network: set private = true"):
            notifier.tell([NOTICE], key="d-1")
    assert not connected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, AccessDenied) for status in (401, 403)),
        *((status, UnusableInput) for status in (301, 400, 404, 410, 422)),
        *((status, Unreachable) for status in (408, 429, 500, 502, 599)),
    ],
)
def test_a_status_says_whether_somebody_must_mend_something(
    status: int, kind: type[Exception], tmp_path: Path
) -> None:
    with Web() as web:
        web.status = status
        with pytest.raises(kind, match=rf"127\.0\.0\.1 answered {status}: ") as caught:
            route("slack", tmp_path, web.port).tell([NOTICE], key="d-1")
    assert WORDS not in str(caught.value) and not isinstance(caught.value, Later)


@pytest.mark.parametrize(("said", "seconds"), [("120", 120), ("999999999999", 3600), ("86400", 3600)])
def test_a_receiver_that_asks_to_be_left_alone_is(said: str, seconds: float, tmp_path: Path) -> None:
    with Web() as web:
        web.status, web.headers = 429, {"Retry-After": said}
        with pytest.raises(Later) as caught:
            route("slack", tmp_path, web.port).tell([NOTICE], key="d-1")
    assert caught.value.seconds == seconds


def test_a_date_until_which_to_wait_is_read(tmp_path: Path) -> None:
    with Web() as web:
        until = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
        web.status, web.headers = 503, {"Retry-After": until}
        with pytest.raises(Later) as caught:
            route("slack", tmp_path, web.port).tell([NOTICE], key="d-1")
    assert 500 < caught.value.seconds <= 600


@pytest.mark.parametrize("said", ["soon", "-5", "1e9", "Tue, 99 Foo 0000", "0", "", "١٢"])
def test_nonsense_about_when_to_come_again_is_left_aside(said: str, tmp_path: Path) -> None:
    def speak(client: socket) -> None:
        client.recv(65536)
        client.sendall(f"HTTP/1.1 503 no\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n".encode())
        hang(client)

    with port(speak) as at, pytest.raises(Unreachable, match="answered 503") as caught:
        route("slack", tmp_path, at).tell([NOTICE], key="d-1")
    assert not isinstance(caught.value, Later)


def test_of_an_answer_without_end_a_few_kilobytes_are_read(tmp_path: Path) -> None:
    sent = 0

    def speak(client: socket) -> None:
        nonlocal sent
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent += client.send(b"x" * 65536)

    with port(speak) as at:
        route("slack", tmp_path, at).tell([NOTICE], key="d-1")
    assert sent < 64 << 20


def test_nothing_that_gives_access_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Web() as web:
        for status in (200, 404, 500):
            web.status = status
            for kind in POSTING:
                notifier = route(kind, tmp_path, web.port)
                try:
                    notifier.tell([NOTICE], key="d-1")
                except (UnusableInput, Unreachable):
                    assert status != 200
    assert len(web.requests) == 3 * len(POSTING)
    assert PATH not in caplog.text and SECRET[6:] not in caplog.text and WORDS not in caplog.text


@pytest.mark.slow
def test_chats_get_no_more_than_they_take(tmp_path: Path) -> None:
    long = msgspec.structs.replace(
        NOTICE, happened=("Ein <Vorfall> & 事件 mehr. " * 40,) * 30, headline="Much happened " * 30
    )
    with Web() as web:
        for kind in ("slack", "teams"):
            route(kind, tmp_path, web.port).tell([long] * 200, key="d-1")
        slack, teams = (request.body for request in web.requests)
    blocks = json.loads(slack)["blocks"]
    assert len(blocks) <= 50 and all(len(block["text"]["text"]) <= 3000 for block in blocks)
    assert "160 more" in slack.decode() and "Much happened" in teams.decode()
    assert len(teams) <= 28_000 and "more: trapstreet alert list" in teams.decode()


def test_findings_are_posted_with_the_authorization(tmp_path: Path) -> None:
    private_file(tmp_path, "authorization", "Bearer of-good-news\n")
    with Web() as web:
        route("ocsf", tmp_path, web.port, authorization_file="authorization").tell(
            [NOTICE, NOTICE], key="d-1"
        )
        (request,) = web.requests
    assert request.headers["authorization"] == "Bearer of-good-news"
    first, second = json.loads(request.body)
    assert first["metadata"]["uid"] == "d-1/a17" and first["time"] == 1_795_000_000_123 and first == second
    assert first["observables"][0]["value"] == "192.0.2.1" and first["severity"] == "High"


def test_findings_are_added_to_a_file_by_several_at_once(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    worse = msgspec.structs.replace(NOTICE, reason="worse", severity=Severity.CRITICAL)

    def write(name: int) -> None:
        notifier = notifier_of("ocsf", {"file": "events.jsonl"}, folder=tmp_path, where="[notify.me]")
        for number in range(20):
            notifier.tell([NOTICE, worse], key=f"d-{name}-{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(events) == 160 and len({event["metadata"]["uid"] for event in events}) == 80
    assert {event["type_uid"] for event in events} == {200401, 200402}
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_adds_to_a_file_waits_for_who_is_adding(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    notifier = notifier_of("ocsf", {"file": "events.jsonl"}, folder=tmp_path, where="[notify.me]")
    with file.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=notifier.tell, args=([NOTICE],), kwargs={"key": "d-1"})
        thread.start()
        thread.join(0.3)
        assert thread.is_alive() and not file.stat().st_size
    thread.join()
    assert len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize(("file", "why"), [("/dev/full", "no space left"), ("/nowhere/a", "no such file")])
def test_a_file_that_cannot_be_written_is_told(file: str, why: str, tmp_path: Path) -> None:
    notifier = notifier_of("ocsf", {"file": file}, folder=tmp_path, where="[notify.me]")
    with pytest.raises(Unreachable, match=f"{file} cannot be written: {why}"):
        notifier.tell([NOTICE], key="d-1")


def test_a_file_and_an_address_are_too_much(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="a file and an address"):
        route("ocsf", tmp_path, 9, file="events.jsonl")


def test_apprise_that_is_not_installed_is_said_with_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    with pytest.raises(UnusableInput, match=r"Apprise is not installed: .*trapstreet\[apprise\]"):
        route("apprise", tmp_path, 9)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_that_apprise_does_not_know_is_named_by_its_line(tmp_path: Path) -> None:
    private_file(tmp_path, "urls", "json://127.0.0.1/\nfax://secret-number\n")
    with pytest.raises(UnusableInput, match="urls, line 2: ") as caught:
        notifier_of("apprise", {"urls_file": "urls"}, folder=tmp_path, where="[notify.me]")
    assert "secret-number" not in str(caught.value)


def test_kinds_that_post_are_all_tried_here() -> None:
    assert {name for name, kind in kinds().items() if "private" in kind.settings.__struct_fields__} == set(
        POSTING
    )
