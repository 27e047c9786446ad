"""What an HTTP server answered: its head at once, its bytes as they are asked for."""

import errno
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpcore

    from trapstreet.plugins.sources._http_network import Patience

_STEP = 1 << 16
_HEAD = 1 << 20
_WRAPPING = 8
"""Bytes on the wire for each of the content: one in each chunk takes six."""


class Answer:
    """An answer whose bytes were not read yet; `bare` where it has none.

    status, headers  as it says; names in lower case, what comes several times joined with ", "
    url              what was asked for in the end
    """

    def __init__(self, url: str, response: "httpcore.Response", patience: "Patience", *, bare: bool) -> None:
        self.url, self.status = url, response.status
        self.headers: Mapping[str, str] = _joined(response.headers)
        self._response, self._patience, self._begun = response, patience, False
        if bare:
            self.skip()

    @property
    def size(self) -> int | None:
        """Bytes as it promises them; None where it does not, or packs them."""
        length = self.headers.get("content-length", "")
        packed = self.headers.get("content-encoding", "identity").lower() != "identity"
        return int(length) if length.isascii() and length.isdigit() and not packed else None

    @property
    def version(self) -> str:
        """What changes when the content does: its ETag, else its date and size, else ""."""
        tag, modified = self.headers.get("etag", ""), self.headers.get("last-modified", "")
        if tag:
            return tag[:200].removeprefix("W/")
        return f"{modified[:40]} {self.total}" if modified else ""

    @property
    def total(self) -> int | None:
        """Bytes of the whole, where this is a part of it or all."""
        if self.status == 206:
            whole = self.headers.get("content-range", "").rpartition("/")[2]
            return int(whole) if whole.isascii() and whole.isdigit() else None
        return self.size

    def blocks(self, *, most: int) -> Iterator[bytes]:
        """The bytes as they are sent, to be read once; closed at the end.

        Raises OSError where they break off, come too slowly, or are more than `most`.
        """
        import httpcore

        came, self._begun = 0, True
        try:
            with closing(self):
                for block in self._response.iter_stream():
                    came += len(block)
                    if came > most:
                        raise OSError(errno.EFBIG, f"did not end after {most:,} bytes")
                    if self._patience.came > _WRAPPING * came + _HEAD:
                        raise OSError(errno.EIO, "was wrapped in far more than its bytes")
                    if block:
                        yield block
        except TimeoutError as error:
            raise OSError(errno.ETIMEDOUT, f"did not come in time, after {came:,} bytes") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ConnectionError) as error:
            raise OSError(errno.EIO, f"broke off after {came:,} bytes") from error

    def body(self, *, most: int) -> bytes:
        """All the bytes, unpacked where the server packed them with gzip.

        Raises OSError as `blocks` does, and where they unpack to more than `most`.
        """
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        packed = b"".join(self.blocks(most=most))
        if encoding in ("", "identity"):
            return packed
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise OSError(errno.EIO, "was packed in a way that was not asked for")
        unpacking = zlib.decompressobj(47 if "gzip" in encoding else 15)
        try:
            whole = unpacking.decompress(packed, most)
        except zlib.error as error:
            raise OSError(errno.EIO, "cannot be unpacked") from error
        if unpacking.unconsumed_tail:
            raise OSError(errno.EFBIG, f"unpacks to more than {most:,} bytes")
        if not unpacking.eof:
            raise OSError(errno.EIO, "ended before what was packed did")
        return whole

    def close(self) -> None:
        """The connection is given back, or ended where bytes are left."""
        self._response.close()

    def skip(self) -> None:
        """As `close`, where few bytes are left after these were read."""
        with suppress(OSError):
            for _ in () if self._begun else self.blocks(most=_STEP):
                pass
        self.close()


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined
