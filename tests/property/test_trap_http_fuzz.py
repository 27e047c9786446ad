"""Whatever bytes come in whatever pieces: no crash, one answer for each hit, bounded memory."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.core.model.hit import Hit
from trapstreet.plugins.listeners import http
from trapstreet.trap.sealing import encode
from tries import tries

PIECES = (
    "GET / HTTP/1.1\r\n", "POST /a%zz?b#c HTTP/1.1\r\n", "HEAD http://a:1/b HTTP/1.0\r\n",
    "Host: a\r\n", "Host: [::1]:8\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n",
    "Content-Length: 99999999999999999\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n",
    "0\r\n\r\n", "ffffffffffffffff\r\n", "\r\n", "hello", "\0", "HTTP/1.1 200\r\n",
    "Expect: 100-continue\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "X-Forwarded-For: a, b\r\n",
    ":\r\n", " folded\r\n", "CONNECT a:443 HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "X: " + "y" * 9000 + "\r\n",
    "GET /" + "z" * 9000 + " HTTP/1.1\r\n", "Connection: close\r\n",
)  # fmt: skip
streams = st.lists(
    st.sampled_from([piece.encode() for piece in PIECES]) | st.binary(max_size=40), max_size=40
).map(b"".join)


class Transport:
    """The other end of a conversation, in memory."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def get_extra_info(self, name: str) -> object:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


async def conversed(pieces: list[bytes]) -> tuple[Transport, list[Hit]]:
    heard = list[Hit]()

    def hear(hit: Hit) -> "asyncio.Future[None]":
        encode(hit)
        heard.append(hit)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    web = http.Web(http.Settings(listen=(), proxies=("127.0.0.1",)), hear, lambda: 1_800_000_000_000_000)
    talk = http._Conversation(web)
    transport = Transport()
    talk.connection_made(transport)  # type: ignore[arg-type]
    for piece in pieces:
        talk.data_received(piece)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not talk._answers
    assert len(talk._body) <= http.KEPT_BODY
    return transport, heard


def held(stream: bytes, cuts: list[int]) -> None:
    at = sorted(cut % (len(stream) + 1) for cut in cuts)
    pieces = [stream[a:b] for a, b in zip([0, *at], [*at, len(stream)], strict=True)]
    transport, heard = asyncio.run(conversed(pieces))
    assert transport.written.count(b"Server: nginx\r\n") == len(heard)
    assert sum(len(encode(hit)) for hit in heard) <= 4 * len(stream) + 600 * len(heard)


@settings(max_examples=tries(60), deadline=None)
@given(streams, st.lists(st.integers(0, 1 << 20), max_size=6))
def test_no_stream_of_bytes_breaks_the_web_server(stream: bytes, cuts: list[int]) -> None:
    held(stream, cuts)


@pytest.mark.slow
@settings(max_examples=tries(4000), deadline=None)
@given(streams, st.lists(st.integers(0, 1 << 20), max_size=6))
def test_no_stream_of_bytes_breaks_the_web_server_at_length(stream: bytes, cuts: list[int]) -> None:
    held(stream, cuts)
