"""A signature in a header: HMAC over the body as it came."""

import hmac
from base64 import b64encode

from trapstreet.plugins.callbacks import Request


def header_is_right(request: Request, header: str, secret: bytes) -> bool | None:
    """Whether a header holds the HMAC-SHA256 of the body, in hexadecimal or base64, perhaps behind "sha256=";
    None where nothing is signed: there is no secret. A body that was cut off cannot be checked."""
    if not secret:
        return None
    given = request.headers.get(header.lower(), "").strip().removeprefix("sha256=").encode("utf-8", "replace")
    right = hmac.digest(secret, request.body, "sha256")
    spellings = [hmac.compare_digest(given, each) for each in (right.hex().encode(), b64encode(right))]
    return request.whole and any(spellings)
