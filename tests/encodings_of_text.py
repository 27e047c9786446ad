"""Ways to write text, and bytes that are made to cost decoders much."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

Encoding = Callable[[str], bytes]


def quoted_printable(text: str) -> bytes:
    """In lines of 76 characters, which end in the middle of words."""
    return quopri.encodestring(text.encode())


def _each(text: str, form: str) -> bytes:
    return "".join(form.format(byte) for byte in text.encode()).encode()


def _characters(text: str, form: str) -> bytes:
    return "".join(form.format(ord(c)) if c == "@" or ord(c) > 126 else c for c in text).encode()


ENCODINGS: dict[str, dict[str, Encoding]] = {
    "hexadecimal": {
        "lower": lambda text: text.encode().hex().encode(),
        "upper": lambda text: b"0x" + text.encode().hex().upper().encode(),
        "lines": lambda text: re.sub(b".{60}", b"\\g<0>\n", text.encode().hex().encode()),
        "UTF-16": lambda text: text.encode("utf-16-le").hex().encode(),
        "UTF-32": lambda text: text.encode("utf-32").hex().encode(),
    },
    "octets": {
        "spaces": lambda text: text.encode().hex(" ").encode(),
        "colons": lambda text: text.encode().hex(":").upper().encode(),
        "lines": lambda text: re.sub(b".{47} ", b"\\g<0>\n", text.encode().hex(" ").encode()),
    },
    "base64": {
        "one line": lambda text: base64.b64encode(text.encode()),
        "lines": lambda text: base64.encodebytes(text.encode()),
        "CRLF": lambda text: base64.encodebytes(text.encode()).replace(b"\n", b"\r\n"),
        "lines of 50": lambda text: re.sub(b".{50}", b"\\g<0>\n", base64.b64encode(text.encode())),
        "URL-safe, no padding": lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="),
        "UTF-16 LE": lambda text: base64.b64encode(text.encode("utf-16-le")),
        "UTF-16 BE": lambda text: base64.b64encode(text.encode("utf-16-be")),
        "UTF-16 with mark": lambda text: base64.b64encode(text.encode("utf-16")),
        "UTF-32": lambda text: base64.b64encode(text.encode("utf-32-be")),
        "Latin-1": lambda text: base64.b64encode(text.encode("latin-1")),
        "PHP's JSON": lambda text: base64.b64encode(text.encode()).replace(b"/", b"\\/"),
        "in percent-encoding": lambda text: quote(base64.b64encode(text.encode()), safe="").encode(),
    },
    "quoted_printable": {
        "UTF-8": quoted_printable,
        "CRLF": lambda text: quoted_printable(text).replace(b"\n", b"\r\n"),
        "Latin-1": lambda text: quopri.encodestring(text.encode("latin-1")),
    },
    "percent": {
        "part": lambda text: quote(text, safe="").encode(),
        "form": lambda text: quote_plus(text, safe=" ").encode(),
        "all": lambda text: _each(text, "%{:02x}"),
        "Latin-1": lambda text: quote(text, safe="", encoding="latin-1").encode(),
        "JavaScript": lambda text: _characters(text, "%u{:04x}"),
    },
    "escapes": {
        "JSON": lambda text: json.dumps(text).encode(),
        "JSON in JSON": lambda text: json.dumps(json.dumps(text)).encode(),
        "all units": lambda text: b"".join(b"\\u%04X" % ord(c) for c in text),
        "braces": lambda text: _characters(text, "\\u{{{:x}}}"),
        "long": lambda text: _characters(text, "\\U{:08x}"),
        "bytes": lambda text: _each(text, "\\x{:02x}"),
        "octal": lambda text: _each(text, "\\{:03o}"),
    },
    "entities": {
        "decimal": lambda text: _characters(text, "&#{};"),
        "hexadecimal": lambda text: _characters(text, "&#x{:X};"),
        "no semicolon": lambda text: _characters(text, "&#{}"),
        "names": lambda text: text.translate({64: "&commat;", 246: "&ouml;", 252: "&uuml;"}).encode(),
        "twice": lambda text: html.escape(_characters(text, "&#{};").decode()).encode(),
    },
}
"""By the decoder's module, then by a name."""

HOSTILE: dict[str, bytes] = {
    "backslashes": b"\\" * (1 << 20),
    "backslashes and letters": b"\\/" + b"a" * (1 << 20),
    "escaped slashes": b"\\/a" * (1 << 18),
    "newlines escaped": b"\\n" * (1 << 19),
    "half pairs": b"\\ud800" * (1 << 17),
    "percent signs": b"%" * (1 << 20),
    "percent of percent": b"%25" * (1 << 18),
    "plus signs in phones": b"%2B1+" * (1 << 17),
    "ampersands": b"&" * (1 << 20),
    "ampersands of ampersands": b"&" + b"amp;" * (1 << 18),
    "a number without end": b"&#" + b"9" * (1 << 20),
    "equals signs": b"=" * (1 << 20),
    "soft breaks": b"=\n" * (1 << 19),
    "strays": b"=FC=E4=F6" * (1 << 16),
    "one letter": b"A" * (1 << 20),
    "one digit": b"7" * (1 << 20),
    "pairs": b"41 " * (1 << 18) + b"410",
    "pairs that change": (b"41 42 43 44 45 46 47 48:" * (1 << 16))[: 1 << 20],
    "lines that begin as text": (base64.b64encode(b"maria!" + bytes([1, 255] * 24)) + b"\n") * (1 << 13),
    "base64 of itself": base64.b64encode(base64.b64encode(base64.b64encode(b"maria@x.example " * (1 << 14)))),
    "separators": b" ," * (1 << 19),
    "zeros": bytes(1 << 20),
    "every byte": bytes(range(256)) * (1 << 12),
}
