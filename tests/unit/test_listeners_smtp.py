"""What is kept of a mail, and how addresses are spelled."""

import asyncio
import re
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.plugins.listeners._connections import Connections
from trapstreet.plugins.listeners._smtp_mail import KEPT, Content
from trapstreet.plugins.listeners._smtp_post import RECIPIENTS, Named, Post
from tries import tries


def content(*pieces: bytes) -> Content:
    made = Content(began=7)
    for piece in pieces:
        made.add(piece)
    made.end()
    return made


def kept(made: Content, label: str) -> list[bytes]:
    return [value for name, value in made.facts() if name == label]


@settings(max_examples=tries(300), deadline=None)
@given(
    st.lists(
        st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"..", b"a", b"\r\n.", b"\r\n..", b"text"]), max_size=30
    ),
    st.lists(st.integers(0, 90), max_size=6),
)
def test_a_mail_is_the_same_however_it_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    mail = b"".join(parts)
    stuffed = b"\r\n" + re.sub(rb"(^|(?<=\r\n))\.", b"..", mail)
    edges = [0, *sorted(min(cut, len(stuffed)) for cut in cuts), len(stuffed)]
    made = content(*[stuffed[start:end] for start, end in pairwise(edges)])
    assert (made.size, kept(made, "mail-sha256")) == (len(mail), [sha256(mail).digest()])


def test_headers_keep_their_order_their_folds_and_their_case() -> None:
    mail = b"Received: from a\r\n\tby b;\r\n now\r\nreceived:from c\r\nX:\r\n\r\nText\r\n\r\nmore\r\n"
    made = content(b"\r\n" + mail)
    assert kept(made, "header") == [b"Received: from a\r\n\tby b;\r\n now", b"received:from c", b"X:"]
    assert kept(made, "body") == [b"Text\r\n\r\nmore\r\n"]
    assert b"\r\n".join(kept(made, "header")) + b"\r\n\r\n" + kept(made, "body")[0] == mail


@pytest.mark.parametrize(
    ("mail", "headers", "body"),
    [
        (b"", [], b""),
        (b"\r\n", [], b""),
        (b"\r\nText\r\n", [], b"Text\r\n"),
        (b"Subject: x\r\n", [b"Subject: x"], b""),
        (b"no header at all\r\n", [b"no header at all"], b""),
        (b"A: 1\r\n\r\n", [b"A: 1"], b""),
        (b" folded: first\r\nB: 2\r\n\r\nx", [b" folded: first", b"B: 2"], b"x"),
        (b"A: \xff\0\n1\r\n\r\n\xfe", [b"A: \xff\0\n1"], b"\xfe"),
    ],
)
def test_torn_mails_are_kept_as_they_are(mail: bytes, headers: list[bytes], body: bytes) -> None:
    made = content(b"\r\n" + mail)
    assert (kept(made, "header"), kept(made, "body")) == (headers, [body])


def test_of_a_long_mail_the_beginning_is_kept_and_the_whole_is_known() -> None:
    head, text = b"Subject: long\r\n\r\n", b"0123456789abcdef" * (KEPT // 8)
    made = content(b"\r\n", head, *[text[start : start + 999] for start in range(0, len(text), 999)])
    assert len(kept(made, "body")[0]) == KEPT - len(head)
    assert kept(made, "mail-size") == [b"%d" % (len(head) + len(text))]
    assert kept(made, "mail-sha256") == [sha256(head + text).digest()]


def test_a_flood_of_headers_makes_few_facts() -> None:
    flood = b"a:\r\n" * (KEPT // 4)
    made = content(b"\r\n" + flood)
    assert len(made.facts()) <= 1010
    assert b"\r\n".join(kept(made, "header")) + b"\r\n" == flood


def test_addresses_are_spelled_as_tokens_are() -> None:
    post = Post(
        lambda _: asyncio.Future(),
        lambda: 0,
        host="mail.you.example",
        domains=("you.example", "xn--bcher-kva.example"),
        largest=1,
        timeout=1,
        certificate=None,
        connections=Connections(most=1, of_network=1),
    )
    spelled = {
        "M.Keller82@You.Example.": ("m.keller82@you.example", "you.example"),
        "a@b@c.example": ("a@b@c.example", "c.example"),
        "x@BÜCHER.example": ("x@xn--bcher-kva.example", "xn--bcher-kva.example"),
        "postmaster": ("postmaster@you.example", "you.example"),
        "\udcff@you.example": ("\N{REPLACEMENT CHARACTER}@you.example", "you.example"),
        "a@\udcff.example": None,
    }
    for address, expected in spelled.items():
        name, domain = post.name(address)
        name.encode()
        assert expected in (None, (name, domain))


def test_what_one_connection_may_name_before_it_is_heard_is_bounded() -> None:
    many, long = Named(), Named()
    for number in range(RECIPIENTS):
        assert not many.full
        many.add("rcpt-to", f"<{number}@you.example>", f"{number}@you.example")
    assert many.full
    for _ in range(70):
        long.add("rcpt-to", "x" * 2000)
    assert long.full
