"""Keys that a machine of Amazon's has by its role: from the environment, a container's agent, or the machine.

They hold for some hours, and are asked for again before they end. Nothing of a user's ~/.aws is read.
"""

import json
import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.sources._aws_signing import Key
from trapstreet.plugins.sources._bucket_xml import NotXml, records
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import good

MACHINE = "http://169.254.169.254"
CONTAINER = "http://169.254.170.2"
_EARLY = 300.0
_MOST = 1 << 16


class Role:
    """The key of this machine's role. Raises AccessDenied where it has none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._key: Key | None = None
        self._until = 0.0

    def key(self) -> Key:
        if self._key is None or time.time() > self._until - _EARLY:
            self._key, self._until = self._asked()
        return self._key

    def _asked(self) -> tuple[Key, float]:
        given = self._environment
        if given.get("AWS_ACCESS_KEY_ID") and given.get("AWS_SECRET_ACCESS_KEY"):
            session = given.get("AWS_SESSION_TOKEN")
            key = Key(
                given["AWS_ACCESS_KEY_ID"],
                Protected(given["AWS_SECRET_ACCESS_KEY"]),
                Protected(session) if session else None,
            )
            return key, float("inf")
        try:
            if given.get("AWS_WEB_IDENTITY_TOKEN_FILE") and given.get("AWS_ROLE_ARN"):
                return self._by_identity()
            if full := given.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
                return _key_of(_json(full, self._container()))
            if relative := given.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
                return _key_of(_json(f"{CONTAINER}{relative}", self._container()))
            return _of_machine()
        except (TrapstreetError, OSError, ValueError, KeyError, NotXml) as error:
            raise AccessDenied(
                "this machine has no role that gives a key", hint="give it one, or key_id with secret_file"
            ) from error

    def _container(self) -> Mapping[str, str]:
        file = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        text = Path(file).read_text().strip() if file else ""
        token = text or self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        return {"Authorization": token} if token else {}

    def _by_identity(self) -> tuple[Key, float]:
        given = self._environment
        region = given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or "us-east-1"
        endpoint = given.get("AWS_ENDPOINT_URL_STS") or f"https://sts.{region}.amazonaws.com"
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": given["AWS_ROLE_ARN"],
            "RoleSessionName": given.get("AWS_ROLE_SESSION_NAME") or "trapstreet",
            "WebIdentityToken": Path(given["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text().strip(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = _body("POST", f"{endpoint}/", headers, urlencode(form).encode())
        found, _ = records(body, "Credentials")
        return _key_of({**next(found, {})}, name="SessionToken")


def _of_machine() -> tuple[Key, float]:
    seconds = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = _body("PUT", f"{MACHINE}/latest/api/token", seconds).decode()
    headers = {"X-aws-ec2-metadata-token": token}
    place = f"{MACHINE}/latest/meta-data/iam/security-credentials/"
    role = _body("GET", place, headers).decode().split("\n")[0].strip()
    return _key_of(_json(f"{place}{role}", headers))


def _key_of(answer: Mapping[str, str], *, name: str = "Token") -> tuple[Key, float]:
    until = datetime.fromisoformat(answer["Expiration"]).timestamp()
    key = Key(answer["AccessKeyId"], Protected(answer["SecretAccessKey"]), Protected(answer[name]))
    return key, until


def _json(url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    answer = json.loads(_body("GET", url, headers))
    if not isinstance(answer, dict) or not all(isinstance(each, str) for each in answer.values()):
        raise Unreachable("no key was sent", hint="see what answers there")
    return answer


def _body(method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> bytes:
    asking = Client(HttpPlace(url=url, rate=50.0))
    try:
        return good(asking.ask(method, url, headers=headers, content=content)).body(most=_MOST)
    finally:
        asking.close()
