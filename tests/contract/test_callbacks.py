"""What services' callbacks tell, which of them are believed, and that nothing they hold breaks anything."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivers import private_file
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.callbacks import Callback, Called, callback_of, kinds
from trapstreet.plugins.callbacks.twilio import signed

SECRET_URL = "https://cdn.you.example/hooks/0123456789abcdef0123456789"
TWILIO_URL = "https://mycompany.com/myapp.php"
TWILIO_CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
POSTMARK = {
    "From": "scam@else.example",
    "FromFull": {"Email": "scam@else.example", "Name": "Support", "MailboxHash": ""},
    "To": '"Ciara" <Ciara.Byrne@post.example>, other@post.example',
    "Cc": "",
    "OriginalRecipient": "ciara.byrne@post.example",
    "Subject": "Your ticket",
    "TextBody": "about TCK-104711",
    "HtmlBody": "<p>about <b>TCK-104711</b></p>",
    "Headers": [{"Name": "Auto-Submitted", "Value": "no"}, {"Name": "X-Spam-Status", "Value": "No"}],
    "Attachments": [],
}
CANARY = {
    "channel": "HTTP",
    "token_type": "web",
    "src_ip": "198.51.100.7",
    "token": "abc",
    "time": "2026-11-20 10:00:00 (UTC)",
    "memo": "in the wiki, p3-abcdefghjk",
    "manage_url": "https://tokens.example/manage?token=abc&auth=x",
    "additional_data": {"src_ip": "198.51.100.7", "useragent": "curl/8.5", "referer": None},
}


def callback(kind: str, *, secret: bytes = b"", url: str = SECRET_URL, **options: object) -> Callback:
    section = {"kind": kind, "url": url, **({"secret_file": "secret"} if secret else {}), **options}
    with TemporaryDirectory() as folder:
        if secret:
            private_file(Path(folder), "secret", secret.decode())
        return callback_of("calls", section, folder=Path(folder), where="[callback.calls]")


def call(
    to: Callback, body: bytes, headers: Mapping[str, str] = JSON, *, target: str = "/x", method: str = "POST"
) -> Called | None:
    return to.called(method=method, target=target, headers=headers, body=body, whole=True)


def facts(called: Called | None) -> list[tuple[str, str]]:
    assert called is not None
    return [(label, value.decode()) for label, value in called.facts]


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_says_what_it_is(kind: str) -> None:
    module = kinds()[kind]
    assert module.title
    assert module.reveals.endswith(".")
    assert module.needs_secret in {"always", "can", "never"}
    assert issubclass(module.settings, msgspec.Struct)


@pytest.mark.parametrize(
    ("fields", "signature"),
    [
        (list(TWILIO_CALL.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            [("Sid", "CA123"), ("SidAccount", "AC123"), *(("Digits", d) for d in ("5678", "1234", "1234"))],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
)
def test_twilios_published_signatures_are_right(fields: list[tuple[str, str]], signature: str) -> None:
    assert signed(f"{TWILIO_URL}?foo=1&bar=2", fields, b"12345").decode() == signature


def test_a_call_that_twilio_signed_is_believed_and_another_is_not() -> None:
    twilio = callback("twilio", secret=b"12345", url=TWILIO_URL)
    body, target = urlencode(TWILIO_CALL).encode(), "/myapp.php?foo=1&bar=2"
    right = FORM | {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    called = call(twilio, body, right, target=target)
    assert called is not None
    assert (called.channel, called.names, called.signed) == ("phone", ("+18005551212",), True)
    assert ("caller", "+14158675309") in facts(called)
    for changed in (
        call(twilio, body.replace(b"1234&", b"1235&"), right, target=target),
        call(twilio, body, right, target="/myapp.php?foo=2&bar=2"),
        call(twilio, body, FORM, target=target),
        call(twilio, body, FORM | {"x-twilio-signature": "é"}, target=target),
    ):
        assert changed is not None
        assert changed.signed is False


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("https://mycompany.com:1234/myapp.php", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (TWILIO_URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (TWILIO_URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_twilio_may_sign_with_a_port_or_without(url: str, signature: str) -> None:
    twilio = callback("twilio", secret=b"12345", url=url)
    headers = FORM | {"x-twilio-signature": signature}
    called = call(twilio, urlencode(TWILIO_CALL).encode(), headers, target="/myapp.php?foo=1&bar=2")
    assert called is not None
    assert called.signed


def test_json_from_twilio_is_held_against_the_hash_in_its_address() -> None:
    body = json.dumps({"To": "+1", "From": "+2"}).encode()
    target = f"/myapp.php?bodySHA256={sha256(body).hexdigest()}"
    twilio = callback("twilio", secret=b"12345", url=TWILIO_URL)
    signature = signed(TWILIO_URL + target.removeprefix("/myapp.php"), [], b"12345").decode()
    headers = JSON | {"x-twilio-signature": signature}
    verdicts = [call(twilio, each, headers, target=target) for each in (body, body.replace(b"+2", b"+3"))]
    assert [each and each.signed for each in verdicts] == [True, False]
    published = "a9nBmqA0ju/hNViExpshrM61xv4="
    text = "?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    assert signed(TWILIO_URL + text, [], b"12345").decode() == published


def test_any_telephone_provider_can_be_described() -> None:
    options = {"to": ["call.callee"], "caller": ["call.caller"], "text": ["transcript.text"]}
    phone = callback("phone", secret=b"k", signature_header="X-Hub-Signature-256", **options)
    body = json.dumps(
        {
            "call": {"callee": "+353 1 900 0100", "caller": "+44 1"},
            "transcript": [{"text": "Ms Byrne?"}, {"text": "Hello"}],
        }
    ).encode()
    mac = "sha256=" + hmac.digest(b"k", body, "sha256").hex()
    called = call(phone, body, JSON | {"x-hub-signature-256": mac})
    assert called is not None
    assert (called.names, called.signed) == (("+353 1 900 0100",), True)
    assert facts(called) == [("caller", "+44 1"), ("text", "Ms Byrne?"), ("text", "Hello")]
    forged = call(phone, body, JSON)
    assert forged is not None
    assert forged.signed is False


def test_a_mail_that_postmark_posts_is_a_mail() -> None:
    called = call(callback("mail"), json.dumps(POSTMARK).encode())
    assert called is not None
    assert called.names == ("ciara.byrne@post.example", "other@post.example")
    assert called.signed is None
    assert ("mail-from", "<scam@else.example>") in facts(called)
    assert ("header", "Auto-Submitted: no") in facts(called)
    assert ("header", "Subject: Your ticket") in facts(called)
    raw = "From: a@else.example\r\nSubject: b\r\n folded\r\n\r\nbody"
    whole = call(callback("mail"), json.dumps({**POSTMARK, "RawEmail": raw}).encode())
    assert facts(whole)[1:] == [
        ("header", "From: a@else.example"), ("header", "Subject: b\r\n folded"), ("body", "body\n\n"),
    ]  # fmt: skip


def test_a_mail_whose_callback_was_cut_off_is_read_as_far_as_it_came() -> None:
    body = json.dumps({**POSTMARK, "Attachments": [{"Content": "A" * 100_000}]}).encode()[:65_536]
    called = callback("mail").called(method="POST", target="/x", headers=JSON, body=body, whole=False)
    assert called is not None
    assert called.names[0] == "ciara.byrne@post.example"
    assert ("text", "about TCK-104711") in facts(called)
    signs = callback("mail", secret=b"k")
    mac = {"x-signature": hmac.digest(b"k", body, "sha256").hex()}
    cut = signs.called(method="POST", target="/x", headers=JSON | mac, body=body, whole=False)
    assert cut is not None
    assert cut.signed is False


def test_mailguns_routes_are_signed_over_time_and_token() -> None:
    mailgun = callback("mailgun", secret=b"key")
    stamp = {"timestamp": "1700000000", "token": "t" * 50}
    stamp["signature"] = hmac.digest(b"key", b"1700000000" + b"t" * 50, "sha256").hex()
    fields = {
        "recipient": "Ciara.Byrne@post.example",
        "sender": "scam@else.example",
        "message-headers": json.dumps([["Subject", "Hi"], ["Auto-Submitted", "no"]]),
        "body-plain": "hello",
        **stamp,
    }
    called = call(mailgun, urlencode(fields).encode(), FORM)
    assert called is not None
    assert (called.names, called.signed) == (("ciara.byrne@post.example",), True)
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    kind = {"content-type": "multipart/form-data; boundary=b"}
    same = call(mailgun, f"{parts}--b--\r\n".encode(), kind)
    assert same is not None
    assert (same.names, same.signed, same.facts, same.id) == (called.names, True, called.facts, called.id)
    forged = call(mailgun, urlencode(fields | {"token": "u" * 50}).encode(), FORM)
    assert forged is not None
    assert forged.signed is False


def test_a_canarytoken_says_where_and_with_what_it_was_used() -> None:
    called = call(callback("canarytokens"), json.dumps(CANARY).encode())
    assert called is not None
    assert (called.channel, called.address, called.signed) == ("canarytokens", "198.51.100.7", None)
    assert called.names == ("in the wiki, p3-abcdefghjk",)
    assert ("header", "User-Agent: curl/8.5") in facts(called)
    assert "auth" not in repr(called.facts)


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"kind": "pager"}, "no kind is called"),
        ({"kind": "phone"}, "url is no address"),
        ({"kind": "phone", "url": "https://cdn.you.example/hooks/short"}, "can make up calls"),
        ({"kind": "twilio", "url": SECRET_URL}, "secret_file is missing"),
        ({"kind": "canarytokens", "url": SECRET_URL, "secret_file": "x"}, "signs nothing"),
        ({"kind": "phone", "url": SECRET_URL, "color": 1}, "unknown key 'color'"),
        ({"kind": "phone", "url": SECRET_URL, "to": "to"}, "expected `array`"),
        ({"kind": "phone", "url": SECRET_URL, "secret_file": 7}, "secret_file is no text"),
        (
            {"kind": "phone", "url": SECRET_URL, "secret_file": "a"},
            "the secret cannot be read from /nowhere/a",
        ),
    ],
)
def test_settings_that_do_not_do_get_one_clear_line(section: dict[str, object], why: str) -> None:
    with pytest.raises(UnusableInput) as refused:
        callback_of("calls", section, folder=Path("/nowhere"), where="trapstreet.toml: [callback.calls]")
    assert refused.value.message.startswith("trapstreet.toml: [callback.calls]")
    assert why in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("multipart/form-data; boundary*=b; boundary*0=b", b"--b--"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name*=a; name*0=b\r\n\r\nhi\r\n--b--",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name*" + b"9" * 5000 + b"=b\r\n\r\nhi\r\n--b--",
        ),
        ("application/x-www-form-urlencoded", urlencode({"recipient": "(" * 4000}).encode()),
        ("application/json", json.dumps({"To": "(" * 4000}).encode()),
    ],
    ids=["boundary", "name", "digits", "brackets", "brackets in JSON"],
)
def test_a_request_made_to_break_its_reader_is_no_call(type_: str, body: bytes) -> None:
    for kind in kinds():
        made = callback(kind, secret=b"" if kind == "canarytokens" else b"k")
        found = call(made, body, {"content-type": type_})
        assert found is None or found.signed is False


@given(
    kind=st.sampled_from(sorted(kinds())),
    body=st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["To", "From", "to", "memo", "Headers", "Name"]), inner, max_size=4
                )
            ),
            max_leaves=12,
        ).map(lambda each: json.dumps(each).encode()),
    ),
    type_=st.sampled_from(["application/json", "multipart/form-data; boundary=b", "text/plain", "\x00é"]),
    whole=st.booleans(),
)
def test_whatever_is_posted_is_read(kind: str, body: bytes, type_: str, *, whole: bool) -> None:
    made = callback(kind, secret=b"" if kind == "canarytokens" else b"k")
    headers = {"content-type": type_, "x-signature": type_, "x-twilio-signature": type_}
    found = made.called(method="POST", target="/x?a=1", headers=headers, body=body, whole=whole)
    assert found is None or found.signed in {False, None}
