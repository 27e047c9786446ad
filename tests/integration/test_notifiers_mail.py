"""Mail as a mail server takes it: STARTTLS, a login, several recipients."""

from base64 import b64decode, b64encode
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from aiosmtpd.smtp import AuthResult

from mailboxes import Tokens, served
from receivers import NOTICE, PASSWORD, Post, private_file
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.plugins.notifiers import Notifier, Partly, notifier_of


def route(folder: Path, post: Post, **changed: Any) -> Notifier:
    """A route to the server by STARTTLS, with a login; its certificate is trusted."""
    private_file(folder, "password", PASSWORD + "\n")
    given = {
        "host": "localhost",
        "port": post.port,
        "from": "trap@you.example",
        "to": ["security@you.example"],
        "user": "trap@you.example",
        "password_file": "password",
        "ca": "chain.pem",
    }
    kept = {key: value for key, value in (given | changed).items() if value is not None}
    return notifier_of("mail", kept, folder=folder, where="[notify.me]")


def mails(post: Post) -> list[EmailMessage]:
    return [
        cast(EmailMessage, message_from_bytes(bytes(mail.content or b""), policy=default))
        for mail in post.mails
    ]


def test_a_mail_goes_through_starttls_and_a_login(tmp_path: Path) -> None:
    with Post(tmp_path) as post:
        route(tmp_path, post).tell([NOTICE], key="d-1")
        (mail,) = mails(post)
        assert post.logins == [("trap@you.example", PASSWORD)]
        assert post.mails[0].mail_from == "trap@you.example"
    assert mail["subject"] == "[trapstreet] high: Somebody wrote to a decoy of the data set customers"
    assert mail["from"] == "trapstreet <trap@you.example>" and mail["to"] == "security@you.example"
    assert mail["auto-submitted"] == "auto-generated" and "list-id" not in mail and mail["date"]
    assert mail.get_content_type() == "text/plain"
    assert "1. Look at the case.\n2. Keep the logs" in mail.get_content().replace("\r\n", "\n")


