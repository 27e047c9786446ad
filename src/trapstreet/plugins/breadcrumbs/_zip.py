"""Some members of a ZIP file replaced or added; everything else stays the same bytes.

A new member looks as the file's own writer would have made it: order, date, flags, versions, data
descriptors, compression. `zipfile` reads the directory, but would write it in its own manner.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from trapstreet.core.model.errors import UnusableInput

_MOST, _MOST_TOGETHER = 32 << 20, 256 << 20  # bytes of a member that is read, and of all of them
_MEMBERS = 10_000
_LOCAL, _CENTRAL = 30, 46
_ENCRYPTED, _DESCRIBED = 0x1, 0x8
_LEVELS = {0: 6, 2: 9, 4: 2, 6: 1}  # what bits 1 and 2 of the flags say of deflate
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class _Member:
    """A member as it stands in the file: its local part, content included, and its entry in the directory."""

    local: bytes
    central: bytes


class Archive:
    """A ZIP file in memory. Raises UnusableInput for one that is damaged, encrypted, or made to do harm."""

    def __init__(self, data: bytes, *, label: str) -> None:
        self._label = label
        self._read: dict[str, bytes] = {}
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
            if len(infos) > _MEMBERS or len({info.filename for info in infos}) < len(infos):
                raise ValueError("too many members, or two of one name")
            self._members = _raw(data, self._zip)
        except _BROKEN as error:
            raise UnusableInput(f"{label} is damaged, or no file of its kind", hint="save it anew") from error
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            raise UnusableInput(f"{label} is encrypted", hint="save it without a password")
        self._front = data[: min(info.header_offset for info in infos)] if infos else b""
        self._tail = data[data.rindex(b"PK\5\6") :]

    @property
    def names(self) -> list[str]:
        return list(self._members)

    def read(self, name: str) -> bytes:
        """A member's content, which has at most 32 MB, whatever the directory says."""
        if name in self._read:
            return self._read[name]
        try:
            with self._zip.open(name) as member:
                content = member.read(_MOST + 1)
        except _BROKEN as error:
            raise UnusableInput(f"{self._label} is damaged", hint="save it anew") from error
        self._read[name] = content
        if len(content) > _MOST or sum(map(len, self._read.values())) > _MOST_TOGETHER:
            raise UnusableInput(f"{self._label} unpacks to too much", hint="take a smaller template")
        return content

    def rewritten(self, changed: Mapping[str, bytes], *, like: str) -> bytes:
        """The file with these contents; members that it does not have follow the one named `like`."""
        members = dict(self._members)
        for name in changed.keys() & members.keys():
            members[name] = self._made(name, changed[name], model=name)
        added = {
            name: self._made(name, data, model=like) for name, data in changed.items() if name not in members
        }
        order = [new for name in members for new in (name, *(added if name == like else ()))]
        out, directory = bytearray(self._front), bytearray()
        for name in order:
            member = {**members, **added}[name]
            directory += member.central[:42] + struct.pack("<L", len(out)) + member.central[_CENTRAL:]
            out += member.local
        end = struct.pack("<HHLL", len(order), len(order), len(directory), len(out))
        return bytes(out + directory + self._tail[:8] + end + self._tail[20:])

    def _made(self, name: str, content: bytes, *, model: str) -> _Member:
        """The content as a member that is written like another one."""
        local, central = self._members[model].local, self._members[model].central
        flags, method = struct.unpack_from("<HH", central, 8)
        packed = _packed(content, method, self._level(model, flags)) if method else content
        numbers = struct.pack("<LLL", zlib.crc32(content), len(packed), len(content))
        name_bytes = name.encode()
        old, extra = struct.unpack_from("<HH", local, 26)
        head = local[:14] + (bytes(12) if flags & _DESCRIBED and not any(local[14:26]) else numbers)
        made = head + struct.pack("<HH", len(name_bytes), extra) + name_bytes
        made += local[_LOCAL + old : _LOCAL + old + extra] + packed
        if flags & _DESCRIBED:
            made += (b"PK\7\x08" if local[-16:-12] == b"PK\7\x08" else b"") + numbers
        (old,) = struct.unpack_from("<H", central, 28)
        entry = central[:16] + numbers + struct.pack("<H", len(name_bytes)) + central[30:_CENTRAL]
        return _Member(made, entry + name_bytes + central[_CENTRAL + old :])

    def _level(self, name: str, flags: int) -> int:
        """The level of zlib at which the member was compressed, else the one that its flags speak of."""
        info = self._zip.getinfo(name)
        content = self.read(name)
        for level in (6, 9, 1, 5, 4, 8, 7, 3, 2):
            packed = _packed(content, info.compress_type, level)
            if len(packed) == info.compress_size and packed in self._members[name].local:
                return level
        return _LEVELS[flags & 6]


def _packed(content: bytes, method: int, level: int) -> bytes:
    if method != zipfile.ZIP_DEFLATED:
        raise UnusableInput("the template is compressed in an unusual way", hint="save it anew")
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15)
    return squeeze.compress(content) + squeeze.flush()


def _raw(data: bytes, archive: zipfile.ZipFile) -> dict[str, _Member]:
    """The members by name, in the order in which they lie in the file."""
    infos = {info.header_offset: info for info in archive.infolist()}
    starts = sorted(infos)
    entries: dict[int, bytes] = {}
    at = archive.start_dir
    for info in archive.infolist():
        size = _CENTRAL + sum(struct.unpack_from("<HHH", data, at + 28))
        (offset,) = struct.unpack_from("<L", data, at + 42)
        if data[at : at + 4] != b"PK\1\2" or offset != info.header_offset or offset in entries:
            raise ValueError("the directory is not where it says")
        entries[offset] = data[at : at + size]
        at += size
    if data[at : at + 4] != b"PK\5\6" or not starts:
        raise ValueError("something follows the directory")
    members = {}
    for start, end in zip(starts, [*starts[1:], archive.start_dir], strict=True):
        info = infos[start]
        if data[start : start + 4] != b"PK\3\4" or start + _LOCAL + info.compress_size > end:
            raise ValueError("two members overlap")
        members[info.orig_filename] = _Member(data[start:end], entries[start])
    return members
