"""What libarchive reads, entry by entry. Only for disposable children."""

import ctypes
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.formats._locked import UNTRIED

if TYPE_CHECKING:
    from types import ModuleType


_LIBRARY = "libarchive.so.13"
_REGULAR = 0o100000
_READ = 1 << 18


class Broken(Exception):
    """The archive, or an entry of it, cannot be read any further; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive, until the next one is asked for."""

    name: str
    encrypted: bool
    _broken: str = field(repr=False)
    _archive: Any = field(repr=False)
    _ffi: "ModuleType" = field(repr=False)

    def blocks(self) -> Iterator[bytes]:
        """What is stored of it: of a sparse file the gaps are left out. Raises Broken."""
        if self._broken:
            raise Broken(self._broken)
        address, size, offset = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_longlong()
        while True:
            try:
                end = self._ffi.read_data_block(self._archive, address, size, offset)
            except self._ffi.ArchiveError as error:
                raise Broken(_why(error)) from error
            if end == self._ffi.ARCHIVE_EOF:
                return
            if size.value:
                yield ctypes.string_at(address.value or 0, size.value)


def spellings(passwords: Iterable[str]) -> list[bytes]:
    """The passwords as programs of several times have written them."""
    written = {
        password.encode(charset, "replace"): None
        for password in passwords
        for charset in ("utf-8", "cp1252", "cp850")
    }
    return list(written)


def entries(
    archived: BinaryIO | Generator[bytes], formats: str, filters: str = "none", *, password: bytes = b""
) -> Iterator[Entry]:
    """The files in the archive; links, devices and directories are passed over.

    archived          a file, or the archive's bytes in blocks
    formats, filters  names as libarchive has them, blanks between
    Raises Broken where there is no way to the next one, UnusableInput where the library is missing.
    """
    ffi = _library()
    archive = ffi.read_new()
    try:
        for name in formats.split():
            ffi.get_read_format_function(name)(archive)
        for name in filters.split():
            ffi.get_read_filter_function(name)(archive)
        if password:
            ffi.read_add_passphrase(archive, password)
        if isinstance(archived, Generator):
            read = _reader(ffi, archived)  # the library calls it as long as the archive is open
            ffi.read_open(archive, None, ffi.NO_OPEN_CB, read, ffi.NO_CLOSE_CB)
        else:
            os.lseek(archived.fileno(), 0, os.SEEK_SET)
            ffi.read_open_fd(archive, archived.fileno(), _READ)
        entry = ffi.entry_new()
        try:
            while (broken := _next(ffi, archive, entry)) is not None:
                if broken or ffi.entry_filetype(entry) in (0, _REGULAR):
                    name = (ffi.entry_pathname(entry) or b"").decode("utf-8", "backslashreplace")
                    yield Entry(name, bool(ffi.entry_is_encrypted(entry)), broken, archive, ffi)
        finally:
            ffi.entry_free(entry)
    except ffi.ArchiveError as error:
        raise Broken(_why(error)) from error
    finally:
        ffi.read_free(archive)


def _reader(ffi: "ModuleType", blocks: Iterator[bytes]) -> Callable[..., int]:
    """What gives the library the next block."""
    held = b""  # until it asks for another

    def read(_archive: int, _context: int, place: Any) -> int:
        nonlocal held
        held = next(filter(None, blocks), b"")
        place[0] = ctypes.cast(ctypes.c_char_p(held), ctypes.c_void_p)
        return len(held)

    return cast("Callable[..., int]", ffi.READ_CALLBACK(read))


def _next(ffi: "ModuleType", archive: Any, entry: Any) -> str | None:
    """Goes to the next entry: "", or why it cannot be read; None at the end. Raises the library's error where
    there is no way on."""
    try:
        return None if ffi.read_next_header2(archive, entry) == ffi.ARCHIVE_EOF else ""
    except ffi.ArchiveError as error:
        if error.retcode != ffi.ARCHIVE_FAILED:
            raise
        return _why(error)


def _library() -> "ModuleType":
    """The library's functions, and its error; names of entries come out of it in UTF-8."""
    import importlib
    import locale

    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    os.environ.setdefault("LIBARCHIVE", _LIBRARY)  # else it is looked for by running other programs
    try:
        ffi = importlib.import_module("libarchive.ffi")
        ffi.ffi("entry_is_encrypted", [ctypes.c_void_p], ctypes.c_int)
    except (OSError, AttributeError) as error:
        raise UnusableInput("libarchive is missing: install libarchive13", hint="") from error
    return ffi


def _why(error: Exception) -> str:
    """In our words: the library's may quote the archive."""
    said = str(error).lower()
    if "crypt" in said or "passphrase" in said:
        return UNTRIED
    if any(word in said for word in ("unsupported", "not support", "unavailable", "unknown")):
        return "packed in a way that libarchive cannot unpack"
    return "the archive is damaged or ends in the middle"