def test_a_server_that_knows_login_alone_gets_the_password_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiosmtpd.smtp import SMTP

    monkeypatch.delattr(SMTP, "auth_PLAIN")
    with Post(tmp_path) as post:
        route(tmp_path, post).tell([NOTICE], key="d-1")
        assert post.logins == [("trap@you.example", PASSWORD)] and len(post.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # aiosmtpd does not see that TLS is spoken
def test_a_mail_goes_through_tls_from_the_first_byte(tmp_path: Path) -> None:
    with Post(tmp_path, implicit=True) as post:
        route(tmp_path, post, security="tls").tell([NOTICE], key="d-1")
        assert len(post.mails) == 1 and post.logins


def test_a_message_keeps_its_id_and_mails_of_one_case_refer_to_each_other(tmp_path: Path) -> None:
    other = msgspec.structs.replace(NOTICE, id="a18")
    elsewhere = msgspec.structs.replace(NOTICE, id="a19", case="k5")
    with Post(tmp_path) as post:
        for notices, key in (([NOTICE], "1"), ([NOTICE], "1"), ([other], "2"), ([other, elsewhere], "3")):
            route(tmp_path, post).tell(notices, key=key)
        first, again, second, digest = mails(post)
    assert first["message-id"] == again["message-id"] != second["message-id"]
    assert first["message-id"].endswith("@you.example>")
    assert first["references"] == second["references"] and "references" not in digest
    assert digest["subject"].startswith("[trapstreet] 2 alerts, the worst high: ")


def test_of_many_alerts_the_worst_are_spelled_out_and_the_others_counted(tmp_path: Path) -> None:
    many = [msgspec.structs.replace(NOTICE, headline=f"Mild {number}") for number in range(100)]
    worst = msgspec.structs.replace(NOTICE, severity=Severity.CRITICAL, headline="The worst of all")
    with Post(tmp_path) as post:
        route(tmp_path, post).tell([*many, worst], key="d-1")
        (mail,) = mails(post)
    text = mail.get_content()
    assert text.startswith("CRITICAL: The worst of all") and "And 61 more: trapstreet alert list" in text
    assert len(text) < 50_000


def test_where_one_recipient_is_refused_the_others_are_told_and_hear_of_it(tmp_path: Path) -> None:
    to = ["security@you.example", "gone@you.example", "office@you.example"]
    with Post(tmp_path) as post:
        post.refuse["gone@you.example"] = "550 no such user"
        route(tmp_path, post, to=to).tell([NOTICE], key="d-1")
        (mail,) = mails(post)
        assert post.mails[0].rcpt_tos == ["security@you.example", "office@you.example"]
    assert "refused 1 of 3 recipients" in mail.get_content()


def test_a_recipient_who_is_put_off_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    to = ["security@you.example", "slow@you.example", "gone@you.example"]
    with Post(tmp_path) as post:
        post.refuse |= {"slow@you.example": "450 greylisted", "gone@you.example": "550 no such user"}
        with pytest.raises(Partly, match="localhost put off 1 of 3 recipients") as caught:
            route(tmp_path, post, to=to).tell([NOTICE], key="d-1")
        (mail,) = mails(post)
        assert post.mails[0].rcpt_tos == ["security@you.example"]
    assert caught.value.done == {"to": ["security@you.example", "gone@you.example"]}
    assert "refused 1 of 3 recipients" in mail.get_content()


@pytest.mark.parametrize(
    ("reply", "kind"), [("550 no such user", UnusableInput), ("450 greylisted", Unreachable)]
)
def test_where_all_recipients_are_refused_it_fails(
    reply: str, kind: type[TrapstreetError], tmp_path: Path
) -> None:
    with Post(tmp_path) as post:
        post.refuse["security@you.example"] = reply
        with pytest.raises(kind, match=r"localhost answered [45]50: ") as caught:
            route(tmp_path, post).tell([NOTICE], key="d-1")
        assert not post.mails and reply[4:] not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"), [("452 full", Unreachable), ("554 spam", UnusableInput), ("nonsense", Unreachable)]
)
def test_a_mail_that_is_not_taken_at_its_end_fails(
    reply: str, kind: type[TrapstreetError], tmp_path: Path
) -> None:
    with Post(tmp_path) as post:
        post.data = reply
        with pytest.raises(kind):
            route(tmp_path, post).tell([NOTICE], key="d-1")


def test_a_wrong_password_is_denied_and_not_shown(tmp_path: Path) -> None:
    with Post(tmp_path) as post:
        notifier = route(tmp_path, post, password_file=str(private_file(tmp_path, "other", "wröng-password")))
        with pytest.raises(AccessDenied, match="localhost answered 535: see user") as caught:
            notifier.tell([NOTICE], key="d-1")
        assert "ng-password" not in f"{caught.value!r}{vars(caught.value)}{caught.value.__cause__!r}"


