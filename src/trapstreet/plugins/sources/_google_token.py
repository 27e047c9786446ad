"""Access tokens for Google's services: by the key of a service account, or by the role of this machine.

Source: Google Identity, "Using OAuth 2.0 for Server to Server Applications" (RFC 7523); Compute Engine,
"Authenticate workloads using service accounts".
"""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.plugins._secrets import secret_text
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import good

MACHINE = "http://metadata.google.internal"
_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_EARLY = 300.0
_MOST = 1 << 16


class Tokens:
    """Tokens of a service account whose key is a file, or of this machine where there is none.

    scope  what they are for. Raises UnusableInput for a file that holds no such key.
    """

    def __init__(self, key_file: Path | None, *, scope: str) -> None:
        self._account = _account(key_file) if key_file else None
        self._scope, self._token, self._until = scope, "", 0.0

    def token(self) -> str:
        """One that holds now. Raises AccessDenied, Unreachable, UnusableInput."""
        if not self._token or time.monotonic() > self._until - _EARLY:
            answer = (
                self._by_key(self._account) if self._account else _asked("GET", MACHINE + _PATH, _FLAVOUR)
            )
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
                raise AccessDenied("Google sent no access token", hint="look at the service account")
            self._token = token
            self._until = time.monotonic() + (seconds if isinstance(seconds, int | float) else 0)
        return self._token

    def _by_key(self, account: Mapping[str, str]) -> Mapping[str, Any]:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _assertion(account, self._scope),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return _asked("POST", account["token_uri"], headers, urlencode(form).encode())


_FLAVOUR = {"Metadata-Flavor": "Google"}


def _account(file: Path) -> Mapping[str, str]:
    text = secret_text(file, what="the service account's key").reveal()
    try:
        given = json.loads(text)
        account = {name: str(given[name]) for name in ("client_email", "private_key", "token_uri")}
    except (ValueError, KeyError, TypeError, RecursionError):  # no cause: its message would show the key
        account = {}
    if not account:
        raise UnusableInput(
            f"{file} is no key of a service account", hint="make one in the console: it is a file of JSON"
        )
    return account


def _assertion(account: Mapping[str, str], scope: str) -> str:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    now = int(time.time())
    who = {"iss": account["client_email"], "scope": scope, "aud": account["token_uri"]}
    said = f"{_packed({'alg': 'RS256', 'typ': 'JWT'})}.{_packed({**who, 'iat': now, 'exp': now + 3600})}"
    try:
        key = load_pem_private_key(account["private_key"].encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UnusableInput("the service account's private key cannot be read", hint="download a new one")
    signature = key.sign(said.encode(), padding.PKCS1v15(), SHA256())
    return f"{said}.{_packed(signature)}"


def _packed(part: bytes | Mapping[str, Any]) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _asked(method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> Mapping[str, Any]:
    asking = Client(HttpPlace(url=url, rate=50.0))
    try:
        answer = json.loads(good(asking.ask(method, url, headers=headers, content=content)).body(most=_MOST))
    except (UnusableInput, OSError, ValueError) as error:
        raise AccessDenied(
            "Google gives no access token",
            hint="look at the service account, its key and this machine's clock",
        ) from error
    finally:
        asking.close()
    return answer if isinstance(answer, dict) else {}
