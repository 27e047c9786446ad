"""Encrypted OpenDocument files, opened by a password.

Each part is deflated, then encrypted by itself: AES-256 in CBC, its key by PBKDF2 with HMAC-SHA1.
Source: OpenDocument 1.3, part 2 (packages), 3.4 and 4.8.
"""

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO
from zipfile import ZipFile

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats import _zipped as zipped
from trapstreet.plugins.formats._deflate import RAW, inflate
from trapstreet.plugins.formats._locked import locked
from trapstreet.plugins.formats._stream import CHUNK, Budget, Damaged, Stream

_BLOCKS = 16  # of a manifest, 256 KiB each
_MOST_ROUNDS = 1_000_000  # LibreOffice writes 100,000
_TAG = re.compile(rb"<(/?)(?:[\w.-]+:)?([\w-]+)((?:\s[^<>]*)?)>")
_ATTRIBUTE = re.compile(rb"(?:[\w.-]+:)?([\w-]+)=\"([^\"<>]*)\"")
_AES = b"#aes256-cbc"
_DIGESTS = {b"#sha256": "sha256", b"SHA1": "sha1", b"#sha1": "sha1", b"": "sha1"}
_UNKNOWN = "encrypted in a way that is not known here"


@dataclass(frozen=True, slots=True)
class _Lock:
    """How a part is encrypted; size of its plain bytes."""

    size: int
    start: str
    salt: bytes
    rounds: int
    vector: bytes


def parts(archive: ZipFile, data: Stream, path: str, *, manifest: str) -> Iterator[Member | Unread]:
    """The document as it is without encryption, as a member in its own place, if a password opens it."""
    passwords = [each.reveal() for each in data.budget.passwords]
    locks = _locks(archive, manifest)
    named = {name: lock for name, lock in locks.items() if name in archive.NameToInfo}
    if not named or None in named.values():
        yield Unread(path, _UNKNOWN)
        return
    document = _Document(archive, {name: lock for name, lock in named.items() if lock}, data.budget)
    password = next(filter(document.opens, passwords), None)
    if password is None:
        yield Unread(path, locked(len(passwords)))
        return
    with tempfile.TemporaryFile(prefix="trapstreet-") as spool:
        unread = document.write(spool, password, {manifest: b"<manifest/>"})
        yield from (Unread(f"{path}!/{name}", why) for name, why in unread)
        spool.seek(0)
        yield Member(path, Stream(iter(lambda: spool.read(CHUNK), b""), data.budget))


def _locks(archive: ZipFile, manifest: str) -> dict[str, _Lock | None]:
    """By a part's name how it is encrypted, None if that is not known."""
    text = b"".join(islice(zipped.unpacked(archive, archive.getinfo(manifest)), _BLOCKS))
    locks: dict[str, _Lock | None] = {}
    entry: dict[bytes, bytes] = {}
    for ended, name, attributes in _TAG.findall(text):
        if name == b"file-entry" and not ended:
            entry = {}
        entry |= dict(_ATTRIBUTE.findall(attributes))
        if name == b"encryption-data" and ended:
            locks[entry.get(b"full-path", b"").decode("utf-8", "replace")] = _lock(entry)
    return locks


def _lock(entry: dict[bytes, bytes]) -> _Lock | None:
    digest = entry.get(b"start-key-generation-name", b"")
    start = next((name for end, name in _DIGESTS.items() if digest.endswith(end)), None)
    try:
        lock = _Lock(
            size=int(entry.get(b"size", b"")),
            start=start or "",
            salt=base64.b64decode(entry.get(b"salt", b"")),
            rounds=int(entry.get(b"iteration-count", b"")),
            vector=base64.b64decode(entry.get(b"initialisation-vector", b"")),
        )
    except (ValueError, binascii.Error):
        return None
    fits = entry.get(b"algorithm-name", b"").endswith(_AES) and len(lock.vector) == 16
    return lock if fits and start and 0 < lock.rounds <= _MOST_ROUNDS else None


@dataclass(frozen=True, slots=True)
class _Document:
    """A document, and how its parts are encrypted."""

    archive: ZipFile
    locks: dict[str, _Lock]
    budget: Budget

    def opens(self, password: str) -> bool:
        """Whether the smallest part is what it should be: of wrong passwords one in millions opens that."""
        name = min(self.locks, key=lambda each: self.locks[each].size)
        try:
            size = sum(map(len, self._part(name, password)))
        except Damaged:
            return False
        return size == self.locks[name].size

    def write(self, spool: IO[bytes], password: str, others: dict[str, bytes]) -> list[tuple[str, str]]:
        """Writes an archive of the plain parts; which of them are damaged, and why.

        others  what is written for some parts
        """
        unread = []
        with ZipFile(spool, "w") as plain:
            for name in self.archive.NameToInfo:
                if name.endswith("/"):
                    continue
                content = iter([others[name]]) if name in others else self._part(name, password)
                with plain.open(name, "w", force_zip64=True) as part:
                    try:
                        for block in content:
                            if spool.tell() + len(block) > self.budget.limits.spool:
                                raise Damaged("needs a temporary file that is too large")
                            part.write(block)
                    except Damaged as error:
                        unread.append((name, str(error)))
        return unread

    def _part(self, name: str, password: str) -> Iterator[bytes]:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        content = zipped.unpacked(self.archive, self.archive.getinfo(name))
        if lock := self.locks.get(name):
            start = hashlib.new(lock.start, password.encode(), usedforsecurity=False).digest()
            key = hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.rounds, 32)
            decipher = Cipher(algorithms.AES256(key), modes.CBC(lock.vector)).decryptor()
            content = inflate(Stream(map(decipher.update, content), self.budget), header=RAW)
        return self.budget.unpack(content)
