"""Names as Parquet can hold them: bytes in them that are no UTF-8 are U+0000 and a surrogate's number there.

A name in a log has no U+0000. Within the program they are surrogates (PEP 383), as in any path.
"""

import re
from collections.abc import Sequence

_SURROGATE = re.compile("[\ud800-\udfff]")
_KEPT = re.compile("\0([0-9a-f]{4})")


def kept(path: Sequence[str]) -> list[str]:
    """A path as it is kept."""
    return [_SURROGATE.sub(_spelled, each) for each in path]


def known(path: Sequence[str]) -> tuple[str, ...]:
    """A path as it was before it was kept."""
    return tuple([_KEPT.sub(_meant, each) if "\0" in each else each for each in path])


def _spelled(found: re.Match[str]) -> str:
    return f"\0{ord(found[0]):04x}"


def _meant(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))
