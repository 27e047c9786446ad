"""Signatures of requests to Azure's storage by an account's key (Shared Key).

Source: Azure Storage REST API, "Authorize with Shared Key", version 2009-09-19 and later.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl

from trapstreet.core.model.protected import Protected

VERSION = "2021-12-02"
"""Of the interface: the first that lists names which XML cannot hold."""

_SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date")
_CONDITIONS = ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")


def plain() -> Mapping[str, str]:
    """The headers that every request has."""
    return {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True)}


def signature(
    account: str,
    key: Protected[str],
    method: str,
    *,
    path: str,
    query: str,
    headers: Mapping[str, str],
    length: int,
) -> str:
    """The header Authorization of a request with these headers.

    key  of the account, in base64;  path, query  percent-encoded as they are sent. Raises ValueError
    """
    given = {name.lower(): value for name, value in headers.items()}
    given["content-length"] = str(length) if length else ""
    lines = [method, *(given.get(name, "") for name in (*_SIGNED, *_CONDITIONS))]
    lines += [f"{name}:{given[name]}" for name in sorted(given) if name.startswith("x-ms-")]
    resource = [f"/{account}{path}"]
    resource += [f"{name}:{value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True))]
    text = "\n".join([*lines, *resource])
    signed = hmac.digest(base64.b64decode(key.reveal(), validate=True), text.encode(), hashlib.sha256)
    return f"SharedKey {account}:{base64.b64encode(signed).decode()}"
