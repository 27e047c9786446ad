"""Signatures of requests to S3 and what speaks like it (AWS Signature Version 4).

Source: Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header".
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from trapstreet.core.model.protected import Protected


@dataclass(frozen=True, slots=True)
class Key:
    """What a request is signed by. session: goes with keys that hold for some hours only."""

    name: str
    secret: Protected[str] = field(repr=False)
    session: Protected[str] | None = field(default=None, repr=False)


def query_of(arguments: Sequence[tuple[str, str]]) -> str:
    """Arguments as they are signed and sent."""
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in arguments)
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(
    key: Key,
    method: str,
    *,
    host: str,
    path: str,
    query: str,
    region: str,
    content: bytes = b"",
    now: datetime | None = None,
) -> Mapping[str, str]:
    """The headers that a request has to have.

    host   with its port where it is sent;  path, query  percent-encoded as they are sent
    """
    at = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    body = hashlib.sha256(content).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": body, "x-amz-date": at}
    if key.session:
        headers["x-amz-security-token"] = key.session.reveal()
    names = ";".join(sorted(headers))
    lines = [method, path, query, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, body]
    scope = f"{at[:8]}/{region}/s3/aws4_request"
    request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{request}"
    derived = f"AWS4{key.secret.reveal()}".encode()
    for part in (at[:8], region, "s3", "aws4_request"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    signature = hmac.digest(derived, text.encode(), "sha256").hex()
    del headers["host"]
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key.name}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~", errors="surrogateescape")