class Bearers(Post):
    """A mail server that takes access tokens, and says in JSON why it takes one not."""

    def __init__(self, folder: Path, tokens: Tokens) -> None:
        super().__init__(folder)
        self.tokens, self.asked = tokens, list[str]()

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        return await self._bearer(server, args, "user=trap@you.example")

    async def auth_OAUTHBEARER(self, server: Any, args: list[str]) -> AuthResult:
        return await self._bearer(server, args, "n,a=trap@you.example,")

    async def _bearer(self, server: Any, args: list[str], begins: str) -> AuthResult:
        parts = b64decode(args[1]).decode().split("\1")
        self.asked.append(args[0])
        assert parts[0] == begins and parts[-2:] == ["", ""]
        token = parts[-3].removeprefix("auth=Bearer ")
        if self.tokens.access.get(token) == "trap@you.example":
            return AuthResult(success=True, handled=False)
        await server.push("334 " + b64encode(b'{"status": "400"}').decode())
        assert (await server._reader.readline()).strip() == b"AQ=="
        return AuthResult(success=False, handled=False)


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_a_refresh_token_logs_in_where_passwords_are_not_taken(
    mechanism: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens(refresh={"r3fresh": "trap@you.example", "other": "else@you.example"}, rotated="r3fresh-2")
    tokens.url = served(tokens)
    if mechanism == "XOAUTH2":
        monkeypatch.delattr(Bearers, "auth_OAUTHBEARER")
    oauth = {
        "password_file": None,
        "token_url": f"{tokens.url}/token",
        "client_id": "trapstreet",
        "refresh_token_file": "refresh",
    }
    with Bearers(tmp_path, tokens) as post:
        private_file(tmp_path, "refresh", "r3fresh\n")
        route(tmp_path, post, **oauth).tell([NOTICE], key="d-1")
        assert post.asked == [mechanism] and len(post.mails) == 1
        refreshed = tmp_path / "refresh"
        assert refreshed.read_text() == "r3fresh-2" and refreshed.stat().st_mode & 0o777 == 0o600
        private_file(tmp_path, "refresh", "other")
        with pytest.raises(AccessDenied, match="localhost answered 535: see user") as caught:
            route(tmp_path, post, **oauth).tell([NOTICE], key="d-1")
        assert "access" not in f"{caught.value!r}{vars(caught.value)}"
        private_file(tmp_path, "refresh", "revoked")
        with pytest.raises(AccessDenied, match="refuses the refresh token"):
            route(tmp_path, post, **oauth).tell([NOTICE], key="d-1")
        assert len(post.mails) == 1


def test_a_server_that_is_not_trusted_gets_neither_password_nor_alert(tmp_path: Path) -> None:
    with Post(tmp_path) as post:
        with pytest.raises(UnusableInput, match="the certificate of localhost is not trusted"):
            route(tmp_path, post, ca=None).tell([NOTICE], key="d-1")
        with pytest.raises(UnusableInput, match=r"the certificate of 127\.0\.0\.1 is not trusted"):
            route(tmp_path, post, host="127.0.0.1").tell([NOTICE], key="d-1")
        assert not post.logins and not post.mails


def test_a_server_without_starttls_gets_neither_password_nor_alert(tmp_path: Path) -> None:
    with Post(tmp_path) as trusted, Post(tmp_path, login=False, tls=False) as post:
        with pytest.raises(UnusableInput, match="localhost offers no STARTTLS"):
            route(tmp_path, trusted, port=post.port).tell([NOTICE], key="d-1")
        assert not post.logins and not post.mails


def test_mail_without_tls_goes_to_this_machine_alone(tmp_path: Path) -> None:
    with Post(tmp_path, login=False, tls=False) as post:
        plain = {"security": "none", "user": None, "password_file": None, "ca": None}
        route(tmp_path, post, **plain).tell([NOTICE], key="d-1")
        assert len(post.mails) == 1
        with pytest.raises(UnusableInput, match=r"192\.0\.2\.1 is not this machine"):
            route(tmp_path, post, **plain, host="192.0.2.1").tell([NOTICE], key="d-1")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"to": ["a@you.example\r\nBcc: b@else.example"]}, "is no mail address"),
        ({"from": "trap"}, "'trap' is no mail address"),
        ({"to": []}, "to"),
        ({"password_file": None}, "says not, or twice, how to log in"),
        ({"user": None}, "a login without a user"),
        ({"security": "ssl"}, "ssl"),
        ({"ca": "nothing.pem"}, "no certificates can be read"),
    ],
)
def test_settings_that_do_not_do_are_named(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    with Post(tmp_path) as post, pytest.raises(UnusableInput, match=said) as caught:
        route(tmp_path, post, **changed)
    assert str(caught.value).startswith("[notify.me]: ") and "\n" not in str(caught.value)
