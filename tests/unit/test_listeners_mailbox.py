"""What a mailbox's settings have to say, and what is believed of a mail's header."""

import json
from pathlib import Path

import pytest

from traps import prepared, settings_text
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.listeners import mailbox
from trapstreet.plugins.listeners._imap_cursor import Cursor, Position
from trapstreet.plugins.listeners._mail_trace import Header, Source
from trapstreet.trap.settings import read_settings


def header(text: str, *trusted: str) -> Header:
    return Header(text.replace("\n", "\r\n").encode(), trusted)


def test_every_recipient_is_a_name_once_and_the_envelope_comes_first() -> None:
    mail = header(
        "Delivered-To: catchall@you.example\n"
        "X-Original-To: Maria+X7@You.Example\n"
        "Received: from a (a [192.0.2.1]) by mx.you.example with ESMTP id 1\n"
        "\tfor <envelope@you.example>; Sun, 22 Nov 2026 15:00:00 +0000\n"
        'To: "Keller, Maria" <maria+x7@you.example>, Group: one@b.example, two@b.example;\n'
        "Cc: =?utf-8?q?Jos=C3=A9?= <jos\u00e9@b\u00fccher.example>,\n  three@b.example\n"
        "Subject: not@this.example\n\n"
    )
    assert mail.names() == [
        "envelope@you.example",
        "catchall@you.example",
        "maria+x7@you.example",
        "one@b.example",
        "two@b.example",
        "jos\u00e9@xn--bcher-kva.example",
        "three@b.example",
    ]


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (
            "from helo.example (rdns.example [192.0.2.7])\n\tby mx.you.example (Postfix) with ESMTPS id 4",
            Source("192.0.2.7", "helo.example"),
        ),
        (
            "from [6.6.6.6] (unknown [192.0.2.7]) by mx.you.example (Postfix)",
            Source("192.0.2.7", "[6.6.6.6]"),
        ),
        ("from rdns.example ([192.0.2.7] helo=[6.6.6.6]) by mx.you.example with esmtp (Exim 4.96)",
         Source("192.0.2.7", "[6.6.6.6]")),
        ("from [192.0.2.7] (helo=x.example) by mx.you.example with smtp (Exim 4.96)",
         Source("192.0.2.7", "x.example")),
        ("from unknown (HELO [6.6.6.6]) (192.0.2.7) by mx.you.example with SMTP",
         Source("192.0.2.7", "[6.6.6.6]")),
        ("from A.prod.example (2001:db8::7) by mx.you.example (2001:db8::1) with Microsoft SMTP Server",
         Source("2001:db8::7", "A.prod.example")),
        ("from h (h. [IPv6:2001:db8::7]) by mx.you.example with ESMTPS id x", Source("2001:db8::7", "h")),
        ("from h (h [::ffff:192.0.2.7]) by mx.you.example", Source("192.0.2.7", "h")),
        ("from h (h [999.0.2.7]) by mx.you.example", Source()),
        ("by mx.you.example with local", Source()),
        ("from h (h [192.0.2.7]) by mx.you.example.evil.example", Source()),
        ("from by mx.you.example (h [192.0.2.7]) by evil.example", Source()),
    ],
)  # fmt: skip
def test_who_brought_a_mail_stands_in_our_servers_line(line: str, source: Source) -> None:
    assert header(f"Received: {line}; Sun, 22 Nov 2026\n\n", "mx.you.example").source() == source


def test_lines_below_ours_may_be_forged_and_lines_of_others_are_not_believed() -> None:
    forged = "Received: from f (f [6.6.6.6]) by mx.you.example; Sun\n"
    ours = "Received: from t (t [192.0.2.7]) by mx.you.example; Sun\n"
    inner = "Received: from mx.you.example (mx [127.0.0.1]) by mx.you.example; Sun\n"
    store = "Received: by store.you.example with LMTP; Sun\n"
    assert header(store + inner + ours + forged + "\n", "mx.you.example").source() == Source("192.0.2.7", "t")
    assert header(ours + "\n").source() == Source()
    assert header(ours + "\n", "you.example").source() == Source("192.0.2.7", "t")


def test_results_are_those_of_our_server_alone() -> None:
    text = (
        "Authentication-Results: evil.example; spf=pass smtp.mailfrom=bank.example\n"
        "Authentication-Results: mx.you.example;\n\tdkim=pass header.i=@shop.example header.s=s1;\n"
        '\tdkim=fail reason="bad" header.d=other.example; spf=softfail (no) smtp.mailfrom=a@thief.example;\n'
        "\tdmarc=none\n"
        "Authentication-Results: mx.you.example; spf=pass smtp.mailfrom=bank.example\n\n"
    )
    assert list(header(text, "mx.you.example").results()) == [
        ("dkim", b"pass shop.example"),
        ("dkim", b"fail other.example"),
        ("spf", b"softfail thief.example"),
        ("dmarc", b"none"),
    ]
    assert not list(header(text).results())


