"""Containers of Azure Blob Storage.

Without a key a container is asked as a stranger would: what is listed then, everybody may see. With a key it
is asked as a stranger as well, once a listing, to say so. Of a blob only its present state is looked at.
"""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources._azure_signing import plain, signature
from trapstreet.plugins.sources._bucket_requests import (
    Endpoint,
    Provider,
    bucket_and_prefix,
    quoted,
    refused,
    understood,
    whole,
)
from trapstreet.plugins.sources._bucket_xml import records
from trapstreet.plugins.sources._buckets import Bucket, Item, Page
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import good
from trapstreet.plugins.sources._options import option

MACHINE = "http://169.254.169.254/metadata/identity/oauth2/token"
_ASKED = "api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F"
_EARLY = 300.0
_PAGE = 5000
"""Blobs in a page of a listing: as many as there may be."""


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint: Annotated[str, option("where the account is served, if not at Microsoft", "URL")] = ""
    key_file: Annotated[Path | None, option("a file with the account's key", "FILE")] = None
    sas_file: Annotated[Path | None, option("a file with a shared access signature", "FILE")] = None
    role: Annotated[bool, option("use the managed identity of this machine")] = False


title = "Azure Blob Storage containers"
schemes = ("az",)
settings = Settings
reveals = "The container's owner, where access is logged, sees each listing and each blob that is read."


def source(settings: Settings) -> "_Azure":
    return _Azure(settings)


class _Azure(Bucket):
    def __init__(self, settings: Settings) -> None:
        account, rest = bucket_and_prefix(settings.url, "az://account/container/folder")
        if not re.fullmatch(r"[a-z0-9]{3,24}", account):
            raise UnusableInput(
                "the address names no account", hint="write it like az://account/container/folder"
            )
        container, prefix = bucket_and_prefix(f"az://{rest}", "az://account/container/folder")
        super().__init__(f"az://{account}/{container}", prefix)
        if sum(map(bool, (settings.key_file, settings.sas_file, settings.role))) > 1:
            raise UnusableInput("it says twice whose key is used", hint="give key_file, sas_file or role")
        self._account = account
        self._key = secret(settings.key_file, what="the account's key") if settings.key_file else None
        given = secret(settings.sas_file, what="the signature") if settings.sas_file else None
        self._sas = given.reveal().removeprefix("?") if given else ""
        self._identity = _Identity() if settings.role else None
        base = settings.endpoint.rstrip("/") or f"https://{account}.blob.core.windows.net"
        self._at = Endpoint(f"{base}/{container}", settings)

    def page(self, after: str, cursor: str) -> Page:
        asked = {"maxresults": str(_PAGE), "marker": after or cursor}
        answer = self._listed(asked)
        if answer.status == 400 and cursor and not after:  # a marker that holds no longer
            answer.close()
            answer = self._listed(asked | {"marker": ""})
        if answer.status != 200:
            raise refused(answer, self._shown)
        with understood(self._shown):
            found, beside = records(whole(answer, self._shown), "Blob")
            items = [
                Item(each["Name"], each["Etag"].strip('"'), int(each["Content-Length"]), _moment(each))
                for each in found
            ]
        more = beside.get("NextMarker", "")
        return Page(items, more, more)

    def asked(
        self, method: str, name: str, headers: Mapping[str, str], tag: str = "", content: bytes = b""
    ) -> Answer:
        more = {**headers, **({"If-Match": f'"{tag}"'} if tag else {})}
        if method == "PUT":
            more["x-ms-blob-type"] = "BlockBlob"
        return self._sent(method, f"/{quoted(name)}", "", more, content)

    def put(self, path: str, content: bytes) -> str:
        """What the service makes of a backslash, it is called here, too: a slash."""
        return super().put(path.replace("\\", "/"), content)

    def as_stranger(self) -> Answer | None:
        keyed = self._key or self._sas or self._identity
        return self._listed({"maxresults": "1"}, login=False) if keyed else None

    def _listed(self, arguments: Mapping[str, str], *, login: bool = True) -> Answer:
        given = {"restype": "container", "comp": "list", "prefix": self._prefix} | dict(arguments)
        query = urlencode({name: value for name, value in given.items() if value})
        return self._sent("GET", "", query, {}, login=login)

    def _sent(
        self,
        method: str,
        name: str,
        query: str,
        headers: Mapping[str, str],
        content: bytes = b"",
        *,
        login: bool = True,
    ) -> Answer:
        sent = {**headers, **plain()}
        if ranged := sent.pop("Range", ""):
            sent["x-ms-range"] = ranged
        if login and self._key:
            try:
                sent["Authorization"] = signature(
                    self._account,
                    self._key,
                    method,
                    path=f"{self._at.path}{name}",
                    query=query,
                    headers=sent,
                    length=len(content),
                )
            except ValueError as error:
                raise UnusableInput("the account's key is none", hint="copy it anew: it is base64") from error
        if login and self._identity:
            sent["Authorization"] = f"Bearer {self._identity.token()}"
        if login and self._sas:
            query = f"{query}&{self._sas}" if query else self._sas
        return self._at.ask(method, name, query, sent, content)


class _Identity:
    """Tokens of the machine's managed identity."""

    def __init__(self) -> None:
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """Raises AccessDenied where the machine has none."""
        if not self._token or time.time() > self._until - _EARLY:
            asking = Client(HttpPlace(url=MACHINE, rate=50.0))
            try:
                answer = good(asking.ask("GET", f"{MACHINE}?{_ASKED}", headers={"Metadata": "true"}))
                given = json.loads(answer.body(most=1 << 16))
                self._token, self._until = str(given["access_token"]), float(given["expires_on"])
            except (TrapstreetError, OSError, ValueError, KeyError, TypeError) as error:
                raise AccessDenied(
                    "this machine has no managed identity that gives a token",
                    hint="give it one, or key_file or sas_file",
                ) from error
            finally:
                asking.close()
        return self._token


def _moment(blob: Mapping[str, str]) -> int | None:
    try:
        return int(parsedate_to_datetime(blob["Last-Modified"]).timestamp() * 1_000_000)
    except (KeyError, ValueError, OverflowError):
        return None
