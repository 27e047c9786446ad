"""A server that answers as Microsoft Graph v1.0 and the login server beside it are documented to."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from source_yards import PASSWORD
from source_yards._answers import Answering, Server

PAGE = 200
TENANT = "acme.onmicrosoft.com"


@dataclass
class Drive:
    """A library. items: what is there by id, and what was, in the order of the last change.

    oldest       changes before it are forgotten;  denied: it may not be read
    permissions  by an item's id, where they are its own
    """

    id: str
    web_url: str
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    changes: int = 0
    oldest: int = 0
    denied: bool = False

    def put(self, path: str, content: bytes, **facets: Any) -> str:
        """The id of the file there; folders come into being with it."""
        names = path.split("/")
        above = self._folder("")
        for depth in range(1, len(names)):
            above = self._folder("/".join(names[:depth]), above)
        made = self.ids.setdefault(path, f"01FILE{len(self.ids)}")
        self.contents[made] = content
        tag = hashlib.sha256(content).hexdigest()[:20]
        self._write(
            made,
            name=names[-1],
            size=len(content),
            webUrl=f"{self.web_url}/{quote(path)}",
            eTag=f'"{{{made}}},{tag}"',
            lastModifiedDateTime="2026-11-20T10:00:00Z",
            parentReference={"driveId": self.id, "id": above},
            file={"mimeType": "text/plain"},
            **facets,
        )
        return made

    def remove(self, path: str) -> None:
        gone = self.ids.pop(path)
        del self.contents[gone]
        self._write(gone, deleted={"state": "deleted"})

    def _folder(self, path: str, above: str = "") -> str:
        made = f"01FOLDER{path}"
        if made not in self.items:
            more = {"parentReference": {"driveId": self.id, "id": above}} if path else {"root": {}}
            self._write(made, name=path.rpartition("/")[2] or "root", folder={"childCount": 1}, **more)
        return made

    def _write(self, item: str, **said: Any) -> None:
        self.items.pop(item, None)
        self.changes += 1
        self.items[item] = {"id": item, "at": self.changes, **said}


class Cloud:
    """What lies there.

    sites   by their address;  below: of a site;  users: libraries of people
    asked   what was asked for;  busy: answers of 429 that come first
    token   the only one that holds
    lies    what is changed in each answer of a listing, and of an item
    """

    def __init__(self) -> None:
        self.sites: dict[str, list[Drive]] = {}
        self.users: dict[str, list[Drive]] = {}
        self.asked: list[str] = []
        self.certificates: list[Certificate] = []
        self.busy = 0
        self.lies: dict[str, Any] = {}
        self.token = "gr4nted"

    def drive(self, name: str) -> Drive | None:
        every = [*self.sites.values(), *self.users.values()]
        return next((each for some in every for each in some if each.id == name), None)


@cache
def server() -> tuple[Cloud, int]:
    cloud = Cloud()
    return cloud, Server(_Handler, cloud=cloud).port


class _Handler(Answering):
    cloud: Cloud

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if self.path != f"/{TENANT}/oauth2/v2.0/token" or form["grant_type"] != "client_credentials":
            return self.say(400, {"error": "invalid_request"})
        right = form.get("client_secret") == PASSWORD or self._proves(form.get("client_assertion", ""))
        if not right or form["client_id"] != "watcher" or not form["scope"].endswith("/.default"):
            return self.say(
                401, {"error": "invalid_client", "error_description": form.get("client_secret", "")}
            )
        self.cloud.token += "+"
        told = {"token_type": "Bearer", "expires_in": 3599, "access_token": self.cloud.token}
        return self.say(200, told)

    def _proves(self, assertion: str) -> bool:
        if assertion.count(".") != 2:
            return False
        said, _, signature = assertion.rpartition(".")
        head, claims = (json.loads(_unpacked(each)) for each in said.split("."))
        here = f"http://{self.headers['Host']}{self.path}"
        if (claims["aud"], claims["iss"], claims["sub"]) != (here, "watcher", "watcher"):
            return False
        for each in self.cloud.certificates:
            if _unpacked(head["x5t#S256"]) == each.fingerprint(SHA256()):
                key: Any = each.public_key()
                way = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
                try:
                    key.verify(_unpacked(signature), said.encode(), way, SHA256())
                except InvalidSignature:
                    return False
                return True
        return False

    def do_GET(self) -> None:
        self.cloud.asked.append(self.path)
        parts = urlsplit(self.path)
        asked = self.query
        match [unquote(each) for each in parts.path.strip("/").split("/")]:
            case ["download", name, item]:
                drive = self.cloud.drive(name)
                content = drive.contents.get(item) if drive else None
                wrong = content is None or self.headers.get("Authorization") or asked["tempauth"] != "now"
                return self.say(404, {}) if wrong else self.send_part(content or b"")
            case ["v1.0", *place]:
                if self.headers.get("Authorization") != f"Bearer {self.cloud.token}":
                    return self.say(401, {"error": {"code": "InvalidAuthenticationToken"}})
                if self.cloud.busy:
                    self.cloud.busy -= 1
                    return self.say(429, {}, {"Retry-After": "120"})
                return self._graph(place, asked)
        return self.say(404, {})

    def _graph(self, place: list[str], asked: Mapping[str, str]) -> None:
        match place:
            case ["sites", "getAllSites"]:
                return self._list([_site(each) for each in self.cloud.sites], asked)
            case ["sites", start, *path] if start.endswith(":"):
                url = f"https://{start[:-1]}/{'/'.join(path)}"
                return self.say(200, _site(url)) if url in self.cloud.sites else self.say(404, {})
            case ["sites", name, "drives"]:
                return self._list([_drive(each) for each in self.cloud.sites[_url(name)]], asked)
            case ["sites", name, "sites"]:
                below = [each for each in self.cloud.sites if each.rpartition("/")[0] == _url(name)]
                return self._list([_site(each) for each in below], asked)
            case ["users", name, "drives"] if name in self.cloud.users:
                return self._list([_drive(each) for each in self.cloud.users[name]], asked)
            case ["drives", name, *rest]:
                drive = self.cloud.drive(name)
                if drive is None or drive.denied:
                    return self.say(403 if drive else 404, {"error": {"code": "accessDenied"}})
                return self._drive(drive, rest, asked)
        return self.say(404, {})

    def _drive(self, drive: Drive, place: list[str], asked: Mapping[str, str]) -> None:
        match place:
            case ["root", "delta"]:
                return self._delta(drive, asked)
            case ["items", item] if item in drive.contents:
                url = f"http://{self.headers['Host']}/download/{drive.id}/{item}?tempauth=now"
                tag = {"cTag": f'"c:{item}"'}
                return self.say(
                    200,
                    {**_told(drive.items[item]), **tag, "@microsoft.graph.downloadUrl": url}
                    | self.cloud.lies,
                )
            case ["items", item, "permissions"]:
                return self._list(drive.permissions.get(item, []), asked)
        return self.say(404, {})

    def _delta(self, drive: Drive, asked: Mapping[str, str]) -> None:
        """Everything that changed since a token, as it is now: PAGE at once."""
        since = int(asked.get("token", "0"))
        if 0 < since < drive.oldest:
            return self.say(410, {"error": {"code": "resyncRequired"}})
        left = [each for each in drive.items.values() if each["at"] > since]
        page = left[:PAGE]
        at = page[-1]["at"] if page else max(since, drive.changes)
        link = f"http://{self.headers['Host']}/v1.0/drives/{quote(drive.id)}/root/delta?token={at}"
        name = "@odata.nextLink" if len(left) > PAGE else "@odata.deltaLink"
        return self.say(200, {"value": [*map(_told, page)], name: link, **self.cloud.lies})

    def _list(self, every: list[Any], asked: Mapping[str, str]) -> None:
        """A list, two at once: so that there are pages."""
        at = int(asked.get("$skiptoken", "0"))
        more = {}
        if len(every) > at + 2:
            here = f"http://{self.headers['Host']}{urlsplit(self.path).path}"
            more["@odata.nextLink"] = f"{here}?$skiptoken={at + 2}"
        self.say(200, {"value": every[at : at + 2], **more})


def _told(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "at"}


def _site(url: str) -> dict[str, Any]:
    name = base64.urlsafe_b64encode(url.encode()).decode()
    return {"id": f"acme.sharepoint.com,{name}", "webUrl": url, "isPersonalSite": "-my." in url}


def _url(name: str) -> str:
    return base64.urlsafe_b64decode(name.partition(",")[2]).decode()


def _drive(drive: Drive) -> dict[str, Any]:
    return {"id": drive.id, "webUrl": drive.web_url, "driveType": "documentLibrary"}


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
