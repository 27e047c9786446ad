"""Servers that answer as the documented interfaces of Google Cloud Storage (JSON) and Azure Blob Storage do.

Written from the public references; Azure's stands beside Azurite (azure_azurite.py), and knows what that does
not. What lies in them is kept in memory. A bucket that is called public-… may be read by anybody.
"""

import base64
import binascii
import itertools
import json
import threading
from collections.abc import Mapping
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from trapstreet.core.model.protected import Protected
from trapstreet.plugins.sources._azure_signing import signature

ACCOUNT, KEY = "yardaccount", base64.b64encode(b"the key of this yard, 32 bytes!!").decode()
SAS = "sv=2021-12-02&sig=s3cr3t%2Fsig%3D"
TOKEN = "ya29.a-token-of-this-yard"
_states = itertools.count(1000)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    places: dict[str, dict[str, tuple[int, bytes]]]
    page = 1000

    def do_GET(self) -> None:
        self.answer("GET")

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_PUT(self) -> None:
        self.answer("PUT")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_DELETE(self) -> None:
        self.answer("DELETE")

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, method: str) -> None:
        raise NotImplementedError

    def given(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    def send(self, content: bytes, ranged: str, **headers: str) -> None:
        if not ranged:
            return self.say(200, content, **headers)
        start, _, end = ranged.removeprefix("bytes=").partition("-")
        if int(start) >= len(content):
            return self.say(416)
        until = min(int(end) + 1, len(content)) if end else len(content)
        span = f"bytes {start}-{until - 1}/{len(content)}"
        return self.say(206, content[int(start) : until], Content_Range=span, **headers)


class Google(_Handler):
    """key: of the only service account, whose name is in PEM `private`."""

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        given = self.given()
        if parts.path == "/token":
            return self._token(given)
        *_, bucket, name = ["", *parts.path.partition("/b/")[2].partition("/o")[::2]]
        name = unquote(name.removeprefix("/"))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            known = "Authorization" not in self.headers
            if not (known and bucket.startswith("public-") and method == "GET"):
                reason = "forbidden" if known else "authError"
                body = json.dumps({"error": {"errors": [{"reason": reason}]}}).encode()
                return self.say(403 if known else 401, body)
        place = self.places.get(bucket)
        if place is None:
            return self.say(404)
        if parts.path.startswith("/upload/"):
            if asked.get("ifGenerationMatch") == "0" and asked["name"] in place:
                return self.say(412)
            place[asked["name"]] = (next(_states), given)
            return self.say(200, b"{}")
        if not name:
            return self._list(place, asked)
        if name not in place:
            return self.say(404)
        state, content = place[name]
        if method == "DELETE":
            del place[name]
            return self.say(204)
        if asked.get("alt") != "media":
            return self.say(200, b"{}")
        if asked.get("ifGenerationMatch", str(state)) != str(state):
            return self.say(412)
        return self.send(content, self.headers.get("Range", ""))

    def _list(self, place: Mapping[str, tuple[int, bytes]], asked: Mapping[str, str]) -> None:
        begin = unquote(asked["pageToken"]) if "pageToken" in asked else asked.get("startOffset", "")
        every = sorted(each for each in list(place) if each >= begin)
        names = [each for each in every if each.startswith(asked.get("prefix", ""))]
        size = min(self.page, int(asked.get("maxResults", 1000)))
        items = [
            {
                "name": each,
                "generation": str(place[each][0]),
                "size": str(len(place[each][1])),
                "updated": "2026-11-22T10:00:00.123Z",
            }
            for each in names[:size]
        ]
        answer: dict[str, object] = {"items": items} if items else {}
        if len(names) > size:
            answer["nextPageToken"] = quote(names[size])
        self.say(200, json.dumps(answer).encode())

    def _token(self, given: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(given.decode()).items()}
        said, _, signed = form["assertion"].rpartition(".")
        try:
            raw = base64.urlsafe_b64decode(signed + "==")
            self.key.public_key().verify(raw, said.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error):
            return self.say(400, b'{"error": "invalid_grant"}')
        return self.say(200, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode())


def account(port: int, key: rsa.RSAPrivateKey | None = None) -> str:
    """A service account's key as Google hands it out."""
    pem = (key or Google.key).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "watch@yard.example",
            "private_key": pem.decode(),
            "token_uri": f"http://127.0.0.1:{port}/token",
        }
    )


