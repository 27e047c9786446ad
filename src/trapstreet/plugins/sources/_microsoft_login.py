"""Access tokens for Microsoft's APIs: an application that logs in by itself, with a secret or a certificate.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", "Certificate credentials".
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.plugins._oauth import granted, leads_to_provider
from trapstreet.plugins._secrets import secret, secret_text
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_place import HttpPlace

_ANSWER = 1 << 16
_LASTS = 600
"""Seconds for which the proof that we hold the certificate's key can be used."""


class Login:
    """Tokens for an application.

    place   the login server, as it is asked;  tenant  whose directory the application is in
    secret_file  one secret;  certificate_file  a certificate and its private key, both PEM: one of the two
    scope   what the tokens are for
    Raises UnusableInput for files that do not do, AccessDenied for those that may not be read.
    """

    def __init__(
        self,
        place: HttpPlace,
        *,
        tenant: str,
        client_id: str,
        secret_file: Path | None,
        certificate_file: Path | None,
        scope: str,
    ) -> None:
        if bool(secret_file) == bool(certificate_file):
            raise UnusableInput(
                "it says not, or twice, how to log in", hint="give secret_file or certificate_file"
            )
        self._url = f"{place.url.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0/token"
        if not leads_to_provider(self._url):
            raise UnusableInput("login is no https address", hint="like https://login.microsoftonline.com")
        self._client = Client(place)
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope}
        self._secret = secret(secret_file, what="the secret") if secret_file else None
        self._proof = _Proof(certificate_file) if certificate_file else None
        self._token, self._until = "", 0.0

    def headers(self) -> dict[str, str]:
        """What lets a request in. Raises AccessDenied, Unreachable, UnusableInput."""
        if not self._token or time.monotonic() > self._until:
            status, body = self._asked(urlencode(self._form | self._shown()).encode())
            hint = "look at tenant, client_id and what it logs in with, and whether that has expired"
            grant = granted(status, body, host=self._client.home.host, what="the application", hint=hint)
            self._token, self._until = grant.access, time.monotonic() + grant.seconds
        return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """The token was refused: the next is a new one."""
        self._token = ""

    def close(self) -> None:
        self._client.close()

    def _shown(self) -> dict[str, str]:
        if self._secret:
            return {"client_secret": self._secret.reveal()}
        assert self._proof  # noqa: S101 - for the type checker
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        said = self._proof.of(self._form["client_id"], self._url)
        return {"client_assertion_type": kind, "client_assertion": said}

    def _asked(self, form: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._client.ask("POST", self._url, headers=headers, content=form)
        try:
            return answer.status, answer.body(most=_ANSWER)
        except OSError as error:
            host = self._client.home.host
            raise Unreachable(f"{host} broke off while it gave a token", hint="it is tried again") from error


class _Proof:
    """That we hold the private key of a certificate (RFC 7523, signed with PS256)."""

    def __init__(self, file: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificate

        text = secret_text(file, what="the certificate").reveal().encode()
        try:
            certificate, key = load_pem_x509_certificate(text), load_pem_private_key(text, None)
        except (ValueError, TypeError):  # no cause: its message may show what the file holds
            certificate, key = None, None
        if certificate is None or not isinstance(key, rsa.RSAPrivateKey):
            raise UnusableInput(
                f"{file} does not hold a certificate and its private key",
                hint="both as PEM, one behind the other; an RSA key without a passphrase",
            )
        if certificate.public_key() != key.public_key():
            raise UnusableInput(
                f"the key in {file} is not that of the certificate", hint="put those together that belong so"
            )
        self._key, self._print = key, certificate.fingerprint(SHA256())

    def of(self, client_id: str, audience: str) -> str:
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.hashes import SHA256

        now = int(time.time())
        head = {"alg": "PS256", "typ": "JWT", "x5t#S256": _packed(self._print)}
        claims = {"aud": audience, "iss": client_id, "sub": client_id, "jti": token_hex(16)}
        said = f"{_packed(head)}.{_packed({**claims, 'nbf': now - 60, 'exp': now + _LASTS})}"
        way = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
        return f"{said}.{_packed(self._key.sign(said.encode(), way, SHA256()))}"


def _packed(part: bytes | Mapping[str, Any]) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
