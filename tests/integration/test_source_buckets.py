"""Buckets of three providers: whose key is used, what a prefix is, and servers that mean us no good."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from source_yards import Yard, _blobs, gcs_fake
from source_yards import azure as azure_yard
from source_yards import azure_azurite as azurite_yard
from source_yards import gcs as gcs_yard
from source_yards import s3 as s3_yard
from source_yards._moto import KEY, SECRET
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref
from trapstreet.core.model.protected import Protected
from trapstreet.core.ports import Source, WritableSource
from trapstreet.plugins.sources import Changed, Later, source_of
from trapstreet.plugins.sources._azure_signing import signature

Answer = tuple[int, Mapping[str, str], bytes]
Asked = tuple[str, str, Mapping[str, str]]


_AZURITE = pytest.param(azurite_yard.Here, marks=pytest.mark.system)
_FAKE_GCS = pytest.param(gcs_fake.Here, marks=pytest.mark.system)
_BUCKETS = [s3_yard.Here, gcs_yard.Here, azure_yard.Here, _AZURITE]


@pytest.fixture
def say() -> Iterator[Callable[[Callable[[str, str, Mapping[str, str]], Answer]], str]]:
    """Starts a server that answers method, target and headers by a function; its address."""
    started = []

    def start(answer: Callable[[str, str, Mapping[str, str]], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, body = answer(self.command, self.path, self.headers)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def s3(endpoint: str, **options: Any) -> Source:
    given = {"url": "s3://bucket", "endpoint": endpoint, **options}
    return source_of("s3", given, folder=Path(), where="here")


def page(*keys: str, more: str = "", size: int = 3) -> bytes:
    items = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-22T10:00:00.000Z</LastModified>"
        f"<ETag>&quot;e&quot;</ETag><Size>{size}</Size></Contents>"
        for key in keys
    )
    rest = (
        f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>"
        if more
        else ""
    )
    head = "<?xml version='1.0'?><ListBucketResult><EncodingType>url</EncodingType>"
    return f"{head}{items}{rest}</ListBucketResult>".encode()


def names(source: Source, cursor: str = "") -> list[str]:
    return [each.handle for each in source.list(cursor) if isinstance(each, Ref)]


class Public(s3_yard.Here):
    public = True


class PublicAzurite(azurite_yard.Here):
    public = True


@pytest.mark.slow
def test_a_bucket_that_anybody_may_list_is_read_by_everybody(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own = {"key_id": KEY}
    for yard, key, readers in (
        (Public(request, tmp_path), {}, "everybody in the network"),
        (Public(request, tmp_path), own, "everybody in the network"),
        (s3_yard.Here(request, tmp_path), own, ""),
    ):
        yard.put("a.txt", b"a")
        given = {"url": yard.url, "endpoint": yard.options["endpoint"], **key}
        if key:
            given["secret_file"] = yard.secret("secret", SECRET)
        with closing(yard.source(given)) as source:
            assert [each.readers for each in source.list("") if isinstance(each, Ref)] == [readers]
        yard.close()


def test_keys_of_the_environment_are_used_where_a_role_is_asked_for(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = s3_yard.Here(request, tmp_path)
    yard.put("a.txt", b"a")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    endpoint = yard.options["endpoint"]
    with closing(yard.source({"url": yard.url, "endpoint": endpoint})) as source, pytest.raises(AccessDenied):
        list(source.list(""))
    with closing(yard.source({"url": yard.url, "endpoint": endpoint, "role": True})) as source:
        assert names(source) == ["a.txt"]
    yard.close()


@pytest.mark.parametrize("here", [*_BUCKETS, _FAKE_GCS])
def test_a_prefix_is_an_object_or_a_folder_and_not_what_begins_alike(
    here: type[Yard], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = here(request, tmp_path)
    yard.put_many(dict.fromkeys(("exports", "exports/a.csv", "exports-old/b.csv", "other/c.csv"), b"x"))
    for prefix, found in (
        ("exports", ["exports", "exports/a.csv"]),
        ("exports/", ["exports/a.csv"]),
        ("other/c.csv", ["other/c.csv"]),
        ("nothing", []),
    ):
        with closing(yard.source(yard.settings() | {"url": f"{yard.url}/{prefix}"})) as source:
            assert sorted(names(source)) == found
    yard.close()


@pytest.mark.parametrize("here", [*_BUCKETS, _FAKE_GCS])
def test_a_listing_that_was_broken_off_goes_on_from_its_last_mark(
    here: type[Yard], request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_blobs.Google, "page", 400)
    monkeypatch.setattr("trapstreet.plugins.sources.azure._PAGE", 400)
    yard = here(request, tmp_path)
    put = {f"{number:04}.txt": b"x" for number in range(1100)}
    yard.put_many(put)
    with closing(yard.source()) as source:
        first, cursor = [], ""
        for each in source.list(""):
            if isinstance(each, Mark):
                assert not each.whole
                cursor = each.cursor
                break
            first.append(each.handle)
    assert 0 < len(first) < 1100
    with closing(yard.source()) as source:
        found = list(source.list(cursor))
    assert found[-1] == Mark("", whole=True)
    assert first + [each.handle for each in found if isinstance(each, Ref)] == sorted(put)
    yard.close()


@pytest.mark.parametrize("here", _BUCKETS)
def test_what_was_written_anew_since_it_was_listed_is_said_to_have_changed(
    here: type[Yard], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = here(request, tmp_path)
    yard.put("a.txt", b"one")
    with closing(yard.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        yard.put("a.txt", b"two")
        with pytest.raises(Changed):
            source.open(ref)
    yard.close()


def test_names_that_xml_cannot_hold_are_read(say: Callable[..., str]) -> None:
    asked: list[str] = []
    after: list[str] = []
    first = False

    def answer(_: str, target: str, __: Mapping[str, str]) -> Answer:
        if "start-after=" in target:
            after.append(target.partition("start-after=")[2])
            return 200, {}, page()
        if "list-type" in target:
            more = "" if "token" in target or not first else "more"
            return 200, {}, page("new%0Aline", "plus+and%2Bsign", "%1B%5B31m", "%FF", more=more)
        asked.append(target)
        return 200, {}, b"abc"

    with closing(s3(say(answer))) as source:
        refs = [each for each in source.list("") if isinstance(each, Ref)]
        assert [each.handle for each in refs] == ["new\nline", "plus and+sign", "\x1b[31m", "\udcff"]
        assert {source.open(each).read() for each in refs} == {b"abc"}
        first = True
        mark = next(each for each in source.list("") if isinstance(each, Mark))
        assert mark.cursor.isascii()
        assert names(source, mark.cursor) == []
    assert after == ["%FF"]
    assert asked == ["/bucket/new%0Aline", "/bucket/plus%20and%2Bsign", "/bucket/%1B%5B31m", "/bucket/%FF"]


def test_a_server_that_lists_the_same_page_for_ever_is_left(
    say: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._buckets._EMPTY", 50)
    with (
        closing(s3(say(lambda *_: (200, {}, page("a", "b", more="x"))))) as source,
        pytest.raises(Unreachable, match="again and again"),
    ):
        for each in source.list(""):
            assert each
    endless = iter(range(1 << 30))

    def empty(_: str, target: str, __: Mapping[str, str]) -> Answer:
        return 200, {}, b"<E><Blobs/><NextMarker>%d</NextMarker></E>" % next(endless)

    given = {"url": "az://account/box", "endpoint": f"{say(empty)}/account"}
    with (
        closing(source_of("azure", given, folder=Path(), where="here")) as source,
        pytest.raises(Unreachable, match="again and again"),
    ):
        for each in source.list(""):
            assert each


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><List><Contents><Key>&b;</Key></Contents></List>",
        b"<a>" * 100,
        b"not xml",
        b"<ListBucketResult><Contents><Key>a</Key><ETag>e</ETag><Size>many</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><ETag>e</ETag><Size>1</Size></Contents></ListBucketResult>",
    ],
    ids=["entity", "deep", "text", "size", "nameless"],
)
def test_a_listing_that_is_none_is_unreachable(say: Callable[..., str], body: bytes) -> None:
    with closing(s3(say(lambda *_: (200, {}, body)))) as source, pytest.raises(Unreachable):
        list(source.list(""))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", Later),
        (404, "NoSuchBucket", Unreachable),
        (403, "AccessDenied", AccessDenied),
        (403, "RequestTimeTooSkewed", UnusableInput),
        (400, "ExpiredToken", AccessDenied),
        (501, "NotImplemented", Unreachable),
        (400, "InvalidArgument", UnusableInput),
    ],
)
def test_what_a_provider_answers_is_told_to_those_who_can_act(
    say: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    kind: type[TrapstreetError],
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._http.PAUSE", 0.01)
    body = f"<Error><Code>{code}</Code><Message>said by others</Message></Error>".encode()
    with closing(s3(say(lambda *_: (status, {}, body)))) as source, pytest.raises(kind) as refused:
        list(source.list(""))
    assert type(refused.value) is kind
    assert refused.value.hint
    assert "said by others" not in str(refused.value)


def test_a_bucket_of_another_region_is_asked_there(say: Callable[..., str], tmp_path: Path) -> None:
    scopes = []

    def answer(_: str, __: str, headers: Mapping[str, str]) -> Answer:
        found = re.search(r"Credential=AKID/\d+/([^/]+)/", headers.get("Authorization", ""))
        scopes.append(found[1] if found else "")
        if scopes[-1] == "us-east-1":
            return 400, {"x-amz-bucket-region": "eu-central-1"}, b""
        return 200, {}, page("a")

    file = tmp_path / "secret"
    file.write_text("secret")
    file.chmod(0o600)
    with closing(s3(say(answer), key_id="AKID", secret_file=str(file))) as source:
        assert names(source) == ["a"]
        assert scopes == ["us-east-1", "eu-central-1", ""]


def test_an_object_that_is_longer_or_shorter_than_it_was_listed_is_an_error(say: Callable[..., str]) -> None:
    for body in (b"abcd", b"ab"):
        ref = Ref("s3://bucket/a", '"e" 3', 3, handle="a")
        with (
            closing(s3(say(lambda *_, body=body: (200, {}, body)))) as source,
            pytest.raises(OSError),
            source.open(ref) as file,
        ):
            file.read()


def test_a_part_is_cut_out_where_a_server_sends_all(say: Callable[..., str]) -> None:
    ref = Ref("s3://bucket/a", '"e" 10', 10, handle="a")
    with (
        closing(s3(say(lambda *_: (200, {}, b"0123456789")))) as source,
        source.open(ref, 3, 6) as file,
    ):
        assert file.read() == b"345"


@pytest.mark.parametrize("way", ["machine", "container", "identity"])
def test_a_machine_s_role_gives_keys_that_are_renewed(
    say: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    given: list[str] = []

    def keys(method: str, target: str, headers: Mapping[str, str]) -> Answer:
        if target == "/latest/api/token":
            return 200, {}, b"a-session" if method == "PUT" else b""
        if target == "/latest/meta-data/iam/security-credentials/":
            return 200, {}, b"watcher"
        if way == "machine":
            assert headers["X-aws-ec2-metadata-token"] == "a-session"
        if way == "container":
            assert headers["Authorization"] == "the token"
        given.append(f"AKID{len(given)}")
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 200 + 10_000 * (len(given) - 1)))
        fields = {"AccessKeyId": given[-1], "SecretAccessKey": "s", "Expiration": soon}
        if way == "identity":
            body = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
            text = f"<R><Credentials>{body}<SessionToken>t</SessionToken></Credentials></R>"
            return 200, {}, text.encode()
        return 200, {}, json.dumps(fields | {"Token": "t"}).encode()

    used: list[str] = []

    def answer(_: str, __: str, headers: Mapping[str, str]) -> Answer:
        if found := re.search(r"Credential=(AKID\d+)/", headers.get("Authorization", "")):
            assert headers["x-amz-security-token"] == "t"
            used.append(found[1])
        return 200, {}, page("a")

    at = say(keys)
    file = tmp_path / "token"
    file.write_text("the token")
    environments = {
        "machine": {},
        "container": {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{at}/v2/keys",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        },
        "identity": {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/watcher",
            "AWS_ENDPOINT_URL_STS": at,
        },
    }
    for name, value in environments[way].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("trapstreet.plugins.sources._aws_role.MACHINE", at)
    with closing(s3(say(answer), role=True)) as source:
        assert names(source) == ["a"]
        assert names(source) == ["a"]
        assert names(source) == ["a"]
    assert used == ["AKID0", "AKID1", "AKID1"]  # the first ends too soon to be used again


def test_a_machine_without_a_role_says_so(say: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._aws_role.MACHINE", say(lambda *_: (404, {}, b"")))
    with closing(s3("http://127.0.0.1:1", role=True)) as source, pytest.raises(AccessDenied, match="no role"):
        list(source.list(""))


def test_google_s_and_azure_s_machines_give_tokens(
    say: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def google(_: str, target: str, headers: Mapping[str, str]) -> Answer:
        if "token" in target:
            assert headers["Metadata-Flavor"] == "Google"
            return 200, {}, b'{"access_token": "ya29.x", "expires_in": 3600}'
        if headers.get("Authorization") != "Bearer ya29.x":
            return 401, {}, b""
        return 200, {}, b'{"items": [{"name": "a", "generation": "1", "size": "3"}]}'

    def azure(_: str, target: str, headers: Mapping[str, str]) -> Answer:
        if "oauth2" in target:
            assert headers["Metadata"] == "true"
            assert parse_qs(urlsplit(target).query)["resource"] == ["https://storage.azure.com/"]
            return 200, {}, b'{"access_token": "eyJ", "expires_on": "%d"}' % (time.time() + 3600)
        if headers.get("Authorization") != "Bearer eyJ":
            return 403, {"x-ms-error-code": "NoAuthenticationInformation"}, b""
        blob = b"<Blob><Name>a</Name><Etag>0x1</Etag><Content-Length>3</Content-Length></Blob>"
        return 200, {}, b"<E><Blobs>" + blob + b"</Blobs><NextMarker/></E>"

    at = say(google)
    monkeypatch.setattr("trapstreet.plugins.sources._google_token.MACHINE", at)
    given = {"url": "gs://bucket", "endpoint": at, "role": True}
    with closing(source_of("gcs", given, folder=Path(), where="here")) as source:
        assert names(source) == ["a"]
    at = say(azure)
    monkeypatch.setattr("trapstreet.plugins.sources.azure.MACHINE", f"{at}/oauth2/token")
    given = {"url": "az://account/box", "endpoint": f"{at}/account", "role": True}
    with closing(source_of("azure", given, folder=Path(), where="here")) as source:
        assert names(source) == ["a"]


@pytest.mark.parametrize("here", [azure_yard.Here, _AZURITE])
def test_what_is_put_at_azure_has_the_name_that_the_listing_gives_it(
    here: type[Yard], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = here(request, tmp_path)
    with closing(yard.source()) as source:
        assert isinstance(source, WritableSource)
        name = source.put("lists\\contacts.csv", b"a decoy")
        assert [each.path for each in source.list("") if isinstance(each, Ref)] == [name]
        source.remove("lists\\contacts.csv")
        assert names(source) == []
    yard.close()


@pytest.mark.system
def test_a_container_that_anybody_may_list_is_read_by_everybody(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own, readers = PublicAzurite(request, tmp_path), "everybody in the network"
    own.put("a.txt", b"a")
    for given in (own.settings(), own.settings() | {"key_file": None}):
        with closing(own.source(given)) as source:
            assert [each.readers for each in source.list("") if isinstance(each, Ref)] == [readers]
    other = azurite_yard.Here(request, tmp_path)
    other.put("a.txt", b"a")
    with closing(other.source()) as source:
        assert [each.readers for each in source.list("") if isinstance(each, Ref)] == [""]
    own.close()
    other.close()


@pytest.mark.parametrize(
    ("here", "signed"),
    [
        (azure_yard.Here, _blobs.SAS),
        pytest.param(azurite_yard.Here, azurite_yard.signature(), marks=pytest.mark.system),
    ],
)
def test_a_shared_access_signature_opens_a_container_and_a_marker_that_is_over_begins_anew(
    here: type[Yard], signed: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = here(request, tmp_path)
    yard.put("a.txt", b"a")
    given = {"url": yard.url, "endpoint": yard.options["endpoint"]}
    given["sas_file"] = yard.secret("sas", f"?{signed}")
    with closing(yard.source(given)) as source:
        assert names(source, "a marker of last year") == ["a.txt"]
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        with source.open(ref) as file:
            assert file.read() == b"a"
    yard.close()


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "wanted"),
    [
        ("GET", "", "restype=container&comp=list", {}, "sRiyRoyOiUNe7gb2bLPOHSN18ttNoKIjXnb3Pd5yvSI="),
        (
            "GET",
            "/a%20b/%C3%BC%25.txt",
            "",
            {"range": "bytes=1-3"},
            "NYWR9if4r5eILyxTMmrz/Jxpc9RAjfVHd3y2ZNONDow=",
        ),
        (
            "PUT",
            "/new.txt",
            "",
            {"if-none-match": "*", "x-ms-blob-type": "BlockBlob"},
            "ilYSy2olCObPQKkHaUYO/qmhFt/wpQnV4xO69yOuVDs=",
        ),
    ],
)
def test_azure_s_requests_are_signed_as_another_program_signs_them(
    method: str, path: str, query: str, headers: Mapping[str, str], wanted: str
) -> None:
    """What obstore 0.12.1 sent."""
    given = {"date": "Sun, 22 Nov 2026 22:26:16 GMT", "x-ms-version": "2023-11-03", **headers}
    made = signature(
        _blobs.ACCOUNT,
        Protected(_blobs.KEY),
        method,
        path=f"/{_blobs.ACCOUNT}/box{path}",
        query=query,
        headers=given,
        length=5 if method == "PUT" else 0,
    )
    assert made == f"SharedKey {_blobs.ACCOUNT}:{wanted}"


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("s3", {"url": "s3://"}),
        ("s3", {"url": "s3://bucket", "key_id": "AKID"}),
        ("s3", {"url": "s3://bucket", "endpoint": "minio.example"}),
        ("gcs", {"url": "gs://a..b"}),
        ("azure", {"url": "az://account"}),
        ("azure", {"url": "az://Account!/box"}),
    ],
)
def test_settings_that_do_not_do_are_refused(kind: str, given: dict[str, str]) -> None:
    with pytest.raises(UnusableInput) as refused:
        source_of(kind, given, folder=Path(), where="here")
    assert refused.value.hint
