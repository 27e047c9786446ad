"""Buckets of Amazon S3, and of whatever speaks like it (MinIO, Ceph, Cloudflare R2, Wasabi …).

Without a key a bucket is asked as a stranger would: what is listed then, everybody may see. With a key it is
asked as a stranger as well, once a listing, to say so. Of an object only its present state is looked at.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote_plus

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources._aws_role import Role
from trapstreet.plugins.sources._aws_signing import Key, query_of, signed
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
from trapstreet.plugins.sources._bucket_xml import records
from trapstreet.plugins.sources._buckets import Bucket, Item, Page
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._options import option

_FIRST = "us-east-1"


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    endpoint: Annotated[str, option("where the bucket is served, if not at Amazon", "URL")] = ""
    region: Annotated[str, option("the region, where it is not told by the server", "NAME")] = ""
    key_id: Annotated[str, option("the access key's id", "ID")] = ""
    secret_file: Annotated[Path | None, option("a file with the secret access key", "FILE")] = None
    role: Annotated[bool, option("use the key of the environment, or of this machine's role")] = False


title = "S3 buckets"
schemes = ("s3",)
settings = Settings
reveals = "The bucket's owner, where access is logged, sees each listing and each object that is read."


def source(settings: Settings) -> "_S3":
    return _S3(settings)


class _S3(Bucket):
    def __init__(self, settings: Settings) -> None:
        self._bucket, prefix = bucket_and_prefix(settings.url, "s3://bucket/folder")
        super().__init__(f"s3://{self._bucket}", prefix)
        self._settings, self._role = settings, Role() if settings.role else None
        if bool(settings.key_id) != bool(settings.secret_file) or (settings.key_id and settings.role):
            raise UnusableInput(
                "it says not, or twice, whose key is used", hint="give key_id with secret_file, or role"
            )
        self._own: Key | None = None
        if settings.secret_file:
            self._own = Key(settings.key_id, secret(settings.secret_file, what="the secret access key"))
        self._region = settings.region or _FIRST
        self._settle()

    def page(self, after: str, cursor: str) -> Page:
        arguments = [
            ("list-type", "2"),
            ("encoding-type", "url"),
            ("max-keys", "1000"),
            ("prefix", self._prefix),
        ]
        if after:
            arguments.append(("continuation-token", after))
        elif cursor:
            arguments.append(("start-after", named(cursor)))
        answer = self._sent("GET", "", query_of(arguments), {}, key=self._key())
        if answer.status != 200:
            raise refused(answer, self._shown)
        with understood(self._shown):
            found, beside = records(whole(answer, self._shown), "Contents")
            decode = _decoded if beside.get("EncodingType") == "url" else str
            items = [
                Item(
                    decode(each["Key"]), each["ETag"], int(each["Size"]), moment(each.get("LastModified", ""))
                )
                for each in found
            ]
            more = beside.get("NextContinuationToken", "") if beside.get("IsTruncated") == "true" else ""
            if more and not items:
                raise ValueError("a page without names that another follows")
        return Page(items, more, quoted(items[-1].name) if items else cursor)

    def asked(
        self, method: str, name: str, headers: Mapping[str, str], tag: str = "", content: bytes = b""
    ) -> Answer:
        more = dict(headers) | ({"If-Match": tag} if tag else {})
        return self._sent(method, quoted(name), "", more, key=self._key(), content=content)

    def as_stranger(self) -> Answer | None:
        if self._key() is None:
            return None
        query = query_of([("list-type", "2"), ("max-keys", "1"), ("prefix", self._prefix)])
        return self._sent("GET", "", query, {}, key=None)

    def _key(self) -> Key | None:
        return self._role.key() if self._role else self._own

    def _settle(self) -> None:
        """Where the bucket lies in its region: at a host of its own, if its name can be a part of one."""
        endpoint = self._settings.endpoint.rstrip("/")
        if endpoint:
            base = f"{endpoint}/{self._bucket}"
        elif re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", self._bucket):
            base = f"https://{self._bucket}.s3.{self._region}.amazonaws.com"
        else:
            base = f"https://s3.{self._region}.amazonaws.com/{self._bucket}"
        self._at = Endpoint(base, self._settings)

    def _sent(
        self,
        method: str,
        name: str,
        query: str,
        headers: Mapping[str, str],
        *,
        key: Key | None,
        content: bytes = b"",
    ) -> Answer:
        for again in (False, True):
            more = dict(headers)
            if key:
                host, path = self._at.host, f"{self._at.path}/{name}"
                more |= signed(
                    key, method, host=host, path=path, query=query, region=self._region, content=content
                )
            answer = self._at.ask(method, f"/{name}", query, more, content)
            told = answer.headers.get("x-amz-bucket-region", "")
            if again or answer.status not in (301, 307, 400, 403) or told in ("", self._region):
                return answer
            if not re.fullmatch(r"[a-z0-9-]{1,40}", told):
                return answer
            answer.close()
            self._at.close()
            self._region = told
            self._settle()
        raise AssertionError


def _decoded(name: str) -> str:
    return unquote_plus(name, errors="surrogateescape")
