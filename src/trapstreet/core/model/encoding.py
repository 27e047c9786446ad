"""Byte strings that two programs, years apart, make alike: length-prefixed parts and deterministic CBOR."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Plain: TypeAlias = "bool | int | str | bytes | Sequence[Plain] | Mapping[str, Plain] | None"
"""What the formats hold: no floats (they round) and no dates (times are integers, Unix microseconds UTC)."""

_NULL = b"\xff\xff\xff\xff"


def prefixed(*parts: bytes | str | int | None) -> bytes:
    """The parts one after another, each behind its length: u32 little-endian, then the bytes.

    Text is UTF-8; an integer is its decimal text, so `7` and `"7"` are one part; None is the length
    0xFFFFFFFF and no bytes, so it differs from the empty text. No two lists of parts of the same types give
    the same bytes.
    """
    return b"".join(map(_prefixed_part, parts))


def canonical_cbor(value: Plain) -> bytes:
    """The value as deterministic CBOR (RFC 8949, section 4.2.1).

    Raises TypeError for anything that `Plain` does not name.
    """
    import cbor2

    _check_plain(value)
    return cbor2.dumps(value, canonical=True)


def _prefixed_part(part: bytes | str | int | None) -> bytes:
    if part is None:
        return _NULL
    if isinstance(part, int):
        part = str(part)
    if isinstance(part, str):
        part = part.encode()
    return len(part).to_bytes(4, "little") + part


def _check_plain(value: object) -> None:
    match value:
        case None | bool() | int() | str() | bytes():
            return
        case list() | tuple():
            for item in value:
                _check_plain(item)
        case dict() if all(isinstance(key, str) for key in value):
            for item in value.values():
                _check_plain(item)
        case _:
            raise TypeError(f"deterministic CBOR holds no {type(value).__name__} here")
