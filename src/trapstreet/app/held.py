"""The bytes of a small object, held while it is read: what is found in it need not be fetched once more."""

MOST = 1 << 20
"""Bytes of an object that are held at most."""


class Held:
    """The bytes that were read of an object, as long as they are no more than `most`.

    size  of what is held
    """

    def __init__(self) -> None:
        self.most, self.size = MOST, 0
        self._blocks: list[bytes] = []
        self._ended = False

    def begin(self) -> None:
        """The object is opened, perhaps once more."""
        self._blocks, self.size, self._ended = [], 0, False

    def take(self, at: int, block: bytes) -> None:
        """A block that was read at an offset; b"" at the end. Some formats read parts twice."""
        if at != self.size or self.most < 0:
            return
        if not block:
            self._ended = True
        elif self.size + len(block) <= self.most:
            self._blocks.append(block)
            self.size += len(block)
        else:
            self._blocks, self.size, self.most = [], 0, -1

    def content(self, size: int | None) -> bytes | None:
        """All of the object, None where not all of it is held; `size` as its source says."""
        whole = self.size == size if size is not None else self._ended
        return b"".join(self._blocks) if whole and self.size else None
