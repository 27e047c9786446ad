"""Units that are finished, in a file from which the same scan goes on: after kill -9, too.

Behind 8 bytes of magic a record for each: its length (u32, little-endian), then, sealed under a key of the
workspace, the unit's key and the part that it gave. The first record names the scan. A record that was cut
short is taken for none.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from trapstreet.app.scale.units import Unit
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.keys.files import naming
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.watch import Part

_MAGIC = b"TSSCAN\x00\x01"
_AAD = b"trapstreet scan"
_KEY = 32
_FIRST = len(_MAGIC) + 4 + 28 + _KEY
"""Bytes up to the end of the first record."""


class Finished:
    """The file, held by one scan at a time. What finished units gave is kept in memory as well."""

    def __init__(self, path: Path, *, key: bytes, scan: bytes) -> None:
        """Begins the file, or goes on with it.

        key  that its records are sealed under;  scan  Job.identity
        Raises UnusableInput where the file is another scan's or none, Unreachable while another scan has it.
        """
        self._path, self._key, self._scan = path, key, scan
        self._parts: dict[bytes, Part] = {}
        with naming(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "r+b")
        try:
            self._hold()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def part(self, unit: Unit) -> Part | None:
        """What the unit gave when it was finished before; None if it was not, or is not the same any more."""
        key = unit.key()
        return self._parts.get(key) if key else None

    def add(self, unit: Unit, part: Part) -> None:
        """The unit is finished, lastingly. One that cannot be told from another state of it is not noted."""
        if key := unit.key():
            self._write(key + part.encoded())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unreachable(
                f"{self._path}: another scan goes on with it", hint="wait for its end, or name another file"
            ) from None

    def _read(self) -> None:
        begins = self._file.read(len(_MAGIC))
        records = self._records()
        first = next(records, None)
        if first is None:
            if begins != _MAGIC[: len(begins)] or self._file.seek(0, os.SEEK_END) >= _FIRST:
                raise UnusableInput(
                    f"{self._path}: it is no file of a scan of this workspace", hint="name another file"
                )
            self._file.seek(0)
            self._file.truncate()
            self._file.write(_MAGIC)
            self._write(self._scan)
            return
        if first != self._scan:
            raise UnusableInput(
                f"{self._path}: it belongs to another scan: other locations, options or data sets",
                hint="name another file, or delete this one",
            )
        at = self._file.tell()
        for record in records:
            try:
                self._parts[record[:_KEY]] = Part.decoded(record[_KEY:])
            except msgspec.MsgspecError:
                break
            at = self._file.tell()
        self._file.seek(at)
        self._file.truncate()

    def _records(self) -> Iterator[bytes]:
        while len(size := self._file.read(4)) == 4:
            sealed = self._file.read(int.from_bytes(size, "little"))
            try:
                yield open_sealed(self._key, sealed, aad=_AAD)
            except UnusableInput:
                return

    def _write(self, record: bytes) -> None:
        sealed = seal(self._key, record, aad=_AAD)
        with naming(self._path):
            self._file.write(len(sealed).to_bytes(4, "little") + sealed)
            self._file.flush()
            os.fsync(self._file.fileno())
