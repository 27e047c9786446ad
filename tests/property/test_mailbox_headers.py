"""Headers that somebody made to do harm: what is read of them is small, quick and plain."""

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from trapstreet.plugins.listeners._mail_trace import Header
from tries import tries

_PIECES = st.sampled_from(
    [b"Received: from ", b" by mx.you.example", b" (", b")", b"[", b"]", b"192.0.2.7", b"helo=", b"HELO ",
     b"<", b">", b"@", b'"', b"\\", b",", b";", b":", b"\r\n", b"\r\n ", b"\n", b"\t", b"To: ", b"Cc: ",
     b"Delivered-To:",
     b"Authentication-Results: mx.you.example; ", b"dkim=pass ", b"spf=", b"header.d=", b"\xff\x80", b"\0",
     b"=?utf-8?b?w7w=?=", b"for <", b"a.example", b"IPv6:2001:db8::1"]
)  # fmt: skip


@example(b"Received: from \x80\xc2\x80")
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=6)), max_size=60).map(b"".join))
def test_any_header_is_read(head: bytes) -> None:
    header = Header(head, ("mx.you.example",))
    for name in header.names():
        assert "@" in name
        name.encode()
    source = header.source()
    assert not source.address or source.address.replace(":", ".").replace(".", "").isalnum()
    for kind, said in header.results():
        assert kind in ("spf", "dkim", "dmarc")
        assert len(said) < 1200
    header.sender().encode("utf-8", "surrogateescape")


@settings(deadline=None, max_examples=tries(30))
@given(_PIECES, _PIECES)
def test_what_is_repeated_costs_no_more_for_that(one: bytes, other: bytes) -> None:
    for field in (b"To: ", b"Received: from a ", b"Authentication-Results: mx.you.example;"):
        head = field + (one + other) * ((64 << 10) // len(one + other))
        began = time.process_time()
        header = Header(head[: 64 << 10], ("mx.you.example",))
        header.names()
        header.source()
        list(header.results())
        assert time.process_time() - began < 10
