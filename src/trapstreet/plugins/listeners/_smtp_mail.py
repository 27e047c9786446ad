"""What comes after DATA, in little memory however much it is."""

import re
from hashlib import sha256

KEPT = 256 << 10
"""Bytes of a mail that are kept."""

_HEADERS = 1000
_END_OF_FIELD = re.compile(rb"\r\n(?![ \t])")


class Content:
    """A mail as it comes in, with the dots taken off that SMTP adds.

    It is told what comes from the CRLF before the mail up to the one before the last dot, in any pieces.
    size   of the whole, in bytes;  of what is beyond the first `KEPT` nothing but size and SHA-256 is known
    began  when DATA was answered, Unix microseconds
    """

    def __init__(self, began: int) -> None:
        self.began = began
        self.size = 0
        self._ahead = 2
        self._held = b""
        self._digest = sha256()
        self._kept = bytearray()

    def add(self, piece: bytes) -> None:
        """The dot at the beginning of a line goes; an end where one may follow waits for the next piece."""
        data = self._held + piece
        held = 2 if data.endswith(b"\r\n") else int(data.endswith(b"\r"))
        end = len(data) - held
        self._held = data[end:]
        self._take(data[:end].replace(b"\r\n.", b"\r\n"))

    def end(self) -> None:
        """No more comes."""
        held, self._held = self._held, b""
        self._take(held)

    def _take(self, piece: bytes) -> None:
        ahead = min(self._ahead, len(piece))
        self._ahead -= ahead
        piece = piece[ahead:]
        self.size += len(piece)
        self._digest.update(piece)
        if len(self._kept) < KEPT:
            self._kept += piece[: KEPT - len(self._kept)]

    def facts(self) -> list[tuple[str, bytes]]:
        """ "data" (when it began), "header" each in order with its folds, "body", "mail-size",
        "mail-sha256".

        Joined by CRLF, with an empty line before the body, headers and body are the first bytes of the mail
        as they came: enough to check DKIM where the body was kept whole. Size and SHA-256 are of the whole
        mail with its headers.
        """
        fields, body = split(bytes(self._kept))
        return [
            ("data", b"%d" % self.began),
            *[("header", field) for field in fields],
            ("body", body),
            ("mail-size", b"%d" % self.size),
            ("mail-sha256", self._digest.digest()),
        ]


def split(mail: bytes) -> tuple[list[bytes], bytes]:
    """The header fields of a mail in order, each with its folds, and its body, as far as it is there."""
    head, end, body = mail.partition(b"\r\n\r\n")
    if head.startswith(b"\r\n"):
        head, end, body = b"", b"", mail[2:]
    fields = _END_OF_FIELD.split(head if end else head.removesuffix(b"\r\n"), maxsplit=_HEADERS)
    return [field for field in fields if field], body