class Azure(_Handler):
    def answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        given = self.given()
        _, _, container, *rest = parts.path.split("/", 3)
        name = called(unquote(rest[0])) if rest else ""
        why = self._refused(method, parts.path, parts.query, container, len(given))
        if why:
            return self.say(403, b"", x_ms_error_code=why)
        place = self.places.get(container)
        if place is None:
            return self.say(404, b"", x_ms_error_code="ContainerNotFound")
        if not name:
            return self._list(place, asked)
        state = place.get(name)
        if method == "PUT":
            if state and self.headers.get("If-None-Match") == "*":
                return self.say(409, b"", x_ms_error_code="BlobAlreadyExists")
            place[name] = (next(_states), given)
            return self.say(201)
        if state is None:
            return self.say(404, b"", x_ms_error_code="BlobNotFound")
        if method == "DELETE":
            del place[name]
            return self.say(202)
        tag = f'"0x{state[0]:X}"'
        if self.headers.get("If-Match", tag) != tag:
            return self.say(412, b"", x_ms_error_code="ConditionNotMet")
        return self.send(state[1], self.headers.get("x-ms-range") or self.headers.get("Range", ""), ETag=tag)

    def _refused(self, method: str, path: str, query: str, container: str, length: int) -> str:
        given = self.headers.get("Authorization", "")
        if not given:
            public = container.startswith("public-") and method == "GET"
            return "" if public or query.endswith(SAS) else "NoAuthenticationInformation"
        wanted = signature(
            ACCOUNT, Protected(KEY), method, path=path, query=query, headers=dict(self.headers), length=length
        )
        return "" if given == wanted else "AuthenticationFailed"

    def _list(self, place: Mapping[str, tuple[int, bytes]], asked: Mapping[str, str]) -> None:
        marker = asked.get("marker", "")
        if marker and not marker.startswith("2!"):
            return self.say(400, b"", x_ms_error_code="InvalidQueryParameterValue")
        begin = unquote(marker.removeprefix("2!"))
        names = [each for each in sorted(place) if each >= begin and each.startswith(asked.get("prefix", ""))]
        size = min(self.page, int(asked.get("maxresults", 5000)))
        blobs = "".join(self._blob(each, *place[each]) for each in names[:size])
        more = f"2!{quote(names[size])}" if len(names) > size else ""
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{blobs}</Blobs>'
            f"<NextMarker>{escape(more)}</NextMarker></EnumerationResults>"
        )
        return self.say(200, text.encode())

    @staticmethod
    def _blob(name: str, state: int, content: bytes) -> str:
        plain = name.isprintable()
        called = f"<Name>{escape(name)}</Name>" if plain else f'<Name Encoded="true">{quote(name)}</Name>'
        return (
            f"<Blob>{called}<Properties><Last-Modified>{formatdate(0, usegmt=True)}</Last-Modified>"
            f"<Etag>0x{state:X}</Etag><Content-Length>{len(content)}</Content-Length>"
            "<Content-Type>text/plain</Content-Type></Properties></Blob>"
        )


def called(name: str) -> str:
    """What Azure makes of the name of a blob."""
    return name.replace("\\", "/")


@cache
def server(kind: type[_Handler]) -> tuple[dict[str, dict[str, tuple[int, bytes]]], int]:
    """What lies in the server of a kind, and its port."""
    places: dict[str, dict[str, tuple[int, bytes]]] = {}
    handler = type(kind.__name__, (kind,), {"places": places})
    serving = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    return places, serving.server_address[1]


def put(place: dict[str, tuple[int, bytes]], path: str, content: bytes) -> None:
    place[path] = (next(_states), content)
