"""Reading what services send: forms and JSON, whole or cut off."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from email.parser import BytesParser
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from trapstreet.plugins.callbacks import Request

_FIELDS = 1000
_DEEP = 8
_PAIR = re.compile(r'"((?:[^"\\]|\\.){1,64})"\s*:\s*"((?:[^"\\]|\\.)*)"')


def request_id(request: Request, signature: str = "") -> bytes:
    """What tells a request from all others."""
    return sha256(b"\n".join((request.url.encode(), signature.encode(), request.body))).digest()


def form(request: Request) -> list[tuple[str, str]]:
    """Names and values of a form, encoded either way, in their order; those of the query where nothing was
    posted."""
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        try:
            return list(_multipart(kind, request.body))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return []  # made to break the standard library's reader: parameters that contradict each other
    sent = request.body if request.method == "POST" else request.url.partition("?")[2].encode()
    try:
        return parse_qsl(sent.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return []


def is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "").lower()


def document(request: Request) -> Mapping[str, Any]:
    """The JSON object that was sent; of one that was cut off the texts at its beginning. {} for none."""
    text = request.body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {} if request.whole else _beginning(text)
    return found if isinstance(found, dict) else {}


def values(found: Mapping[str, Any], paths: Sequence[str]) -> Iterator[str]:
    """The texts and numbers at dotted paths: "caller.number"; of lists all of them."""
    for path in paths:
        yield from _at(found, path.split(".")[:_DEEP])


def _at(found: object, names: Sequence[str]) -> Iterator[str]:
    if isinstance(found, list):
        for each in found[:_FIELDS]:
            yield from _at(each, names)
    elif names and isinstance(found, dict):
        yield from _at(found.get(names[0]), names[1:])
    elif not names and isinstance(found, str | int) and not isinstance(found, bool):
        yield str(found)


def _beginning(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for match in _PAIR.finditer(text):
        try:
            found.setdefault(json.loads(f'"{match[1]}"'), json.loads(f'"{match[2]}"'))
        except ValueError:
            continue
    return found


def _multipart(kind: str, body: bytes) -> Iterator[tuple[str, str]]:
    if body.count(b"form-data") > _FIELDS or b"multipart/" in body:
        return
    head = b"Content-Type: " + kind[:512].encode("latin-1", "replace").replace(b"\n", b" ").replace(
        b"\r", b" "
    )
    mail: Message = BytesParser().parsebytes(head + b"\r\n\r\n" + body)
    parts = mail.get_payload()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes) and part.get_filename() is None:
            yield name, content.decode("utf-8", "replace").removesuffix("\r\n")
