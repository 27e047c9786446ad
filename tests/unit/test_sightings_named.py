"""Who mails, calls or fills in a form and knows the decoy's name or numbers has its data."""

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.hit import Hit
from trapstreet.sightings import Persona
from trapstreet.sightings.domain.content import said
from trapstreet.sightings.domain.persona import Said

COLUMNS = (
    Column("email", Kind.EMAIL, ""),
    Column("name", Kind.NAME, ""),
    Column("ticket", Kind.REFERENCE, "", grammar=("=TCK D6",)),
    Column("phone", Kind.PHONE, "", region="IE"),
    Column("city", Kind.TEXT, ""),
)
CIARA = ("desk.4471@post.example", "Ciara Byrne", "TCK-104711", "087 123 4567", "Cork")
WHO = Persona.of([(COLUMNS, [CIARA])])
HTML = "<p>Hello <b>Ciara</b>&nbsp;Byrne,<br>your order &hellip;</p>"


def mail(body: bytes = b"", *headers: bytes, channel: str = "smtp", name: str = CIARA[0]) -> Hit:
    facts = [("mail-from", b"<a@else.example>"), *(("header", each) for each in headers), ("body", body)]
    return Hit(channel, 0, "192.0.2.1", 25, (name,), tuple(facts))


def names(hit: Hit) -> tuple[str, ...]:
    return Said(said(hit), used=hit.names, channel=hit.channel).names(WHO)


@pytest.mark.parametrize(
    ("hit", "known"),
    [
        (mail(b"Dear Ciara Byrne, this is support."), ("person name",)),
        (mail(b"Dear BYRNE, CIARA"), ("person name",)),
        (mail(b"Dear Ms Byrne"), ()),
        (mail(b"Dear C. Byrne"), ()),
        (mail(b"about your ticket TCK 104711"), ("reference number",)),
        (mail(b"about your case 104711."), ("reference number",)),
        (mail(b"we tried to reach you at +353 87 123 45 67"), ("phone number",)),
        (mail(b"", b"Subject: =?utf-8?q?Ciara_Byrne=2C_last_reminder?="), ("person name",)),
        (mail(b"", b"Subject: =?utf-8?b?" + base64.b64encode(b"TCK-104711") + b"?="), ("reference number",)),
        (mail(b"", b"From: Ciara Byrne <a@else.example>"), ("person name",)),
        (mail(b"", b"Message-ID: <TCK-104711@else.example>"), ()),
        (
            mail(base64.b64encode(b"Dear Ciara Byrne"), b"Content-Transfer-Encoding: base64"),
            ("person name",),
        ),
        (
            mail(
                quopri.encodestring(HTML.encode(), quotetabs=True),
                b"Content-Type: text/html; charset=utf-8",
                b"Content-Transfer-Encoding: quoted-printable",
            ),
            ("person name",),
        ),
        (
            mail(
                b"--x\r\nContent-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + base64.b64encode("Ciara Byrne, TCK-104711".encode("utf-16"))
                + b"\r\n--x--\r\n",
                b'Content-Type: multipart/alternative; boundary="x"',
            ),
            ("person name", "reference number"),
        ),
        (
            mail(
                b"--x\r\nContent-Type: image/png\r\n\r\nCiara Byrne\r\n--x--\r\n",
                b'Content-Type: multipart/mixed; boundary="x"',
            ),
            (),
        ),
        (mail(b"desk.4471@post.example, you won"), ()),
        (mail(b"Dear customer, call 087 123 4568 about TCK-104712"), ()),
    ],
)  # fmt: skip
def test_what_a_mail_names_is_told_by_its_kind(hit: Hit, known: tuple[str, ...]) -> None:
    assert names(hit) == known


def test_a_name_that_stands_in_the_address_tells_nothing() -> None:
    row = ("ciara.byrne@post.example", *CIARA[1:])
    who = Persona.of([(COLUMNS, [row])])
    for body, known in ((b"Hi Ciara Byrne", ()), (b"Hi Ciara Byrne, TCK-104711", ("reference number",))):
        hit = mail(body, name=row[0])
        assert Said(said(hit), used=hit.names, channel="smtp").names(who) == known


def test_a_number_among_a_thousand_tells_nothing() -> None:
    numbers = " ".join(f"{n:06d}" for n in range(104_000, 105_200))
    assert names(mail(numbers.encode())) == ()


def test_rows_that_refer_to_the_decoy_are_the_personas_as_well() -> None:
    orders = (Column("number", Kind.REFERENCE, "", grammar=("D8",)), Column("customer", Kind.TEXT, ""))
    who = Persona.of([(COLUMNS, [CIARA]), (orders, [("30007711", "1"), ("30007712", "1")])])
    hit = mail(b"regarding order 30007712")
    assert Said(said(hit), used=hit.names, channel="smtp").names(who) == ("reference number",)


def test_a_form_that_is_filled_in_is_read() -> None:
    facts = (("method", b"POST"), ("body", b"user=Ciara+Byrne&mail=desk.4471%40post.example"))
    hit = Hit("http", 0, "192.0.2.1", 80, ("cdn.example/x",), facts)
    assert names(hit) == ("person name", "e-mail address")


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Type: text/plain; charset=punycode"],
        [b"Content-Type: text/plain; charset=zip"],
        [b"Content-Type: text/plain; charset=\xff\xfe"],
        [b"Content-Type: text/plain; charset*=utf-9'a'%ff"],
        [b"Content-Type: multipart/mixed"],
        [b"Content-Type: multipart/mixed; boundary=x", b"Content-Transfer-Encoding: base64"],
        [b"Subject: =?utf-8?b?!!!?=", b"Content-Transfer-Encoding: x-uuencode"],
        [b"Content-Type: multipart/mixed; boundary*=a; boundary*0=b"],
        [b"Content-Type: multipart/mixed; boundary*=ut\x00f''a"],
        [b"Content-Type: multipart/mixed; boundary*" + b"9" * 5000 + b"*=a"],
    ],
)
def test_what_is_no_mail_is_read_as_far_as_it_can_be(headers: list[bytes]) -> None:
    assert isinstance(said(mail(b"Ciara Byrne\n" * 9, *headers)), str)


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b"--%d\r\nContent-Type: multipart/a; boundary=%d\r\n\r\n" % (n, n + 1) for n in range(4000)),
        b"<" * (256 << 10),
        b"&#" + b"9" * (200 << 10) + b";",
        b"a b " * (64 << 10),
        b"1" * (256 << 10),
        b"1 " * (128 << 10),
    ],
    ids=["nested", "tags", "entity", "words", "digits", "numbers"],
)  # fmt: skip
def test_hostile_mails_are_read_in_no_time(body: bytes) -> None:
    from time import process_time

    html = [b"Content-Type: text/html; charset=utf-8"]
    plain = [b"Content-Type: multipart/mixed; boundary=0"]
    for headers in (html, plain):
        before = process_time()
        names(mail(body, *headers))
        assert process_time() - before < 5


@given(
    body=st.binary(max_size=400),
    header=st.sampled_from([b"Content-Type", b"Subject", b"Content-Transfer-Encoding", b"From"]),
    value=st.binary(max_size=100),
)
def test_whatever_is_sent_is_read(body: bytes, header: bytes, value: bytes) -> None:
    hit = mail(body, header + b": " + value, b"Content-Type: text/html; charset=" + value[:20])
    assert isinstance(names(hit), tuple)
