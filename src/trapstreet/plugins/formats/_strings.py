"""Runs of text inside bytes of another kind, found by whole arrays at a time (about 1 GB/s)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def has_ascii_run(raw: bytes) -> bool:
    """True if sixteen bytes in a row are printable ASCII: few scripts have that in UTF-16, none in UTF-32."""
    import numpy as np

    byte = np.frombuffer(raw, dtype=np.uint8)
    inside = (byte >= 0x20) & (byte < 0x7F)
    _keep_starts(inside, steps=(1, 2, 4, 8))
    return bool(inside.any())


def wide_strings(raw: bytes) -> bytes:
    """Runs of eight or more Latin characters in UTF-16 of either order, as UTF-8, each after a line break."""
    import numpy as np

    byte = np.frombuffer(raw, dtype=np.uint8)
    latin = ((byte >= 0x20) & (byte < 0x7F)) | (byte >= 0xA0) | (byte == 0x09)
    inside = np.zeros(len(raw), dtype=np.bool_)
    inside[:-1] = latin[:-1] & (byte[1:] == 0)
    _keep_starts(inside, steps=(2, 4, 8))
    if not inside.any():
        return b""
    for step in (2, 4, 8):  # from the starts, every character of the runs again
        inside[step:] |= inside[:-step]
    inside[2:] |= inside[:-2] & latin[2:]  # the last one, where the zero byte stands in front
    where = np.flatnonzero(inside)
    gaps = np.flatnonzero(np.diff(where) != 2) + 1
    return b"\n" + np.insert(byte[where], gaps, ord("\n")).tobytes().decode("latin-1").encode()


def _keep_starts(inside: "NDArray[np.bool_]", *, steps: tuple[int, ...]) -> None:
    """Leaves those that begin a run of 2 ** len(steps), at the distance of the first step."""
    for step in steps:
        inside[:-step] &= inside[step:]
        inside[-step:] = False
