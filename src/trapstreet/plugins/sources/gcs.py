"""Buckets of Google Cloud Storage.

Without a key a bucket is asked as a stranger would: what is listed then, everybody may see. With a key it is
asked as a stranger as well, once a listing, to say so. Of an object only its present state is looked at.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.sources._bucket_requests import (
    Endpoint,
    Provider,
    bucket_and_prefix,
    moment,
    named,
    quoted,
    refused,
    understood,
    whole,
)
from trapstreet.plugins.sources._buckets import Bucket, Item, Page
from trapstreet.plugins.sources._google_token import Tokens
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._options import option

_ENDPOINT = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_FIELDS = "nextPageToken,items(name,generation,size,updated)"


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint: Annotated[str, option("where the bucket is served, if not at Google", "URL")] = _ENDPOINT
    key_file: Annotated[Path | None, option("a service account's key, a file of JSON", "FILE")] = None
    role: Annotated[bool, option("use the service account of this machine")] = False


title = "Google Cloud Storage buckets"
schemes = ("gs",)
settings = Settings
reveals = "The bucket's owner, where access is logged, sees each listing and each object that is read."


class _Object(msgspec.Struct):
    name: str
    generation: str
    size: str = "0"
    updated: str = ""


class _Answer(msgspec.Struct):
    items: list[_Object] = []
    nextPageToken: str = ""  # noqa: N815 - as it is spelt there


def source(settings: Settings) -> "_Gcs":
    return _Gcs(settings)


class _Gcs(Bucket):
    def __init__(self, settings: Settings) -> None:
        self._bucket, prefix = bucket_and_prefix(settings.url, "gs://bucket/folder")
        super().__init__(f"gs://{self._bucket}", prefix)
        if settings.key_file and settings.role:
            raise UnusableInput("it says twice whose key is used", hint="give key_file or role")
        keyed = settings.key_file or settings.role
        self._tokens = Tokens(settings.key_file, scope=_SCOPE) if keyed else None
        self._at = Endpoint(settings.endpoint.rstrip("/"), settings)

    def page(self, after: str, cursor: str) -> Page:
        more = {"pageToken": after} if after else {"startOffset": named(cursor)} if cursor else {}
        answer = self._listed(more | {"maxResults": "1000", "fields": _FIELDS}, self._login())
        if answer.status != 200:
            raise refused(answer, self._shown)
        with understood(self._shown):
            given = msgspec.json.decode(whole(answer, self._shown), type=_Answer)
            items = [
                Item(each.name, each.generation, int(each.size), moment(each.updated))
                for each in given.items
                if after or each.name > named(cursor)  # it begins with the cursor's own
            ]
        return Page(items, given.nextPageToken, quoted(items[-1].name) if items else cursor)

    def asked(
        self, method: str, name: str, headers: Mapping[str, str], tag: str = "", content: bytes = b""
    ) -> Answer:
        place, query = f"/storage/v1/b/{self._bucket}/o/{quote(name, safe='')}", ""
        sent = {**headers, **self._login()}
        match method:
            case "GET":
                query = urlencode({"alt": "media"} | ({"ifGenerationMatch": tag} if tag else {}))
                sent["Accept-Encoding"] = "gzip"  # else what is kept packed comes unpacked, in another size
            case "HEAD":
                method = "GET"
            case "PUT":
                query = urlencode({"uploadType": "media", "name": name, "ifGenerationMatch": "0"})
                place = f"/upload/storage/v1/b/{self._bucket}/o"
                method, sent = "POST", {**self._login(), "Content-Type": "application/octet-stream"}
        return self._at.ask(method, place, query, sent, content)

    def as_stranger(self) -> Answer | None:
        return self._listed({"maxResults": "1"}, {}) if self._tokens else None

    def _listed(self, arguments: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        asked = {"prefix": self._prefix, **arguments} if self._prefix else arguments
        return self._at.ask("GET", f"/storage/v1/b/{self._bucket}/o", urlencode(asked), headers)

    def _login(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._tokens.token()}"} if self._tokens else {}
