"""A server that speaks as S3 does (moto), run as a process of its own: python _moto.py PORT.

Before it stands what moto leaves out: whoever signs has to have signed rightly (botocore checks it), and who
does not sign reads only buckets that are called public-…. A request with the header X-Yard is let through.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

KEY, SECRET = "AKIDYARD", "s3cr3t/of+the=yard"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def guarded(inner: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/many":
            _put_many(environ)
            start("200 OK", [("Content-Length", "0")])
            return []
        code = _refused(environ)
        if not code:
            scope = "20260101/us-east-1/s3/aws4_request"
            environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, Signature=0"
            return inner(environ, start)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = f"<Error><Code>{code}</Code></Error>".encode()
        start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _put_many(environ: dict[str, Any]) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    bucket, contents = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    for name, content in contents.items():
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, name, base64.b64decode(content))


def _refused(environ: dict[str, Any]) -> str:
    given = environ.get("HTTP_AUTHORIZATION", "")
    if "HTTP_X_YARD" in environ:
        return ""
    if not given:
        public = environ["REQUEST_URI"].startswith("/public-") and environ["REQUEST_METHOD"] == "GET"
        return "" if public else "AccessDenied"
    fields = dict(each.strip().split("=", 1) for each in given.partition(" ")[2].split(","))
    name, *scope = fields["Credential"].split("/")
    if name != KEY:
        return "InvalidAccessKeyId"
    return "" if fields["Signature"] == _signature(environ, fields, scope) else "SignatureDoesNotMatch"


def _signature(environ: dict[str, Any], fields: dict[str, str], scope: list[str]) -> str:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {
        name: environ[f"HTTP_{name.upper().replace('-', '_')}"] for name in fields["SignedHeaders"].split(";")
    }
    url = f"http://{environ['HTTP_HOST']}{environ['REQUEST_URI']}"
    request = AWSRequest(method=environ["REQUEST_METHOD"], url=url, headers=headers)
    request.params = None
    request.context["timestamp"] = headers["x-amz-date"]
    signing = S3SigV4Auth(Credentials(KEY, SECRET), scope[2], scope[1])
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            urlsplit(url).path,
            signing.canonical_query_string(request),
            signing.canonical_headers(signing.headers_to_sign(request)) + "\n",
            fields["SignedHeaders"],
            headers["x-amz-content-sha256"],
        ]
    )
    return str(signing.signature(signing.string_to_sign(request, canonical), request))


if __name__ == "__main__":
    import logging

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, run_simple

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    app = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(sys.argv[1]), guarded(app), threaded=True)
