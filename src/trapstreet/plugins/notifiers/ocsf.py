"""Detection Findings of the Open Cybersecurity Schema Framework (class 2004), for SIEMs and data lakes.

They are posted as a JSON array, or added to a file that a collector follows, a line of JSON each.
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from trapstreet import __version__
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.notice import Notice
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.notifiers._http import Receiver, post, receiver
from trapstreet.plugins.notifiers._words import line

title = "OCSF"
reveals = "Every alert with all its facts goes to the collector at the address, or to whoever reads the file."

SCHEMA = "1.8.0"
_FINDINGS, _CLASS, _CREATE, _UPDATE = 2, 2004, 1, 2
_IP_ADDRESS = 2
"""OCSF's type_id of an observable."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind: either an address or a file.

    url, url_file       the collector's address, or the file that holds it where it gives access
    authorization_file  holds what the header Authorization says, like "Bearer …"
    private, ca         as of a webhook
    file                events are added to it; it is made where there is none, for its owner alone to read
    """

    url: str = ""
    url_file: Path | None = None
    authorization_file: Path | None = None
    private: bool = False
    ca: Path | None = None
    file: Path | None = None


settings = Settings


def notifier(settings: Settings) -> "Posted | Written":
    if settings.file:
        if settings.url or settings.url_file or settings.authorization_file:
            raise UnusableInput(
                "a file and an address", hint="give one of them; another route takes the other"
            )
        return Written(settings.file)
    to = receiver(url=settings.url, url_file=settings.url_file, private=settings.private, ca=settings.ca)
    file = settings.authorization_file
    return Posted(to, secret(file, what="the authorization") if file else None)


class Posted:
    """Posts findings to one collector."""

    def __init__(self, to: Receiver, authorization: Protected[str] | None) -> None:
        self._to, self._authorization = to, authorization

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        headers = {"Content-Type": "application/json"}
        if self._authorization:
            headers["Authorization"] = self._authorization.reveal()
        post(self._to, msgspec.json.encode([finding(notice, key=key) for notice in notices]), headers)


class Written:
    """Adds findings to one file; several processes may add to it, and it may be moved away meanwhile."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        lines = b"".join(msgspec.json.encode(finding(notice, key=key)) + b"\n" for notice in notices)
        try:
            opened = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX)
                self._add(opened, lines)
            finally:
                os.close(opened)
        except PermissionError as error:
            raise AccessDenied(f"{self._file} may not be written", hint="see who owns it") from error
        except OSError as error:
            raise Unreachable(
                f"{self._file} cannot be written: {(error.strerror or '').lower()}",
                hint="see folder and disk",
            ) from error

    def _add(self, opened: int, lines: bytes) -> None:
        """All lines on disk, or none."""
        size = os.fstat(opened).st_size
        try:
            while lines:
                lines = lines[os.write(opened, lines) :]
            os.fsync(opened)
        except OSError:
            with suppress(OSError):
                os.ftruncate(opened, size)
            raise


def finding(notice: Notice, *, key: str) -> dict[str, Any]:
    """An alert as a Detection Finding. Its metadata.uid is the same whenever this message is told."""
    activity = _CREATE if notice.reason == "new" else _UPDATE
    facts = [(line(label), line(text)) for label, text in notice.facts]
    told: dict[str, Any] = {
        "metadata": {
            "version": SCHEMA,
            "uid": f"{key}/{line(notice.id)}",
            "correlation_uid": line(notice.case),
            "product": {"name": "trapstreet", "vendor_name": "trapstreet", "version": __version__},
        },
        "category_uid": _FINDINGS,
        "class_uid": _CLASS,
        "activity_id": activity,
        "type_uid": 100 * _CLASS + activity,
        "severity_id": int(notice.severity),
        "severity": notice.severity.word.capitalize(),
        "status_id": 1,
        "is_alert": True,
        "time": notice.at // 1000,
        "message": line(notice.headline),
        "finding_info": {
            "uid": line(notice.id),
            "title": line(notice.headline),
            "desc": " ".join(line(text) for text in notice.happened),
            "types": [line(notice.kind)],
            "created_time": notice.raised // 1000,
            "first_seen_time": notice.at // 1000,
        },
        "enrichments": [{"name": name, "value": text, "data": text} for name, text in facts],
        "observables": [
            _observable(name, text) for name, text in facts if name == "address" and _is_ip(text)
        ],
        "unmapped": {"reason": line(notice.reason), "lay": line(notice.lay), "stake": line(notice.stake)},
    }
    if notice.steps:
        told["remediation"] = {"desc": "\n".join(line(step) for step in notice.steps)}
    return told


def _observable(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "type_id": _IP_ADDRESS, "type": "IP Address", "value": text}


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
