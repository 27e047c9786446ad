"""The compiled search for clues: found, checked and loaded, or not there."""

import ctypes
import os
from functools import cache
from pathlib import Path

from trapstreet.plugins.decoders._clues import FILE_HEADS, HEAD, SKIPPED, Clue, Pairs, Runs, Sign, bits_of
from trapstreet.plugins.decoders._text import SORTS, WIDE

ABI = 2
"""What clues_abi() answers: both change when a function or struct of clues.c does."""

OVERRIDE = "TRAPSTREET_CLUES"
"""Environment variable: another build of the library, for developers."""

BUILD = "_compiled.so"

_CLUES, _SETS, _FILES = 16, 6, 15
_SIGN, _PAIRS, _RUN = range(3)
_FILE = 0x80
_BYTES = ctypes.c_uint8 * 256


class _Clue(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint32) for name in "sort set least bits group second".split()),
        *((name, ctypes.c_uint32) for name in "digits longest threes surely".split()),
        ("sign", ctypes.c_uint8),
        ("unused", ctypes.c_uint8 * 3),
        ("then", _BYTES),
        ("first", _BYTES),
        ("value", _BYTES),
    ]


class Config(ctypes.Structure):
    """What clues.c needs to know of some clues."""

    _fields_ = [
        ("clues", ctypes.c_uint64),
        ("sets", ctypes.c_uint64),
        ("clue", _Clue * _CLUES),
        ("member", (ctypes.c_uint8 * 16) * _SETS),
        ("number", _BYTES),
        ("skipped", _BYTES),
        ("sorts", _BYTES),
        ("wide", ctypes.c_uint8 * HEAD),
        ("unused", ctypes.c_uint8 * 2),
        ("files", ctypes.c_uint32),
        ("file", ctypes.c_uint32 * _FILES),
    ]


def config(clues: tuple[Clue, ...]) -> Config:
    """The structure for these clues. Raises ValueError for more, or others, than it has room for."""
    alphabets = [*dict.fromkeys(each.alphabet for each in clues if not isinstance(each, Sign))]
    signs = b"".join(each.sign for each in clues if isinstance(each, Sign))
    sets = [*alphabets, signs]
    if len(clues) > _CLUES or len(sets) > _SETS or not b"".join(sets).isascii() or b"\0" in b"".join(sets):
        raise ValueError("more clues, or other characters, than there is room for")
    made = Config(clues=len(clues), sets=len(sets), files=len(FILE_HEADS))
    for place, alphabet in enumerate(sets):
        for byte in alphabet:
            made.member[place][byte & 15] |= 1 << (byte >> 4)
    for number, each in enumerate(clues):
        if isinstance(each, Sign):
            made.clue[number] = _Clue(sort=_SIGN, sign=each.sign[0], then=_BYTES(*bits_of((each.then,))))
            made.number[each.sign[0]] = number + 1
        elif isinstance(each, Pairs):
            made.clue[number] = _Clue(sort=_PAIRS, set=alphabets.index(each.alphabet))
        else:
            made.clue[number] = _run(each, alphabets.index(each.alphabet))
    for byte, count in SKIPPED.items():
        made.skipped[byte] = count
    made.sorts[:] = SORTS
    made.wide[:] = [sum((letters >> 8 * at & 1) << at for at in range(HEAD)) for letters in WIDE]
    made.file[: len(FILE_HEADS)] = FILE_HEADS
    return made


def _run(clue: Runs, alphabet: int) -> _Clue:
    second, pairs = clue.begins
    first, then = (bits_of(alphabets) for alphabets in zip(*pairs, strict=True))
    files = clue.file_firsts
    return _Clue(
        sort=_RUN,
        set=alphabet,
        second=second,
        then=_BYTES(*then),
        first=_BYTES(*(bits | _FILE * (byte in files) for byte, bits in enumerate(first))),
        value=_BYTES(*clue.value),
        **{name: getattr(clue, name) for name in "least bits group digits longest threes surely".split()},
    )


@cache
def load() -> ctypes.CDLL | None:
    """The library's functions, which run without Python's lock; None where it cannot be used."""
    return loaded(Path(os.environ.get(OVERRIDE) or Path(__file__).with_name(BUILD)))


def loaded(path: Path) -> ctypes.CDLL | None:
    """The library at `path`; None if it is not there, of another version, or for another processor."""
    if not path.is_file():
        return None
    try:
        library = ctypes.CDLL(str(path.absolute()))
        if library.clues_abi() != ABI or not library.clues_supported():
            return None
        library.clues_size.restype = library.clues_find.restype = ctypes.c_uint64
    except (OSError, AttributeError):
        return None
    library.clues_find.argtypes = [
        ctypes.POINTER(Config),
        ctypes.c_char_p,
        ctypes.c_uint64,
        ctypes.c_void_p,
        ctypes.c_uint64,
    ]
    return library
