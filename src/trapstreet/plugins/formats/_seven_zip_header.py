"""The header of a 7z archive: what is packed in which way, and the files' names.

Source: "7zFormat.txt" of 7-Zip. In the child.
"""

from dataclasses import dataclass, field

_END, _PROPERTIES, _MORE, _STREAMS, _FILES, _PACKED, _FOLDERS, _SUB = 0, 2, 3, 4, 5, 6, 7, 8
_SIZE, _CHECKSUM, _FOLDER, _UNPACK_SIZE, _COUNT, _EMPTY, _NAMES, _ATTRIBUTES = 9, 10, 11, 12, 13, 14, 17, 21
_HAS_MODE, _LINK = 0x8000, 0o12


class Malformed(Exception):
    """It is damaged, or describes what no archive needs."""


@dataclass(frozen=True, slots=True)
class Coder:
    """A step of unpacking: its method, how that is set, and how many bytes it gives."""

    method: bytes
    settings: bytes
    size: int


@dataclass(slots=True)
class Folder:
    """What is packed together: files one behind the other.

    coders         from the packed bytes on
    start, packed  where the packed bytes lie behind the archive's first 32, and how many there are
    files          size and CRC-32 of each, None where that is not told
    """

    coders: list[Coder]
    start: int = 0
    packed: int = 0
    checksum: int | None = None
    files: list[tuple[int, int | None]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes that it gives."""
        return self.coders[-1].size if self.coders else 0


class Header:
    """A header's parts, read in their order. Raises Malformed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def contents(self) -> tuple[list[Folder], list[str]]:
        """The folders, and the names of all files that have content; "" of a link."""
        folders, names = list[Folder](), list[str]()
        while (kind := self.byte()) != _END:
            if kind == _PROPERTIES:
                while self.byte() != _END:
                    self._take(self._number())
            elif kind == _MORE:
                self.folders()
            elif kind == _STREAMS:
                folders = self.folders()
            elif kind == _FILES:
                names = self._names()
            else:
                raise Malformed
        return folders, names

    def byte(self) -> int:
        return self._take(1)[0]

    def folders(self) -> list[Folder]:
        places, folders = list[tuple[int, int]](), list[Folder]()
        while (kind := self.byte()) != _END:
            if kind == _PACKED:
                places = self._packed()
            elif kind == _FOLDERS:
                folders = self._folders()
            elif kind == _SUB:
                self._files(folders)
            else:
                raise Malformed
        for folder, place in zip(folders, places, strict=False):
            folder.start, folder.packed = place
        for folder in folders:
            folder.files = folder.files or [(folder.size, folder.checksum)]
        return folders

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise Malformed
        self._at += size
        return taken

    def _number(self) -> int:
        """Its first byte has a one for each byte that follows; what is left of it is the highest byte."""
        first, value = self.byte(), 0
        for at in range(8):
            mask = 0x80 >> at
            if not first & mask:
                return value | (first & mask - 1) << 8 * at
            value |= self.byte() << 8 * at
        return value

    def _count(self) -> int:
        """How many there are of something that takes a bit at least."""
        count = self._number()
        if count > 8 * len(self._data):
            raise Malformed
        return count

    def _bits(self, count: int) -> list[bool]:
        raw = self._take((count + 7) // 8)
        return [bool(raw[at // 8] & 0x80 >> at % 8) for at in range(count)]

    def _checksums(self, count: int) -> list[int | None]:
        told = [True] * count if self.byte() else self._bits(count)
        return [int.from_bytes(self._take(4), "little") if each else None for each in told]

    def _packed(self) -> list[tuple[int, int]]:
        at, sizes = self._number(), [0] * self._count()
        while (kind := self.byte()) != _END:
            if kind == _SIZE:
                sizes = [self._number() for _ in sizes]
            elif kind == _CHECKSUM:
                self._checksums(len(sizes))
            else:
                raise Malformed
        places = []
        for size in sizes:
            places.append((at, size))
            at += size
        return places

    def _folders(self) -> list[Folder]:
        if self.byte() != _FOLDER:
            raise Malformed
        count = self._count()
        if self.byte() or count > len(self._data):
            raise Malformed
        orders, folders = [], []
        for _ in range(count):
            coders, order = self._coders()
            orders.append(order)
            folders.append(Folder(coders))
        if self.byte() != _UNPACK_SIZE:
            raise Malformed
        for folder, order in zip(folders, orders, strict=True):
            sized = [Coder(each.method, each.settings, self._number()) for each in folder.coders]
            folder.coders = [sized[at] for at in order]
        kind = self.byte()
        if kind == _CHECKSUM:
            for folder, checksum in zip(folders, self._checksums(count), strict=True):
                folder.checksum = checksum
            kind = self.byte()
        if kind != _END:
            raise Malformed
        return folders

    def _coders(self) -> tuple[list[Coder], list[int]]:
        """Coders as they are written, and the order in which they unpack."""
        coders = []
        for _ in range(self._count()):
            flags = self.byte()
            method = self._take(flags & 15)
            if flags & 0x10 and (self._number(), self._number()) != (1, 1):
                raise Malformed
            coders.append(Coder(method, self._take(self._number()) if flags & 0x20 else b"", 0))
        comes_from = {self._number(): self._number() for _ in coders[1:]}
        last = set(range(len(coders))) - set(comes_from.values())
        order = [*last][:1]
        while order and order[0] in comes_from and len(order) <= len(coders):
            order.insert(0, comes_from[order[0]])
        if sorted(order) != list(range(len(coders))):
            raise Malformed
        return coders, order

    def _files(self, folders: list[Folder]) -> None:
        counts, kind = [1] * len(folders), self.byte()
        if kind == _COUNT:
            counts, kind = [self._count() for _ in folders], self.byte()
        sizes = []
        for folder, count in zip(folders, counts, strict=True):
            own = [self._number() for _ in range(count - 1)] if kind == _SIZE else []
            sizes.append([*own, folder.size - sum(own)][:count])
        kind = self.byte() if kind == _SIZE else kind
        told = [
            len(own) == 1 and folder.checksum is not None for folder, own in zip(folders, sizes, strict=True)
        ]
        missing = sum(len(own) for own, known in zip(sizes, told, strict=True) if not known)
        found = iter(self._checksums(missing) if kind == _CHECKSUM else [None] * missing)
        kind = self.byte() if kind == _CHECKSUM else kind
        if kind != _END or any(size < 0 for own in sizes for size in own):
            raise Malformed
        for folder, own, known in zip(folders, sizes, told, strict=True):
            folder.files = [(size, folder.checksum if known else next(found)) for size in own]

    def _names(self) -> list[str]:
        count, names, empty = self._count(), list[str](), list[bool]()
        links = set[int]()
        while (kind := self.byte()) != _END:
            content = self._take(self._number())
            if kind == _NAMES and content[:1] == b"\0":
                names = content[1:].decode("utf-16-le", "replace").split("\0")[:count]
            elif kind == _EMPTY:
                empty = Header(content)._bits(count)
            elif kind == _ATTRIBUTES:
                links = Header(content)._links(count)
        empty += [False] * (len(names) - len(empty))
        return [
            "" if at in links else name
            for at, (name, is_empty) in enumerate(zip(names, empty, strict=False))
            if not is_empty
        ]

    def _links(self, count: int) -> set[int]:
        told = [True] * count if self.byte() else self._bits(count)
        if self.byte():
            raise Malformed
        found = {at: int.from_bytes(self._take(4), "little") for at, each in enumerate(told) if each}
        return {at for at, mode in found.items() if mode & _HAS_MODE and mode >> 28 == _LINK}