@pytest.mark.parametrize(
    "written",
    [
        'spf=pass smtp.mailfrom="a; dkim=pass header.d=bank.example"@thief.example',
        'spf=pass smtp.mailfrom="a.bank.example"@thief.example',
        'spf=pass smtp.mailfrom="a smtp.mailfrom=bank.example"@thief.example',
        "spf=pass (domain of smtp.mailfrom=bank.example) smtp.mailfrom=a@thief.example",
        'spf=pass (of "a); dkim=pass header.d=bank.example; (") smtp.mailfrom=thief.example',
        r'spf=pass smtp.mailfrom="\"; dkim=pass header.d=bank.example; \""@thief.example',
        "spf=pass smtp.mailfrom=header.d=bank.example@thief.example",
        "spf=pass smtp.mailfrom=thief.example header.d=bank.example",
        "dkim=pass header.i=@thief.example header.from=bank.example",
    ],
)
def test_what_a_sender_chose_is_no_result(written: str) -> None:
    line = f"Authentication-Results: mx.you.example; {written}\n\n"
    found = list(header(line, "mx.you.example").results())
    assert not [said for _, said in found if b"bank.example" in said]


def test_results_are_read_as_servers_write_them() -> None:
    line = (
        'Authentication-Results: mx.you.example 1; spf=pass (mx: domain of "a@shop.example" designates '
        '192.0.2.7) smtp.mailfrom="a@shop.example"; dkim=pass (2048-bit key; (nested)) header.d=shop.example'
        "; dmarc=pass (policy=none) header.from=shop.example\n\n"
    )
    passed = b"pass shop.example"
    found = [("spf", passed), ("dkim", passed), ("dmarc", passed)]
    assert list(header(line, "mx.you.example").results()) == found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("password", "refresh"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("secret\n")
    return tmp_path


def _settings(folder: Path, **given: object) -> mailbox.Settings:
    given = {"host": "imap.you.example", "user": "info@you.example", "password_file": "password"} | given
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value is not None]
    prepared(folder, settings_text("\n".join(["[mailbox]", *lines])))
    read = read_settings(folder).listeners["mailbox"]
    assert isinstance(read, mailbox.Settings)
    return read


def test_files_lie_in_the_traps_folder_unless_they_say_otherwise(folder: Path) -> None:
    read = _settings(folder)
    assert (read.cursor, read.password_file) == (folder / "mailbox.json", folder / "password")
    assert mailbox.server_of(read).port == 993
    assert mailbox.server_of(_settings(folder, security="starttls")).port == 143


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": ""}, "names no host"),
        ({"host": "imap.you.example/x"}, "names no host"),
        ({"user": ""}, "names no host, or no user"),
        ({"user": "a\nb"}, "do not print"),
        ({"security": "plain"}, "a password does not leave this machine without TLS"),
        ({"password_file": None}, "says not, or twice, how to log in"),
        ({"client_id": "x"}, "says not, or twice, how to log in"),
        ({"password_file": None, "client_id": "x", "refresh_token_file": "refresh"}, "not, or twice"),
        (
            {"password_file": None, "client_id": "x", "refresh_token_file": "refresh",
             "token_url": "http://login.example/token"},
            "token_url is no https address",
        ),
        ({"password_file": "nowhere"}, "the password cannot be read from .*: no such file"),
        ({"ca": "password"}, "holds no certificates"),
    ],
)  # fmt: skip
def test_settings_that_do_not_do_are_refused(folder: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(UnusableInput, match=said):
        mailbox.server_of(_settings(folder, **given))


@pytest.mark.parametrize(
    "address",
    ["https://login.example:https/token", "https://login.example:99999/token", "https://[::1/token",
     "https://l\u00f6gin.example/token", "https://login.example/t\u00f6ken"],
)  # fmt: skip
def test_a_token_address_that_is_none_is_refused_before_anything_is_read(folder: Path, address: str) -> None:
    given = {"password_file": None, "client_id": "x", "refresh_token_file": "refresh", "token_url": address}
    with pytest.raises(UnusableInput, match="token_url is no https address"):
        mailbox.server_of(_settings(folder, **given))


def test_a_password_that_others_may_read_is_refused(folder: Path) -> None:
    (folder / "password").chmod(0o640)
    with pytest.raises(UnusableInput, match="others may read"):
        secret(folder / "password", what="the password")
    (folder / "password").chmod(0o600)
    (folder / "password").write_text("two\nlines")
    with pytest.raises(UnusableInput, match="one line"):
        secret(folder / "password", what="the password")


def test_a_password_that_may_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "open", denied)  # root may read everything
    with pytest.raises(AccessDenied, match="not allowed"):
        secret(folder / "password", what="the password")


def test_how_far_was_read_is_kept_of_one_mailbox(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.json"
    cursor = Cursor(path, "a at b")
    cursor.move("INBOX", Position(1, 7, 1000))
    cursor.move("Junk", Position(2, 9))
    assert Cursor(path, "a at b").positions == {"INBOX": Position(1, 7, 1000), "Junk": Position(2, 9)}
    assert Cursor(path, "c at b").positions == {}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["mailbox.json"]
    path.write_text("{}")
    with pytest.raises(UnusableInput, match="does not say how far"):
        Cursor(path, "a at b")
