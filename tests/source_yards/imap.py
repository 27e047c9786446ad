"""A mailbox at a Dovecot. What is put is a mail that holds the content; folders of paths are folders."""

import itertools
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from mailboxes import PASSWORD, _dovecot
from servers import _present
from source_yards import AWKWARD, WRONG, Yard

_numbers = itertools.count()


class Here(Yard):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    kind: ClassVar[str] = "imap"
    awkward: ClassVar[tuple[str, ...]] = tuple(name for name in AWKWARD if name.isprintable())
    limits: ClassVar[Mapping[str, float]] = MappingProxyType({"trapstreet.plugins._imap.SECONDS": 0.5})

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.server = _present(_dovecot)
        self.user = f"yard-{next(_numbers)}"
        self.url = f"imaps://{self.user}@localhost:{self.server.imaps}"
        self.options = {
            "password_file": self.secret("password", PASSWORD),
            "ca": str(self.server.ca),
        }
        context = ssl.create_default_context(cafile=str(self.server.ca))
        self.imap = IMAPClient("localhost", self.server.imaps, ssl_context=context, timeout=20)
        self.imap.plain_login(self.user, PASSWORD)
        self.uids: dict[str, int] = {}
        self.gone: dict[str, int] = {}

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        folders = defaultdict[str, dict[str, bytes]](dict)
        for path, content in contents.items():
            if path in self.uids:
                self.remove(path)
            folders[_folder(path)][path] = self.reads(path, content)
        for folder, mails in folders.items():
            with suppress(IMAPClientError):  # it is there already
                self.imap.create_folder(folder)
            first = self.imap.folder_status(folder, ["UIDNEXT"])[b"UIDNEXT"]
            self.imap.multiappend(folder, [*mails.values()])
            self.uids |= dict(zip(mails, itertools.count(first), strict=False))

    def remove(self, path: str) -> None:
        self.imap.select_folder(_folder(path))
        self.gone[path] = self.uids.pop(path)
        self.imap.delete_messages([self.gone[path]], silent=True)
        self.imap.expunge()

    def name(self, path: str) -> str:
        return f"imaps://localhost:{self.server.imaps}/{_folder(path)}/;UID={self._uid(path)}"

    def reads(self, path: str, content: bytes) -> bytes:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = "somebody@example.net"
        mail.set_content(content, maintype="application", subtype="octet-stream")
        return mail.as_bytes()

    def put_there(self, read: bytes) -> bytes:
        content: bytes = message_from_bytes(read, policy=policy.default).get_content()
        return content

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"password_file": self.secret("wrong", WRONG)}

    def close(self) -> None:
        self.imap.logout()

    def _uid(self, path: str) -> int:
        """That of a mail that was put here, or else of one whose subject is the path."""
        if path in self.uids or path in self.gone:
            return self.uids.get(path) or self.gone[path]
        self.imap.select_folder(_folder(path), readonly=True)
        (uid,) = self.imap.search(["SUBJECT", path])
        return int(uid)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "INBOX"
